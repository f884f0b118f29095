//! Single fields of an experiment's runs, of all of them or of those that changed lately: what the engine's run index is
//! filled from.

use crate::{
    Db, Result,
    db::on,
    sql::{Statement, fetch_all, fetch_each},
};
use model::{ExperimentId, RunId, UnixMillis, metric::Kind, query::Stat};

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
    pub archived_at_ms: Option<i64>,
}

const TRASHED: &str = "SELECT trashed_at_ms FROM experiment WHERE id = $1 AND purged_at_ms IS NULL";

/// Whether the experiment lies in the trash, and its runs with it.
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
            ended_at_ms, updated_at_ms, trashed_at_ms, archived_at_ms FROM run",
    );
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    Ok(fetch_all!(conn, query)?)
}

/// The numbers of a metric; none where the series has no such number.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    pub last: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub mean: Option<f64>,
}

impl Numbers {
    pub fn get(self, stat: Stat) -> Option<f64> {
        match stat {
            Stat::Last => self.last,
            Stat::Min => self.min,
            Stat::Max => self.max,
            Stat::Mean => self.mean,
        }
    }
}

type MetricRow = (String, String, String, i64, Option<f64>, Option<f64>, Option<f64>);

/// Some metrics without context: run, key and numbers, each as it comes.
pub async fn metrics(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    keys: &[&str],
    mut each: impl FnMut(&str, &str, Numbers),
) -> Result<()> {
    let mut query = Statement::default();
    query.push(
        "SELECT run.id, s.key, s.kind, s.last_bits, s.min_value, s.max_value, s.mean_value FROM run
            JOIN series s ON s.run_id = run.id AND s.context = '' AND s.key IN ",
    );
    query.bind_list(keys.iter().copied());
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    fetch_each!(conn, query, (id, key, kind, last_bits, min, max, mean) in MetricRow => {
        let numbers = if kind == Kind::Number.as_str() {
            Numbers { last: Some(f64::from_bits(last_bits.cast_unsigned())), min, max, mean }
        } else {
            Numbers { last: None, min: None, max: None, mean: None }
        };
        each(&id, &key, numbers);
    });
    Ok(())
}

/// Some params: run, key, text and the finite number behind it, each as it comes.
pub async fn params(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    keys: &[&str],
    mut each: impl FnMut(&str, &str, String, Option<f64>),
) -> Result<()> {
    let mut query = Statement::default();
    query.push(
        "SELECT run.id, param.key, param.value, param.number FROM run JOIN param ON param.run_id = run.id",
    );
    query.push(" AND param.key IN ").bind_list(keys.iter().copied());
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    fetch_each!(conn, query, (id, key, text, number) in (String, String, String, Option<f64>) => {
        each(&id, &key, text, number);
    });
    Ok(())
}

/// Some tags: run, key and text, each as it comes.
pub async fn tags(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    keys: &[&str],
    mut each: impl FnMut(&str, &str, String),
) -> Result<()> {
    let mut query = Statement::default();
    query.push("SELECT run.id, run_tag.key, run_tag.value FROM run JOIN run_tag ON run_tag.run_id = run.id");
    query.push(" AND run_tag.key IN ").bind_list(keys.iter().copied());
    which.push(&mut query, experiment_id);
    let mut conn = db.read().await?;
    fetch_each!(conn, query, (id, key, text) in (String, String, String) => each(&id, &key, text));
    Ok(())
}
