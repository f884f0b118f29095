//! Series: which of them to read, how finely, and what comes back.

mod smoothing;
mod wire;

pub use smoothing::Smoothing;
pub use wire::{MIME, decode, encode};

use crate::{Error, RunId, expression::Expression, limits, metric::Context, param};
use serde::{Deserialize, Serialize};

/// What the points of a chart stand over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The step, as logged.
    #[default]
    Step,
    /// Unix milliseconds, as logged.
    Wall,
    /// Milliseconds since the run started.
    Relative,
    /// The value of another metric, named by `x_key`: at the same step, else its last one before.
    Metric,
}

/// What stands for the members of a group at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Center {
    #[default]
    Mean,
    Median,
}

/// How far the members of a group spread at one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// From the smallest to the largest value that any member has there, single spikes included.
    #[default]
    MinMax,
    /// One standard deviation (of a sample: n − 1) to either side of the mean.
    Std,
    /// One standard error of the mean, std / √n, to either side.
    Stderr,
    /// The 95 % confidence interval of the mean by Student's t with n − 1 degrees of freedom.
    Ci95,
}

/// Which series, which part of them, how finely.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct SeriesQuery {
    /// Repeat for several runs.
    #[cfg_attr(feature = "openapi", param(value_type = Vec<String>))]
    pub run: Vec<RunId>,
    /// Repeat for several metrics; none: every metric of the runs.
    #[serde(default)]
    pub key: Vec<String>,
    /// In place of metrics, what is computed from some: numbers, keys (in backticks or quotes where they are more than a
    /// word), `+ - * / ^`, parentheses, and `log log10 exp sqrt abs min max ratio`. It has a value at the steps at which
    /// all its metrics have one, of equal steps the last, and is computed over every point before anything is smoothed
    /// or put into buckets. `total` counts the steps at which any of its metrics has a value.
    #[serde(default)]
    pub expression: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub x: Axis,
    /// The metric of the x-axis, with `x=metric`.
    #[serde(default)]
    pub x_key: Option<String>,
    /// Only points from this step on.
    #[serde(default)]
    pub step_min: Option<i64>,
    /// Only points up to and including this step.
    #[serde(default)]
    pub step_max: Option<i64>,
    /// Only points from here on, in units of the x-axis. On the axis of steps, `step_min` says it exactly.
    #[serde(default)]
    pub x_min: Option<f64>,
    /// Only points up to and including this, in units of the x-axis.
    #[serde(default)]
    pub x_max: Option<f64>,
    /// At most so many rows a series, as buckets where there are more points. Without it: every point. Of texts the last
    /// ones come then, of byte strings every so-manieth, the last among them.
    #[serde(default)]
    pub buckets: Option<u32>,
    /// Adds a smoothed column, computed over every point of the series before anything is cut or put into buckets.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub smoothing: Smoothing,
    /// How strongly to smooth: 0 to 1 for `ema` and `time_weighted_ema`, the standard deviation in points for
    /// `gaussian`, the number of points of the window for `running_mean`.
    #[serde(default)]
    pub weight: f64,
    /// One number a run, in the order of `run`: runs with one number become one curve with a band. Needs `buckets`.
    #[serde(default)]
    pub group: Vec<u32>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub center: Center,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    pub band: Band,
}

impl SeriesQuery {
    pub fn check(&self) -> Result<(), Error> {
        if self.run.is_empty() {
            return Err(Error::invalid("run", "expected at least one run id"));
        }
        let computed = self.computed()?;
        if computed.is_some() && !self.key.is_empty() {
            return Err(Error::invalid("key", "expected none with expression"));
        }
        let keys = computed.map_or(self.key.len(), |expression| expression.keys().len());
        if self.run.len().saturating_mul(keys.max(1)) > limits::SERIES_PER_QUERY_MAX {
            let expected = format!("at most {} series in one request", limits::SERIES_PER_QUERY_MAX);
            return Err(Error::too_large("key", expected));
        }
        if let Some(buckets) = self.buckets
            && !(1..=limits::BUCKETS_MAX).contains(&buckets)
        {
            return Err(Error::invalid("buckets", format!("expected 1 to {}", limits::BUCKETS_MAX)));
        }
        match (&self.x_key, self.x) {
            (None, Axis::Metric) => return Err(Error::invalid("x_key", "expected a metric for x=metric")),
            (Some(_), Axis::Step | Axis::Wall | Axis::Relative) => {
                return Err(Error::invalid("x_key", "expected only with x=metric"));
            }
            (Some(key), Axis::Metric) => param::check_key("x_key", key)?,
            (None, _) => {}
        }
        for (field, edge) in [("x_min", self.x_min), ("x_max", self.x_max)] {
            if edge.is_some_and(|edge| !edge.is_finite()) {
                return Err(Error::invalid(field, "expected a finite number"));
            }
            if edge.is_some() && self.x == Axis::Step {
                return Err(Error::invalid(field, "expected step_min and step_max on the axis of steps"));
            }
        }
        self.smoothing.check(self.weight)?;
        if !self.group.is_empty() {
            if self.group.len() != self.run.len() {
                return Err(Error::invalid("group", "expected one number for each run"));
            }
            if self.buckets.is_none() {
                return Err(Error::invalid("buckets", "expected with group"));
            }
        }
        Ok(())
    }

