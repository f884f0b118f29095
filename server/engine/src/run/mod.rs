//! Runs: start, go on with, find, edit, end.

mod explore;
mod export;
mod group;
mod index;
mod status_change;

pub use export::{Cell, CellKind, Export};
pub(crate) use index::{Changes, RunIndexes};

use self::index::Members;
use crate::{Base, Result, experiment::page_limit, name, project};
use model::{
    Error, ErrorKind, ExperimentId, Page, ProjectId, RunId, UnixMillis,
    event::{Event, RunChange},
    experiment::GoalMetric,
    limits,
    metric::Goal,
    query::{self, Field},
    run::{
        FoundRun, Resume, Run, RunDetail, RunFieldQuery, RunNew, RunQuery, RunRow, RunSearch, RunStatus,
        RunUpdate, RunValueQuery, RunsUpdate, RunsUpdated, Trash,
    },
    user::{Caller, Role},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use store::{Keys, Tx, process, run::RunRecord};

/// Different params and metrics in one page of the run table: more columns than anyone reads, few enough
/// that an experiment with thousands of keys opens as fast as one with ten.
const TABLE_KEYS_MAX: i64 = 200;
/// Runs whose params and metrics are asked for in one statement.
const RUNS_AT_ONCE: usize = 5_000;

#[derive(Clone, Debug)]
pub struct Runs(pub(crate) Arc<Base>);

impl Runs {
    /// Starts a run, or goes on with the one of that id; true when it is new. Of two requests at once with the same
    /// new id one starts the run and the other goes on with it.
    pub async fn create(&self, caller: &Caller, new: RunNew) -> Result<(Run, bool)> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, events, .. } = &*self.0;
        let now = world.now();
        let id = new.id.clone().unwrap_or_else(|| world.run_id());
        let mut tx = db.begin().await?;
        let (experiment_id, experiment_made) = experiment_of(&mut tx, &new, now).await?;
        check_parent(&mut tx, &id, new.parent_id.as_ref()).await?;
        let created = match new.resume {
            Resume::Must => false,
            Resume::Never | Resume::Allow => {
                let record = self.record(caller, &new, &id, experiment_id, now);
                store::run::add(&mut tx, &record).await?
            }
        };
        let Some(mut run) = process::hold(&mut tx, &id, Some(caller)).await? else {
            return Err(Error::not_found("run", id).into());
        };
        if created {
            run.note_created(&mut tx, now).await?;
        } else {
            check_resume(&new, &run, experiment_id)?;
            // Who queues a run and asks again has not begun it.
            if run.status.ended() || new.status != Some(RunStatus::Queued) {
                run.reopen(&mut tx, now).await?;
            }
        }
        // A client's clock tells when its run started, but not who came before whom.
        let started_at = new.started_at_ms.filter(|_| created).unwrap_or(now);
        if let Some(process) = &new.process
            && !run.join(&mut tx, process, started_at, now).await?
        {
            let most = format!("a run has at most {} processes", limits::PROCESSES_PER_RUN_MAX);
            return Err(Error::too_large("process", most).into());
        }
        tx.commit().await?;
        if experiment_made {
            events.publish(Event::ExperimentChanged { experiment_id });
        }
        self.0.process_changed(&run);
        Ok((self.0.run(&id).await?, created))
    }

    fn record(
        &self,
        caller: &Caller,
        new: &RunNew,
        id: &RunId,
        experiment_id: ExperimentId,
        now: UnixMillis,
    ) -> RunRecord {
        let status = new.status.unwrap_or(RunStatus::Running);
        RunRecord {
            id: id.clone(),
            experiment_id,
            parent_id: new.parent_id.clone(),
            name: new.name.clone().unwrap_or_else(|| name::generate(&self.0.world)),
            status,
            user_name: caller.name.clone(),
            created_at_ms: now,
            started_at_ms: new.started_at_ms.or((status == RunStatus::Running).then_some(now)),
            tags: new.tags.clone(),
        }
    }

    pub async fn get(&self, caller: &Caller, id: &RunId) -> Result<RunDetail> {
        caller.require(Role::Viewer)?;
        let db = &self.0.db;
        let run = self.0.run(id).await?;
        let experiment_name = self.0.experiment_name(run.experiment_id).await?;
        let (artifact_count, artifact_bytes) = store::artifact::total(db, &id.clone().into()).await?;
        let (children, child_count) = store::run::children(db, id, limits::CHILDREN_SHOWN_MAX).await?;
        let parent = match &run.parent_id {
            Some(parent_id) => store::run::get(db, parent_id).await?,
            None => None,
        };
        Ok(RunDetail {
            experiment_name,
            params: store::param::list(db, id).await?,
            param_changes: store::param::changes(db, id).await?,
            status_history: status_change::history(store::status_change::list(db, id).await?, &run),
            metrics: store::metric::summaries(db, id).await?,
            artifact_count,
            artifact_bytes,
            assets: store::asset::uses_of_runs(db, std::slice::from_ref(id))
                .await?
                .remove(id.as_str())
                .unwrap_or_default(),
            note: self.0.note(id).await?,
            processes: process::list(db, id, limits::PROCESSES_SHOWN_MAX).await?,
            parent,
            children,
            child_count,
            run,
        })
    }

    /// The run by itself, without what belongs to it.
    pub async fn header(&self, caller: &Caller, id: &RunId) -> Result<Run> {
        caller.require(Role::Viewer)?;
        self.0.run(id).await
    }

    /// One page of the run table.
    pub async fn list(&self, caller: &Caller, query: RunQuery) -> Result<Page<RunRow>> {
        caller.require(Role::Viewer)?;
        let Base { db, world, .. } = &*self.0;
        self.0.experiment_name(query.experiment_id).await?;
        let limit = page_limit(query.limit)?;
        let fields = query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
        let search = query.into_search(limit)?;
        let Found { page: runs, offset, total } = self.find(&search).await?;
        let total = match total {
            Some(total) => total,
            None => store::run::count(db, &search, world.now()).await?,
        };
        let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
        let (params, metrics) = keys_of(&fields);
        let keys = |these| if fields.is_empty() { Keys::Most(TABLE_KEYS_MAX) } else { Keys::These(these) };
        let mut params = store::param::of_runs(db, &ids, keys(&params)).await?;
        let mut metrics = store::metric::stats_of_runs(db, &ids, keys(&metrics)).await?;
        let rows = runs.into_iter().map(|run| RunRow {
            params: params.remove(run.id.as_str()).unwrap_or_default(),
            metrics: metrics.remove(run.id.as_str()).unwrap_or_default(),
            run,
        });
        Ok(Page::new(rows.collect(), total, offset))
    }

    /// The run that is best by the goal of its experiment, with that number; none when no run has a finite one.
    pub async fn best(
        &self,
        caller: &Caller,
        experiment_id: ExperimentId,
        goal: &GoalMetric,
    ) -> Result<Option<(RunId, f64)>> {
        let stat = goal.goal.stat();
        let field = Field::Metric { key: goal.key.clone(), stat };
        let query = RunQuery {
            filter: format!("{field} is not null"),
            sort: format!("{field}{}", if goal.goal == Goal::Max { " desc" } else { "" }),
            fields: field.to_string(),
            limit: Some(1),
            ..RunQuery::new(experiment_id)
        };
        let best = self.list(caller, query).await?.items.into_iter().next();
        Ok(best.and_then(|row| {
            let number = row.metrics.get(&goal.key)?.get(stat)?.0;
            Some((row.run.id, number))
        }))
    }

    /// Runs of some experiments, whole. Unknown experiments have none.
    pub async fn search(&self, caller: &Caller, search: &RunSearch) -> Result<Vec<FoundRun>> {
        caller.require(Role::Viewer)?;
        let db = &self.0.db;
        let runs = self.find(search).await?.page;
        let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
        let (mut params, mut metrics) = (HashMap::new(), HashMap::new());
        for ids in ids.chunks(RUNS_AT_ONCE) {
            params.extend(store::param::of_runs(db, ids, Keys::All).await?);
            metrics.extend(store::metric::summaries_of_runs(db, ids, Keys::All).await?);
        }
        let mut assets = store::asset::uses_of_runs(db, &ids).await?;
        let found = runs.into_iter().map(|run| FoundRun {
            params: params.remove(run.id.as_str()).unwrap_or_default(),
            metrics: metrics.remove(run.id.as_str()).unwrap_or_default(),
            assets: assets.remove(run.id.as_str()).unwrap_or_default(),
            run,
        });
        Ok(found.collect())
    }

    /// What the runs of an experiment have: params, then metrics without context, then tags, of which the key contains a
    /// text; at most a page of them.
    pub async fn fields(&self, caller: &Caller, query: &RunFieldQuery) -> Result<Vec<Field>> {
        caller.require(Role::Viewer)?;
        let limit = i64::from(page_limit(query.limit)?);
        Ok(store::run_field::list(&self.0.db, query.experiment_id, &query.search, limit).await?)
    }

    /// What occurs in a param or tag of an experiment's runs, most often first; a page of it.
    pub async fn values(&self, caller: &Caller, query: &RunValueQuery) -> Result<Vec<String>> {
        caller.require(Role::Viewer)?;
        let limit = page_limit(query.limit)? as usize;
        if !matches!(query.field, Field::Param(_) | Field::Tag(_)) {
            return Err(Error::invalid("field", "expected a param or a tag").into());
        }
        let indexes = &self.0.run_indexes;
        indexes.values(&self.0, query.experiment_id, &query.field, &query.search, limit).await
    }

    /// Those of the query's fields that are not the same in all runs that it means, whatever its page. A run without a
    /// value differs from one that has it.
    pub async fn differing(&self, caller: &Caller, query: RunQuery) -> Result<Vec<Field>> {
        caller.require(Role::Viewer)?;
        let experiment_id = query.experiment_id;
        let fields = query::parse_fields(&query.fields).map_err(|error| error.into_error("fields"))?;
        if fields.is_empty() || fields.len() > limits::DIFFERENCES_MAX {
            let expected = format!("expected 1 to {} params, metrics and tags", limits::DIFFERENCES_MAX);
            return Err(Error::invalid("fields", expected).into());
        }
        let search =
            RunSearch { offset: 0, after: None, order: Vec::new(), ..query.into_search(u32::MAX >> 1)? };
        let runs = self.members(&search).await?;
        self.0.run_indexes.differing(&self.0, experiment_id, &runs, &fields).await
    }

    /// The runs of a search, whatever its page, as the index of their experiment takes them.
    async fn members<'a>(&self, search: &'a RunSearch) -> Result<Members<'a>> {
        if index::holds_all(search) {
            return Ok(Members::Searched(search));
        }
        Ok(Members::Found(store::run::search_ids(&self.0.db, search, self.0.world.now()).await?))
    }

    /// One page of the runs that are searched for.
    async fn find(&self, search: &RunSearch) -> Result<Found> {
        let Base { db, world, run_indexes, .. } = &*self.0;
        if let Some(experiment_id) = index::serves(search) {
            let found = run_indexes.find(&self.0, experiment_id, search).await?;
            let page = store::run::get_in_order(db, &found.page).await?;
            if page.len() == found.page.len() {
                return Ok(Found { page, offset: found.offset as u32, total: Some(found.total) });
            }
            // Some are gone for good since.
            run_indexes.forget(experiment_id);
        }
        if let Some(after) = &search.after {
            return self.find_after(search, after).await;
        }
        let page = store::run::search(db, search, world.now()).await?;
        Ok(Found { page, offset: search.offset, total: None })
    }

    /// A page that begins after a run, found by the database alone: the run is looked up in the order of all runs, because
    /// it need not be one of those that are searched for.
    async fn find_after(&self, search: &RunSearch, after: &RunId) -> Result<Found> {
        let Base { db, world, .. } = &*self.0;
        let all = RunSearch { after: None, offset: 0, limit: u32::MAX >> 1, ..search.clone() };
        let meant: HashSet<RunId> =
            store::run::search_ids(db, &all, world.now()).await?.into_iter().collect();
        let every = RunSearch {
            search: String::new(),
            status: None,
            parent: None,
            filter: None,
            trash: Trash::With,
            archived: true,
            ..all
        };
        let order = store::run::search_ids(db, &every, world.now()).await?;
        let Some(place) = order.iter().position(|id| id == after) else {
            return Err(index::stranger(after).into());
        };
        let (before, rest) = order.split_at(place + 1);
        let offset = before.iter().filter(|id| meant.contains(id)).count() as u32;
        let page = rest.iter().filter(|id| meant.contains(id)).take(search.limit as usize);
        let page = store::run::get_in_order(db, &page.cloned().collect::<Vec<_>>()).await?;
        Ok(Found { page, offset, total: Some(meant.len() as i64) })
    }

    pub async fn update(&self, caller: &Caller, id: &RunId, update: RunUpdate) -> Result<Run> {
        caller.require(Role::Member)?;
        update.check()?;
        let now = self.0.world.now();
        let mut tx = self.0.db.begin().await?;
        let Some(mut held) = process::hold(&mut tx, id, Some(caller)).await? else {
            return Err(Error::not_found("run", id).into());
        };
        if update.stop_requested == Some(true) && held.status != RunStatus::Running {
            return Err(Error::conflict(format!("the run is {}", held.status.as_str())).into());
        }
        if let (Some(process_id), Some(status)) = (&update.process, update.status) {
            let ended_at = update.ended_at_ms.unwrap_or(now);
            if !held.end_process(&mut tx, process_id, status, ended_at, now).await? {
                return Err(Error::not_found("process", process_id).into());
            }
        }
        store::run::update(&mut tx, &mut held, &update, now).await?;
        tx.commit().await?;
        self.0.process_changed(&held);
        self.0.run(id).await
    }
}

