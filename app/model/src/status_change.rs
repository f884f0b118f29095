//! How the status of a run came about: each change with its cause, kept with the run.

use crate::{ProcessId, UnixMillis, run::RunStatus, user::Via};
use serde::{Deserialize, Serialize};

/// Why a run's status changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StatusCause {
    /// The run was made.
    Created,
    /// A client began the queued run, or went on with the ended one.
    Resumed,
    /// A process was heard of for the first time.
    Joined,
    /// The run's last process ended, and this one says how the run did.
    Process,
    /// Somebody set the status of the run as a whole.
    Request,
    /// Somebody asked the run to stop; its status is still the same.
    StopAsked,
    /// Nothing was heard of the process since then.
    Silence,
    /// A process that was lost was heard of again.
    Returned,
    /// It happened before changes were recorded.
    Unrecorded,
}

impl StatusCause {
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Resumed,
        Self::Joined,
        Self::Process,
        Self::Request,
        Self::StopAsked,
        Self::Silence,
        Self::Returned,
        Self::Unrecorded,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Resumed => "resumed",
            Self::Joined => "joined",
            Self::Process => "process",
            Self::Request => "request",
            Self::StopAsked => "stop_asked",
            Self::Silence => "silence",
            Self::Returned => "returned",
            Self::Unrecorded => "unrecorded",
        }
    }
}

/// The process that a change came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusProcess {
    pub id: ProcessId,
    pub host: String,
    pub pid: i64,
    pub rank: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusChange {
    /// By the server's clock.
    pub at_ms: UnixMillis,
    /// Absent when the run began with this.
    pub from: Option<RunStatus>,
    pub to: RunStatus,
    pub cause: StatusCause,
    /// Whose request it was; absent when the server found it out by itself.
    pub user: Option<String>,
    /// By which way the request came.
    pub via: Option<Via>,
    pub process: Option<StatusProcess>,
    /// When the silent process was last heard of.
    pub since_ms: Option<UnixMillis>,
}

/// The changes of a run's status, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusHistory {
    pub changes: Vec<StatusChange>,
    /// How many are not kept, all of them between the first ones and the newest.
    pub left_out: i64,
}
