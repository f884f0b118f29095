//! Runs: rows, their tags, and the run table.

use crate::{
    Db, Dialect, Error, Result, Tx,
    db::on,
    metric::Waiting,
    process, query,
    rows::{Column, Rows},
    sql::{Statement, contains, fetch_all, starts_with},
    tag,
};
use model::{
    ExperimentId, RunId, Tags, UnixMillis,
    query::Expr,
    run::{Run, RunQuery, RunSort, RunStatus, RunUpdate},
};
use std::collections::{BTreeSet, HashMap};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    experiment_id: i64,
    parent_id: Option<String>,
    number: i64,
    name: String,
    status: String,
    user_name: String,
    created_at_ms: i64,
    started_at_ms: Option<i64>,
    ended_at_ms: Option<i64>,
    updated_at_ms: i64,
    late_at_ms: Option<i64>,
    stop_requested: i64,
    total: i64,
}

impl Row {
    fn into_run(self, tags: Tags) -> Result<Run> {
        let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
        Ok(Run {
            id: self.id.parse().map_err(corrupt)?,
            experiment_id: ExperimentId(self.experiment_id),
            parent_id: self.parent_id.map(|id| id.parse().map_err(corrupt)).transpose()?,
            name: self.name,
            number: self.number,
            status: self.status.parse().map_err(corrupt)?,
            user: self.user_name,
            created_at_ms: UnixMillis(self.created_at_ms),
            started_at_ms: self.started_at_ms.map(UnixMillis),
            ended_at_ms: self.ended_at_ms.map(UnixMillis),
            updated_at_ms: UnixMillis(self.updated_at_ms),
            late_at_ms: self.late_at_ms.map(UnixMillis),
            stop_requested: self.stop_requested != 0,
            tags,
        })
    }
}

/// A run about to be stored, every choice made.
#[derive(Clone, Debug)]
pub struct RunRecord {
    pub id: RunId,
    pub experiment_id: ExperimentId,
    pub parent_id: Option<RunId>,
    pub name: String,
    pub status: RunStatus,
    pub user_name: String,
    pub created_at_ms: UnixMillis,
    pub started_at_ms: Option<UnixMillis>,
    pub tags: Tags,
}

// Two servers may give one number twice: it only picks a colour.
const RUN_ADD: &str = "
    INSERT INTO run (id, experiment_id, parent_id, number, name, name_folded, status, user_name,
        created_at_ms, started_at_ms, updated_at_ms)
    SELECT $1, $2, $9, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6, $7, $8, $7
    FROM run WHERE experiment_id = $2
    ON CONFLICT (id) DO NOTHING";

