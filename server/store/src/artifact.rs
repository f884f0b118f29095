//! Artifacts: which content lies under which path of which owner. The content itself is in the artifact store.

use crate::{
    Db, Dialect, Error, Result, Tx,
    db::{Conn, on},
    rows::{Column, Rows},
    run::kept_run,
    sql::{Statement, contains, fetch_all},
};
use model::{
    RunId, UnixMillis,
    artifact::{Artifact, ArtifactCopy, ArtifactPath, Folder, Owner, Reference, Subfolder},
};
use std::collections::BTreeSet;

#[derive(sqlx::FromRow)]
struct Row {
    path: String,
    size_bytes: i64,
    sha256: String,
    mime: String,
    created_at_ms: i64,
    /// Of a file that is tracked elsewhere.
    uri: Option<String>,
    told_bytes: Option<i64>,
    digest: Option<String>,
}

impl Row {
    fn into_artifact(self) -> Result<Artifact> {
        let (told, digest) = (self.told_bytes, self.digest);
        Ok(Artifact {
            path: self.path.parse().map_err(|error: model::Error| Error::Corrupt(error.to_string()))?,
            size_bytes: told.unwrap_or(self.size_bytes),
            sha256: self.sha256,
            mime: self.mime,
            created_at_ms: UnixMillis(self.created_at_ms),
            reference: self.uri.map(|uri| Reference { uri, size_bytes: told, digest }),
        })
    }
}

/// The columns of [`Row`] of a file that is here.
macro_rules! file_columns {
    () => {
        "path, size_bytes, artifact.sha256 AS sha256, mime, artifact.created_at_ms AS created_at_ms,
        CAST(NULL AS TEXT) AS uri, CAST(NULL AS BIGINT) AS told_bytes, CAST(NULL AS TEXT) AS digest"
    };
}

/// The same of one that is tracked elsewhere: nothing of it is stored here, so its size does not count.
macro_rules! reference_columns {
    () => {
        "path, CAST(0 AS BIGINT) AS size_bytes, '' AS sha256, mime, created_at_ms, uri, size_bytes AS told_bytes, digest"
    };
}

/// Files, and what is tracked elsewhere. Each path is one of both; should two servers note both at once, the file counts.
macro_rules! entries {
    () => {
        concat!(
            "(SELECT owner, ",
            file_columns!(),
            " FROM artifact JOIN blob ON blob.sha256 = artifact.sha256
            UNION ALL SELECT owner, ",
            reference_columns!(),
            " FROM artifact_reference WHERE NOT EXISTS (SELECT 1 FROM artifact
                WHERE artifact.owner = artifact_reference.owner AND artifact.path = artifact_reference.path)) AS entry"
        )
    };
}

const ARTIFACT_ROWS: &str =
    concat!("SELECT ", file_columns!(), " FROM artifact JOIN blob ON blob.sha256 = artifact.sha256");

const REFERENCE_ROWS: &str = concat!("SELECT ", reference_columns!(), " FROM artifact_reference");

const ENTRY_ROWS: &str = concat!(
    "SELECT path, size_bytes, sha256, mime, created_at_ms, uri, told_bytes, digest FROM ",
    entries!()
);

/// What lies below a folder; all that the owner has where none is named.
fn below(statement: &mut Statement, owner: &Owner, folder: Option<&ArtifactPath>) {
    statement.push(" WHERE owner = ").bind(owner.to_string().as_str());
    if let Some(folder) = folder {
        let prefix = format!("{}/", folder.as_str());
        statement.push(" AND SUBSTR(path, 1, LENGTH(").bind(prefix.as_str());
        statement.push(")) = ").bind(prefix.as_str());
    }
}

/// All files of an owner, by path, those that are tracked elsewhere among them.
pub async fn list(db: &Db, owner: &Owner) -> Result<Vec<Artifact>> {
    rows_below(db, ENTRY_ROWS, owner, None).await
}

/// All files below a folder that are here, by path.
pub async fn files_below(db: &Db, owner: &Owner, folder: Option<&ArtifactPath>) -> Result<Vec<Artifact>> {
    rows_below(db, ARTIFACT_ROWS, owner, folder).await
}

/// All below a folder that is tracked elsewhere, by path.
pub async fn references_below(
    db: &Db,
    owner: &Owner,
    folder: Option<&ArtifactPath>,
) -> Result<Vec<Artifact>> {
    rows_below(db, REFERENCE_ROWS, owner, folder).await
}

