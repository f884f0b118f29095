//! The trash over REST, through a kill.

use crate::harness::{Server, assert_problem, on_each};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn experiment(server: &Server, name: &str) -> String {
    let (_, made) = server.post("/api/v1/experiments", json!({ "name": name })).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn run_in(server: &Server, experiment_id: &str) -> String {
    let (_, run) = server.post("/api/v1/runs", json!({ "experiment_id": experiment_id })).await;
    run["id"].as_str().unwrap().to_owned()
}

async fn put(server: &Server, run_id: &str, path: &str, content: &str) {
    let url = format!("/api/v1/runs/{run_id}/artifacts/{path}");
    let answer = server.request(Method::PUT, &url).body(content.to_owned()).send().await.unwrap();
    assert!(answer.status().is_success());
}

async fn nothing_leaves(server: &Server) {
    for _ in 0..300 {
        let (_, page) = server.get("/api/v1/trash").await;
        if page["leaving"] == json!({"experiments": 0, "runs": 0}) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("something still leaves after half a minute");
}

#[tokio::test]
async fn what_is_deleted_is_gone_at_once_and_a_kill_does_not_bring_it_back() {
    on_each(async |server| {
        let id = experiment(&server, "goes").await;
        let mut runs = Vec::new();
        for _ in 0..60 {
            let run_id = run_in(&server, &id).await;
            let values: Vec<f64> = (0..20).map(f64::from).collect();
            let steps: Vec<i64> = (0..20).collect();
            let series: Vec<Value> = (0..20)
                .map(|key| json!({"run_id": run_id, "key": format!("m{key}"), "steps": steps, "times_ms": steps, "values": values}))
                .collect();
            assert_eq!(server.post("/api/v1/ingest", json!({ "series": series })).await.0, 200);
            runs.push(run_id);
        }
        let kept = server.new_run().await;
        server.log(&kept, "m0", &[1, 2], json!([0.5, 0.25])).await;
        put(&server, &kept, "shared.txt", "shared").await;
        put(&server, &runs[0], "shared.txt", "shared").await;
        put(&server, &runs[0], "own.txt", "own").await;

        let path = "/api/v1/experiments";
        let (status, changed) =
            server.send(Method::PATCH, path, json!({"ids": [id], "trashed": true})).await;
        assert_eq!((status.as_u16(), changed[0]["trashed_at_ms"].is_i64()), (200, true));
        let (_, page) = server.get("/api/v1/trash?search=GOES").await;
        assert_eq!((&page["total"], &page["items"][0]["run_count"]), (&json!(1), &json!(60)));
        let set = json!({ "experiments": [id] });
        let (_, size) = server.post("/api/v1/trash/size", set.clone()).await;
        assert_eq!((&size["runs"], &size["points"]), (&json!(60), &json!(60 * 20 * 20)));
        assert_eq!((&size["files"], &size["file_bytes"]), (&json!(1), &json!(3)));
        assert!(size["data_bytes"].as_i64().unwrap() > 0);

        assert_eq!(server.post("/api/v1/trash/delete", set.clone()).await.0, 202);
        assert_problem(server.get(&format!("{path}/{id}")).await, 404, "experiment");
        assert_problem(server.get(&format!("/api/v1/runs/{}", runs[0])).await, 404, "run");
        assert_problem(server.log(&runs[1], "m0", &[99], json!([1.0])).await, 404, "run");
        let mlflow = format!("/api/2.0/mlflow/experiments/get?experiment_id={id}");
        assert_eq!(server.get(&mlflow).await.1["error_code"], "RESOURCE_DOES_NOT_EXIST");
        let mlflow = format!("/api/2.0/mlflow/runs/get?run_id={}", runs[0]);
        assert_eq!(server.get(&mlflow).await.1["error_code"], "RESOURCE_DOES_NOT_EXIST");
        assert_problem(server.post("/api/v1/trash/restore", set).await, 409, "not in the trash");

        let server = server.kill_and_restart().await;
        nothing_leaves(&server).await;
        assert_problem(server.get(&format!("{path}/{id}")).await, 404, "experiment");
        assert_eq!(server.points(&kept, "m0").await.steps, [1, 2]);
        let shared = format!("/api/v1/runs/{kept}/artifacts/shared.txt");
        let content = server.request(Method::GET, &shared).send().await.unwrap();
        assert_eq!(content.bytes().await.unwrap(), "shared");
        assert_ne!(experiment(&server, "goes").await, id, "the name is free");
        let new = json!({"id": runs[0], "experiment_id": "0", "resume": "allow"});
        assert_eq!(server.post("/api/v1/runs", new).await.0, 201, "and so is the run's id");
    })
    .await;
}

#[tokio::test]
async fn runs_are_restored_or_deleted_one_by_one() {
    on_each(async |server| {
        let (first, second) = (server.new_run().await, server.new_run().await);
        for id in [&first, &second] {
            server.send(Method::PATCH, &format!("/api/v1/runs/{id}"), json!({"trashed": true})).await;
        }
        let all_or_none = json!({"runs": [first, "0123456789abcdef0123456789abcdef"]});
        assert_problem(server.post("/api/v1/trash/delete", all_or_none).await, 409, "0123456789abcdef");
        assert_eq!(server.get("/api/v1/trash").await.1["total"], 2);
        assert_eq!(server.post("/api/v1/trash/restore", json!({ "runs": [first] })).await.0, 204);
        assert_eq!(server.post("/api/v1/trash/delete", json!({ "runs": [second] })).await.0, 202);
        nothing_leaves(&server).await;
        let (_, list) = server.get("/api/v1/runs?experiment_id=0&trash=with").await;
        assert_eq!((&list["total"], &list["items"][0]["run"]["id"]), (&json!(1), &json!(first)));
        assert_problem(server.post("/api/v1/trash/size", json!({})).await, 400, "expected 1 to");
        assert_problem(
            server.post("/api/v1/trash/delete", json!({"experiments": ["0"]})).await,
            409,
            "default",
        );
    })
    .await;
}

#[tokio::test]
async fn many_experiments_change_together_or_not_at_all() {
    on_each(async |server| {
        let (a, b) = (experiment(&server, "a").await, experiment(&server, "b").await);
        let path = "/api/v1/experiments";
        let unknown = json!({"ids": [a, "999"], "archived": true});
        assert_problem(server.send(Method::PATCH, path, unknown).await, 404, "experiment");
        assert_eq!(server.get("/api/v1/experiments?status=archived").await.1["total"], 0);
        let (status, _) = server.send(Method::PATCH, path, json!({"ids": [a, b], "archived": true})).await;
        assert_eq!(status, 200);
        assert_eq!(server.get("/api/v1/experiments?status=archived").await.1["total"], 2);
        assert_problem(
            server.send(Method::PATCH, path, json!({ "ids": [a] })).await,
            400,
            "archived, trashed or project_id",
        );
    })
    .await;
}
