//! Environments: what each run ran on, as the JSON that its client sent.

use crate::{Db, Error, Result, Tx, db::on};
use model::{RunId, UnixMillis, environment::Environment};

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
    let read = |(body,): (String,)| {
        serde_json::from_str(&body).map_err(|error| Error::Corrupt(format!("environment: {error}")))
    };
    row.map(read).transpose()
}
