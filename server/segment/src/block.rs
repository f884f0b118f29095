//! Blocks: what a stretch of a segment amounts to. They lie beside the packed columns, so that a chart that is
//! zoomed out reads them and not the points.
//!
//! A segment's blocks are 2^`shift` steps wide, their edges on multiples of that: one width for the segment, as fine
//! as leaves about [`POINTS_PER_BLOCK`] points in each. The blob:
//!
//! ```text
//! u8 1 | u8 shift | 2 zero bytes | u32 blocks n | 11 × (u32 bytes of a column | the column, compressed by pco)
//! ```
//! in the order of the fields of [`Block`]; minimum and maximum are NaN where a block has no finite value.

use crate::{DecodeError, Grid, pack};
use model::{
    limits,
    series::{Buckets, Points},
};

/// Coarse enough that blocks are a fiftieth of the points, fine enough that a chart of one segment's width reads points.
pub const POINTS_PER_BLOCK: usize = 256;
const FORM: u8 = 1;

/// Some neighbouring points in summary. `min`, `max` and `sum` are over finite values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    pub first_step: i64,
    pub last_step: i64,
    pub first_time_ms: i64,
    pub last_time_ms: i64,
    pub first: f64,
    pub last: f64,
    /// NaN when there is no finite value; so is `max`.
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    pub count: i64,
    pub non_finite_count: i64,
}

impl Block {
    pub(crate) fn of_point(step: i64, time_ms: i64, value: f64) -> Self {
        let finite = value.is_finite();
        let extreme = if finite { value } else { f64::NAN };
        Self {
            first_step: step,
            last_step: step,
            first_time_ms: time_ms,
            last_time_ms: time_ms,
            first: value,
            last: value,
            min: extreme,
            max: extreme,
            sum: if finite { value } else { 0.0 },
            count: 1,
            non_finite_count: i64::from(!finite),
        }
    }

    /// Sums up neighbouring points in order of step; there must be one at least.
    pub(crate) fn of_points(steps: &[i64], times_ms: &[i64], values: &[f64]) -> Self {
        let last = steps.len() - 1;
        let (mut min, mut max, mut sum, mut non_finite_count) = (f64::NAN, f64::NAN, 0.0, 0);
        for &value in values {
            let finite = value.is_finite();
            let extreme = if finite { value } else { f64::NAN };
            min = extreme.min(min);
            max = extreme.max(max);
            sum += if finite { value } else { 0.0 };
            non_finite_count += i64::from(!finite);
        }
        Self {
            first_step: steps[0],
            last_step: steps[last],
            first_time_ms: times_ms[0],
            last_time_ms: times_ms[last],
            first: values[0],
            last: values[last],
            min,
            max,
            sum,
            count: steps.len() as i64,
            non_finite_count,
        }
    }

    /// Takes in another block. The caller knows whether it begins before this one, and whether it ends after it.
    pub(crate) fn add(&mut self, other: &Self, begins_before: bool, ends_after: bool) {
        if begins_before {
            (self.first_step, self.first_time_ms, self.first) =
                (other.first_step, other.first_time_ms, other.first);
        }
        if ends_after {
            (self.last_step, self.last_time_ms, self.last) =
                (other.last_step, other.last_time_ms, other.last);
        }
        // f64::min and max ignore NaN, which stands for "none yet".
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.count += other.count;
        self.non_finite_count += other.non_finite_count;
    }

    /// The mean of the finite values; NaN when there is none.
    pub fn mean(&self) -> f64 {
        self.sum / (self.count - self.non_finite_count) as f64
    }

    pub(crate) fn push_to(&self, buckets: &mut Buckets) {
        buckets.first_steps.push(self.first_step);
        buckets.last_steps.push(self.last_step);
        buckets.first_times_ms.push(self.first_time_ms);
        buckets.last_times_ms.push(self.last_time_ms);
        buckets.first.push(self.first);
        buckets.last.push(self.last);
        buckets.min.push(self.min);
        buckets.max.push(self.max);
        buckets.mean.push(self.mean());
        buckets.counts.push(self.count);
        buckets.non_finite_counts.push(self.non_finite_count);
    }
}

/// The blocks of one segment, in order of step.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    /// Blocks are 2^`shift` steps wide.
    pub shift: u32,
    pub blocks: Vec<Block>,
}

impl Blocks {
    /// Sums up points, which must be in order of step and not empty.
    pub fn of(points: &Points) -> Self {
        let (low, high) = (points.steps[0], points.steps[points.len() - 1]);
        let wanted = points.len().div_ceil(POINTS_PER_BLOCK);
        let mut shift = Grid::fit(low, high, u32::try_from(wanted).unwrap_or(u32::MAX)).shift;
        // Steps that leave wide gaps need fewer blocks than their range suggests: go finer while that is so.
        while shift > 0 && occupied(&points.steps, shift - 1) <= wanted {
            shift -= 1;
        }
        let mut blocks: Vec<Block> = Vec::with_capacity(wanted);
        let mut start = 0;
        for stretch in points.steps.chunk_by(|a, b| a >> shift == b >> shift) {
            let end = start + stretch.len();
            blocks.push(Block::of_points(stretch, &points.times_ms[start..end], &points.values[start..end]));
            start = end;
        }
        Self { shift, blocks }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut blob = vec![FORM, self.shift as u8, 0, 0];
        let count = u32::try_from(self.blocks.len()).expect("a segment has fewer blocks than points");
        blob.extend_from_slice(&count.to_le_bytes());
        let ints =
            |field: fn(&Block) -> i64| pack::pack_ordered(&self.blocks.iter().map(field).collect::<Vec<_>>());
        let floats =
            |field: fn(&Block) -> f64| pack::pack(&self.blocks.iter().map(field).collect::<Vec<_>>());
        for column in [
            ints(|block| block.first_step),
            ints(|block| block.last_step),
            ints(|block| block.first_time_ms),
            ints(|block| block.last_time_ms),
            floats(|block| block.first),
            floats(|block| block.last),
            floats(|block| block.min),
            floats(|block| block.max),
            floats(|block| block.sum),
            ints(|block| block.count),
            ints(|block| block.non_finite_count),
        ] {
            let len = u32::try_from(column.len()).expect("a column of blocks is small");
            blob.extend_from_slice(&len.to_le_bytes());
            blob.extend_from_slice(&column);
        }
        blob
    }

