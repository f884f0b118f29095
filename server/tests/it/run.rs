//! Runs, their table and comparison over REST.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_run_starts_named_and_ends_with_its_status() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let path = format!("/api/v1/runs/{run_id}");
        let (_, detail) = server.get(&path).await;
        assert_eq!((&detail["run"]["status"], &detail["run"]["number"]), (&json!("running"), &json!(1)));
        assert_eq!(detail["run"]["name"].as_str().unwrap().split('-').count(), 3);
        let update = json!({"status": "failed", "name": "renamed", "tags": {"seed": "1"}});
        let (status, run) = server.send(Method::PATCH, &path, update).await;
        assert_eq!(
            (status.as_u16(), &run["status"], &run["name"]),
            (200, &json!("failed"), &json!("renamed"))
        );
        assert!(run["ended_at_ms"].as_i64() >= run["started_at_ms"].as_i64());
        let experiment = server.get("/api/v1/experiments/0").await.1;
        assert_eq!((&experiment["status"], &experiment["runs"]["failed"]), (&json!("completed"), &json!(1)));
    })
    .await;
}

#[tokio::test]
async fn the_table_has_params_and_metrics_and_sorts_by_them() {
    on_each(async |server| {
        let mut ids = Vec::new();
        for (lr, loss) in [(0.1, json!(0.5)), (0.01, json!(0.2)), (1.0, json!("NaN"))] {
            let run_id = server.new_run().await;
            server.log(&run_id, "loss", &[0, 1], json!([9.0, loss])).await;
            let facts = json!({"runs": [{"run_id": run_id, "params": {"lr": lr, "opt": "sgd"}}]});
            assert_eq!(server.post("/api/v1/ingest", facts).await.0, 200);
            ids.push(run_id);
        }
        let order = async |sort: &str| {
            let (_, page) = server.get(&format!("/api/v1/runs?experiment_id=0&{sort}")).await;
            let rows = page["items"].as_array().unwrap().clone();
            rows.iter()
                .map(|row| ids.iter().position(|id| row["run"]["id"] == **id).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(order("").await, [2, 1, 0], "the newest first");
        assert_eq!(order("sort=created").await, [0, 1, 2]);
        assert_eq!(order("sort=params.lr").await, [1, 0, 2]);
        assert_eq!(order("sort=metrics.loss+desc").await, [0, 1, 2], "NaN comes last");
        assert_eq!(order("sort=metrics.loss").await, [1, 0, 2], "either way");
        let (_, page) = server.get("/api/v1/runs?experiment_id=0&sort=params.lr&limit=1").await;
        assert_eq!((&page["total"], &page["next_offset"]), (&json!(3), &json!(1)));
        let row = &page["items"][0];
        assert_eq!((&row["params"]["lr"], &row["metrics"]["loss"]["last"]), (&json!(0.01), &json!(0.2)));
        assert_problem(
            server.get("/api/v1/runs?experiment_id=0&sort=loss").await,
            400,
            "there is no attribute \"loss\"",
        );
        let filter = "sort=created+desc&filter=metrics.loss.max+%3E+1+and+not+params.lr+%3C+0.05";
        assert_eq!(order(filter).await, [2, 0]);
        let wrong = server.get("/api/v1/runs?experiment_id=0&filter=metrics.loss+%3E").await;
        assert_problem(wrong, 400, "expected a number, at character 15");
    })
    .await;
}

#[tokio::test]
async fn runs_are_grouped_over_seeds() {
    on_each(async |server| {
        for (lr, seed, loss) in [(0.1, 1, json!(0.5)), (0.1, 2, json!(0.7)), (0.01, 1, json!("NaN"))] {
            let run_id = server.new_run().await;
            server.log(&run_id, "loss", &[0], json!([loss])).await;
            let facts =
                json!({"runs": [{"run_id": run_id, "params": {"lr": lr, "seed": seed, "opt": "sgd"}}]});
            assert_eq!(server.post("/api/v1/ingest", facts).await.0, 200);
        }
        let groups = "/api/v1/run-groups?experiment_id=0";
        let asked = format!("{groups}&by=all+but+params.seed&fields=metrics.loss&sort=metrics.loss");
        let (_, page) = server.get(&asked).await;
        assert_eq!((&page["total"], &page["items"][0]["n"]), (&json!(2), &json!(2)));
        assert_eq!(
            page["items"][0]["keys"],
            json!([{"field": "params.lr", "value": "0.1"}]),
            "the rest is equal"
        );
        assert_eq!(page["items"][0]["filter"], "params.lr = 0.1");
        let stat = &page["items"][0]["stats"][0];
        assert_eq!((&stat["field"], &stat["n"]), (&json!("metrics.loss"), &json!(2)));
        for (name, value) in [("mean", 0.6), ("std", 0.141_421_356), ("ci95", 1.270_620_474), ("min", 0.5)] {
            assert!((stat[name].as_f64().unwrap() - value).abs() < 1e-8, "{name} {stat}");
        }
        server.new_run().await;
        let (_, again) = server.get(&asked).await;
        assert_eq!(
            again["items"][0], page["items"][0],
            "a run without params does not make all of them differ"
        );
        assert_eq!(again["items"][2]["filter"], "params.lr is null");
        let odd = &page["items"][1]["stats"][0];
        assert_eq!((&odd["n"], &odd["not_finite"], &odd["mean"]), (&json!(0), &json!(1), &json!(null)));
        let refused = async |rest: &str, word: &str| {
            assert_problem(server.get(&format!("{groups}&{rest}")).await, 400, word);
        };
        refused("by=started", "nearly every run has a started of its own").await;
        refused("by=", "expected what to group by").await;
        refused("by=user&fields=tags.a", "tags.a has no mean").await;
        refused("by=user&sort=metrics.loss", "groups are not ordered by metrics.loss").await;
        refused("by=user&limit=0", "expected 1 to 1000").await;
        let missing = server.get("/api/v1/run-groups?experiment_id=9&by=user").await;
        assert_problem(missing, 404, "no experiment");
    })
    .await;
}

#[tokio::test]
async fn a_comparison_marks_what_differs() {
    on_each(async |server| {
        let (first, second) = (server.new_run().await, server.new_run().await);
        let facts = json!({"runs": [
            {"run_id": first, "params": {"lr": 0.1, "opt": "sgd", "only": 1}},
            {"run_id": second, "params": {"lr": 0.2, "opt": "sgd"}},
        ]});
        server.post("/api/v1/ingest", facts).await;
        server.log(&first, "loss", &[0], json!([1.0])).await;
        let (_, compared) = server.get(&format!("/api/v1/compare?run={second}&run={first}")).await;
        assert_eq!(compared["runs"][0]["run"]["id"], second);
        let differs = |key: &str| {
            let rows = compared["params"].as_array().unwrap();
            rows.iter().find(|row| row["key"] == key).unwrap()["differs"].as_bool().unwrap()
        };
        assert!(differs("lr") && differs("only") && !differs("opt"));
        assert_eq!(compared["metrics"][0]["cells"][0], json!(null));
        assert_problem(server.get("/api/v1/compare").await, 400, "expected 1 to 50 run ids");
    })
    .await;
}
