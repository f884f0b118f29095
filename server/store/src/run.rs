//! Runs: rows, their tags, and the run table.

use crate::{
    Db, Dialect, Error, Result, Tx,
    db::on,
    metric::Waiting,
    pattern, process, query,
    rows::{Column, Rows},
    run_field,
    sql::{Statement, contains, fetch_all, starts_with},
    tag,
};
use model::{
    ExperimentId, RunId, Tags, UnixMillis,
    query::{Attribute, Field, OrderBy, Stat},
    run::{Run, RunSearch, RunStatus, RunUpdate, RunsUpdate, Trash},
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
    trashed_at_ms: Option<i64>,
    experiment_trashed_at_ms: Option<i64>,
    archived_at_ms: Option<i64>,
    stop_requested: i64,
    color: Option<i64>,
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
            color: self.color.and_then(|color| u8::try_from(color).ok()),
            status: self.status.parse().map_err(corrupt)?,
            user: self.user_name,
            created_at_ms: UnixMillis(self.created_at_ms),
            started_at_ms: self.started_at_ms.map(UnixMillis),
            ended_at_ms: self.ended_at_ms.map(UnixMillis),
            updated_at_ms: UnixMillis(self.updated_at_ms),
            late_at_ms: self.late_at_ms.map(UnixMillis),
            trashed_at_ms: self.trashed_at_ms.or(self.experiment_trashed_at_ms).map(UnixMillis),
            archived_at_ms: self.archived_at_ms.map(UnixMillis),
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

/// A run that is not deleted for good, by itself or with its experiment, though its rows may not be gone yet.
macro_rules! kept_run {
    () => {
        "run.purged_at_ms IS NULL
        AND run.experiment_id NOT IN (SELECT id FROM experiment WHERE purged_at_ms IS NOT NULL)"
    };
}
pub(crate) use kept_run;

// Numbered, so that a circle, should there ever be one, ends.
const RUN_LINE: &str = concat!(
    "WITH RECURSIVE line (id, parent_id, place) AS (
        SELECT id, parent_id, CAST(1 AS BIGINT) FROM run WHERE id = $1 AND ",
    kept_run!(),
    " UNION ALL
        SELECT run.id, run.parent_id, line.place + 1 FROM line JOIN run ON run.id = line.parent_id
        WHERE line.place < $2
    )
    SELECT id FROM line ORDER BY place"
);

const COLORS: &str = concat!(
    "SELECT run.id, run.color FROM run WHERE run.experiment_id = $1 AND run.color IS NOT NULL AND ",
    kept_run!()
);

/// The colours that somebody gave runs of an experiment.
pub async fn colors(db: &Db, experiment_id: ExperimentId) -> Result<Vec<(String, i64)>> {
    let mut conn = db.read().await?;
    Ok(on!(conn, c => sqlx::query_as(COLORS).bind(experiment_id.0).fetch_all(c).await)?)
}

