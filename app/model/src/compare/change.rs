//! What changed between two runs, the likeliest cause first, and where their curves part.

use crate::{
    Error, Float64, RunId,
    metric::{Context, Goal},
};
use serde::{Deserialize, Serialize};

use super::ComparedRun;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct ChangesQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub from: RunId,
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub to: RunId,
    /// The metric whose curves are held against each other; those with a goal when absent.
    #[serde(default)]
    pub metric: Option<String>,
}

impl ChangesQuery {
    pub fn check(&self) -> Result<(), Error> {
        if self.from == self.to {
            return Err(Error::invalid("to", "expected another run than from"));
        }
        Ok(())
    }
}

/// What kind of thing is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Data,
    Code,
    Param,
    Seed,
    Package,
    Hardware,
    Environment,
}

impl ChangeKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Code => "code",
            Self::Param => "param",
            Self::Seed => "seed",
            Self::Package => "package",
            Self::Hardware => "hardware",
            Self::Environment => "environment",
        }
    }
}

/// How likely a difference is to move results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    Strong,
    Likely,
    Possible,
    Unlikely,
}

impl Weight {
    /// In a few steps, so that the list can be read: the score itself claims more than anybody knows.
    pub fn of(score: u8) -> Self {
        match score {
            75.. => Self::Strong,
            50..75 => Self::Likely,
            25..50 => Self::Possible,
            _ => Self::Unlikely,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Likely => "likely",
            Self::Possible => "possible",
            Self::Unlikely => "unlikely",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    pub kind: ChangeKind,
    /// `lr`, `torch`, `commit`.
    pub name: String,
    /// Absent where the run has none.
    pub from: Option<String>,
    pub to: Option<String>,
    pub weight: Weight,
    /// 0 to 100: the order of the list.
    pub score: u8,
    /// Why it stands where it stands.
    pub reason: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changes {
    /// The two runs, from and to.
    pub runs: Vec<ComparedRun>,
    /// The likeliest cause first.
    pub changes: Vec<Change>,
    /// How many there are; `changes` may be cut.
    pub total: i64,
    pub metrics: Vec<PartingMetric>,
    /// How partings were found, in words.
    pub method: String,
}

/// A metric that both runs have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartingMetric {
    pub key: String,
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    pub goal: Option<Goal>,
    pub from_last: Float64,
    pub to_last: Float64,
    pub parting: Parting,
}

/// Where two curves part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Parting {
    /// Too few places at which both have a value.
    TooShort { common: i64 },
    /// Equal throughout.
    Equal { common: i64 },
    /// Their distance never leaves what their noise explains.
    Together { common: i64, noise: Float64 },
    /// Already apart where both begin.
    FromStart { step: i64, common: i64, noise: Float64, apart: Float64 },
    /// Together up to `together_until`, apart from `step` on.
    At {
        step: i64,
        together_until: i64,
        common: i64,
        /// Standard deviation of the distance from one place to the next.
        noise: Float64,
        /// Their median distance (to − from) after the parting.
        apart: Float64,
    },
}

impl PartingMetric {
    /// The key, and what tells this series from others of that key: `loss subset=val`.
    pub fn name(&self) -> String {
        self.context.name(&self.key)
    }
}
