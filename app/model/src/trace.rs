//! Traces: what one call of a program that asks language models did, as its client tells it. Spans lie in the trace's
//! files; here is what a list of traces shows.

use crate::{Error, ExperimentId, Tags, TraceId, UnixMillis, limits, param};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceState {
    #[default]
    Unknown,
    InProgress,
    Ok,
    Error,
}

impl TraceState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::InProgress => "in_progress",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Unknown, Self::InProgress, Self::Ok, Self::Error].into_iter().find(|one| one.as_str() == name)
    }
}

/// A trace without its spans.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub id: TraceId,
    pub experiment_id: ExperimentId,
    /// The client's own name for the request; may be empty.
    pub client_request_id: String,
    pub started_at_ms: UnixMillis,
    /// Absent while it lasts.
    pub duration_ms: Option<i64>,
    pub state: TraceState,
    /// The beginnings of what was asked and answered.
    pub request_preview: String,
    pub response_preview: String,
    /// Facts that do not change.
    pub metadata: BTreeMap<String, String>,
    pub tags: Tags,
}

impl Trace {
    pub fn check(&self) -> Result<(), Error> {
        for (field, text) in [
            ("client_request_id", &self.client_request_id),
            ("request_preview", &self.request_preview),
            ("response_preview", &self.response_preview),
        ] {
            param::check_text(field, text, limits::TEXT_VALUE_BYTES_MAX)?;
        }
        self.tags.check()?;
        if self.metadata.len() > limits::TAGS_MAX {
            return Err(Error::invalid("metadata", format!("at most {} entries", limits::TAGS_MAX)));
        }
        for (key, value) in &self.metadata {
            param::check_key("metadata", key)?;
            param::check_text(&format!("metadata.{key}"), value, limits::TEXT_VALUE_BYTES_MAX)?;
        }
        Ok(())
    }
}

/// Changes to a trace's tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceUpdate {
    pub put_tags: Tags,
    pub remove_tags: Vec<String>,
}

/// Which traces of an experiment to remove for good.
#[derive(Clone, Debug, PartialEq)]
pub enum TraceRemoval {
    Ids(Vec<TraceId>),
    /// The oldest that began no later than this, at most so many.
    Until {
        time_ms: UnixMillis,
        most: i64,
    },
}
