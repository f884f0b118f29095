//! Smoothing of one series in the order of its points. Holds a window of the series, never the whole of it.

use model::{limits, series::Smoothing};
use std::collections::VecDeque;

/// Smooths the values of one series in the order of its points. What `push` and `finish` hand on, put end to end,
/// is one smoothed value for each value pushed, in order.
///
/// Values that are not finite come out bit for bit as they went in and enter no average; finite values give finite
/// averages, and an average of equal values is exactly their value.
#[derive(Debug)]
pub struct Smoother(Kind);

#[derive(Debug)]
enum Kind {
    /// Hands on what comes.
    None,
    Exponential(Exponential),
    Centered(Centered),
}

impl Smoother {
    /// `weight` is 0 to below 1 for the exponential kinds, a number of points for the others; beyond its limit it is
    /// taken as the limit. With 0, or a window of one point, the values come out bit for bit.
    /// `range` is the width of the whole series on the x-axis (for the time-weighted kind); 0 when there is one point.
    ///
    /// The running mean takes the whole part of its weight and is centred; an even number has one more point behind
    /// than ahead. At the edges, both centred kinds average over what there is.
    pub fn new(kind: Smoothing, weight: f64, range: f64) -> Self {
        let points = weight.min(limits::SMOOTHING_POINTS_MAX);
        Self(match kind {
            Smoothing::Ema if weight > 0.0 => Kind::Exponential(Exponential::by_point(weight)),
            Smoothing::TimeWeightedEma if weight > 0.0 => Kind::Exponential(Exponential::by_x(weight, range)),
            Smoothing::Gaussian if weight > 0.0 => Kind::Centered(Centered::gaussian(points)),
            Smoothing::RunningMean if weight >= 2.0 => {
                Kind::Centered(Centered::running_mean(points as usize))
            }
            _ => Kind::None,
        })
    }

    /// Takes the next value at `x`, which is finite and not below the one before; appends to `out` the smoothed
    /// values that are now known (gaussian and running mean look ahead, so they lag).
    pub fn push(&mut self, x: f64, value: f64, out: &mut Vec<f64>) {
        match &mut self.0 {
            Kind::None => out.push(value),
            Kind::Exponential(average) => out.push(average.push(x, value)),
            Kind::Centered(window) => out.extend(window.push(value)),
        }
    }

    /// The rest, at the end of the series. Nothing is pushed after it.
    pub fn finish(&mut self, out: &mut Vec<f64>) {
        if let Kind::Centered(mut window) = std::mem::replace(&mut self.0, Kind::None) {
            // Nothing follows: as if values were missing.
            out.extend((0..window.ahead).filter_map(|_| window.push(f64::NAN)));
        }
    }
}

/// Both exponential averages: `total = total·a + 1`, and the mean moves from its place to y by `1 / total`.
///
/// With a fixed `a = w` this is the debiased `s = w·s + (1 − w)·y`, shown as `s / (1 − wⁿ)`, n counting finite
/// values; with an `a` by distance it is W&B's `last = last·a + y`, `total = total·a + 1`, shown as `last / total`.
/// Kept as the mean that is shown, it stays exactly equal to equal values and never overflows.
#[derive(Debug)]
struct Exponential {
    weight: f64,
    /// Width of the series on the x-axis, when the distance counts.
    range: Option<f64>,
    /// Place of the last finite value.
    x: f64,
    /// The distance last computed, and its `a`: steps are mostly equally far apart.
    distance: f64,
    decay: f64,
    mean: f64,
    total: f64,
}

/// Points that W&B takes a chart to be wide; its documents leave the constant open.
const VIEWPORT_POINTS: f64 = 1_000.0;
/// Largest weight of the time-weighted kind, as in W&B's documents.
const TIME_WEIGHT_MAX: f64 = 0.999;

impl Exponential {
    fn by_point(weight: f64) -> Self {
        let weight = weight.min(1.0);
        Self { weight, range: None, x: f64::NAN, distance: 1.0, decay: weight, mean: 0.0, total: 0.0 }
    }

