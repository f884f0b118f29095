//! Processes of runs, and the one place where the status of a run changes.
//!
//! | what happens | the run was | the run is then |
//! |---|---|---|
//! | a create request goes on with it, or it is set running | queued or ended | running, a new attempt if it had ended |
//! | a process joins with a create request, or is heard of for the first time | anything | running |
//! | a lost process is heard of | anything | running |
//! | a running or ended process is heard of | anything | the same |
//! | a process ends by its own word, or is lost | running | running while another process of the attempt runs; else failed, killed, lost or completed, the first of these that one of them is ([`decisive`]) |
//! | it is ended as a whole | anything | that; processes that ran or were lost ended with it |
//!
//! A process that has ended stays as it ended: a heartbeat that was under way meanwhile changes nothing. A request to
//! stop lasts until the run ends by anybody's word or goes on by a new attempt; a lost run keeps it.
//!
//! Each change is noted with its cause ([`status_change`]), in the transaction that makes it.
//!
//! Every change begins with [`hold`], which makes others wait for the end of the transaction, so that two processes
//! that end at one time do not each take the other for running. Heartbeats of running processes need no hold: they
//! change a row only as long as it says `running`.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    rows::{Column, Rows},
    run::kept_run,
    status_change::{self, Why},
};
use model::{
    ExperimentId, ProcessId, RunId, UnixMillis, limits,
    process::{Heartbeat, Process, ProcessNew, decisive},
    run::RunStatus,
    status_change::StatusCause,
    user::Caller,
};
use std::collections::{BTreeSet, HashMap, HashSet};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    host: String,
    pid: i64,
    rank: Option<i64>,
    status: String,
    attempt: i64,
    started_at_ms: i64,
    seen_at_ms: i64,
    ended_at_ms: Option<i64>,
    skew_ms: Option<i64>,
}

impl Row {
    fn into_process(self) -> Result<Process> {
        Ok(Process {
            id: self.id.parse().map_err(corrupt)?,
            host: self.host,
            pid: self.pid,
            rank: self.rank,
            status: self.status.parse().map_err(corrupt)?,
            attempt: self.attempt,
            started_at_ms: UnixMillis(self.started_at_ms),
            seen_at_ms: UnixMillis(self.seen_at_ms),
            ended_at_ms: self.ended_at_ms.map(UnixMillis),
            skew_ms: self.skew_ms,
        })
    }
}

fn corrupt(error: model::Error) -> Error {
    Error::Corrupt(error.to_string())
}

const PROCESS_LIST: &str = "
    SELECT id, host, pid, rank, status, attempt, started_at_ms, seen_at_ms, ended_at_ms, skew_ms
    FROM process WHERE run_id = $1
    ORDER BY attempt DESC, rank IS NULL, rank, started_at_ms, id LIMIT $2";

/// Processes of a run, those of the newest attempt first, by rank.
pub async fn list(db: &Db, run_id: &RunId, limit: i64) -> Result<Vec<Process>> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> =
        on!(conn, c => sqlx::query_as(PROCESS_LIST).bind(run_id.as_str()).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(Row::into_process).collect()
}

/// A run and a process of it, as keys of what is known of both.
pub type Pair = (String, String);

fn pair(beat: &Heartbeat) -> Pair {
    (beat.run_id.to_string(), beat.process.id.to_string())
}

/// How a run stands, and the process that was heard of, if the run has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub run: RunStatus,
    pub stop_requested: bool,
    pub process: Option<RunStatus>,
}

fn columns(beats: &[&Heartbeat]) -> Rows {
    let (runs, processes) = beats.iter().map(|beat| pair(beat)).unzip();
    Rows::default().with("run_id", Column::Text(runs)).with("id", Column::Text(processes))
}

const PROCESS_STANDING: &str = concat!(
    "SELECT run.id, v.id, run.status, run.stop_requested, process.status
    FROM v JOIN run ON run.id = v.run_id AND ",
    kept_run!(),
    " LEFT JOIN process ON process.run_id = v.run_id AND process.id = v.id"
);

/// How the runs stand that exist.
pub async fn standing(db: &Db, beats: &[Heartbeat]) -> Result<HashMap<Pair, Standing>> {
    let mut conn = db.read().await?;
    let beats: Vec<_> = beats.iter().collect();
    let rows: Vec<(String, String, String, i64, Option<String>)> =
        columns(&beats).fetch(&mut conn, PROCESS_STANDING).await?;
    let standing = |(run_id, id, run, stop, process): (String, String, String, i64, Option<String>)| {
        let process = process.map(|status| status.parse().map_err(corrupt)).transpose()?;
        let standing = Standing { run: run.parse().map_err(corrupt)?, stop_requested: stop != 0, process };
        Ok(((run_id, id), standing))
    };
    rows.into_iter().map(standing).collect()
}

