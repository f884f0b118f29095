//! Params of runs, typed.

use crate::{
    Db, Error, Keys, Result, Tx,
    db::on,
    rows::{Column, Rows},
    run_field,
    sql::{Statement, fetch_all},
};
use model::{
    RunId, UnixMillis, limits,
    param::{Param, ParamChange, ParamValue},
};
use std::collections::{BTreeMap, HashMap};

const PARAM_PUT: &str = "
    INSERT INTO param (run_id, key, kind, value, number)
    SELECT v.run_id, v.key, v.kind, v.value, v.number FROM v WHERE 1 = 1
    ON CONFLICT (run_id, key) DO UPDATE SET kind = excluded.kind, value = excluded.value, number = excluded.number";

/// Adds params to a run; a key that is there takes the new value, and what it was is kept as a change.
pub async fn put(
    tx: &mut Tx,
    run_id: &str,
    params: &BTreeMap<String, ParamValue>,
    now: UnixMillis,
) -> Result<()> {
    note_changes(tx, run_id, params, now).await?;
    let texts = |text: fn((&String, &ParamValue)) -> String| Column::Text(params.iter().map(text).collect());
    Rows::default()
        .with("run_id", Column::Text(vec![run_id.to_owned(); params.len()]))
        .with("key", texts(|(key, _)| key.clone()))
        .with("kind", texts(|(_, value)| value.kind().to_owned()))
        .with("value", texts(|(_, value)| value.to_string()))
        .with("number", Column::OptFloat(params.values().map(ParamValue::number).collect()))
        .execute(tx, PARAM_PUT)
        .await?;
    let noted = params.keys().map(|key| (run_id.to_owned(), key.clone())).collect();
    run_field::note(tx, run_field::Kind::Param, noted).await
}

const CHANGE_ADD: &str = "
    INSERT INTO param_change (run_id, place, key, kind, value, until_ms)
    SELECT v.run_id, v.place, v.key, v.kind, v.value, v.now FROM v";

const CHANGE_LAST: &str = "SELECT COALESCE(MAX(place), 0) FROM param_change WHERE run_id = $1";

const CHANGE_TRIM: &str = "DELETE FROM param_change WHERE run_id = $1 AND place <= $2";

/// Keeps what those of these params were that are about to become something else.
async fn note_changes(
    tx: &mut Tx,
    run_id: &str,
    params: &BTreeMap<String, ParamValue>,
    now: UnixMillis,
) -> Result<()> {
    let mut former = of_keys(tx, run_id, params.keys()).await?;
    // As they are stored: NaN is the same as NaN.
    former.retain(|key, value| {
        let new = &params[key];
        (new.kind(), new.to_string()) != (value.kind(), value.to_string())
    });
    if former.is_empty() {
        return Ok(());
    }
    let (last,): (i64,) = on!(tx, c => sqlx::query_as(CHANGE_LAST).bind(run_id).fetch_one(c).await)?;
    let count = former.len();
    let texts = |text: fn((&String, &ParamValue)) -> String| Column::Text(former.iter().map(text).collect());
    Rows::default()
        .with("run_id", Column::Text(vec![run_id.to_owned(); count]))
        .with("place", Column::Int((1..=count as i64).map(|place| last + place).collect()))
        .with("key", texts(|(key, _)| key.clone()))
        .with("kind", texts(|(_, value)| value.kind().to_owned()))
        .with("value", texts(|(_, value)| value.to_string()))
        .with("now", Column::Int(vec![now.0; count]))
        .execute(tx, CHANGE_ADD)
        .await?;
    let gone = last + count as i64 - limits::PARAM_CHANGES_MAX;
    if gone > 0 {
        on!(tx, c => sqlx::query(CHANGE_TRIM).bind(run_id).bind(gone).execute(c).await.map(drop))?;
    }
    Ok(())
}

const CHANGE_LIST: &str =
    "SELECT key, kind, value, until_ms FROM param_change WHERE run_id = $1 ORDER BY place DESC";

