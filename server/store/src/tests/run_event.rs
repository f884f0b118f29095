//! Operational events, and what a run ran on.

use super::{NOW, add_experiment, add_run, on_each};
use crate::{environment, run_event};
use model::{
    RunEventId, SpanId, UnixMillis,
    run_event::{RunEvent, RunEventKind, RunEventQuery},
};

fn event(number: u8, time_ms: i64) -> RunEvent {
    RunEvent {
        id: RunEventId::from_bytes([number; 16]),
        name: "checkpoint".into(),
        source: "trainer".into(),
        time_ms: UnixMillis(time_ms),
        metadata: serde_json::from_str(r#"{"path": "a.pt", "bytes": [1, 2.5, null]}"#).unwrap(),
        kind: RunEventKind::Start,
        span: (number == 1).then(|| SpanId::from_bytes([5; 16])),
    }
}

#[tokio::test]
async fn an_event_is_stored_once_and_comes_back_as_it_was() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let other = add_run(&db, add_experiment(&db, "f", &[]).await, "r").await;
        let events = [event(1, 50), event(2, 10), event(1, 50), event(3, 10)];
        let mut tx = db.begin().await.unwrap();
        assert_eq!(run_event::add(&mut tx, &run_id, &events).await.unwrap(), 3);
        assert_eq!(run_event::add(&mut tx, &run_id, &events[1..]).await.unwrap(), 0);
        assert_eq!(run_event::add(&mut tx, &run_id, &[event(2, 99)]).await.unwrap(), 0);
        assert_eq!(run_event::add(&mut tx, &other, &[event(2, 10)]).await.unwrap(), 1);
        assert_eq!(run_event::count(&mut tx, &run_id).await.unwrap(), 3);
        tx.commit().await.unwrap();
        let all = run_event::list(&db, &run_id, &RunEventQuery::default(), 10).await.unwrap().unwrap();
        assert_eq!(all, [event(2, 10), event(3, 10), event(1, 50)]);
    })
    .await;
}

#[tokio::test]
async fn pages_of_events_go_on_behind_an_event_in_either_order() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let mut tx = db.begin().await.unwrap();
        let events: Vec<_> = (1..=5).map(|number| event(number, i64::from(number / 2))).collect();
        run_event::add(&mut tx, &run_id, &events).await.unwrap();
        tx.commit().await.unwrap();
        for reverse in [false, true] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let query = RunEventQuery { after, reverse, ..RunEventQuery::default() };
                let page = run_event::list(&db, &run_id, &query, 2).await.unwrap().unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.id.clone());
                seen.extend(page);
            }
            if reverse {
                seen.reverse();
            }
            assert_eq!(seen, events);
        }
        let nowhere =
            RunEventQuery { after: Some(RunEventId::from_bytes([9; 16])), ..RunEventQuery::default() };
        assert_eq!(run_event::list(&db, &run_id, &nowhere, 2).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn events_are_filtered_by_source_and_name_and_told_what_there_is() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        let named = |number, name: &str, source: &str| RunEvent {
            name: name.into(),
            source: source.into(),
            ..event(number, i64::from(number))
        };
        let events = [named(1, "a", "x"), named(2, "b", "x"), named(3, "a", ""), named(4, "a", "x")];
        let mut tx = db.begin().await.unwrap();
        run_event::add(&mut tx, &run_id, &events).await.unwrap();
        tx.commit().await.unwrap();
        let found = async |source: Option<&str>, name: Option<&str>, after: Option<u8>| {
            let query = RunEventQuery {
                source: source.map(ToOwned::to_owned),
                name: name.map(ToOwned::to_owned),
                after: after.map(|number| RunEventId::from_bytes([number; 16])),
                ..RunEventQuery::default()
            };
            let found = run_event::list(&db, &run_id, &query, 10).await.unwrap().unwrap();
            found.into_iter().map(|event| event.time_ms.0).collect::<Vec<_>>()
        };
        assert_eq!(found(Some("x"), None, None).await, [1, 2, 4]);
        assert_eq!(found(Some(""), None, None).await, [3]);
        assert_eq!(found(None, Some("a"), None).await, [1, 3, 4]);
        assert_eq!(found(Some("x"), Some("a"), Some(1)).await, [4]);
        let told = run_event::told(&db, &run_id).await.unwrap();
        assert_eq!(
            (told.sources, told.names),
            (vec![String::new(), "x".into()], vec!["a".into(), "b".into()])
        );
    })
    .await;
}

#[tokio::test]
async fn an_environment_is_replaced_as_a_whole() {
    on_each(async |db| {
        let run_id = add_run(&db, add_experiment(&db, "e", &[]).await, "r").await;
        assert_eq!(environment::get(&db, &run_id).await.unwrap(), None);
        for json in [r#"{"git":{"commit":"a\u0000b"}}"#, r#"{"cwd":"/x"}"#] {
            let mut tx = db.begin().await.unwrap();
            environment::put(&mut tx, &run_id, json, NOW).await.unwrap();
            tx.commit().await.unwrap();
            let stored = environment::get(&db, &run_id).await.unwrap().unwrap();
            assert_eq!(stored.to_json().unwrap(), json);
        }
    })
    .await;
}
