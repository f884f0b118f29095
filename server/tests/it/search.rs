//! The search over everything, over REST and as a page.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn experiments_runs_and_what_they_logged_are_found() {
    on_each(async |server| {
        let (_, experiment) = server.post("/api/v1/experiments", json!({"name": "Digits of otters"})).await;
        let id = experiment["id"].as_str().unwrap();
        let new = json!({"experiment_id": id, "name": "brave-otter-17"});
        let (_, run) = server.post("/api/v1/runs", new).await;
        let run_id = run["id"].as_str().unwrap().to_owned();
        server.log(&run_id, "otter/loss", &[0], json!([0.5])).await;
        let (status, found) = server.get("/api/v1/search?text=OTTER").await;
        assert_eq!(status, 200);
        assert_eq!(found["experiments"], json!([{"id": id, "name": "Digits of otters", "archived": false}]));
        assert_eq!((&found["runs"][0]["id"], &found["runs"][0]["number"]), (&json!(run_id), &json!(1)));
        assert_eq!(found["fields"][0]["field"], "metrics.otter/loss");
        assert_eq!(found["fields"][0]["experiment_name"], "Digits of otters");
        let (_, found) = server.get(&format!("/api/v1/search?text={}", &run_id[..8])).await;
        assert_eq!(
            (&found["runs"][0]["name"], found["experiments"].as_array().unwrap().len()),
            (&json!("brave-otter-17"), 0)
        );
        let (_, newest) = server.get("/api/v1/search").await;
        assert_eq!((newest["runs"].as_array().unwrap().len(), &newest["fields"]), (1, &json!([])));
        let long = format!("/api/v1/search?text={}", "x".repeat(501));
        assert_problem(server.get(&long).await, 413, "at most 500 bytes");

        let page = server.request(Method::GET, "/search?text=brave").header("accept", "text/html");
        let html = page.send().await.unwrap().text().await.unwrap();
        assert!(html.contains(&format!("/runs/{run_id}")), "the page finds it without a script");
    })
    .await;
}
