//! Images, tables and histograms by step over HTTP.

use crate::harness::{Server, assert_problem, on_each};
use model::{
    histogram::Histogram,
    series::{Columns, decode},
};
use reqwest::Method;
use serde_json::{Value, json};

async fn upload(server: &Server, run_id: &str, path: &str, content: impl Into<reqwest::Body>) {
    let path = format!("/api/v1/runs/{run_id}/artifacts/{}", path.replace('%', "%25").replace('#', "%23"));
    let response = server.request(Method::PUT, &path).body(content).send().await.unwrap();
    assert_eq!(response.status(), 201);
}

fn steps(series: &Value) -> Vec<i64> {
    series["files"].as_array().unwrap().iter().map(|file| file["step"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn images_and_tables_are_found_by_name_and_step() {
    on_each(async |server| {
        let (run_id, other) = (server.new_run().await, server.new_run().await);
        for step in [9, 10, -1] {
            upload(&server, &run_id, &format!("media/val/samples/{step}.png"), "png").await;
        }
        let of_mlflow = "images/val#faces%step%3%timestamp%1700000000000%j1";
        upload(&server, &run_id, &format!("{of_mlflow}.png"), "png").await;
        upload(&server, &run_id, &format!("{of_mlflow}%compressed.webp"), "webp").await;
        upload(&server, &run_id, "table/errors/4.json", "{}").await;
        upload(&server, &run_id, "media/val/samples/last.png", "png").await;
        upload(&server, &run_id, "media/page/1.html", "<p>").await;
        upload(&server, &other, "media/elsewhere/1.png", "png").await;
        let path = format!("/api/v1/runs/{run_id}/media");
        let (status, found) = server.get(&path).await;
        assert_eq!(
            (status.as_u16(), &found["total"], &found["all"], &found["cut"]),
            (200, &json!(3), &json!(3), &json!(false))
        );
        let series = found["series"].as_array().unwrap();
        let named: Vec<_> =
            series.iter().map(|one| (one["kind"].as_str().unwrap(), one["key"].as_str().unwrap())).collect();
        assert_eq!(named, [("image", "val/faces"), ("image", "val/samples"), ("table", "errors")]);
        assert_eq!(steps(&series[0]), [3]);
        assert_eq!(steps(&series[1]), [-1, 9, 10]);
        let (_, found) = server.get(&format!("{path}?search=SAMPLES&limit=1")).await;
        assert_eq!((&found["total"], found["series"][0]["key"].as_str()), (&json!(1), Some("val/samples")));
        assert_problem(server.get(&format!("{path}?limit=0")).await, 400, "limit: expected 1 to");
        let unknown = format!("/api/v1/runs/{}/media", "0".repeat(32));
        assert_problem(server.get(&unknown).await, 404, "run");
        let (_, compared) = server.get(&format!("/api/v1/compare/table?run={run_id}&of=artifacts")).await;
        assert_eq!(compared["all"], 8, "all files are files still");
    })
    .await;
}

#[tokio::test]
async fn a_table_comes_sorted_and_a_page_at_a_time() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let rows: Vec<Value> = (0..1_000).map(|row| json!([row, format!("row {row}"), null])).collect();
        let table = json!({"columns": ["n", "name", "none"], "rows": rows});
        upload(&server, &run_id, "table/all/0.json", table.to_string()).await;
        let path = format!("/api/v1/runs/{run_id}/table?path=table/all/0.json");
        let (_, page) = server.get(&format!("{path}&sort=0&descending=true&offset=990&limit=20")).await;
        assert_eq!((&page["total"], page["rows"].as_array().unwrap().len()), (&json!(1_000), 10));
        assert_eq!(page["rows"][9], json!(["0", "row 0", ""]));
        let (_, page) = server.get(&format!("{path}&offset=4000000000")).await;
        assert_eq!(page["rows"], json!([]));
        assert_problem(
            server.get(&format!("{path}&sort=3")).await,
            400,
            "sort: expected a column from 0 to 2",
        );
        assert_problem(server.get(&format!("{path}&limit=201")).await, 400, "limit: expected 1 to 200");
        assert_problem(
            server.get(&format!("/api/v1/runs/{run_id}/table?path=table/all/1.json")).await,
            404,
            "artifact",
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_table_or_too_large_says_so() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let ask = async |content: Vec<u8>| {
        upload(&server, &run_id, "table/x/0.json", content).await;
        let answer = server.get(&format!("/api/v1/runs/{run_id}/table?path=table/x/0.json")).await;
        server
            .request(Method::DELETE, &format!("/api/v1/runs/{run_id}/artifacts/table"))
            .send()
            .await
            .unwrap();
        answer
    };
    assert_problem(ask(b"\x93\xff\x00".to_vec()).await, 400, "path: expected a table");
    assert_problem(ask("[".repeat(100_000).into_bytes()).await, 400, "path: expected a table");
    let million = format!(r#"{{"columns":["a","b"],"rows":[{}[1,2]]}}"#, "[1,2],".repeat(1_000_000));
    assert_problem(ask(million.into_bytes()).await, 413, "more than 1000000 cells");
    assert_problem(ask(vec![b' '; 17 * 1024 * 1024]).await, 413, "too large to be shown");
}

#[tokio::test]
async fn of_many_histograms_every_so_manieth_comes_and_the_last_one() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let one = |step: i64| {
            let histogram = Histogram { edges: vec![0.0, 1.0], counts: vec![step as f64], odd: 0.0 };
            base64(&histogram.encode())
        };
        for part in 0..4 {
            let steps: Vec<i64> = (part * 250..(part + 1) * 250).collect();
            let bytes: Vec<String> = steps.iter().map(|step| one(*step)).collect();
            let series = json!([{"run_id": run_id, "key": "histogram/w", "steps": steps, "times_ms": vec![0; 250], "bytes": bytes}]);
            let (status, _) = server.post("/api/v1/ingest", json!({"series": series})).await;
            assert_eq!(status, 200);
        }
        let path = format!("/api/v1/series?run={run_id}&key=histogram/w&buckets=100");
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let series = decode(&response.bytes().await.unwrap()).unwrap().remove(0);
        let Columns::Texts(texts) = series.columns else { panic!("byte strings") };
        assert_eq!((series.total, texts.steps.last()), (1_000, Some(&999)));
        assert!((50..=100).contains(&texts.steps.len()), "{}", texts.steps.len());
        let apart = texts.steps[1] - texts.steps[0];
        assert!(apart > 1 && texts.steps.windows(2).all(|pair| pair[1] - pair[0] == apart));
        let histogram = Histogram::decode(&texts.values[3]).unwrap();
        assert_eq!(histogram.total(), texts.steps[3] as f64);
    })
    .await;
}

fn base64(bytes: &[u8]) -> String {
    serde_json::to_value(model::ingest::Base64(bytes.to_vec())).unwrap().as_str().unwrap().to_owned()
}
