//! Scales and ticks: from data to pixels and back.

/// A range of data laid along a range of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    domain: (f64, f64),
    pixels: (f64, f64),
}

impl Linear {
    /// `domain` must not be empty: see [`widen`].
    pub fn new(domain: (f64, f64), pixels: (f64, f64)) -> Self {
        Self { domain, pixels }
    }

    pub fn px(&self, value: f64) -> f64 {
        let (from, to) = self.domain;
        let share = (value - from) / (to - from);
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    pub fn value(&self, px: f64) -> f64 {
        let share = (px - self.pixels.0) / (self.pixels.1 - self.pixels.0);
        self.domain.0 + share * (self.domain.1 - self.domain.0)
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
        let scale = Linear::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!(scale.px(2.5), 75.0);
        assert_eq!(scale.value(75.0), 2.5);
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
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 1.0), 5, 0.0), (vec![0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0], 0.2));
        assert_eq!(ticks((-3.0, 12.0), 4, 0.0).0, [0.0, 5.0, 10.0]);
        assert_eq!(ticks((0.5, 2.5), 10, 1.0).0, [1.0, 2.0]);
    }

    #[test]
    fn no_range_makes_endless_ticks() {
        for range in
            [widen((-f64::MAX, f64::MAX), 0.05), widen((1e15, 1e15), 0.05), widen((0.0, 5e-324), 0.0)]
        {
            let (ticks, step) = ticks(range, 6, 0.0);
            assert!(ticks.len() <= 20 && step > 0.0, "{range:?} {ticks:?}");
        }
    }
}