/// The run, its parent, that one's parent and so on, at most so many; empty when there is no such run.
pub async fn line(tx: &mut Tx, id: &RunId, limit: i64) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        on!(tx, c => sqlx::query_as(RUN_LINE).bind(id.as_str()).bind(limit).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Of a [`Row`]; whoever selects it says the total before it.
const WHOLE: &str = concat!(
    "run.*, (SELECT experiment.trashed_at_ms FROM experiment WHERE experiment.id = run.experiment_id)
    AS experiment_trashed_at_ms FROM run WHERE ",
    kept_run!(),
    " AND "
);

/// The newest children of a run, and how many there are in all.
pub async fn children(db: &Db, parent_id: &RunId, limit: i64) -> Result<(Vec<Run>, i64)> {
    let mut query = Statement::default();
    query
        .push("SELECT COUNT(*) OVER () AS total, ")
        .push(WHOLE)
        .push("parent_id = ")
        .bind(parent_id.as_str())
        .push(" ORDER BY created_at_ms DESC, id LIMIT ")
        .bind(limit);
    fetch(db, query).await
}

/// Runs by id, in no order; unknown ids are left out.
pub async fn get_many(db: &Db, ids: &[RunId]) -> Result<Vec<Run>> {
    let mut query = Statement::default();
    query
        .push("SELECT CAST(0 AS BIGINT) AS total, ")
        .push(WHOLE)
        .push("run.id IN ")
        .bind_list(ids.iter().map(RunId::as_str));
    Ok(fetch(db, query).await?.0)
}

/// Names of runs by id; those that are unknown or in the trash are left out.
pub async fn names(db: &Db, ids: &[RunId]) -> Result<HashMap<String, String>> {
    let mut conn = db.read().await?;
    let mut statement = Statement::default();
    statement
        .push(concat!("SELECT run.id, run.name FROM run WHERE run.trashed_at_ms IS NULL AND ", kept_run!()));
    statement.push(" AND run.id IN ").bind_list(ids.iter().map(RunId::as_str));
    let rows: Vec<(String, String)> = fetch_all!(conn, statement)?;
    Ok(rows.into_iter().collect())
}

pub async fn get(db: &Db, id: &RunId) -> Result<Option<Run>> {
    Ok(get_many(db, std::slice::from_ref(id)).await?.pop())
}

/// One page of the runs that are searched for, in order.
pub async fn search(db: &Db, search: &RunSearch, now: UnixMillis) -> Result<Vec<Run>> {
    // Ids first: sorting whole rows would move a hundred times as much.
    get_in_order(db, &search_ids(db, search, now).await?).await
}

/// The ids of one page of the runs that are searched for, in order.
pub async fn search_ids(db: &Db, search: &RunSearch, now: UnixMillis) -> Result<Vec<RunId>> {
    let search = &*pattern::settled(db, search).await?;
    let mut statement = Statement::default();
    statement.push("SELECT run.id FROM run");
    for (place, OrderBy { field, .. }) in search.order.iter().enumerate() {
        push_order_join(&mut statement, field, place);
    }
    push_conditions(&mut statement, search, db.dialect(), now);
    statement.push(" ORDER BY ");
    for (place, order) in search.order.iter().enumerate() {
        push_order(&mut statement, order, place, db.dialect(), now);
    }
    statement
        .push("run.id LIMIT ")
        .bind(i64::from(search.limit))
        .push(" OFFSET ")
        .bind(i64::from(search.offset));
    let mut conn = db.read().await?;
    let ids: Vec<(String,)> = fetch_all!(conn, statement)?;
    let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
    ids.iter().map(|(id,)| id.parse().map_err(corrupt)).collect()
}

/// Runs by id, in this order; unknown ids are left out.
pub async fn get_in_order(db: &Db, ids: &[RunId]) -> Result<Vec<Run>> {
    let places: HashMap<&str, usize> =
        ids.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
    let mut runs = Vec::with_capacity(ids.len());
    for ids in ids.chunks(RUNS_AT_ONCE) {
        runs.extend(get_many(db, ids).await?);
    }
    runs.sort_unstable_by_key(|run| places.get(run.id.as_str()).copied());
    Ok(runs)
}

/// Runs fetched in one statement: each is a bound value, of which SQLite takes 32 766.
const RUNS_AT_ONCE: usize = 10_000;

/// How many runs are searched for, whatever the page.
pub async fn count(db: &Db, search: &RunSearch, now: UnixMillis) -> Result<i64> {
    let search = &*pattern::settled(db, search).await?;
    let mut statement = Statement::default();
    statement.push("SELECT COUNT(*) FROM run");
    push_conditions(&mut statement, search, db.dialect(), now);
    let mut conn = db.read().await?;
    let rows: Vec<(i64,)> = fetch_all!(conn, statement)?;
    Ok(rows.first().map_or(0, |(count,)| *count))
}

fn push_order_join(statement: &mut Statement, field: &Field, place: usize) {
    let (table, key) = match field {
        Field::Attribute(_) | Field::Dataset(_) => return,
        Field::Param(key) => (" LEFT JOIN param ", key),
        Field::Tag(key) => (" LEFT JOIN run_tag ", key),
        Field::Metric { key, .. } => (" LEFT JOIN series ", key),
    };
    statement
        .push(table)
        .push_name("o", place)
        .push(" ON ")
        .push_name("o", place)
        .push(".run_id = run.id AND ");
    if matches!(field, Field::Metric { .. }) {
        statement.push_name("o", place).push(".context = '' AND ");
    }
    statement.push_name("o", place).push(".key = ").bind(key.as_str());
}

/// A run is in the trash by itself or with its experiment.
const TRASHED: &str = " AND (run.trashed_at_ms IS NOT NULL
    OR run.experiment_id IN (SELECT id FROM experiment WHERE trashed_at_ms IS NOT NULL))";
