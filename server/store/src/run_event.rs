//! Operational events of runs.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    rows::{Column, Rows},
    sql::{Statement, fetch_all},
};
use model::{
    RunEventId, RunId, UnixMillis, limits,
    run_event::{RunEvent, RunEventKind, RunEventQuery, RunEventsTold},
};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    time_ms: i64,
    name: String,
    source: String,
    kind: String,
    span: Option<String>,
    metadata: String,
}

impl Row {
    fn into_event(self) -> Result<RunEvent> {
        let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
        let kind = RunEventKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind);
        let metadata = serde_json::from_str(&self.metadata);
        Ok(RunEvent {
            id: self.id.parse().map_err(corrupt)?,
            name: self.name,
            source: self.source,
            time_ms: UnixMillis(self.time_ms),
            metadata: metadata.map_err(|error| Error::Corrupt(format!("event metadata: {error}")))?,
            kind: kind.ok_or_else(|| Error::Corrupt(format!("event of kind {}", self.kind)))?,
            span: self.span.map(|span| span.parse().map_err(corrupt)).transpose()?,
        })
    }
}

const RUN_EVENT_COUNT: &str = "SELECT COUNT(*) FROM run_event WHERE run_id = $1";

pub async fn count(tx: &mut Tx, run_id: &RunId) -> Result<i64> {
    let (count,): (i64,) =
        on!(tx, c => sqlx::query_as(RUN_EVENT_COUNT).bind(run_id.as_str()).fetch_one(c).await)?;
    Ok(count)
}

// `WHERE true`: without it SQLite takes ON for a part of a join.
const RUN_EVENT_ADD: &str = "
    INSERT INTO run_event (run_id, id, time_ms, name, source, kind, span, metadata)
    SELECT v.run_id, v.id, v.time_ms, v.name, v.source, v.kind, NULLIF(v.span, ''), v.metadata FROM v WHERE true
    ON CONFLICT (run_id, id) DO NOTHING
    RETURNING 1";

/// Adds events that the run does not have; answers how many those were.
pub async fn add(tx: &mut Tx, run_id: &RunId, events: &[RunEvent]) -> Result<i64> {
    let texts = |read: fn(&RunEvent) -> String| Column::Text(events.iter().map(read).collect());
    let added: Vec<(i32,)> = Rows::default()
        .with("run_id", Column::Text(vec![run_id.to_string(); events.len()]))
        .with("id", texts(|event| event.id.to_string()))
        .with("time_ms", Column::Int(events.iter().map(|event| event.time_ms.0).collect()))
        .with("name", texts(|event| event.name.clone()))
        .with("source", texts(|event| event.source.clone()))
        .with("kind", texts(|event| event.kind.as_str().to_owned()))
        .with("span", texts(|event| event.span.as_ref().map(ToString::to_string).unwrap_or_default()))
        .with("metadata", texts(RunEvent::metadata_json))
        .fetch(tx, RUN_EVENT_ADD)
        .await?;
    Ok(added.len() as i64)
}

const RUN_EVENT_SOURCES: &str =
    "SELECT DISTINCT source FROM run_event WHERE run_id = $1 ORDER BY source LIMIT $2";

const RUN_EVENT_NAMES: &str = "SELECT DISTINCT name FROM run_event WHERE run_id = $1 ORDER BY name LIMIT $2";

/// The sources and names of a run's events, the first of each.
pub async fn told(db: &Db, run_id: &RunId) -> Result<RunEventsTold> {
    let mut conn = db.read().await?;
    let mut words = Vec::new();
    for statement in [RUN_EVENT_SOURCES, RUN_EVENT_NAMES] {
        let rows: Vec<(String,)> = on!(conn, c => sqlx::query_as(statement)
            .bind(run_id.as_str())
            .bind(limits::RUN_EVENT_CHOICES_MAX)
            .fetch_all(c)
            .await)?;
        words.push(rows.into_iter().map(|(word,)| word).collect());
    }
    let names = words.pop().unwrap_or_default();
    Ok(RunEventsTold { sources: words.pop().unwrap_or_default(), names })
}

const RUN_EVENT_TIME: &str = "SELECT time_ms FROM run_event WHERE run_id = $1 AND id = $2";

/// Events of a run in the order that the query asks for; `None` when it has no event to start behind.
pub async fn list(
    db: &Db,
    run_id: &RunId,
    query: &RunEventQuery,
    limit: u32,
) -> Result<Option<Vec<RunEvent>>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement
        .push("SELECT id, time_ms, name, source, kind, span, metadata FROM run_event WHERE run_id = ")
        .bind(run_id.as_str());
    if let Some(after) = &query.after {
        let after: &RunEventId = after;
        let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(RUN_EVENT_TIME)
            .bind(run_id.as_str())
            .bind(after.as_str())
            .fetch_optional(c)
            .await)?;
        let Some((time_ms,)) = row else { return Ok(None) };
        statement.push(if query.reverse { " AND (time_ms, id) < (" } else { " AND (time_ms, id) > (" });
        statement.bind(time_ms).push(", ").bind(after.as_str()).push(")");
    }
    if let Some(source) = &query.source {
        statement.push(" AND source = ").bind(source.as_str());
    }
    if let Some(name) = &query.name {
        statement.push(" AND name = ").bind(name.as_str());
    }
    statement.push(if query.reverse {
        " ORDER BY time_ms DESC, id DESC LIMIT "
    } else {
        " ORDER BY time_ms, id LIMIT "
    });
    statement.bind(i64::from(limit));
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    rows.into_iter().map(Row::into_event).collect::<Result<_>>().map(Some)
}
