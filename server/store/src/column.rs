//! Single fields of an experiment's runs, of all of them or of those that changed lately: what the engine's run index is
//! filled from.

use crate::{Db, Result, db::on};
use model::{ExperimentId, UnixMillis, query::Stat};

/// What every run has by itself.
#[derive(Debug, sqlx::FromRow)]
pub struct Head {
    pub id: String,
    pub parent_id: Option<String>,
    pub number: i64,
    pub name: String,
    pub name_folded: String,
    pub status: String,
    pub user_name: String,
    pub created_at_ms: i64,
    pub started_at_ms: Option<i64>,
    pub ended_at_ms: Option<i64>,
    pub updated_at_ms: i64,
    pub trashed_at_ms: Option<i64>,
}

const TRASHED: &str = "SELECT trashed_at_ms FROM experiment WHERE id = $1";

/// Whether the experiment lies in the trash, and its runs with it. False when there is none.
pub async fn experiment_is_trashed(db: &Db, experiment_id: ExperimentId) -> Result<bool> {
    let mut conn = db.read().await?;
    let row: Option<(Option<i64>,)> =
        on!(conn, c => sqlx::query_as(TRASHED).bind(experiment_id.0).fetch_optional(c).await)?;
    Ok(row.is_some_and(|(at,)| at.is_some()))
}

const HEADS: &str = "
    SELECT id, parent_id, number, name, name_folded, status, user_name, created_at_ms, started_at_ms, ended_at_ms,
        updated_at_ms, trashed_at_ms
    FROM run WHERE experiment_id = $1 AND updated_at_ms >= $2";

/// The runs of an experiment that changed at this time or later, in no order.
pub async fn heads(db: &Db, experiment_id: ExperimentId, since: UnixMillis) -> Result<Vec<Head>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(HEADS).bind(experiment_id.0).bind(since.0).fetch_all(c).await)?)
}

macro_rules! of_series {
    ($value:literal) => {
        concat!(
            "SELECT run.id, CASE WHEN s.kind = 'number' THEN s.",
            $value,
            " END FROM run JOIN series s ON s.run_id = run.id AND s.key = $3 AND s.context = ''
            WHERE run.experiment_id = $1 AND run.updated_at_ms >= $2"
        )
    };
}

const LAST_BITS: &str = of_series!("last_bits");
const MIN_VALUES: &str = of_series!("min_value");
const MAX_VALUES: &str = of_series!("max_value");
const MEAN_VALUES: &str = of_series!("mean_value");

/// One number of a metric without context, by run; none where the series has no such number.
pub async fn metric(
    db: &Db,
    experiment_id: ExperimentId,
    since: UnixMillis,
    key: &str,
    stat: Stat,
) -> Result<Vec<(String, Option<f64>)>> {
    let mut conn = db.read().await?;
    let statement = match stat {
        Stat::Last => {
            let rows: Vec<(String, Option<i64>)> = on!(conn, c => sqlx::query_as(LAST_BITS)
                .bind(experiment_id.0).bind(since.0).bind(key).fetch_all(c).await)?;
            let number = |bits: i64| f64::from_bits(bits.cast_unsigned());
            return Ok(rows.into_iter().map(|(id, bits)| (id, bits.map(number))).collect());
        }
        Stat::Min => MIN_VALUES,
        Stat::Max => MAX_VALUES,
        Stat::Mean => MEAN_VALUES,
    };
    Ok(on!(conn, c => sqlx::query_as(statement)
        .bind(experiment_id.0).bind(since.0).bind(key).fetch_all(c).await)?)
}

const PARAMS: &str = "
    SELECT run.id, param.value, param.number FROM run JOIN param ON param.run_id = run.id AND param.key = $3
    WHERE run.experiment_id = $1 AND run.updated_at_ms >= $2";

/// One param by run: its text, and the finite number behind it.
pub async fn param(
    db: &Db,
    experiment_id: ExperimentId,
    since: UnixMillis,
    key: &str,
) -> Result<Vec<(String, String, Option<f64>)>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(PARAMS)
        .bind(experiment_id.0).bind(since.0).bind(key).fetch_all(c).await)?)
}

const TAGS: &str = "
    SELECT run.id, run_tag.value FROM run JOIN run_tag ON run_tag.run_id = run.id AND run_tag.key = $3
    WHERE run.experiment_id = $1 AND run.updated_at_ms >= $2";

/// One tag by run.
pub async fn tag(
    db: &Db,
    experiment_id: ExperimentId,
    since: UnixMillis,
    key: &str,
) -> Result<Vec<(String, String)>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(TAGS)
        .bind(experiment_id.0).bind(since.0).bind(key).fetch_all(c).await)?)
}
