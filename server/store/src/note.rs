//! Notes: every revision a row.

use crate::{
    Db, Result, Tx,
    db::on,
    sql::{Statement, fetch_all},
};
use model::{RunId, UnixMillis};
use std::collections::HashMap;

/// A revision as stored: Markdown, not yet rendered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct NoteRecord {
    pub revision: i64,
    pub body: String,
    pub author: String,
    pub created_at_ms: i64,
}

const NOTE_LATEST: &str = "
    SELECT revision, body, author, created_at_ms FROM note WHERE run_id = $1 ORDER BY revision DESC LIMIT 1";

pub async fn latest(db: &Db, run_id: &RunId) -> Result<Option<NoteRecord>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(NOTE_LATEST).bind(run_id.as_str()).fetch_optional(c).await)?)
}

/// What the newest revisions of several runs' notes say, by run; at most as many runs as can be compared.
pub async fn latest_of_runs(db: &Db, run_ids: &[RunId]) -> Result<HashMap<String, String>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement.push("SELECT run_id, body FROM note WHERE run_id IN ");
    statement.bind_list(run_ids.iter().map(RunId::as_str));
    statement.push(" AND revision = (SELECT MAX(revision) FROM note newer WHERE newer.run_id = note.run_id)");
    let rows: Vec<(String, String)> = fetch_all!(conn, statement)?;
    Ok(rows.into_iter().collect())
}

const NOTE_HISTORY: &str = "
    SELECT revision, body, author, created_at_ms FROM note WHERE run_id = $1 ORDER BY revision DESC LIMIT $2";

/// The newest revisions first.
pub async fn history(db: &Db, run_id: &RunId, limit: i64) -> Result<Vec<NoteRecord>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(NOTE_HISTORY).bind(run_id.as_str()).bind(limit).fetch_all(c).await)?)
}

// Adds the revision after the newest, provided the newest is the one that was edited (NULL: whatever it is).
const NOTE_ADD: &str = "
    INSERT INTO note (run_id, revision, body, author, created_at_ms)
    SELECT $1, COALESCE(MAX(revision), 0) + 1, $3, $4, $5 FROM note WHERE run_id = $1
    HAVING $2 IS NULL OR COALESCE(MAX(revision), 0) = $2
    RETURNING revision, body, author, created_at_ms";

/// Adds a revision; `None` when another came after `base_revision`. Two at once clash as `Error::Unique`.
pub async fn add(
    tx: &mut Tx,
    run_id: &RunId,
    base_revision: Option<i64>,
    body: &str,
    author: &str,
    now: UnixMillis,
) -> Result<Option<NoteRecord>> {
    Ok(on!(tx, c => sqlx::query_as(NOTE_ADD)
        .bind(run_id.as_str())
        .bind(base_revision)
        .bind(body)
        .bind(author)
        .bind(now.0)
        .fetch_optional(c)
        .await)?)
}
