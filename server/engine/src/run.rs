//! Runs: start, find, edit, end.

use crate::{Base, Result, experiment::page_limit, markdown, name};
use model::{
    Error, Page, RunId,
    event::{Event, RunChange},
    metric::MetricStat,
    run::{Run, RunDetail, RunNew, RunQuery, RunRow, RunStatus, RunUpdate},
    user::{Caller, Role},
};
use std::sync::Arc;
use store::run::RunRecord;

/// Different params and metrics in one page of the run table: more columns than anyone reads, few enough
/// that an experiment with thousands of keys opens as fast as one with ten.
const TABLE_KEYS_MAX: i64 = 200;

#[derive(Clone, Debug)]
pub struct Runs(pub(crate) Arc<Base>);

impl Runs {
    pub async fn create(&self, caller: &Caller, new: RunNew) -> Result<Run> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, events, .. } = &*self.0;
        if store::experiment::get(db, new.experiment_id).await?.is_none() {
            return Err(Error::not_found("experiment", new.experiment_id).into());
        }
        let now = world.now();
        let status = new.status.unwrap_or(RunStatus::Running);
        let record = RunRecord {
            id: world.run_id(),
            experiment_id: new.experiment_id,
            name: new.name.unwrap_or_else(|| name::generate(world)),
            status,
            user_name: caller.name.clone(),
            created_at_ms: now,
            started_at_ms: new.started_at_ms.or((status == RunStatus::Running).then_some(now)),
            tags: new.tags,
        };
        let mut tx = db.begin().await?;
        store::run::add(&mut tx, &record).await?;
        tx.commit().await?;
        events.publish(Event::RunChanged {
            experiment_id: record.experiment_id,
            run_id: record.id.clone(),
            change: RunChange::Header,
        });
        self.0.run(&record.id).await
    }

    pub async fn get(&self, caller: &Caller, id: &RunId) -> Result<RunDetail> {
        caller.require(Role::Viewer)?;
        let db = &self.0.db;
        let run = self.0.run(id).await?;
        let experiment = store::experiment::get(db, run.experiment_id).await?;
        let (artifact_count, artifact_bytes) = store::artifact::total(db, id).await?;
        Ok(RunDetail {
            experiment_name: experiment.map(|experiment| experiment.name).unwrap_or_default(),
            params: store::param::list(db, id).await?,
            metrics: store::metric::summaries(db, id).await?,
            artifact_count,
            artifact_bytes,
            note: store::note::latest(db, id).await?.map(markdown::note),
            run,
        })
    }

    /// One page of the run table.
    pub async fn list(&self, caller: &Caller, query: RunQuery) -> Result<Page<RunRow>> {
        caller.require(Role::Viewer)?;
        let Base { db, world, .. } = &*self.0;
        if store::experiment::get(db, query.experiment_id).await?.is_none() {
            return Err(Error::not_found("experiment", query.experiment_id).into());
        }
        let limit = page_limit(query.limit)?;
        let filter = model::query::parse(&query.filter).map_err(|error| error.into_error("filter"))?;
        let (runs, total) = store::run::list(db, &query, filter.as_ref(), limit, world.now()).await?;
        let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
        let mut params = store::param::of_runs(db, &ids, TABLE_KEYS_MAX).await?;
        let mut metrics = store::metric::summaries_of_runs(db, &ids, TABLE_KEYS_MAX).await?;
        let rows = runs.into_iter().map(|run| {
            let summaries = metrics.remove(run.id.as_str()).unwrap_or_default();
            RunRow {
                params: params.remove(run.id.as_str()).unwrap_or_default(),
                metrics: summaries.into_iter().map(|one| (one.key.clone(), MetricStat::from(&one))).collect(),
                run,
            }
        });
        Ok(Page::new(rows.collect(), total, query.offset))
    }

    pub async fn update(&self, caller: &Caller, id: &RunId, update: RunUpdate) -> Result<Run> {
        caller.require(Role::Member)?;
        update.check()?;
        let mut tx = self.0.db.begin().await?;
        if !store::run::update(&mut tx, id, &update, self.0.world.now()).await? {
            return Err(Error::not_found("run", id).into());
        }
        tx.commit().await?;
        let run = self.0.run(id).await?;
        self.0.run_changed(&run, RunChange::Header);
        Ok(run)
    }
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