    /// What is computed, when that is asked for.
    pub fn computed(&self) -> Result<Option<Expression>, Error> {
        let read = |text: &String| Expression::parse(text).map_err(|error| error.into_error("expression"));
        self.expression.as_ref().map(read).transpose()
    }

    /// The group of a run of this query, when it asks for groups.
    pub fn group_of(&self, run_id: &RunId) -> Option<u32> {
        let index = self.run.iter().position(|one| one == run_id)?;
        self.group.get(index).copied()
    }
}

/// One curve of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Whose series it is; of a group, its first member.
    pub run_id: RunId,
    pub group: Option<u32>,
    pub key: String,
    pub context: Context,
    /// Points that stand behind the rows: more than the rows when they are buckets.
    pub total: u64,
    pub columns: Columns,
    pub extra: Extra,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Columns {
    /// Every point, ordered by step; equal steps in the order they were written.
    Points(Points),
    Buckets(Buckets),
    Group(Group),
    Texts(Texts),
}

/// Every point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub steps: Vec<i64>,
    pub times_ms: Vec<i64>,
    pub values: Vec<f64>,
}

impl Points {
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Neighbouring points drawn together. `min`, `max` and `mean` are over finite values, NaN when a bucket has none.
///
/// On the axis of steps the edges lie on multiples of one power of two that all series of an answer share, so
/// that buckets of a curve that grows, or of several curves, keep their places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    pub first_steps: Vec<i64>,
    pub last_steps: Vec<i64>,
    pub first_times_ms: Vec<i64>,
    pub last_times_ms: Vec<i64>,
    pub first: Vec<f64>,
    pub last: Vec<f64>,
    pub min: Vec<f64>,
    pub max: Vec<f64>,
    pub mean: Vec<f64>,
    pub counts: Vec<i64>,
    pub non_finite_counts: Vec<i64>,
}

/// The curve of a group: what its members amount to in each bucket. A member counts with its mean there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The bucket reaches from here …
    pub first_xs: Vec<f64>,
    /// … to here, both included.
    pub last_xs: Vec<f64>,
    pub center: Vec<f64>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    /// Members that have a finite value in the bucket.
    pub members: Vec<i64>,
    /// Points of all members in the bucket.
    pub counts: Vec<i64>,
}

/// A series of texts or bytes, ordered by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    pub steps: Vec<i64>,
    pub times_ms: Vec<i64>,
    /// UTF-8 when the series holds texts, anything when it holds bytes.
    pub values: Vec<Vec<u8>>,
    pub are_bytes: bool,
}

/// Columns that a query may ask for beside those logged; as long as the others, or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra {
    /// Place on the x-axis, of the first point of a bucket, when the axis is not that of steps.
    pub xs: Vec<f64>,
    /// Place of the last point of a bucket.
    pub last_xs: Vec<f64>,
    /// The smoothed value, at the last point of a bucket.
    pub smooth: Vec<f64>,
    /// Smallest smoothed value in a bucket; NaN when there is none.
    pub smooth_min: Vec<f64>,
    pub smooth_max: Vec<f64>,
}

impl Columns {
    pub fn rows(&self) -> usize {
        match self {
            Self::Points(points) => points.steps.len(),
            Self::Buckets(buckets) => buckets.counts.len(),
            Self::Group(group) => group.counts.len(),
            Self::Texts(texts) => texts.steps.len(),
        }
    }
}