const PROCESS_BEAT: &str = "
    UPDATE process SET seen_at_ms = v.now, skew_ms = COALESCE(v.skew, skew_ms) FROM v
    WHERE process.run_id = v.run_id AND process.id = v.id AND process.status = 'running'
    RETURNING process.run_id, process.id";

/// Notes that these processes live, and what their clock says if they told; answers those that were running, and changes
/// no other.
pub async fn beat(
    tx: &mut Tx,
    beats: &[&Heartbeat],
    sent_at: Option<UnixMillis>,
    now: UnixMillis,
) -> Result<HashSet<Pair>> {
    let skew = sent_at.map(|at| at.0.saturating_sub(now.0));
    let rows = columns(beats)
        .with("now", Column::Int(vec![now.0; beats.len()]))
        .with("skew", Column::OptInt(vec![skew; beats.len()]));
    Ok(rows.fetch(tx, PROCESS_BEAT).await?.into_iter().collect())
}

// In the order of the index `process_running`, so that only those are read that are answered.
pub(crate) const PROCESS_STALE: &str = "
    SELECT run_id FROM process WHERE status = 'running' AND seen_at_ms < $1 ORDER BY seen_at_ms LIMIT $2";

/// Runs with a running process that was last seen before this time: those of the longest silent processes, at most so
/// many of these.
pub async fn stale(db: &Db, seen_before: UnixMillis, limit: i64) -> Result<BTreeSet<RunId>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String,)> =
        on!(conn, c => sqlx::query_as(PROCESS_STALE).bind(seen_before.0).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(|(id,)| id.parse().map_err(corrupt)).collect()
}

/// A run whose status nobody else changes until the transaction ends.
#[derive(Debug)]
pub struct Held {
    pub id: RunId,
    pub experiment_id: ExperimentId,
    pub status: RunStatus,
    /// Whose request changes it; nobody's when the server does by itself.
    pub by: Option<Caller>,
    attempt: i64,
    stop_requested: bool,
}

// Changes nothing, but locks the row on both databases.
const RUN_HOLD: &str = concat!(
    "UPDATE run SET status = status WHERE id = $1 AND ",
    kept_run!(),
    " RETURNING experiment_id, status, attempt, stop_requested"
);

/// Waits until nobody else changes the run's status; `None` when there is no such run. What changes is noted as somebody's
/// request, if it is one.
pub async fn hold(tx: &mut Tx, id: &RunId, by: Option<&Caller>) -> Result<Option<Held>> {
    let row: Option<(i64, String, i64, i64)> =
        on!(tx, c => sqlx::query_as(RUN_HOLD).bind(id.as_str()).fetch_optional(c).await)?;
    let Some((experiment_id, status, attempt, stop_requested)) = row else { return Ok(None) };
    Ok(Some(Held {
        id: id.clone(),
        experiment_id: ExperimentId(experiment_id),
        status: status.parse().map_err(corrupt)?,
        by: by.cloned(),
        attempt,
        stop_requested: stop_requested != 0,
    }))
}

const RUN_STATUS: &str = "
    UPDATE run SET status = $2, attempt = $3, ended_at_ms = $4, updated_at_ms = $5,
        started_at_ms = CASE WHEN $2 = 'running' THEN COALESCE(started_at_ms, $5) ELSE started_at_ms END,
        late_at_ms = CASE WHEN $2 = 'running' THEN NULL ELSE late_at_ms END,
        stop_requested = CASE WHEN $2 IN ('completed', 'failed', 'killed') OR attempt < $3 THEN 0
            ELSE stop_requested END
    WHERE id = $1";

const PROCESS_COUNT: &str = "SELECT COUNT(*) FROM process WHERE run_id = $1";

// Whoever starts a run runs, whatever was known of it.
const PROCESS_JOIN: &str = "
    INSERT INTO process (run_id, id, host, pid, rank, attempt, status, started_at_ms, seen_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8)
    ON CONFLICT (run_id, id) DO UPDATE SET host = excluded.host, pid = excluded.pid, rank = excluded.rank,
        attempt = excluded.attempt, status = 'running', seen_at_ms = excluded.seen_at_ms, ended_at_ms = NULL";