async fn rows_below(
    db: &Db,
    select: &'static str,
    owner: &Owner,
    folder: Option<&ArtifactPath>,
) -> Result<Vec<Artifact>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    below(statement.push(select), owner, folder);
    statement.push(" ORDER BY path");
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    rows.into_iter().map(Row::into_artifact).collect()
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    name: String,
    is_folder: i64,
    file_count: i64,
    folder_bytes: i64,
    #[sqlx(flatten)]
    row: Row,
}

/// What lies directly in a folder, folders first, each kind by name: at most so many, and how much is left out.
pub async fn folder(db: &Db, owner: &Owner, folder: Option<&ArtifactPath>, most: i64) -> Result<Folder> {
    let mut conn = db.read().await?;
    let skipped = folder.map_or(0, |folder| folder.as_str().chars().count() + 1) as i64;
    let is_postgres = db.dialect() == Dialect::Postgres;
    let mut rests = Statement::default();
    rests.push(if is_postgres { "(SELECT STRPOS(" } else { "(SELECT INSTR(" });
    rests
        .push("SUBSTR(path, CAST(")
        .bind(skipped + 1)
        .push(" AS INTEGER)), '/') AS slash, SUBSTR(path, CAST(");
    rests.bind(skipped + 1).push(" AS INTEGER)) AS rest, entry.* FROM ").push(entries!());
    below(&mut rests, owner, folder);
    rests.push(") AS a");
    // Which folder and file each is in; a file is alone in its group, so that its extremes are its own.
    let mut statement = Statement {
        text: "
        SELECT name, is_folder, COUNT(*) AS file_count, CAST(SUM(size_bytes) AS BIGINT) AS folder_bytes,
            MIN(path) AS path, MIN(size_bytes) AS size_bytes, MIN(sha256) AS sha256, MIN(mime) AS mime,
            MAX(created_at_ms) AS created_at_ms, MIN(uri) AS uri, MIN(told_bytes) AS told_bytes, MIN(digest) AS digest
        FROM (
            SELECT CASE WHEN slash > 0 THEN SUBSTR(rest, 1, slash - 1) ELSE rest END AS name,
                CAST(CASE WHEN slash > 0 THEN 1 ELSE 0 END AS BIGINT) AS is_folder, a.*
            FROM "
            .to_owned()
            + &rests.text,
        values: rests.values,
    };
    statement.push(") AS b GROUP BY is_folder, name ORDER BY is_folder DESC, name LIMIT ").bind(most);
    let rows: Vec<EntryRow> = fetch_all!(conn, statement)?;
    let (file_count, size_bytes) = total_below(&mut conn, owner, folder).await?;
    let mut found = Folder { file_count, size_bytes, ..Folder::default() };
    found.cut = rows.len() as i64 == most;
    for EntryRow { name, is_folder, file_count, folder_bytes, row } in rows {
        if is_folder == 1 {
            found.folders.push(Subfolder { name, file_count, size_bytes: folder_bytes });
        } else {
            found.files.push(row.into_artifact()?);
        }
    }
    Ok(found)
}

/// Files whose path holds a text in any case, by path.
pub async fn search(db: &Db, owner: &Owner, text: &str, most: i64) -> Result<Vec<Artifact>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    below(statement.push(ENTRY_ROWS), owner, None);
    statement
        .push(" AND LOWER(path) LIKE ")
        .bind(contains(text).as_str())
        .push(" ESCAPE '\\' ORDER BY path LIMIT ");
    statement.bind(most);
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    rows.into_iter().map(Row::into_artifact).collect()
}

#[derive(sqlx::FromRow)]
struct CopyRow {
    path: String,
    run_id: Option<String>,
    run_name: Option<String>,
    asset_id: Option<String>,
    asset_name: Option<String>,
}

// The index by content gives the few rows; what is in the trash is not shown.
const ARTIFACT_COPIES: &str = concat!(
    "SELECT a.path AS path, run.id AS run_id, run.name AS run_name, asset.id AS asset_id, asset.name AS asset_name
    FROM artifact a
    LEFT JOIN asset ON asset.id = CASE WHEN a.owner LIKE 'asset-%' THEN SUBSTR(a.owner, 7) END
        AND asset.trashed_at_ms IS NULL
    LEFT JOIN run ON run.id = COALESCE(asset.source_run_id, a.owner) AND run.trashed_at_ms IS NULL AND ",
    kept_run!(),
    " WHERE a.sha256 = $1 AND NOT (a.owner = $2 AND a.path = $3) AND run.id IS NOT NULL
    ORDER BY a.created_at_ms DESC, a.owner, a.path LIMIT $4"
);

