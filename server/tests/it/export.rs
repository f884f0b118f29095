//! Runs as CSV and Parquet, written while they are sent.

use crate::harness::{Server, answer, assert_problem, on_each};
use bytes::Bytes;
use parquet::{
    basic::{LogicalType, Type},
    file::reader::{FileReader as _, SerializedFileReader},
    record::RowAccessor as _,
};
use reqwest::{Method, Response};
use serde_json::json;
use std::collections::BTreeMap;

async fn export(server: &Server, kind: &str, query: &str) -> Response {
    let path = format!("/api/v1/runs.{kind}?experiment_id=0&{query}");
    server.request(Method::GET, &path).send().await.unwrap()
}

/// The rows of a CSV, by column.
async fn csv_rows(server: &Server, query: &str) -> Vec<BTreeMap<String, String>> {
    let response = export(server, "csv", query).await;
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

async fn new_run(server: &Server, name: &str, facts: serde_json::Value) -> String {
    let (status, run) =
        server.post("/api/v1/runs", json!({"experiment_id": "0", "name": name, "tags": {"n": name}})).await;
    assert_eq!(status, 201, "{run}");
    let run_id = run["id"].as_str().unwrap().to_owned();
    let facts = json!({"runs": [{"run_id": run_id, "params": facts}]});
    assert_eq!(server.post("/api/v1/ingest", facts).await.0, 200);
    run_id
}

#[tokio::test]
async fn csv_has_every_column_and_every_value_as_it_is() {
    on_each(async |server| {
        let odd = "=1+1;\"a\", ü\r\nb";
        let first = new_run(&server, "a,1", json!({"lr": 0.1, "odd": odd, "n": 1, "none": null})).await;
        server.log(&first, "val loss", &[0, 1], json!([0.25, "NaN"])).await;
        let second =
            new_run(&server, "b", json!({"lr": 1e-7, "inf": {"float": "Infinity"}, "flag": true})).await;
        server.send(Method::PATCH, &format!("/api/v1/runs/{second}"), json!({"status": "failed"})).await;
        let rows = csv_rows(&server, "").await;
        let columns: Vec<&str> = rows[0].keys().map(String::as_str).collect();
        let expected = [
            "created",
            "duration",
            "ended",
            "id",
            "metrics.\"val loss\"",
            "name",
            "number",
            "params.flag",
            "params.inf",
            "params.lr",
            "params.n",
            "params.none",
            "params.odd",
            "started",
            "status",
            "tags.n",
            "user",
        ];
        assert_eq!(columns, expected);
        assert_eq!([&rows[0]["id"], &rows[1]["id"]], [&second, &first], "the newest first");
        let of = |row: usize, names: &[&str]| {
            names.iter().map(|name| rows[row][*name].clone()).collect::<Vec<_>>()
        };
        let names =
            ["name", "params.lr", "params.odd", "params.n", "params.none", "metrics.\"val loss\"", "ended"];
        assert_eq!(of(1, &names), ["a,1", "0.1", odd, "1", "", "NaN", ""]);
        assert_eq!(
            of(0, &["params.lr", "params.inf", "params.flag", "tags.n"]),
            ["1e-7", "Infinity", "true", "b"]
        );
        assert_eq!((rows[0]["number"].as_str(), rows[0]["status"].as_str()), ("2", "failed"));
        let (started, ended) = (&rows[0]["started"], &rows[0]["ended"]);
        assert!(started.ends_with('Z') && started.len() == 24 && started <= ended, "{started} {ended}");
        assert!(rows[0]["duration"].parse::<f64>().unwrap() >= 0.0);

        let some = "filter=name+~+'^b'&fields=metrics.\"val+loss\".min,params.lr,user,updated";
        let rows = csv_rows(&server, some).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0]["metrics.\"val loss\".min"].as_str(), rows[0]["params.lr"].as_str()),
            ("", "1e-7")
        );
        assert_eq!(rows[0].len(), 9 + 3, "what every run has comes once");
        let rows = csv_rows(&server, "sort=params.lr+desc&limit=1&fields=metrics.\"val+loss\".min").await;
        assert_eq!(rows.len(), 1);
        assert_eq!((&rows[0]["id"], rows[0]["metrics.\"val loss\".min"].as_str()), (&first, "0.25"));
        let text = export(&server, "csv", "status=lost").await.text().await.unwrap();
        assert!(
            text.starts_with("id,name,") && text.ends_with("tags.n\r\n") && text.matches('\n').count() == 1
        );
    })
    .await;
}

