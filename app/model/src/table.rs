//! A table in a file, a page of it at a time.

use crate::{Error, artifact::ArtifactPath, limits};
use serde::{Deserialize, Serialize};

/// Which rows of which file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct TableFileQuery {
    /// A table that was logged: `{"columns": […], "rows": [[…]]}`.
    pub path: ArtifactPath,
    /// The column to sort by, from 0.
    #[serde(default)]
    pub sort: Option<u32>,
    #[serde(default)]
    pub descending: bool,
    #[serde(default)]
    pub offset: u32,
    #[serde(default)]
    pub limit: Option<u32>,
}

impl TableFileQuery {
    pub fn check(&self) -> Result<(), Error> {
        let most = limits::TABLE_PAGE_MAX;
        if self.limit.is_some_and(|limit| !(1..=most).contains(&limit)) {
            return Err(Error::invalid("limit", format!("expected 1 to {most}")));
        }
        Ok(())
    }
}

/// A page of a table, its values as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableFile {
    pub columns: Vec<String>,
    /// As many cells each as there are columns; nothing is an empty text.
    pub rows: Vec<Vec<String>>,
    /// Rows of the whole table.
    pub total: i64,
    /// Columns of the whole table: only the first are shown.
    pub columns_total: i64,
}
