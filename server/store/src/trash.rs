//! The trash: what lies in it, how much it holds, and its removal, some rows a transaction.

use crate::{
    Db, Dialect, Result, Tx, artifact,
    db::on,
    rows::{Column, Rows},
    sql::{Statement, Value, bound, contains, fetch_all},
};
use model::{
    AssetId, ExperimentId, RunId, TraceId, UnixMillis,
    artifact::Owner,
    limits,
    trash::{TrashItem, TrashLeaving, TrashQuery, TrashSet, TrashSize},
};

#[derive(sqlx::FromRow)]
struct Row {
    run_id: Option<String>,
    experiment_id: i64,
    name: String,
    experiment_name: String,
    trashed_at_ms: i64,
}

impl Row {
    fn into_item(self, run_count: i64) -> Result<TrashItem> {
        let corrupt = |error: model::Error| crate::Error::Corrupt(error.to_string());
        Ok(TrashItem {
            run_id: self.run_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
            experiment_id: ExperimentId(self.experiment_id),
            name: self.name,
            experiment_name: self.experiment_name,
            trashed_at_ms: UnixMillis(self.trashed_at_ms),
            run_count,
        })
    }
}

/// Experiments, and runs whose experiment is not in the trash itself, as a table `t`.
const ITEMS: &str = "
    (SELECT NULL AS run_id, id AS experiment_id, name, name_folded, name AS experiment_name, trashed_at_ms
    FROM experiment WHERE trashed_at_ms IS NOT NULL AND purged_at_ms IS NULL
    UNION ALL
    SELECT run.id, run.experiment_id, run.name, run.name_folded, experiment.name, run.trashed_at_ms
    FROM run JOIN experiment ON experiment.id = run.experiment_id AND experiment.trashed_at_ms IS NULL
    WHERE run.trashed_at_ms IS NOT NULL AND run.purged_at_ms IS NULL) AS t";

/// One page of what can be restored, and how many there are in all.
pub async fn list(db: &Db, query: &TrashQuery, limit: u32) -> Result<(Vec<TrashItem>, i64)> {
    let mut conn = db.read().await?;
    let search = |statement: &mut Statement| {
        if !query.search.trim().is_empty() {
            statement.push(" WHERE name_folded LIKE ").bind(contains(query.search.trim()).as_str());
            statement.push(" ESCAPE '\\'");
        }
    };
    let mut statement = Statement::default();
    search(statement.push("SELECT COUNT(*) FROM ").push(ITEMS));
    let counts: Vec<(i64,)> = fetch_all!(conn, statement)?;
    let mut statement = Statement::default();
    statement.push("SELECT run_id, experiment_id, name, experiment_name, trashed_at_ms FROM ").push(ITEMS);
    search(&mut statement);
    statement.push(" ORDER BY trashed_at_ms DESC, experiment_id, run_id LIMIT ").bind(i64::from(limit));
    statement.push(" OFFSET ").bind(i64::from(query.offset));
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let run_count = if row.run_id.is_some() {
            1
        } else {
            let (count,): (i64,) =
                on!(conn, c => sqlx::query_as(RUNS_COUNT).bind(row.experiment_id).fetch_one(c).await)?;
            count
        };
        items.push(row.into_item(run_count)?);
    }
    Ok((items, counts.first().map_or(0, |(count,)| *count)))
}

const RUNS_COUNT: &str = "SELECT COUNT(*) FROM run WHERE experiment_id = $1";

// CROSS: SQLite begins with the table on the left, which is the one with few rows.
const LEAVING: &str = "
    SELECT (SELECT COUNT(*) FROM experiment WHERE purged_at_ms IS NOT NULL),
        (SELECT COUNT(*) FROM run WHERE purged_at_ms IS NOT NULL)
        + (SELECT COUNT(*) FROM experiment CROSS JOIN run
            WHERE experiment.purged_at_ms IS NOT NULL AND run.experiment_id = experiment.id
                AND run.purged_at_ms IS NULL)";

