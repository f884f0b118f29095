//! Notes: what people write about a run, in Markdown, every revision kept.

use crate::{Error, UnixMillis, compare::TextDiff, limits, param};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Note {
    /// Counts up from 1.
    pub revision: i64,
    /// Markdown.
    pub body: String,
    /// The body as safe HTML: no raw HTML of the author's, no scripts, no foreign schemes.
    pub html: String,
    pub author: String,
    pub created_at_ms: UnixMillis,
}

/// A new revision. `base_revision` is the one that was edited, 0 for the first; another in between is a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NoteUpdate {
    pub body: String,
    /// Absent: write over whatever is there.
    #[serde(default)]
    pub base_revision: Option<i64>,
    /// Saved by itself while it is written: what the same author saves within ten minutes takes its place.
    #[serde(default)]
    pub draft: bool,
}

/// A revision without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRevision {
    pub revision: i64,
    pub author: String,
    pub created_at_ms: UnixMillis,
    pub letters: i64,
    /// Saved by itself, and not yet by its author.
    pub draft: bool,
}

/// What an earlier revision said, and what the next one made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteChange {
    pub revision: i64,
    /// The revision that it is held against; absent for the first.
    pub before: Option<i64>,
    pub diff: TextDiff,
}

impl NoteUpdate {
    pub fn check(&self) -> Result<(), Error> {
        if self.body.len() > limits::NOTE_BYTES_MAX {
            return Err(Error::too_large("body", format!("at most {} bytes", limits::NOTE_BYTES_MAX)));
        }
        param::check_text("body", &self.body, limits::NOTE_BYTES_MAX)
    }
}
