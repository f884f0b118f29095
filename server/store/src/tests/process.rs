//! Processes, and how the status of a run follows from theirs.

use super::{NOW, add_experiment, add_run, on_each, update_run};
use crate::{
    Db, Dialect,
    db::on,
    process,
    process::{Held, Standing},
    run,
    run::RunRecord,
};
use RunStatus::{Completed, Failed, Killed, Lost, Queued, Running};
use model::{
    ProcessId, RunId, Tags, UnixMillis,
    process::{Heartbeat, ProcessNew},
    run::{Run, RunQuery, RunStatus, RunUpdate},
};
use sqlx::AssertSqlSafe;

fn some_process(number: u8) -> ProcessNew {
    ProcessNew {
        id: ProcessId::from_bytes([number; 16]),
        host: "node-1".into(),
        pid: i64::from(number),
        rank: Some(i64::from(number)),
    }
}

fn at(seconds: i64) -> UnixMillis {
    UnixMillis(NOW.0 + seconds * 1_000)
}

/// One transaction that changes a run's status.
async fn change(db: &Db, run_id: &RunId, act: impl AsyncFnOnce(&mut Held, &mut crate::Tx)) {
    let mut tx = db.begin().await.unwrap();
    let mut held = process::hold(&mut tx, run_id, None).await.unwrap().unwrap();
    act(&mut held, &mut tx).await;
    tx.commit().await.unwrap();
}

async fn join(db: &Db, run_id: &RunId, number: u8, now: UnixMillis) {
    let one = some_process(number);
    change(db, run_id, async |run, tx| assert!(run.join(tx, &one, now, now).await.unwrap())).await;
}

async fn hear(db: &Db, run_id: &RunId, number: u8, now: UnixMillis) {
    let one = some_process(number);
    change(db, run_id, async |run, tx| assert!(run.hear(tx, &one, now).await.unwrap())).await;
}

async fn end(db: &Db, run_id: &RunId, number: u8, status: RunStatus, now: UnixMillis) {
    let id = some_process(number).id;
    change(db, run_id, async |run, tx| {
        assert!(run.end_process(tx, &id, status, now, now).await.unwrap());
    })
    .await;
}

async fn lose(db: &Db, run_id: &RunId, seen_before: UnixMillis) {
    change(db, run_id, async |run, tx| {
        run.lose(tx, seen_before, at(1_000)).await.unwrap();
    })
    .await;
}

async fn update(db: &Db, run_id: &RunId, update: RunUpdate, now: UnixMillis) {
    let mut tx = db.begin().await.unwrap();
    update_run(&mut tx, run_id, &update, now).await;
    tx.commit().await.unwrap();
}

async fn set(db: &Db, run_id: &RunId, status: RunStatus, now: UnixMillis) {
    update(db, run_id, RunUpdate { status: Some(status), ..RunUpdate::default() }, now).await;
}

async fn ask_to_stop(db: &Db, run_id: &RunId) {
    update(db, run_id, RunUpdate { stop_requested: Some(true), ..RunUpdate::default() }, NOW).await;
}

async fn get(db: &Db, run_id: &RunId) -> Run {
    run::get(db, run_id).await.unwrap().unwrap()
}

async fn status(db: &Db, run_id: &RunId) -> RunStatus {
    get(db, run_id).await.status
}

async fn statuses(db: &Db, run_id: &RunId) -> Vec<RunStatus> {
    let processes = process::list(db, run_id, 100).await.unwrap();
    processes.into_iter().map(|process| process.status).collect()
}

async fn new_run(db: &Db) -> RunId {
    let experiment_id = add_experiment(db, "e", &[]).await;
    add_run(db, experiment_id, "r").await
}

