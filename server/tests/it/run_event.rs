//! Operational events over REST.

use crate::harness::{assert_problem, on_each};
use serde_json::{Value, json};

fn event(number: usize, time_ms: i64) -> Value {
    json!({"id": format!("{number:032x}"), "name": "checkpoint", "source": "trainer", "time_ms": time_ms})
}

#[tokio::test]
async fn events_sent_twice_are_there_once_in_order_of_time() {
    on_each(async |server| {
        let path = format!("/api/v1/runs/{}/events", server.new_run().await);
        let events: Vec<_> = (0..5).map(|number| event(number, 100 - number as i64)).collect();
        let body = json!({"events": events});
        assert_eq!(server.post(&path, body.clone()).await.1, json!({"added": 5}));
        assert_eq!(server.post(&path, body).await.1, json!({"added": 0}));
        let (_, first) = server.get(&format!("{path}?limit=3")).await;
        let times = |page: &Value| {
            let items = page["items"].as_array().unwrap();
            items.iter().map(|one| one["time_ms"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(times(&first), [96, 97, 98]);
        assert_eq!(
            (&first["items"][0]["kind"], &first["items"][0]["metadata"]),
            (&json!("point"), &json!({}))
        );
        let after = first["next_after"].as_str().unwrap();
        let (_, rest) = server.get(&format!("{path}?limit=3&after={after}")).await;
        assert_eq!((times(&rest), &rest["next_after"]), (vec![99, 100], &Value::Null));
        assert_eq!(times(&server.get(&format!("{path}?reverse=true&limit=1")).await.1), [100]);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_event_is_named_and_nothing_of_its_request_is_stored() {
    on_each(async |server| {
        let path = format!("/api/v1/runs/{}/events", server.new_run().await);
        let with = |more: Value| {
            let mut second = event(2, 0);
            second.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"events": [event(1, 0), second]})
        };
        for (more, code, words) in [
            (json!({"name": ""}), 400, "events[1].name"),
            (json!({"kind": "middle"}), 400, "events[1].kind"),
            (json!({"span": "x"}), 400, "events[1].span"),
            (json!({"metadata": [1]}), 400, "events[1].metadata"),
            (json!({"metadata": {"x": "y".repeat(20_000)}}), 413, "events[1].metadata"),
        ] {
            assert_problem(server.post(&path, with(more)).await, code, words);
        }
        let many: Vec<_> = (0..1_001).map(|number| event(number, 0)).collect();
        assert_problem(server.post(&path, json!({"events": many})).await, 413, "at most 1000");
        assert_eq!(server.get(&path).await.1["items"], json!([]));
        let nowhere = format!("{path}?after={}", "9".repeat(32));
        assert_problem(server.get(&nowhere).await, 400, "no event of this id");
        let missing = format!("/api/v1/runs/{}/events", "0".repeat(32));
        assert_problem(server.post(&missing, json!({"events": []})).await, 404, "no run");
    })
    .await;
}
