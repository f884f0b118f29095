//! The trash: what lies in it, how much it holds, back out of it, or gone for good.

mod purge;
#[cfg(test)]
mod tests;

pub(crate) use purge::start as start_purge;

use crate::{Base, Result, experiment::page_limit};
use model::{
    Error, ExperimentId, Page,
    event::Event,
    trash::{TrashItem, TrashPage, TrashQuery, TrashSet, TrashSize},
    user::{Caller, Role},
};
use std::sync::Arc;
use store::trash::Fate;

#[derive(Clone, Debug)]
pub struct Trash(pub(crate) Arc<Base>);

impl Trash {
    /// One page of what was thrown away, the last first.
    pub async fn list(&self, caller: &Caller, query: TrashQuery) -> Result<TrashPage> {
        caller.require(Role::Viewer)?;
        let limit = page_limit(query.limit)?;
        let (items, total) = store::trash::list(&self.0.db, &query, limit).await?;
        let leaving = store::trash::leaving(&self.0.db).await?;
        let Page { items, total, next_offset } = Page::<TrashItem>::new(items, total, query.offset);
        Ok(TrashPage { items, total, next_offset, leaving })
    }

    /// What deleting all of these for good would free.
    pub async fn size(&self, caller: &Caller, set: &TrashSet) -> Result<TrashSize> {
        caller.require(Role::Viewer)?;
        set.check()?;
        Ok(store::trash::size(&self.0.db, set).await?)
    }

    /// Takes all of these out of the trash, or none.
    pub async fn restore(&self, caller: &Caller, set: &TrashSet) -> Result<()> {
        caller.require(Role::Member)?;
        self.decide(set, Fate::Restored).await
    }

    /// Deletes all of these for good, or none: nobody sees them any more, and their rows and files go in the background,
    /// also when the server ends meanwhile.
    pub async fn delete(&self, caller: &Caller, set: &TrashSet) -> Result<()> {
        caller.require(Role::Admin)?;
        if set.experiments.contains(&ExperimentId::DEFAULT) {
            let message =
                "the default experiment stays: clients that name none record there. Its runs can go";
            return Err(Error::conflict(message).into());
        }
        self.decide(set, Fate::Deleted).await?;
        self.0.purge.notify_one();
        Ok(())
    }

    async fn decide(&self, set: &TrashSet, fate: Fate) -> Result<()> {
        set.check()?;
        let Base { db, world, events, .. } = &*self.0;
        let mut tx = db.begin().await?;
        if fate == Fate::Deleted {
            let kept_for = store::trash::kept_for(&mut tx, set).await?;
            if !kept_for.is_empty() {
                let message =
                    format!("files of registered models are among it; delete first: {}", kept_for.join(", "));
                return Err(Error::conflict(message).into());
            }
        }
        let mut changed = match store::trash::decide(&mut tx, set, fate, world.now()).await? {
            Ok(changed) => changed,
            Err(missing) => return Err(Error::conflict(format!("{missing} is not in the trash")).into()),
        };
        tx.commit().await?;
        changed.sort_unstable_by_key(|id| id.0);
        changed.dedup();
        for experiment_id in changed {
            // What was read of the runs no longer holds.
            self.0.run_indexes.forget(experiment_id);
            events.publish(Event::ExperimentChanged { experiment_id });
        }
        events.publish(Event::TrashChanged);
        Ok(())
    }
}
