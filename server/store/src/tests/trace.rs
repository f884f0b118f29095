//! Traces: stored again under their id, found newest first, removed with their tags and files.

use super::{NOW, add_experiment, on_each};
use crate::{artifact, trace};
use model::{
    ExperimentId, Tags, TraceId, UnixMillis,
    artifact::{Artifact, Owner},
    trace::{Trace, TraceRemoval, TraceState, TraceUpdate},
};
use std::collections::BTreeMap;

fn sample(number: u8, experiment_id: ExperimentId) -> Trace {
    Trace {
        id: TraceId::from_bytes([number; 16]),
        experiment_id,
        client_request_id: String::new(),
        started_at_ms: UnixMillis(NOW.0 + i64::from(number)),
        duration_ms: Some(7),
        state: TraceState::Ok,
        request_preview: "?".into(),
        response_preview: "!".into(),
        metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
        tags: Tags([("t".to_owned(), number.to_string())].into()),
    }
}

#[tokio::test]
async fn a_trace_takes_new_facts_and_keeps_its_tags() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        let first = sample(1, experiment_id);
        let again = Trace {
            state: TraceState::Error,
            duration_ms: None,
            tags: Tags([("u".to_owned(), String::new())].into()),
            ..first.clone()
        };
        let mut tx = db.begin().await.unwrap();
        trace::put(&mut tx, &first).await.unwrap();
        trace::put(&mut tx, &again).await.unwrap();
        let update = TraceUpdate { remove_tags: vec!["u".into()], ..TraceUpdate::default() };
        trace::update(&mut tx, &first.id, &update).await.unwrap();
        tx.commit().await.unwrap();
        let found = trace::get(&db, std::slice::from_ref(&first.id)).await.unwrap();
        assert_eq!(found, [Trace { tags: first.tags, ..again }]);
    })
    .await;
}

#[tokio::test]
async fn what_is_removed_takes_tags_and_files_along_and_nothing_of_another_experiment() {
    on_each(async |db| {
        let (one, other) = (add_experiment(&db, "e", &[]).await, add_experiment(&db, "f", &[]).await);
        let mut tx = db.begin().await.unwrap();
        for number in 1..=5 {
            let trace = sample(number, if number == 5 { other } else { one });
            trace::put(&mut tx, &trace).await.unwrap();
            let file = Artifact {
                path: "traces.json".parse().unwrap(),
                size_bytes: 1,
                sha256: "aa".into(),
                mime: "application/json".into(),
                created_at_ms: NOW,
                reference: None,
            };
            artifact::put(&mut tx, &Owner::Trace(trace.id), &file).await.unwrap();
        }
        let ids = TraceRemoval::Ids([4, 5].map(|number| TraceId::from_bytes([number; 16])).to_vec());
        assert_eq!(trace::remove(&mut tx, one, &ids).await.unwrap(), 1);
        let oldest = TraceRemoval::Until { time_ms: UnixMillis(NOW.0 + 2), most: 1 };
        assert_eq!(trace::remove(&mut tx, one, &oldest).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let newest = trace::newest(&db, &[one, other], 0, 10).await.unwrap();
        let left: Vec<_> = newest.iter().map(|trace| trace.started_at_ms.0 - NOW.0).collect();
        assert_eq!(left, [5, 3, 2]);
        assert_eq!(trace::newest(&db, &[one, other], 1, 1).await.unwrap(), newest[1..2]);
        for (number, files) in [(1, 0), (2, 1), (4, 0), (5, 1)] {
            let owner = Owner::Trace(TraceId::from_bytes([number; 16]));
            assert_eq!(artifact::list(&db, &owner).await.unwrap().len(), files, "{number}");
        }
    })
    .await;
}