#[tokio::test]
async fn parquet_has_columns_of_types() {
    on_each(async |server| {
        let first = json!({"lr": 1, "n": 1, "flag": true, "mixed": 1, "opt": "adam", "none": null});
        let run_id = new_run(&server, "a", first).await;
        server.log(&run_id, "loss", &[0], json!(["Infinity"])).await;
        new_run(&server, "b", json!({"lr": 0.5, "flag": null, "mixed": false, "opt": "", "n": 7})).await;
        new_run(&server, "c", json!({})).await;
        let read = async |query: &str| {
            let response = export(&server, "parquet", query).await;
            assert_eq!(response.headers()["content-type"], "application/vnd.apache.parquet");
            SerializedFileReader::new(response.bytes().await.unwrap()).unwrap()
        };
        let reader: SerializedFileReader<Bytes> = read("sort=created").await;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let columns: Vec<_> =
            schema.columns().iter().map(|column| (column.name(), column.physical_type())).collect();
        let expected = [
            ("id", Type::BYTE_ARRAY),
            ("name", Type::BYTE_ARRAY),
            ("number", Type::INT64),
            ("status", Type::BYTE_ARRAY),
            ("user", Type::BYTE_ARRAY),
            ("created", Type::INT64),
            ("started", Type::INT64),
            ("ended", Type::INT64),
            ("duration", Type::DOUBLE),
            ("params.flag", Type::BOOLEAN),
            ("params.lr", Type::DOUBLE),
            ("params.mixed", Type::BYTE_ARRAY),
            ("params.n", Type::INT64),
            ("params.none", Type::BYTE_ARRAY),
            ("params.opt", Type::BYTE_ARRAY),
            ("metrics.loss", Type::DOUBLE),
            ("tags.n", Type::BYTE_ARRAY),
        ];
        assert_eq!(columns, expected);
        assert!(matches!(schema.column(5).logical_type_ref(), Some(LogicalType::Timestamp(_))));
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let created = server.get(&format!("/api/v1/runs/{run_id}")).await.1["run"]["created_at_ms"].as_i64();
        assert_eq!((rows.len(), Some(rows[0].get_timestamp_millis(5).unwrap())), (3, created));
        assert_eq!((rows[0].get_double(10).unwrap(), rows[1].get_double(10).unwrap()), (1.0, 0.5));
        assert_eq!(
            (rows[0].get_string(11).unwrap().as_str(), rows[1].get_string(11).unwrap().as_str()),
            ("1", "false")
        );
        assert_eq!((rows[0].get_bool(9).ok(), rows[1].get_bool(9).ok()), (Some(true), None));
        assert_eq!(
            (rows[1].get_string(14).unwrap().as_str(), rows[2].get_string(14).ok()),
            ("", None),
            "empty is not absent"
        );
        assert_eq!(rows[0].get_double(15).unwrap(), f64::INFINITY);
        assert_eq!(rows[0].get_string(0).unwrap(), &run_id);
        // The type of a column is that of the runs that are exported.
        let reader = read("fields=params.mixed&filter=name+%3D+'a'").await;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        assert_eq!(schema.column(9).physical_type(), Type::INT64);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_exported_is_said_before_the_file_begins() {
    on_each(async |server| {
        let refused =
            async |path: &str| answer(server.request(Method::GET, path).send().await.unwrap()).await;
        for kind in ["csv", "parquet"] {
            let path = format!("/api/v1/runs.{kind}?experiment_id=");
            assert_problem(refused(&format!("{path}77")).await, 404, "no experiment \"77\"");
            assert_problem(
                refused(&format!("{path}0&filter=name+~+'(a'")).await,
                400,
                "unclosed group, at character 9",
            );
            assert_problem(refused(&format!("{path}0&fields=dataset.name")).await, 400, "many datasets");
            assert_problem(refused(&format!("{path}0&fields=loss")).await, 400, "there is no attribute");
        }
        let anonymous =
            server.anonymous(Method::GET, "/api/v1/runs.csv?experiment_id=0").send().await.unwrap();
        assert_eq!(anonymous.status(), 401);
        let (_, experiment) = server.post("/api/v1/experiments", json!({"name": "größe/\"1\""})).await;
        let path = format!("/api/v1/runs.csv?experiment_id={}", experiment["id"].as_str().unwrap());
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let disposition = response.headers()["content-disposition"].to_str().unwrap();
        assert!(
            disposition.starts_with("attachment; filename=\"gr--e--1-runs.csv\"; filename*="),
            "{disposition}"
        );
    })
    .await;
}

/// Runs of which an export is larger than all buffers between the server and a client that does not read.
async fn large(server: &Server) -> Vec<String> {
    // Letters that no compression makes short.
    let mut state = 1_u64;
    let mut text = || {
        let letters = (0..80_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + (state >> 57) as u8 % 90)
        });
        letters.collect::<String>()
    };
    let mut ids = Vec::new();
    for _ in 0..6 {
        let mut facts = Vec::new();
        for _ in 0..50 {
            let run_id = server.new_run().await;
            facts.push(json!({"run_id": run_id, "params": {"text": text(), "n": 1}}));
            ids.push(run_id);
        }
        assert_eq!(server.post("/api/v1/ingest", json!({"runs": facts})).await.0, 200);
    }
    ids
}

#[tokio::test]
async fn rows_are_read_while_the_first_ones_are_sent_and_a_fault_breaks_the_transfer() {
    let server = Server::start().await;
    let ids = large(&server).await;
    let mut csv = export(&server, "csv", "").await;
    let mut parquet = export(&server, "parquet", "").await;
    let mut text = csv.chunk().await.unwrap().unwrap().to_vec();
    parquet.chunk().await.unwrap().unwrap();
    // The oldest run comes last.
    let path = format!("/api/v1/runs/{}", ids[0]);
    server.send(Method::PATCH, &path, json!({"name": "renamed meanwhile"})).await;
    let facts = json!({"runs": [{"run_id": ids[0], "params": {"n": "a text"}}]});
    assert_eq!(server.post("/api/v1/ingest", facts).await.0, 200);
    while let Some(chunk) = csv.chunk().await.unwrap() {
        text.extend(chunk);
    }
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(&text[..]).records().collect::<Result<_, _>>().unwrap();
    assert_eq!((rows.len(), &rows[299][0], &rows[299][1]), (300, ids[0].as_str(), "renamed meanwhile"));
    // A column of whole numbers that has a text now cannot go on.
    let broken = loop {
        match parquet.chunk().await {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    assert!(broken.is_err(), "it looked complete");
}

#[tokio::test]
async fn exports_that_nobody_reads_take_places_until_they_are_dropped() {
    let server = Server::start().await;
    large(&server).await;
    let mut open = Vec::new();
    for _ in 0..model::limits::EXPORTS_MAX {
        let mut response = export(&server, "csv", "").await;
        response.chunk().await.unwrap().unwrap();
        open.push(response);
    }
    assert_problem(answer(export(&server, "csv", "").await).await, 503, "exports are under way");
    drop(open);
    // The server sees it when it next writes.
    for _ in 0..100 {
        if export(&server, "csv", "limit=1").await.status() == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("places of dropped exports stay taken");
}

#[tokio::test]
async fn metrics_of_a_run_leave_in_numbers_and_point_by_point() {
    on_each(async |server| {
        let run_id = new_run(&server, "a", json!({})).await;
        let steps: Vec<i64> = (0..50_000).collect();
        let values: Vec<f64> = steps.iter().map(|step| *step as f64 / 4.0).collect();
        server.log(&run_id, "loss", &steps, json!(values)).await;
        server.log(&run_id, "far", &[-3, i64::MAX / 2], json!(["NaN", 2.0])).await;
        let get = async |rest: &str| {
            let path = format!("/api/v1/runs/{run_id}/metrics.{rest}");
            server.request(Method::GET, &path).send().await.unwrap()
        };
        let text = get("csv").await.text().await.unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("key,context,kind,last,last_step,last_time,min,min_step"), "{text}");
        assert!(lines[1].starts_with("far,,number,2.0,"), "{text}");
        assert!(lines[2].starts_with("loss,,number,12499.75,49999,"), "{text}");
        assert_eq!(lines.len(), 3);
        let response = get("csv?key=loss&key=far").await;
        let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename=\"a-points.csv\""), "{disposition}");
        let text = response.text().await.unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<(String, String, i64, String, String)> =
            reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 50_002);
        for (step, row) in steps.iter().zip(&rows) {
            assert_eq!((row.0.as_str(), row.2, row.4.parse()), ("loss", *step, Ok(*step as f64 / 4.0)));
        }
        let rest: Vec<_> = rows[50_000..].iter().map(|row| (row.2, row.4.as_str())).collect();
        assert_eq!(rest, [(-3, "NaN"), (i64::MAX / 2, "2.0")]);
        let file = get("parquet?key=far").await.bytes().await.unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!((rows[0].get_long(2).unwrap(), rows.len()), (-3, 2));
        assert!(rows[0].get_double(4).unwrap().is_nan());
        assert_problem(answer(get("csv?key=none").await).await, 404, "metric");
        assert_problem(answer(get("csv?keys=loss").await).await, 400, "keys");
    })
    .await;
}
