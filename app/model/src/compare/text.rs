//! Two texts against each other.

use crate::{Error, RunId, artifact::ArtifactPath};
use serde::{Deserialize, Serialize};

/// What became of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    #[default]
    Same,
    Removed,
    Added,
}

/// A part of a text that stayed, went or came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Piece {
    pub kind: LineKind,
    pub text: String,
}

/// Which texts of two runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiffOf {
    /// What was not committed when the runs started.
    #[default]
    Patch,
    Note,
    /// The file at `path`.
    Artifact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    /// The run whose text is the old one.
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub from: RunId,
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub to: RunId,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub of: DiffOf,
    /// With `of=artifact`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub path: Option<ArtifactPath>,
}

impl DiffQuery {
    pub fn check(&self) -> Result<(), Error> {
        match (self.of, &self.path) {
            (DiffOf::Artifact, None) => Err(Error::invalid("path", "expected the path of a file")),
            (DiffOf::Patch | DiffOf::Note, Some(_)) => {
                Err(Error::invalid("path", "expected only with of=artifact"))
            }
            _ => Ok(()),
        }
    }
}

/// Two texts, line by line; what is far from any change is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about two texts")]
pub struct TextDiff {
    /// The runs have a text at all.
    pub from_present: bool,
    pub to_present: bool,
    /// One of them is no text.
    pub binary: bool,
    /// Byte for byte the same.
    pub equal: bool,
    /// Only the beginning of the texts, or of their differences.
    pub cut: bool,
    pub added: i64,
    pub removed: i64,
    pub hunks: Vec<Hunk>,
}

/// Neighbouring lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hunk {
    pub lines: Vec<DiffLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffLine {
    pub kind: LineKind,
    /// Counted from 1; absent in the text that lacks the line.
    pub old: Option<u32>,
    pub new: Option<u32>,
    /// The line; what changed inside it is `removed` or `added`, the rest is `same`.
    pub pieces: Vec<Piece>,
}