// Spelled so that the index `run_by_status` answers a count by itself.
const KEPT: &str = " AND run.trashed_at_ms IS NULL
    AND run.experiment_id NOT IN (SELECT id FROM experiment WHERE trashed_at_ms IS NOT NULL)";

fn push_conditions(statement: &mut Statement, search: &RunSearch, dialect: Dialect, now: UnixMillis) {
    statement.push(" WHERE run.experiment_id IN ").bind_list(search.experiment_ids.iter().map(|id| id.0));
    // What is deleted for good lies in the trash.
    match search.trash {
        Trash::Without => statement.push(KEPT),
        Trash::Only => statement.push(" AND ").push(kept_run!()).push(TRASHED),
        Trash::With => statement.push(" AND ").push(kept_run!()),
    };
    if !search.archived {
        statement.push(" AND run.archived_at_ms IS NULL");
    }
    if let Some(status) = search.status {
        statement.push(" AND run.status = ").bind(status.as_str());
    }
    if let Some(parent) = &search.parent {
        statement.push(" AND run.parent_id = ").bind(parent.as_str());
    }
    let text = search.search.trim();
    if !text.is_empty() {
        statement.push(" AND (run.name_folded LIKE ").bind(contains(text).as_str());
        statement.push(" ESCAPE '\\' OR run.id LIKE ").bind(starts_with(&text.to_lowercase()).as_str());
        statement.push(" ESCAPE '\\')");
    }
    if let Some(expr) = &search.filter {
        statement.push(" AND ");
        query::push(statement, expr, dialect, now);
    }
}

