//! Saved views of an experiment's runs, and which one it opens with.

use crate::{Db, Result, Tx, db::on};
use model::{ExperimentId, UnixMillis, UserId, ViewId, view::ViewState};

/// A view as stored, with what it is to one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRecord {
    pub id: ViewId,
    pub experiment_id: ExperimentId,
    pub author_id: UserId,
    pub author: String,
    pub name: String,
    pub state: ViewState,
    pub shared: bool,
    pub default_for_one: bool,
    pub default_for_all: bool,
    pub created_at_ms: UnixMillis,
    pub updated_at_ms: UnixMillis,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    experiment_id: i64,
    account_id: i64,
    author: String,
    name: String,
    state: String,
    shared: i64,
    created_at_ms: i64,
    updated_at_ms: i64,
    default_for_one: i64,
    default_for_all: i64,
}

impl From<Row> for ViewRecord {
    fn from(row: Row) -> Self {
        Self {
            id: ViewId(row.id),
            experiment_id: ExperimentId(row.experiment_id),
            author_id: UserId(row.account_id),
            author: row.author,
            name: row.name,
            // What another version stored and this one does not understand is left out.
            state: ViewState::of_address(&row.state),
            shared: row.shared != 0,
            default_for_one: row.default_for_one != 0,
            default_for_all: row.default_for_all != 0,
            created_at_ms: UnixMillis(row.created_at_ms),
            updated_at_ms: UnixMillis(row.updated_at_ms),
        }
    }
}

/// Of a [`Row`], as the account `$2` sees it.
macro_rules! visible {
    () => {
        "SELECT v.id, v.experiment_id, v.account_id, account.name AS author, v.name, v.state, v.shared,
            v.created_at_ms, v.updated_at_ms,
            (SELECT COUNT(*) FROM saved_view_default d WHERE d.view_id = v.id AND d.account_id = $2)
                AS default_for_one,
            (SELECT COUNT(*) FROM saved_view_default d WHERE d.view_id = v.id AND d.account_id IS NULL)
                AS default_for_all
        FROM saved_view v
        JOIN account ON account.id = v.account_id
        JOIN experiment ON experiment.id = v.experiment_id AND experiment.purged_at_ms IS NULL
        WHERE (v.account_id = $2 OR v.shared = 1) AND "
    };
}

const VIEWS: &str = concat!(visible!(), "v.experiment_id = $1");

/// All views of an experiment that an account sees, in no order.
pub async fn list(db: &Db, experiment_id: ExperimentId, account: UserId) -> Result<Vec<ViewRecord>> {
    let mut conn = db.read().await?;
    let rows: Vec<Row> =
        on!(conn, c => sqlx::query_as(VIEWS).bind(experiment_id.0).bind(account.0).fetch_all(c).await)?;
    Ok(rows.into_iter().map(ViewRecord::from).collect())
}

const VIEW: &str = concat!(visible!(), "v.id = $1");

/// A view, if the account sees it.
pub async fn get(tx: &mut Tx, id: ViewId, account: UserId) -> Result<Option<ViewRecord>> {
    let row: Option<Row> =
        on!(tx, c => sqlx::query_as(VIEW).bind(id.0).bind(account.0).fetch_optional(c).await)?;
    Ok(row.map(ViewRecord::from))
}

const COUNTS: &str = "
    SELECT (SELECT COUNT(*) FROM saved_view WHERE experiment_id = $1 AND account_id = $2),
        (SELECT COUNT(*) FROM saved_view WHERE experiment_id = $1 AND shared = 1)";

/// How many views of an experiment an account has made, and how many are shared.
pub async fn count(tx: &mut Tx, experiment_id: ExperimentId, account: UserId) -> Result<(i64, i64)> {
    Ok(on!(tx, c => sqlx::query_as(COUNTS).bind(experiment_id.0).bind(account.0).fetch_one(c).await)?)
}

const VIEW_ADD: &str = "
    INSERT INTO saved_view (experiment_id, account_id, name, state, shared, created_at_ms, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $6)
    ON CONFLICT (experiment_id, account_id, name) DO NOTHING
    RETURNING id";

