//! What a run's processes printed: lines of text series, and what is asked of them.

mod level;
mod text;

pub use level::{Level, Levels};
pub use text::{Color, Needle, Span, Style, last_drawn, plain, spans};

use crate::{Error, UnixMillis, limits, metric};
use serde::{Deserialize, Serialize};

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub const ALL: [Self; 2] = [Self::Stdout, Self::Stderr];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    /// The series that holds its lines; a line's step is its number there.
    pub fn key(self) -> String {
        format!("{}{}", metric::SYSTEM, self.as_str())
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stream| stream.key() == key)
    }
}

/// Which lines of a run are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct LogFilter {
    #[cfg_attr(feature = "openapi", param(inline))]
    pub stream: Option<Stream>,
    /// Only lines of this context, as `sources` names it: `process=1`; `-`: those without one.
    pub context: Option<String>,
    /// Only lines of this level and worse ones.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub level: Option<Level>,
}

/// What stands in a filter for no context.
pub const NO_CONTEXT: &str = "-";

impl LogFilter {
    /// Whether lines of this source may be meant.
    pub fn takes(&self, stream: Stream, context: &str) -> bool {
        let fits = |wanted: &String| *wanted == if context.is_empty() { NO_CONTEXT } else { context };
        self.stream.is_none_or(|wanted| wanted == stream) && self.context.as_ref().is_none_or(fits)
    }
}

/// Which lines of a run to read: around a place, or the last ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct LogQuery {
    #[cfg_attr(feature = "openapi", param(inline))]
    pub stream: Option<Stream>,
    /// Only lines of this context, as `sources` names it: `process=1`; `-`: those without one.
    pub context: Option<String>,
    /// Only lines of this level and worse ones.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub level: Option<Level>,
    /// From this place on among the lines that are meant; 0 is the first.
    pub from: Option<u64>,
    /// Around the line that was printed nearest to this time.
    pub at_ms: Option<i64>,
    /// Around the line of this number.
    pub line: Option<u64>,
    pub limit: Option<u32>,
    /// `all` of an earlier answer: then `changed_from` says what has changed since.
    pub known: Option<u64>,
}

impl LogQuery {
    pub fn filter(&self) -> LogFilter {
        LogFilter { stream: self.stream, context: self.context.clone(), level: self.level }
    }

    /// Whether it asks for the last lines of all, and nothing beside.
    pub fn is_for_the_end(&self) -> bool {
        Self { limit: None, ..self.clone() } == Self::default()
    }

    pub fn check(&self) -> Result<(), Error> {
        if self.limit.is_some_and(|limit| !(1..=limits::LOG_LINES_PER_PAGE_MAX).contains(&limit)) {
            return Err(Error::invalid("limit", format!("expected 1 to {}", limits::LOG_LINES_PER_PAGE_MAX)));
        }
        let places = [self.from.is_some(), self.at_ms.is_some(), self.line.is_some()];
        if places.into_iter().filter(|given| *given).count() > 1 {
            return Err(Error::invalid("from", "expected one of from, at_ms and line"));
        }
        Ok(())
    }
}

/// What to look for in the lines of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct LogSearch {
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub stream: Option<Stream>,
    /// Only lines of this context, as `sources` names it: `process=1`; `-`: those without one.
    #[serde(default)]
    pub context: Option<String>,
    /// Only lines of this level and worse ones.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub level: Option<Level>,
    /// Plain text, in capitals or not.
    pub search: String,
    /// Only lines from this place on.
    #[serde(default)]
    pub from: Option<u64>,
}

impl LogSearch {
    pub fn filter(&self) -> LogFilter {
        LogFilter { stream: self.stream, context: self.context.clone(), level: self.level }
    }

    pub fn check(&self) -> Result<(), Error> {
        if self.search.is_empty() || self.search.len() > limits::SEARCH_TEXT_BYTES_MAX {
            let expected = format!("expected 1 to {} bytes of text", limits::SEARCH_TEXT_BYTES_MAX);
            return Err(Error::invalid("search", expected));
        }
        Ok(())
    }
}

/// Who prints: a stream of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogSource {
    pub stream: Stream,
    /// Which process of several, such as `process=1`; mostly empty.
    pub context: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Its number among all lines of the run, by time; 1 is the first.
    pub number: u64,
    pub time_ms: UnixMillis,
    /// Its place in `sources`.
    pub source: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// As it was printed, escape sequences included; of what was drawn over itself, the last.
    pub text: String,
    /// How many bytes the line has, where `text` is only its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<u64>,
}

/// Some lines of a run, in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPage {
    /// Lines that are meant.
    pub total: u64,
    /// All lines of the run.
    pub all: u64,
    /// The first lines of a run that printed very many: they are in the download only.
    pub left_out: u64,
    /// The place of the first of these lines.
    pub from: u64,
    /// The place of the line that was asked for.
    pub found: Option<u64>,
    /// Lines before this place are as they were when there were `known` lines.
    pub changed_from: u64,
    pub sources: Vec<LogSource>,
    /// Of each level, whatever level was asked for.
    pub levels: Levels,
    /// Nothing but these lines was read so far: levels are not counted yet, and are with the next answer.
    pub partial: bool,
    pub lines: Vec<LogLine>,
}

/// Where a text was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogHits {
    /// Lines in which it is.
    pub total: u64,
    /// The places of the first of them.
    pub places: Vec<u64>,
    /// Lines that were looked at end here: go on `from` it.
    pub end: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_its_series() {
        assert_eq!(Stream::of_key("system/stderr"), Some(Stream::Stderr));
        assert_eq!(Stream::of_key("system/cpu_percent"), None);
    }

    #[test]
    fn a_query_names_one_place_and_a_bounded_number_of_lines() {
        let wrong = |query: LogQuery| query.check().unwrap_err().field;
        assert_eq!(wrong(LogQuery { limit: Some(0), ..LogQuery::default() }).as_deref(), Some("limit"));
        let two = LogQuery { from: Some(1), line: Some(2), ..LogQuery::default() };
        assert_eq!(wrong(two).as_deref(), Some("from"));
        assert!(LogQuery::default().check().is_ok());
        assert!(LogSearch { search: "x".repeat(501), ..LogSearch::default() }.check().is_err());
    }
}
