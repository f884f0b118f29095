//! The kinds of smoothing that a chart offers, and how strongly each may be asked for.

use crate::{Error, limits};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    #[default]
    None,
    /// Exponential moving average, debiased: `s = w·s + (1 − w)·y`, shown as `s / (1 − wⁿ)`.
    Ema,
    /// The same with a weight that follows the distance on the x-axis: `a = w^(Δx / range · 1000)`.
    TimeWeightedEma,
    /// Weighted mean of the neighbours on both sides, by a normal distribution over their distance in points.
    Gaussian,
    /// Mean of a centred window of points.
    RunningMean,
}

impl Smoothing {
    pub fn check(self, weight: f64) -> Result<(), Error> {
        let invalid = |expected: String| Err(Error::invalid("weight", expected));
        match self {
            Self::None if weight == 0.0 => Ok(()),
            Self::None => invalid("expected only with smoothing".into()),
            Self::Ema | Self::TimeWeightedEma if (0.0..1.0).contains(&weight) => Ok(()),
            Self::Ema | Self::TimeWeightedEma => invalid("expected a number from 0 to below 1".into()),
            Self::Gaussian | Self::RunningMean => {
                let most = if self == Self::Gaussian {
                    limits::SMOOTHING_SIGMA_MAX
                } else {
                    limits::SMOOTHING_POINTS_MAX
                };
                if (0.0..=most).contains(&weight) {
                    return Ok(());
                }
                invalid(format!("expected a number of points from 0 to {most}"))
            }
        }
    }
}