/// The keys of the params and of the metrics among fields.
fn keys_of(fields: &[Field]) -> (Vec<&str>, Vec<&str>) {
    let (mut params, mut metrics) = (Vec::new(), Vec::new());
    for field in fields {
        match field {
            Field::Param(key) => params.push(key.as_str()),
            Field::Metric { key, .. } => metrics.push(key.as_str()),
            Field::Attribute(_) | Field::Tag(_) | Field::Dataset(_) => {}
        }
    }
    (params, metrics)
}

/// A page of runs, in order.
struct Found {
    page: Vec<Run>,
    /// How many come before it.
    offset: u32,
    /// How many there are in all, when that is known.
    total: Option<i64>,
}

impl Runs {
    /// Makes the same change to many runs, some at a time: should it fail half-way, those before are changed, and the
    /// same request again does the rest.
    pub async fn update_many(&self, caller: &Caller, update: &RunsUpdate) -> Result<RunsUpdated> {
        caller.require(Role::Member)?;
        update.check()?;
        let Base { db, world, events, run_indexes, .. } = &*self.0;
        let ids = match &update.query {
            None => update.ids.clone(),
            Some(query) => {
                let search = query.clone().into_search(u32::MAX >> 1)?;
                let search = RunSearch { offset: 0, after: None, ..search };
                self.find_ids(&search).await?
            }
        };
        let mut count = 0;
        let mut reversible = Vec::new();
        for ids in ids.chunks(limits::RUNS_PER_COMMIT_MAX) {
            let mut tx = db.begin().await?;
            if let Some(experiment_id) = update.experiment_id
                && !store::experiment::exists(&mut tx, experiment_id).await?
            {
                return Err(Error::not_found("experiment", experiment_id).into());
            }
            let changed = store::run::update_many(&mut tx, ids, update, world.now()).await?;
            tx.commit().await?;
            count += changed.len() as i64;
            let mut by_experiment: BTreeMap<ExperimentId, Vec<RunId>> = BTreeMap::new();
            for store::run::RunBefore { id: run_id, experiment_id: from, trashed, archived } in changed {
                if update.experiment_id.is_some_and(|to| to != from)
                    || update.trashed.is_some_and(|wanted| wanted != trashed)
                    || update.archived.is_some_and(|wanted| wanted != archived)
                {
                    reversible.push(run_id.clone());
                }
                if let Some(to) = update.experiment_id.filter(|to| *to != from) {
                    by_experiment.entry(to).or_default().push(run_id.clone());
                    run_indexes.forget(from);
                }
                by_experiment.entry(from).or_default().push(run_id);
            }
            for (experiment_id, run_ids) in by_experiment {
                events.publish_runs(experiment_id, &run_ids);
            }
        }
        Ok(RunsUpdated { count, reversible })
    }