// A heartbeat may come after the end of its process; only a lost one comes back.
const PROCESS_HEAR: &str = "
    INSERT INTO process (run_id, id, host, pid, rank, attempt, status, started_at_ms, seen_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, 'running', $7, $8)
    ON CONFLICT (run_id, id) DO UPDATE SET host = excluded.host, pid = excluded.pid, rank = excluded.rank,
        attempt = excluded.attempt, status = 'running', seen_at_ms = excluded.seen_at_ms, ended_at_ms = NULL
    WHERE process.status = 'lost'";

const PROCESS_END: &str = "
    UPDATE process SET status = $3, ended_at_ms = $4, seen_at_ms = $5
    WHERE run_id = $1 AND id = $2 AND status IN ('running', 'lost')
    RETURNING attempt";

const PROCESS_GET: &str = "SELECT attempt FROM process WHERE run_id = $1 AND id = $2";

const PROCESS_END_ALL: &str = "
    UPDATE process SET status = $2, ended_at_ms = $3 WHERE run_id = $1 AND status IN ('running', 'lost')";

// It was alive when it was last seen, so that is when it ended.
const PROCESS_LOSE: &str = "
    UPDATE process SET status = 'lost', ended_at_ms = seen_at_ms
    WHERE run_id = $1 AND status = 'running' AND seen_at_ms < $2";

// Nearly always answered by the first rows: of many processes, most run while one ends.
const PROCESS_ANY_RUNNING: &str =
    "SELECT attempt FROM process WHERE run_id = $1 AND attempt = $2 AND status = 'running' LIMIT 1";

const PROCESS_OF_ATTEMPT: &str = "
    SELECT id, host, pid, rank, status, attempt, started_at_ms, seen_at_ms, ended_at_ms, skew_ms
    FROM process WHERE run_id = $1 AND attempt = $2";

impl Held {
    /// Notes how the run began, that was just added.
    pub async fn note_created(&self, tx: &mut Tx, now: UnixMillis) -> Result<()> {
        status_change::add(tx, self, None, self.status, StatusCause::Created.into(), now).await
    }

    /// Notes that somebody asks it to stop, unless somebody has.
    pub async fn note_stop_asked(&self, tx: &mut Tx, now: UnixMillis) -> Result<()> {
        if self.stop_requested {
            return Ok(());
        }
        let why = StatusCause::StopAsked.into();
        status_change::add(tx, self, Some(self.status), self.status, why, now).await
    }

    /// A client begins it or goes on with it: a new attempt if it had ended.
    pub async fn reopen(&mut self, tx: &mut Tx, now: UnixMillis) -> Result<()> {
        self.set_running(tx, StatusCause::Resumed, now).await
    }

    async fn set_running(&mut self, tx: &mut Tx, cause: StatusCause, now: UnixMillis) -> Result<()> {
        self.attempt += i64::from(self.status.ended());
        self.set(tx, RunStatus::Running, None, cause.into(), now).await
    }

