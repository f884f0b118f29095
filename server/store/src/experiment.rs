//! Experiments: rows, their tags, and the counts of their runs.

use crate::{
    Db, Dialect, Error, Result, Tx,
    db::on,
    sql::{Statement, Value, contains, fetch_all},
    tag,
};
use model::{
    ExperimentId, Page, ProjectId, Tags, UnixMillis,
    experiment::{
        Experiment, ExperimentNew, ExperimentQuery, ExperimentSort, ExperimentStatus, ExperimentUpdate,
        GoalMetric, RunCounts,
    },
    metric::Goal,
    run::{RunStatus, Trash},
};
use std::collections::HashMap;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    project_id: i64,
    project_name: String,
    name: String,
    description: String,
    goal_key: Option<String>,
    goal: Option<String>,
    created_at_ms: i64,
    updated_at_ms: i64,
    run_updated_at_ms: Option<i64>,
    archived_at_ms: Option<i64>,
    trashed_at_ms: Option<i64>,
}

impl Row {
    fn into_experiment(self, tags: Tags, runs: RunCounts) -> Experiment {
        let status = match self.archived_at_ms {
            Some(_) => ExperimentStatus::Archived,
            None if runs.total() > 0 && runs.queued + runs.running == 0 => ExperimentStatus::Completed,
            None => ExperimentStatus::Active,
        };
        let last_activity = self.updated_at_ms.max(self.run_updated_at_ms.unwrap_or(0));
        Experiment {
            id: ExperimentId(self.id),
            project_id: ProjectId(self.project_id),
            project_name: self.project_name,
            name: self.name,
            description: self.description,
            goal: goal(self.goal_key, self.goal.as_deref()),
            tags,
            status,
            created_at_ms: UnixMillis(self.created_at_ms),
            last_activity_at_ms: UnixMillis(last_activity),
            trashed_at_ms: self.trashed_at_ms.map(UnixMillis),
            run_count: runs.total(),
            runs,
        }
    }
}

fn goal(key: Option<String>, word: Option<&str>) -> Option<GoalMetric> {
    let goal = Goal::ALL.into_iter().find(|one| Some(one.as_str()) == word)?;
    Some(GoalMetric { key: key?, goal })
}

/// Of a [`Row`]. Each of the subqueries below looks at an index of the runs that are kept, and at nothing else.
const ROWS: &str = "
    SELECT id, project_id, name, description, goal_key, goal, created_at_ms, updated_at_ms, archived_at_ms, trashed_at_ms,
        (SELECT MAX(run.updated_at_ms) FROM run
            WHERE run.experiment_id = experiment.id AND run.trashed_at_ms IS NULL) AS run_updated_at_ms,
        (SELECT project.name FROM project WHERE project.id = experiment.project_id) AS project_name
    FROM experiment WHERE purged_at_ms IS NULL AND id IN ";

const HAS_RUN: &str =
    "EXISTS (SELECT 1 FROM run WHERE run.experiment_id = experiment.id AND run.trashed_at_ms IS NULL)";

const HAS_LIVE_RUN: &str = "EXISTS (SELECT 1 FROM run WHERE run.experiment_id = experiment.id
    AND run.trashed_at_ms IS NULL AND run.status IN ('queued', 'running'))";

const NAME: &str = "SELECT name FROM experiment WHERE id = $1 AND purged_at_ms IS NULL";

/// What an experiment is called: a look at one row, where [`get`] counts its runs. `None` when there is none.
pub async fn name(db: &Db, id: ExperimentId) -> Result<Option<String>> {
    let mut conn = db.read().await?;
    let row: Option<(String,)> = on!(conn, c => sqlx::query_as(NAME).bind(id.0).fetch_optional(c).await)?;
    Ok(row.map(|(name,)| name))
}

const EXPERIMENT_ADD: &str = "
    INSERT INTO experiment
        (project_id, name, name_folded, description, description_folded, created_at_ms, updated_at_ms, goal_key,
        goal)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)
    ON CONFLICT (project_id, name) DO NOTHING
    RETURNING id";