    /// The ids of the runs that are searched for.
    async fn find_ids(&self, search: &RunSearch) -> Result<Vec<RunId>> {
        let Base { db, world, run_indexes, .. } = &*self.0;
        match index::serves(search) {
            Some(experiment_id) => Ok(run_indexes.find(&self.0, experiment_id, search).await?.page),
            None => Ok(store::run::search_ids(db, search, world.now()).await?),
        }
    }
}

/// The experiment that the request names, made when there is none of that name; true when it was made.
async fn experiment_of(tx: &mut Tx, new: &RunNew, now: UnixMillis) -> Result<(ExperimentId, bool)> {
    match (new.experiment_id, &new.experiment_name) {
        (Some(id), _) if store::experiment::exists(tx, id).await? => Ok((id, false)),
        (Some(id), _) => Err(Error::not_found("experiment", id).into()),
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let project_id = match &new.project_name {
                Some(name) => project::ensure(tx, name, now).await?.0,
                None => ProjectId::DEFAULT,
            };
            Ok(store::experiment::ensure(tx, project_id, name, now).await?)
        }
    }
}

/// A parent exists, is no descendant of the run, and has not too many parents above it.
async fn check_parent(tx: &mut Tx, id: &RunId, parent_id: Option<&RunId>) -> Result<()> {
    let Some(parent_id) = parent_id else { return Ok(()) };
    let line = store::run::line(tx, parent_id, limits::RUN_ANCESTORS_MAX).await?;
    let fault = if line.is_empty() {
        let missing = Error::not_found("run", parent_id);
        return Err(Error { field: Some("parent_id".to_owned()), ..missing }.into());
    } else if line.iter().any(|ancestor| ancestor == id.as_str()) {
        "the parent is a descendant of the run".to_owned()
    } else if line.len() as i64 >= limits::RUN_ANCESTORS_MAX {
        format!("runs nest at most {} deep", limits::RUN_ANCESTORS_MAX)
    } else {
        return Ok(());
    };
    Err(Error::invalid("parent_id", fault).into())
}

/// Whether the request may go on with a run that is there.
fn check_resume(new: &RunNew, run: &process::Held, experiment_id: ExperimentId) -> Result<()> {
    let fault = |field: &str, message: String| {
        Err(Error { kind: ErrorKind::Conflict, message, field: Some(field.to_owned()) }.into())
    };
    if new.resume == Resume::Never {
        return fault("id", format!("there is a run \"{}\" already", run.id));
    }
    if run.experiment_id != experiment_id {
        let field = if new.experiment_id.is_some() { "experiment_id" } else { "experiment_name" };
        return fault(field, format!("run \"{}\" is in another experiment", run.id));
    }
    Ok(())
}

impl Base {
    /// The run, or the error that says there is none.
    pub(crate) async fn run(&self, id: &RunId) -> Result<Run> {
        let found = store::run::get(&self.db, id).await?;
        Ok(found.ok_or_else(|| Error::not_found("run", id))?)
    }

    pub(crate) fn run_changed(&self, run: &Run, change: RunChange) {
        let event = Event::RunChanged { experiment_id: run.experiment_id, run_id: run.id.clone(), change };
        self.events.publish(event);
    }
}
