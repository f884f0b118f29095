//! Projects: experiments that belong together. Names of experiments are told apart within one.

use crate::{Error, ProjectId, UnixMillis, experiment::check_name};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub created_at_ms: UnixMillis,
    /// Experiments in it that are neither archived nor thrown away.
    pub experiment_count: i64,
}

/// A new project, or another name for one. A new one of a name that is taken answers the existing one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectNew {
    pub name: String,
}

impl ProjectNew {
    pub fn check(&self) -> Result<(), Error> {
        check_name("name", &self.name)
    }
}
