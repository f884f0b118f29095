//! Saved views over REST, and the page that opens with one.

use crate::harness::{Server, assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

async fn location(server: &Server, path: &str) -> (u16, String) {
    let answer = server.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location.unwrap_or_default())
}

#[tokio::test]
async fn a_view_is_made_listed_changed_and_deleted() {
    on_each(async |server| {
        let new = json!({"experiment_id": "0", "name": "best", "state": "sort=metrics.loss&filter=metrics.loss < 1"});
        let (status, view) = server.post("/api/v1/views", new.clone()).await;
        assert_eq!((status.as_u16(), &view["state"]), (201, &json!("filter=metrics.loss+%3C+1&sort=metrics.loss")));
        assert_eq!((&view["mine"], &view["may_edit"], &view["shared"]), (&json!(true), &json!(true), &json!(false)));
        assert_problem(server.post("/api/v1/views", new).await, 409, "there is a view \"best\" already");
        let path = format!("/api/v1/views/{}", view["id"].as_str().unwrap());
        let change = json!({"name": "best of all", "shared": true, "default_for_all": true});
        let (status, view) = server.send(Method::PATCH, &path, change).await;
        assert_eq!((status.as_u16(), &view["default_for_all"]), (200, &json!(true)));
        assert_eq!(server.get("/api/v1/views?experiment_id=0").await.1, json!([view]));
        for (state, words) in [
            ("offset=1", "there is no \"offset\" in a view"),
            ("filter=metrics.", "filter: expected a key"),
            ("sort=loss", "sort: there is no attribute"),
            ("group=%22", "group: "),
        ] {
            assert_problem(server.send(Method::PATCH, &path, json!({ "state": state })).await, 400, words);
        }
        assert_problem(server.send(Method::PATCH, &path, json!({"name": "a\u{7}"})).await, 400, "control");
        assert_problem(server.get("/api/v1/views?experiment_id=9").await, 404, "experiment");
        assert_eq!(server.send(Method::DELETE, &path, json!({})).await.0, 204);
        assert_problem(server.send(Method::DELETE, &path, json!({})).await, 404, "no view");
    })
    .await;
}

#[tokio::test]
async fn a_view_of_charts_keeps_what_repeats_and_opens_with_it() {
    on_each(async |server| {
        let state = "search=a&view=charts&panel=y-log:loss&panel=:lr&expr=gap=a-b&place=lr&place=loss";
        let new = json!({"experiment_id": "0", "name": "v", "state": state, "default_for_me": true});
        let (status, view) = server.post("/api/v1/views", new).await;
        assert_eq!(status.as_u16(), 201, "{view}");
        let kept = "search=a&view=charts&panel=y-log%3Aloss&panel=%3Alr&expr=gap%3Da-b&place=lr&place=loss";
        assert_eq!(view["state"], kept);
        assert_eq!(server.get("/api/v1/views?experiment_id=0").await.1, json!([view]));
        let path = format!("/api/v1/views/{}", view["id"].as_str().unwrap());
        for (state, words) in
            [("view=moon", "view: expected runs, charts"), ("expr=a=b%2B", "expr: expected a metric")]
        {
            assert_problem(server.send(Method::PATCH, &path, json!({ "state": state })).await, 400, words);
        }
        let (status, there) = location(&server, "/experiments/0").await;
        assert_eq!(status, 302);
        assert!(there.contains("view=charts&panel=y-log:loss&panel=:lr&expr=gap%3Da-b"), "{there}");
        assert_eq!(location(&server, &there).await, (200, String::new()));
    })
    .await;
}

#[tokio::test]
async fn an_experiment_opens_with_its_default_view_before_any_script() {
    let server = Server::start().await;
    server.new_run().await;
    assert_eq!(location(&server, "/experiments/0").await, (200, String::new()));
    let new =
        json!({"experiment_id": "0", "name": "v", "state": "search=a b&sort=name", "default_for_me": true});
    let (_, view) = server.post("/api/v1/views", new).await;
    let id = view["id"].as_str().unwrap();
    let there = format!("/experiments/0?search=a%20b&sort=name&saved={id}");
    assert_eq!(location(&server, "/experiments/0").await, (302, there.clone()));
    assert_eq!(location(&server, &there).await, (200, String::new()));
    assert_eq!(location(&server, "/experiments/0?view=runs").await, (200, String::new()));
}
