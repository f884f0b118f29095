//! Which runs changed since an index was read: those that this server changed, of which it hears with the event, and on
//! PostgreSQL those that carry a recent time stamp, because another server may have changed them.

use super::Read;
use model::{ExperimentId, RunId, UnixMillis, event::Event, limits};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{Dialect, column::Which};

/// The last change of each run, for experiments that have an index.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    count: AtomicU64,
    watched: Mutex<HashMap<ExperimentId, HashMap<RunId, u64>>>,
}

/// What to read again.
#[derive(Debug)]
pub(super) struct Changed {
    /// Runs that changed at this time or later; on SQLite, which has one server, only when all are to be read.
    pub since: Option<UnixMillis>,
    /// These as well.
    pub runs: Vec<RunId>,
}

impl Changed {
    pub fn parts(&self) -> impl Iterator<Item = Which<'_>> {
        let these = (!self.runs.is_empty()).then_some(Which::These(&self.runs));
        self.since.map(Which::Since).into_iter().chain(these)
    }

    fn all() -> Self {
        Self { since: Some(UnixMillis(i64::MIN)), runs: Vec::new() }
    }
}

impl Changes {
    pub fn note(&self, event: &Event) {
        if let (Some(experiment_id), Some(run_id)) = (event.experiment_id(), event.run_id())
            && let Some(runs) = self.lock().get_mut(&experiment_id)
        {
            // Counted under the lock: who reads the count has this run in the map.
            let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
            runs.insert(run_id.clone(), count);
        }
    }

    /// Takes note of an experiment's runs from now on.
    pub fn watch(&self, experiment_id: ExperimentId) {
        self.lock().entry(experiment_id).or_default();
    }

    pub fn unwatch(&self, experiment_id: ExperimentId) {
        self.lock().remove(&experiment_id);
    }

    /// Changes so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// What changed since something was read.
    pub(super) fn since(&self, experiment_id: ExperimentId, read: Read, dialect: Dialect) -> Changed {
        let Some(at) = read.at else { return Changed::all() };
        let since = match dialect {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(UnixMillis(at.0 - limits::RUN_INDEX_OVERLAP_MILLIS)),
        };
        let watched = self.lock();
        let Some(runs) = watched.get(&experiment_id) else { return Changed::all() };
        let later = runs.iter().filter(|(_, change)| **change > read.change);
        let runs: Vec<RunId> = later.map(|(id, _)| id.clone()).collect();
        if runs.len() > limits::RUN_INDEX_CHANGES_MAX {
            return Changed::all();
        }
        Changed { since, runs }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ExperimentId, HashMap<RunId, u64>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
