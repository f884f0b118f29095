//! The x-axis of a chart: what stands on it, how far it reaches, and which bucket a point falls into.

use super::{
    join::{Join, Joined},
    scan::{Scan, Windows},
};
use crate::Result;
use model::series::{Axis, Points, SeriesQuery};
use segment::Grid;
use std::collections::VecDeque;
use store::{Snapshot, metric::SegmentPlace};

/// One series of numbers: where its segments lie, and what its place on the x-axis depends on.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub places: Vec<SegmentPlace>,
    /// In place of segments of its own, when it is computed from others.
    pub joined: Option<Joined>,
    /// Segments of the metric that is the x-axis.
    pub over: Vec<SegmentPlace>,
    pub started_ms: i64,
    /// First and last step, as they were found.
    pub steps: (i64, i64),
    /// Width of the whole series on the x-axis.
    pub range: f64,
}

impl Numbers {
    pub fn scan(&self, query: &SeriesQuery) -> Scan {
        match &self.joined {
            None => Scan::Logged(Windows::new(&self.places)),
            Some(joined) => {
                let range = (query.step_min.unwrap_or(i64::MIN), query.step_max.unwrap_or(i64::MAX));
                Scan::Computed(Join::new(joined, range))
            }
        }
    }

    /// All segments that a scan reads.
    pub fn read(&self) -> impl Iterator<Item = &SegmentPlace> {
        let joined = self.joined.iter().flat_map(|joined| joined.operands.iter().flatten());
        self.places.iter().chain(joined)
    }
}

/// The x-axis that all series of an answer share.
#[derive(Clone, Debug)]
pub(super) struct Axes {
    pub numbers: Vec<Numbers>,
    pub axis: Axis,
    pub scale: Scale,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Scale {
    /// From the first step to the last, both included.
    Steps { low: i64, high: i64, grid: Grid, buckets: usize },
    /// Equal parts between two numbers, both included.
    Linear { low: f64, high: f64, buckets: usize },
    /// There is nothing to show.
    Empty,
}

impl Axes {
    pub fn buckets(&self) -> usize {
        match self.scale {
            Scale::Steps { buckets, .. } | Scale::Linear { buckets, .. } => buckets,
            Scale::Empty => 0,
        }
    }

    /// The bucket of a point, or `None` when it lies outside the part that is shown.
    pub fn bucket(&self, step: i64, x: f64) -> Option<usize> {
        match self.scale {
            Scale::Steps { low, high, grid, .. } => (low..=high).contains(&step).then(|| grid.index(step)),
            Scale::Linear { low, high, buckets } => (low..=high).contains(&x).then(|| {
                let part = ((x - low) / (high - low) * buckets as f64) as usize;
                part.min(buckets - 1)
            }),
            Scale::Empty => None,
        }
    }

    /// Whether a segment's blocks are too coarse, or not there: a guess that costs a fetch when it is wrong.
    pub fn needs_points(&self, place: &SegmentPlace) -> bool {
        let Scale::Steps { low, high, grid, .. } = self.scale else { return true };
        let whole = place.has_blocks && place.step_min >= low && place.step_max <= high;
        let shown = (place.step_max >> grid.shift).saturating_sub(place.step_min >> grid.shift);
        !whole || shown > place.count / segment::POINTS_PER_BLOCK as i64
    }

    /// What orders points on the axis.
    pub fn place(&self, step: i64, x: f64) -> i64 {
        if self.axis == Axis::Step { step } else { order_of(x) }
    }