    /// Reads a blob. Any bytes are safe to pass.
    pub fn decode(blob: &[u8]) -> Result<Self, DecodeError> {
        let short = || DecodeError::Column("blocks break off".into());
        let (header, mut rest) = blob.split_at_checked(8).ok_or_else(short)?;
        if header[0] != FORM || header[1] > 63 {
            return Err(DecodeError::UnknownForm(header[0]));
        }
        let count = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if count as usize > 2 * limits::SEGMENT_POINTS_MAX {
            return Err(DecodeError::TooManyPoints(count.into()));
        }
        let mut next = || {
            let (len, after) = rest.split_at_checked(4)?;
            let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize;
            let (column, after) = after.split_at_checked(len)?;
            rest = after;
            Some(column)
        };
        let count = count as usize;
        let mut ints = || pack::unpack::<i64>(next().unwrap_or_default(), count).map_err(DecodeError::Column);
        let steps = (ints()?, ints()?);
        let times_ms = (ints()?, ints()?);
        let mut floats =
            || pack::unpack::<f64>(next().unwrap_or_default(), count).map_err(DecodeError::Column);
        let ends = (floats()?, floats()?);
        let extremes = (floats()?, floats()?);
        let sums = floats()?;
        let mut ints = || pack::unpack::<i64>(next().unwrap_or_default(), count).map_err(DecodeError::Column);
        let counts = (ints()?, ints()?);
        let block = |row: usize| Block {
            first_step: steps.0[row],
            last_step: steps.1[row],
            first_time_ms: times_ms.0[row],
            last_time_ms: times_ms.1[row],
            first: ends.0[row],
            last: ends.1[row],
            min: extremes.0[row],
            max: extremes.1[row],
            sum: sums[row],
            count: counts.0[row],
            non_finite_count: counts.1[row],
        };
        Ok(Self { shift: header[1].into(), blocks: (0..count).map(block).collect() })
    }
}

/// How many blocks of this width hold a step. The steps are in order.
fn occupied(steps: &[i64], shift: u32) -> usize {
    steps.chunk_by(|a, b| a >> shift == b >> shift).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Gatherer;
    use proptest::prelude::*;

    fn example(mut steps: Vec<i64>) -> Points {
        steps.sort_unstable();
        let values =
            steps.iter().map(|step| if step % 11 == 0 { f64::NAN } else { (step % 97) as f64 }).collect();
        Points { times_ms: steps.iter().map(|step| step.wrapping_mul(3)).collect(), values, steps }
    }

    fn same(a: &Buckets, b: &Buckets) -> bool {
        // NaN equals itself in the debug form.
        format!("{a:?}") == format!("{b:?}")
    }

    proptest! {
        #[test]
        fn buckets_from_blocks_are_buckets_from_points(
            steps in prop::collection::vec(-100_000_i64..100_000, 1..3000),
            coarser in 0_u32..4,
        ) {
            let points = example(steps);
            let blocks = Blocks::of(&points);
            let grid = Grid::of_width((blocks.shift + coarser).min(62), points.steps[0]);
            let size = grid.index(*points.steps.last().unwrap()) + 1;
            let mut by_block = Gatherer::new(size);
            for block in &blocks.blocks {
                by_block.add_block(grid.index(block.first_step), block.first_step, block.last_step, block);
            }
            let mut by_point = Gatherer::new(size);
            for row in 0..points.len() {
                let step = points.steps[row];
                by_point.add(grid.index(step), step, step, points.times_ms[row], points.values[row], None);
            }
            prop_assert_eq!(by_block.total(), points.len() as u64);
            let (a, b) = (by_block.finish(None::<fn(i64) -> f64>).0, by_point.finish(None::<fn(i64) -> f64>).0);
            prop_assert!(same(&a, &b), "{:?}\n{:?}", a, b);
        }

        #[test]
        fn blocks_come_back(steps in prop::collection::vec(any::<i64>(), 1..2000)) {
            let blocks = Blocks::of(&example(steps));
            let back = Blocks::decode(&blocks.encode()).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{blocks:?}"));
        }

        #[test]
        fn hostile_blocks_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut blob = Blocks::of(&example((0..2000).collect())).encode();
            let at = at.index(blob.len());
            blob[at] = byte;
            let _ = Blocks::decode(&blob);
            let _ = Blocks::decode(&blob[..at]);
        }
    }

    #[test]
    fn one_stray_step_does_not_make_the_blocks_coarse() {
        let steps = (0..10_000).chain([1 << 40]).collect();
        let blocks = Blocks::of(&example(steps));
        assert!((20..=41).contains(&blocks.blocks.len()), "{} blocks", blocks.blocks.len());
    }
}
