//! Traces: taken in, found, tagged, removed.

use crate::{Base, Result};
use model::{
    Error, ExperimentId, TraceId,
    trace::{Trace, TraceRemoval, TraceUpdate},
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Traces(pub(crate) Arc<Base>);

impl Traces {
    /// An id for a trace whose client chose none.
    pub fn new_id(&self, caller: &Caller) -> Result<TraceId> {
        caller.require(Role::Member)?;
        Ok(TraceId::from_bytes(self.0.world.bytes()))
    }

    /// Stores a trace; one of this id takes the new facts, as long as it is of the same experiment.
    pub async fn put(&self, caller: &Caller, trace: &Trace) -> Result<Trace> {
        caller.require(Role::Member)?;
        trace.check()?;
        let Base { db, .. } = &*self.0;
        let before = store::trace::get(db, std::slice::from_ref(&trace.id)).await?.pop();
        if before.is_some_and(|before| before.experiment_id != trace.experiment_id) {
            let message = format!("trace \"{}\" is in another experiment", trace.id);
            return Err(Error::conflict(message).into());
        }
        let mut tx = db.begin().await?;
        if !store::experiment::exists(&mut tx, trace.experiment_id).await? {
            return Err(Error::not_found("experiment", trace.experiment_id).into());
        }
        store::trace::put(&mut tx, trace).await?;
        tx.commit().await?;
        self.0.trace(&trace.id).await
    }

    pub async fn get(&self, caller: &Caller, id: &TraceId) -> Result<Trace> {
        caller.require(Role::Viewer)?;
        self.0.trace(id).await
    }

    /// The newest traces of these experiments, at most so many after the first `offset`.
    pub async fn newest(
        &self,
        caller: &Caller,
        experiment_ids: &[ExperimentId],
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Trace>> {
        caller.require(Role::Viewer)?;
        Ok(store::trace::newest(&self.0.db, experiment_ids, offset, limit).await?)
    }

    pub async fn update(&self, caller: &Caller, id: &TraceId, update: &TraceUpdate) -> Result<()> {
        caller.require(Role::Member)?;
        update.put_tags.check()?;
        self.0.trace(id).await?;
        let mut tx = self.0.db.begin().await?;
        store::trace::update(&mut tx, id, update).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes traces of an experiment for good. Answers how many there were.
    pub async fn remove(
        &self,
        caller: &Caller,
        experiment_id: ExperimentId,
        removal: &TraceRemoval,
    ) -> Result<usize> {
        caller.require(Role::Member)?;
        let mut tx = self.0.db.begin().await?;
        let count = store::trace::remove(&mut tx, experiment_id, removal).await?;
        tx.commit().await?;
        Ok(count)
    }
}

impl Base {
    /// The trace, or the error that says there is none.
    pub(crate) async fn trace(&self, id: &TraceId) -> Result<Trace> {
        let found = store::trace::get(&self.db, std::slice::from_ref(id)).await?.pop();
        Ok(found.ok_or_else(|| Error::not_found("trace", id))?)
    }
}
