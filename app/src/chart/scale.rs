//! Scales: from data to pixels and back, straight or bent.

use serde::{Deserialize, Serialize};

/// What a person chooses for an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    #[default]
    Linear,
    Log,
    /// Logarithmic to both sides, straight around zero.
    Symlog,
}

/// How data is bent before it is laid along the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bend {
    Linear,
    Log,
    /// Straight up to about `linear`, logarithmic beyond.
    Symlog {
        linear: f64,
    },
}

impl Bend {
    /// Where a value lies once bent; NaN when it has no place there.
    pub fn bend(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NAN,
            Self::Symlog { linear } => {
                value.signum() * (value.abs() / linear).ln_1p() / std::f64::consts::LN_10
            }
        }
    }

    pub fn back(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => 10f64.powf(place),
            Self::Symlog { linear } => {
                place.signum() * linear * (place.abs() * std::f64::consts::LN_10).exp_m1()
            }
        }
    }
}

/// A range of data laid along a range of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    bend: Bend,
    domain: (f64, f64),
    bent: (f64, f64),
    pixels: (f64, f64),
}

/// Further out nothing is seen, and canvases count in 32 bits.
const PIXELS_MAX: f64 = 1e6;

impl Scale {
    /// `domain` must not be empty, nor reach where the bend has no place: see [`widen`].
    pub fn new(bend: Bend, domain: (f64, f64), pixels: (f64, f64)) -> Self {
        Self { bend, domain, bent: (bend.bend(domain.0), bend.bend(domain.1)), pixels }
    }

    pub fn domain(&self) -> (f64, f64) {
        self.domain
    }

    /// NaN for what has no place on the scale.
    pub fn px(&self, value: f64) -> f64 {
        let (from, to) = self.bent;
        let share = (self.bend.bend(value) - from) / (to - from);
        (self.pixels.0 + share * (self.pixels.1 - self.pixels.0)).clamp(-PIXELS_MAX, PIXELS_MAX)
    }

    pub fn value(&self, px: f64) -> f64 {
        let share = (px - self.pixels.0) / (self.pixels.1 - self.pixels.0);
        self.bend.back(self.bent.0 + share * (self.bent.1 - self.bent.0))
    }
}

/// Axes end here: beyond it differences overflow.
const LIMIT: f64 = 1e300;

/// A range that can be drawn: with room at both ends, and never empty, however constant the data.
pub fn widen((min, max): (f64, f64), room: f64) -> (f64, f64) {
    let (min, max) = (min.clamp(-LIMIT, LIMIT), max.clamp(-LIMIT, LIMIT));
    let size = max - min;
    // Below a billionth of the value, neighbouring ticks would be the same double; below 1e-300 they would be 0.
    if size <= (min.abs().max(max.abs()) * 1e-9).max(1e-300) {
        let half = if max.abs() < 1e-290 { 1.0 } else { max.abs() * 0.1 };
        return (min - half, max + half);
    }
    (min - size * room, max + size * room)
}

/// The same on a bent axis: the room is equal to the eye. Values must have a place there.
pub fn widen_bent(bend: Bend, (min, max): (f64, f64), room: f64) -> (f64, f64) {
    if bend == Bend::Linear {
        return widen((min, max), room);
    }
    let (low, high) = (bend.bend(min), bend.bend(max));
    // A constant stands in the middle of a factor of ten.
    let (low, high) = if high - low < 1e-6 { (low - 0.5, high + 0.5) } else { (low, high) };
    let room = (high - low) * room;
    let (low, high) = (bend.back(low - room), bend.back(high + room));
    (low.clamp(-LIMIT, LIMIT), high.clamp(-LIMIT, LIMIT))
}

/// Round values inside a range, about `count` of them, and how far apart they are.
pub fn ticks((from, to): (f64, f64), count: usize, smallest_step: f64) -> (Vec<f64>, f64) {
    let rough = (to - from) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(power)
        .max(smallest_step);
    let first = (from / step).ceil();
    let last = (to / step).floor();
    let many = (last - first).clamp(0.0, 100.0) as usize;
    ((0..=many).map(|index| (first + index as f64) * step).filter(|tick| *tick <= to).collect(), step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_goes_both_ways() {
        for bend in [Bend::Linear, Bend::Log, Bend::Symlog { linear: 0.1 }] {
            let scale = Scale::new(bend, (1.0, 1000.0), (100.0, 0.0));
            for px in [0.0, 33.0, 75.0, 100.0] {
                assert!((scale.px(scale.value(px)) - px).abs() < 1e-9, "{bend:?} {px}");
            }
        }
        assert_eq!(Scale::new(Bend::Linear, (0.0, 10.0), (100.0, 0.0)).px(2.5), 75.0);
        assert_eq!(Scale::new(Bend::Log, (1.0, 100.0), (0.0, 100.0)).px(10.0), 50.0);
    }

    #[test]
    fn zero_has_no_place_among_logarithms_but_one_on_symlog() {
        assert!(Scale::new(Bend::Log, (1.0, 100.0), (0.0, 100.0)).px(0.0).is_nan());
        let both = Scale::new(Bend::Symlog { linear: 1.0 }, (-99.0, 99.0), (0.0, 100.0));
        assert_eq!((both.px(0.0), both.px(99.0), both.px(-99.0)), (50.0, 100.0, 0.0));
        assert!((both.px(9.0) - 75.0).abs() < 1e-9, "a factor of ten is half of the way");
    }

    #[test]
    fn constant_and_extreme_data_get_a_range() {
        assert_eq!(widen((0.0, 0.0), 0.05), (-1.0, 1.0));
        assert_eq!(widen((5.0, 5.0), 0.05), (4.5, 5.5));
        assert_eq!(widen((0.0, 10.0), 0.1), (-1.0, 11.0));
        for data in [(1e300, f64::MAX), (-f64::MAX, f64::MAX), (1e15, 1e15 + 0.125), (5e-324, 5e-324)] {
            let (from, to) = widen(data, 0.05);
            assert!(from < to && (to - from).is_finite(), "{data:?}");
        }
    }

    #[test]
    fn logarithms_get_a_range_too() {
        let (from, to) = widen_bent(Bend::Log, (1.0, 1.0), 0.05);
        assert!(from > 0.25 && from < 0.35 && to > 3.0 && to < 4.0, "{from} {to}");
        let (from, to) = widen_bent(Bend::Log, (5e-324, f64::MAX), 0.05);
        assert!(from >= 0.0 && to.is_finite() && from < to);
        let (from, to) = widen_bent(Bend::Symlog { linear: 1.0 }, (0.0, 0.0), 0.05);
        assert!(from < 0.0 && to > 0.0);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 1.0), 5, 0.0), (vec![0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0], 0.2));
        assert_eq!(ticks((-3.0, 12.0), 4, 0.0).0, [0.0, 5.0, 10.0]);
        assert_eq!(ticks((0.5, 2.5), 10, 1.0).0, [1.0, 2.0]);
    }
}
