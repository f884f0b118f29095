//! Buckets: neighbouring points drawn as one, without losing a spike.

use crate::{Block, Grid};
use model::series::{Buckets, Extra};

/// Gathers points of one series into buckets. A place is where a point stands on the x-axis, as a number that orders
/// as the axis does: on the axis of steps, the step. Points may come in any order of place; of equal places the one that
/// comes later counts as written later.
#[derive(Clone, Debug)]
pub struct Gatherer {
    buckets: Vec<Option<Bucket>>,
    total: u64,
}

/// What gathered in one bucket.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    pub first_place: i64,
    pub last_place: i64,
    pub held: Block,
    pub smooth: Option<Smooth>,
}

/// The smoothed values of a bucket: of its last point, and in summary over the finite ones.
#[derive(Clone, Copy, Debug)]
pub struct Smooth {
    pub last: f64,
    /// NaN when there is no finite value; so is `max`.
    pub min: f64,
    pub max: f64,
    sum: f64,
    finite: i64,
}

impl Smooth {
    fn of(value: f64) -> Self {
        let finite = value.is_finite();
        let extreme = if finite { value } else { f64::NAN };
        let sum = if finite { value } else { 0.0 };
        Self { last: value, min: extreme, max: extreme, sum, finite: i64::from(finite) }
    }

    fn add(&mut self, value: f64, is_last: bool) {
        let one = Self::of(value);
        self.last = if is_last { value } else { self.last };
        self.min = self.min.min(one.min);
        self.max = self.max.max(one.max);
        self.sum += one.sum;
        self.finite += one.finite;
    }

    /// The mean of the finite values; NaN when there is none.
    pub fn mean(&self) -> f64 {
        self.sum / self.finite as f64
    }
}

impl Gatherer {
    pub fn new(buckets: usize) -> Self {
        Self { buckets: vec![None; buckets], total: 0 }
    }

    /// Takes in a point that belongs to this bucket, with its smoothed value if there is one.
    pub fn add(
        &mut self,
        bucket: usize,
        place: i64,
        step: i64,
        time_ms: i64,
        value: f64,
        smooth: Option<f64>,
    ) {
        self.add_block(bucket, place, place, &Block::of_point(step, time_ms, value));
        if let (Some(value), Some(bucket)) = (smooth, &mut self.buckets[bucket]) {
            let is_last = bucket.last_place <= place;
            match &mut bucket.smooth {
                Some(smooth) => smooth.add(value, is_last),
                None => bucket.smooth = Some(Smooth::of(value)),
            }
        }
    }

    /// Takes in points in order of step, all of them inside the grid, on the axis of steps.
    pub fn add_points(&mut self, grid: Grid, steps: &[i64], times_ms: &[i64], values: &[f64]) {
        let mut start = 0;
        for stretch in steps.chunk_by(|a, b| a >> grid.shift == b >> grid.shift) {
            let end = start + stretch.len();
            let block = Block::of_points(stretch, &times_ms[start..end], &values[start..end]);
            self.add_block(grid.index(block.first_step), block.first_step, block.last_step, &block);
            start = end;
        }
    }

    /// Takes in many points at once that lie between two places of one bucket.
    pub fn add_block(&mut self, bucket: usize, first_place: i64, last_place: i64, block: &Block) {
        self.total += block.count as u64;
        let Some(bucket) = &mut self.buckets[bucket] else {
            self.buckets[bucket] = Some(Bucket { first_place, last_place, held: *block, smooth: None });
            return;
        };
        bucket.held.add(block, first_place < bucket.first_place, last_place >= bucket.last_place);
        bucket.first_place = bucket.first_place.min(first_place);
        bucket.last_place = bucket.last_place.max(last_place);
    }

    /// Points taken in so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The buckets that hold something, by their index.
    pub fn buckets(&self) -> impl Iterator<Item = (usize, &Bucket)> {
        self.buckets.iter().enumerate().filter_map(|(index, bucket)| Some((index, bucket.as_ref()?)))
    }

    /// The buckets that hold something as columns. `x` turns a place into what is shown of it; without it, the axis is
    /// that of steps and needs no column of its own.
    pub fn finish(self, x: Option<impl Fn(i64) -> f64>) -> (Buckets, Extra) {
        let mut out = Buckets::default();
        let mut extra = Extra::default();
        for bucket in self.buckets.into_iter().flatten() {
            bucket.held.push_to(&mut out);
            if let Some(x) = &x {
                extra.xs.push(x(bucket.first_place));
                extra.last_xs.push(x(bucket.last_place));
            }
            if let Some(smooth) = bucket.smooth {
                extra.smooth.push(smooth.last);
                extra.smooth_min.push(smooth.min);
                extra.smooth_max.push(smooth.max);
            }
        }
        (out, extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_spike_is_lost() {
        let grid = Grid::fit(0, 9_999, 100);
        let mut gatherer = Gatherer::new(100);
        for step in 0..10_000 {
            let value = match step {
                4_321 => 9.0,
                4_322 => f64::NAN,
                _ => 0.0,
            };
            gatherer.add(grid.index(step), step, step, 0, value, None);
        }
        let (buckets, _) = gatherer.finish(None::<fn(i64) -> f64>);
        assert_eq!(buckets.counts.iter().sum::<i64>(), 10_000);
        let at = grid.index(4_321);
        assert_eq!((buckets.max[at], buckets.non_finite_counts[at]), (9.0, 1));
        assert_eq!(buckets.mean[at], 9.0 / 127.0);
    }

    proptest! {
        #[test]
        fn the_order_of_coming_changes_nothing_but_ties(mut steps in prop::collection::hash_set(any::<i64>(), 1..100)) {
            let (low, high) = (*steps.iter().min().unwrap(), *steps.iter().max().unwrap());
            let grid = Grid::fit(low, high, 16);
            let gather = |steps: &[i64]| {
                let mut gatherer = Gatherer::new(16);
                for &step in steps {
                    gatherer.add(grid.index(step), step, step, step, (step % 1000) as f64, None);
                }
                let mut buckets = gatherer.finish(None::<fn(i64) -> f64>).0;
                // Sums of doubles depend on their order in the last bits.
                buckets.mean.clear();
                buckets
            };
            let any_order: Vec<_> = steps.drain().collect();
            let mut in_order = any_order.clone();
            in_order.sort_unstable();
            prop_assert_eq!(gather(&any_order), gather(&in_order));
        }
    }

    #[test]
    fn of_equal_places_the_later_written_is_last() {
        let mut gatherer = Gatherer::new(1);
        gatherer.add(0, 5, 5, 1, 1.0, Some(10.0));
        gatherer.add(0, 5, 5, 2, 2.0, Some(20.0));
        gatherer.add(0, 4, 4, 3, 3.0, Some(f64::NAN));
        let (buckets, extra) = gatherer.finish(Some(|step| step as f64));
        assert_eq!((buckets.first[0], buckets.last[0], buckets.last_times_ms[0]), (3.0, 2.0, 2));
        assert_eq!((extra.smooth[0], extra.smooth_min[0], extra.smooth_max[0]), (20.0, 10.0, 20.0));
        assert_eq!((extra.xs[0], extra.last_xs[0]), (4.0, 5.0));
    }
}