/// Other places where this content lies: the newest, at most so many.
pub async fn copies(
    db: &Db,
    owner: &Owner,
    path: &ArtifactPath,
    sha256: &str,
    most: i64,
) -> Result<Vec<ArtifactCopy>> {
    let mut conn = db.read().await?;
    let rows: Vec<CopyRow> = on!(conn, c => sqlx::query_as(ARTIFACT_COPIES)
        .bind(sha256)
        .bind(owner.to_string())
        .bind(path.as_str())
        .bind(most)
        .fetch_all(c)
        .await)?;
    let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
    rows.into_iter()
        .map(|row| {
            Ok(ArtifactCopy {
                run_id: row.run_id.unwrap_or_default().parse().map_err(corrupt)?,
                run_name: row.run_name.unwrap_or_default(),
                model_id: row.asset_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
                model_name: row.asset_name,
                path: row.path.parse().map_err(corrupt)?,
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct RunRow {
    owner: String,
    #[sqlx(flatten)]
    row: Row,
}

/// Files of several runs by path, each with the run's id: the first of them, at most so many.
/// With beginnings, only those whose path has one of them.
pub async fn of_runs(
    db: &Db,
    run_ids: &[RunId],
    beginnings: &[&str],
    most: i64,
) -> Result<Vec<(String, Artifact)>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement.push(concat!(
        "SELECT owner, ",
        file_columns!(),
        " FROM artifact JOIN blob ON blob.sha256 = artifact.sha256 WHERE owner IN "
    ));
    statement.bind_list(run_ids.iter().map(RunId::as_str));
    for (index, beginning) in beginnings.iter().enumerate() {
        let length = beginning.chars().count() as i64;
        statement.push(if index == 0 { " AND (" } else { " OR " });
        statement.push("SUBSTR(path, 1, CAST(").bind(length).push(" AS INTEGER)) = ").bind(*beginning);
    }
    if !beginnings.is_empty() {
        statement.push(")");
    }
    statement.push(" ORDER BY path, owner LIMIT ").bind(most);
    let rows: Vec<RunRow> = fetch_all!(conn, statement)?;
    rows.into_iter().map(|one| Ok((one.owner, one.row.into_artifact()?))).collect()
}

const REFERENCES_OF_RUNS: &str =
    concat!("SELECT owner, ", reference_columns!(), " FROM artifact_reference WHERE owner IN ");

/// What of several runs is tracked elsewhere, by path, each with the run's id: the first of them, at most so many.
pub async fn references_of_runs(db: &Db, run_ids: &[RunId], most: i64) -> Result<Vec<(String, Artifact)>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement.push(REFERENCES_OF_RUNS);
    statement.bind_list(run_ids.iter().map(RunId::as_str));
    statement.push(" ORDER BY path, owner LIMIT ").bind(most);
    let rows: Vec<RunRow> = fetch_all!(conn, statement)?;
    rows.into_iter().map(|one| Ok((one.owner, one.row.into_artifact()?))).collect()
}

const REFERENCE_GET: &str =
    concat!("SELECT ", reference_columns!(), " FROM artifact_reference WHERE owner = $1 AND path = $2");

/// What is tracked elsewhere under a path.
pub async fn get_reference(db: &Db, owner: &Owner, path: &ArtifactPath) -> Result<Option<Artifact>> {
    let mut conn = db.read().await?;
    let row: Option<Row> = on!(conn, c => sqlx::query_as(REFERENCE_GET)
        .bind(owner.to_string())
        .bind(path.as_str())
        .fetch_optional(c)
        .await)?;
    row.map(Row::into_artifact).transpose()
}

const REFERENCE_PUT: &str = "
    INSERT INTO artifact_reference (owner, path, uri, size_bytes, digest, mime, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (owner, path) DO UPDATE SET uri = excluded.uri, size_bytes = excluded.size_bytes,
        digest = excluded.digest, mime = excluded.mime, created_at_ms = excluded.created_at_ms";

const FILE_REPLACED: &str = "DELETE FROM artifact WHERE owner = $1 AND path = $2";

/// Notes under a path that its file lies elsewhere; a file that was there is not listed any more.
pub async fn put_reference(
    tx: &mut Tx,
    owner: &Owner,
    artifact: &Artifact,
    reference: &Reference,
) -> Result<()> {
    on!(tx, c => sqlx::query(FILE_REPLACED)
        .bind(owner.to_string())
        .bind(artifact.path.as_str())
        .execute(c)
        .await
        .map(drop))?;
    on!(tx, c => sqlx::query(REFERENCE_PUT)
        .bind(owner.to_string())
        .bind(artifact.path.as_str())
        .bind(&reference.uri)
        .bind(reference.size_bytes)
        .bind(reference.digest.as_deref())
        .bind(&artifact.mime)
        .bind(artifact.created_at_ms.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const ARTIFACT_GET: &str = concat!(
    "SELECT ",
    file_columns!(),
    " FROM artifact JOIN blob ON blob.sha256 = artifact.sha256 WHERE owner = $1 AND path = $2"
);

/// A file that is here.
pub async fn get(db: &Db, owner: &Owner, path: &ArtifactPath) -> Result<Option<Artifact>> {
    let mut conn = db.read().await?;
    let row: Option<Row> = on!(conn, c => sqlx::query_as(ARTIFACT_GET)
        .bind(owner.to_string())
        .bind(path.as_str())
        .fetch_optional(c)
        .await)?;
    row.map(Row::into_artifact).transpose()
}

const BLOB_ADD: &str = "
    INSERT INTO blob (sha256, size_bytes, created_at_ms) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";

const ARTIFACT_PUT: &str = "
    INSERT INTO artifact (owner, path, sha256, mime, created_at_ms) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (owner, path) DO UPDATE SET
        sha256 = excluded.sha256, mime = excluded.mime, created_at_ms = excluded.created_at_ms";

const BLOB_HOLD: &str = "SELECT sha256 FROM blob WHERE sha256 = $1 FOR KEY SHARE";

/// Makes sure that content is known and stays so until the transaction ends; true when it was not known before.
async fn add_blob(tx: &mut Tx, artifact: &Artifact) -> Result<bool> {
    loop {
        let added = on!(tx, c => sqlx::query(BLOB_ADD)
            .bind(&artifact.sha256)
            .bind(artifact.size_bytes)
            .bind(artifact.created_at_ms.0)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if added > 0 {
            // Waits for whoever is removing the file at this moment.
            on!(tx, c => sqlx::query(BLOB_STAYS).bind(&artifact.sha256).execute(c).await.map(drop))?;
            return Ok(true);
        }
        // On PostgreSQL it may be given up by another server, or a task of this one, between two statements.
        let held = match tx.dialect() {
            Dialect::Sqlite => true,
            Dialect::Postgres => {
                let row: Option<(String,)> =
                    on!(tx, c => sqlx::query_as(BLOB_HOLD).bind(&artifact.sha256).fetch_optional(c).await)?;
                row.is_some()
            }
        };
        if held {
            return Ok(false);
        }
    }
}

const BLOB_STAYS: &str = "DELETE FROM blob_gone WHERE sha256 = $1";

const REFERENCE_REPLACED: &str = "DELETE FROM artifact_reference WHERE owner = $1 AND path = $2";

/// Lists content under a path; a path that is there, of a file or tracked elsewhere, takes the new content. True when nobody lists this content yet: then
/// its file must be in its place before the transaction is committed, because it may be missing or about to be removed.
pub async fn put(tx: &mut Tx, owner: &Owner, artifact: &Artifact) -> Result<bool> {
    let placed = add_blob(tx, artifact).await?;
    on!(tx, c => sqlx::query(REFERENCE_REPLACED)
        .bind(owner.to_string())
        .bind(artifact.path.as_str())
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
    Ok(placed)
}

macro_rules! owner_is {
    (run) => {
        concat!("SELECT run.id FROM run WHERE run.id = $1 AND ", kept_run!())
    };
    ($table:literal) => {
        concat!(
            "SELECT o.id FROM ",
            $table,
            " o JOIN experiment ON experiment.id = o.experiment_id AND experiment.purged_at_ms IS NULL WHERE o.id = $1"
        )
    };
}

/// Whether what files are to be listed under is still there, which it then is until the transaction ends.
pub async fn owner_is_here(tx: &mut Tx, owner: &Owner) -> Result<bool> {
    let postgres = tx.dialect() == Dialect::Postgres;
    let (statement, id) = match owner {
        Owner::Run(id) if postgres => (concat!(owner_is!(run), " FOR KEY SHARE OF run"), id.as_str()),
        Owner::Asset(id) if postgres => (concat!(owner_is!("asset"), " FOR KEY SHARE OF o"), id.as_str()),
        Owner::Trace(id) if postgres => (concat!(owner_is!("trace"), " FOR KEY SHARE OF o"), id.as_str()),
        Owner::Run(id) => (owner_is!(run), id.as_str()),
        Owner::Asset(id) => (owner_is!("asset"), id.as_str()),
        Owner::Trace(id) => (owner_is!("trace"), id.as_str()),
    };
    let row: Option<(String,)> = on!(tx, c => sqlx::query_as(statement).bind(id).fetch_optional(c).await)?;
    Ok(row.is_some())
}

const BLOB_RELEASE: &str = "
    DELETE FROM blob WHERE sha256 IN (SELECT v.sha256 FROM v)
        AND NOT EXISTS (SELECT 1 FROM artifact WHERE artifact.sha256 = blob.sha256)
    RETURNING sha256";

const BLOB_GOES: &str = "
    INSERT INTO blob_gone (sha256) SELECT v.sha256 FROM v WHERE true ON CONFLICT (sha256) DO NOTHING";

// By itself, so that the statement after it sees what those listed who were waited for.
const BLOB_LOCK: &str =
    "SELECT sha256 FROM blob WHERE sha256 IN (SELECT v.sha256 FROM v) ORDER BY sha256 FOR UPDATE";

/// Gives up those of these contents that nobody lists any more: their files are removed by and by.
pub async fn release(tx: &mut Tx, sha256s: BTreeSet<String>) -> Result<()> {
    let sha256s: Vec<String> = sha256s.into_iter().collect();
    if tx.dialect() == Dialect::Postgres {
        let contents = Rows::default().with("sha256", Column::Text(sha256s.clone()));
        contents.fetch::<(String,)>(tx, BLOB_LOCK).await?;
    }
    let gone: Vec<(String,)> =
        Rows::default().with("sha256", Column::Text(sha256s)).fetch(tx, BLOB_RELEASE).await?;
    let gone = gone.into_iter().map(|(sha256,)| sha256).collect();
    Rows::default().with("sha256", Column::Text(gone)).execute(tx, BLOB_GOES).await
}

const BLOB_UNLISTED: &str = "
    SELECT sha256 FROM blob
    WHERE sha256 > $1 AND NOT EXISTS (SELECT 1 FROM artifact WHERE artifact.sha256 = blob.sha256)
    ORDER BY sha256 LIMIT $2";

/// Content behind this digest, in order, that nobody lists: paths that were removed or took other content left it behind.
pub async fn unlisted(db: &Db, after: &str, limit: i64) -> Result<BTreeSet<String>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String,)> =
        on!(conn, c => sqlx::query_as(BLOB_UNLISTED).bind(after).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(sha256,)| sha256).collect())
}

const BLOBS_GONE: &str = "SELECT sha256 FROM blob_gone LIMIT $1";

/// Content whose files are to be removed.
pub async fn gone(db: &Db, limit: i64) -> Result<Vec<String>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String,)> = on!(conn, c => sqlx::query_as(BLOBS_GONE).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(sha256,)| sha256).collect())
}

const BLOB_TAKE: &str = "
    DELETE FROM blob_gone
    WHERE sha256 = $1 AND NOT EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = blob_gone.sha256)
    RETURNING sha256";

/// Whether the file of this content is still to be removed: then nobody puts it back until the transaction ends.
pub async fn take_gone(tx: &mut Tx, sha256: &str) -> Result<bool> {
    let row: Option<(String,)> =
        on!(tx, c => sqlx::query_as(BLOB_TAKE).bind(sha256).fetch_optional(c).await)?;
    Ok(row.is_some())
}

macro_rules! removed_from {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE owner = $1 AND (path = $2 OR SUBSTR(path, 1, LENGTH($3)) = $3)"
        )
    };
}

const PATH_REMOVE: [&str; 2] = [removed_from!("artifact"), removed_from!("artifact_reference")];

/// Takes a path and all below it out of an owner.
pub async fn remove(tx: &mut Tx, owner: &Owner, path: &ArtifactPath) -> Result<()> {
    for statement in PATH_REMOVE {
        on!(tx, c => sqlx::query(statement)
            .bind(owner.to_string())
            .bind(path.as_str())
            .bind(format!("{}/", path.as_str()))
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(())
}

// CAST: a sum of BIGINT is NUMERIC on PostgreSQL.
const ARTIFACT_TOTAL: &str =
    concat!("SELECT COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM ", entries!());

/// How many artifacts there are, and the bytes of those that are here.
pub async fn total(db: &Db, owner: &Owner) -> Result<(i64, i64)> {
    total_below(&mut db.read().await?, owner, None).await
}

async fn total_below(conn: &mut Conn, owner: &Owner, folder: Option<&ArtifactPath>) -> Result<(i64, i64)> {
    let mut statement = Statement::default();
    below(statement.push(ARTIFACT_TOTAL), owner, folder);
    let rows: Vec<(i64, i64)> = fetch_all!(conn, statement)?;
    Ok(rows.first().copied().unwrap_or_default())
}
