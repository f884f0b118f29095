//! Metrics of several runs in numbers, held against one of the runs.

use super::{
    ComparedRun,
    table::{base_place, check_runs},
};
use crate::{
    Error, Float64, RunId,
    metric::{Context, Goal},
};
use serde::{Deserialize, Serialize};

/// Which number of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MetricValue {
    #[default]
    Last,
    /// The lowest or highest, by the metric's goal; the last of a metric that has no goal.
    Best,
    /// The last one at or before a step.
    Step,
}

impl MetricValue {
    pub const ALL: [Self; 3] = [Self::Last, Self::Best, Self::Step];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Best => "best",
            Self::Step => "step",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// Which rows of which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct MetricTableQuery {
    /// Repeat for several runs; columns come in this order.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub run: Vec<RunId>,
    /// The run that the others are held against; the first when absent.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub base: Option<RunId>,
    #[cfg_attr(feature = "openapi", param(inline))]
    pub value: MetricValue,
    /// With `value=step`.
    pub step: Option<i64>,
    /// Part of the key.
    pub search: String,
    /// Only rows in which the runs differ.
    pub differing: bool,
    pub offset: u32,
    pub limit: Option<u32>,
}

impl MetricTableQuery {
    pub fn check(&self) -> Result<(), Error> {
        check_runs(&self.run)?;
        if (self.value == MetricValue::Step) != self.step.is_some() {
            return Err(Error::invalid("step", "expected with value=step, and only then"));
        }
        base_place(&self.run, self.base.as_ref()).map(drop)
    }

    /// The column that the others are held against, of a query that was checked.
    pub fn base_place(&self) -> usize {
        base_place(&self.run, self.base.as_ref()).unwrap_or_default()
    }
}

/// Columns are `runs`; the cells of every row follow their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricTable {
    pub runs: Vec<ComparedRun>,
    pub base: u32,
    pub rows: Vec<MetricRow>,
    /// Rows that the query means, on all its pages.
    pub total: i64,
    pub differing: i64,
    pub all: i64,
    /// From the first to the last step that any of the rows has.
    pub first_step: Option<i64>,
    pub last_step: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricRow {
    pub key: String,
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    /// Which way is better, when the experiment or the key's words say so.
    pub goal: Option<Goal>,
    pub cells: Vec<Option<MetricCell>>,
    pub differs: bool,
}

impl MetricRow {
    /// The key, and what tells this series from others of that key: `loss subset=val`.
    pub fn name(&self) -> String {
        self.context.name(&self.key)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricCell {
    pub value: Float64,
    /// Where the series has it.
    pub step: i64,
}
