//! What runs have, as texts side by side: params, environment, packages, code, data, files, notes.

use super::{ComparedRun, Piece};
use crate::{Error, RunId, limits};
use serde::{Deserialize, Serialize};

/// What is put side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Section {
    #[default]
    Params,
    /// Machine, interpreter, variables, command: all that the client told but packages and the state of the code.
    Environment,
    Packages,
    /// Commit, branch, and the digest of what was not committed.
    Code,
    /// Digests of the datasets, by name and what for.
    Data,
    /// Digests of the files, by path.
    Artifacts,
    Notes,
}

impl Section {
    pub const ALL: [Self; 7] = [
        Self::Params,
        Self::Environment,
        Self::Packages,
        Self::Code,
        Self::Data,
        Self::Artifacts,
        Self::Notes,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::Environment => "environment",
            Self::Packages => "packages",
            Self::Code => "code",
            Self::Data => "data",
            Self::Artifacts => "artifacts",
            Self::Notes => "notes",
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
pub struct TableQuery {
    /// Repeat for several runs; columns come in this order.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub run: Vec<RunId>,
    #[cfg_attr(feature = "openapi", param(inline))]
    pub of: Section,
    /// The run that the others are held against; the first when absent.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub base: Option<RunId>,
    /// Part of the key.
    pub search: String,
    /// Only rows in which the runs differ.
    pub differing: bool,
    pub offset: u32,
    pub limit: Option<u32>,
}

impl TableQuery {
    pub fn check(&self) -> Result<(), Error> {
        check_runs(&self.run)?;
        base_place(&self.run, self.base.as_ref()).map(drop)
    }
}

/// As many runs as can be compared.
pub(super) fn check_runs(runs: &[RunId]) -> Result<(), Error> {
    if runs.is_empty() || runs.len() > limits::COMPARE_RUNS_MAX {
        let expected = format!("expected 1 to {} run ids", limits::COMPARE_RUNS_MAX);
        return Err(Error::invalid("run", expected));
    }
    Ok(())
}

/// The column of the run that the others are held against.
pub(super) fn base_place(runs: &[RunId], base: Option<&RunId>) -> Result<usize, Error> {
    let Some(base) = base else { return Ok(0) };
    let place = runs.iter().position(|id| id == base);
    place.ok_or_else(|| Error::invalid("base", "expected one of the runs compared"))
}

/// Columns are `runs`; the cells of every row follow their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Table {
    pub runs: Vec<ComparedRun>,
    /// The column that the others are held against.
    pub base: u32,
    pub rows: Vec<Row>,
    /// Rows that the query means, on all its pages.
    pub total: i64,
    /// Rows in which the runs differ, whether they are asked for or not.
    pub differing: i64,
    /// All rows that there are.
    pub all: i64,
    /// There was more than a comparison reads; the rest is not told.
    pub cut: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Row {
    /// What neighbouring rows belong to: `host`; may be empty.
    pub group: String,
    pub key: String,
    pub cells: Vec<Option<Cell>>,
    /// Not the same in all runs; a run without it differs from one that has it.
    pub differs: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cell {
    pub text: String,
    /// The text is longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// What else tells it from others: a type, a size. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// Not what the base has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other: bool,
    /// Of a long text, what was taken from the base's and what was put in its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
}
