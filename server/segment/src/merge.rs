//! Which small segments of a series become one. Merging goes by levels, so that a point is written again only a few
//! times however slowly a series grows, and a series never has more than a few dozen segments that are not full.

use model::limits::{SEGMENT_FAN, SEGMENT_POINTS_MAX};
use std::ops::Range;

/// Segments of mixed sizes may wait for their level to fill; when so many wait, they are merged all the same.
const OPEN_MAX: usize = 4 * SEGMENT_FAN;
/// A segment this large stays as it is.
const FULL_POINTS_MIN: usize = SEGMENT_POINTS_MAX / 2;

/// Whether a segment of so many points is never merged again.
pub fn is_full(points: usize) -> bool {
    points >= FULL_POINTS_MIN
}

/// 0 below 16 points, 1 below 256, and so on.
fn level(points: usize) -> u32 {
    points.max(1).ilog(SEGMENT_FAN)
}

/// Which of the last segments of a series to merge now, by their numbers of points in the order of writing: the
/// longest stretch at the end of segments of one level and below, once enough of that level have gathered in it.
/// `None`: leave them.
pub fn plan(counts: &[usize]) -> Option<Range<usize>> {
    let trailing = |level_max: u32| {
        let stretch = counts.iter().rev().take_while(|&&count| !is_full(count) && level(count) <= level_max);
        let of_level = stretch.clone().filter(|&&count| level(count) == level_max).count();
        (of_level >= SEGMENT_FAN, stretch.count())
    };
    let highest = level(FULL_POINTS_MIN);
    // More points than two segments are not gathered at once: it bounds the memory of a merge.
    let fit = |longest: usize| {
        let mut points = 0;
        let from = counts.len() - longest;
        let taken = counts[from..].iter().take_while(|&&count| {
            points += count;
            points <= 2 * SEGMENT_POINTS_MAX
        });
        from..from + taken.count()
    };
    let open = trailing(highest).1;
    let gathered = (0..=highest).rev().map(trailing).find(|(enough, _)| *enough).map(|(_, length)| length);
    let longest = gathered.or((open > OPEN_MAX).then_some(open))?;
    Some(fit(longest)).filter(|range| range.len() > 1)
}

/// Into how many segments so many points go, all about equally large.
pub fn pieces(points: usize) -> usize {
    points.div_ceil(SEGMENT_POINTS_MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A series that grows by these batches; answers its segments and how many points were written in all.
    fn grow(batches: impl IntoIterator<Item = usize>) -> (Vec<usize>, usize, usize) {
        let (mut segments, mut written, mut most_open) = (Vec::new(), 0, 0);
        for batch in batches {
            segments.push(batch);
            written += batch;
            while let Some(range) = plan(&segments) {
                let merged: usize = segments[range.clone()].iter().sum();
                let pieces = pieces(merged);
                let parts = (0..pieces).map(|piece| merged * (piece + 1) / pieces - merged * piece / pieces);
                segments.splice(range, parts);
                written += merged;
            }
            most_open = most_open.max(segments.iter().filter(|&&count| !is_full(count)).count());
        }
        (segments, written, most_open)
    }

    #[test]
    fn a_series_of_single_points_has_few_segments_and_is_written_few_times() {
        let (segments, written, most_open) = grow(std::iter::repeat_n(1, 300_000));
        assert_eq!(segments.iter().sum::<usize>(), 300_000);
        assert!(most_open <= 64, "{most_open}");
        assert!(written <= 300_000 * 6, "{} times", written as f64 / 300_000.0);
        assert!(segments.len() < 70, "{}", segments.len());
    }

    proptest! {
        #[test]
        fn whatever_the_batches_no_point_is_lost_and_open_segments_stay_few(
            batches in prop::collection::vec(prop_oneof![1_usize..4, 1_usize..300, 1_usize..20_000], 1..800),
        ) {
            let points: usize = batches.iter().sum();
            let (segments, written, most_open) = grow(batches);
            prop_assert_eq!(segments.iter().sum::<usize>(), points);
            prop_assert!(most_open <= 80, "{} open", most_open);
            prop_assert!(written <= points * 7, "{} times", written as f64 / points as f64);
            prop_assert!(segments.iter().all(|&count| count <= SEGMENT_POINTS_MAX));
        }
    }
}
