//! Where one bucket ends and the next begins on the axis of steps.

/// Buckets of 2^`shift` steps whose edges lie on multiples of that width. So buckets of one width are the same
/// wherever a chart begins, and buckets of a smaller width fill those of a larger one exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub shift: u32,
    first: i64,
}

impl Grid {
    /// The finest grid that divides the steps from `low` to `high`, both included, into at most `buckets_max` buckets.
    pub fn fit(low: i64, high: i64, buckets_max: u32) -> Self {
        let fits = |shift: &u32| {
            let between = i128::from(high >> shift) - i128::from(low >> shift);
            between < i128::from(buckets_max.max(1))
        };
        // One bucket cannot hold both signs; at the last shift there are two buckets, −1 and 0.
        let shift = (0..63).find(fits).unwrap_or(63);
        Self { shift, first: low >> shift }
    }

    /// The grid of one width that begins with the bucket of `low`.
    pub fn of_width(shift: u32, low: i64) -> Self {
        Self { shift, first: low >> shift }
    }

    /// Which bucket holds a step; 0 is the first. The step must not lie before the first bucket.
    pub fn index(self, step: i64) -> usize {
        usize::try_from(i128::from(step >> self.shift) - i128::from(self.first))
            .expect("a step inside the range that the grid was made for")
    }

    /// First and last step of a bucket.
    pub fn edges(self, index: usize) -> (i64, i64) {
        let low = (self.first + index as i64) << self.shift;
        (low, low + ((1_i64 << self.shift) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_step_of_the_range_has_its_bucket(a in any::<i64>(), b in any::<i64>(), c in any::<i64>(), buckets in 2_u32..5000) {
            let mut steps = [a, b, c];
            steps.sort_unstable();
            let grid = Grid::fit(steps[0], steps[2], buckets);
            for step in steps {
                let index = grid.index(step);
                prop_assert!(index < buckets as usize);
                if grid.shift < 63 {
                    let (low, high) = grid.edges(index);
                    prop_assert!((low..=high).contains(&step));
                }
            }
            prop_assert_eq!(grid.index(steps[0]), 0);
        }

        #[test]
        fn the_grid_is_the_finest_that_fits(low in -1_000_000_i64..1_000_000, width in 0_i64..1_000_000, buckets in 1_u32..2000) {
            let grid = Grid::fit(low, low + width, buckets);
            if grid.shift > 0 && grid.shift < 63 {
                let finer = Grid::of_width(grid.shift - 1, low);
                prop_assert!(finer.index(low + width) >= buckets as usize);
            }
        }
    }

    #[test]
    fn edges_are_multiples_of_the_width_wherever_the_range_begins() {
        let grid = Grid::fit(-5, 1_000, 100);
        assert_eq!(grid.shift, 4);
        assert_eq!((grid.edges(0), grid.edges(1)), ((-16, -1), (0, 15)));
        assert_eq!(Grid::fit(3, 3, 1).edges(0), (3, 3));
    }
}
