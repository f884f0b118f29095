//! Columns of fields over many runs, and importance, over REST.

use crate::harness::{Server, assert_problem, on_each};
use model::explore::{FieldValues, MIME, RunColumns};
use reqwest::Method;
use serde_json::{Value, json};

/// Runs with these params and losses; the first is the oldest.
async fn sweep(server: &Server, runs: &[(Value, Option<f64>)]) -> Vec<String> {
    let mut ids = Vec::new();
    let (mut facts, mut series) = (Vec::new(), Vec::new());
    for (params, loss) in runs {
        let id = server.new_run().await;
        facts.push(json!({"run_id": id, "params": params}));
        if let Some(loss) = loss {
            series
                .push(json!({"run_id": id, "key": "loss", "steps": [0], "times_ms": [0], "values": [loss]}));
        }
        ids.push(id);
    }
    let (code, answer) = server.post("/api/v1/ingest", json!({"runs": facts, "series": series})).await;
    assert_eq!(code, 200, "{answer}");
    ids
}

#[tokio::test]
async fn columns_hold_what_the_query_means_in_its_order() {
    on_each(async |server| {
        let runs = [
            (json!({"lr": 0.1, "opt": "sgd", "mixed": 1}), Some(0.5)),
            (json!({"lr": 0.01, "opt": "adam", "mixed": "none"}), Some(0.25)),
            (json!({"lr": 1, "mixed": 10}), None),
        ];
        let ids = sweep(&server, &runs).await;
        server.send(Method::PATCH, &format!("/api/v1/runs/{}", ids[1]), json!({"color": 7})).await;
        let path = "/api/v1/run-columns?experiment_id=0&sort=params.lr\
                    &fields=params.lr,params.opt,params.mixed,metrics.loss,status";
        let (code, columns) = server.get(path).await;
        assert_eq!(code, 200, "{columns}");
        assert_eq!((&columns["total"], &columns["ids"]), (&json!(3), &json!([ids[1], ids[0], ids[2]])));
        assert_eq!((&columns["numbers"], &columns["colors"]), (&json!([2, 1, 3]), &json!([7, null, null])));
        let found = columns["columns"].as_array().unwrap();
        assert_eq!(
            found[0],
            json!({"field": "params.lr", "kind": "numbers", "numbers": [0.01, 0.1, 1.0]}),
        );
        assert_eq!(
            found[1],
            json!({"field": "params.opt", "kind": "texts", "texts": ["adam", "sgd"], "places": [0, 1, null]}),
        );
        assert_eq!(
            found[2],
            json!({"field": "params.mixed", "kind": "texts", "texts": ["1", "10", "none"], "places": [2, 0, 1]}),
        );
        assert_eq!(found[3]["numbers"], json!([0.25, 0.5, null]));
        assert_eq!(found[4]["texts"], json!(["running"]));
        let request = server.request(Method::GET, &format!("{path}&filter=params.lr%20%3C%200.5"));
        let answer = request.header("accept", MIME).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], MIME);
        let decoded = RunColumns::decode(&answer.bytes().await.unwrap()).expect("columns");
        assert_eq!((decoded.total, decoded.ids.len(), decoded.colors[0]), (2, 2, Some(7)));
        assert!(matches!(&decoded.columns[0].values, FieldValues::Numbers { numbers } if numbers.len() == 2));
        let cut = server.get(&format!("{path}&limit=1")).await.1;
        assert_eq!((&cut["total"], cut["ids"].as_array().unwrap().len()), (&json!(3), 1));
        let none = server.get(&format!("{path}&filter=params.lr%20%3E%20100")).await.1;
        assert_eq!((&none["total"], &none["ids"]), (&json!(0), &json!([])));
    })
    .await;
}

#[tokio::test]
async fn columns_are_of_what_a_filter_on_datasets_means_too() {
    on_each(async |server| {
        let ids = sweep(&server, &[(json!({"lr": 0.1}), None), (json!({"lr": 0.2}), None)]).await;
        let path = "/api/v1/run-columns?experiment_id=0&fields=params.lr&filter=dataset.name%20is%20null";
        let (code, found) = server.get(path).await;
        assert_eq!((code.as_u16(), &found["total"]), (200, &json!(2)), "{found}");
        assert_eq!(found["ids"], json!([ids[1], ids[0]]));
        assert_eq!(found["columns"][0]["numbers"], json!([0.2, 0.1]));
    })
    .await;
}

#[tokio::test]
async fn odd_questions_are_refused_with_their_reason() {
    on_each(async |server| {
        let columns = async |rest: &str| server.get(&format!("/api/v1/run-columns?{rest}")).await;
        assert_problem(columns("experiment_id=99&fields=params.a").await, 404, "experiment");
        assert_problem(columns("experiment_id=0&fields=dataset.name").await, 400, "expected params");
        assert_problem(columns("experiment_id=0&fields=params.").await, 400, "fields");
        assert_problem(columns("experiment_id=0&limit=10001").await, 413, "at most 10000");
        let many: Vec<String> = (0..65).map(|one| format!("params.p{one}")).collect();
        assert_problem(
            columns(&format!("experiment_id=0&fields={}", many.join(","))).await,
            413,
            "at most 64",
        );
        let importance = async |fields: &str| {
            server.get(&format!("/api/v1/run-importance?experiment_id=0&fields={fields}")).await
        };
        assert_problem(importance("params.a").await, 400, "expected a metric");
        assert_problem(importance("").await, 400, "expected a metric");
        assert_problem(importance("metrics.loss,tags.a").await, 400, "no param");
        assert_problem(importance(&format!("metrics.loss,{}", many.join(","))).await, 413, "at most");
    })
    .await;
}

#[tokio::test]
async fn importance_finds_the_param_that_tells() {
    on_each(async |server| {
        let run = |one: i32| {
            let lr = f64::from(one % 10) / 10.0;
            let params = json!({"lr": lr, "opt": if one % 3 == 0 { "adam" } else { "sgd" }, "same": 1});
            (params, (one != 7).then_some(3.0 * lr + f64::from(one % 7) / 100.0))
        };
        let runs: Vec<_> = (0..60).map(run).collect();
        sweep(&server, &runs).await;
        let (code, found) =
            server.get("/api/v1/run-importance?experiment_id=0&fields=metrics.loss").await;
        assert_eq!((code.as_u16(), &found["runs"]), (200, &json!(59)), "{found}");
        let params = found["params"].as_array().unwrap();
        let names: Vec<&str> = params.iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert_eq!(names, ["params.lr", "params.opt"], "what is the same everywhere tells nothing");
        assert!(params[0]["correlation"].as_f64().unwrap() > 0.95 && params[1]["correlation"].is_null());
        assert!(found["score"].as_f64().unwrap() > 0.9);
        assert!(params[0]["importance"].as_f64().unwrap() > 10.0 * params[1]["importance"].as_f64().unwrap());
        let named = "/api/v1/run-importance?experiment_id=0&fields=metrics.loss,params.opt&filter=params.lr%20%3E%200.5";
        let found = server.get(named).await.1;
        assert_eq!((&found["runs"], found["params"].as_array().unwrap().len()), (&json!(23), 1));
        let none = server.get("/api/v1/run-importance?experiment_id=0&fields=metrics.other").await.1;
        assert_eq!((&none["runs"], &none["params"], &none["score"]), (&json!(0), &json!([]), &json!(null)));
    })
    .await;
}