#[tokio::test]
async fn a_run_ends_with_its_last_process_as_the_worst_of_them() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        for number in 0..3 {
            join(&db, &run_id, number, NOW).await;
        }
        end(&db, &run_id, 0, Completed, at(5)).await;
        end(&db, &run_id, 1, Failed, at(9)).await;
        assert_eq!((status(&db, &run_id).await, get(&db, &run_id).await.ended_at_ms), (Running, None));
        end(&db, &run_id, 2, Killed, at(7)).await;
        let run = get(&db, &run_id).await;
        assert_eq!((run.status, run.ended_at_ms), (Failed, Some(at(9))));
        assert_eq!(statuses(&db, &run_id).await, [Completed, Failed, Killed]);
    })
    .await;
}

#[tokio::test]
async fn lost_run_returns_with_a_beat() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 1, NOW).await;
        lose(&db, &run_id, NOW).await;
        assert_eq!(status(&db, &run_id).await, Running, "seen at that very time is not before it");
        lose(&db, &run_id, at(1)).await;
        let run = get(&db, &run_id).await;
        assert_eq!((run.status, run.ended_at_ms), (Lost, Some(NOW)), "it ended when it was last seen");
        hear(&db, &run_id, 1, at(90)).await;
        let run = get(&db, &run_id).await;
        assert_eq!((run.status, run.ended_at_ms), (Running, None));
        let processes = process::list(&db, &run_id, 100).await.unwrap();
        assert_eq!(
            (processes[0].status, processes[0].seen_at_ms, processes[0].ended_at_ms),
            (Running, at(90), None)
        );
    })
    .await;
}

#[tokio::test]
async fn a_late_beat_does_not_bring_back_who_has_ended() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 1, NOW).await;
        end(&db, &run_id, 1, Completed, at(5)).await;
        let beat = Heartbeat { run_id: run_id.clone(), process: some_process(1) };
        let mut tx = db.begin().await.unwrap();
        assert!(process::beat(&mut tx, &[&beat], None, at(6)).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        hear(&db, &run_id, 1, at(6)).await;
        assert_eq!(status(&db, &run_id).await, Completed);
        end(&db, &run_id, 1, Failed, at(7)).await;
        let run = get(&db, &run_id).await;
        assert_eq!(
            (run.status, run.ended_at_ms),
            (Completed, Some(at(5))),
            "an end that is told again is old"
        );
    })
    .await;
}

#[tokio::test]
async fn a_finish_of_a_lost_process_counts() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 1, NOW).await;
        lose(&db, &run_id, at(1)).await;
        end(&db, &run_id, 1, Completed, at(300)).await;
        let run = get(&db, &run_id).await;
        assert_eq!((run.status, run.ended_at_ms), (Completed, Some(at(300))));
    })
    .await;
}

#[tokio::test]
async fn a_process_heard_of_later_sets_an_ended_run_running() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 0, NOW).await;
        end(&db, &run_id, 0, Failed, at(1)).await;
        hear(&db, &run_id, 1, at(2)).await;
        assert_eq!(status(&db, &run_id).await, Running);
        end(&db, &run_id, 1, Completed, at(3)).await;
        assert_eq!(status(&db, &run_id).await, Failed, "both are of one attempt");
    })
    .await;
}

#[tokio::test]
async fn a_resumed_run_forgets_how_the_attempt_before_ended() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 1, NOW).await;
        join(&db, &run_id, 3, NOW).await;
        end(&db, &run_id, 1, Failed, at(1)).await;
        lose(&db, &run_id, at(1)).await;
        assert_eq!(status(&db, &run_id).await, Failed);
        change(&db, &run_id, async |run, tx| run.reopen(tx, at(2)).await.unwrap()).await;
        let run = get(&db, &run_id).await;
        assert_eq!((run.status, run.ended_at_ms, run.number), (Running, None, 1));
        join(&db, &run_id, 2, at(2)).await;
        end(&db, &run_id, 3, Killed, at(3)).await;
        assert_eq!(status(&db, &run_id).await, Running, "a straggler of the first attempt decides nothing");
        end(&db, &run_id, 2, Completed, at(4)).await;
        assert_eq!(status(&db, &run_id).await, Completed);
        let processes = process::list(&db, &run_id, 100).await.unwrap();
        let attempts: Vec<_> = processes.iter().map(|one| (one.attempt, one.status)).collect();
        assert_eq!(attempts, [(2, Completed), (1, Failed), (1, Killed)]);
    })
    .await;
}