/// Adds an experiment; `None` when the project has one of that name.
pub async fn add(
    tx: &mut Tx,
    project_id: ProjectId,
    new: &ExperimentNew,
    now: UnixMillis,
) -> Result<Option<ExperimentId>> {
    let row: Option<(i64,)> = on!(tx, c => sqlx::query_as(EXPERIMENT_ADD)
        .bind(project_id.0)
        .bind(&new.name)
        .bind(new.name.to_lowercase())
        .bind(&new.description)
        .bind(new.description.to_lowercase())
        .bind(now.0)
        .bind(new.goal.as_ref().map(|goal| &goal.key))
        .bind(new.goal.as_ref().map(|goal| goal.goal.as_str()))
        .fetch_optional(c)
        .await)?;
    let Some((id,)) = row else {
        return Ok(None);
    };
    tag::replace_experiment(tx, id, &new.tags).await?;
    Ok(Some(ExperimentId(id)))
}

const EXPERIMENT_ID_BY_NAME: &str = "
    SELECT id FROM experiment WHERE project_id = $1 AND name = $2 AND purged_at_ms IS NULL";

pub async fn id_by_name(db: &Db, project_id: ProjectId, name: &str) -> Result<Option<ExperimentId>> {
    let mut conn = db.read().await?;
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(EXPERIMENT_ID_BY_NAME).bind(project_id.0).bind(name).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| ExperimentId(id)))
}

const EXPERIMENT_EXISTS: &str = "SELECT id FROM experiment WHERE id = $1 AND purged_at_ms IS NULL";

pub async fn exists(tx: &mut Tx, id: ExperimentId) -> Result<bool> {
    let row: Option<(i64,)> =
        on!(tx, c => sqlx::query_as(EXPERIMENT_EXISTS).bind(id.0).fetch_optional(c).await)?;
    Ok(row.is_some())
}

pub async fn get(db: &Db, id: ExperimentId) -> Result<Option<Experiment>> {
    Ok(get_many(db, &[id]).await?.pop())
}

/// One page of the experiments that the query asks for.
pub async fn list(db: &Db, query: &ExperimentQuery, limit: u32) -> Result<Page<Experiment>> {
    let mut count = Statement::default();
    push_conditions(count.push("SELECT COUNT(*) FROM experiment WHERE "), query);
    let mut page = Statement::default();
    push_conditions(page.push("SELECT id FROM experiment WHERE "), query);
    push_order(&mut page, query, db.dialect());
    page.push(" LIMIT ").bind(i64::from(limit)).push(" OFFSET ").bind(i64::from(query.offset));
    let mut conn = db.read().await?;
    let total: Vec<(i64,)> = fetch_all!(conn, count)?;
    let ids: Vec<(i64,)> = fetch_all!(conn, page)?;
    drop(conn);
    let ids: Vec<ExperimentId> = ids.into_iter().map(|(id,)| ExperimentId(id)).collect();
    let total = total.first().map_or(0, |(total,)| *total);
    Ok(Page::new(get_many(db, &ids).await?, total, query.offset))
}

/// Id and name of the experiments that the query asks for, in its order.
pub async fn names(db: &Db, query: &ExperimentQuery, limit: u32) -> Result<Vec<(ExperimentId, String)>> {
    let mut statement = Statement::default();
    push_conditions(statement.push("SELECT id, name FROM experiment WHERE "), query);
    push_order(&mut statement, query, db.dialect());
    statement.push(" LIMIT ").bind(i64::from(limit));
    let mut conn = db.read().await?;
    let rows: Vec<(i64, String)> = fetch_all!(conn, statement)?;
    Ok(rows.into_iter().map(|(id, name)| (ExperimentId(id), name)).collect())
}

