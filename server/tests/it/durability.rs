//! What was acknowledged is there after a kill, exactly once.

use crate::harness::Server;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

const ROUNDS: i64 = 5;
const WRITERS: i64 = 4;

/// Several writers log as fast as they can until the server is killed under them; each then repeats its last batch,
/// acknowledged or not, as a client does. In the end every acknowledged point is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_loses_no_acknowledged_batch() {
    let mut server = Server::start().await;
    let run_id = server.new_run().await;
    let mut acknowledged: BTreeMap<i64, i64> = (0..WRITERS).map(|writer| (writer, 0)).collect();
    for round in 0..ROUNDS {
        let killed = AtomicBool::new(false);
        let writers = acknowledged.iter().map(async |(&writer, &next)| {
            let mut next = next;
            while !killed.load(Ordering::Relaxed) {
                let request = server
                    .request(reqwest::Method::POST, "/api/v1/ingest")
                    .json(&batch(&run_id, writer, next));
                match request.send().await {
                    Ok(response) if response.status() == 200 => next += 1,
                    _ => break,
                }
            }
            (writer, next)
        });
        let killer = async {
            tokio::time::sleep(Duration::from_millis(120 + 90 * round.unsigned_abs())).await;
            let id = server.process_id().to_string();
            assert!(std::process::Command::new("kill").args(["-9", &id]).status().unwrap().success());
            killed.store(true, Ordering::Relaxed);
        };
        let (after, ()) = futures::future::join(futures::future::join_all(writers), killer).await;
        acknowledged = after.into_iter().collect();
        server = server.kill_and_restart().await;
        for (&writer, next) in &mut acknowledged {
            let (status, answer) = server.post("/api/v1/ingest", batch(&run_id, writer, *next)).await;
            assert_eq!(status, 200, "{answer}");
            *next += 1;
        }
    }
    for (writer, next) in acknowledged {
        assert!(next > ROUNDS, "writer {writer} got to log between the kills");
        let points = server.points(&run_id, &format!("w{writer}")).await;
        assert_eq!(points.steps, (0..next * 3).collect::<Vec<_>>(), "writer {writer}");
        assert_eq!(points.values, points.steps.iter().map(|&step| step as f64 / 7.0).collect::<Vec<_>>());
    }
}

/// Three points a batch, so that a batch that is half there would show.
fn batch(run_id: &str, writer: i64, sequence: i64) -> serde_json::Value {
    let steps: Vec<i64> = (sequence * 3..sequence * 3 + 3).collect();
    let values: Vec<f64> = steps.iter().map(|&step| step as f64 / 7.0).collect();
    json!({
        "writer": {"id": format!("writer-{writer}"), "sequence": sequence},
        "series": [{"run_id": run_id, "key": format!("w{writer}"), "steps": steps, "times_ms": steps, "values": values}],
    })
}
