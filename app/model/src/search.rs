//! A search over everything that has a name: experiments, runs, and what runs have logged.

use crate::{Error, ExperimentId, RunId, limits, query::Field, run::RunStatus};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct SearchQuery {
    /// Part of a name, in any case, or the start of a run's id. Without any text, what is newest is found.
    pub text: String,
    /// The experiment that the person looks at: its params and metrics come first.
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub experiment_id: Option<ExperimentId>,
}

impl SearchQuery {
    pub fn check(&self) -> Result<(), Error> {
        let most = limits::SEARCH_TEXT_BYTES_MAX;
        if self.text.len() > most {
            return Err(Error::too_large("text", format!("at most {most} bytes")));
        }
        Ok(())
    }
}

/// What was found, the likeliest of each kind first. What lies in the trash is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchFound {
    pub experiments: Vec<ExperimentFound>,
    pub runs: Vec<RunFound>,
    pub fields: Vec<FieldFound>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExperimentFound {
    pub id: ExperimentId,
    pub name: String,
    pub archived: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunFound {
    pub id: RunId,
    pub name: String,
    /// Decides its colour, unless one was chosen.
    pub number: i64,
    pub color: Option<u8>,
    pub status: RunStatus,
    pub experiment_id: ExperimentId,
    pub experiment_name: String,
}

/// A param or metric of that key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldFound {
    /// As a query calls it: `metrics.val_loss`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Field,
    /// Where it is: the experiment that the person looks at, or else the newest.
    pub experiment_id: ExperimentId,
    pub experiment_name: String,
    /// How many experiments have it.
    pub experiment_count: i64,
}