    /// The x that a place stands for.
    pub fn x(&self, place: i64) -> f64 {
        if self.axis == Axis::Step { place as f64 } else { of_order(place) }
    }
}

/// An integer that orders as the number does (IEEE 754's total order).
fn order_of(x: f64) -> i64 {
    let bits = x.to_bits().cast_signed();
    bits ^ ((bits >> 63) & i64::MAX)
}

pub(super) fn of_order(place: i64) -> f64 {
    f64::from_bits((place ^ ((place >> 63) & i64::MAX)).cast_unsigned())
}

/// Lays out the axis: over the part that is asked for, as far as there are points.
pub(super) async fn lay_out(
    snapshot: &mut Snapshot,
    query: &SeriesQuery,
    mut numbers: Vec<Numbers>,
) -> Result<Axes> {
    let buckets = query.buckets.unwrap_or(1);
    let scale = if query.x == Axis::Step {
        for one in &mut numbers {
            // What is computed of series that never meet has no steps at all.
            one.range = (one.steps.1 as f64 - one.steps.0 as f64).max(0.0);
        }
        let low =
            numbers.iter().map(|one| one.steps.0).min().map(|low| low.max(query.step_min.unwrap_or(low)));
        let high =
            numbers.iter().map(|one| one.steps.1).max().map(|high| high.min(query.step_max.unwrap_or(high)));
        match low.zip(high) {
            Some((low, high)) if low <= high => {
                let grid = Grid::fit(low, high, buckets);
                Scale::Steps { low, high, grid, buckets: grid.index(high) + 1 }
            }
            _ => Scale::Empty,
        }
    } else {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for one in &mut numbers {
            let mut walk = Walk::new(query, one);
            let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
            while let Some((points, xs)) = walk.next(snapshot).await? {
                for (&step, &x) in points.steps.iter().zip(&xs) {
                    if x.is_finite() {
                        first = first.min(x);
                        last = last.max(x);
                        if within(query, step, x) {
                            low = low.min(x);
                            high = high.max(x);
                        }
                    }
                }
            }
            one.range = if last > first { last - first } else { 0.0 };
        }
        if low <= high { Scale::Linear { low, high, buckets: buckets as usize } } else { Scale::Empty }
    };
    Ok(Axes { numbers, axis: query.x, scale })
}

/// Whether a point lies in the part that is asked for.
pub(super) fn within(query: &SeriesQuery, step: i64, x: f64) -> bool {
    query.step_min.is_none_or(|min| step >= min)
        && query.step_max.is_none_or(|max| step <= max)
        && query.x_min.is_none_or(|min| x >= min)
        && query.x_max.is_none_or(|max| x <= max)
}

/// A series in order of step, with the place of each point on the x-axis. A point without a place has NaN.
pub(super) struct Walk {
    axis: Axis,
    started_ms: i64,
    pub scan: Scan,
    over: Windows,
    /// Points of the metric that is the x-axis, from where the walk stands.
    ahead: VecDeque<(i64, f64)>,
    over_ended: bool,
    x: f64,
}

impl Walk {
    pub fn new(query: &SeriesQuery, numbers: &Numbers) -> Self {
        Self {
            axis: query.x,
            started_ms: numbers.started_ms,
            scan: numbers.scan(query),
            over: Windows::new(&numbers.over),
            ahead: VecDeque::new(),
            over_ended: false,
            x: f64::NAN,
        }
    }

    pub async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<(Points, Vec<f64>)>> {
        let Some(points) = self.scan.next(snapshot).await? else { return Ok(None) };
        let xs = match self.axis {
            Axis::Step => points.steps.iter().map(|&step| step as f64).collect(),
            Axis::Wall => points.times_ms.iter().map(|&time| time as f64).collect(),
            Axis::Relative => {
                points.times_ms.iter().map(|&time| time.saturating_sub(self.started_ms) as f64).collect()
            }
            Axis::Metric => {
                let mut xs = Vec::with_capacity(points.len());
                for &step in &points.steps {
                    xs.push(self.x_at(snapshot, step).await?);
                }
                xs
            }
        };
        Ok(Some((points, xs)))
    }

    /// The value of the x-axis' metric at this step, or its last one before. Steps must not fall from call to call.
    async fn x_at(&mut self, snapshot: &mut Snapshot, step: i64) -> Result<f64> {
        loop {
            while let Some(&(at, x)) = self.ahead.front() {
                if at > step {
                    return Ok(self.x);
                }
                self.x = x;
                self.ahead.pop_front();
            }
            if self.over_ended {
                return Ok(self.x);
            }
            match self.over.next(snapshot).await? {
                Some(points) => self.ahead.extend(points.steps.into_iter().zip(points.values)),
                None => self.over_ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_order_as_numbers_do() {
        let numbers = [f64::NEG_INFINITY, -2.0, -1e-300, 0.0, 5e-324, 1.0, 1e300];
        assert!(numbers.map(order_of).is_sorted());
        assert_eq!(numbers.map(|number| of_order(order_of(number))), numbers);
    }
}
