//! Metric summaries: what lists and tables show of a series without reading its points.

mod goal;

pub use goal::{goal, words};

use crate::{Error, Float64, UnixMillis, limits, param, query::Stat};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Labels that tell series of one key apart, such as `{"subset": "val"}`. Mostly empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Context(pub BTreeMap<String, String>);

impl Context {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A key, and what tells this series from others of that key: `loss subset=val`.
    pub fn name(&self, key: &str) -> String {
        if self.is_empty() { key.to_owned() } else { format!("{key} {}", self.label()) }
    }

    /// As people read it: `subset=val`.
    pub fn label(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(" ")
    }

    pub fn check(&self, field: &str) -> Result<(), Error> {
        let bytes: usize = self.0.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > limits::CONTEXT_BYTES_MAX {
            return Err(Error::invalid(field, format!("at most {} bytes", limits::CONTEXT_BYTES_MAX)));
        }
        self.0.iter().try_for_each(|(key, value)| {
            param::check_key(field, key)?;
            param::check_text(field, value, limits::CONTEXT_BYTES_MAX)
        })
    }
}

/// Keys that start so tell of the machine and the console: kept out of what is shown before anybody asks.
pub const SYSTEM: &str = "system/";

/// Whether a key tells of the machine, not of the training.
pub fn of_system(key: &str) -> bool {
    key.starts_with(SYSTEM)
}

/// What one wants of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    Min,
    Max,
}

impl Goal {
    pub const ALL: [Self; 2] = [Self::Min, Self::Max];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// The number of a series that is best by it.
    pub fn stat(self) -> Stat {
        match self {
            Self::Min => Stat::Min,
            Self::Max => Stat::Max,
        }
    }
}

/// What the points of a series are. The first point decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Number,
    Text,
    Bytes,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// A series in numbers. `min`, `max` and `mean` are over finite values, absent when there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricSummary {
    pub key: String,
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    #[serde(default)]
    pub kind: Kind,
    /// All points, NaN and infinities included.
    pub count: i64,
    pub non_finite_count: i64,
    pub first_step: i64,
    /// The highest step; equal steps: the one written last.
    pub last_step: i64,
    pub last_time_ms: UnixMillis,
    /// NaN for texts and bytes.
    pub last: Float64,
    pub min: Option<Float64>,
    pub min_step: Option<i64>,
    pub max: Option<Float64>,
    pub max_step: Option<i64>,
    pub mean: Option<Float64>,
}

/// Which metrics of a run are exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct MetricExportQuery {
    /// All points of these, each metric whole before the next. Without any, all metrics in numbers, a row each.
    #[serde(default)]
    pub key: Vec<String>,
}

impl MetricExportQuery {
    pub fn check(&self) -> Result<(), Error> {
        let most = limits::SERIES_PER_QUERY_MAX;
        if self.key.len() > most {
            return Err(Error::too_large("key", format!("at most {most} metrics")));
        }
        Ok(())
    }
}

/// The part of a summary that a table cell needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricStat {
    pub last: Float64,
    pub last_step: i64,
    pub min: Option<Float64>,
    pub max: Option<Float64>,
    pub mean: Option<Float64>,
}

impl MetricStat {
    pub fn get(&self, stat: Stat) -> Option<Float64> {
        match stat {
            Stat::Last => Some(self.last),
            Stat::Min => self.min,
            Stat::Max => self.max,
            Stat::Mean => self.mean,
        }
    }
}

impl From<&MetricSummary> for MetricStat {
    fn from(summary: &MetricSummary) -> Self {
        let &MetricSummary { last, last_step, min, max, mean, .. } = summary;
        Self { last, last_step, min, max, mean }
    }
}
