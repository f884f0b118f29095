//! Points in and out over HTTP.

use crate::harness::{Server, assert_problem, on_each};
use model::series::{Columns, decode};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn values_come_back_bit_for_bit_through_json() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let values =
            [0.1, 1.0 / 3.0, 5e-324, 1.797_693_134_862_315_7e308, -0.0, f64::NAN, f64::INFINITY, 2.5e-17];
        let json_values =
            json!([0.1, 1.0 / 3.0, 5e-324, 1.797_693_134_862_315_7e308, -0.0, "NaN", "Infinity", 2.5e-17]);
        let steps: Vec<i64> = (0..values.len() as i64).collect();
        assert_eq!(server.log(&run_id, "k", &steps, json_values).await.0, 200);
        let back = server.points(&run_id, "k").await;
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back.values), bits(&values));
        assert_eq!((&back.steps, &back.times_ms), (&steps, &steps));
    })
    .await;
}

#[tokio::test]
async fn a_replay_is_answered_and_other_content_is_refused() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let batch = |value: f64| {
            json!({
                "writer": {"id": "w", "sequence": 5},
                "series": [{"run_id": run_id, "key": "k", "steps": [0], "times_ms": [0], "values": [value]}],
            })
        };
        assert_eq!(
            server.post("/api/v1/ingest", batch(1.0)).await.1,
            json!({"points": 1, "replayed": false})
        );
        assert_eq!(server.post("/api/v1/ingest", batch(1.0)).await.1, json!({"points": 1, "replayed": true}));
        assert_problem(server.post("/api/v1/ingest", batch(2.0)).await, 409, "another batch as number 5");
        assert_eq!(server.points(&run_id, "k").await.values, [1.0]);
    })
    .await;
}

#[tokio::test]
async fn a_long_series_comes_in_buckets_that_hide_nothing() {
    on_each(async |server| {
        let run_id = server.new_run().await;
        let steps: Vec<i64> = (0..20_000).collect();
        let mut values = vec![json!(0.0); steps.len()];
        values[12_345] = json!(7.5);
        values[777] = json!("NaN");
        assert_eq!(server.log(&run_id, "k", &steps, json!(values)).await.0, 200);
        let path = format!("/api/v1/series?run={run_id}&key=k&buckets=200");
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let etag = response.headers()["etag"].clone();
        let series = decode(&response.bytes().await.unwrap()).unwrap();
        let Columns::Buckets(buckets) = &series[0].columns else { panic!("expected buckets") };
        assert_eq!((series[0].total, buckets.counts.len()), (20_000, 157));
        assert_eq!(buckets.max.iter().copied().fold(0.0, f64::max), 7.5);
        assert_eq!(buckets.non_finite_counts.iter().sum::<i64>(), 1);
        let unchanged =
            server.request(Method::GET, &path).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(unchanged.status(), 304);
        let zoomed = format!("/api/v1/series?run={run_id}&key=k&buckets=200&step_min=12340&step_max=12349");
        let bytes = server.request(Method::GET, &zoomed).send().await.unwrap().bytes().await.unwrap();
        let Columns::Points(points) = decode(&bytes).unwrap().remove(0).columns else {
            panic!("expected points")
        };
        assert_eq!((points.steps.len(), points.values[5]), (10, 7.5));
    })
    .await;
}

#[tokio::test]
async fn many_writers_at_once_lose_and_double_nothing() {
    on_each(async |server: Server| {
        let run_id = server.new_run().await;
        let writer = async |name: usize| {
            for sequence in 0..20_i64 {
                let body = json!({
                    "writer": {"id": format!("w{name}"), "sequence": sequence},
                    "series": [{"run_id": run_id, "key": format!("k{}", name % 3),
                        "steps": [sequence], "times_ms": [name], "values": [name]}],
                });
                let (status, answer) = server.post("/api/v1/ingest", body).await;
                assert_eq!(status, 200, "{answer}");
            }
        };
        let writers = (0..9).map(writer);
        futures::future::join_all(writers).await;
        for key in ["k0", "k1", "k2"] {
            let points = server.points(&run_id, key).await;
            assert_eq!(points.steps.len(), 60);
            assert!(points.steps.is_sorted());
        }
    })
    .await;
}