/// What is marked and not removed yet.
pub async fn leaving(db: &Db) -> Result<TrashLeaving> {
    let mut conn = db.read().await?;
    let (experiments, runs) = on!(conn, c => sqlx::query_as(LEAVING).fetch_one(c).await)?;
    Ok(TrashLeaving { experiments, runs })
}

/// Begins a statement with the runs of a set as `mine (id)`, and what files belong to as `holder (owner)`.
fn of_set(set: &TrashSet) -> Statement {
    let experiments = || set.experiments.iter().map(|id| id.0);
    let mut statement = Statement::default();
    statement.push("WITH mine (id) AS (SELECT id FROM run WHERE id IN ");
    statement.bind_list(set.runs.iter().map(RunId::as_str));
    statement.push(" UNION SELECT id FROM run WHERE experiment_id IN ").bind_list(experiments());
    statement.push("), holder (owner) AS (SELECT id FROM mine UNION ALL SELECT 'asset-' || id FROM asset WHERE experiment_id IN ");
    statement.bind_list(experiments());
    statement.push(" UNION ALL SELECT 'trace-' || id FROM trace WHERE experiment_id IN ");
    statement.bind_list(experiments()).push(") ");
    statement
}

/// How much would be free if all of the set were deleted. Content that others list too does not count.
pub async fn size(db: &Db, set: &TrashSet) -> Result<TrashSize> {
    let mut snapshot = db.snapshot().await?;
    let mut statement = of_set(set);
    statement.push(
        "SELECT (SELECT COUNT(*) FROM mine), CAST(COALESCE(SUM(series.count), 0) AS BIGINT),
            (SELECT CAST(COALESCE(SUM(bundle.bytes), 0) AS BIGINT) FROM bundle WHERE run_id IN (SELECT id FROM mine))
        FROM series WHERE series.run_id IN (SELECT id FROM mine)",
    );
    let counts: Vec<(i64, i64, i64)> = fetch_all!(snapshot, statement)?;
    let (runs, points, bundle_bytes) = counts.first().copied().unwrap_or_default();
    let mut statement = of_set(set);
    statement.push(
        "SELECT CAST(COALESCE(SUM(LENGTH(segment.data) + COALESCE(LENGTH(segment.blocks), 0)), 0) AS BIGINT)
        FROM series JOIN segment
            ON segment.id BETWEEN series.id * 268435456 AND series.id * 268435456 + 268435455
        WHERE series.run_id IN (SELECT id FROM mine)",
    );
    let bytes: Vec<(i64,)> = fetch_all!(snapshot, statement)?;
    let mut statement = of_set(set);
    statement.push(
        "SELECT COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM blob
        WHERE sha256 IN (SELECT artifact.sha256 FROM holder JOIN artifact ON artifact.owner = holder.owner)
            AND NOT EXISTS (SELECT 1 FROM artifact
                WHERE artifact.sha256 = blob.sha256 AND artifact.owner NOT IN (SELECT owner FROM holder))",
    );
    let files: Vec<(i64, i64)> = fetch_all!(snapshot, statement)?;
    let (files, file_bytes) = files.first().copied().unwrap_or_default();
    let kept_for = kept_for(&mut snapshot, set).await?;
    snapshot.commit().await?;
    let data_bytes = bundle_bytes + bytes.first().map_or(0, |(bytes,)| *bytes);
    Ok(TrashSize { runs, points, data_bytes, files, file_bytes, kept_for })
}

const RUN_KEPT_FOR: &str = "
    SELECT m.name, v.version FROM run
    JOIN model_version v ON v.run_id = run.id
        AND v.location LIKE 'mlflow-artifacts:/' || run.experiment_id || '/' || run.id || '/%'
    JOIN registered_model m ON m.id = v.model_id
    WHERE run.id = $1 ORDER BY m.name, v.version LIMIT $2";

const EXPERIMENT_KEPT_FOR: &str = "
    SELECT m.name, v.version FROM model_version v JOIN registered_model m ON m.id = v.model_id
    WHERE v.location LIKE 'mlflow-artifacts:/' || CAST($1 AS BIGINT) || '/%'
    ORDER BY m.name, v.version LIMIT $2";

