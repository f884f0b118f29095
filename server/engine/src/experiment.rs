//! Experiments: make, find, edit, archive.

use crate::{Base, Result};
use anyhow::anyhow;
use model::{
    Error, ExperimentId, Page, ProjectId, UnixMillis,
    event::Event,
    experiment::{
        Experiment, ExperimentBulk, ExperimentNew, ExperimentQuery, ExperimentSort, ExperimentUpdate,
        tree::{self, ExperimentTree, ExperimentTreeQuery, TreeRow},
    },
    limits,
    user::{Caller, Role},
};
use std::{collections::HashMap, sync::Arc};
use store::Tx;

#[derive(Clone, Debug)]
pub struct Experiments(pub(crate) Arc<Base>);

impl Experiments {
    /// Makes an experiment, or answers the one that has the name already; true when it was made.
    pub async fn create(&self, caller: &Caller, new: ExperimentNew) -> Result<(Experiment, bool)> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, events, .. } = &*self.0;
        let project_id = new.project_id.unwrap_or(ProjectId::DEFAULT);
        let mut tx = db.begin().await?;
        check_project(&mut tx, new.project_id).await?;
        let added = store::experiment::add(&mut tx, project_id, &new, world.now()).await?;
        tx.commit().await?;
        let created = added.is_some();
        let id = match added {
            Some(id) => id,
            None => store::experiment::id_by_name(db, project_id, &new.name)
                .await?
                .ok_or_else(|| anyhow!("an experiment was there and gone"))?,
        };
        if created {
            events.publish(Event::ExperimentChanged { experiment_id: id });
        }
        Ok((self.get(caller, id).await?, created))
    }

    pub async fn get(&self, caller: &Caller, id: ExperimentId) -> Result<Experiment> {
        caller.require(Role::Viewer)?;
        let found = store::experiment::get(&self.0.db, id).await?;
        Ok(found.ok_or_else(|| Error::not_found("experiment", id))?)
    }

    /// The experiment of this exact name in the default project, archived or thrown away or not.
    pub async fn by_name(&self, caller: &Caller, name: &str) -> Result<Option<Experiment>> {
        caller.require(Role::Viewer)?;
        let db = &self.0.db;
        match store::experiment::id_by_name(db, ProjectId::DEFAULT, name).await? {
            Some(id) => Ok(store::experiment::get(db, id).await?),
            None => Ok(None),
        }
    }

    pub async fn list(&self, caller: &Caller, query: ExperimentQuery) -> Result<Page<Experiment>> {
        caller.require(Role::Viewer)?;
        let limit = page_limit(query.limit)?;
        Ok(store::experiment::list(&self.0.db, &query, limit).await?)
    }

    /// How many runs were made on each of the last days, the oldest first. Experiments without any are left out.
    pub async fn activity(
        &self,
        caller: &Caller,
        ids: &[ExperimentId],
    ) -> Result<HashMap<ExperimentId, Vec<i64>>> {
        caller.require(Role::Viewer)?;
        let Base { db, world, .. } = &*self.0;
        Ok(store::experiment::activity(db, ids, limits::ACTIVITY_DAYS, world.now()).await?)
    }

    /// The tree that names with `/` make of the experiments that the query asks for: one page of its rows.
    pub async fn tree(&self, caller: &Caller, query: &ExperimentTreeQuery) -> Result<ExperimentTree> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let limit = page_limit(query.of.limit)?;
        let by_name = ExperimentQuery { sort: ExperimentSort::Name, reverse: false, ..query.of.clone() };
        let names = store::experiment::names(&self.0.db, &by_name, limits::TREE_EXPERIMENTS_MAX).await?;
        let mut tree = tree::build(&names, query, limit);
        let ids: Vec<ExperimentId> = tree.rows.iter().filter_map(TreeRow::experiment_id).collect();
        tree.experiments = store::experiment::get_many(&self.0.db, &ids).await?;
        Ok(tree)
    }

    /// Whether nothing was ever recorded here.
    pub async fn is_fresh(&self, caller: &Caller) -> Result<bool> {
        caller.require(Role::Viewer)?;
        Ok(store::experiment::is_fresh(&self.0.db).await?)
    }

    /// Archives, restores or throws away many at once: all of them, or none.
    pub async fn update_many(&self, caller: &Caller, bulk: &ExperimentBulk) -> Result<Vec<Experiment>> {
        caller.require(Role::Member)?;
        bulk.check()?;
        let Base { db, world, events, .. } = &*self.0;
        let now = world.now();
        let mut tx = db.begin().await?;
        check_project(&mut tx, bulk.project_id).await?;
        for &id in &bulk.ids {
            change(&mut tx, id, &bulk.update(), now).await?;
        }
        tx.commit().await?;
        for &experiment_id in &bulk.ids {
            events.publish(Event::ExperimentChanged { experiment_id });
        }
        Ok(store::experiment::get_many(db, &bulk.ids).await?)
    }

    pub async fn update(
        &self,
        caller: &Caller,
        id: ExperimentId,
        update: ExperimentUpdate,
    ) -> Result<Experiment> {
        caller.require(Role::Member)?;
        update.check()?;
        let mut tx = self.0.db.begin().await?;
        check_project(&mut tx, update.project_id).await?;
        change(&mut tx, id, &update, self.0.world.now()).await?;
        tx.commit().await?;
        self.0.events.publish(Event::ExperimentChanged { experiment_id: id });
        self.get(caller, id).await
    }

    /// Tags in use, as people read them: what the tag filter offers.
    pub async fn tags(&self, caller: &Caller) -> Result<Vec<String>> {
        caller.require(Role::Viewer)?;
        Ok(store::experiment::tags(&self.0.db).await?)
    }
}

impl Base {
    /// What an experiment is called, or the error that says there is none.
    pub(crate) async fn experiment_name(&self, id: ExperimentId) -> Result<String> {
        let found = store::experiment::name(&self.db, id).await?;
        Ok(found.ok_or_else(|| Error::not_found("experiment", id))?)
    }
}

async fn change(tx: &mut Tx, id: ExperimentId, update: &ExperimentUpdate, now: UnixMillis) -> Result<()> {
    match store::experiment::update(tx, id, update, now).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::not_found("experiment", id).into()),
        Err(store::Error::Unique) => {
            let message = match &update.name {
                Some(name) => format!("the name \"{name}\" is taken by another experiment"),
                None => format!("an experiment named as {id} is in that project already"),
            };
            Err(Error::conflict(message).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// A project that is named exists.
async fn check_project(tx: &mut Tx, id: Option<ProjectId>) -> Result<()> {
    match id {
        Some(id) if !store::project::exists(tx, id).await? => {
            Err(Error { field: Some("project_id".into()), ..Error::not_found("project", id) }.into())
        }
        _ => Ok(()),
    }
}

/// The size of a page: what was asked for, within bounds.
pub(crate) fn page_limit(limit: Option<u32>) -> Result<u32, Error> {
    match limit.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE_MAX => Ok(limit),
        _ => Err(Error::invalid("limit", format!("expected 1 to {}", limits::PAGE_MAX))),
    }
}