    /// Ends it as a whole, or queues it.
    pub async fn set_whole(
        &mut self,
        tx: &mut Tx,
        status: RunStatus,
        ended_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<()> {
        if status == RunStatus::Running {
            return self.set_running(tx, StatusCause::Request, now).await;
        }
        if status.ended() {
            on!(tx, c => sqlx::query(PROCESS_END_ALL)
                .bind(self.id.as_str())
                .bind(status.as_str())
                .bind(ended_at.0)
                .execute(c)
                .await
                .map(drop))?;
        }
        self.set(tx, status, status.ended().then_some(ended_at), StatusCause::Request.into(), now).await
    }

    /// A process logs to the run from now on, whatever was known of it. False when the run can take no more.
    pub async fn join(
        &mut self,
        tx: &mut Tx,
        process: &ProcessNew,
        started_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        self.register(tx, PROCESS_JOIN, process, started_at, now).await
    }

    /// A process was heard of that is new to the run, or was lost. False when the run can take no more.
    pub async fn hear(&mut self, tx: &mut Tx, process: &ProcessNew, now: UnixMillis) -> Result<bool> {
        self.register(tx, PROCESS_HEAR, process, now, now).await
    }

    async fn register(
        &mut self,
        tx: &mut Tx,
        statement: &'static str,
        process: &ProcessNew,
        started_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        let (run_id, id) = (self.id.as_str(), process.id.as_str());
        let known: Option<(i64,)> =
            on!(tx, c => sqlx::query_as(PROCESS_GET).bind(run_id).bind(id).fetch_optional(c).await)?;
        if known.is_none() {
            let (count,): (i64,) =
                on!(tx, c => sqlx::query_as(PROCESS_COUNT).bind(run_id).fetch_one(c).await)?;
            if count >= limits::PROCESSES_PER_RUN_MAX {
                return Ok(false);
            }
        }
        let changed = on!(tx, c => sqlx::query(statement)
            .bind(run_id)
            .bind(id)
            .bind(&process.host)
            .bind(process.pid)
            .bind(process.rank)
            .bind(self.attempt)
            .bind(started_at.0)
            .bind(now.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if changed > 0 {
            let cause = if known.is_some() { StatusCause::Returned } else { StatusCause::Joined };
            self.settle(tx, Why::of(cause, &process.id), now).await?;
        }
        Ok(true)
    }

    /// A process has ended by its own word. False when the run has no such process.
    pub async fn end_process(
        &mut self,
        tx: &mut Tx,
        id: &ProcessId,
        status: RunStatus,
        ended_at: UnixMillis,
        now: UnixMillis,
    ) -> Result<bool> {
        let ended: Option<(i64,)> = on!(tx, c => sqlx::query_as(PROCESS_END)
            .bind(self.id.as_str())
            .bind(id.as_str())
            .bind(status.as_str())
            .bind(ended_at.0)
            .bind(now.0)
            .fetch_optional(c)
            .await)?;
        let Some((attempt,)) = ended else {
            let known: Option<(i64,)> = on!(tx, c => sqlx::query_as(PROCESS_GET)
                .bind(self.id.as_str())
                .bind(id.as_str())
                .fetch_optional(c)
                .await)?;
            return Ok(known.is_some());
        };
        if attempt == self.attempt {
            self.settle(tx, Why::of(StatusCause::Process, id), now).await?;
        }
        Ok(true)
    }

    /// Loses the processes that were last seen before this time; true when there were any.
    pub async fn lose(&mut self, tx: &mut Tx, seen_before: UnixMillis, now: UnixMillis) -> Result<bool> {
        let lost = on!(tx, c => sqlx::query(PROCESS_LOSE)
            .bind(self.id.as_str())
            .bind(seen_before.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if lost > 0 {
            self.settle(tx, StatusCause::Silence.into(), now).await?;
        }
        Ok(lost > 0)
    }

    /// Takes the run's status from the processes of its attempt. When it runs on or again, that is why; when it has
    /// ended, the process that decides is.
    async fn settle(&mut self, tx: &mut Tx, why: Why, now: UnixMillis) -> Result<()> {
        let any: Option<(i64,)> = on!(tx, c => sqlx::query_as(PROCESS_ANY_RUNNING)
            .bind(self.id.as_str())
            .bind(self.attempt)
            .fetch_optional(c)
            .await)?;
        if any.is_some() {
            return self.set(tx, RunStatus::Running, None, why, now).await;
        }
        let rows: Vec<Row> = on!(tx, c => sqlx::query_as(PROCESS_OF_ATTEMPT)
            .bind(self.id.as_str())
            .bind(self.attempt)
            .fetch_all(c)
            .await)?;
        let processes = rows.into_iter().map(Row::into_process).collect::<Result<Vec<_>>>()?;
        let Some(one) = decisive(&processes) else { return Ok(()) };
        let why = match one.status {
            RunStatus::Lost => Why { since: Some(one.seen_at_ms), ..Why::of(StatusCause::Silence, &one.id) },
            _ => Why::of(StatusCause::Process, &one.id),
        };
        let ended_at = processes.iter().filter_map(|process| process.ended_at_ms).max();
        self.set(tx, one.status, ended_at, why, now).await
    }

    async fn set(
        &mut self,
        tx: &mut Tx,
        status: RunStatus,
        ended_at: Option<UnixMillis>,
        why: Why,
        now: UnixMillis,
    ) -> Result<()> {
        if (self.status, status) == (RunStatus::Running, RunStatus::Running) {
            return Ok(());
        }
        if status != self.status {
            status_change::add(tx, self, Some(self.status), status, why, now).await?;
        }
        on!(tx, c => sqlx::query(RUN_STATUS)
            .bind(self.id.as_str())
            .bind(status.as_str())
            .bind(self.attempt)
            .bind(ended_at.map(|at| at.0))
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
        self.status = status;
        Ok(())
    }
}