/// Versions of registered models that have their files in the set, some of them.
pub async fn kept_for(tx: &mut Tx, set: &TrashSet) -> Result<Vec<String>> {
    let most = limits::TRASH_KEPT_FOR_MAX;
    let mut found: Vec<(String, i64)> = Vec::new();
    for id in &set.experiments {
        let rows: Vec<_> =
            on!(tx, c => sqlx::query_as(EXPERIMENT_KEPT_FOR).bind(id.0).bind(most).fetch_all(c).await)?;
        found.extend(rows);
    }
    for id in &set.runs {
        let rows: Vec<_> =
            on!(tx, c => sqlx::query_as(RUN_KEPT_FOR).bind(id.as_str()).bind(most).fetch_all(c).await)?;
        found.extend(rows);
    }
    found.truncate(most as usize);
    Ok(found.into_iter().map(|(name, version)| format!("{name} version {version}")).collect())
}

const EXPERIMENT_RESTORE: &str = "
    UPDATE experiment SET trashed_at_ms = NULL, updated_at_ms = $2
    WHERE id = $1 AND trashed_at_ms IS NOT NULL AND purged_at_ms IS NULL RETURNING id";

const RUN_RESTORE: &str = "
    UPDATE run SET trashed_at_ms = NULL, updated_at_ms = $2
    WHERE id = $1 AND trashed_at_ms IS NOT NULL AND purged_at_ms IS NULL RETURNING experiment_id";

// A name of control characters can be nobody's, so the old one is free at once.
const EXPERIMENT_MARK: &str = "
    UPDATE experiment SET purged_at_ms = $2, name = $3, name_folded = $3
    WHERE id = $1 AND trashed_at_ms IS NOT NULL AND purged_at_ms IS NULL RETURNING id";

// Nothing packs its segments from now on.
const RUN_MARK: &str = "
    UPDATE run SET purged_at_ms = $2, unsealed = 0
    WHERE id = $1 AND trashed_at_ms IS NOT NULL AND purged_at_ms IS NULL RETURNING experiment_id";

/// What is to be done with a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Restored,
    /// Hidden from now on, and removed by [`remove_some`].
    Deleted,
}

/// Decides on a set; answers the experiment of each item, or the text of an id that is not in the trash.
pub async fn decide(
    tx: &mut Tx,
    set: &TrashSet,
    fate: Fate,
    now: UnixMillis,
) -> Result<std::result::Result<Vec<ExperimentId>, String>> {
    let mut changed = Vec::new();
    for id in &set.experiments {
        let row: Option<(i64,)> = match fate {
            Fate::Restored => {
                on!(tx, c => sqlx::query_as(EXPERIMENT_RESTORE).bind(id.0).bind(now.0).fetch_optional(c).await)?
            }
            Fate::Deleted => {
                let name = format!("\u{1}{id}");
                on!(tx, c => sqlx::query_as(EXPERIMENT_MARK).bind(id.0).bind(now.0).bind(&name).fetch_optional(c).await)?
            }
        };
        let Some((id,)) = row else { return Ok(Err(format!("experiment \"{id}\""))) };
        changed.push(ExperimentId(id));
    }
    let statement = match fate {
        Fate::Restored => RUN_RESTORE,
        Fate::Deleted => RUN_MARK,
    };
    for id in &set.runs {
        let row: Option<(i64,)> =
            on!(tx, c => sqlx::query_as(statement).bind(id.as_str()).bind(now.0).fetch_optional(c).await)?;
        let Some((experiment_id,)) = row else { return Ok(Err(format!("run \"{id}\""))) };
        changed.push(ExperimentId(experiment_id));
    }
    Ok(Ok(changed))
}

/// What a transaction may still remove.
struct Left {
    rows: i64,
    bytes: i64,
}

impl Left {
    fn any(&self) -> bool {
        self.rows > 0 && self.bytes > 0
    }
}

