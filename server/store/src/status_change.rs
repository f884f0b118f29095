//! How the status of runs came about. Written in the transaction that changes the status, under the hold of the run.

use crate::{Db, Error, Result, Tx, db::on, process::Held};
use model::{
    ProcessId, RunId, UnixMillis, limits,
    run::RunStatus,
    status_change::{StatusCause, StatusChange, StatusHistory, StatusProcess},
    user::Via,
};

/// Why a status changes, as far as it does not depend on who asked.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    pub cause: StatusCause,
    pub process: Option<ProcessId>,
    pub since: Option<UnixMillis>,
}

impl From<StatusCause> for Why {
    fn from(cause: StatusCause) -> Self {
        Self { cause, process: None, since: None }
    }
}

impl Why {
    pub fn of(cause: StatusCause, process: &ProcessId) -> Self {
        Self { process: Some(process.clone()), ..Self::from(cause) }
    }
}

const CHANGE_ADD: &str = "
    INSERT INTO run_status_change
        (run_id, place, at_ms, from_status, to_status, cause, user_name, via, process_id, since_ms)
    SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9
    FROM run_status_change WHERE run_id = $1
    RETURNING place";

// One a change at most, because this runs with each.
const CHANGE_TRIM: &str = "DELETE FROM run_status_change WHERE run_id = $1 AND place > $2 AND place <= $3";

/// Notes a change to `to`, and removes one from the middle where there are too many.
pub(crate) async fn add(
    tx: &mut Tx,
    run: &Held,
    from: Option<RunStatus>,
    to: RunStatus,
    why: Why,
    now: UnixMillis,
) -> Result<()> {
    // What the server finds out by itself is nobody's request.
    let by = run.by.as_ref().filter(|_| why.cause != StatusCause::Silence);
    let (place,): (i64,) = on!(tx, c => sqlx::query_as(CHANGE_ADD)
        .bind(run.id.as_str())
        .bind(now.0)
        .bind(from.map(RunStatus::as_str))
        .bind(to.as_str())
        .bind(why.cause.as_str())
        .bind(by.map(|caller| caller.name.as_str()))
        .bind(by.map(|caller| caller.via.as_str()))
        .bind(why.process.as_ref().map(ProcessId::as_str))
        .bind(why.since.map(|at| at.0))
        .fetch_one(c)
        .await)?;
    if place > limits::STATUS_CHANGES_FIRST + limits::STATUS_CHANGES_LAST {
        on!(tx, c => sqlx::query(CHANGE_TRIM)
            .bind(run.id.as_str())
            .bind(limits::STATUS_CHANGES_FIRST)
            .bind(place - limits::STATUS_CHANGES_LAST)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    place: i64,
    at_ms: i64,
    from_status: Option<String>,
    to_status: String,
    cause: String,
    user_name: Option<String>,
    via: Option<String>,
    since_ms: Option<i64>,
    process_id: Option<String>,
    host: Option<String>,
    pid: Option<i64>,
    rank: Option<i64>,
}

impl Row {
    fn into_change(self) -> Result<StatusChange> {
        let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
        let cause = StatusCause::ALL.into_iter().find(|cause| cause.as_str() == self.cause);
        let via = |word: String| {
            let via = Via::ALL.into_iter().find(|via| via.as_str() == word);
            via.ok_or_else(|| Error::Corrupt(format!("a change of status by way of {word}")))
        };
        let process = match (self.process_id, self.host, self.pid) {
            (Some(id), Some(host), Some(pid)) => {
                Some(StatusProcess { id: id.parse().map_err(corrupt)?, host, pid, rank: self.rank })
            }
            _ => None,
        };
        Ok(StatusChange {
            at_ms: UnixMillis(self.at_ms),
            from: self.from_status.map(|status| status.parse().map_err(corrupt)).transpose()?,
            to: self.to_status.parse().map_err(corrupt)?,
            cause: cause.ok_or_else(|| Error::Corrupt(format!("a change of status for {}", self.cause)))?,
            user: self.user_name,
            via: self.via.map(via).transpose()?,
            process,
            since_ms: self.since_ms.map(UnixMillis),
        })
    }
}

const CHANGE_LIST: &str = "
    SELECT c.place, c.at_ms, c.from_status, c.to_status, c.cause, c.user_name, c.via, c.since_ms, c.process_id,
        process.host, process.pid, process.rank
    FROM run_status_change c LEFT JOIN process ON process.run_id = c.run_id AND process.id = c.process_id
    WHERE c.run_id = $1 ORDER BY c.place";

/// What is kept of a run's changes; of a run that is older than the records, those since.
pub async fn list(db: &Db, run_id: &RunId) -> Result<StatusHistory> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> =
        on!(conn, c => sqlx::query_as(CHANGE_LIST).bind(run_id.as_str()).fetch_all(c).await)?;
    let left_out = rows.last().map_or(0, |row| row.place - rows.len() as i64);
    let changes = rows.into_iter().map(Row::into_change).collect::<Result<_>>()?;
    Ok(StatusHistory { changes, left_out })
}
