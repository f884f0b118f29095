//! Comparison over REST: tables, texts, what changed, groups.

use crate::harness::{Server, assert_problem, on_each};
use reqwest::Method;
use serde_json::{Value, json};

async fn environment(server: &Server, run_id: &str, told: Value) {
    let (code, _) = server.send(Method::PUT, &format!("/api/v1/runs/{run_id}/environment"), told).await;
    assert_eq!(code.as_u16(), 200);
}

async fn file(server: &Server, run_id: &str, path: &str, content: &'static str) {
    let path = format!("/api/v1/runs/{run_id}/artifacts/{path}");
    let answer = server.request(Method::PUT, &path).body(content).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

async fn text(server: &Server, path: &str) -> String {
    server.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
}

fn row<'a>(table: &'a Value, key: &str) -> &'a Value {
    let rows = table["rows"].as_array().unwrap();
    rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("no row {key} in {table}"))
}

#[tokio::test]
async fn sections_stand_side_by_side() {
    on_each(async |server| {
        let (a, b) = (server.new_run().await, server.new_run().await);
        let (old, new) = ("s3://bucket/images-v1/train.parquet", "s3://bucket/images-v2/train.parquet");
        let facts = json!({"runs": [
            {"run_id": a, "params": {"lr": 0.1, "opt": "sgd", "data": old}},
            {"run_id": b, "params": {"lr": 0.2, "opt": "sgd", "data": new, "only": 1}},
        ]});
        server.post("/api/v1/ingest", facts).await;
        environment(&server, &a, json!({"packages": {"numpy": "1.0", "old": "1"}, "host": {"name": "x"}}))
            .await;
        environment(&server, &b, json!({"packages": {"numpy": "2.0"}, "host": {"name": "x"}})).await;
        file(&server, &a, "report.txt", "one\ntwo\n").await;
        file(&server, &b, "report.txt", "one\nthree\n").await;
        let table = async |of: &str, more: &str| {
            server.get(&format!("/api/v1/compare/table?run={a}&run={b}&of={of}{more}")).await.1
        };
        let params = table("params", "").await;
        assert_eq!(
            (&params["all"], &params["differing"], &params["total"]),
            (&json!(4), &json!(3), &json!(4))
        );
        let cell = &row(&params, "data")["cells"][1];
        assert_eq!(cell["other"], true);
        assert!(
            cell["pieces"].as_array().unwrap().contains(&json!({"kind": "added", "text": "v2"})),
            "{cell}"
        );
        assert_eq!(row(&params, "only")["cells"][0], Value::Null);
        let params = table("params", &format!("&base={b}&differing=true&search=L")).await;
        assert_eq!((params["base"].as_i64(), params["rows"].as_array().unwrap().len()), (Some(1), 2));
        let packages = table("packages", "&differing=true").await;
        assert_eq!(row(&packages, "old")["cells"][1], Value::Null);
        assert_eq!(row(&packages, "numpy")["cells"][1]["text"], "2.0");
        assert_eq!(row(&table("environment", "").await, "name")["group"], "host");
        assert_eq!(row(&table("artifacts", "").await, "report.txt")["differs"], true);
        assert_eq!(table("notes", "").await["all"], 0);
        let csv = text(&server, &format!("/api/v1/compare/table.csv?run={a}&run={b}&search=lr")).await;
        let lines: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(&lines[1..], ["lr,0.1,0.2", ""]);
        let bad = format!("/api/v1/compare/table?run={a}&base={b}");
        assert_problem(server.get(&bad).await, 400, "expected one of the runs compared");
        assert_problem(server.get("/api/v1/compare/table").await, 400, "expected 1 to 50 run ids");
    })
    .await;
}

