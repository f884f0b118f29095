//! What a run ran on, over REST.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_environment_is_any_object_and_replaced_as_a_whole() {
    on_each(async |server| {
        let path = format!("/api/v1/runs/{}/environment", server.new_run().await);
        assert_problem(server.get(&path).await, 404, "no environment of run");
        let first =
            json!({"git": {"commit": "abc", "dirty": true}, "packages": {"numpy": "2.0"}, "x": [1.5, null]});
        let (code, answer) = server.send(Method::PUT, &path, first.clone()).await;
        assert_eq!((code.as_u16(), &answer), (200, &first));
        assert_eq!(server.get(&path).await.1, first);
        server.send(Method::PUT, &path, json!({"cwd": "/x"})).await;
        assert_eq!(server.get(&path).await.1, json!({"cwd": "/x"}));
        assert_problem(server.send(Method::PUT, &path, json!([1])).await, 400, "expected a map");
        let large = json!({"x": "y".repeat(model::limits::ENVIRONMENT_BYTES_MAX)});
        assert_problem(server.send(Method::PUT, &path, large).await, 413, "at most");
        assert_eq!(server.get(&path).await.1, json!({"cwd": "/x"}));
    })
    .await;
}