    /// `w = min(√p, 0.999)`, `a = w^(Δx / range · 1000)`, Δx from the last finite value. Points at one place weigh
    /// the same, so all of them do where the range is 0.
    fn by_x(weight: f64, range: f64) -> Self {
        let weight = weight.sqrt().min(TIME_WEIGHT_MAX);
        Self { range: Some(range), distance: 0.0, decay: 1.0, ..Self::by_point(weight) }
    }

    fn push(&mut self, x: f64, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        if let Some(range) = self.range {
            // Without a value before or a range this is NaN, which `max` turns into 0.
            let distance = ((x - self.x) / range * VIEWPORT_POINTS).max(0.0);
            if distance != self.distance {
                (self.distance, self.decay) = (distance, self.weight.powf(distance));
            }
            self.x = x;
        }
        let past = self.total * self.decay;
        self.total = past + 1.0;
        if value == self.mean {
            return value;
        }
        // Two terms, both weighed: `mean + (y − mean) / total` loses the digits of a small y after a large one.
        let share = 1.0 / self.total;
        // Rounding may carry an average of the largest numbers beyond them.
        self.mean = (self.mean * (past * share) + value * share).clamp(f64::MIN, f64::MAX);
        self.mean
    }
}

/// Averages over a window of points that slides along the series: one goes in, one comes out, `ahead` points late.
/// A value that is not finite keeps its place in the window without weight, as do the places beyond the series.
/// Gaussian: 6σ products a point. Running mean: constant time a point.
#[derive(Debug)]
struct Centered {
    average: Average,
    behind: usize,
    ahead: usize,
    /// The last values, 0 for those missing. The window is those from `start` on; older ones are dropped in turn.
    values: Vec<f64>,
    /// Beside them: 1, or 0 for those missing.
    present: Vec<f64>,
    start: usize,
    /// Values that are not finite and wait for their turn to be handed on.
    waiting: VecDeque<f64>,
    /// In `values`: the last finite one.
    latest: Option<usize>,
    /// The finite values from here on are all equal.
    equal_from: usize,
    /// All values from here on are finite.
    finite_from: usize,
}

#[derive(Debug)]
enum Average {
    /// The weights of the places in the window; their sum is 1.
    Gaussian(Vec<f64>),
    RunningMean(Sums),
}

/// Values dropped together, at least: moving the rest to the front costs little for each. Few in tests, so that
/// short series reach it.
const DROP_MIN: usize = if cfg!(test) { 8 } else { 1_024 };

impl Centered {
    fn new(average: Average, behind: usize, ahead: usize) -> Self {
        Self {
            average,
            behind,
            ahead,
            values: vec![0.0; behind],
            present: vec![0.0; behind],
            start: 0,
            waiting: VecDeque::new(),
            latest: None,
            equal_from: 0,
            finite_from: behind,
        }
    }

    /// Weights `exp(−d² / 2σ²)` for a distance of `d` points, up to 3σ rounded up.
    fn gaussian(sigma_points: f64) -> Self {
        let reach = (3.0 * sigma_points).ceil() as usize;
        let half = (0..=reach).map(|distance| (-0.5 * (distance as f64 / sigma_points).powi(2)).exp());
        let half: Vec<f64> = half.collect();
        let total = half[0] + 2.0 * half[1..].iter().sum::<f64>();
        let weights = half[1..].iter().rev().chain(&half).map(|weight| weight / total);
        Self::new(Average::Gaussian(weights.collect()), reach, reach)
    }

    /// `points` behind, at and ahead of the middle, the larger half behind.
    fn running_mean(points: usize) -> Self {
        Self::new(Average::RunningMean(Sums::default()), points / 2, (points - 1) / 2)
    }

