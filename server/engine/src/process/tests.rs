//! Life and death by a clock that the test moves.

use super::sweep::Sweeper;
use crate::{Services, World};
use model::{
    ExperimentId, ProcessId, RunId, UnixMillis,
    process::{HeardStatus, Heartbeat, HeartbeatAnswer, Heartbeats, ProcessNew},
    run::{RunNew, RunStatus, RunUpdate},
    status_change::StatusCause,
    user::{Caller, Role},
};
use std::{
    cell::Cell,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

const LOST_AFTER: Duration = Duration::from_mins(1);

thread_local! {
    // Each test runs on a thread of its own, and its runtime with it.
    static NOW: Cell<i64> = const { Cell::new(0) };
    static CHANCE: Cell<u8> = const { Cell::new(0) };
}

fn now() -> UnixMillis {
    UnixMillis(NOW.get())
}

fn fill(bytes: &mut [u8]) {
    CHANCE.set(CHANCE.get() + 1);
    bytes.fill(CHANCE.get());
}

/// A server with a clock, watched by a sweeper that the test moves.
struct Stage {
    services: Services,
    sweeper: Sweeper,
    caller: Caller,
}

async fn on_each<F: AsyncFn(Stage)>(case: F) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().expect("a folder for the test");
    let name = format!("engine_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    for (place, url) in
        store::scratch::urls(folder.path(), &name).await.expect("a database").iter().enumerate()
    {
        NOW.set(1_700_000_000_000);
        let artifacts = folder.path().join(place.to_string());
        std::fs::create_dir_all(&artifacts).expect("a folder");
        // Its own sweeper looks by the real clock once in a day.
        let day = Duration::from_hours(24);
        let services =
            Services::open(url, &artifacts, World::new(now, fill), day).await.expect("the services open");
        let caller = services.user.ensure_owner("ada").await.expect("an owner");
        assert_eq!(caller.role, Role::Admin);
        let sweeper = Sweeper::new(&services.base, LOST_AFTER);
        case(Stage { services, sweeper, caller }).await;
    }
}

impl Stage {
    async fn start(&self, process: u8) -> RunId {
        let new = RunNew { process: Some(some_process(process)), ..RunNew::new(ExperimentId::DEFAULT) };
        self.services.run.create(&self.caller, new).await.expect("a run starts").0.id
    }

    async fn beat(&self, run_id: &RunId, process: u8) -> HeartbeatAnswer {
        let beat = Heartbeat { run_id: run_id.clone(), process: some_process(process) };
        let answers =
            self.services.process.beat(&self.caller, Heartbeats { runs: vec![beat], sent_at_ms: None }).await;
        answers.expect("a heartbeat is heard").runs.remove(0)
    }

    async fn status(&self, run_id: &RunId) -> RunStatus {
        self.services.run.get(&self.caller, run_id).await.expect("the run is there").run.status
    }

    /// So many seconds pass while the server is awake and looks as often as it should.
    async fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds / 10 {
            self.leap(10).await;
        }
    }

    /// So many seconds pass at once, and then the server looks.
    async fn leap(&mut self, seconds: i64) {
        NOW.set(NOW.get() + seconds * 1_000);
        assert!(self.sweeper.sweep().await);
    }
}

fn some_process(number: u8) -> ProcessNew {
    ProcessNew { id: ProcessId::from_bytes([number; 16]), host: "node".into(), pid: 1, rank: None }
}

