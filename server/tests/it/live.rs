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
    let hello = bytes.next().await.unwrap().unwrap();
    assert!(hello.starts_with(b": listening\nid: "), "{hello:?}");
    // Several messages may come in one piece: each with the id under which it can be taken up again.
    Box::pin(bytes.flat_map(|chunk| {
        let text = String::from_utf8(chunk.unwrap().to_vec()).unwrap();
        let message = |message: &str| {
            let line = |name| message.lines().find_map(|line| line.strip_prefix(name));
            let mut event: Value = serde_json::from_str(line("data: ")?).unwrap();
            event["id"] = line("id: ")?.into();
            Some(event)
        };
        futures::stream::iter(text.split("\n\n").filter_map(message).collect::<Vec<Value>>())
    }))
}

#[tokio::test]
async fn a_watcher_hears_of_its_run_and_of_no_other() {
    on_each(async |server| {
        let (mine, other) = (server.new_run().await, server.new_run().await);
        let mut events = listen(&server, &format!("?run_id={mine}")).await;
        server.log(&other, "k", &[0], json!([1])).await;
        server.log(&mine, "k", &[0], json!([1])).await;
        let mut event = next(&mut events).await;
        let id = event["id"].take();
        let expected = json!({
            "type": "run_changed", "experiment_id": "0", "run_id": mine, "change": "logged", "id": null,
        });
        assert_eq!(event, expected);
        let path = format!("/api/v1/runs/{mine}");
        server.send(Method::PATCH, &path, json!({"status": "completed"})).await;
        assert_eq!(next(&mut events).await["change"], "header");
        server.send(Method::PUT, &format!("{path}/note"), json!({"body": "x"})).await;
        assert_eq!(next(&mut events).await["change"], "note");
        drop(events);

        // Who comes back hears what it missed, and nothing twice.
        let after = id.as_str().unwrap();
        let mut events = listen(&server, &format!("?run_id={mine}&after={after}")).await;
        assert_eq!(next(&mut events).await["change"], "header");
        assert_eq!(next(&mut events).await["change"], "note");
        let mut events = listen(&server, "?after=1-99").await;
        assert_eq!(next(&mut events).await["type"], "lagged");
        let (status, refused) = server.get("/api/v1/events?after=yesterday").await;
        assert_eq!((status.as_u16(), &refused["field"]), (400, &json!("after")));
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
