//! Traces, their tags, and their removal.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    rows::{Column, Rows},
    sql::{Statement, fetch_all},
    tag,
};
use model::{
    ExperimentId, Tags, TraceId, UnixMillis,
    artifact::Owner,
    trace::{Trace, TraceRemoval, TraceState, TraceUpdate},
};
use std::collections::HashMap;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    experiment_id: i64,
    client_request_id: String,
    started_at_ms: i64,
    duration_ms: Option<i64>,
    state: String,
    request_preview: String,
    response_preview: String,
    metadata: String,
}

fn corrupt(text: &str) -> Error {
    Error::Corrupt(format!("trace {text}"))
}

impl Row {
    fn into_trace(self, tags: Tags) -> Result<Trace> {
        Ok(Trace {
            id: self.id.parse().map_err(|_| corrupt(&self.id))?,
            experiment_id: ExperimentId(self.experiment_id),
            client_request_id: self.client_request_id,
            started_at_ms: UnixMillis(self.started_at_ms),
            duration_ms: self.duration_ms,
            state: TraceState::named(&self.state).ok_or_else(|| corrupt(&self.state))?,
            request_preview: self.request_preview,
            response_preview: self.response_preview,
            metadata: serde_json::from_str(&self.metadata).map_err(|error| corrupt(&error.to_string()))?,
            tags,
        })
    }
}

const TRACE_PUT: &str = "
    INSERT INTO trace (id, experiment_id, client_request_id, started_at_ms, duration_ms, state, request_preview,
        response_preview, metadata)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO UPDATE SET client_request_id = excluded.client_request_id,
        started_at_ms = excluded.started_at_ms, duration_ms = excluded.duration_ms, state = excluded.state,
        request_preview = excluded.request_preview, response_preview = excluded.response_preview,
        metadata = excluded.metadata";

/// Stores a trace; one that is there takes the new facts and keeps tags that are not named.
pub async fn put(tx: &mut Tx, trace: &Trace) -> Result<()> {
    let metadata = serde_json::to_string(&trace.metadata).expect("a map of texts is JSON");
    on!(tx, c => sqlx::query(TRACE_PUT)
        .bind(trace.id.as_str())
        .bind(trace.experiment_id.0)
        .bind(&trace.client_request_id)
        .bind(trace.started_at_ms.0)
        .bind(trace.duration_ms)
        .bind(trace.state.as_str())
        .bind(&trace.request_preview)
        .bind(&trace.response_preview)
        .bind(metadata)
        .execute(c)
        .await
        .map(drop))?;
    put_tags(tx, &trace.id, &trace.tags).await
}

const TRACE_TAG_PUT: &str = "
    INSERT INTO trace_tag (trace_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (trace_id, key) DO UPDATE SET value = excluded.value";

async fn put_tags(tx: &mut Tx, id: &TraceId, tags: &Tags) -> Result<()> {
    for (key, value) in &tags.0 {
        on!(tx, c => sqlx::query(TRACE_TAG_PUT).bind(id.as_str()).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    Ok(())
}

const TRACE_TAG_REMOVE: &str = "DELETE FROM trace_tag WHERE trace_id = $1 AND key = $2";

/// Changes tags of a trace that is there.
pub async fn update(tx: &mut Tx, id: &TraceId, update: &TraceUpdate) -> Result<()> {
    for key in &update.remove_tags {
        on!(tx, c => sqlx::query(TRACE_TAG_REMOVE).bind(id.as_str()).bind(key).execute(c).await.map(drop))?;
    }
    put_tags(tx, id, &update.put_tags).await
}

const COLUMNS: &str = "
    SELECT id, experiment_id, client_request_id, started_at_ms, duration_ms, state, request_preview, response_preview,
        metadata
    FROM trace WHERE experiment_id NOT IN (SELECT id FROM experiment WHERE purged_at_ms IS NOT NULL) AND ";

/// Those of these traces that exist.
pub async fn get(db: &Db, ids: &[TraceId]) -> Result<Vec<Trace>> {
    let mut statement = Statement::default();
    statement.push(COLUMNS).push("id IN ").bind_list(ids.iter().map(TraceId::as_str));
    fetch(db, statement).await
}

/// The newest traces of these experiments, at most so many after the first `offset`.
pub async fn newest(db: &Db, experiment_ids: &[ExperimentId], offset: i64, limit: i64) -> Result<Vec<Trace>> {
    let mut statement = Statement::default();
    statement.push(COLUMNS).push("experiment_id IN ").bind_list(experiment_ids.iter().map(|id| id.0));
    statement.push(" ORDER BY started_at_ms DESC, id LIMIT ").bind(limit).push(" OFFSET ").bind(offset);
    fetch(db, statement).await
}

async fn fetch(db: &Db, statement: Statement) -> Result<Vec<Trace>> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    let mut statement = Statement::default();
    statement.push("SELECT trace_id, key, value FROM trace_tag WHERE trace_id IN ");
    statement.bind_list(rows.iter().map(|row| row.id.as_str()));
    let pairs: Vec<(String, String, String)> = fetch_all!(conn, statement)?;
    let mut tags: HashMap<String, Tags> = tag::group(pairs);
    let traces = rows.into_iter().map(|row| {
        let tags = tags.remove(&row.id).unwrap_or_default();
        row.into_trace(tags)
    });
    traces.collect()
}

const TRACES_UNTIL: &str = "
    SELECT id FROM trace WHERE experiment_id = $1 AND started_at_ms <= $2 ORDER BY started_at_ms, id LIMIT $3";

const TRACES_OF: &str =
    "SELECT trace.id FROM v JOIN trace ON trace.id = v.id AND trace.experiment_id = v.experiment_id";

const FILES_REMOVE: &str = "DELETE FROM artifact WHERE owner IN (SELECT v.owner FROM v)";
const TAGS_REMOVE: &str = "DELETE FROM trace_tag WHERE trace_id IN (SELECT v.id FROM v)";
const TRACES_REMOVE: &str = "DELETE FROM trace WHERE id IN (SELECT v.id FROM v)";

/// Removes traces of an experiment with their tags and the names of their files. Answers how many there were.
pub async fn remove(tx: &mut Tx, experiment_id: ExperimentId, removal: &TraceRemoval) -> Result<usize> {
    let found: Vec<(String,)> = match removal {
        TraceRemoval::Ids(ids) => {
            Rows::default()
                .with("id", Column::Text(ids.iter().map(ToString::to_string).collect()))
                .with("experiment_id", Column::Int(vec![experiment_id.0; ids.len()]))
                .fetch(tx, TRACES_OF)
                .await?
        }
        TraceRemoval::Until { time_ms, most } => {
            on!(tx, c => sqlx::query_as(TRACES_UNTIL).bind(experiment_id.0).bind(time_ms.0).bind(most).fetch_all(c).await)?
        }
    };
    let ids: Vec<String> = found.into_iter().map(|(id,)| id).collect();
    let owners = ids.iter().filter_map(|id| Some(Owner::Trace(id.parse().ok()?).to_string())).collect();
    Rows::default().with("owner", Column::Text(owners)).execute(tx, FILES_REMOVE).await?;
    let rows = || Rows::default().with("id", Column::Text(ids.clone()));
    rows().execute(tx, TAGS_REMOVE).await?;
    rows().execute(tx, TRACES_REMOVE).await?;
    Ok(ids.len())
}