#[tokio::test]
async fn a_script_that_was_killed_and_started_again_at_once_is_judged_by_its_second_try() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let one = |number: u8| ProcessNew { rank: None, ..some_process(number) };
        for (number, seconds) in [(1, 0), (2, 5)] {
            change(&db, &run_id, async |run, tx| {
                assert!(run.join(tx, &one(number), at(seconds), at(seconds)).await.unwrap());
            })
            .await;
        }
        lose(&db, &run_id, at(1)).await;
        assert_eq!(status(&db, &run_id).await, Running);
        end(&db, &run_id, 2, Completed, at(9)).await;
        assert_eq!(status(&db, &run_id).await, Completed);
        assert_eq!(statuses(&db, &run_id).await, [Lost, Completed]);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_ended_as_a_whole_ends_its_processes() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 1, NOW).await;
        join(&db, &run_id, 2, NOW).await;
        end(&db, &run_id, 1, Failed, at(1)).await;
        set(&db, &run_id, Killed, at(2)).await;
        assert_eq!(
            (status(&db, &run_id).await, statuses(&db, &run_id).await),
            (Killed, vec![Failed, Killed])
        );
        end(&db, &run_id, 2, Completed, at(3)).await;
        assert_eq!(status(&db, &run_id).await, Killed);
        set(&db, &run_id, Running, at(4)).await;
        assert_eq!(get(&db, &run_id).await.ended_at_ms, None);
    })
    .await;
}

#[tokio::test]
async fn a_run_without_processes_is_never_lost() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let stale = async |seen_before| {
            let runs = process::stale(&db, seen_before, 10).await.unwrap();
            runs.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(stale(at(1_000_000)).await, []);
        lose(&db, &run_id, at(1_000_000)).await;
        assert_eq!(status(&db, &run_id).await, Running);
        join(&db, &run_id, 1, NOW).await;
        assert_eq!(stale(at(1)).await, std::slice::from_ref(&run_id));
        assert_eq!(stale(NOW).await, []);
        end(&db, &run_id, 1, Completed, at(1)).await;
        assert_eq!(stale(at(1_000_000)).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_look_for_the_lost_reads_only_who_is_silent() {
    on_each(async |db| {
        if db.dialect() == Dialect::Postgres {
            // Its planner reads small tables whole, whatever index there is.
            return;
        }
        let mut conn = db.read().await.unwrap();
        let statement = format!("EXPLAIN QUERY PLAN {}", process::PROCESS_STALE);
        let plan: Vec<(i64, i64, i64, String)> = on!(conn, c => sqlx::query_as(AssertSqlSafe(statement))
            .bind(0_i64)
            .bind(1_i64)
            .fetch_all(c)
            .await)
        .unwrap();
        let steps: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
        assert_eq!(steps, ["SEARCH process USING INDEX process_running (seen_at_ms<?)"]);
    })
    .await;
}

#[tokio::test]
async fn a_queued_run_begins_with_its_first_process() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        set(&db, &run_id, Queued, NOW).await;
        hear(&db, &run_id, 1, at(1)).await;
        assert_eq!(status(&db, &run_id).await, Running);
    })
    .await;
}

