//! Many values in a few: quartiles for a box, and the points that none beats.

/// A box of Tukey's: whiskers reach the farthest values within one and a half boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct Boxed {
    pub count: usize,
    pub low: f64,
    pub quarter: f64,
    pub median: f64,
    pub three_quarters: f64,
    pub high: f64,
    /// What lies beyond the whiskers.
    pub outliers: Vec<f64>,
}

/// The box of the finite values; none when there are none.
pub fn boxed(values: &[f64]) -> Option<Boxed> {
    let mut values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let (quarter, median, three_quarters) =
        (quantile(&values, 0.25)?, quantile(&values, 0.5)?, quantile(&values, 0.75)?);
    let reach = 1.5 * (three_quarters - quarter);
    let within = |value: &&f64| (quarter - reach..=three_quarters + reach).contains(*value);
    let low = values.iter().find(within).copied().unwrap_or(quarter);
    let high = values.iter().rev().find(within).copied().unwrap_or(three_quarters);
    let outliers = values.iter().filter(|value| !within(value)).copied().collect();
    Some(Boxed { count: values.len(), low, quarter, median, three_quarters, high, outliers })
}

/// Of sorted values, between two of them on a straight line.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}

/// The points than which no other is as good in both and better in one, by rising x. `lower_x`: less is better.
pub fn pareto(points: &[(f64, f64)], lower_x: bool, lower_y: bool) -> Vec<usize> {
    let cost = |place: usize| {
        let (x, y) = points[place];
        (if lower_x { x } else { -x }, if lower_y { y } else { -y })
    };
    let finite = |&place: &usize| points[place].0.is_finite() && points[place].1.is_finite();
    let mut order: Vec<usize> = (0..points.len()).filter(finite).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (cost(a), cost(b));
        a.0.total_cmp(&b.0).then_with(|| a.1.total_cmp(&b.1))
    });
    let mut front: Vec<usize> = Vec::new();
    for place in order {
        let (x, y) = cost(place);
        let beaten =
            front.last().is_some_and(|&last| cost(last).1 < y || (cost(last).1 == y && cost(last).0 < x));
        if !beaten {
            front.push(place);
        }
    }
    front.sort_by(|&a, &b| points[a].0.total_cmp(&points[b].0));
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_its_quartiles_and_tells_outliers_apart() {
        let found = boxed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0, f64::NAN]).unwrap();
        assert_eq!((found.count, found.quarter, found.median, found.three_quarters), (9, 3.0, 5.0, 7.0));
        assert_eq!((found.low, found.high), (1.0, 8.0));
        assert_eq!(found.outliers, [100.0]);
        let one = boxed(&[2.5]).unwrap();
        assert_eq!((one.low, one.median, one.high), (2.5, 2.5, 2.5));
        assert_eq!(boxed(&[f64::NAN]), None);
    }

    #[test]
    fn the_front_has_whom_nobody_beats() {
        let points = [(1.0, 5.0), (2.0, 2.0), (3.0, 3.0), (4.0, 1.0), (f64::NAN, 0.0), (2.0, 2.0)];
        assert_eq!(pareto(&points, true, true), [0, 1, 5, 3]);
        assert_eq!(pareto(&points, false, false), [0, 2, 3]);
        assert_eq!(pareto(&points, true, false), [0]);
        assert!(pareto(&[], true, true).is_empty());
    }
}