/// Adds a view; `None` when its author has one of that name in the experiment.
pub async fn add(
    tx: &mut Tx,
    experiment_id: ExperimentId,
    author: UserId,
    name: &str,
    state: &ViewState,
    shared: bool,
    now: UnixMillis,
) -> Result<Option<ViewId>> {
    let row: Option<(i64,)> = on!(tx, c => sqlx::query_as(VIEW_ADD)
        .bind(experiment_id.0)
        .bind(author.0)
        .bind(name)
        .bind(state.as_str())
        .bind(i64::from(shared))
        .bind(now.0)
        .fetch_optional(c)
        .await)?;
    Ok(row.map(|(id,)| ViewId(id)))
}

const VIEW_UPDATE: &str = "
    UPDATE saved_view SET name = $2, state = $3, shared = $4, updated_at_ms = $5 WHERE id = $1";

/// Stores a view's name, state and whether it is shared; `Error::Unique` when its author has another of that name.
pub async fn update(tx: &mut Tx, view: &ViewRecord, now: UnixMillis) -> Result<()> {
    on!(tx, c => sqlx::query(VIEW_UPDATE)
        .bind(view.id.0)
        .bind(&view.name)
        .bind(view.state.as_str())
        .bind(i64::from(view.shared))
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const DEFAULT_OF_ONE: &str = "
    INSERT INTO saved_view_default (experiment_id, account_id, view_id) VALUES ($1, $2, $3)
    ON CONFLICT (experiment_id, account_id) WHERE account_id IS NOT NULL DO UPDATE SET view_id = excluded.view_id";

const DEFAULT_OF_ALL: &str = "
    INSERT INTO saved_view_default (experiment_id, account_id, view_id) VALUES ($1, NULL, $2)
    ON CONFLICT (experiment_id) WHERE account_id IS NULL DO UPDATE SET view_id = excluded.view_id";

const NO_DEFAULT_OF_ONE: &str = "DELETE FROM saved_view_default WHERE view_id = $1 AND account_id = $2";

const NO_DEFAULT_OF_ALL: &str = "DELETE FROM saved_view_default WHERE view_id = $1 AND account_id IS NULL";

/// For whom an experiment opens with a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    One(UserId),
    All,
}

/// Lets the experiment open with this view, or no longer.
pub async fn set_default(
    tx: &mut Tx,
    experiment_id: ExperimentId,
    id: ViewId,
    whose: Whose,
    on: bool,
) -> Result<()> {
    match (whose, on) {
        (Whose::One(account), true) => on!(tx, c => sqlx::query(DEFAULT_OF_ONE)
            .bind(experiment_id.0)
            .bind(account.0)
            .bind(id.0)
            .execute(c)
            .await
            .map(drop))?,
        (Whose::All, true) => {
            on!(tx, c => sqlx::query(DEFAULT_OF_ALL).bind(experiment_id.0).bind(id.0).execute(c).await.map(drop))?;
        }
        (Whose::One(account), false) => {
            on!(tx, c => sqlx::query(NO_DEFAULT_OF_ONE).bind(id.0).bind(account.0).execute(c).await.map(drop))?;
        }
        (Whose::All, false) => {
            on!(tx, c => sqlx::query(NO_DEFAULT_OF_ALL).bind(id.0).execute(c).await.map(drop))?;
        }
    }
    Ok(())
}

const DEFAULTS_OF_OTHERS: &str = "
    DELETE FROM saved_view_default WHERE view_id = $1 AND (account_id IS NULL OR account_id <> $2)";

/// Makes a view the default of nobody but this account.
pub async fn forget_others(tx: &mut Tx, id: ViewId, author: UserId) -> Result<()> {
    on!(tx, c => sqlx::query(DEFAULTS_OF_OTHERS).bind(id.0).bind(author.0).execute(c).await.map(drop))?;
    Ok(())
}

const VIEW_REMOVE: &str = "DELETE FROM saved_view WHERE id = $1";

pub async fn remove(tx: &mut Tx, id: ViewId) -> Result<()> {
    on!(tx, c => sqlx::query(VIEW_REMOVE).bind(id.0).execute(c).await.map(drop))?;
    Ok(())
}
