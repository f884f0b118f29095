//! Assets: datasets and models with their tags, params and metrics, and which runs read or wrote them.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    sql::{Statement, fetch_all},
    tag,
};
use model::{
    AssetId, ExperimentId, Float64, RunId, Tags, UnixMillis,
    asset::{
        Access, Asset, AssetKind, AssetMetric, AssetSearch, AssetStatus, AssetUpdate, AssetUse, DatasetNew,
        DatasetUse,
    },
    run::Trash,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    experiment_id: i64,
    kind: String,
    name: String,
    digest: String,
    format: String,
    status: String,
    status_message: String,
    source: String,
    schema: String,
    profile: String,
    source_run_id: Option<String>,
    created_at_ms: i64,
    updated_at_ms: i64,
    trashed_at_ms: Option<i64>,
}

fn corrupt(what: &str, text: &str) -> Error {
    Error::Corrupt(format!("asset {what} {text}"))
}

impl Row {
    fn into_asset(self, tags: Tags, params: BTreeMap<String, String>) -> Result<Asset> {
        let run_id = self.source_run_id.map(|id| id.parse().map_err(|_| corrupt("run", &id))).transpose()?;
        Ok(Asset {
            id: self.id.parse().map_err(|_| corrupt("id", &self.id))?,
            experiment_id: ExperimentId(self.experiment_id),
            kind: AssetKind::named(&self.kind).ok_or_else(|| corrupt("kind", &self.kind))?,
            name: self.name,
            digest: self.digest,
            format: self.format,
            status: AssetStatus::named(&self.status).ok_or_else(|| corrupt("status", &self.status))?,
            status_message: self.status_message,
            source: self.source,
            schema: self.schema,
            profile: self.profile,
            source_run_id: run_id,
            tags,
            params,
            created_at_ms: UnixMillis(self.created_at_ms),
            updated_at_ms: UnixMillis(self.updated_at_ms),
            trashed_at_ms: self.trashed_at_ms.map(UnixMillis),
        })
    }
}

