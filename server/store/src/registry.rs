//! The model registry: registered models, their versions, tags and aliases.

use crate::{
    Db, Error, Result, Tx,
    db::{Conn, on},
    sql::{Statement, fetch_all},
    tag,
};
use model::{
    AssetId, RunId, Tags, UnixMillis, limits,
    registry::{
        ModelVersion, ModelVersionNew, ModelVersionSearch, ModelVersionUpdate, RegisteredModel,
        RegisteredModelNew, RegisteredModelSearch, RegisteredModelUpdate, Stage,
    },
};
use std::collections::{BTreeMap, HashMap};

const MODEL_ADD: &str = "
    INSERT INTO registered_model (name, description, last_version, created_at_ms, updated_at_ms)
    VALUES ($1, $2, 0, $3, $3)
    ON CONFLICT (name) DO NOTHING RETURNING id";

/// Adds a registered model with its tags; false when the name is taken.
pub async fn add(tx: &mut Tx, new: &RegisteredModelNew, now: UnixMillis) -> Result<bool> {
    let added: Option<(i64,)> = on!(tx, c => sqlx::query_as(MODEL_ADD)
        .bind(&new.name)
        .bind(&new.description)
        .bind(now.0)
        .fetch_optional(c)
        .await)?;
    let Some((id,)) = added else { return Ok(false) };
    put_tags(tx, MODEL_TAG_PUT, id, &new.tags).await?;
    Ok(true)
}

const MODEL_COUNT: &str = "SELECT COUNT(*) FROM registered_model";

pub async fn count(tx: &mut Tx) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(MODEL_COUNT).fetch_one(c).await)?;
    Ok(count)
}