fn push_order(statement: &mut Statement, query: &ExperimentQuery, dialect: Dialect) {
    let rises = (query.sort == ExperimentSort::Name) != query.reverse;
    statement.push(" ORDER BY ");
    match query.sort {
        ExperimentSort::LastActivity => statement
            .push(match dialect {
                Dialect::Sqlite => "MAX",
                Dialect::Postgres => "GREATEST",
            })
            .push("(updated_at_ms, COALESCE((SELECT MAX(run.updated_at_ms) FROM run ")
            .push("WHERE run.experiment_id = experiment.id AND run.trashed_at_ms IS NULL), 0))"),
        ExperimentSort::Created => statement.push("created_at_ms"),
        ExperimentSort::Name => statement.push("name_folded"),
        ExperimentSort::RunCount => statement
            .push("(SELECT COUNT(*) FROM run ")
            .push("WHERE run.experiment_id = experiment.id AND run.trashed_at_ms IS NULL)"),
    };
    statement.push(if rises { ", id" } else { " DESC, id DESC" });
}

fn push_conditions(statement: &mut Statement, query: &ExperimentQuery) {
    statement.push("purged_at_ms IS NULL AND ");
    statement.push(match query.trash {
        Trash::Without => "trashed_at_ms IS NULL AND ",
        Trash::Only => "trashed_at_ms IS NOT NULL AND ",
        Trash::With => "",
    });
    match query.status {
        None => statement.push("archived_at_ms IS NULL"),
        Some(ExperimentStatus::Archived) => statement.push("archived_at_ms IS NOT NULL"),
        Some(ExperimentStatus::Completed) => {
            statement.push("archived_at_ms IS NULL AND ").push(HAS_RUN).push(" AND NOT ").push(HAS_LIVE_RUN)
        }
        Some(ExperimentStatus::Active) => statement
            .push("archived_at_ms IS NULL AND (NOT ")
            .push(HAS_RUN)
            .push(" OR ")
            .push(HAS_LIVE_RUN)
            .push(")"),
    };
    if let Some(project_id) = query.project_id {
        statement.push(" AND project_id = ").bind(project_id.0);
    }
    if !query.search.trim().is_empty() {
        let pattern = contains(query.search.trim());
        statement
            .push(" AND (name_folded LIKE ")
            .bind(pattern.as_str())
            .push(" ESCAPE '\\' OR description_folded LIKE ");
        statement.bind(pattern.as_str()).push(" ESCAPE '\\')");
    }
    for (key, value) in query.tag.iter().flat_map(|label| Tags::parse_line(label).0) {
        statement
            .push(" AND EXISTS (SELECT 1 FROM experiment_tag WHERE experiment_id = experiment.id AND key = ")
            .bind(key.as_str())
            .push(" AND value = ")
            .bind(value.as_str())
            .push(")");
    }
}

/// Those of these experiments that exist, in the order of the ids, with tags and counts.
pub async fn get_many(db: &Db, ids: &[ExperimentId]) -> Result<Vec<Experiment>> {
    let of = |text: &'static str| {
        let mut statement = Statement::default();
        statement.push(text).bind_list(ids.iter().map(|id| Value::Int(id.0)));
        statement
    };
    let mut conn = db.read().await?;
    let rows: Vec<Row> = fetch_all!(conn, of(ROWS))?;
    let tag_rows: Vec<(i64, String, String)> =
        fetch_all!(conn, of("SELECT experiment_id, key, value FROM experiment_tag WHERE experiment_id IN "))?;
    let mut by_status = of(
        "SELECT experiment_id, status, COUNT(*) FROM run WHERE trashed_at_ms IS NULL AND experiment_id IN ",
    );
    by_status.push(" GROUP BY experiment_id, status");
    let by_status: Vec<(i64, String, i64)> = fetch_all!(conn, by_status)?;
    let mut tags = tag::group(tag_rows);
    let mut counts: HashMap<i64, RunCounts> = HashMap::new();
    for (id, status, count) in by_status {
        let status: RunStatus =
            status.parse().map_err(|error: model::Error| Error::Corrupt(error.to_string()))?;
        *counts.entry(id).or_default().of_mut(status) = count;
    }
    let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, id)| (id.0, place)).collect();
    let experiments = rows.into_iter().map(|row| {
        let (tags, runs) = (tags.remove(&row.id), counts.get(&row.id).copied());
        row.into_experiment(tags.unwrap_or_default(), runs.unwrap_or_default())
    });
    let mut experiments: Vec<Experiment> = experiments.collect();
    experiments.sort_unstable_by_key(|one| places.get(&one.id.0).copied());
    Ok(experiments)
}

