//! Which data stands under the pointer.

use super::line::{Line, Rows};

/// The row whose steps are nearest to a place on the x axis.
pub fn nearest_row(line: &Line, x: f64) -> Option<usize> {
    let (first, last) = match &line.rows {
        Rows::Points(points) => (&points.steps, &points.steps),
        Rows::Buckets(buckets) => (&buckets.first_steps, &buckets.last_steps),
    };
    let after = first.partition_point(|step| (*step as f64) <= x);
    let before = after.checked_sub(1);
    let distance = |row: usize| {
        let (from, to) = (first[row] as f64, last[row] as f64);
        if x < from { from - x } else { (x - to).max(0.0) }
    };
    match (before, (after < first.len()).then_some(after)) {
        (Some(before), Some(after)) if distance(after) < distance(before) => Some(after),
        (Some(before), _) => Some(before),
        (None, after) => after,
    }
}

/// The step of any line that is nearest to a place on the x axis.
pub fn nearest_step(lines: &[Line], x: f64) -> Option<i64> {
    lines
        .iter()
        .filter_map(|line| nearest_row(line, x).map(|row| line.step(row)))
        .min_by(|a, b| (*a as f64 - x).abs().total_cmp(&(*b as f64 - x).abs()))
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::{buckets, points};
    use super::*;

    #[test]
    fn the_nearest_row_wins() {
        let line = points(&[0, 10, 20], &[1.0, 2.0, 3.0]);
        for (x, row) in [(-5.0, 0), (4.0, 0), (6.0, 1), (10.0, 1), (99.0, 2)] {
            assert_eq!(nearest_row(&line, x), Some(row), "{x}");
        }
        assert_eq!(nearest_row(&points(&[], &[]), 0.0), None);
    }

    #[test]
    fn of_equal_steps_the_one_written_last_is_shown() {
        assert_eq!(nearest_row(&points(&[1, 1, 2], &[1.0, 2.0, 3.0]), 1.0), Some(1));
    }

    #[test]
    fn inside_a_bucket_it_is_that_bucket() {
        let line = buckets(&[(0.0, 1.0, 0.5), (0.0, 1.0, 0.7)]);
        assert_eq!(nearest_row(&line, 8.5), Some(0));
        assert_eq!(nearest_row(&line, 9.6), Some(1));
    }

    #[test]
    fn lines_share_one_step_under_the_pointer() {
        let lines = [points(&[0, 100], &[1.0, 2.0]), points(&[0, 40], &[1.0, 2.0])];
        assert_eq!(nearest_step(&lines, 45.0), Some(40));
        assert_eq!(nearest_step(&lines, 90.0), Some(100));
        assert_eq!(nearest_step(&[], 1.0), None);
    }
}