    /// The average in the middle of the window, once it reaches far enough ahead.
    fn push(&mut self, value: f64) -> Option<f64> {
        self.append(value);
        let window = self.start..=self.start + self.behind + self.ahead;
        let (values, present) = (self.values.get(window.clone())?, &self.present[window]);
        let average = match &mut self.average {
            Average::RunningMean(sums) => sums.slide(values, present),
            Average::Gaussian(weights) if self.finite_from <= self.start => weighted(weights, values),
            Average::Gaussian(weights) => weighted(weights, values) / weighted(weights, present),
        };
        let smoothed = if present[self.behind] == 0.0 {
            self.waiting.pop_front()
        } else if self.equal_from <= self.start {
            Some(values[self.behind])
        } else {
            // As above: no average lies beyond the largest number.
            Some(average.clamp(f64::MIN, f64::MAX))
        };
        self.start += 1;
        self.drop_passed();
        smoothed
    }

    fn append(&mut self, value: f64) {
        let at = self.values.len();
        if value.is_finite() {
            if let Some(latest) = self.latest
                && self.values[latest] != value
            {
                self.equal_from = latest + 1;
            }
            self.latest = Some(at);
            self.values.push(value);
            self.present.push(1.0);
        } else {
            self.finite_from = at + 1;
            self.waiting.push_back(value);
            self.values.push(0.0);
            self.present.push(0.0);
        }
    }

    fn drop_passed(&mut self) {
        let passed = self.start;
        if passed >= DROP_MIN.max(self.behind + self.ahead) {
            self.values.drain(..passed);
            self.present.drain(..passed);
            self.start = 0;
            self.latest = self.latest.and_then(|latest| latest.checked_sub(passed));
            self.equal_from = self.equal_from.saturating_sub(passed);
            self.finite_from = self.finite_from.saturating_sub(passed);
        }
    }
}

/// Independent sums: the compiler adds them in vector registers, which it may not do with one sum.
const LANES: usize = 8;

/// Σ w·y.
fn weighted(weights: &[f64], values: &[f64]) -> f64 {
    let (weight_blocks, weight_rest) = weights.as_chunks::<LANES>();
    let (value_blocks, value_rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (weights, values) in weight_blocks.iter().zip(value_blocks) {
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
            *sum += weight * value;
        }
    }
    let rest = weight_rest.iter().zip(value_rest).map(|(weight, value)| weight * value);
    sums.into_iter().chain(rest).sum()
}

/// Sums over a window that slides, in constant time a point on average. Nothing is ever subtracted, so a large
/// value leaves no error behind when it leaves the window.
#[derive(Debug, Default)]
struct Sums {
    /// Of the older part of the window: the sums from each of its places to its end, the oldest place last.
    back: Vec<Sum>,
    /// The sum of the newer part. It becomes the older part when none of that is left.
    front: Sum,
}

/// The sum of values, in units that no window of them can overflow, and how many there are.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sum: f64,
    count: f64,
}

/// More than the points of a window; a power of two, so that only numbers below 1e-303 are rounded.
const SUM_UNIT: f64 = 16_384.0;
const _: () = assert!(limits::SMOOTHING_POINTS_MAX < SUM_UNIT);

impl Sums {
    /// The mean of the values of a window that is one place further than it was at the call before.
    fn slide(&mut self, values: &[f64], present: &[f64]) -> f64 {
        let mut window = values.iter().zip(present).rev();
        if self.back.is_empty() {
            let mut sum = Sum::default();
            self.back.extend(window.map(|(&value, &present)| {
                sum.add(value, present);
                sum
            }));
            self.front = Sum::default();
        } else if let Some((&value, &present)) = window.next() {
            self.front.add(value, present);
        }
        let back = self.back.pop().unwrap_or_default();
        (back.sum + self.front.sum) / (back.count + self.front.count) * SUM_UNIT
    }
}