/// How many runs of each of these experiments were made on each of so many days up to today, the oldest day first.
/// Days are those of UTC.
pub async fn activity(
    db: &Db,
    ids: &[ExperimentId],
    days: i64,
    now: UnixMillis,
) -> Result<HashMap<ExperimentId, Vec<i64>>> {
    const DAY_MILLIS: i64 = 24 * 3_600 * 1_000;
    let today = now.0.div_euclid(DAY_MILLIS);
    let first = (today - days + 1) * DAY_MILLIS;
    // A range of the index for each day: grouping would sort all runs of the month.
    let mut statement = Statement::default();
    statement
        .push("WITH RECURSIVE day (start) AS (SELECT CAST(")
        .bind(first)
        .push(" AS BIGINT) UNION ALL SELECT start + ");
    statement.bind(DAY_MILLIS).push(" FROM day WHERE start < ").bind(today * DAY_MILLIS);
    statement.push(
        ") SELECT experiment.id, day.start, (SELECT COUNT(*) FROM run WHERE run.experiment_id = experiment.id
            AND run.trashed_at_ms IS NULL AND run.created_at_ms >= day.start AND run.created_at_ms < day.start + ",
    );
    statement.bind(DAY_MILLIS).push(
        ") FROM experiment CROSS JOIN day WHERE EXISTS (SELECT 1 FROM run WHERE run.experiment_id = experiment.id
            AND run.trashed_at_ms IS NULL AND run.created_at_ms >= ",
    );
    statement.bind(first).push(") AND experiment.id IN ").bind_list(ids.iter().map(|id| id.0));
    let mut conn = db.read().await?;
    let rows: Vec<(i64, i64, i64)> = fetch_all!(conn, statement)?;
    let mut found: HashMap<ExperimentId, Vec<i64>> = HashMap::new();
    for (id, start, count) in rows {
        let counts = found.entry(ExperimentId(id)).or_insert_with(|| vec![0; days as usize]);
        if let Some(place) = counts.get_mut(((start - first) / DAY_MILLIS) as usize) {
            *place = count;
        }
    }
    Ok(found)
}

const EXPERIMENT_FRESH: &str = "
    SELECT (SELECT COUNT(*) FROM experiment WHERE archived_at_ms IS NULL AND trashed_at_ms IS NULL),
        (SELECT COUNT(*) FROM (SELECT id FROM run LIMIT 1) AS first)";

/// Whether nothing was ever recorded: the default experiment is always there.
pub async fn is_fresh(db: &Db) -> Result<bool> {
    let mut conn = db.read().await?;
    let (experiments, runs): (i64, i64) =
        on!(conn, c => sqlx::query_as(EXPERIMENT_FRESH).fetch_one(c).await)?;
    Ok(experiments <= 1 && runs == 0)
}

const EXPERIMENT_UPDATE: &str = "
    UPDATE experiment SET
        name = COALESCE($2, name), name_folded = COALESCE($3, name_folded),
        description = COALESCE($4, description), description_folded = COALESCE($5, description_folded),
        updated_at_ms = COALESCE($6, updated_at_ms), project_id = COALESCE($7, project_id)
    WHERE id = $1 AND purged_at_ms IS NULL";

const EXPERIMENT_TRASH: &str = "UPDATE experiment SET trashed_at_ms = $2 WHERE id = $1";

const EXPERIMENT_GOAL: &str = "UPDATE experiment SET goal_key = $2, goal = $3 WHERE id = $1";

const EXPERIMENT_ARCHIVE: &str = "UPDATE experiment SET archived_at_ms = $2 WHERE id = $1";

