//! What is kept of how a run's status came about, and of the clocks of its processes.

use super::{NOW, add_experiment, add_run, on_each, update_run};
use crate::{Db, param, process, process::Held, status_change};
use RunStatus::{Completed, Failed, Killed, Lost, Running};
use StatusCause::{Joined, Process, Request, Resumed, Returned, Silence, StopAsked};
use model::{
    Float64, ProcessId, RunId, UnixMillis, UserId, limits,
    param::ParamValue,
    process::{Heartbeat, ProcessNew},
    run::{RunStatus, RunUpdate},
    status_change::{StatusCause, StatusHistory},
    user::{Caller, Role, Via},
};
use std::collections::BTreeMap;

fn at(seconds: i64) -> UnixMillis {
    UnixMillis(NOW.0 + seconds * 1_000)
}

fn rank(number: u8) -> ProcessNew {
    let id = ProcessId::from_bytes([number; 16]);
    ProcessNew { id, host: format!("node-{number}"), pid: 7, rank: Some(i64::from(number)) }
}

fn ada(via: Via) -> Caller {
    Caller { user_id: UserId(1), name: "ada".into(), role: Role::Member, via }
}

/// One transaction of somebody that changes a run's status.
async fn change(
    db: &Db,
    run_id: &RunId,
    by: Option<&Caller>,
    act: impl AsyncFnOnce(&mut Held, &mut crate::Tx),
) {
    let mut tx = db.begin().await.unwrap();
    let mut held = process::hold(&mut tx, run_id, by).await.unwrap().unwrap();
    act(&mut held, &mut tx).await;
    tx.commit().await.unwrap();
}

async fn new_run(db: &Db) -> RunId {
    let experiment_id = add_experiment(db, "e", &[]).await;
    add_run(db, experiment_id, "r").await
}

async fn history(db: &Db, run_id: &RunId) -> StatusHistory {
    status_change::list(db, run_id).await.unwrap()
}

/// From, to, cause and the rank of the process, as far as they are known.
type Told = (Option<RunStatus>, RunStatus, StatusCause, Option<i64>);

async fn told(db: &Db, run_id: &RunId) -> Vec<Told> {
    let of = |change: model::status_change::StatusChange| {
        (change.from, change.to, change.cause, change.process.and_then(|process| process.rank))
    };
    history(db, run_id).await.changes.into_iter().map(of).collect()
}

#[tokio::test]
async fn the_process_that_decides_is_named_whoever_ends_last() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let me = ada(Via::Api);
        change(&db, &run_id, Some(&me), async |run, tx| run.note_created(tx, NOW).await.unwrap()).await;
        for number in 0..4 {
            change(&db, &run_id, Some(&me), async |run, tx| {
                assert!(run.join(tx, &rank(number), NOW, NOW).await.unwrap());
            })
            .await;
        }
        let ends = [(0, Completed, 1), (1, Failed, 2), (2, Killed, 3), (3, Completed, 4)];
        for (number, status, second) in ends {
            change(&db, &run_id, Some(&me), async |run, tx| {
                assert!(run.end_process(tx, &rank(number).id, status, at(second), at(second)).await.unwrap());
            })
            .await;
        }
        let expected =
            [(None, Running, StatusCause::Created, None), (Some(Running), Failed, Process, Some(1))];
        assert_eq!(told(&db, &run_id).await, expected);
        let history = history(&db, &run_id).await;
        let last = &history.changes[1];
        assert_eq!((last.at_ms, last.user.as_deref(), last.via), (at(4), Some("ada"), Some(Via::Api)));
        assert_eq!(last.process.as_ref().map(|process| process.host.as_str()), Some("node-1"));
    })
    .await;
}

#[tokio::test]
async fn a_lost_run_that_returns_and_is_resumed_tells_of_it() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let me = ada(Via::Mlflow);
        change(&db, &run_id, None, async |run, tx| {
            assert!(run.join(tx, &rank(1), NOW, NOW).await.unwrap());
            assert!(run.join(tx, &rank(2), NOW, at(50)).await.unwrap());
        })
        .await;
        change(&db, &run_id, None, async |run, tx| assert!(run.lose(tx, at(10), at(70)).await.unwrap()))
            .await;
        assert_eq!(told(&db, &run_id).await, [], "the other rank is still there");
        change(&db, &run_id, None, async |run, tx| assert!(run.lose(tx, at(60), at(120)).await.unwrap()))
            .await;
        change(&db, &run_id, Some(&me), async |run, tx| {
            assert!(run.hear(tx, &rank(2), at(130)).await.unwrap());
        })
        .await;
        change(&db, &run_id, Some(&me), async |run, tx| {
            assert!(run.end_process(tx, &rank(2).id, Completed, at(140), at(140)).await.unwrap());
        })
        .await;
        change(&db, &run_id, Some(&me), async |run, tx| run.reopen(tx, at(150)).await.unwrap()).await;
        let mut tx = db.begin().await.unwrap();
        let stop = RunUpdate { stop_requested: Some(true), ..RunUpdate::default() };
        update_run(&mut tx, &run_id, &stop, at(160)).await;
        update_run(&mut tx, &run_id, &stop, at(161)).await;
        let killed = RunUpdate { status: Some(Killed), ..RunUpdate::default() };
        update_run(&mut tx, &run_id, &killed, at(170)).await;
        tx.commit().await.unwrap();
        change(&db, &run_id, Some(&me), async |run, tx| {
            assert!(run.hear(tx, &rank(3), at(180)).await.unwrap());
        })
        .await;
        let expected = [
            (Some(Running), Lost, Silence, Some(2)),
            (Some(Lost), Running, Returned, Some(2)),
            // The first rank never came back.
            (Some(Running), Lost, Silence, Some(1)),
            (Some(Lost), Running, Resumed, None),
            (Some(Running), Running, StopAsked, None),
            (Some(Running), Killed, Request, None),
            (Some(Killed), Running, Joined, Some(3)),
        ];
        assert_eq!(told(&db, &run_id).await, expected);
        let changes = history(&db, &run_id).await.changes;
        assert_eq!((changes[0].since_ms, changes[0].user.as_deref()), (Some(at(50)), None));
        assert_eq!((changes[1].user.as_deref(), changes[1].via), (Some("ada"), Some(Via::Mlflow)));
        assert_eq!((changes[2].user.as_deref(), changes[2].at_ms), (None, at(140)));
    })
    .await;
}