#[tokio::test]
async fn texts_of_two_runs_are_compared_line_by_line() {
    on_each(async |server| {
        let (a, b) = (server.new_run().await, server.new_run().await);
        file(&server, &a, "report.txt", "one\ntwo\n").await;
        file(&server, &b, "report.txt", "one\nthree\n").await;
        file(&server, &a, "x.bin", "\0one").await;
        file(&server, &b, "x.bin", "\0two").await;
        let diff =
            async |more: &str| server.get(&format!("/api/v1/compare/diff?from={a}&to={b}&{more}")).await;
        let (_, found) = diff("of=artifact&path=report.txt").await;
        assert_eq!((&found["added"], &found["removed"]), (&json!(1), &json!(1)));
        assert_eq!(found["hunks"][0]["lines"][0]["pieces"][0], json!({"kind": "same", "text": "one"}));
        let (_, found) = diff("of=artifact&path=x.bin").await;
        assert_eq!((&found["binary"], &found["equal"]), (&json!(true), &json!(false)));
        let (_, found) = diff("of=note").await;
        assert_eq!((&found["from_present"], &found["to_present"]), (&json!(false), &json!(false)));
        assert_problem(diff("of=artifact").await, 400, "expected the path of a file");
    })
    .await;
}

#[tokio::test]
async fn metrics_are_compared_by_last_best_or_at_a_step() {
    on_each(async |server| {
        let (a, b) = (server.new_run().await, server.new_run().await);
        server.log(&a, "loss", &[0, 10, 20], json!([3.0, 1.0, 2.0])).await;
        server.log(&b, "loss", &[0, 12, 20], json!([3.0, 1.5, 2.0])).await;
        let values = async |more: &str| {
            let (_, table) = server.get(&format!("/api/v1/compare/metrics?run={a}&run={b}{more}")).await;
            let cells = table["rows"][0]["cells"].as_array().unwrap().clone();
            let differs = table["rows"][0]["differs"].as_bool().unwrap();
            (cells.iter().map(|cell| cell["value"].as_f64()).collect::<Vec<_>>(), differs)
        };
        assert_eq!(values("").await, (vec![Some(2.0), Some(2.0)], false));
        assert_eq!(values("&value=best").await, (vec![Some(1.0), Some(1.5)], true));
        assert_eq!(values("&value=step&step=11").await, (vec![Some(1.0), Some(3.0)], true));
        assert_eq!(values("&value=step&step=-1").await, (vec![None, None], false));
        let csv = text(&server, &format!("/api/v1/compare/metrics.csv?run={a}&run={b}&value=best")).await;
        assert!(csv.ends_with("\r\nloss,1,1.5\r\n"), "{csv}");
        let bad = format!("/api/v1/compare/metrics?run={a}&value=step");
        assert_problem(server.get(&bad).await, 400, "expected with value=step");
    })
    .await;
}