const ASSET_ADD: &str = "
    INSERT INTO asset (id, experiment_id, kind, name, digest, format, status, status_message, source, schema, profile,
        source_run_id, created_at_ms, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";

/// Adds a new asset with its tags and params.
pub async fn add(tx: &mut Tx, asset: &Asset) -> Result<()> {
    on!(tx, c => sqlx::query(ASSET_ADD)
        .bind(asset.id.as_str())
        .bind(asset.experiment_id.0)
        .bind(asset.kind.as_str())
        .bind(&asset.name)
        .bind(&asset.digest)
        .bind(&asset.format)
        .bind(asset.status.as_str())
        .bind(&asset.status_message)
        .bind(&asset.source)
        .bind(&asset.schema)
        .bind(&asset.profile)
        .bind(asset.source_run_id.as_ref().map(RunId::as_str))
        .bind(asset.created_at_ms.0)
        .execute(c)
        .await
        .map(drop))?;
    put_tags(tx, &asset.id, &asset.tags).await?;
    put_params(tx, &asset.id, &asset.params).await
}

const DATASET_ENSURE: &str = "
    INSERT INTO asset (id, experiment_id, kind, name, digest, format, status, status_message, source, schema, profile,
        created_at_ms, updated_at_ms)
    VALUES ($1, $2, 'dataset', $3, $4, $5, 'ready', '', $6, $7, $8, $9, $9)
    ON CONFLICT (experiment_id, name, digest) WHERE kind = 'dataset' DO NOTHING";

const DATASET_FIND: &str = "
    SELECT id FROM asset WHERE kind = 'dataset' AND experiment_id = $1 AND name = $2 AND digest = $3";

/// The dataset of this name and digest in an experiment, made with this id when there is none.
pub async fn ensure_dataset(
    tx: &mut Tx,
    id: &AssetId,
    experiment_id: ExperimentId,
    new: &DatasetNew,
    now: UnixMillis,
) -> Result<AssetId> {
    on!(tx, c => sqlx::query(DATASET_ENSURE)
        .bind(id.as_str())
        .bind(experiment_id.0)
        .bind(&new.name)
        .bind(&new.digest)
        .bind(&new.format)
        .bind(&new.source)
        .bind(&new.schema)
        .bind(&new.profile)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    let (found,): (String,) = on!(tx, c => sqlx::query_as(DATASET_FIND)
        .bind(experiment_id.0)
        .bind(&new.name)
        .bind(&new.digest)
        .fetch_one(c)
        .await)?;
    found.parse().map_err(|_| corrupt("id", &found))
}

const ASSET_TAG_PUT: &str = "
    INSERT INTO asset_tag (asset_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (asset_id, key) DO UPDATE SET value = excluded.value";

async fn put_tags(tx: &mut Tx, id: &AssetId, tags: &Tags) -> Result<()> {
    for (key, value) in &tags.0 {
        on!(tx, c => sqlx::query(ASSET_TAG_PUT).bind(id.as_str()).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    Ok(())
}

const ASSET_PARAM_PUT: &str = "
    INSERT INTO asset_param (asset_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (asset_id, key) DO UPDATE SET value = excluded.value";

async fn put_params(tx: &mut Tx, id: &AssetId, params: &BTreeMap<String, String>) -> Result<()> {
    for (key, value) in params {
        on!(tx, c => sqlx::query(ASSET_PARAM_PUT).bind(id.as_str()).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    Ok(())
}

const ASSET_TAG_REMOVE: &str = "DELETE FROM asset_tag WHERE asset_id = $1 AND key = $2";

const ASSET_UPDATE: &str = "
    UPDATE asset SET status = COALESCE($2, status), status_message = COALESCE($3, status_message), updated_at_ms = $4
    WHERE id = $1";

const ASSET_TRASH: &str = "UPDATE asset SET trashed_at_ms = $2 WHERE id = $1";

/// Changes what the update names; false when there is no such asset.
pub async fn update(tx: &mut Tx, id: &AssetId, update: &AssetUpdate, now: UnixMillis) -> Result<bool> {
    let changed = on!(tx, c => sqlx::query(ASSET_UPDATE)
        .bind(id.as_str())
        .bind(update.status.map(AssetStatus::as_str))
        .bind(&update.status_message)
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if changed == 0 {
        return Ok(false);
    }
    if let Some(trashed) = update.trashed {
        let at = trashed.then_some(now.0);
        on!(tx, c => sqlx::query(ASSET_TRASH).bind(id.as_str()).bind(at).execute(c).await.map(drop))?;
    }
    for key in &update.remove_tags {
        on!(tx, c => sqlx::query(ASSET_TAG_REMOVE).bind(id.as_str()).bind(key).execute(c).await.map(drop))?;
    }
    put_tags(tx, id, &update.put_tags).await?;
    put_params(tx, id, &update.put_params).await?;
    Ok(true)
}

const COLUMNS: &str = "
    SELECT id, experiment_id, kind, name, digest, format, status, status_message, source, schema, profile, source_run_id,
        created_at_ms, updated_at_ms, trashed_at_ms
    FROM asset WHERE experiment_id NOT IN (SELECT id FROM experiment WHERE purged_at_ms IS NOT NULL) AND ";

pub async fn get(db: &Db, id: &AssetId) -> Result<Option<Asset>> {
    Ok(of_ids(db, [id.as_str()]).await?.pop())
}

async fn of_ids(db: &Db, ids: impl IntoIterator<Item = &str>) -> Result<Vec<Asset>> {
    let mut statement = Statement::default();
    statement.push(COLUMNS).push("id IN ").bind_list(ids);
    fetch(db, statement).await
}

/// All that the search asks for, in no order.
pub async fn search(db: &Db, search: &AssetSearch) -> Result<Vec<Asset>> {
    let mut statement = Statement::default();
    statement.push(COLUMNS).push("kind = ").bind(search.kind.as_str());
    statement.push(" AND experiment_id IN ").bind_list(search.experiment_ids.iter().map(|id| id.0));
    statement.push(match search.trash {
        Trash::Without => " AND trashed_at_ms IS NULL",
        Trash::Only => " AND trashed_at_ms IS NOT NULL",
        Trash::With => "",
    });
    if let Some(name) = &search.name {
        statement.push(" AND name = ").bind(name.as_str());
    }
    fetch(db, statement).await
}

/// Values that one statement binds: both databases take more.
const IDS_AT_ONCE: usize = 5_000;

async fn fetch(db: &Db, statement: Statement) -> Result<Vec<Asset>> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    let (mut tags, mut params) = (HashMap::new(), HashMap::new());
    for rows in rows.chunks(IDS_AT_ONCE) {
        for (table, found) in [
            ("SELECT asset_id, key, value FROM asset_tag WHERE asset_id IN ", &mut tags),
            ("SELECT asset_id, key, value FROM asset_param WHERE asset_id IN ", &mut params),
        ] {
            let mut statement = Statement::default();
            statement.push(table).bind_list(rows.iter().map(|row| row.id.as_str()));
            let pairs: Vec<(String, String, String)> = fetch_all!(conn, statement)?;
            found.extend(tag::group(pairs));
        }
    }
    let assets = rows.into_iter().map(|row| {
        let tags = tags.remove(&row.id).unwrap_or_default();
        let params: Tags = params.remove(&row.id).unwrap_or_default();
        row.into_asset(tags, params.0)
    });
    assets.collect()
}

const USE_ADD: &str = "
    INSERT INTO asset_use (run_id, asset_id, access, context, step, tags, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (run_id, asset_id, access) DO NOTHING";

/// A use as it is noted: what was noted first stays.
#[derive(Debug)]
pub struct UseRecord<'a> {
    pub run_id: &'a RunId,
    pub asset_id: &'a AssetId,
    pub access: Access,
    pub context: &'a str,
    pub step: i64,
    pub tags: &'a Tags,
}

pub async fn add_use(tx: &mut Tx, record: &UseRecord<'_>, now: UnixMillis) -> Result<()> {
    let tags = serde_json::to_string(record.tags).expect("tags are JSON");
    on!(tx, c => sqlx::query(USE_ADD)
        .bind(record.run_id.as_str())
        .bind(record.asset_id.as_str())
        .bind(record.access.as_str())
        .bind(record.context)
        .bind(record.step)
        .bind(tags)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const USE_COUNT: &str = "SELECT COUNT(*) FROM asset_use WHERE run_id = $1";

pub async fn use_count(tx: &mut Tx, run_id: &RunId) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(USE_COUNT).bind(run_id.as_str()).fetch_one(c).await)?;
    Ok(count)
}

#[derive(sqlx::FromRow)]
struct UseRow {
    run_id: String,
    asset_id: String,
    access: String,
    context: String,
    step: i64,
    tags: String,
}

/// What these runs read and wrote, by run, in the order in which it was noted.
pub async fn uses_of_runs(db: &Db, run_ids: &[RunId]) -> Result<HashMap<String, Vec<AssetUse>>> {
    let mut rows: Vec<UseRow> = Vec::new();
    {
        let mut conn = db.read().await?;
        for run_ids in run_ids.chunks(IDS_AT_ONCE) {
            let mut statement = Statement::default();
            statement
                .push("SELECT run_id, asset_id, access, context, step, tags FROM asset_use WHERE run_id IN ");
            statement.bind_list(run_ids.iter().map(RunId::as_str));
            statement.push(" ORDER BY run_id, created_at_ms, asset_id");
            rows.extend(fetch_all!(conn, statement)?);
        }
    }
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut assets: HashMap<String, Arc<Asset>> = HashMap::new();
    let mut ids: Vec<&str> = rows.iter().map(|row| row.asset_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let found = of_ids(db, ids.iter().copied()).await?;
        assets.extend(found.into_iter().map(|asset| (asset.id.to_string(), Arc::new(asset))));
    }
    let mut uses: HashMap<String, Vec<AssetUse>> = HashMap::new();
    for row in rows {
        let Some(asset) = assets.get(&row.asset_id).cloned() else { continue };
        uses.entry(row.run_id).or_default().push(AssetUse {
            asset,
            access: Access::named(&row.access).ok_or_else(|| corrupt("access", &row.access))?,
            context: row.context,
            step: row.step,
            tags: serde_json::from_str(&row.tags).map_err(|error| corrupt("tags", &error.to_string()))?,
        });
    }
    Ok(uses)
}

/// Which datasets the runs of these experiments read and what for, each once: at most so many.
pub async fn dataset_uses(db: &Db, experiment_ids: &[ExperimentId], limit: i64) -> Result<Vec<DatasetUse>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement.push(
        "SELECT DISTINCT asset.experiment_id, asset.name, asset.digest, asset_use.context
        FROM asset JOIN asset_use ON asset_use.asset_id = asset.id
        WHERE asset.kind = 'dataset'
            AND asset.experiment_id NOT IN (SELECT id FROM experiment WHERE purged_at_ms IS NOT NULL)
            AND asset.experiment_id IN ",
    );
    statement.bind_list(experiment_ids.iter().map(|id| id.0));
    statement.push(" ORDER BY 1, 2, 3, 4 LIMIT ").bind(limit);
    let rows: Vec<(i64, String, String, String)> = fetch_all!(conn, statement)?;
    let found = rows.into_iter().map(|(experiment, name, digest, context)| DatasetUse {
        experiment_id: ExperimentId(experiment),
        name,
        digest,
        context,
    });
    Ok(found.collect())
}

// The latest by step, and of one step the one that came last.
const METRIC_PUT: &str = "
    INSERT INTO asset_metric (asset_id, key, dataset_name, dataset_digest, run_id, step, time_ms, value_bits)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (asset_id, key, dataset_name, dataset_digest, run_id) DO UPDATE SET
        step = excluded.step, time_ms = excluded.time_ms, value_bits = excluded.value_bits
    WHERE asset_metric.step <= excluded.step";

/// Notes a value of a model's metric, unless one of a later step is there.
pub async fn put_metric(tx: &mut Tx, id: &AssetId, metric: &AssetMetric) -> Result<()> {
    on!(tx, c => sqlx::query(METRIC_PUT)
        .bind(id.as_str())
        .bind(&metric.key)
        .bind(&metric.dataset_name)
        .bind(&metric.dataset_digest)
        .bind(metric.run_id.as_str())
        .bind(metric.step)
        .bind(metric.time_ms.0)
        .bind(metric.value.0.to_bits().cast_signed())
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const METRIC_COUNT: &str = "SELECT COUNT(*) FROM asset_metric WHERE asset_id = $1";

pub async fn metric_count(tx: &mut Tx, id: &AssetId) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(METRIC_COUNT).bind(id.as_str()).fetch_one(c).await)?;
    Ok(count)
}

#[derive(sqlx::FromRow)]
struct MetricRow {
    asset_id: String,
    key: String,
    dataset_name: String,
    dataset_digest: String,
    run_id: String,
    step: i64,
    time_ms: i64,
    value_bits: i64,
}

/// The metrics of these models, in order of key and dataset.
pub async fn metrics(db: &Db, ids: &[AssetId]) -> Result<HashMap<AssetId, Vec<AssetMetric>>> {
    let mut conn = db.read().await?;
    let mut found: HashMap<AssetId, Vec<AssetMetric>> = HashMap::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let mut statement = Statement::default();
        statement.push(
            "SELECT asset_id, key, dataset_name, dataset_digest, run_id, step, time_ms, value_bits
            FROM asset_metric WHERE asset_id IN ",
        );
        statement.bind_list(ids.iter().map(AssetId::as_str));
        statement.push(" ORDER BY asset_id, key, dataset_name, dataset_digest, run_id");
        let rows: Vec<MetricRow> = fetch_all!(conn, statement)?;
        for row in rows {
            let id: AssetId = row.asset_id.parse().map_err(|_| corrupt("id", &row.asset_id))?;
            found.entry(id).or_default().push(AssetMetric {
                key: row.key,
                dataset_name: row.dataset_name,
                dataset_digest: row.dataset_digest,
                run_id: row.run_id.parse().map_err(|_| corrupt("run", &row.run_id))?,
                step: row.step,
                time_ms: UnixMillis(row.time_ms),
                value: Float64(f64::from_bits(row.value_bits.cast_unsigned())),
            });
        }
    }
    Ok(found)
}