/// Removes some of what is marked; answers how many rows went, none when nothing is left. What is left over when the
/// process ends here is found again by its mark.
pub async fn remove_some(tx: &mut Tx) -> Result<i64> {
    let mut left = Left { rows: limits::PURGE_ROWS_MAX, bytes: limits::PURGE_BYTES_MAX };
    while left.any() {
        if let Some(id) = next_run(tx).await? {
            remove_run(tx, &id, &mut left).await?;
        } else if let Some(id) = next_experiment(tx).await? {
            if !remove_experiment(tx, id, &mut left).await? {
                break;
            }
        } else {
            break;
        }
    }
    Ok(limits::PURGE_ROWS_MAX - left.rows)
}

macro_rules! next_run {
    () => {
        "SELECT id FROM run WHERE purged_at_ms IS NOT NULL ORDER BY purged_at_ms LIMIT 1"
    };
}

const NEXT_RUN: &str = next_run!();
// Whoever adds to the run waits, and several servers take different runs.
const NEXT_RUN_LOCK: &str = concat!(next_run!(), " FOR UPDATE SKIP LOCKED");

async fn next_run(tx: &mut Tx) -> Result<Option<String>> {
    let statement = match tx.dialect() {
        Dialect::Sqlite => NEXT_RUN,
        Dialect::Postgres => NEXT_RUN_LOCK,
    };
    let row: Option<(String,)> = on!(tx, c => sqlx::query_as(statement).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| id))
}

macro_rules! next_experiment {
    () => {
        "SELECT id FROM experiment WHERE purged_at_ms IS NOT NULL ORDER BY purged_at_ms LIMIT 1"
    };
}

const NEXT_EXPERIMENT: &str = next_experiment!();
const NEXT_EXPERIMENT_LOCK: &str = concat!(next_experiment!(), " FOR UPDATE SKIP LOCKED");

async fn next_experiment(tx: &mut Tx) -> Result<Option<i64>> {
    let statement = match tx.dialect() {
        Dialect::Sqlite => NEXT_EXPERIMENT,
        Dialect::Postgres => NEXT_EXPERIMENT_LOCK,
    };
    let row: Option<(i64,)> = on!(tx, c => sqlx::query_as(statement).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| id))
}

const SEGMENTS_OF_RUN: &str = "
    SELECT segment.id, CAST(LENGTH(segment.data) + COALESCE(LENGTH(segment.blocks), 0) AS BIGINT)
    FROM series JOIN segment ON segment.id BETWEEN series.id * 268435456 AND series.id * 268435456 + 268435455
    WHERE series.run_id = $1 LIMIT $2";

const SEGMENTS_REMOVE: &str = "DELETE FROM segment WHERE id IN (SELECT v.id FROM v)";

/// False when there may be more than could be removed now.
async fn remove_segments(tx: &mut Tx, run_id: &str, left: &mut Left) -> Result<bool> {
    let found: Vec<(i64, i64)> =
        on!(tx, c => sqlx::query_as(SEGMENTS_OF_RUN).bind(run_id).bind(left.rows).fetch_all(c).await)?;
    let all = (found.len() as i64) < left.rows;
    let mut ids = Vec::with_capacity(found.len());
    let count = found.len();
    for (id, bytes) in found {
        if left.bytes <= 0 {
            break;
        }
        left.bytes -= bytes;
        left.rows -= 1;
        ids.push(id);
    }
    let all = all && ids.len() == count;
    Rows::default().with("id", Column::Int(ids)).execute(tx, SEGMENTS_REMOVE).await?;
    Ok(all)
}