impl Sum {
    fn add(&mut self, value: f64, present: f64) {
        self.sum += value / SUM_UNIT;
        self.count += present;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [Smoothing; 4] =
        [Smoothing::Ema, Smoothing::TimeWeightedEma, Smoothing::Gaussian, Smoothing::RunningMean];

    fn smooth(kind: Smoothing, weight: f64, xs: &[f64], values: &[f64]) -> Vec<f64> {
        let mut out = Vec::new();
        let mut smoother = Smoother::new(kind, weight, range(xs));
        for (&x, &value) in xs.iter().zip(values) {
            smoother.push(x, value, &mut out);
        }
        smoother.finish(&mut out);
        out
    }

    /// Over points at 0, 1, 2, …
    fn smooth_steps(kind: Smoothing, weight: f64, values: &[f64]) -> Vec<f64> {
        let xs: Vec<f64> = (0..values.len()).map(|x| x as f64).collect();
        smooth(kind, weight, &xs, values)
    }

    fn range(xs: &[f64]) -> f64 {
        xs.last().zip(xs.first()).map_or(0.0, |(last, first)| last - first)
    }

    /// Each kind by its formula, over the whole series at once.
    fn naive(kind: Smoothing, weight: f64, xs: &[f64], values: &[f64]) -> Vec<f64> {
        let finite: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_finite()).collect();
        let around = |at: usize, behind: usize, ahead: usize, weigh: &dyn Fn(f64) -> f64| {
            let inside = finite.iter().filter(|&&other| other + behind >= at && other <= at + ahead);
            inside.fold((0.0, 0.0), |(sum, total), &other| {
                let weight = weigh(other as f64 - at as f64);
                (sum + weight * values[other], total + weight)
            })
        };
        let (mut last, mut debias, mut before) = (0.0, 0.0, None);
        let smoothed = |at: usize| {
            if !values[at].is_finite() {
                return values[at];
            }
            let (sum, total) = match kind {
                Smoothing::None => (values[at], 1.0),
                Smoothing::Ema => {
                    last = weight * last + (1.0 - weight) * values[at];
                    let n = 1 + finite.iter().filter(|&&other| other < at).count() as i32;
                    (last, 1.0 - weight.powi(n))
                }
                Smoothing::TimeWeightedEma => {
                    let dx = xs[at] - before.replace(xs[at]).unwrap_or(xs[at]);
                    let part = if range(xs) > 0.0 { dx / range(xs) } else { 0.0 };
                    let decay = weight.sqrt().min(0.999).powf(part * 1_000.0);
                    (last, debias) = (last * decay + values[at], debias * decay + 1.0);
                    (last, debias)
                }
                Smoothing::Gaussian => {
                    let reach = (3.0 * weight).ceil() as usize;
                    around(at, reach, reach, &|d| (-d * d / (2.0 * weight * weight)).exp())
                }
                Smoothing::RunningMean => {
                    let points = (weight as usize).max(1);
                    around(at, points / 2, (points - 1) / 2, &|_| 1.0)
                }
            };
            sum / total
        };
        (0..values.len()).map(smoothed).collect()
    }

    #[track_caller]
    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn short_series_are_smoothed_as_by_hand() {
        let values = [1.0, 2.0, 6.0, 3.0];
        assert_close(&smooth_steps(Smoothing::Ema, 0.5, &values), &[1.0, 5.0 / 3.0, 29.0 / 7.0, 53.0 / 15.0]);
        // Width 999 with steps of 333: a = 0.999^(1000 / 3).
        let a = 0.999_f64.powf(1_000.0 / 3.0);
        let weighted = smooth(Smoothing::TimeWeightedEma, 0.999_9, &[0.0, 333.0, 666.0, 999.0], &values);
        assert_close(&weighted[..2], &[1.0, (a + 2.0) / (a + 1.0)]);
        assert_close(&smooth_steps(Smoothing::RunningMean, 3.0, &values), &[1.5, 3.0, 11.0 / 3.0, 4.5]);
        // One more behind than ahead.
        assert_close(&smooth_steps(Smoothing::RunningMean, 4.0, &values), &[1.5, 3.0, 3.0, 11.0 / 3.0]);
        // σ of a third: one neighbour on each side, of weight e^−4.5.
        let w = (-4.5_f64).exp();
        let gaussian = smooth_steps(Smoothing::Gaussian, 1.0 / 3.0, &values);
        assert_close(&gaussian[..2], &[(1.0 + 2.0 * w) / (1.0 + w), (2.0 + 7.0 * w) / (1.0 + 2.0 * w)]);
    }