#[tokio::test]
async fn of_a_long_story_the_beginning_and_the_end_are_kept() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let kept = limits::STATUS_CHANGES_FIRST + limits::STATUS_CHANGES_LAST;
        let mut tx = db.begin().await.unwrap();
        let mut held = process::hold(&mut tx, &run_id, None).await.unwrap().unwrap();
        for number in 0..kept + 7 {
            let status = if number % 2 == 0 { Failed } else { Running };
            held.set_whole(&mut tx, status, at(number), at(number)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let history = history(&db, &run_id).await;
        assert_eq!((history.changes.len() as i64, history.left_out), (kept, 7));
        let times: Vec<i64> = history.changes.iter().map(|one| (one.at_ms.0 - NOW.0) / 1_000).collect();
        let first = limits::STATUS_CHANGES_FIRST;
        let expected: Vec<i64> = (0..first).chain(first + 7..kept + 7).collect();
        assert_eq!(times, expected);
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_behind_is_known_until_it_tells_another_time() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        change(&db, &run_id, None, async |run, tx| {
            assert!(run.join(tx, &rank(1), NOW, NOW).await.unwrap());
        })
        .await;
        let beat = Heartbeat { run_id: run_id.clone(), process: rank(1) };
        let skew = async |sent_at, now| {
            let mut tx = db.begin().await.unwrap();
            process::beat(&mut tx, &[&beat], sent_at, now).await.unwrap();
            tx.commit().await.unwrap();
            process::list(&db, &run_id, 10).await.unwrap()[0].skew_ms
        };
        assert_eq!(skew(None, at(1)).await, None);
        assert_eq!(skew(Some(at(-178)), at(2)).await, Some(-180_000));
        assert_eq!(
            skew(None, at(3)).await,
            Some(-180_000),
            "a client that does not tell leaves what is known"
        );
        assert_eq!(skew(Some(UnixMillis(i64::MIN)), at(4)).await, Some(i64::MIN));
        assert_eq!(skew(Some(at(5)), at(5)).await, Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_param_that_is_logged_anew_keeps_what_it_was() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let put = async |pairs: &[(&str, ParamValue)], now| {
            let params = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
            let params: BTreeMap<String, ParamValue> = params.collect();
            let mut tx = db.begin().await.unwrap();
            param::put(&mut tx, run_id.as_str(), &params, now).await.unwrap();
            tx.commit().await.unwrap();
        };
        let nan = ParamValue::Float(Float64(f64::NAN));
        put(&[("lr", ParamValue::Int(1)), ("depth", nan.clone())], NOW).await;
        put(&[("lr", ParamValue::Int(1)), ("depth", nan)], at(1)).await;
        assert_eq!(param::changes(&db, &run_id).await.unwrap(), [], "the same again is no change");
        put(&[("lr", ParamValue::Text("1".into())), ("new", ParamValue::Null)], at(2)).await;
        put(&[("lr", ParamValue::Float(Float64(0.5)))], at(3)).await;
        let changes = param::changes(&db, &run_id).await.unwrap();
        let changes: Vec<_> =
            changes.iter().map(|one| (one.key.as_str(), one.value.kind(), one.until_ms)).collect();
        assert_eq!(changes, [("lr", "text", at(3)), ("lr", "int", at(2))]);
        for number in 0..limits::PARAM_CHANGES_MAX {
            put(&[("lr", ParamValue::Int(number))], at(number + 10)).await;
        }
        let changes = param::changes(&db, &run_id).await.unwrap();
        assert_eq!(changes.len() as i64, limits::PARAM_CHANGES_MAX);
        assert_eq!(changes.last().unwrap().value, ParamValue::Float(Float64(0.5)), "the oldest went");
    })
    .await;
}
