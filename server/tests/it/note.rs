//! Notes over REST.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn notes_keep_revisions_and_notice_edits_in_between() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let path = format!("/api/v1/runs/{run_id}/note");
        assert_problem(server.get(&path).await, 404, "no note of run");
        let (_, first) = server.send(Method::PUT, &path, json!({"body": "# One", "base_revision": 0})).await;
        assert_eq!((&first["revision"], &first["html"]), (&json!(1), &json!("<h1>One</h1>\n")));
        let stale = server.send(Method::PUT, &path, json!({"body": "lost", "base_revision": 0})).await;
        assert_problem(stale, 409, "changed since you began");
        server.send(Method::PUT, &path, json!({"body": "two"})).await;
        assert_eq!(server.get(&path).await.1["body"], "two");
        let (_, history) = server.get(&format!("{path}/history")).await;
        assert_eq!(history.as_array().unwrap().len(), 2);
        let (_, preview) =
            server.post("/api/v1/note/preview", json!({"body": "<img src=x onerror=alert(1)>"})).await;
        assert!(!preview["html"].as_str().unwrap().contains("<img"), "{preview}");
        let long = "x".repeat(model::limits::NOTE_BYTES_MAX + 1);
        assert_problem(server.send(Method::PUT, &path, json!({"body": long})).await, 413, "at most");
    })
    .await;
}
