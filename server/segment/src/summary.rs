//! What a series amounts to: kept beside the points so that lists never read them.

use model::series::Points;

/// Count, last, extremes and sum of a series. Extremes and sum are over finite values only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    pub count: i64,
    pub non_finite_count: i64,
    pub first_step: i64,
    pub last_step: i64,
    pub last_time_ms: i64,
    /// The value at the highest step; of equal steps the one written last.
    pub last: f64,
    /// Smallest finite value and its first step.
    pub min: Option<(f64, i64)>,
    pub max: Option<(f64, i64)>,
    pub sum: f64,
}

impl Summary {
    /// Takes in points in the order they were written.
    pub fn add(&mut self, points: &Points) {
        for ((&step, &time_ms), &value) in points.steps.iter().zip(&points.times_ms).zip(&points.values) {
            self.add_point(step, time_ms, value);
        }
    }

    /// Takes in points that are no numbers: they have a place, and neither extremes nor a mean.
    pub fn add_texts(&mut self, steps: &[i64], times_ms: &[i64]) {
        for (&step, &time_ms) in steps.iter().zip(times_ms) {
            self.add_point(step, time_ms, f64::NAN);
            self.non_finite_count = 0;
        }
    }

    fn add_point(&mut self, step: i64, time_ms: i64, value: f64) {
        if self.count == 0 || step >= self.last_step {
            (self.last_step, self.last_time_ms, self.last) = (step, time_ms, value);
        }
        self.first_step = if self.count == 0 { step } else { self.first_step.min(step) };
        self.count += 1;
        if !value.is_finite() {
            self.non_finite_count += 1;
            return;
        }
        if self.min.is_none_or(|(min, at)| value < min || (value == min && step < at)) {
            self.min = Some((value, step));
        }
        if self.max.is_none_or(|(max, at)| value > max || (value == max && step < at)) {
            self.max = Some((value, step));
        }
        self.sum += value;
    }

    /// The mean of the finite values; absent when there is none.
    pub fn mean(&self) -> Option<f64> {
        let finite = self.count - self.non_finite_count;
        (finite > 0).then(|| self.sum / finite as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_values_count_but_do_not_rule() {
        let mut summary = Summary::default();
        summary.add(&Points {
            steps: vec![3, 1, 3, 2],
            times_ms: vec![30, 10, 31, 20],
            values: vec![f64::INFINITY, 0.5, f64::NAN, 1.5],
        });
        assert_eq!((summary.count, summary.non_finite_count), (4, 2));
        assert_eq!((summary.first_step, summary.last_step, summary.last_time_ms), (1, 3, 31));
        assert!(summary.last.is_nan());
        assert_eq!((summary.min, summary.max, summary.mean()), (Some((0.5, 1)), Some((1.5, 2)), Some(1.0)));
    }

    #[test]
    fn adding_in_parts_is_adding_at_once() {
        let points = Points { steps: vec![5, 4, 4], times_ms: vec![0; 3], values: vec![1.0, 2.0, 2.0] };
        let mut once = Summary::default();
        once.add(&points);
        let mut parts = Summary::default();
        for row in 0..3 {
            parts.add(&Points {
                steps: vec![points.steps[row]],
                times_ms: vec![0],
                values: vec![points.values[row]],
            });
        }
        assert_eq!(format!("{once:?}"), format!("{parts:?}"));
    }
}