#[tokio::test]
async fn a_silent_process_is_lost_and_returns_with_a_beat() {
    on_each(async |mut stage| {
        let (silent, alive) = (stage.start(1).await, stage.start(2).await);
        for _ in 0..7 {
            stage.pass(10).await;
            let answer = stage.beat(&alive, 2).await;
            assert_eq!(answer.status, HeardStatus::Known(RunStatus::Running));
        }
        assert_eq!(
            (stage.status(&silent).await, stage.status(&alive).await),
            (RunStatus::Lost, RunStatus::Running)
        );
        let answer = stage.beat(&silent, 1).await;
        assert_eq!((answer.status, answer.stop), (HeardStatus::Known(RunStatus::Running), false));
        stage.pass(60).await;
        assert_eq!(stage.status(&silent).await, RunStatus::Running, "it has a full period again");
        stage.pass(10).await;
        assert_eq!(stage.status(&silent).await, RunStatus::Lost);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_lost_and_returns_says_since_when_it_was_silent() {
    on_each(async |mut stage| {
        let run_id = stage.start(1).await;
        let started = now();
        stage.pass(70).await;
        stage.beat(&run_id, 1).await;
        let detail = stage.services.run.get(&stage.caller, &run_id).await.expect("the run is there");
        let told = detail.status_history.changes.iter().map(|one| (one.to, one.cause, one.since_ms));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                (RunStatus::Running, StatusCause::Created, None),
                (RunStatus::Lost, StatusCause::Silence, Some(started)),
                (RunStatus::Running, StatusCause::Returned, None),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_server_that_slept_calls_nobody_lost() {
    on_each(async |mut stage| {
        let run_id = stage.start(1).await;
        stage.pass(30).await;
        stage.leap(3_600).await;
        assert_eq!(stage.status(&run_id).await, RunStatus::Running);
        stage.pass(50).await;
        assert_eq!(stage.status(&run_id).await, RunStatus::Running, "it has a full period to be heard");
        stage.pass(10).await;
        assert_eq!(stage.status(&run_id).await, RunStatus::Lost);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_was_down_calls_nobody_lost() {
    on_each(async |mut stage| {
        let run_id = stage.start(1).await;
        NOW.set(NOW.get() + 3_600_000);
        stage.sweeper = Sweeper::new(&stage.services.base, LOST_AFTER);
        stage.pass(50).await;
        assert_eq!(stage.status(&run_id).await, RunStatus::Running);
        stage.beat(&run_id, 1).await;
        stage.pass(60).await;
        assert_eq!(stage.status(&run_id).await, RunStatus::Running);
    })
    .await;
}

#[tokio::test]
async fn beats_and_looks_at_one_time_leave_who_lives_running() {
    on_each(async |mut stage| {
        let run_id = stage.start(1).await;
        stage.pass(60).await;
        for _ in 0..20 {
            NOW.set(NOW.get() + 10_000);
            // Whichever comes first: the last word is the beat's, or there is nothing to lose.
            let (_, answer) = futures::join!(stage.sweeper.sweep(), async {
                let beat = Heartbeat { run_id: run_id.clone(), process: some_process(1) };
                stage
                    .services
                    .process
                    .beat(&stage.caller, Heartbeats { runs: vec![beat], sent_at_ms: None })
                    .await
            });
            answer.expect("a heartbeat is heard");
            stage.beat(&run_id, 1).await;
            assert_eq!(stage.status(&run_id).await, RunStatus::Running);
        }
    })
    .await;
}

#[tokio::test]
async fn a_beat_and_a_finish_at_one_time_leave_the_run_ended() {
    on_each(async |mut stage| {
        stage.pass(60).await;
        for round in 0..20 {
            let run_id = stage.start(1).await;
            if round % 2 == 1 {
                // Every other time it was lost before, so that the beat would bring it back.
                stage.pass(70).await;
                assert_eq!(stage.status(&run_id).await, RunStatus::Lost);
            }
            let end = RunUpdate {
                status: Some(RunStatus::Completed),
                process: Some(some_process(1).id),
                ..RunUpdate::default()
            };
            let (_, ended) = futures::join!(
                stage.beat(&run_id, 1),
                stage.services.run.update(&stage.caller, &run_id, end)
            );
            ended.expect("a process may end");
            stage.beat(&run_id, 1).await;
            assert_eq!(stage.status(&run_id).await, RunStatus::Completed, "round {round}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_beat_tells_of_a_stop_and_of_runs_that_are_not_there() {
    on_each(async |stage| {
        let run_id = stage.start(1).await;
        let stop = RunUpdate { stop_requested: Some(true), ..RunUpdate::default() };
        stage.services.run.update(&stage.caller, &run_id, stop.clone()).await.expect("a run may be stopped");
        assert!(stage.beat(&run_id, 1).await.stop);
        let end = RunUpdate {
            status: Some(RunStatus::Killed),
            process: Some(some_process(1).id),
            ..RunUpdate::default()
        };
        stage.services.run.update(&stage.caller, &run_id, end).await.expect("a process may end");
        let answer = stage.beat(&run_id, 1).await;
        assert_eq!((answer.status, answer.stop), (HeardStatus::Known(RunStatus::Killed), false));
        let refused = stage.services.run.update(&stage.caller, &run_id, stop).await;
        assert!(refused.is_err(), "what has ended cannot be asked to stop");
        let nowhere = stage.beat(&RunId::from_bytes([0xee; 16]), 1).await;
        assert_eq!(nowhere.status, HeardStatus::Unknown);
    })
    .await;
}
