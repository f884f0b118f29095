//! Experiments: rows, their tags, and the counts of their runs.

use crate::{
    Db, Error, Result, Tx,
    db::on,
    sql::{Statement, Value, contains, fetch_all},
    tag,
};
use model::{
    ExperimentId, Page, ProjectId, Tags, UnixMillis,
    experiment::{
        Experiment, ExperimentNew, ExperimentQuery, ExperimentSort, ExperimentStatus, ExperimentUpdate,
        RunCounts,
    },
    run::Trash,
};

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    project_id: i64,
    name: String,
    description: String,
    created_at_ms: i64,
    updated_at_ms: i64,
    archived_at_ms: Option<i64>,
    trashed_at_ms: Option<i64>,
    queued: i64,
    running: i64,
    completed: i64,
    failed: i64,
    killed: i64,
    lost: i64,
    total: i64,
}

impl Row {
    fn into_experiment(self, tags: Tags) -> Experiment {
        let runs = RunCounts {
            queued: self.queued,
            running: self.running,
            completed: self.completed,
            failed: self.failed,
            killed: self.killed,
            lost: self.lost,
        };
        let status = match self.archived_at_ms {
            Some(_) => ExperimentStatus::Archived,
            None if runs.total() > 0 && runs.queued + runs.running == 0 => ExperimentStatus::Completed,
            None => ExperimentStatus::Active,
        };
        Experiment {
            id: ExperimentId(self.id),
            project_id: ProjectId(self.project_id),
            name: self.name,
            description: self.description,
            tags,
            status,
            created_at_ms: UnixMillis(self.created_at_ms),
            last_activity_at_ms: UnixMillis(self.updated_at_ms),
            trashed_at_ms: self.trashed_at_ms.map(UnixMillis),
            run_count: runs.total(),
            runs,
        }
    }
}

/// Every experiment with its counts, as a table `e`. The index `run_by_status` answers the counts by itself.
const COUNTED: &str = "
    WITH counted AS (
        SELECT experiment_id, COUNT(*) AS run_count, MAX(updated_at_ms) AS run_updated_at_ms,
            SUM(CASE status WHEN 'queued' THEN 1 ELSE 0 END) AS queued,
            SUM(CASE status WHEN 'running' THEN 1 ELSE 0 END) AS running,
            SUM(CASE status WHEN 'completed' THEN 1 ELSE 0 END) AS completed,
            SUM(CASE status WHEN 'failed' THEN 1 ELSE 0 END) AS failed,
            SUM(CASE status WHEN 'killed' THEN 1 ELSE 0 END) AS killed,
            SUM(CASE status WHEN 'lost' THEN 1 ELSE 0 END) AS lost
        FROM run WHERE trashed_at_ms IS NULL GROUP BY experiment_id
    ), e AS (
        SELECT id, project_id, name, name_folded, description, description_folded, created_at_ms, archived_at_ms,
            trashed_at_ms,
            CASE WHEN run_updated_at_ms > updated_at_ms THEN run_updated_at_ms ELSE updated_at_ms END AS updated_at_ms,
            COALESCE(run_count, 0) AS run_count, COALESCE(queued, 0) AS queued, COALESCE(running, 0) AS running,
            COALESCE(completed, 0) AS completed, COALESCE(failed, 0) AS failed, COALESCE(killed, 0) AS killed,
            COALESCE(lost, 0) AS lost
        FROM experiment LEFT JOIN counted ON counted.experiment_id = experiment.id
    )
    SELECT *, COUNT(*) OVER () AS total FROM e WHERE ";

const EXPERIMENT_ADD: &str = "
    INSERT INTO experiment
        (project_id, name, name_folded, description, description_folded, created_at_ms, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $6)
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
        .fetch_optional(c)
        .await)?;
    let Some((id,)) = row else {
        return Ok(None);
    };
    tag::replace_experiment(tx, id, &new.tags).await?;
    Ok(Some(ExperimentId(id)))
}

const EXPERIMENT_ID_BY_NAME: &str = "SELECT id FROM experiment WHERE project_id = $1 AND name = $2";

pub async fn id_by_name(db: &Db, project_id: ProjectId, name: &str) -> Result<Option<ExperimentId>> {
    let mut conn = db.read().await?;
    let row: Option<(i64,)> = on!(conn, c => sqlx::query_as(EXPERIMENT_ID_BY_NAME).bind(project_id.0).bind(name).fetch_optional(c).await)?;
    Ok(row.map(|(id,)| ExperimentId(id)))
}

const EXPERIMENT_EXISTS: &str = "SELECT id FROM experiment WHERE id = $1";

pub async fn exists(tx: &mut Tx, id: ExperimentId) -> Result<bool> {
    let row: Option<(i64,)> =
        on!(tx, c => sqlx::query_as(EXPERIMENT_EXISTS).bind(id.0).fetch_optional(c).await)?;
    Ok(row.is_some())
}

pub async fn get(db: &Db, id: ExperimentId) -> Result<Option<Experiment>> {
    let mut query = Statement::default();
    query.push(COUNTED).push("id = ").bind(id.0);
    Ok(fetch(db, query).await?.0.pop())
}

