//! Environments: what each run ran on, as the JSON that its client sent.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    sql::{Statement, fetch_all},
};
use model::{RunId, UnixMillis, environment::Environment};
use std::collections::HashMap;

const ENVIRONMENT_PUT: &str = "
    INSERT INTO environment (run_id, body, updated_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (run_id) DO UPDATE SET body = excluded.body, updated_at_ms = excluded.updated_at_ms";

/// Makes this JSON the environment of a run.
pub async fn put(tx: &mut Tx, run_id: &RunId, json: &str, now: UnixMillis) -> Result<()> {
    on!(tx, c => sqlx::query(ENVIRONMENT_PUT).bind(run_id.as_str()).bind(json).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

const ENVIRONMENT_GET: &str = "SELECT body FROM environment WHERE run_id = $1";

pub async fn get(db: &Db, run_id: &RunId) -> Result<Option<Environment>> {
    let mut conn = db.read().await?;
    let row: Option<(String,)> =
        on!(conn, c => sqlx::query_as(ENVIRONMENT_GET).bind(run_id.as_str()).fetch_optional(c).await)?;
    row.map(|(body,)| read(&body)).transpose()
}

/// The environments of several runs, by run; at most as many runs as can be compared.
pub async fn of_runs(db: &Db, run_ids: &[RunId]) -> Result<HashMap<String, Environment>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement.push("SELECT run_id, body FROM environment WHERE run_id IN ");
    statement.bind_list(run_ids.iter().map(RunId::as_str));
    let rows: Vec<(String, String)> = fetch_all!(conn, statement)?;
    rows.into_iter().map(|(run_id, body)| Ok((run_id, read(&body)?))).collect()
}

fn read(body: &str) -> Result<Environment> {
    serde_json::from_str(body).map_err(|error| Error::Corrupt(format!("environment: {error}")))
}
