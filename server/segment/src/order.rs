//! The order of points: by step; equal steps in the order they were written. Clocks decide nothing.

use model::series::{Points, Texts};

/// Adds the points of `more` behind those of `points`.
pub fn append(points: &mut Points, more: &Points) {
    points.steps.extend_from_slice(&more.steps);
    points.times_ms.extend_from_slice(&more.times_ms);
    points.values.extend_from_slice(&more.values);
}

/// Sorts by step and keeps the order of equal steps. Costs one pass when the points are in order already.
pub fn sort_by_step(points: &mut Points) {
    if points.steps.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..points.steps.len()).collect();
    order.sort_by_key(|&row| points.steps[row]);
    points.steps = order.iter().map(|&row| points.steps[row]).collect();
    points.times_ms = order.iter().map(|&row| points.times_ms[row]).collect();
    points.values = order.iter().map(|&row| points.values[row]).collect();
}

/// The same for texts.
pub fn sort_texts_by_step(texts: &mut Texts) {
    if texts.steps.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..texts.steps.len()).collect();
    order.sort_by_key(|&row| texts.steps[row]);
    texts.steps = order.iter().map(|&row| texts.steps[row]).collect();
    texts.times_ms = order.iter().map(|&row| texts.times_ms[row]).collect();
    texts.values = order.iter().map(|&row| std::mem::take(&mut texts.values[row])).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_steps_keep_the_order_of_writing() {
        let mut points =
            Points { steps: vec![2, 1, 2, -5], times_ms: vec![0, 1, 2, 3], values: vec![0.0, 1.0, 2.0, 3.0] };
        sort_by_step(&mut points);
        assert_eq!(points.steps, [-5, 1, 2, 2]);
        assert_eq!(points.times_ms, [3, 1, 0, 2]);
        assert_eq!(points.values, [3.0, 1.0, 0.0, 2.0]);
    }
}