/// Adds one order and a comma. What is absent comes last; of a metric after that what is no number.
fn push_order(statement: &mut Statement, order: &OrderBy, place: usize, dialect: Dialect, now: UnixMillis) {
    let direction = if order.descending { " DESC, " } else { ", " };
    match &order.field {
        Field::Attribute(Attribute::Duration) => {
            statement.push("run.started_at_ms IS NULL, COALESCE(run.ended_at_ms, ").bind(now.0);
            statement.push(") - run.started_at_ms").push(direction);
        }
        Field::Attribute(attribute) => {
            let (column, nullable) = match attribute {
                Attribute::Id => ("run.id", false),
                Attribute::Name => ("run.name_folded", false),
                Attribute::Number => ("run.number", false),
                Attribute::Status => ("run.status", false),
                Attribute::User => ("run.user_name", false),
                Attribute::Parent => ("run.parent_id", true),
                Attribute::Created => ("run.created_at_ms", false),
                Attribute::Started | Attribute::Duration => ("run.started_at_ms", true),
                Attribute::Ended => ("run.ended_at_ms", true),
                Attribute::Updated => ("run.updated_at_ms", false),
                Attribute::Archived => ("run.archived_at_ms IS NOT NULL", false),
                Attribute::Type | Attribute::Source | Attribute::Run => return,
            };
            // SQLite has NULL below everything, so that falling it is last by itself, and an index may give the order.
            if nullable && !(order.descending && dialect == Dialect::Sqlite) {
                statement.push(column).push(" IS NULL, ");
            }
            statement.push(column).push(direction);
        }
        // The parser lets no dataset be an order.
        Field::Dataset(_) => {}
        Field::Param(_) => {
            for (column, end) in [
                (".key", " IS NULL, "),
                (".number", " IS NULL, "),
                (".number", direction),
                (".value", direction),
            ] {
                statement.push_name("o", place).push(column).push(end);
            }
        }
        Field::Tag(_) => {
            for (column, end) in [(".key", " IS NULL, "), (".value", direction)] {
                statement.push_name("o", place).push(column).push(end);
            }
        }
        Field::Metric { stat, .. } => {
            let column = match stat {
                Stat::Last => {
                    // Absent, then NaN, at the end; infinities where they belong.
                    statement.push_name("o", place).push(".key IS NULL, CASE WHEN ");
                    statement.push_name("o", place).push(".last_value IS NULL AND ");
                    statement
                        .push_name("o", place)
                        .push(".")
                        .push(query::NOT_INFINITE)
                        .push(" THEN 1 ELSE 0 END, CASE ");
                    statement.push_name("o", place).push(".").push(query::WHEN_INFINITE).push(direction);
                    ".last_value"
                }
                Stat::Min => ".min_value",
                Stat::Max => ".max_value",
                Stat::Mean => ".mean_value",
            };
            statement.push_name("o", place).push(column).push(" IS NULL, ");
            statement.push_name("o", place).push(column).push(direction);
        }
    }
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
        stop_requested = COALESCE($4, stop_requested), updated_at_ms = $5,
        color = CASE WHEN $7 = 1 THEN NULL ELSE COALESCE($6, color) END
    WHERE id = $1";

const RUN_TRASH: &str = "UPDATE run SET trashed_at_ms = $2 WHERE id = $1";

const RUN_ARCHIVE: &str = "UPDATE run SET archived_at_ms = $2 WHERE id = $1";

/// Changes what the update names: of the run as a whole, so a process that it names is not its concern.
pub async fn update(
    tx: &mut Tx,
    held: &mut process::Held,
    update: &RunUpdate,
    now: UnixMillis,
) -> Result<()> {
    if update.stop_requested == Some(true) {
        held.note_stop_asked(tx, now).await?;
    }
    let id = held.id.clone();
    on!(tx, c => sqlx::query(RUN_UPDATE)
        .bind(id.as_str())
        .bind(&update.name)
        .bind(update.name.as_ref().map(|name| name.to_lowercase()))
        .bind(update.stop_requested.map(i64::from))
        .bind(now.0)
        .bind(update.color.map(i64::from))
        .bind(i64::from(update.remove_color))
        .execute(c)
        .await
        .map(drop))?;
    if let (Some(status), None) = (update.status, &update.process) {
        held.set_whole(tx, status, update.ended_at_ms.unwrap_or(now), now).await?;
    }
    if let Some(trashed) = update.trashed {
        let at = trashed.then_some(now.0);
        on!(tx, c => sqlx::query(RUN_TRASH).bind(id.as_str()).bind(at).execute(c).await.map(drop))?;
    }
    if let Some(archived) = update.archived {
        let at = archived.then_some(now.0);
        on!(tx, c => sqlx::query(RUN_ARCHIVE).bind(id.as_str()).bind(at).execute(c).await.map(drop))?;
    }
    tag::remove_run(tx, id.as_str(), &update.remove_tags).await?;
    tag::put_run(tx, id.as_str(), &update.tags).await
}

macro_rules! runs_hold {
    () => {
        concat!(
            "SELECT run.id, run.experiment_id, run.trashed_at_ms, run.archived_at_ms
            FROM v JOIN run ON run.id = v.id AND ",
            kept_run!()
        )
    };
}

const RUNS_HOLD: &str = runs_hold!();

const RUNS_HOLD_LOCK: &str = concat!(runs_hold!(), " ORDER BY run.id FOR NO KEY UPDATE OF run");

const RUNS_TOUCH: &str = "UPDATE run SET updated_at_ms = v.now FROM v WHERE run.id = v.id";

const RUNS_TRASH: &str = "UPDATE run SET trashed_at_ms = v.at FROM v WHERE run.id = v.id";

const RUNS_ARCHIVE: &str = "UPDATE run SET archived_at_ms = v.at FROM v WHERE run.id = v.id";

const RUNS_MOVE: &str =
    "UPDATE run SET experiment_id = v.experiment_id, number = v.number FROM v WHERE run.id = v.id";

const NUMBER_MAX: &str = "SELECT COALESCE(MAX(number), 0) FROM run WHERE experiment_id = $1";

/// A run as it was before a change to many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunBefore {
    pub id: RunId,
    pub experiment_id: ExperimentId,
    pub trashed: bool,
    pub archived: bool,
}

