//! Runs side by side: one row a param or metric, one cell a run, differences marked.

mod change;
mod document;
mod grid;
mod group;
mod image;
mod metric;
mod table;
mod text;

pub use change::{Change, ChangeKind, Changes, ChangesQuery, Parting, PartingMetric, Weight};
pub use document::{Count, Curves, Document, DocumentQuery, pair};
pub use grid::Grid;
pub use group::{GroupComparison, GroupQuery, GroupRow, GroupStat, Pairing, Split, Verdict};
pub use image::Images;
pub use metric::{MetricCell, MetricRow, MetricTable, MetricTableQuery, MetricValue};
pub use table::{Cell, Row, Section, Table, TableQuery};
pub use text::{DiffLine, DiffOf, DiffQuery, Hunk, LineKind, Piece, TextDiff};

use crate::{
    metric::{Context, MetricSummary},
    param::ParamValue,
    run::Run,
};
use serde::{Deserialize, Serialize};

/// Columns are `runs` in the order asked for; every row's cells follow that order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    pub runs: Vec<ComparedRun>,
    pub params: Vec<ComparedParam>,
    pub metrics: Vec<ComparedMetric>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedRun {
    pub run: Run,
    pub experiment_name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedParam {
    pub key: String,
    pub cells: Vec<Option<ParamValue>>,
    /// Not the same in all runs; a run without the param differs from one that has it.
    pub differs: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ComparedMetric {
    pub key: String,
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    pub cells: Vec<Option<MetricSummary>>,
    /// The last values are not the same in all runs.
    pub differs: bool,
}
