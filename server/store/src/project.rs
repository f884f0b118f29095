//! Projects: rows, and how many experiments they hold.

use crate::{Db, Error, Result, Tx, db::on};
use model::{ProjectId, UnixMillis, project::Project};

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    name: String,
    created_at_ms: i64,
    experiment_count: i64,
}

const PROJECTS: &str = "
    SELECT id, name, created_at_ms, (SELECT COUNT(*) FROM experiment WHERE project_id = project.id
        AND archived_at_ms IS NULL AND trashed_at_ms IS NULL AND purged_at_ms IS NULL) AS experiment_count
    FROM project ORDER BY id";

/// All of them, the oldest first.
pub async fn list(db: &Db) -> Result<Vec<Project>> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> = on!(conn, c => sqlx::query_as(PROJECTS).fetch_all(c).await)?;
    let project = |Row { id, name, created_at_ms, experiment_count }| Project {
        id: ProjectId(id),
        name,
        created_at_ms: UnixMillis(created_at_ms),
        experiment_count,
    };
    Ok(rows.into_iter().map(project).collect())
}

const PROJECT_COUNT: &str = "SELECT COUNT(*) FROM project";

pub async fn count(tx: &mut Tx) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(PROJECT_COUNT).fetch_one(c).await)?;
    Ok(count)
}

const PROJECT_EXISTS: &str = "SELECT id FROM project WHERE id = $1";

pub async fn exists(tx: &mut Tx, id: ProjectId) -> Result<bool> {
    let row: Option<(i64,)> =
        on!(tx, c => sqlx::query_as(PROJECT_EXISTS).bind(id.0).fetch_optional(c).await)?;
    Ok(row.is_some())
}

const PROJECT_BY_NAME: &str = "SELECT id FROM project WHERE name = $1";

pub async fn id_by_name(tx: &mut Tx, name: &str) -> Result<Option<ProjectId>> {
    let row: Option<(i64,)> =
        on!(tx, c => sqlx::query_as(PROJECT_BY_NAME).bind(name).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| ProjectId(id)))
}

const PROJECT_ADD: &str =
    "INSERT INTO project (name, created_at_ms) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING id";

/// Adds a project, or finds the one that somebody else added at the same time; true when it was added.
pub async fn add(tx: &mut Tx, name: &str, now: UnixMillis) -> Result<(ProjectId, bool)> {
    let row: Option<(i64,)> =
        on!(tx, c => sqlx::query_as(PROJECT_ADD).bind(name).bind(now.0).fetch_optional(c).await)?;
    if let Some((id,)) = row {
        return Ok((ProjectId(id), true));
    }
    let found = id_by_name(tx, name).await?;
    Ok((found.ok_or_else(|| Error::Corrupt("a project was there and gone".into()))?, false))
}

const PROJECT_RENAME: &str = "UPDATE project SET name = $2 WHERE id = $1";

/// False when there is no such project; `Error::Unique` when the name is taken.
pub async fn rename(tx: &mut Tx, id: ProjectId, name: &str) -> Result<bool> {
    let changed = on!(tx, c => sqlx::query(PROJECT_RENAME).bind(id.0).bind(name).execute(c).await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

const PROJECT_REMOVE: &str = "
    DELETE FROM project WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM experiment WHERE project_id = $1)";

/// Removes a project that no experiment is in, not even in the trash; false when it stays.
pub async fn remove(tx: &mut Tx, id: ProjectId) -> Result<bool> {
    let removed = on!(tx, c => sqlx::query(PROJECT_REMOVE).bind(id.0).execute(c).await.map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}
