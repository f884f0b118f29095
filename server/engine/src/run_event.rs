//! Operational events of runs: add, list.

use crate::{Base, Result, experiment::page_limit};
use model::{
    Error, RunId,
    event::RunChange,
    limits,
    run_event::{RunEventPage, RunEventQuery, RunEvents, RunEventsReceipt},
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct RunEventLog(pub(crate) Arc<Base>);

impl RunEventLog {
    /// Adds events; those that the run has already stay as they are, so that sending again is harmless.
    pub async fn add(&self, caller: &Caller, run_id: &RunId, events: RunEvents) -> Result<RunEventsReceipt> {
        caller.require(Role::Member)?;
        events.check()?;
        let run = self.0.run(run_id).await?;
        let mut tx = self.0.db.begin().await?;
        let added = store::run_event::add(&mut tx, run_id, &events.events).await?;
        if added > 0 && store::run_event::count(&mut tx, run_id).await? > limits::RUN_EVENTS_MAX {
            let most = format!("a run has at most {} events", limits::RUN_EVENTS_MAX);
            return Err(Error::too_large("events", most).into());
        }
        tx.commit().await?;
        if added > 0 {
            self.0.run_changed(&run, RunChange::Events);
        }
        Ok(RunEventsReceipt { added })
    }

    /// One page of a run's events, in order of time.
    pub async fn list(&self, caller: &Caller, run_id: &RunId, query: RunEventQuery) -> Result<RunEventPage> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        let limit = page_limit(query.limit)?;
        // One more tells whether there is a next page.
        let Some(mut items) = store::run_event::list(&self.0.db, run_id, &query, limit + 1).await? else {
            return Err(Error::invalid("after", "the run has no event of this id").into());
        };
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_after = items.last().filter(|_| more).map(|event| event.id.clone());
        let told = if query.told { Some(store::run_event::told(&self.0.db, run_id).await?) } else { None };
        Ok(RunEventPage { items, told, next_after })
    }
}