#[tokio::test]
async fn a_request_to_stop_lasts_until_the_run_ends_by_a_word() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        join(&db, &run_id, 1, NOW).await;
        ask_to_stop(&db, &run_id).await;
        let beat = Heartbeat { run_id: run_id.clone(), process: some_process(1) };
        let unknown = Heartbeat { run_id: RunId::from_bytes([9; 16]), process: some_process(1) };
        let standing = process::standing(&db, &[beat.clone(), unknown]).await.unwrap();
        let one = Standing { run: Running, stop_requested: true, process: Some(Running) };
        let pair = (beat.run_id.to_string(), beat.process.id.to_string());
        assert_eq!(standing.into_iter().collect::<Vec<_>>(), [(pair, one)]);
        lose(&db, &run_id, at(1)).await;
        hear(&db, &run_id, 1, at(2)).await;
        assert!(get(&db, &run_id).await.stop_requested, "whoever was lost has not heard of it yet");
        end(&db, &run_id, 1, Killed, at(3)).await;
        assert!(!get(&db, &run_id).await.stop_requested);
        set(&db, &run_id, Running, at(4)).await;
        ask_to_stop(&db, &run_id).await;
        lose(&db, &run_id, at(5)).await;
        set(&db, &run_id, Completed, at(6)).await;
        assert!(!get(&db, &run_id).await.stop_requested);
    })
    .await;
}

#[tokio::test]
async fn processes_that_end_at_one_time_end_their_run() {
    on_each(async |db| {
        let run_id = new_run(&db).await;
        let numbers = 0..8;
        for number in numbers.clone() {
            join(&db, &run_id, number, NOW).await;
        }
        let ends = numbers.map(|number| {
            let (db, run_id) = (db.clone(), run_id.clone());
            tokio::spawn(async move { end(&db, &run_id, number, Completed, at(1)).await })
        });
        for one in ends.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        assert_eq!(status(&db, &run_id).await, Completed);
    })
    .await;
}

#[tokio::test]
async fn of_two_creates_with_one_id_one_adds_the_run() {
    on_each(async |db| {
        let experiment_id = add_experiment(&db, "e", &[]).await;
        let add = |name: &'static str| {
            let db = db.clone();
            let record = RunRecord {
                id: RunId::from_bytes([7; 16]),
                experiment_id,
                parent_id: None,
                name: name.into(),
                status: Running,
                user_name: "ada".into(),
                created_at_ms: NOW,
                started_at_ms: Some(NOW),
                tags: Tags::default(),
            };
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let added = run::add(&mut tx, &record).await.unwrap();
                let held = process::hold(&mut tx, &record.id, None).await.unwrap();
                tx.commit().await.unwrap();
                (added, held.is_some())
            })
        };
        let adds: Vec<_> = ["a", "b", "c", "d"].into_iter().map(add).collect();
        let mut added = 0;
        for one in adds {
            let (new, held) = one.await.unwrap();
            assert!(held, "each goes on with the run that is there");
            added += i32::from(new);
        }
        assert_eq!(added, 1);
    })
    .await;
}

#[tokio::test]
async fn children_are_found_by_their_parent_across_experiments() {
    on_each(async |db| {
        let (first, second) = (add_experiment(&db, "a", &[]).await, add_experiment(&db, "b", &[]).await);
        let parent = add_run(&db, first, "parent").await;
        let mut made = Vec::new();
        for (number, experiment_id) in [(1, first), (2, second)] {
            let record = RunRecord {
                id: RunId::from_bytes([number; 16]),
                experiment_id,
                parent_id: Some(parent.clone()),
                name: "child".into(),
                status: Running,
                user_name: "ada".into(),
                created_at_ms: at(i64::from(number)),
                started_at_ms: None,
                tags: Tags::default(),
            };
            let mut tx = db.begin().await.unwrap();
            assert!(run::add(&mut tx, &record).await.unwrap());
            let line = run::line(&mut tx, &record.id, 10).await.unwrap();
            assert_eq!(line, [record.id.as_str(), parent.as_str()]);
            tx.commit().await.unwrap();
            made.push(record.id);
        }
        let (children, count) = run::children(&db, &parent, 1).await.unwrap();
        assert_eq!((children[0].id.clone(), count), (made[1].clone(), 2));
        assert_eq!(children[0].parent_id.as_ref(), Some(&parent));
        let query = RunQuery { parent: Some(parent), ..RunQuery::new(first) };
        let rows = run::search(&db, &query.into_search(10).unwrap(), NOW).await.unwrap();
        assert_eq!(rows.iter().map(|run| &run.id).collect::<Vec<_>>(), [&made[0]]);
    })
    .await;
}
