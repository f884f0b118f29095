//! Runs: one execution of a training script.

use crate::{
    Error, ExperimentId, RunId, Tags, UnixMillis, experiment,
    metric::{MetricStat, MetricSummary},
    note::Note,
    param::{Param, ParamValue},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, str::FromStr};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Queued,
    Running,
    Completed,
    /// Ended by an error.
    Failed,
    /// Ended by hand or by a signal.
    Killed,
}

impl RunStatus {
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Killed];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Killed => "killed",
        }
    }

    pub fn ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl FromStr for RunStatus {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Error::invalid("status", "expected queued, running, completed, failed or killed"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    pub id: RunId,
    pub experiment_id: ExperimentId,
    pub name: String,
    /// Counts up from 1 inside the experiment; decides the run's colour everywhere.
    pub number: i64,
    pub status: RunStatus,
    /// Who started it.
    pub user: String,
    pub created_at_ms: UnixMillis,
    pub started_at_ms: Option<UnixMillis>,
    pub ended_at_ms: Option<UnixMillis>,
    pub updated_at_ms: UnixMillis,
    /// When something was last logged after the run had ended: accepted, and shown as such.
    pub late_at_ms: Option<UnixMillis>,
    pub tags: Tags,
}

/// A new run, running from now unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunNew {
    pub experiment_id: ExperimentId,
    /// Generated when absent: `brave-otter-17`.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub tags: Tags,
    /// `queued` or `running` (the default).
    #[serde(default)]
    pub status: Option<RunStatus>,
    #[serde(default)]
    pub started_at_ms: Option<UnixMillis>,
}

impl RunNew {
    pub fn new(experiment_id: ExperimentId) -> Self {
        Self { experiment_id, name: None, tags: Tags::default(), status: None, started_at_ms: None }
    }

    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            experiment::check_name("name", name)?;
        }
        if self.status.is_some_and(RunStatus::ended) {
            return Err(Error::invalid("status", "a new run is queued or running"));
        }
        self.tags.check()
    }
}

/// What to change; absent fields stay. `tags` adds and overwrites single tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RunUpdate {
    pub name: Option<String>,
    pub tags: Tags,
    pub status: Option<RunStatus>,
    /// When it ended, by the trainer's clock; the server's when absent.
    pub ended_at_ms: Option<UnixMillis>,
}

impl RunUpdate {
    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            experiment::check_name("name", name)?;
        }
        self.tags.check()
    }
}

/// What the run table sorts by. Runs that lack the value come last, whichever way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RunSort {
    #[default]
    Created,
    Name,
    Status,
    Duration,
    Param(String),
    /// By the last value.
    Metric(String),
}

impl FromStr for RunSort {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "created" => Self::Created,
            "name" => Self::Name,
            "status" => Self::Status,
            "duration" => Self::Duration,
            _ => match text.split_once('.') {
                Some(("params", key)) if !key.is_empty() => Self::Param(key.to_owned()),
                Some(("metrics", key)) if !key.is_empty() => Self::Metric(key.to_owned()),
                _ => {
                    let expected = "expected created, name, status, duration, params.<key> or metrics.<key>";
                    return Err(Error::invalid("sort", expected));
                }
            },
        })
    }
}

impl TryFrom<String> for RunSort {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<RunSort> for String {
    fn from(sort: RunSort) -> Self {
        match sort {
            RunSort::Created => "created".into(),
            RunSort::Name => "name".into(),
            RunSort::Status => "status".into(),
            RunSort::Duration => "duration".into(),
            RunSort::Param(key) => format!("params.{key}"),
            RunSort::Metric(key) => format!("metrics.{key}"),
        }
    }
}

/// Which runs of an experiment, in what order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RunQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub experiment_id: ExperimentId,
    /// Part of the name, or the start of the id.
    #[serde(default)]
    pub search: String,
    /// A condition in the query language: `metrics.val_f1 > 0.85 and params.optimizer = 'adam'`.
    #[serde(default)]
    pub filter: String,
    #[serde(default)]
    pub status: Option<RunStatus>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub sort: RunSort,
    /// Turns the order around: names and params start at the smallest, everything else at the newest or largest.
    #[serde(default)]
    pub reverse: bool,
    #[serde(default)]
    pub offset: u32,
    #[serde(default)]
    pub limit: Option<u32>,
}

impl RunQuery {
    pub fn new(experiment_id: ExperimentId) -> Self {
        Self {
            experiment_id,
            search: String::new(),
            filter: String::new(),
            status: None,
            sort: RunSort::default(),
            reverse: false,
            offset: 0,
            limit: None,
        }
    }
}

/// A row of the run table: the run with its params and the last, min and max of its metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRow {
    pub run: Run,
    pub params: BTreeMap<String, ParamValue>,
    pub metrics: BTreeMap<String, MetricStat>,
}

/// Everything the run page shows at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    pub run: Run,
    pub experiment_name: String,
    pub params: Vec<Param>,
    pub metrics: Vec<MetricSummary>,
    pub artifact_count: i64,
    pub artifact_bytes: i64,
    /// The newest revision; absent when nothing was ever written.
    pub note: Option<Note>,
}