/// Rows that belong to a run, from the leaves up; `$1` is its id, `$2` how many may go.
const RUN_PARTS: [&str; 14] = [
    "DELETE FROM series WHERE id IN (SELECT id FROM series WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM bundle WHERE id IN (SELECT id FROM bundle WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM param WHERE run_id = $1 AND key IN (SELECT key FROM param WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM param_change WHERE run_id = $1
        AND place IN (SELECT place FROM param_change WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM run_status_change WHERE run_id = $1
        AND place IN (SELECT place FROM run_status_change WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM run_tag WHERE run_id = $1 AND key IN (SELECT key FROM run_tag WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM note WHERE run_id = $1 AND revision IN (SELECT revision FROM note WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM process WHERE run_id = $1 AND id IN (SELECT id FROM process WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM environment WHERE run_id IN (SELECT run_id FROM environment WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM run_event WHERE run_id = $1 AND id IN (SELECT id FROM run_event WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM asset_use WHERE run_id = $1
        AND asset_id IN (SELECT asset_id FROM asset_use WHERE run_id = $1 LIMIT $2)",
    "DELETE FROM asset_metric WHERE run_id = $1
        AND asset_id IN (SELECT asset_id FROM asset_metric WHERE run_id = $1 LIMIT $2)",
    // What the run made or began stays, and forgets it.
    "UPDATE asset SET source_run_id = NULL
        WHERE id IN (SELECT id FROM asset WHERE source_run_id = $1 LIMIT $2)",
    "UPDATE run SET parent_id = NULL WHERE id IN (SELECT id FROM run WHERE parent_id = $1 LIMIT $2)",
];

const RUN_REMOVE: &str = "DELETE FROM run WHERE id = $1";

async fn remove_run(tx: &mut Tx, id: &str, left: &mut Left) -> Result<()> {
    if !remove_segments(tx, id, left).await? || !remove_parts(tx, id, &RUN_PARTS, left).await? {
        return Ok(());
    }
    let run_id: RunId = id.parse().map_err(|_| crate::Error::Corrupt(format!("run {id}")))?;
    if remove_files(tx, &Owner::Run(run_id), left).await? {
        on!(tx, c => sqlx::query(RUN_REMOVE).bind(id).execute(c).await.map(drop))?;
        left.rows -= 1;
    }
    Ok(())
}

/// Runs these statements as far as the rows go that may be removed; false when there may be more.
async fn remove_parts(
    tx: &mut Tx,
    id: impl Into<Value>,
    parts: &[&'static str],
    left: &mut Left,
) -> Result<bool> {
    let id = id.into();
    for &statement in parts {
        if left.rows <= 0 {
            return Ok(false);
        }
        let values = [id.clone(), Value::Int(left.rows)];
        let gone = on!(tx, c => bound!(sqlx::query(statement), values)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        left.rows -= gone.cast_signed();
    }
    Ok(left.rows > 0)
}

const FILES_REMOVE: &str = "
    DELETE FROM artifact WHERE owner = $1 AND path IN (SELECT path FROM artifact WHERE owner = $1 LIMIT $2)
    RETURNING sha256";

const REFERENCES_REMOVE: &str = "
    DELETE FROM artifact_reference WHERE owner = $1
        AND path IN (SELECT path FROM artifact_reference WHERE owner = $1 LIMIT $2)";

async fn remove_files(tx: &mut Tx, owner: &Owner, left: &mut Left) -> Result<bool> {
    let rows: Vec<(String,)> = on!(tx, c => sqlx::query_as(FILES_REMOVE).bind(owner.to_string()).bind(left.rows).fetch_all(c).await)?;
    left.rows -= rows.len() as i64;
    artifact::release(tx, rows.into_iter().map(|(sha256,)| sha256).collect()).await?;
    remove_parts(tx, owner.to_string().as_str(), &[REFERENCES_REMOVE], left).await
}

const EXPERIMENT_CLAIM_RUN: &str = "
    UPDATE run SET purged_at_ms = $2, unsealed = 0
    WHERE id = (SELECT id FROM run WHERE experiment_id = $1 AND purged_at_ms IS NULL LIMIT 1) RETURNING id";

const EXPERIMENT_HAS_RUN: &str = "SELECT id FROM run WHERE experiment_id = $1 LIMIT 1";

const TRACE_NEXT: &str = "SELECT id FROM trace WHERE experiment_id = $1 LIMIT 1";

const TRACE_PARTS: [&str; 1] = ["DELETE FROM trace_tag WHERE trace_id = $1
        AND key IN (SELECT key FROM trace_tag WHERE trace_id = $1 LIMIT $2)"];

const TRACE_REMOVE: &str = "DELETE FROM trace WHERE id = $1";

const ASSET_NEXT: &str = "SELECT id FROM asset WHERE experiment_id = $1 LIMIT 1";

const ASSET_PARTS: [&str; 4] = [
    "DELETE FROM asset_tag WHERE asset_id = $1
        AND key IN (SELECT key FROM asset_tag WHERE asset_id = $1 LIMIT $2)",
    "DELETE FROM asset_param WHERE asset_id = $1
        AND key IN (SELECT key FROM asset_param WHERE asset_id = $1 LIMIT $2)",
    "DELETE FROM asset_metric WHERE asset_id = $1
        AND key IN (SELECT key FROM asset_metric WHERE asset_id = $1 LIMIT $2)",
    "DELETE FROM asset_use WHERE asset_id = $1
        AND run_id IN (SELECT run_id FROM asset_use WHERE asset_id = $1 LIMIT $2)",
];

const ASSET_REMOVE: &str = "DELETE FROM asset WHERE id = $1";

const EXPERIMENT_PARTS: [&str; 2] = [
    "DELETE FROM run_field WHERE experiment_id = $1
        AND key IN (SELECT key FROM run_field WHERE experiment_id = $1 LIMIT $2)",
    // What it was to open with goes with the view.
    "DELETE FROM saved_view WHERE id IN (SELECT id FROM saved_view WHERE experiment_id = $1 LIMIT $2)",
];

const EXPERIMENT_TAGS_REMOVE: &str = "DELETE FROM experiment_tag WHERE experiment_id = $1";

const EXPERIMENT_REMOVE: &str = "DELETE FROM experiment WHERE id = $1";

/// Removes some of an experiment. False when another server still removes runs of it.
async fn remove_experiment(tx: &mut Tx, id: i64, left: &mut Left) -> Result<bool> {
    let claimed: Option<(String,)> =
        on!(tx, c => sqlx::query_as(EXPERIMENT_CLAIM_RUN).bind(id).bind(0_i64).fetch_optional(c).await)?;
    if let Some((run_id,)) = claimed {
        remove_run(tx, &run_id, left).await?;
        return Ok(true);
    }
    let elsewhere: Option<(String,)> =
        on!(tx, c => sqlx::query_as(EXPERIMENT_HAS_RUN).bind(id).fetch_optional(c).await)?;
    if elsewhere.is_some() {
        return Ok(false);
    }
    let corrupt = |text: &str| crate::Error::Corrupt(format!("id {text}"));
    let trace: Option<(String,)> = on!(tx, c => sqlx::query_as(TRACE_NEXT).bind(id).fetch_optional(c).await)?;
    if let Some((trace,)) = trace {
        let owner = Owner::Trace(trace.parse::<TraceId>().map_err(|_| corrupt(&trace))?);
        if remove_parts(tx, &*trace, &TRACE_PARTS, left).await? && remove_files(tx, &owner, left).await? {
            on!(tx, c => sqlx::query(TRACE_REMOVE).bind(&trace).execute(c).await.map(drop))?;
            left.rows -= 1;
        }
        return Ok(true);
    }
    let asset: Option<(String,)> = on!(tx, c => sqlx::query_as(ASSET_NEXT).bind(id).fetch_optional(c).await)?;
    if let Some((asset,)) = asset {
        let owner = Owner::Asset(asset.parse::<AssetId>().map_err(|_| corrupt(&asset))?);
        if remove_parts(tx, &*asset, &ASSET_PARTS, left).await? && remove_files(tx, &owner, left).await? {
            on!(tx, c => sqlx::query(ASSET_REMOVE).bind(&asset).execute(c).await.map(drop))?;
            left.rows -= 1;
        }
        return Ok(true);
    }
    if !remove_parts(tx, id, &EXPERIMENT_PARTS, left).await? {
        return Ok(true);
    }
    // At most as many tags as an experiment may have.
    on!(tx, c => sqlx::query(EXPERIMENT_TAGS_REMOVE).bind(id).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(EXPERIMENT_REMOVE).bind(id).execute(c).await.map(drop))?;
    left.rows -= 1;
    Ok(true)
}