    #[test]
    fn a_missing_value_keeps_its_place_but_has_no_weight() {
        let values = [1.0, f64::NAN, f64::INFINITY, 4.0];
        let means = smooth_steps(Smoothing::RunningMean, 5.0, &values);
        assert_eq!((means[0], means[3]), (1.0, 4.0));
        let means = smooth_steps(Smoothing::RunningMean, 7.0, &values);
        assert_eq!((means[0], means[3]), (2.5, 2.5));
        assert!(means[1].is_nan());
        assert_eq!(means[2], f64::INFINITY);
    }

    #[test]
    fn a_large_value_leaves_no_error_behind() {
        let mut values = vec![0.1; 5_000];
        values[10] = 1e300;
        values[11] = -1e12;
        for kind in [Smoothing::Gaussian, Smoothing::RunningMean] {
            let out = smooth_steps(kind, 20.0, &values);
            assert!(out[100..].iter().all(|&value| value == 0.1));
        }
        let ema = smooth_steps(Smoothing::Ema, 0.5, &values);
        assert!((ema[4_999] - 0.1).abs() < 1e-15);
    }

    #[test]
    fn finite_values_have_finite_averages() {
        let largest = [f64::MAX, f64::MAX.next_down(), f64::MAX, f64::MIN, f64::MIN];
        let values: Vec<f64> = largest.into_iter().cycle().take(100).collect();
        for (kind, weight) in KINDS.into_iter().zip([0.9, 0.9, 5.0, 5.0]) {
            let out = smooth_steps(kind, weight, &values);
            assert!(out.iter().all(|value| value.is_finite()), "{kind:?}");
        }
    }

    #[test]
    fn memory_is_bounded_by_the_window() {
        for kind in [Smoothing::Gaussian, Smoothing::RunningMean] {
            let mut smoother = Smoother::new(kind, 10.0, 0.0);
            let mut out = Vec::new();
            for at in 0..100_000 {
                smoother.push(0.0, if at < 50_000 { f64::NAN } else { f64::from(at % 13) }, &mut out);
            }
            assert!(out.len() >= 100_000 - 30);
            let Kind::Centered(window) = &smoother.0 else { panic!("a window") };
            assert!(window.values.capacity().max(window.present.capacity()) <= 4 * 61);
            assert!(window.waiting.capacity() <= 64);
        }
    }

    #[test]
    fn weights_beyond_the_limits_are_taken_as_the_limits() {
        let values = [1.0, 2.0, 4.0];
        for kind in KINDS {
            let out = smooth_steps(kind, f64::INFINITY, &values);
            assert!(out.iter().all(|value| (1.0..=4.0).contains(value)), "{kind:?} {out:?}");
            for weight in [f64::NAN, -1.0] {
                assert_eq!(smooth_steps(kind, weight, &values), values);
            }
        }
    }

