//! Single fields of an experiment's runs, of all of them or of those that changed lately: what the engine's run index is
//! filled from.

use crate::{
    Db, Result,
    db::on,
    sql::{Statement, fetch_all},
};
use model::{ExperimentId, RunId, UnixMillis, query::Stat};

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

/// Which runs of an experiment.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// Those that changed at this time or later.
    Since(UnixMillis),
    /// These; at most some thousands.
    These(&'a [RunId]),
}

impl Which<'_> {
    fn push(self, statement: &mut Statement, experiment_id: ExperimentId) {
        statement.push(" WHERE run.purged_at_ms IS NULL AND run.experiment_id = ").bind(experiment_id.0);
        match self {
            Self::Since(time) => statement.push(" AND run.updated_at_ms >= ").bind(time.0),
            Self::These(ids) => statement.push(" AND run.id IN ").bind_list(ids.iter().map(RunId::as_str)),
        };
    }
}

/// What these runs have by themselves, in no order.
pub async fn heads(db: &Db, experiment_id: ExperimentId, which: Which<'_>) -> Result<Vec<Head>> {
    let mut query = Statement::default();
    query.push(
        "SELECT id, parent_id, number, name, name_folded, status, user_name, created_at_ms, started_at_ms,
            ended_at_ms, updated_at_ms, trashed_at_ms FROM run",
    );
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    Ok(fetch_all!(conn, query)?)
}

/// One number of a metric without context, by run; none where the series has no such number.
pub async fn metric(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    key: &str,
    stat: Stat,
) -> Result<Vec<(String, Option<f64>)>> {
    let mut query = Statement::default();
    query.push("SELECT run.id, CASE WHEN s.kind = 'number' THEN s.").push(match stat {
        Stat::Last => "last_bits",
        Stat::Min => "min_value",
        Stat::Max => "max_value",
        Stat::Mean => "mean_value",
    });
    query.push(" END FROM run JOIN series s ON s.run_id = run.id AND s.context = '' AND s.key = ").bind(key);
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    if stat == Stat::Last {
        let rows: Vec<(String, Option<i64>)> = fetch_all!(conn, query)?;
        let number = |bits: i64| f64::from_bits(bits.cast_unsigned());
        return Ok(rows.into_iter().map(|(id, bits)| (id, bits.map(number))).collect());
    }
    Ok(fetch_all!(conn, query)?)
}

/// One param by run: its text, and the finite number behind it.
pub async fn param(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    key: &str,
) -> Result<Vec<(String, String, Option<f64>)>> {
    let mut query = Statement::default();
    query.push("SELECT run.id, param.value, param.number FROM run JOIN param ON param.run_id = run.id");
    query.push(" AND param.key = ").bind(key);
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    Ok(fetch_all!(conn, query)?)
}

/// One tag by run.
pub async fn tag(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    key: &str,
) -> Result<Vec<(String, String)>> {
    let mut query = Statement::default();
    query.push("SELECT run.id, run_tag.value FROM run JOIN run_tag ON run_tag.run_id = run.id");
    query.push(" AND run_tag.key = ").bind(key);
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    Ok(fetch_all!(conn, query)?)
}
