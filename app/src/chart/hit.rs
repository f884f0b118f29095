//! Which data stands under the pointer.

use super::line::Line;

/// The row nearest to a place on the x axis; of rows at one place, the one written last.
pub fn nearest_row(line: &Line, x: f64) -> Option<usize> {
    let after = line.from.partition_point(|from| *from <= x);
    let before = after.checked_sub(1);
    let distance = |row: usize| {
        let (from, to) = (line.from[row], line.to[row]);
        if x < from { from - x } else { (x - to).max(0.0) }
    };
    match (before, (after < line.len()).then_some(after)) {
        (Some(before), Some(after)) if distance(after) < distance(before) => Some(after),
        (Some(before), _) => Some(before),
        (None, after) => after,
    }
}

/// The place of any line that is nearest to one on the x axis; a row stands where it ends.
pub fn nearest_x(lines: &[&Line], x: f64) -> Option<f64> {
    lines
        .iter()
        .filter_map(|line| nearest_row(line, x).map(|row| line.to[row]))
        .min_by(|a, b| (*a - x).abs().total_cmp(&(*b - x).abs()))
}

/// The next or previous place of any line: where the keyboard goes.
pub fn next_x(lines: &[&Line], x: f64, forward: bool) -> Option<f64> {
    let next = lines.iter().filter_map(|line| {
        if forward {
            line.to.get(line.to.partition_point(|to| *to <= x)).copied()
        } else {
            line.to.partition_point(|to| *to < x).checked_sub(1).map(|row| line.to[row])
        }
    });
    if forward { next.min_by(f64::total_cmp) } else { next.max_by(f64::total_cmp) }
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
    fn lines_share_one_place_under_the_pointer() {
        let (one, other) = (points(&[0, 100], &[1.0, 2.0]), points(&[0, 40], &[1.0, 2.0]));
        assert_eq!(nearest_x(&[&one, &other], 45.0), Some(40.0));
        assert_eq!(nearest_x(&[&one, &other], 90.0), Some(100.0));
        assert_eq!(nearest_x(&[], 1.0), None);
    }

    #[test]
    fn keys_step_through_the_places_of_all_lines() {
        let (one, other) = (points(&[0, 100], &[1.0, 2.0]), points(&[0, 40, 100], &[1.0, 2.0, 3.0]));
        let lines = [&one, &other];
        assert_eq!(next_x(&lines, 0.0, true), Some(40.0));
        assert_eq!(next_x(&lines, 40.0, true), Some(100.0));
        assert_eq!(next_x(&lines, 100.0, true), None);
        assert_eq!(next_x(&lines, 100.0, false), Some(40.0));
    }
}