const MODEL_TAG_PUT: &str = "
    INSERT INTO registered_model_tag (model_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value";

const VERSION_TAG_PUT: &str = "
    INSERT INTO model_version_tag (version_id, key, value) VALUES ($1, $2, $3)
    ON CONFLICT (version_id, key) DO UPDATE SET value = excluded.value";

async fn put_tags(tx: &mut Tx, statement: &'static str, id: i64, tags: &Tags) -> Result<()> {
    for (key, value) in &tags.0 {
        on!(tx, c => sqlx::query(statement).bind(id).bind(key).bind(value).execute(c).await.map(drop))?;
    }
    Ok(())
}

const MODEL_TAG_REMOVE: &str = "DELETE FROM registered_model_tag WHERE model_id = $1 AND key = $2";

const VERSION_TAG_REMOVE: &str = "DELETE FROM model_version_tag WHERE version_id = $1 AND key = $2";

async fn remove_tags(tx: &mut Tx, statement: &'static str, id: i64, keys: &[String]) -> Result<()> {
    for key in keys {
        on!(tx, c => sqlx::query(statement).bind(id).bind(key).execute(c).await.map(drop))?;
    }
    Ok(())
}

// Also where only tags or aliases change, so that changes of one registered model come one after the other.
const MODEL_UPDATE: &str = "
    UPDATE registered_model SET name = COALESCE($2, name), description = COALESCE($3, description),
        updated_at_ms = COALESCE($4, updated_at_ms)
    WHERE name = $1 RETURNING id";

/// Changes what the update names; false when there is no such model. Tags are labels and leave its time as it is.
/// [`Error::Unique`] when the new name is taken.
pub async fn update(
    tx: &mut Tx,
    name: &str,
    update: &RegisteredModelUpdate,
    now: UnixMillis,
) -> Result<bool> {
    let changed_at = (update.name.is_some() || update.description.is_some()).then_some(now.0);
    let found: Option<(i64,)> = on!(tx, c => sqlx::query_as(MODEL_UPDATE)
        .bind(name)
        .bind(&update.name)
        .bind(&update.description)
        .bind(changed_at)
        .fetch_optional(c)
        .await)?;
    let Some((id,)) = found else { return Ok(false) };
    remove_tags(tx, MODEL_TAG_REMOVE, id, &update.remove_tags).await?;
    put_tags(tx, MODEL_TAG_PUT, id, &update.put_tags).await?;
    Ok(true)
}

/// Holds a registered model until the transaction ends, and notes the time of a change if it is one.
async fn hold(tx: &mut Tx, name: &str, changed_at: Option<UnixMillis>) -> Result<Option<i64>> {
    let found: Option<(i64,)> = on!(tx, c => sqlx::query_as(MODEL_UPDATE)
        .bind(name)
        .bind(None::<String>)
        .bind(None::<String>)
        .bind(changed_at.map(|at| at.0))
        .fetch_optional(c)
        .await)?;
    Ok(found.map(|(id,)| id))
}

const MODEL_REMOVE: &str = "DELETE FROM registered_model WHERE name = $1";

/// Removes a registered model with all its versions, tags and aliases; false when there is none.
pub async fn remove(tx: &mut Tx, name: &str) -> Result<bool> {
    let removed = on!(tx, c => sqlx::query(MODEL_REMOVE)
        .bind(name)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}

const ALIAS_PUT: &str = "
    INSERT INTO model_alias (model_id, alias, version_id)
    SELECT model_id, $3, id FROM model_version WHERE model_id = $1 AND version = $2
    ON CONFLICT (model_id, alias) DO UPDATE SET version_id = excluded.version_id";

/// Makes an alias stand for a version, whatever it stood for before; false when there is no such version.
pub async fn put_alias(tx: &mut Tx, name: &str, alias: &str, version: i64) -> Result<bool> {
    let Some(id) = hold(tx, name, None).await? else { return Ok(false) };
    let put = on!(tx, c => sqlx::query(ALIAS_PUT)
        .bind(id)
        .bind(version)
        .bind(alias)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(put > 0)
}

const ALIAS_COUNT: &str = "
    SELECT COUNT(*) FROM model_alias JOIN registered_model ON registered_model.id = model_alias.model_id
    WHERE registered_model.name = $1";

pub async fn alias_count(tx: &mut Tx, name: &str) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(ALIAS_COUNT).bind(name).fetch_one(c).await)?;
    Ok(count)
}

const ALIAS_REMOVE: &str = "DELETE FROM model_alias WHERE model_id = $1 AND alias = $2";

/// Removes an alias if it is there; false when there is no such model.
pub async fn remove_alias(tx: &mut Tx, name: &str, alias: &str) -> Result<bool> {
    let Some(id) = hold(tx, name, None).await? else { return Ok(false) };
    on!(tx, c => sqlx::query(ALIAS_REMOVE).bind(id).bind(alias).execute(c).await.map(drop))?;
    Ok(true)
}

// The row is locked from here on: of two that come at once, the second counts on from the first.
const VERSION_NEXT: &str = "
    UPDATE registered_model SET last_version = last_version + 1, updated_at_ms = $2
    WHERE name = $1 RETURNING id, last_version";

const VERSION_ADD: &str = "
    INSERT INTO model_version (model_id, version, description, stage, source, location, run_id, run_link, asset_id,
        created_at_ms, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) RETURNING id";

/// Adds a version under the next number and answers that; none when there is no such model.
pub async fn add_version(tx: &mut Tx, new: &ModelVersionNew, now: UnixMillis) -> Result<Option<i64>> {
    let next: Option<(i64, i64)> =
        on!(tx, c => sqlx::query_as(VERSION_NEXT).bind(&new.name).bind(now.0).fetch_optional(c).await)?;
    let Some((model_id, version)) = next else { return Ok(None) };
    let (id,): (i64,) = on!(tx, c => sqlx::query_as(VERSION_ADD)
        .bind(model_id)
        .bind(version)
        .bind(&new.description)
        .bind(Stage::None.as_str())
        .bind(&new.source)
        .bind(&new.location)
        .bind(new.run_id.as_ref().map(RunId::as_str))
        .bind(&new.run_link)
        .bind(new.asset_id.as_ref().map(AssetId::as_str))
        .bind(now.0)
        .fetch_one(c)
        .await)?;
    put_tags(tx, VERSION_TAG_PUT, id, &new.tags).await?;
    Ok(Some(version))
}

const VERSION_COUNT: &str = "
    SELECT COUNT(*) FROM model_version JOIN registered_model ON registered_model.id = model_version.model_id
    WHERE registered_model.name = $1";

pub async fn version_count(tx: &mut Tx, name: &str) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(VERSION_COUNT).bind(name).fetch_one(c).await)?;
    Ok(count)
}

const VERSION_UPDATE: &str = "
    UPDATE model_version SET description = COALESCE($3, description), updated_at_ms = COALESCE($4, updated_at_ms)
    WHERE model_id = $1 AND version = $2 RETURNING id";

/// Changes what the update names; false when there is no such version.
pub async fn update_version(
    tx: &mut Tx,
    name: &str,
    version: i64,
    update: &ModelVersionUpdate,
    now: UnixMillis,
) -> Result<bool> {
    let Some(model_id) = hold(tx, name, None).await? else { return Ok(false) };
    let found: Option<(i64,)> = on!(tx, c => sqlx::query_as(VERSION_UPDATE)
        .bind(model_id)
        .bind(version)
        .bind(&update.description)
        .bind(update.description.as_ref().map(|_| now.0))
        .fetch_optional(c)
        .await)?;
    let Some((id,)) = found else { return Ok(false) };
    remove_tags(tx, VERSION_TAG_REMOVE, id, &update.remove_tags).await?;
    put_tags(tx, VERSION_TAG_PUT, id, &update.put_tags).await?;
    Ok(true)
}

