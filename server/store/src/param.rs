//! Params of runs, typed.

use crate::{
    Db, Error, Keys, Result, Tx,
    db::on,
    rows::{Column, Rows},
    run_field,
    sql::{Statement, fetch_all},
};
use model::{
    RunId,
    param::{Param, ParamValue},
};
use std::collections::{BTreeMap, HashMap};

const PARAM_PUT: &str = "
    INSERT INTO param (run_id, key, kind, value, number)
    SELECT v.run_id, v.key, v.kind, v.value, v.number FROM v WHERE 1 = 1
    ON CONFLICT (run_id, key) DO UPDATE SET kind = excluded.kind, value = excluded.value, number = excluded.number";

/// Adds params to a run; a key that is there takes the new value.
pub async fn put(tx: &mut Tx, run_id: &str, params: &BTreeMap<String, ParamValue>) -> Result<()> {
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

/// Those of these params that a run has, as the transaction sees them.
pub async fn of_keys<'a>(
    tx: &mut Tx,
    run_id: &str,
    keys: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<String, ParamValue>> {
    let mut query = Statement::default();
    query.push("SELECT key, kind, value FROM param WHERE run_id = ").bind(run_id);
    query.push(" AND key IN ").bind_list(keys.map(String::as_str));
    let rows: Vec<(String, String, String)> = fetch_all!(tx, query)?;
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