/// What params of a run were before, the newest change first.
pub async fn changes(db: &Db, run_id: &RunId) -> Result<Vec<ParamChange>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String, String, String, i64)> =
        on!(conn, c => sqlx::query_as(CHANGE_LIST).bind(run_id.as_str()).fetch_all(c).await)?;
    let change = |(key, kind, value, until): (String, String, String, i64)| {
        Ok(ParamChange { value: read(&key, &kind, &value)?, key, until_ms: UnixMillis(until) })
    };
    rows.into_iter().map(change).collect()
}

const PARAM_OF_KEYS: &str = "
    SELECT param.key, param.kind, param.value FROM v
    JOIN param ON param.run_id = v.run_id AND param.key = v.key";

/// Those of these params that a run has, as the transaction sees them.
pub async fn of_keys<'a>(
    tx: &mut Tx,
    run_id: &str,
    keys: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<String, ParamValue>> {
    let keys: Vec<String> = keys.cloned().collect();
    let rows: Vec<(String, String, String)> = Rows::default()
        .with("run_id", Column::Text(vec![run_id.to_owned(); keys.len()]))
        .with("key", Column::Text(keys))
        .fetch(tx, PARAM_OF_KEYS)
        .await?;
    rows.into_iter().map(|(key, kind, value)| Ok((key.clone(), read(&key, &kind, &value)?))).collect()
}

const PARAM_COUNT: &str = "SELECT COUNT(*) FROM param WHERE run_id = $1";

pub async fn count(tx: &mut Tx, run_id: &str) -> Result<i64> {
    let (count,): (i64,) = on!(tx, c => sqlx::query_as(PARAM_COUNT).bind(run_id).fetch_one(c).await)?;
    Ok(count)
}

const PARAM_LIST: &str = "SELECT key, kind, value FROM param WHERE run_id = $1 ORDER BY key";

pub async fn list(db: &Db, run_id: &RunId) -> Result<Vec<Param>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String, String, String)> =
        on!(conn, c => sqlx::query_as(PARAM_LIST).bind(run_id.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(|(key, kind, value)| Ok(Param { value: read(&key, &kind, &value)?, key })).collect()
}

/// These params of several runs.
pub async fn of_runs(
    db: &Db,
    run_ids: &[RunId],
    keys: Keys<'_>,
) -> Result<HashMap<String, BTreeMap<String, ParamValue>>> {
    let mut conn = db.read().await?;
    let mut query = Statement::default();
    let ids = || run_ids.iter().map(RunId::as_str);
    query.push("SELECT run_id, key, kind, value FROM param WHERE run_id IN ").bind_list(ids());
    match keys {
        Keys::All => {}
        Keys::These(keys) => {
            query.push(" AND key IN ").bind_list(keys.iter().copied());
        }
        Keys::Most(most) => {
            query.push(" AND key IN (SELECT key FROM param WHERE run_id IN ").bind_list(ids());
            query.push(" GROUP BY key ORDER BY COUNT(*) DESC, key LIMIT ").bind(most).push(")");
        }
    }
    let rows: Vec<(String, String, String, String)> = fetch_all!(conn, query)?;
    let mut params: HashMap<String, BTreeMap<String, ParamValue>> = HashMap::new();
    for (run_id, key, kind, value) in rows {
        let value = read(&key, &kind, &value)?;
        params.entry(run_id).or_default().insert(key, value);
    }
    Ok(params)
}

/// Which kinds of value each of these params has in several runs.
pub async fn kinds_of_runs(db: &Db, run_ids: &[RunId], keys: Keys<'_>) -> Result<Vec<(String, String)>> {
    let mut query = Statement::default();
    query.push("SELECT DISTINCT key, kind FROM param WHERE run_id IN ");
    query.bind_list(run_ids.iter().map(RunId::as_str));
    if let Keys::These(keys) = keys {
        query.push(" AND key IN ").bind_list(keys.iter().copied());
    }
    let mut conn = db.read().await?;
    Ok(fetch_all!(conn, query)?)
}

fn read(key: &str, kind: &str, value: &str) -> Result<ParamValue> {
    ParamValue::from_stored(kind, value)
        .ok_or_else(|| Error::Corrupt(format!("param \"{key}\" is not of its kind {kind}")))
}