const VERSION_STAGE: &str = "
    UPDATE model_version SET stage = $3, updated_at_ms = $4 WHERE model_id = $1 AND version = $2";

const VERSIONS_ARCHIVE: &str = "
    UPDATE model_version SET stage = $4, updated_at_ms = $5
    WHERE model_id = $1 AND stage = $3 AND version <> $2";

/// Puts a version into a stage, and archives the others that are in it if asked to; false when there is no such version.
pub async fn put_stage(
    tx: &mut Tx,
    name: &str,
    version: i64,
    stage: Stage,
    archive_others: bool,
    now: UnixMillis,
) -> Result<bool> {
    let Some(model_id) = hold(tx, name, Some(now)).await? else { return Ok(false) };
    let moved = on!(tx, c => sqlx::query(VERSION_STAGE)
        .bind(model_id)
        .bind(version)
        .bind(stage.as_str())
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if moved > 0 && archive_others {
        on!(tx, c => sqlx::query(VERSIONS_ARCHIVE)
            .bind(model_id)
            .bind(version)
            .bind(stage.as_str())
            .bind(Stage::Archived.as_str())
            .bind(now.0)
            .execute(c)
            .await
            .map(drop))?;
    }
    Ok(moved > 0)
}

const VERSION_REMOVE: &str = "DELETE FROM model_version WHERE model_id = $1 AND version = $2";

/// Removes a version with its tags and aliases; false when there is none.
pub async fn remove_version(tx: &mut Tx, name: &str, version: i64, now: UnixMillis) -> Result<bool> {
    let Some(model_id) = hold(tx, name, Some(now)).await? else { return Ok(false) };
    let removed = on!(tx, c => sqlx::query(VERSION_REMOVE)
        .bind(model_id)
        .bind(version)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(removed > 0)
}

/// Values that one statement binds: both databases take more.
const IDS_AT_ONCE: usize = 5_000;

#[derive(sqlx::FromRow)]
struct ModelRow {
    id: i64,
    name: String,
    description: String,
    created_at_ms: i64,
    updated_at_ms: i64,
}

pub async fn get(db: &Db, name: &str) -> Result<Option<RegisteredModel>> {
    let named = RegisteredModelSearch { name: Some(name.to_owned()) };
    Ok(search(db, &named).await?.pop())
}

/// All that the search asks for, in no order.
pub async fn search(db: &Db, search: &RegisteredModelSearch) -> Result<Vec<RegisteredModel>> {
    let mut statement = Statement::default();
    statement.push("SELECT id, name, description, created_at_ms, updated_at_ms FROM registered_model");
    if let Some(name) = &search.name {
        statement.push(" WHERE name = ").bind(name.as_str());
    }
    let mut conn = db.read().await?;
    let rows: Vec<ModelRow> = fetch_all!(conn, statement)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut tags =
        tags(&mut conn, "SELECT model_id, key, value FROM registered_model_tag WHERE model_id IN ", &ids)
            .await?;
    let mut aliases: HashMap<i64, BTreeMap<String, i64>> = HashMap::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let mut statement = Statement::default();
        statement.push(
            "SELECT model_alias.model_id, model_alias.alias, model_version.version
            FROM model_alias JOIN model_version ON model_version.id = model_alias.version_id
            WHERE model_alias.model_id IN ",
        );
        statement.bind_list(ids.iter().copied());
        let found: Vec<(i64, String, i64)> = fetch_all!(conn, statement)?;
        for (id, alias, version) in found {
            aliases.entry(id).or_default().insert(alias, version);
        }
    }
    let models = rows.into_iter().map(|row| RegisteredModel {
        name: row.name,
        description: row.description,
        tags: tags.remove(&row.id).unwrap_or_default(),
        aliases: aliases.remove(&row.id).unwrap_or_default(),
        created_at_ms: UnixMillis(row.created_at_ms),
        updated_at_ms: UnixMillis(row.updated_at_ms),
    });
    Ok(models.collect())
}

async fn tags(conn: &mut Conn, statement_head: &'static str, ids: &[i64]) -> Result<HashMap<i64, Tags>> {
    let mut tags = HashMap::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let mut statement = Statement::default();
        statement.push(statement_head).bind_list(ids.iter().copied());
        let found: Vec<(i64, String, String)> = fetch_all!(conn, statement)?;
        tags.extend(tag::group(found));
    }
    Ok(tags)
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    id: i64,
    name: String,
    version: i64,
    description: String,
    stage: String,
    source: String,
    location: String,
    run_id: Option<String>,
    run_link: String,
    asset_id: Option<String>,
    created_at_ms: i64,
    updated_at_ms: i64,
}

