//! Experiments over REST.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn the_same_name_answers_the_same_experiment() {
    on_each(async |server| {
        let new = json!({"name": "digits", "description": "first", "tags": ["vision"]});
        let (status, first) = server.post("/api/v1/experiments", new).await;
        assert_eq!(status, 201);
        assert_eq!((&first["status"], &first["tags"]), (&json!("active"), &json!({"vision": ""})));
        let (status, again) = server.post("/api/v1/experiments", json!({"name": "digits"})).await;
        assert_eq!(
            (status.as_u16(), &again["id"], &again["description"]),
            (200, &first["id"], &json!("first"))
        );
    })
    .await;
}

#[tokio::test]
async fn archived_ones_hide_until_asked_for_and_come_back() {
    on_each(async |server| {
        let (_, made) = server.post("/api/v1/experiments", json!({"name": "old"})).await;
        let path = format!("/api/v1/experiments/{}", made["id"].as_str().unwrap());
        let (status, archived) = server.send(Method::PATCH, &path, json!({"archived": true})).await;
        assert_eq!((status.as_u16(), &archived["status"]), (200, &json!("archived")));
        assert_eq!(server.get("/api/v1/experiments").await.1["total"], 1);
        assert_eq!(server.get("/api/v1/experiments?status=archived").await.1["items"][0]["name"], "old");
        server.send(Method::PATCH, &path, json!({"archived": false})).await;
        assert_eq!(server.get("/api/v1/experiments").await.1["total"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_rename_to_a_taken_name_is_a_conflict() {
    on_each(async |server| {
        server.post("/api/v1/experiments", json!({"name": "a"})).await;
        let (_, other) = server.post("/api/v1/experiments", json!({"name": "b"})).await;
        let path = format!("/api/v1/experiments/{}", other["id"].as_str().unwrap());
        let renamed = server.send(Method::PATCH, &path, json!({"name": "a"})).await;
        assert_problem(renamed, 409, "the name \"a\" is taken");
        assert_eq!(server.get(&path).await.1["name"], "b");
        let query = "/api/v1/experiments?search=B&sort=name&tag=none";
        assert_eq!(server.get(query).await.1["total"], 0);
    })
    .await;
}
