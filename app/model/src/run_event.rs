//! Operational events of a run: a checkpoint was written, the data loader restarted, evaluation began and ended. Not to
//! be mixed up with [`crate::event`], which tells watchers that something changed.

use crate::{Error, RunEventId, SpanId, UnixMillis, limits, param};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunEventKind {
    /// Something that takes no time.
    #[default]
    Point,
    Start,
    Finish,
}

impl RunEventKind {
    pub const ALL: [Self; 3] = [Self::Point, Self::Start, Self::Finish];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Start => "start",
            Self::Finish => "finish",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunEvent {
    pub id: RunEventId,
    pub name: String,
    /// The program, or the part of it, that tells.
    #[serde(default)]
    pub source: String,
    /// When it happened, by the teller's clock.
    pub time_ms: UnixMillis,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    #[serde(default)]
    pub kind: RunEventKind,
    /// The same for a start and its finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<SpanId>,
}

impl RunEvent {
    /// The metadata as it is stored.
    pub fn metadata_json(&self) -> String {
        serde_json::to_string(&self.metadata).expect("an object of JSON values is JSON")
    }

    fn check(&self, field: &str) -> Result<(), Error> {
        param::check_key(&format!("{field}.name"), &self.name)?;
        param::check_text(&format!("{field}.source"), &self.source, limits::RUN_EVENT_SOURCE_BYTES_MAX)?;
        if self.metadata_json().len() > limits::RUN_EVENT_METADATA_BYTES_MAX {
            let most = format!("at most {} bytes of JSON", limits::RUN_EVENT_METADATA_BYTES_MAX);
            return Err(Error::too_large(format!("{field}.metadata"), most));
        }
        Ok(())
    }
}

/// Events to add to a run. Each is stored once, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunEvents {
    pub events: Vec<RunEvent>,
}

impl RunEvents {
    pub fn check(&self) -> Result<(), Error> {
        if self.events.len() > limits::RUN_EVENTS_PER_REQUEST_MAX {
            let most = format!("at most {} at once", limits::RUN_EVENTS_PER_REQUEST_MAX);
            return Err(Error::too_large("events", most));
        }
        let mut events = self.events.iter().enumerate();
        events.try_for_each(|(place, event)| event.check(&format!("events[{place}]")))
    }
}

/// How many of the events sent were new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEventsReceipt {
    pub added: i64,
}

/// Which events of a run: in order of time, then id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct RunEventQuery {
    /// Start behind this event: `next_after` of the page before.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub after: Option<RunEventId>,
    pub limit: Option<u32>,
    /// The newest first.
    pub reverse: bool,
    /// Only those that this source told; empty: those without a source.
    pub source: Option<String>,
    /// Only those of this name.
    pub name: Option<String>,
    /// Also which sources and names there are among all events of the run.
    pub told: bool,
}

/// What occurs among the events of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEventsTold {
    pub sources: Vec<String>,
    pub names: Vec<String>,
}

/// One page of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEventPage {
    pub items: Vec<RunEvent>,
    /// The sources and names of all events of the run, some of each, for choosing among them; with the first page only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<RunEventsTold>,
    /// Send as `after` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<RunEventId>,
}