/// One page of the experiments that the query asks for.
pub async fn list(db: &Db, query: &ExperimentQuery, limit: u32) -> Result<Page<Experiment>> {
    let mut statement = Statement::default();
    statement.push(COUNTED);
    push_conditions(&mut statement, query);
    statement.push(match (query.sort, query.reverse) {
        (ExperimentSort::LastActivity, false) => " ORDER BY updated_at_ms DESC, id DESC",
        (ExperimentSort::LastActivity, true) => " ORDER BY updated_at_ms, id",
        (ExperimentSort::Created, false) => " ORDER BY created_at_ms DESC, id DESC",
        (ExperimentSort::Created, true) => " ORDER BY created_at_ms, id",
        (ExperimentSort::Name, false) => " ORDER BY name_folded, id",
        (ExperimentSort::Name, true) => " ORDER BY name_folded DESC, id DESC",
        (ExperimentSort::RunCount, false) => " ORDER BY run_count DESC, id DESC",
        (ExperimentSort::RunCount, true) => " ORDER BY run_count, id",
    });
    statement.push(" LIMIT ").bind(i64::from(limit)).push(" OFFSET ").bind(i64::from(query.offset));
    let (experiments, mut total) = fetch(db, statement).await?;
    if experiments.is_empty() && query.offset > 0 {
        // Past the end no row carries the total.
        let mut first = Statement::default();
        push_conditions(first.push(COUNTED), query);
        first.push(" LIMIT 1");
        total = fetch(db, first).await?.1;
    }
    Ok(Page::new(experiments, total, query.offset))
}

fn push_conditions(statement: &mut Statement, query: &ExperimentQuery) {
    statement.push(match query.trash {
        Trash::Without => "trashed_at_ms IS NULL AND ",
        Trash::Only => "trashed_at_ms IS NOT NULL AND ",
        Trash::With => "",
    });
    statement.push(match query.status {
        None => "archived_at_ms IS NULL",
        Some(ExperimentStatus::Archived) => "archived_at_ms IS NOT NULL",
        Some(ExperimentStatus::Completed) => {
            "archived_at_ms IS NULL AND run_count > 0 AND queued + running = 0"
        }
        Some(ExperimentStatus::Active) => {
            "archived_at_ms IS NULL AND (run_count = 0 OR queued + running > 0)"
        }
    });
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
            .push(" AND EXISTS (SELECT 1 FROM experiment_tag WHERE experiment_id = e.id AND key = ")
            .bind(key.as_str())
            .push(" AND value = ")
            .bind(value.as_str())
            .push(")");
    }
}

/// Rows with their tags, and how many there are beyond the page.
async fn fetch(db: &Db, statement: Statement) -> Result<(Vec<Experiment>, i64)> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> = fetch_all!(conn, statement)?;
    let total = rows.first().map_or(0, |row| row.total);
    let mut query = Statement::default();
    query.push("SELECT experiment_id, key, value FROM experiment_tag WHERE experiment_id IN ");
    query.bind_list(rows.iter().map(|row| Value::Int(row.id)));
    let tag_rows: Vec<(i64, String, String)> = fetch_all!(conn, query)?;
    let mut tags = tag::group(tag_rows);
    let experiments = rows.into_iter().map(|row| {
        let tags = tags.remove(&row.id).unwrap_or_default();
        row.into_experiment(tags)
    });
    Ok((experiments.collect(), total))
}

const EXPERIMENT_UPDATE: &str = "
    UPDATE experiment SET
        name = COALESCE($2, name), name_folded = COALESCE($3, name_folded),
        description = COALESCE($4, description), description_folded = COALESCE($5, description_folded),
        updated_at_ms = $6
    WHERE id = $1";

const EXPERIMENT_TRASH: &str = "UPDATE experiment SET trashed_at_ms = $2 WHERE id = $1";

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
    let changed = on!(tx, c => sqlx::query(EXPERIMENT_UPDATE)
        .bind(id.0)
        .bind(&update.name)
        .bind(update.name.as_ref().map(|name| name.to_lowercase()))
        .bind(&update.description)
        .bind(update.description.as_ref().map(|text| text.to_lowercase()))
        .bind(now.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if let Some(archived) = update.archived {
        let at = archived.then_some(now.0);
        on!(tx, c => sqlx::query(EXPERIMENT_ARCHIVE).bind(id.0).bind(at).execute(c).await.map(drop))?;
    }
    if let Some(trashed) = update.trashed {
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
    SELECT DISTINCT key, value FROM experiment_tag ORDER BY key, value LIMIT 500";

/// Tags in use on any experiment, as people read them.
pub async fn tags(db: &Db) -> Result<Vec<String>> {
    let mut conn = db.read().await?;
    let rows: Vec<(String, String)> = on!(conn, c => sqlx::query_as(EXPERIMENT_TAGS).fetch_all(c).await)?;
    Ok(rows.into_iter().flat_map(|row| Tags([row].into()).labels().collect::<Vec<_>>()).collect())
}