fn corrupt(text: &str) -> Error {
    Error::Corrupt(format!("model version {text}"))
}

impl VersionRow {
    fn into_version(self, tags: Tags, aliases: Vec<String>) -> Result<ModelVersion> {
        let run_id = self.run_id.map(|id| id.parse().map_err(|_| corrupt(&id))).transpose()?;
        let asset_id = self.asset_id.map(|id| id.parse().map_err(|_| corrupt(&id))).transpose()?;
        Ok(ModelVersion {
            name: self.name,
            version: self.version,
            description: self.description,
            stage: Stage::named(&self.stage).ok_or_else(|| corrupt(&self.stage))?,
            source: self.source,
            location: self.location,
            run_id,
            run_link: self.run_link,
            asset_id,
            tags,
            aliases,
            created_at_ms: UnixMillis(self.created_at_ms),
            updated_at_ms: UnixMillis(self.updated_at_ms),
        })
    }
}

const VERSION_COLUMNS: &str = "
    SELECT v.id, m.name, v.version, v.description, v.stage, v.source, v.location, v.run_id, v.run_link, v.asset_id,
        v.created_at_ms, v.updated_at_ms
    FROM model_version v JOIN registered_model m ON m.id = v.model_id ";

pub async fn version(db: &Db, name: &str, version: i64) -> Result<Option<ModelVersion>> {
    let search = ModelVersionSearch {
        name: Some(name.to_owned()),
        version: Some(version),
        ..ModelVersionSearch::default()
    };
    Ok(versions(db, &search).await?.pop())
}

/// What an alias stands for.
pub async fn version_by_alias(db: &Db, name: &str, alias: &str) -> Result<Option<ModelVersion>> {
    let mut statement = Statement::default();
    statement.push(VERSION_COLUMNS).push("JOIN model_alias a ON a.version_id = v.id WHERE m.name = ");
    statement.bind(name).push(" AND a.alias = ").bind(alias);
    Ok(fetch_versions(&mut db.read().await?, statement).await?.pop())
}

/// All that the search asks for, the one that changed last first; at most [`limits::MODEL_VERSIONS_FOUND_MAX`].
pub async fn versions(db: &Db, search: &ModelVersionSearch) -> Result<Vec<ModelVersion>> {
    let mut statement = Statement::default();
    statement.push(VERSION_COLUMNS);
    let mut joint = " WHERE ";
    if let Some(name) = &search.name {
        statement.push(joint).push("m.name = ").bind(name.as_str());
        joint = " AND ";
    }
    if let Some(version) = search.version {
        statement.push(joint).push("v.version = ").bind(version);
        joint = " AND ";
    }
    if let Some(run_id) = &search.run_id {
        statement.push(joint).push("v.run_id = ").bind(run_id.as_str());
    }
    statement.push(" ORDER BY v.updated_at_ms DESC, v.id DESC LIMIT ").bind(limits::MODEL_VERSIONS_FOUND_MAX);
    fetch_versions(&mut db.read().await?, statement).await
}

/// The newest version in each stage of these registered models.
pub async fn latest(db: &Db, names: &[&str]) -> Result<Vec<ModelVersion>> {
    let mut conn = db.read().await?;
    let mut latest = Vec::new();
    for names in names.chunks(IDS_AT_ONCE) {
        let mut statement = Statement::default();
        statement.push(VERSION_COLUMNS).push("WHERE m.name IN ").bind_list(names.iter().copied());
        statement.push(
            " AND NOT EXISTS (SELECT 1 FROM model_version newer
                WHERE newer.model_id = v.model_id AND newer.stage = v.stage AND newer.version > v.version)
            ORDER BY m.name, v.version",
        );
        latest.extend(fetch_versions(&mut conn, statement).await?);
    }
    Ok(latest)
}

async fn fetch_versions(conn: &mut Conn, statement: Statement) -> Result<Vec<ModelVersion>> {
    let rows: Vec<VersionRow> = fetch_all!(conn, statement)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut tags =
        tags(conn, "SELECT version_id, key, value FROM model_version_tag WHERE version_id IN ", &ids).await?;
    let mut aliases: HashMap<i64, Vec<String>> = HashMap::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let mut statement = Statement::default();
        statement.push("SELECT version_id, alias FROM model_alias WHERE version_id IN ");
        statement.bind_list(ids.iter().copied()).push(" ORDER BY alias");
        let found: Vec<(i64, String)> = fetch_all!(conn, statement)?;
        for (id, alias) in found {
            aliases.entry(id).or_default().push(alias);
        }
    }
    let versions = rows.into_iter().map(|row| {
        let tags = tags.remove(&row.id).unwrap_or_default();
        let aliases = aliases.remove(&row.id).unwrap_or_default();
        row.into_version(tags, aliases)
    });
    versions.collect()
}
