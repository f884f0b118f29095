//! Notes: every revision a row.

use crate::{
    Db, Result, Tx,
    db::on,
    sql::{Statement, fetch_all},
};
use model::{RunId, UnixMillis, note::NoteRevision};
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

const NOTE_REVISIONS: &str = "
    SELECT revision, author, created_at_ms, CAST(LENGTH(body) AS BIGINT) AS letters, draft_since_ms
    FROM note WHERE run_id = $1 ORDER BY revision DESC LIMIT $2";

#[derive(sqlx::FromRow)]
struct RevisionRow {
    revision: i64,
    author: String,
    created_at_ms: i64,
    letters: i64,
    draft_since_ms: Option<i64>,
}

/// The newest revisions first, without what they say.
pub async fn revisions(db: &Db, run_id: &RunId, limit: i64) -> Result<Vec<NoteRevision>> {
    let mut conn = db.read().await?;
    let rows: Vec<RevisionRow> = on!(conn, c => sqlx::query_as(NOTE_REVISIONS)
        .bind(run_id.as_str())
        .bind(limit)
        .fetch_all(c)
        .await)?;
    let revision = |row: RevisionRow| NoteRevision {
        revision: row.revision,
        author: row.author,
        created_at_ms: UnixMillis(row.created_at_ms),
        letters: row.letters,
        draft: row.draft_since_ms.is_some(),
    };
    Ok(rows.into_iter().map(revision).collect())
}

const NOTE_GET: &str =
    "SELECT revision, body, author, created_at_ms FROM note WHERE run_id = $1 AND revision = $2";

/// One revision.
pub async fn get(db: &Db, run_id: &RunId, revision: i64) -> Result<Option<NoteRecord>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(NOTE_GET).bind(run_id.as_str()).bind(revision).fetch_optional(c).await)?)
}

const NOTE_DRAFT_SINCE: &str = "SELECT draft_since_ms FROM note WHERE run_id = $1 AND revision = $2";
const NOTE_KEEP: &str = "UPDATE note SET draft_since_ms = NULL WHERE run_id = $1 AND revision = $2";
const NOTE_REMOVE: &str = "DELETE FROM note WHERE run_id = $1 AND revision = $2";

/// The newest revision, and when its sitting began if it was saved by itself.
pub async fn newest(tx: &mut Tx, run_id: &RunId) -> Result<Option<(NoteRecord, Option<i64>)>> {
    let record: Option<NoteRecord> =
        on!(tx, c => sqlx::query_as(NOTE_LATEST).bind(run_id.as_str()).fetch_optional(c).await)?;
    let Some(record) = record else { return Ok(None) };
    let (since,): (Option<i64>,) = on!(tx, c => sqlx::query_as(NOTE_DRAFT_SINCE)
        .bind(run_id.as_str())
        .bind(record.revision)
        .fetch_one(c)
        .await)?;
    Ok(Some((record, since)))
}

/// A revision that was saved by itself is from now on one that a person saved.
pub async fn keep(tx: &mut Tx, run_id: &RunId, revision: i64) -> Result<()> {
    Ok(on!(tx, c => sqlx::query(NOTE_KEEP).bind(run_id.as_str()).bind(revision).execute(c).await.map(drop))?)
}

/// Removes a revision that another took the place of.
pub async fn remove(tx: &mut Tx, run_id: &RunId, revision: i64) -> Result<()> {
    Ok(
        on!(tx, c => sqlx::query(NOTE_REMOVE).bind(run_id.as_str()).bind(revision).execute(c).await.map(drop))?,
    )
}

// Adds the revision after the newest, provided the newest is the one that was edited (NULL: whatever it is).
const NOTE_ADD: &str = "
    INSERT INTO note (run_id, revision, body, author, created_at_ms, draft_since_ms)
    SELECT $1, COALESCE(MAX(revision), 0) + 1, $3, $4, $5, $6 FROM note WHERE run_id = $1
    HAVING $2 IS NULL OR COALESCE(MAX(revision), 0) = $2
    RETURNING revision, body, author, created_at_ms";

/// Adds a revision, one that was saved by itself where its sitting's beginning is given; `None` when another came after
/// `base_revision`. Two at once clash as `Error::Unique`.
pub async fn add(
    tx: &mut Tx,
    run_id: &RunId,
    base_revision: Option<i64>,
    body: &str,
    author: &str,
    now: UnixMillis,
    draft_since: Option<i64>,
) -> Result<Option<NoteRecord>> {
    Ok(on!(tx, c => sqlx::query_as(NOTE_ADD)
        .bind(run_id.as_str())
        .bind(base_revision)
        .bind(body)
        .bind(author)
        .bind(now.0)
        .bind(draft_since)
        .fetch_optional(c)
        .await)?)
}