/// Adds a run; false when there is one of that id, which stays as it is. Of two at once one is added.
pub async fn add(tx: &mut Tx, run: &RunRecord) -> Result<bool> {
    let added = on!(tx, c => sqlx::query(RUN_ADD)
        .bind(run.id.as_str())
        .bind(run.experiment_id.0)
        .bind(&run.name)
        .bind(run.name.to_lowercase())
        .bind(run.status.as_str())
        .bind(&run.user_name)
        .bind(run.created_at_ms.0)
        .bind(run.started_at_ms.map(|at| at.0))
        .bind(run.parent_id.as_ref().map(RunId::as_str))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if added > 0 {
        tag::put_run(tx, run.id.as_str(), &run.tags).await?;
    }
    Ok(added > 0)
}

// Numbered, so that a circle, should there ever be one, ends.
const RUN_LINE: &str = "
    WITH RECURSIVE line (id, parent_id, place) AS (
        SELECT id, parent_id, CAST(1 AS BIGINT) FROM run WHERE id = $1
        UNION ALL
        SELECT run.id, run.parent_id, line.place + 1 FROM line JOIN run ON run.id = line.parent_id
        WHERE line.place < $2
    )
    SELECT id FROM line ORDER BY place";

/// The run, its parent, that one's parent and so on, at most so many; empty when there is no such run.
pub async fn line(tx: &mut Tx, id: &RunId, limit: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        on!(tx, c => sqlx::query_as(RUN_LINE).bind(id.as_str()).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The newest children of a run, and how many there are in all.
pub async fn children(db: &Db, parent_id: &RunId, limit: i64) -> Result<(Vec<Run>, i64)> {
    let mut query = Statement::default();
    query
        .push("SELECT run.*, COUNT(*) OVER () AS total FROM run WHERE parent_id = ")
        .bind(parent_id.as_str())
        .push(" ORDER BY created_at_ms DESC, id LIMIT ")
        .bind(limit);
    fetch(db, query).await
}

/// Runs by id, in no order; unknown ids are left out.
pub async fn get_many(db: &Db, ids: &[RunId]) -> Result<Vec<Run>> {
    let mut query = Statement::default();
    query
        .push("SELECT run.*, CAST(0 AS BIGINT) AS total FROM run WHERE id IN ")
        .bind_list(ids.iter().map(RunId::as_str));
    Ok(fetch(db, query).await?.0)
}

pub async fn get(db: &Db, id: &RunId) -> Result<Option<Run>> {
    Ok(get_many(db, std::slice::from_ref(id)).await?.pop())
}

/// One page of an experiment's runs and how many there are in all. `filter` is what the query's text was parsed to.
pub async fn list(
    db: &Db,
    query: &RunQuery,
    filter: Option<&Expr>,
    limit: u32,
    now: UnixMillis,
) -> Result<(Vec<Run>, i64)> {
    let filter = filter.map(|expr| (expr, db.dialect(), now));
    let mut statement = Statement::default();
    statement.push("SELECT run.*, COUNT(*) OVER () AS total FROM run");
    push_sort_join(&mut statement, &query.sort);
    push_conditions(&mut statement, query, filter);
    push_order(&mut statement, query, now);
    statement.push(" LIMIT ").bind(i64::from(limit)).push(" OFFSET ").bind(i64::from(query.offset));
    let (runs, total) = fetch(db, statement).await?;
    if runs.is_empty() && query.offset > 0 {
        // Past the end no row carries the total.
        let mut first = Statement::default();
        push_conditions(first.push("SELECT run.*, COUNT(*) OVER () AS total FROM run"), query, filter);
        first.push(" LIMIT 1");
        return Ok((runs, fetch(db, first).await?.1));
    }
    Ok((runs, total))
}

fn push_sort_join(statement: &mut Statement, sort: &RunSort) {
    match sort {
        RunSort::Param(key) => {
            statement.push(" LEFT JOIN param p ON p.run_id = run.id AND p.key = ").bind(key.as_str());
        }
        RunSort::Metric(key) => {
            statement.push(" LEFT JOIN series s ON s.run_id = run.id AND s.context = '' AND s.key = ");
            statement.bind(key.as_str());
        }
        _ => {}
    }
}

fn push_conditions(
    statement: &mut Statement,
    query: &RunQuery,
    filter: Option<(&Expr, Dialect, UnixMillis)>,
) {
    statement.push(" WHERE run.experiment_id = ").bind(query.experiment_id.0);
    if let Some(status) = query.status {
        statement.push(" AND run.status = ").bind(status.as_str());
    }
    if let Some(parent) = &query.parent {
        statement.push(" AND run.parent_id = ").bind(parent.as_str());
    }
    let search = query.search.trim();
    if !search.is_empty() {
        statement.push(" AND (run.name_folded LIKE ").bind(contains(search).as_str());
        statement.push(" ESCAPE '\\' OR run.id LIKE ").bind(starts_with(&search.to_lowercase()).as_str());
        statement.push(" ESCAPE '\\')");
    }
    if let Some((expr, dialect, now)) = filter {
        statement.push(" AND ");
        query::push(statement, expr, dialect, now);
    }
}

fn push_order(statement: &mut Statement, query: &RunQuery, now: UnixMillis) {
    statement.push(" ORDER BY ");
    let reverse = query.reverse;
    match query.sort {
        RunSort::Created => {}
        RunSort::Name => {
            statement.push(if reverse { "run.name_folded DESC, " } else { "run.name_folded, " });
        }
        RunSort::Status => {
            statement.push(if reverse { "run.status DESC, " } else { "run.status, " });
        }
        RunSort::Duration => {
            statement.push("run.started_at_ms IS NULL, COALESCE(run.ended_at_ms, ").bind(now.0);
            statement.push(") - run.started_at_ms").push(if reverse { ", " } else { " DESC, " });
        }
        RunSort::Param(_) => {
            statement.push("p.key IS NULL, p.number IS NULL, ");
            statement.push(if reverse { "p.number DESC, p.value DESC, " } else { "p.number, p.value, " });
        }
        RunSort::Metric(_) => {
            statement.push("s.last_value IS NULL, ");
            statement.push(if reverse { "s.last_value, " } else { "s.last_value DESC, " });
        }
    }
    statement.push(match (&query.sort, reverse) {
        (RunSort::Created, true) => "run.number, run.id",
        _ => "run.number DESC, run.id",
    });
}

async fn fetch(db: &Db, statement: Statement) -> Result<(Vec<Run>, i64)> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    let total = rows.first().map_or(0, |row| row.total);
    let mut query = Statement::default();
    query.push("SELECT run_id, key, value FROM run_tag WHERE run_id IN ");
    query.bind_list(rows.iter().map(|row| row.id.as_str()));
    let tag_rows: Vec<(String, String, String)> = fetch_all!(conn, query)?;
    let mut tags = tag::group(tag_rows);
    let runs = rows.into_iter().map(|row| {
        let tags = tags.remove(&row.id).unwrap_or_default();
        row.into_run(tags)
    });
    Ok((runs.collect::<Result<_>>()?, total))
}

const RUN_UPDATE: &str = "
    UPDATE run SET name = COALESCE($2, name), name_folded = COALESCE($3, name_folded),
        stop_requested = COALESCE($4, stop_requested), updated_at_ms = $5
    WHERE id = $1";

/// Changes what the update names: of the run as a whole, so a process that it names is not its concern. False when
/// there is no such run.
pub async fn update(tx: &mut Tx, id: &RunId, update: &RunUpdate, now: UnixMillis) -> Result<bool> {
    let Some(mut held) = process::hold(tx, id).await? else { return Ok(false) };
    on!(tx, c => sqlx::query(RUN_UPDATE)
        .bind(id.as_str())
        .bind(&update.name)
        .bind(update.name.as_ref().map(|name| name.to_lowercase()))
        .bind(update.stop_requested.map(i64::from))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    if let (Some(status), None) = (update.status, &update.process) {
        held.set_whole(tx, status, update.ended_at_ms.unwrap_or(now), now).await?;
    }
    tag::put_run(tx, id.as_str(), &update.tags).await?;
    Ok(true)
}

/// A run as ingest needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub experiment_id: ExperimentId,
    pub waiting: Waiting,
}

macro_rules! run_targets {
    () => {
        "SELECT run.id, run.experiment_id,
            (SELECT COUNT(*) FROM bundle WHERE bundle.run_id = run.id),
            (SELECT CAST(COALESCE(SUM(bundle.bytes), 0) AS BIGINT) FROM bundle WHERE bundle.run_id = run.id)
        FROM v JOIN run ON run.id = v.id"
    };
}

const RUN_TARGETS: &str = run_targets!();

// In one order, so that servers do not wait for each other in a circle.
const RUN_TARGETS_LOCK: &str = concat!(run_targets!(), " ORDER BY run.id FOR NO KEY UPDATE OF run");

/// Those of these runs that exist, locked until the transaction ends: whoever changes the series of a run holds it.
pub(crate) async fn lock(tx: &mut Tx, ids: BTreeSet<&RunId>) -> Result<HashMap<String, Target>> {
    let statement = match tx.dialect() {
        Dialect::Sqlite => RUN_TARGETS,
        Dialect::Postgres => RUN_TARGETS_LOCK,
    };
    let ids = ids.into_iter().map(|id| id.as_str().to_owned()).collect();
    let rows: Vec<(String, i64, i64, i64)> =
        Rows::default().with("id", Column::Text(ids)).fetch(tx, statement).await?;
    Ok(rows
        .into_iter()
        .map(|(id, experiment, bundles, bytes)| {
            let waiting = Waiting { bundles, bytes };
            (id, Target { experiment_id: ExperimentId(experiment), waiting })
        })
        .collect())
}

// At most one write a second and run, but for late ones: list order needs no more.
const RUN_TOUCH: &str = "
    UPDATE run SET updated_at_ms = v.now, unsealed = 1,
        late_at_ms = CASE WHEN ended_at_ms IS NULL THEN late_at_ms ELSE v.now END
    FROM v
    WHERE run.id = v.id AND (updated_at_ms < v.now - 1000 OR unsealed = 0 OR ended_at_ms IS NOT NULL)";

/// Notes that something was logged to these runs, late if one had ended.
pub(crate) async fn touch(tx: &mut Tx, ids: Vec<String>, now: UnixMillis) -> Result<()> {
    let count = ids.len();
    Rows::default()
        .with("id", Column::Text(ids))
        .with("now", Column::Int(vec![now.0; count]))
        .execute(tx, RUN_TOUCH)
        .await
}

macro_rules! run_unsealed {
    () => {
        "SELECT id FROM run WHERE unsealed = 1 AND ended_at_ms IS NOT NULL ORDER BY id LIMIT 1"
    };
}

const RUN_UNSEALED: &str = run_unsealed!();

const RUN_UNSEALED_LOCK: &str = concat!(run_unsealed!(), " FOR NO KEY UPDATE SKIP LOCKED");

/// A run that has ended and whose small segments were not packed since, locked as by [`lock`].
pub(crate) async fn lock_unsealed(tx: &mut Tx) -> Result<Option<String>> {
    let statement = match tx.dialect() {
        Dialect::Sqlite => RUN_UNSEALED,
        Dialect::Postgres => RUN_UNSEALED_LOCK,
    };
    let row: Option<(String,)> = on!(tx, c => sqlx::query_as(statement).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| id))
}

const RUN_SEALED: &str = "UPDATE run SET unsealed = 0 WHERE id = $1";

pub(crate) async fn set_sealed(tx: &mut Tx, id: &str) -> Result<()> {
    on!(tx, c => sqlx::query(RUN_SEALED).bind(id).execute(c).await.map(drop))?;
    Ok(())
}
