//! The trash: what was thrown away, how much it holds, and what is deleted for good.

use crate::{Error, ExperimentId, RunId, UnixMillis, limits};
use serde::{Deserialize, Serialize};

/// An experiment with all that is in it, or a run that was thrown away by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrashItem {
    /// Absent when it is an experiment.
    pub run_id: Option<RunId>,
    pub experiment_id: ExperimentId,
    pub name: String,
    pub experiment_name: String,
    pub trashed_at_ms: UnixMillis,
    /// Of an experiment all its runs, also those that were thrown away before it.
    pub run_count: i64,
}

/// What is marked for good and not removed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrashLeaving {
    pub experiments: i64,
    /// Those of the experiments too.
    pub runs: i64,
}

/// A page of the trash, what was thrown away last first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrashPage {
    pub items: Vec<TrashItem>,
    pub total: i64,
    pub next_offset: Option<u32>,
    pub leaving: TrashLeaving,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct TrashQuery {
    /// Part of the name, in any case.
    pub search: String,
    pub offset: u32,
    pub limit: Option<u32>,
}

/// Some of what lies in the trash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct TrashSet {
    pub experiments: Vec<ExperimentId>,
    /// Those that were thrown away by themselves.
    pub runs: Vec<RunId>,
}

impl TrashSet {
    pub fn len(&self) -> usize {
        self.experiments.len() + self.runs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn check(&self) -> Result<(), Error> {
        if (1..=limits::TRASH_SET_MAX).contains(&self.len()) {
            return Ok(());
        }
        let expected = format!("expected 1 to {} experiments and runs", limits::TRASH_SET_MAX);
        Err(Error::invalid("runs", expected))
    }
}

impl TrashItem {
    pub fn as_set(&self) -> TrashSet {
        match &self.run_id {
            Some(id) => TrashSet { runs: vec![id.clone()], ..TrashSet::default() },
            None => TrashSet { experiments: vec![self.experiment_id], ..TrashSet::default() },
        }
    }
}

/// What deleting for good would free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrashSize {
    pub runs: i64,
    pub points: i64,
    /// Of the points, as they are stored.
    pub data_bytes: i64,
    /// Files that nothing else lists, by content.
    pub files: i64,
    pub file_bytes: i64,
    /// Versions of registered models whose files these are, some of them: they must go first.
    pub kept_for: Vec<String>,
}

impl TrashSize {
    pub fn bytes(&self) -> i64 {
        self.data_bytes + self.file_bytes
    }
}
