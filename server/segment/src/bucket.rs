//! Buckets: neighbouring points drawn as one, without losing a spike.

use model::series::{Buckets, Points};

/// Divides the range of steps into at most `buckets_max` equal parts; parts without points are left out.
/// The points must be in order of step.
pub fn bucket(points: &Points, buckets_max: u32) -> Buckets {
    let mut out = Buckets::default();
    let (Some(&low), Some(&high)) = (points.steps.first(), points.steps.last()) else {
        return out;
    };
    // i128: the range of all i64 steps does not fit i64.
    let width = i128::from(high) - i128::from(low) + 1;
    let part = |step: i64| (i128::from(step) - i128::from(low)) * i128::from(buckets_max) / width;
    let mut start = 0;
    while start < points.steps.len() {
        let this = part(points.steps[start]);
        let end = start + points.steps[start..].partition_point(|&step| part(step) == this);
        push(&mut out, points, start, end);
        start = end;
    }
    out
}

fn push(out: &mut Buckets, points: &Points, start: usize, end: usize) {
    let values = &points.values[start..end];
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let finite_count = finite().count();
    // f64::min and max ignore NaN, so NaN stands for "none yet".
    out.min.push(finite().fold(f64::NAN, f64::min));
    out.max.push(finite().fold(f64::NAN, f64::max));
    out.mean.push(finite().sum::<f64>() / finite_count as f64);
    out.first.push(values[0]);
    out.last.push(values[values.len() - 1]);
    out.first_steps.push(points.steps[start]);
    out.last_steps.push(points.steps[end - 1]);
    out.first_times_ms.push(points.times_ms[start]);
    out.last_times_ms.push(points.times_ms[end - 1]);
    out.counts.push(values.len() as i64);
    out.non_finite_counts.push((values.len() - finite_count) as i64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_spike_is_lost() {
        let mut values = vec![0.0; 10_000];
        values[4_321] = 9.0;
        values[4_322] = f64::NAN;
        let points = Points { steps: (0..10_000).collect(), times_ms: vec![0; 10_000], values };
        let buckets = bucket(&points, 100);
        assert_eq!(buckets.counts, [100; 100]);
        assert_eq!(buckets.max[43], 9.0);
        assert_eq!(buckets.non_finite_counts[43], 1);
        assert_eq!(buckets.mean[43], 9.0 / 99.0);
    }

    proptest! {
        #[test]
        fn every_point_is_in_one_bucket(
            mut steps in prop::collection::vec(any::<i64>(), 1..200),
            buckets_max in 1_u32..50,
        ) {
            steps.sort_unstable();
            let count = steps.len();
            let points = Points { times_ms: vec![0; count], values: vec![1.0; count], steps };
            let buckets = bucket(&points, buckets_max);
            prop_assert!(buckets.counts.len() <= buckets_max as usize);
            prop_assert_eq!(buckets.counts.iter().sum::<i64>(), count as i64);
            prop_assert_eq!(buckets.first_steps[0], points.steps[0]);
            prop_assert_eq!(buckets.last_steps.last(), points.steps.last());
        }
    }
}