/// Makes the same change to many runs. Answers those that there are, as each was. Whoever moves them has made sure that the
/// experiment is there.
pub async fn update_many(
    tx: &mut Tx,
    ids: &[RunId],
    update: &RunsUpdate,
    now: UnixMillis,
) -> Result<Vec<RunBefore>> {
    let hold = match tx.dialect() {
        Dialect::Sqlite => RUNS_HOLD,
        Dialect::Postgres => RUNS_HOLD_LOCK,
    };
    let ids = ids.iter().map(|id| id.as_str().to_owned()).collect();
    let held: Vec<(String, i64, Option<i64>, Option<i64>)> =
        Rows::default().with("id", Column::Text(ids)).fetch(tx, hold).await?;
    let ids: Vec<String> = held.iter().map(|(id, ..)| id.clone()).collect();
    let all = |value: i64| Column::Int(vec![value; ids.len()]);
    let rows = || Rows::default().with("id", Column::Text(ids.clone()));
    rows().with("now", all(now.0)).execute(tx, RUNS_TOUCH).await?;
    for (wanted, statement) in [(update.trashed, RUNS_TRASH), (update.archived, RUNS_ARCHIVE)] {
        if let Some(wanted) = wanted {
            let at = Column::OptInt(vec![wanted.then_some(now.0); ids.len()]);
            rows().with("at", at).execute(tx, statement).await?;
        }
    }
    tag::change_runs(tx, &ids, &update.tags, &update.remove_tags).await?;
    if let Some(experiment_id) = update.experiment_id {
        // What is there already keeps its number.
        let strangers = held.iter().filter(|(_, from, ..)| *from != experiment_id.0);
        let strangers: Vec<String> = strangers.map(|(id, ..)| id.clone()).collect();
        let (last,): (i64,) =
            on!(tx, c => sqlx::query_as(NUMBER_MAX).bind(experiment_id.0).fetch_one(c).await)?;
        let numbers = (1..=strangers.len() as i64).map(|place| last + place).collect();
        let there = vec![experiment_id.0; strangers.len()];
        Rows::default()
            .with("id", Column::Text(strangers.clone()))
            .with("experiment_id", Column::Int(there))
            .with("number", Column::Int(numbers))
            .execute(tx, RUNS_MOVE)
            .await?;
        run_field::note_moved(tx, strangers).await?;
    }
    let corrupt = |error: model::Error| Error::Corrupt(error.to_string());
    let before = |(id, from, trashed, archived): (String, i64, Option<i64>, Option<i64>)| {
        let id = id.parse().map_err(corrupt)?;
        let (trashed, archived) = (trashed.is_some(), archived.is_some());
        Ok(RunBefore { id, experiment_id: ExperimentId(from), trashed, archived })
    };
    held.into_iter().map(before).collect()
}

/// A run as ingest needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub experiment_id: ExperimentId,
    pub trashed: bool,
    pub waiting: Waiting,
}

macro_rules! run_targets {
    () => {
        concat!(
            "SELECT run.id, run.experiment_id, COALESCE(run.trashed_at_ms,
                (SELECT experiment.trashed_at_ms FROM experiment WHERE experiment.id = run.experiment_id)),
            (SELECT COUNT(*) FROM bundle WHERE bundle.run_id = run.id),
            (SELECT CAST(COALESCE(SUM(bundle.bytes), 0) AS BIGINT) FROM bundle WHERE bundle.run_id = run.id)
        FROM v JOIN run ON run.id = v.id AND ",
            kept_run!()
        )
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
    let rows: Vec<(String, i64, Option<i64>, i64, i64)> =
        Rows::default().with("id", Column::Text(ids)).fetch(tx, statement).await?;
    Ok(rows
        .into_iter()
        .map(|(id, experiment, trashed, bundles, bytes)| {
            let waiting = Waiting { bundles, bytes };
            let experiment_id = ExperimentId(experiment);
            (id, Target { experiment_id, trashed: trashed.is_some(), waiting })
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
