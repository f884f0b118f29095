//! Events as they happen.

use crate::harness::{Server, on_each};
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The next event of a stream, within a generous time.
async fn next(events: &mut (impl futures::Stream<Item = Value> + Unpin)) -> Value {
    tokio::time::timeout(Duration::from_secs(20), events.next())
        .await
        .expect("an event comes")
        .expect("the stream goes on")
}

async fn listen(server: &Server, query: &str) -> impl futures::Stream<Item = Value> + Unpin + use<> {
    let response = server.request(Method::GET, &format!("/api/v1/events{query}")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut bytes = Box::pin(response.bytes_stream());
    // The first message says that the server listens; from then on nothing is missed.
    assert_eq!(bytes.next().await.unwrap().unwrap(), ": listening\n\n");
    Box::pin(bytes.flat_map(|chunk| {
        let text = String::from_utf8(chunk.unwrap().to_vec()).unwrap();
        let events = text.lines().filter_map(|line| line.strip_prefix("data: ").map(ToOwned::to_owned));
        futures::stream::iter(events.map(|line| serde_json::from_str(&line).unwrap()).collect::<Vec<Value>>())
    }))
}

#[tokio::test]
async fn a_watcher_hears_of_its_run_and_of_no_other() {
    on_each(async |server| {
        let (mine, other) = (server.new_run().await, server.new_run().await);
        let mut events = listen(&server, &format!("?run_id={mine}")).await;
        server.log(&other, "k", &[0], json!([1])).await;
        server.log(&mine, "k", &[0], json!([1])).await;
        let event = next(&mut events).await;
        let expected =
            json!({"type": "run_changed", "experiment_id": "0", "run_id": mine, "change": "logged"});
        assert_eq!(event, expected);
        let path = format!("/api/v1/runs/{mine}");
        server.send(Method::PATCH, &path, json!({"status": "completed"})).await;
        assert_eq!(next(&mut events).await["change"], "header");
        server.send(Method::PUT, &format!("{path}/note"), json!({"body": "x"})).await;
        assert_eq!(next(&mut events).await["change"], "note");
    })
    .await;
}

#[tokio::test]
async fn listening_does_not_hold_up_a_stop() {
    let server = Server::start().await;
    let mut events = listen(&server, "").await;
    let stop = std::process::Command::new("kill")
        .args(["-TERM", &server.process_id().to_string()])
        .status()
        .unwrap();
    assert!(stop.success());
    let ended = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
    assert_eq!(ended.expect("the stream ends"), None);
}
