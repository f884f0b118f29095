//! Which values of a metric are the best.

pub use model::metric::{Goal, goal};

/// The best finite value; none when fewer than two runs have one, or all are equal.
pub fn best(goal: Goal, values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let low = values.iter().copied().min_by(f64::total_cmp)?;
    let high = values.iter().copied().max_by(f64::total_cmp)?;
    let telling = values.len() >= 2 && low != high;
    telling.then_some(match goal {
        Goal::Min => low,
        Goal::Max => high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_needs_a_difference() {
        assert_eq!(best(Goal::Min, [2.0, 1.0, f64::NAN].into_iter()), Some(1.0));
        assert_eq!(best(Goal::Max, [2.0, 1.0, f64::INFINITY].into_iter()), Some(2.0));
        assert_eq!(best(Goal::Max, [1.0, 1.0].into_iter()), None);
        assert_eq!(best(Goal::Max, [1.0, f64::NAN].into_iter()), None);
    }
}
