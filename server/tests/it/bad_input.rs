//! Bad input gets a clear answer, and leaves nothing behind.

use crate::harness::{Server, answer, assert_problem, on_each};
use reqwest::Method;
use serde_json::json;

const GHOST: &str = "00000000000000000000000000000000";

#[tokio::test]
async fn unknown_ids_are_not_found() {
    on_each(async |server| {
        let missing = [
            "/api/v1/experiments/99".to_owned(),
            format!("/api/v1/runs/{GHOST}"),
            format!("/api/v1/runs/{GHOST}/artifacts"),
            format!("/api/v1/runs/{GHOST}/artifacts/a.txt"),
            format!("/api/v1/runs/{GHOST}/note"),
            format!("/api/v1/series?run={GHOST}"),
            format!("/api/v1/compare?run={GHOST}"),
            "/api/v1/runs?experiment_id=99".to_owned(),
        ];
        for path in missing {
            assert_problem(server.get(&path).await, 404, "no ");
        }
        assert_problem(
            server.post("/api/v1/runs", json!({"experiment_id": "99"})).await,
            404,
            "no experiment",
        );
        assert_problem(server.log(GHOST, "k", &[0], json!([1.0])).await, 404, "no run");
        let (status, _) = server.get("/api/v1/nothing-here").await;
        assert_eq!(status, 404);
    })
    .await;
}

#[tokio::test]
async fn ids_of_the_wrong_form_say_what_was_expected() {
    let server = Server::start().await;
    assert_problem(server.get("/api/v1/experiments/abc").await, 400, "expected a decimal number");
    assert_problem(server.get("/api/v1/runs/..%2f..%2fetc").await, 400, "32 lower-case hex digits");
    assert_problem(server.get("/api/v1/runs?experiment_id=x").await, 400, "experiment_id");
    assert_problem(server.get("/api/v1/experiments?status=weird").await, 400, "status");
    assert_problem(server.get("/api/v1/experiments?stats=active").await, 400, "unknown field");
    assert_problem(server.get("/api/v1/experiments?limit=0").await, 400, "limit: expected 1 to 1000");
    assert_problem(server.get("/api/v1/experiments?offset=-1").await, 400, "offset");
    assert_problem(server.get("/api/v1/series").await, 400, "run");
}

#[tokio::test]
async fn a_wrong_batch_names_the_field_and_stores_nothing() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let series = |values: serde_json::Value| {
            json!({"series": [
                {"run_id": run_id, "key": "good", "steps": [0], "times_ms": [0], "values": [1.0]},
                {"run_id": run_id, "key": "k", "steps": [0, 1], "times_ms": [0, 1], "values": values},
            ]})
        };
        let cases = [
            (series(json!([1.0])), "series[1].values: expected one value for each step"),
            (series(json!([1.0, "x"])), "series[1].values[1]: invalid value"),
            (series(json!([1.0, null])), "series[1].values[1]: invalid type"),
            (json!({"series": "x"}), "series: invalid type"),
            (json!({"serie": []}), "unknown field"),
            (json!({"runs": [{"run_id": run_id, "params": {"": 1}}]}), "a key has 1 to"),
            (json!({"runs": [{"run_id": run_id, "params": {"p": [1]}}]}), "expected a text, number"),
            (
                json!({"runs": [{"run_id": run_id, "params": {"p": "a\u{0}b"}}]}),
                "runs[0].params.p: a text holds no NUL",
            ),
            (json!({"runs": [{"run_id": run_id, "tags": {"t": "\u{0}"}}]}), "tags.t: a text holds no NUL"),
            (json!({"writer": {"id": "w", "sequence": -1}}), "writer.sequence"),
            (json!("x"), "body: invalid type"),
        ];
        for (body, words) in cases {
            assert_problem(server.post("/api/v1/ingest", body).await, 400, words);
        }
        let (_, detail) = server.get(&format!("/api/v1/runs/{run_id}")).await;
        assert_eq!((&detail["metrics"], &detail["params"]), (&json!([]), &json!([])));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let send = async |content_type: &str, body: Vec<u8>| {
        let request = server.request(Method::POST, "/api/v1/ingest").header("content-type", content_type);
        answer(request.body(body).send().await.unwrap()).await
    };
    let nan = format!(
        r#"{{"series":[{{"run_id":"{run_id}","key":"k","steps":[0],"times_ms":[0],"values":[NaN]}}]}}"#
    );
    assert_problem(send("application/json", nan.into()).await, 400, "series[0].values[0]: expected value");
    let bad_utf8 = [br#"{"series":[{"run_id":""#.as_slice(), &[0xff, 0xfe], br#"","key":"k"}]}"#].concat();
    assert_problem(send("application/json", bad_utf8).await, 400, "invalid unicode");
    assert_problem(send("application/json", b"{} trailing".to_vec()).await, 400, "trailing characters");
    assert_problem(send("application/json", vec![]).await, 400, "EOF");
    assert_problem(send("text/plain", b"{}".to_vec()).await, 400, "expected application/json");
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let (status, _) = send("application/json", deep).await;
    assert_eq!(status, 400);
    let (status, _) = send("application/json", b"{}".to_vec()).await;
    assert_eq!(status, 200, "the server still answers");
}

#[tokio::test]
async fn bodies_and_batches_have_a_limit() {
    let server = Server::start().await;
    let run_id = server.new_run().await;
    let huge = vec![b' '; model::limits::JSON_BODY_BYTES_MAX + 1];
    let request =
        server.request(Method::POST, "/api/v1/ingest").header("content-type", "application/json").body(huge);
    assert_problem(answer(request.send().await.unwrap()).await, 413, "at most");
    let steps: Vec<i64> = (0..=model::limits::BATCH_POINTS_MAX as i64).collect();
    let values = json!(vec![0; steps.len()]);
    assert_problem(server.log(&run_id, "k", &steps, values).await, 413, "at most 200000 points");
    let long = "x".repeat(model::limits::NAME_BYTES_MAX + 1);
    assert_problem(server.post("/api/v1/experiments", json!({"name": long})).await, 400, "a name has 1 to");
    for name in ["", "  ", "a\u{0}b", "a\nb"] {
        assert_problem(server.post("/api/v1/experiments", json!({"name": name})).await, 400, "name");
    }
    assert_eq!(server.get("/api/v1/experiments").await.1["total"], 1);
}

#[tokio::test]
async fn strange_names_are_kept_as_they_are() {
    on_each(async |server| {
        for name in
            ["%61", "a%2Fb", "a/b", "<script>alert(1)</script>", "{{7*7}}", "'; DROP TABLE run; --", "µ 🦦"]
        {
            let (status, made) = server.post("/api/v1/experiments", json!({"name": name})).await;
            assert_eq!((status.as_u16(), &made["name"]), (201, &json!(name)));
            let path = format!("/api/v1/experiments/{}", made["id"].as_str().unwrap());
            assert_eq!(server.get(&path).await.1["name"], name);
        }
    })
    .await;
}
