//! What happened, told to whoever watches: ids only, the watcher fetches what it shows.

use crate::{Error, ExperimentId, RunId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The place of an event among all that a server's process told, written `9f3c-17`: a watcher whose stream broke names the
/// last one that it heard, and is told what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// Drawn by each start of a server: numbers of another one mean nothing.
    pub server: u32,
    pub number: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.server, self.number)
    }
}

impl FromStr for EventId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parse = |text: &str| {
            let (server, number) = text.split_once('-')?;
            Some(Self { server: u32::from_str_radix(server, 16).ok()?, number: number.parse().ok()? })
        };
        parse(text).ok_or_else(|| Error::invalid("after", "expected the id of an event, such as 9f3c-17"))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_is_read_as_it_is_written() {
        let id = EventId { server: 0x9f3c, number: 17 };
        assert_eq!(id.to_string(), "9f3c-17");
        assert_eq!("9f3c-17".parse(), Ok(id));
        for bad in ["", "17", "x-1", "1-", "1-x", "100000000-1"] {
            assert_eq!(bad.parse::<EventId>().unwrap_err().field.as_deref(), Some("after"), "{bad}");
        }
    }
}