/// The experiment of this name, made when there is none; true when it was made.
pub async fn ensure(
    tx: &mut Tx,
    project_id: ProjectId,
    name: &str,
    now: UnixMillis,
) -> Result<(ExperimentId, bool)> {
    // Asked for first: an insert that meets a conflict would use up an id.
    if let Some(id) = find(tx, project_id, name).await? {
        return Ok((id, false));
    }
    let new = ExperimentNew { name: name.to_owned(), ..ExperimentNew::default() };
    if let Some(id) = add(tx, project_id, &new, now).await? {
        return Ok((id, true));
    }
    let found = find(tx, project_id, name).await?;
    Ok((found.ok_or_else(|| Error::Corrupt("an experiment was there and gone".into()))?, false))
}

async fn find(tx: &mut Tx, project_id: ProjectId, name: &str) -> Result<Option<ExperimentId>> {
    let row: Option<(i64,)> = on!(tx, c => sqlx::query_as(EXPERIMENT_ID_BY_NAME).bind(project_id.0).bind(name).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| ExperimentId(id)))
}

/// Changes what the update names; false when there is no such experiment.
pub async fn update(
    tx: &mut Tx,
    id: ExperimentId,
    update: &ExperimentUpdate,
    now: UnixMillis,
) -> Result<bool> {
    // Archiving is about what is looked at: nothing happened in the experiment.
    let only_archives =
        *update == ExperimentUpdate { archived: update.archived, ..ExperimentUpdate::default() };
    let touched = (!only_archives).then_some(now.0);
    let changed = on!(tx, c => sqlx::query(EXPERIMENT_UPDATE)
        .bind(id.0)
        .bind(&update.name)
        .bind(update.name.as_ref().map(|name| name.to_lowercase()))
        .bind(&update.description)
        .bind(update.description.as_ref().map(|text| text.to_lowercase()))
        .bind(touched)
        .bind(update.project_id.map(|id| id.0))
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if let Some(archived) = update.archived.filter(|_| changed > 0) {
        let at = archived.then_some(now.0);
        on!(tx, c => sqlx::query(EXPERIMENT_ARCHIVE).bind(id.0).bind(at).execute(c).await.map(drop))?;
    }
    if let Some(goal) = update.goal.as_ref().filter(|_| changed > 0) {
        let goal = Some(goal).filter(|goal| !goal.key.is_empty());
        on!(tx, c => sqlx::query(EXPERIMENT_GOAL)
            .bind(id.0)
            .bind(goal.map(|goal| &goal.key))
            .bind(goal.map(|goal| goal.goal.as_str()))
            .execute(c)
            .await
            .map(drop))?;
    }
    if let Some(trashed) = update.trashed.filter(|_| changed > 0) {
        let at = trashed.then_some(now.0);
        on!(tx, c => sqlx::query(EXPERIMENT_TRASH).bind(id.0).bind(at).execute(c).await.map(drop))?;
    }
    if let Some(tags) = update.tags.as_ref().filter(|_| changed > 0) {
        tag::replace_experiment(tx, id.0, tags).await?;
    }
    if changed > 0 {
        tag::change_experiment(tx, id.0, &update.put_tags, &update.remove_tags).await?;
    }
    Ok(changed > 0)
}

const EXPERIMENT_DATE: &str =
    "UPDATE experiment SET created_at_ms = $1, updated_at_ms = $1 WHERE created_at_ms = 0";

/// Gives the experiment that the first migration made the time of the first start.
pub async fn date_default(tx: &mut Tx, now: UnixMillis) -> Result<()> {
    on!(tx, c => sqlx::query(EXPERIMENT_DATE).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

const EXPERIMENT_TAGS: &str = "
    SELECT DISTINCT key, value FROM experiment_tag
    WHERE experiment_id IN (SELECT id FROM experiment WHERE trashed_at_ms IS NULL)
    ORDER BY key, value LIMIT 500";

/// Tags in use on any experiment, as people read them.
pub async fn tags(db: &Db) -> Result<Vec<String>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(EXPERIMENT_TAGS).fetch_all(c).await)?;
    Ok(rows.into_iter().flat_map(|row| Tags([row].into()).labels().collect::<Vec<_>>()).collect())
}
