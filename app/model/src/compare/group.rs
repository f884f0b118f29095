//! Group A against group B: the same training over several seeds, twice.

use super::{ComparedRun, MetricValue, table::check_runs};
use crate::{
    Error, Float64, RunId,
    metric::{Context, Goal},
    param,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct GroupQuery {
    /// The runs of group A; repeat for several.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub a: Vec<RunId>,
    /// The runs of group B; repeat for several.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub b: Vec<RunId>,
    /// `last` or `best` of each run.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub value: MetricValue,
    /// The param by which runs of A and B are pairs. Absent: the seed, if the groups have the same seeds. `none`: no pairs.
    pub pair: Option<String>,
    /// Part of the metric's key, or of what tells its series apart: `subset=val`.
    pub search: String,
}

impl GroupQuery {
    pub fn check(&self) -> Result<(), Error> {
        for (field, group) in [("a", &self.a), ("b", &self.b)] {
            check_runs(group).map_err(|error| Error { field: Some(field.to_owned()), ..error })?;
        }
        if let Some(both) = self.a.iter().find(|id| self.b.contains(id)) {
            return Err(Error::invalid("b", format!("run {both} is in group a too")));
        }
        if self.value == MetricValue::Step {
            return Err(Error::invalid("value", "expected last or best"));
        }
        self.pair.as_ref().map_or(Ok(()), |key| param::check_key("pair", key))
    }
}

/// Runs parted in two by a param that has two values among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    pub param: String,
    pub a_value: String,
    pub b_value: String,
    pub a: Vec<RunId>,
    pub b: Vec<RunId>,
}

/// How runs of A belong to runs of B.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pairing {
    /// Each run of A has one of B with the same value of this param.
    Paired { param: String },
    /// In words, why not.
    Unpaired { reason: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupComparison {
    pub a: Vec<ComparedRun>,
    pub b: Vec<ComparedRun>,
    pub pairing: Pairing,
    pub rows: Vec<GroupRow>,
    /// Metrics that both groups have; `rows` may be cut.
    pub total: i64,
    /// How verdicts are found, in words.
    pub method: String,
}

/// A group in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupStat {
    /// Runs with a finite value.
    pub n: i64,
    pub mean: Float64,
    /// The 95 % confidence interval of the mean is this much to either side, by Student's t; absent for one run.
    pub ci: Option<Float64>,
}

/// What the numbers amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// Different, and nobody said which way is better.
    Higher,
    Lower,
    Unclear,
    Equal,
    TooFew,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::Unclear => "unclear",
            Self::Equal => "equal",
            Self::TooFew => "too_few",
        }
    }
}

/// One metric of both groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupRow {
    pub key: String,
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    pub goal: Option<Goal>,
    pub a: GroupStat,
    pub b: GroupStat,
    /// Pairs, or the runs of the smaller group.
    pub n: i64,
    /// Mean of B − mean of A; of the pairs' differences when paired.
    pub difference: Float64,
    /// The 95 % bootstrap interval of the difference.
    pub low: Option<Float64>,
    pub high: Option<Float64>,
    /// Hedges' g; of the differences when paired.
    pub effect: Option<Float64>,
    /// Two-sided.
    pub p: Option<Float64>,
    pub verdict: Verdict,
    /// `B is better by 0.8 ± 0.3, p ≈ 0.01, n = 5 pairs`.
    pub words: String,
}

impl GroupRow {
    /// The key, and what tells this series from others of that key: `loss subset=val`.
    pub fn name(&self) -> String {
        self.context.name(&self.key)
    }
}
