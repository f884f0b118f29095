//! What happened, told to whoever watches: ids only, the watcher fetches what it shows.

use crate::{ExperimentId, RunId};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// An experiment was made or edited.
    ExperimentChanged { experiment_id: ExperimentId },
    /// A run was made, edited, ended or logged to.
    RunChanged { experiment_id: ExperimentId, run_id: RunId, change: RunChange },
    /// A project was made, renamed or removed.
    ProjectsChanged,
    /// A saved view of an experiment was made, changed or deleted.
    ViewChanged { experiment_id: ExperimentId },
    /// Something left the trash for good or came out of it, or has been removed since.
    TrashChanged,
    /// The watcher fell behind and missed some: fetch everything again.
    Lagged,
}

/// Which part of a run changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunChange {
    /// Name, status, tags, processes.
    Header,
    /// Params or metrics.
    Logged,
    Artifacts,
    Note,
    Environment,
    /// Operational events.
    Events,
}

impl Event {
    pub fn experiment_id(&self) -> Option<ExperimentId> {
        match self {
            Self::ExperimentChanged { experiment_id }
            | Self::RunChanged { experiment_id, .. }
            | Self::ViewChanged { experiment_id } => Some(*experiment_id),
            Self::ProjectsChanged | Self::TrashChanged | Self::Lagged => None,
        }
    }

    pub fn run_id(&self) -> Option<&RunId> {
        match self {
            Self::RunChanged { run_id, .. } => Some(run_id),
            _ => None,
        }
    }
}
