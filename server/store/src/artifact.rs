//! Artifacts: which content lies under which path of which owner. The content itself is in the artifact store.

use crate::{Db, Error, Result, Tx, db::on};
use model::{
    UnixMillis,
    artifact::{Artifact, ArtifactPath, Owner},
};

#[derive(sqlx::FromRow)]
struct Row {
    path: String,
    size_bytes: i64,
    sha256: String,
    mime: String,
    created_at_ms: i64,
}

impl Row {
    fn into_artifact(self) -> Result<Artifact> {
        Ok(Artifact {
            path: self.path.parse().map_err(|error: model::Error| Error::Corrupt(error.to_string()))?,
            size_bytes: self.size_bytes,
            sha256: self.sha256,
            mime: self.mime,
            created_at_ms: UnixMillis(self.created_at_ms),
        })
    }
}

const ARTIFACT_LIST: &str = "
    SELECT path, size_bytes, artifact.sha256 AS sha256, mime, artifact.created_at_ms AS created_at_ms
    FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE owner = $1 ORDER BY path";

pub async fn list(db: &Db, owner: &Owner) -> Result<Vec<Artifact>> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> =
        on!(conn, c => sqlx::query_as(ARTIFACT_LIST).bind(owner.to_string()).fetch_all(c).await)?;
    rows.into_iter().map(Row::into_artifact).collect()
}

const ARTIFACT_GET: &str = "
    SELECT path, size_bytes, artifact.sha256 AS sha256, mime, artifact.created_at_ms AS created_at_ms
    FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
    WHERE owner = $1 AND path = $2";

pub async fn get(db: &Db, owner: &Owner, path: &ArtifactPath) -> Result<Option<Artifact>> {
    let mut conn = db.read().await?;
    let row: Option<Row> = on!(conn, c => sqlx::query_as(ARTIFACT_GET)
        .bind(owner.to_string())
        .bind(path.as_str())
        .fetch_optional(c)
        .await)?;
    row.map(Row::into_artifact).transpose()
}

const BLOB_KNOWN: &str = "SELECT size_bytes FROM blob WHERE sha256 = $1";

/// Whether content of this digest lies in the artifact store already.
pub async fn blob_known(db: &Db, sha256: &str) -> Result<bool> {
    let mut conn = db.read().await?;
    let row: Option<(i64,)> =
        on!(conn, c => sqlx::query_as(BLOB_KNOWN).bind(sha256).fetch_optional(c).await)?;
    Ok(row.is_some())
}

const BLOB_ADD: &str = "
    INSERT INTO blob (sha256, size_bytes, created_at_ms) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";

const ARTIFACT_PUT: &str = "
    INSERT INTO artifact (owner, path, sha256, mime, created_at_ms) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (owner, path) DO UPDATE SET
        sha256 = excluded.sha256, mime = excluded.mime, created_at_ms = excluded.created_at_ms";

/// Lists content that is complete in the artifact store under a path; a path that is there takes the new content.
pub async fn put(tx: &mut Tx, owner: &Owner, artifact: &Artifact) -> Result<()> {
    on!(tx, c => sqlx::query(BLOB_ADD)
        .bind(&artifact.sha256)
        .bind(artifact.size_bytes)
        .bind(artifact.created_at_ms.0)
        .execute(c)
        .await
        .map(drop))?;
    on!(tx, c => sqlx::query(ARTIFACT_PUT)
        .bind(owner.to_string())
        .bind(artifact.path.as_str())
        .bind(&artifact.sha256)
        .bind(&artifact.mime)
        .bind(artifact.created_at_ms.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const ARTIFACT_REMOVE: &str =
    "DELETE FROM artifact WHERE owner = $1 AND (path = $2 OR SUBSTR(path, 1, LENGTH($3)) = $3)";

/// Takes a path and all below it out of an owner.
pub async fn remove(tx: &mut Tx, owner: &Owner, path: &ArtifactPath) -> Result<()> {
    on!(tx, c => sqlx::query(ARTIFACT_REMOVE)
        .bind(owner.to_string())
        .bind(path.as_str())
        .bind(format!("{}/", path.as_str()))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

// CAST: a sum of BIGINT is NUMERIC on PostgreSQL.
const ARTIFACT_TOTAL: &str = "
    SELECT COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT)
    FROM artifact JOIN blob ON blob.sha256 = artifact.sha256 WHERE owner = $1";

/// How many artifacts there are, and their bytes.
pub async fn total(db: &Db, owner: &Owner) -> Result<(i64, i64)> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(ARTIFACT_TOTAL).bind(owner.to_string()).fetch_one(c).await)?)
}