#[tokio::test]
async fn series_of_one_key_in_several_contexts_are_rows_of_their_own() {
    on_each(async |server| {
        let (a, b) = (server.new_run().await, server.new_run().await);
        for (id, shift) in [(&a, 0.0), (&b, 1.0)] {
            let series = |subset: &str, values: [f64; 2]| {
                json!({"run_id": id, "key": "loss", "context": {"subset": subset}, "steps": [0, 10],
                    "times_ms": [0, 1], "values": values})
            };
            let batch = json!({"series": [series("train", [3.0, 1.0]), series("val", [4.0, 2.0 + shift])]});
            assert!(server.post("/api/v1/ingest", batch).await.0.is_success());
        }
        let rows = async |more: &str| {
            let (_, table) = server.get(&format!("/api/v1/compare/metrics?run={a}&run={b}{more}")).await;
            let rows = table["rows"].as_array().unwrap().clone();
            let told = rows.iter().map(|row| {
                let values =
                    row["cells"].as_array().unwrap().iter().map(|cell| cell["value"].as_f64().unwrap());
                (row["context"]["subset"].as_str().unwrap().to_owned(), values.collect::<Vec<_>>())
            });
            told.collect::<Vec<_>>()
        };
        let (train, val) = ("train".to_owned(), "val".to_owned());
        assert_eq!(rows("").await, [(train.clone(), vec![1.0, 1.0]), (val.clone(), vec![2.0, 3.0])]);
        assert_eq!(rows("&differing=true").await, [(val.clone(), vec![2.0, 3.0])]);
        assert_eq!(rows("&search=subset%3Dval").await, [(val.clone(), vec![2.0, 3.0])]);
        assert_eq!(rows("&value=step&step=5").await, [(train, vec![3.0, 3.0]), (val, vec![4.0, 4.0])]);
        let file = text(&server, &format!("/api/v1/compare.html?run={a}&run={b}")).await;
        assert!(file.contains("loss subset=val"), "in the table");
        let (_, found) = server.get(&format!("/api/v1/compare/changes?from={a}&to={b}")).await;
        let partings: Vec<_> = found["metrics"].as_array().unwrap().iter().collect();
        let told = |one: &Value| {
            (one["context"]["subset"].clone(), one["from_last"].clone(), one["to_last"].clone())
        };
        assert_eq!(
            partings.into_iter().map(told).collect::<Vec<_>>(),
            [(json!("val"), json!(2.0), json!(3.0)), (json!("train"), json!(1.0), json!(1.0))],
            "data that the training does not see first"
        );
        let groups = async |more: &str| {
            let (_, found) = server.get(&format!("/api/v1/compare/groups?a={a}&b={b}{more}")).await;
            let rows = found["rows"].as_array().unwrap().clone();
            rows.iter()
                .map(|row| (row["context"]["subset"].clone(), row["difference"].clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(groups("").await, [(json!("train"), json!(0.0)), (json!("val"), json!(1.0))]);
        assert_eq!(groups("&search=subset%3Dval").await, [(json!("val"), json!(1.0))]);
        let (_, compared) = server.get(&format!("/api/v1/compare?run={a}&run={b}")).await;
        assert_eq!(compared["metrics"].as_array().unwrap().len(), 2);
        let csv = text(&server, &format!("/api/v1/compare/metrics.csv?run={a}&run={b}")).await;
        assert!(csv.ends_with("\r\nloss subset=train,1,1\r\nloss subset=val,2,3\r\n"), "{csv}");
    })
    .await;
}

#[tokio::test]
async fn what_changed_is_ranked_and_curves_part() {
    on_each(async |server| {
        let (a, b) = (server.new_run().await, server.new_run().await);
        let facts = json!({"runs": [
            {"run_id": a, "params": {"lr": 0.1, "seed": 1, "output_dir": "a"}},
            {"run_id": b, "params": {"lr": 0.001, "seed": 2, "output_dir": "b"}},
        ]});
        server.post("/api/v1/ingest", facts).await;
        let steps: Vec<i64> = (0..40).collect();
        let falling = |step: &i64| 2.0 / (1.0 + *step as f64);
        let one: Vec<f64> = steps.iter().map(falling).collect();
        let two: Vec<f64> =
            steps.iter().map(|step| falling(step) + if *step < 25 { 0.0 } else { 0.1 }).collect();
        server.log(&a, "val_loss", &steps, json!(one)).await;
        server.log(&b, "val_loss", &steps, json!(two)).await;
        let (_, found) = server.get(&format!("/api/v1/compare/changes?from={a}&to={b}")).await;
        let names: Vec<_> =
            found["changes"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["lr", "seed", "output_dir"]);
        let parting = &found["metrics"][0]["parting"];
        assert_eq!(
            (&parting["found"], &parting["step"], &parting["together_until"]),
            (&json!("at"), &json!(25), &json!(24))
        );
        assert!(found["method"].as_str().unwrap().contains("CUSUM"));
        let csv = text(&server, &format!("/api/v1/compare/changes.csv?from={a}&to={b}")).await;
        assert!(csv.contains("\r\n1,param,lr,0.1,0.001,strong,"), "{csv}");
        let same = format!("/api/v1/compare/changes?from={a}&to={a}");
        assert_problem(server.get(&same).await, 400, "expected another run than from");
    })
    .await;
}

#[tokio::test]
async fn groups_over_seeds_get_a_verdict() {
    on_each(async |server| {
        let mut query = String::new();
        let sides = [("a", [0.912, 0.905, 0.918, 0.909, 0.915]), ("b", [0.921, 0.917, 0.926, 0.918, 0.922])];
        for (side, values) in sides {
            for (seed, value) in values.into_iter().enumerate() {
                let id = server.new_run().await;
                let facts = json!({"runs": [{"run_id": id, "params": {"seed": seed, "opt": side}}]});
                server.post("/api/v1/ingest", facts).await;
                server.log(&id, "accuracy", &[0], json!([value])).await;
                query.extend(["&", side, "=", id.as_str()]);
            }
        }
        let (_, found) = server.get(&format!("/api/v1/compare/groups?{}", &query[1..])).await;
        assert_eq!(found["pairing"], json!({"kind": "paired", "param": "seed"}));
        let row = &found["rows"][0];
        assert_eq!(row["words"], "B is better by 0.0090 ± 0.0026, p ≈ 0.008, n = 5 pairs");
        assert_eq!((&row["verdict"], &row["a"]["n"]), (&json!("better"), &json!(5)));
        let (_, found) = server.get(&format!("/api/v1/compare/groups?{}&pair=none", &query[1..])).await;
        assert_eq!(found["rows"][0]["n"], 5);
        assert_eq!(found["pairing"]["kind"], "unpaired");
        let id = server.new_run().await;
        let both = format!("/api/v1/compare/groups?a={id}&b={id}");
        assert_problem(server.get(&both).await, 400, "is in group a too");
        assert_problem(server.get(&format!("/api/v1/compare/groups?a={id}")).await, 400, "expected 1 to 50");
    })
    .await;
}

#[tokio::test]
async fn a_whole_comparison_is_one_inert_file() {
    on_each(async |server| {
        let hostile = "</script><script>alert(1)</script><!--";
        let (a, b) = (server.new_run().await, server.new_run().await);
        server.send(Method::PATCH, &format!("/api/v1/runs/{a}"), json!({ "name": hostile })).await;
        let facts = json!({"runs": [
            {"run_id": a, "params": {"lr": 0.1, "same": 1, "text": hostile}},
            {"run_id": b, "params": {"lr": 0.2, "same": 1, "text": "plain"}},
        ]});
        server.post("/api/v1/ingest", facts).await;
        server.send(Method::PUT, &format!("/api/v1/runs/{a}/note"), json!({ "body": hostile })).await;
        let steps: Vec<i64> = (0..4_000).collect();
        // One spike, which no bucket may swallow.
        let values: Vec<f64> = steps.iter().map(|step| if *step == 1_234 { 77.5 } else { 1.0 }).collect();
        server.log(&a, "val_loss", &steps, json!(values)).await;
        server.log(&b, "val_loss", &[0, 10], json!([3.0, 1.5])).await;
        let path = format!("/api/v1/compare.html?run={a}&run={b}");
        let answer = server.request(Method::GET, &path).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-disposition"), "attachment; filename=\"comparison.html\"");
        assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        let file = answer.text().await.unwrap();
        assert!(file.contains("content=\"default-src 'none'; style-src 'sha256-"), "{file}");
        assert_eq!(file.matches("<script").count(), 2, "the data and the script, and no other");
        assert!(!file.contains("<!--") && !file.contains("alert(1)</script><"));
        assert!(
            file.contains(">text</th>") && !file.contains(">same</th>"),
            "params that differ, and no other"
        );
        assert!(file.contains("lr") && file.contains("What changed?"));
        let data = file.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        let line = &data[0]["lines"][0];
        assert_eq!((&line["name"], &line["total"]), (&json!(hostile), &json!(4_000)));
        let high: model::ingest::Base64 = serde_json::from_value(line["high"].clone()).unwrap();
        assert!(high.0.chunks_exact(8).any(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()) == 77.5));
        assert!(file.contains("of 4\u{202f}002 points"));
        let hidden = text(&server, &format!("{path}&off={}", &a[..12])).await;
        assert!(!hidden.contains("\"total\":4000") && hidden.contains("\"total\":2"));
        assert_problem(server.get("/api/v1/compare.html").await, 400, "expected 1 to 50 run ids");
        let other = format!("{path}&with={}", "f".repeat(32));
        assert_problem(server.get(&other).await, 400, "expected one of the runs compared");
    })
    .await;
}