    /// Magnitudes far apart, equal neighbours, and gaps.
    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            6 => -1e3_f64..1e3,
            2 => Just(1.0),
            1 => -1e12_f64..1e12,
            1 => Just(1e12),
            1 => -1e-9_f64..1e-9,
            1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
        ]
    }

    /// Points with distances on the x-axis, some of them 0.
    fn series() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
        let distance = prop_oneof![Just(0.0), Just(1.0), 0.0_f64..1e4];
        prop::collection::vec((distance, value()), 0..120).prop_map(|points| {
            let mut x = 0.0;
            let place = |&(distance, _): &(f64, f64)| {
                x += distance;
                x
            };
            (points.iter().map(place).collect(), points.iter().map(|point| point.1).collect())
        })
    }

    fn kind_and_weight() -> impl Strategy<Value = (Smoothing, f64)> {
        prop_oneof![
            (Just(Smoothing::Ema), 0.001_f64..0.999),
            (Just(Smoothing::TimeWeightedEma), 0.001_f64..0.999_999),
            (Just(Smoothing::Gaussian), 0.05_f64..30.0),
            (Just(Smoothing::RunningMean), 1.0_f64..150.0),
        ]
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn streaming_equals_the_formula((kind, weight) in kind_and_weight(), (xs, values) in series()) {
            let found = smooth(kind, weight, &xs, &values);
            let expected = naive(kind, weight, &xs, &values);
            // The same average of the sizes: where values cancel out, nothing better can be asked for.
            let sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
            let sizes = naive(kind, weight, &xs, &sizes);
            prop_assert_eq!(found.len(), values.len());
            for at in 0..values.len() {
                if values[at].is_finite() {
                    let error = (found[at] - expected[at]).abs();
                    prop_assert!(error <= 1e-9 * sizes[at], "{}: {} is not {}", at, found[at], expected[at]);
                } else {
                    prop_assert_eq!(found[at].to_bits(), values[at].to_bits());
                }
            }
        }

        #[test]
        fn parts_are_the_whole(
            (kind, weight) in kind_and_weight(),
            (xs, values) in series(),
            part in 1_usize..40,
        ) {
            let mut smoother = Smoother::new(kind, weight, range(&xs));
            let mut parts: Vec<Vec<f64>> = Vec::new();
            for (xs, values) in xs.chunks(part).zip(values.chunks(part)) {
                let mut out = Vec::new();
                for (&x, &value) in xs.iter().zip(values) {
                    smoother.push(x, value, &mut out);
                }
                parts.push(out);
            }
            let mut rest = Vec::new();
            smoother.finish(&mut rest);
            parts.push(rest);
            prop_assert_eq!(bits(&parts.concat()), bits(&smooth(kind, weight, &xs, &values)));
        }

        #[test]
        fn a_constant_series_stays_constant(
            (kind, weight) in kind_and_weight(),
            (xs, mut values) in series(),
            constant in prop_oneof![Just(-0.0), -1e3_f64..1e3, -1e300_f64..1e300],
        ) {
            for value in values.iter_mut().filter(|value| value.is_finite()) {
                *value = constant;
            }
            prop_assert_eq!(bits(&smooth(kind, weight, &xs, &values)), bits(&values));
        }

        #[test]
        fn no_weight_changes_no_bit(values in prop::collection::vec(any::<u64>(), 0..50), window in 0.0_f64..2.0) {
            let values: Vec<f64> = values.into_iter().map(f64::from_bits).collect();
            for kind in KINDS {
                prop_assert_eq!(bits(&smooth_steps(kind, 0.0, &values)), bits(&values));
            }
            prop_assert_eq!(bits(&smooth_steps(Smoothing::RunningMean, window, &values)), bits(&values));
        }

        #[test]
        fn long_series_slide_without_drift(
            weight in 2_usize..40,
            large in prop::collection::vec(0_usize..6_000, 0..20),
        ) {
            let mut values: Vec<f64> = (0..6_000_u32).map(|at| 1.0 + f64::from(at % 17)).collect();
            for at in large {
                values[at] = 1e12;
            }
            let found = smooth_steps(Smoothing::RunningMean, weight as f64, &values);
            for at in 0..values.len() {
                let window = &values[at.saturating_sub(weight / 2)..(at + (weight - 1) / 2 + 1).min(6_000)];
                let mean = window.iter().sum::<f64>() / window.len() as f64;
                prop_assert!((found[at] - mean).abs() <= 1e-9 * mean);
            }
        }
    }
}
