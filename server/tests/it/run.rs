//! Runs, their table and comparison over REST.

use crate::harness::{assert_problem, on_each};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

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
async fn a_colour_is_chosen_for_everyone_and_taken_back() {
    on_each(async |server| {
        let path = format!("/api/v1/runs/{}", server.new_run().await);
        let color = async |update| server.send(Method::PATCH, &path, update).await.1["color"].clone();
        assert_eq!(color(json!({"name": "plain"})).await, json!(null));
        assert_eq!(color(json!({"color": 11})).await, json!(11));
        assert_eq!(color(json!({"name": "still"})).await, json!(11));
        assert_eq!(server.get("/api/v1/runs?experiment_id=0").await.1["items"][0]["run"]["color"], json!(11));
        for odd in [json!({"color": 12}), json!({"color": 1, "remove_color": true})] {
            assert_problem(server.send(Method::PATCH, &path, odd).await, 400, "expected");
        }
        assert_eq!(color(json!({"remove_color": true})).await, json!(null));
    })
    .await;
}

#[tokio::test]
async fn archived_runs_are_left_out_until_they_are_asked_for() {
    on_each(async |server| {
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(server.new_run().await);
        }
        let all = json!({"ids": ids, "archived": true});
        let (status, updated) = server.send(Method::PATCH, "/api/v1/runs", all).await;
        let reversible = updated["reversible"].as_array().unwrap().len();
        assert_eq!((status.as_u16(), &updated["count"], reversible), (200, &json!(3), 3));
        let last = format!("/api/v1/runs/{}", ids[2]);
        let back = json!({"query": {"experiment_id": "0", "filter": format!("id = '{}' and archived = true", ids[2])},
            "archived": false});
        let (_, updated) = server.send(Method::PATCH, "/api/v1/runs", back.clone()).await;
        assert_eq!(updated["reversible"], json!([ids[2]]));
        assert_eq!(server.send(Method::PATCH, "/api/v1/runs", back).await.1["count"], json!(0), "none is left");

        let found = async |query: &str| {
            let (status, page) = server.get(&format!("/api/v1/runs?experiment_id=0&sort=number{query}")).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap().iter();
            let names: Vec<_> = items.map(|row| row["run"]["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(page["total"], json!(names.len()));
            names
        };
        assert_eq!(found("").await, ids[2..]);
        assert_eq!(found("&archived=true").await, ids);
        assert_eq!(found("&filter=archived+%3D+true").await, ids[..2]);
        assert_eq!(found("&filter=not+archived+%3D+true").await, ids[2..]);
        assert_eq!(found("&filter=archived+!%3D+true+or+number+%3D+1").await, [&ids[..1], &ids[2..]].concat());
        let wrong = server.get("/api/v1/runs?experiment_id=0&filter=archived+%3D+%27no%27").await;
        assert_problem(wrong, 400, "expected true or false");
        let csv = server.request(Method::GET, "/api/v1/runs.csv?experiment_id=0").send().await.unwrap();
        assert_eq!(csv.text().await.unwrap().lines().count(), 2);
        let (_, groups) = server.get("/api/v1/run-groups?experiment_id=0&by=status&archived=true").await;
        assert_eq!(groups["items"][0]["n"], json!(3));

        // All else stays: its page, the count of the experiment, MLflow's searches, and the trash.
        let first = format!("/api/v1/runs/{}", ids[0]);
        assert!(server.get(&first).await.1["run"]["archived_at_ms"].is_i64());
        assert!(server.get(&last).await.1["run"]["archived_at_ms"].is_null());
        assert_eq!(server.get("/api/v1/experiments/0").await.1["runs"]["running"], json!(3));
        assert_eq!(server.log(&ids[0], "loss", &[0], json!([1.0])).await.0, 200);
        let search = json!({"experiment_ids": ["0"]});
        let (_, theirs) = server.post("/api/2.0/mlflow/runs/search", search).await;
        assert_eq!(theirs["runs"].as_array().unwrap().len(), 3);
        assert_eq!(theirs["runs"][2]["info"]["lifecycle_stage"], json!("active"));
        server.send(Method::PATCH, &first, json!({"trashed": true})).await;
        assert_eq!(found("&trash=only").await, ids[..1]);
        let (_, run) = server.send(Method::PATCH, &first, json!({"trashed": false, "archived": false})).await;
        assert!(run["archived_at_ms"].is_null());
        assert_eq!(found("").await, [&ids[..1], &ids[2..]].concat());
    })
    .await;
}

#[tokio::test]
async fn a_page_begins_after_a_run_whatever_begins_or_leaves_meanwhile() {
    on_each(async |server| {
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(server.new_run().await);
        }
        ids.reverse();
        let page =
            async |query: &str| server.get(&format!("/api/v1/runs?experiment_id=0&limit=2&{query}")).await;
        let found = |(_, page): &(reqwest::StatusCode, serde_json::Value)| {
            let items = page["items"].as_array().unwrap().iter();
            items.map(|row| row["run"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let first = page("").await;
        assert_eq!(found(&first), ids[..2]);
        server.new_run().await;
        let gone = json!({"trashed": true});
        server.send(Method::PATCH, &format!("/api/v1/runs/{}", ids[1]), gone).await;
        // By offset one run would come twice; the one that was thrown away still says where to go on.
        let second = page(&format!("after={}", ids[1])).await;
        assert_eq!(found(&second), ids[2..4]);
        assert_eq!((&second.1["total"], &second.1["next_offset"]), (&json!(5), &json!(4)));
        let last = page(&format!("after={}", ids[3])).await;
        assert_eq!((found(&last), last.1.get("next_offset")), (ids[4..].to_vec(), None));
        let sorted = page(&format!("sort=number&filter=number+%3E+1&after={}", ids[4])).await;
        assert_eq!(found(&sorted)[0], ids[3]);
        assert_problem(page(&format!("after={}", "f".repeat(32))).await, 400, "has no run");
        assert_problem(page(&format!("after={}&offset=2", ids[1])).await, 400, "not both");
    })
    .await;
}

#[tokio::test]
async fn differences_are_those_of_all_runs_that_match() {
    on_each(async |server| {
        for (lr, loss) in [(0.1, 0.5), (0.01, 0.5), (0.1, 0.25)] {
            let run_id = server.new_run().await;
            server.log(&run_id, "loss", &[0], json!([loss])).await;
            let facts = json!({"runs": [{"run_id": run_id, "params": {"lr": lr, "opt": "sgd"}}]});
            assert_eq!(server.post("/api/v1/ingest", facts).await.0, 200);
        }
        let differing = async |filter: &str| {
            let fields = "fields=params.lr,params.opt,metrics.loss,metrics.none";
            server
                .get(&format!("/api/v1/run-differences?experiment_id=0&limit=1&{fields}&filter={filter}"))
                .await
        };
        assert_eq!(differing("").await.1, json!(["params.lr", "metrics.loss"]));
        assert_eq!(differing("params.lr+%3D+0.1").await.1, json!(["metrics.loss"]));
        assert_eq!(differing("dataset.name+is+null+and+metrics.loss+%3E+0.3").await.1, json!(["params.lr"]));
        assert_problem(server.get("/api/v1/run-differences?experiment_id=0").await, 400, "expected 1 to 200");
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

/// What a request changed is found by searches also when nobody waited for its answer: searches read a copy in memory.
#[tokio::test]
async fn a_change_is_found_although_its_client_hung_up() {
    on_each(async |server| {
        let search = "/api/v1/runs?experiment_id=0&limit=100&filter=";
        let mut runs = Vec::new();
        for _ in 0..40 {
            runs.push(server.new_run().await);
        }
        // From here on the runs are in memory.
        let (_, page) = server.get(&format!("{search}name%20!=%20'x'")).await;
        assert_eq!(page["total"], 40);
        let host = server.url.strip_prefix("http://").unwrap();
        for (place, run_id) in runs.iter().enumerate() {
            let body = r#"{"name":"left"}"#;
            let request = format!(
                "PATCH /api/v1/runs/{run_id} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                server.token,
                body.len()
            );
            let mut connection = tokio::net::TcpStream::connect(host).await.unwrap();
            connection.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(200 * place as u64)).await;
        }
        // Those that were read at all are through by then.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut changed = 0;
        for run_id in &runs {
            let (_, run) = server.get(&format!("/api/v1/runs/{run_id}")).await;
            changed += u64::from(run["run"]["name"] == "left");
        }
        let (_, found) = server.get(&format!("{search}name%20=%20'left'")).await;
        assert_eq!(found["total"], changed);
        assert!(changed > 0, "some requests arrived");
    })
    .await;
}
