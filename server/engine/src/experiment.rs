//! Experiments: make, find, edit, archive.

use crate::{Base, Result};
use anyhow::anyhow;
use model::{
    Error, ExperimentId, Page, ProjectId,
    event::Event,
    experiment::{Experiment, ExperimentNew, ExperimentQuery, ExperimentUpdate},
    limits,
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Experiments(pub(crate) Arc<Base>);

impl Experiments {
    /// Makes an experiment, or answers the one that has the name already; true when it was made.
    pub async fn create(&self, caller: &Caller, new: ExperimentNew) -> Result<(Experiment, bool)> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, events, .. } = &*self.0;
        let mut tx = db.begin().await?;
        let added = store::experiment::add(&mut tx, ProjectId::DEFAULT, &new, world.now()).await?;
        tx.commit().await?;
        let created = added.is_some();
        let id = match added {
            Some(id) => id,
            None => store::experiment::id_by_name(db, ProjectId::DEFAULT, &new.name)
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

    /// The experiment of this exact name, archived or thrown away or not.
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

    pub async fn update(
        &self,
        caller: &Caller,
        id: ExperimentId,
        update: ExperimentUpdate,
    ) -> Result<Experiment> {
        caller.require(Role::Member)?;
        update.check()?;
        let mut tx = self.0.db.begin().await?;
        let updated = store::experiment::update(&mut tx, id, &update, self.0.world.now()).await;
        match updated {
            Ok(true) => tx.commit().await?,
            Ok(false) => return Err(Error::not_found("experiment", id).into()),
            Err(store::Error::Unique) => {
                let name = update.name.unwrap_or_default();
                return Err(
                    Error::conflict(format!("the name \"{name}\" is taken by another experiment")).into()
                );
            }
            Err(error) => return Err(error.into()),
        }
        self.0.events.publish(Event::ExperimentChanged { experiment_id: id });
        self.get(caller, id).await
    }

    /// Tags in use, as people read them: what the tag filter offers.
    pub async fn tags(&self, caller: &Caller) -> Result<Vec<String>> {
        caller.require(Role::Viewer)?;
        Ok(store::experiment::tags(&self.0.db).await?)
    }
}

/// The size of a page: what was asked for, within bounds.
pub(crate) fn page_limit(limit: Option<u32>) -> Result<u32, Error> {
    match limit.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE_MAX => Ok(limit),
        _ => Err(Error::invalid("limit", format!("expected 1 to {}", limits::PAGE_MAX))),
    }
}
