//! How two columns of numbers go together: correlation, ranks, the line of least squares. Only pairs of finite numbers count.

/// The pairs in which both are finite.
fn pairs(xs: &[f64], ys: &[f64]) -> (Vec<f64>, Vec<f64>) {
    xs.iter().zip(ys).filter(|(x, y)| x.is_finite() && y.is_finite()).unzip()
}

/// Pearson's r; none of fewer than two pairs, or where one column is constant.
pub fn pearson(xs: &[f64], ys: &[f64]) -> Option<f64> {
    let (xs, ys) = pairs(xs, ys);
    let Moments { xx, yy, xy, .. } = Moments::of(&xs, &ys)?;
    // One root is exact where all lie on a line; two never overflow.
    let size = Some((xx * yy).sqrt()).filter(|size| size.is_normal()).unwrap_or(xx.sqrt() * yy.sqrt());
    (xx > 0.0 && yy > 0.0).then(|| (xy / size).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation: Pearson's r of the ranks, equal values sharing the mean of theirs.
pub fn spearman(xs: &[f64], ys: &[f64]) -> Option<f64> {
    let (xs, ys) = pairs(xs, ys);
    pearson(&ranks(&xs), &ranks(&ys))
}

/// Slope and intercept of the line of least squares; none where x is constant.
pub fn least_squares(xs: &[f64], ys: &[f64]) -> Option<(f64, f64)> {
    let (xs, ys) = pairs(xs, ys);
    let Moments { x, y, xx, xy, .. } = Moments::of(&xs, &ys)?;
    let slope = xy / xx;
    (xx > 0.0 && slope.is_finite()).then_some((slope, y - slope * x))
}

/// Means, and sums of products of distances from them.
struct Moments {
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    fn of(xs: &[f64], ys: &[f64]) -> Option<Self> {
        if xs.len() < 2 {
            return None;
        }
        let count = xs.len() as f64;
        let mean = |values: &[f64]| values.iter().map(|value| value / count).sum::<f64>();
        let (x, y) = (mean(xs), mean(ys));
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (&one, &other) in xs.iter().zip(ys) {
            let (dx, dy) = (one - x, other - y);
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        Some(Self { x, y, xx, yy, xy })
    }
}

/// From 1; equal values share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Both zeros are equal.
    order.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0.0;
    for members in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before + f64::midpoint(members.len() as f64, 1.0);
        before += members.len() as f64;
        for &place in members {
            ranks[place] = rank;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_shared_by_equal_values() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.0, -0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
    }

    #[test]
    fn a_curve_that_only_rises_has_full_rank_correlation_and_less_of_the_other() {
        let xs: Vec<f64> = (1..=20).map(f64::from).collect();
        let ys: Vec<f64> = xs.iter().map(|x| x.powi(5)).collect();
        assert_eq!(spearman(&xs, &ys), Some(1.0));
        assert!(pearson(&xs, &ys).is_some_and(|r| r > 0.7 && r < 0.9));
        let falling: Vec<f64> = ys.iter().map(|y| -y).collect();
        assert_eq!(spearman(&xs, &falling), Some(-1.0));
    }

    #[test]
    fn what_is_not_finite_counts_for_nothing_and_constants_have_no_correlation() {
        let (xs, ys) = ([1.0, 2.0, f64::NAN, 3.0, 4.0], [2.0, 4.0, 0.0, 6.0, f64::INFINITY]);
        assert_eq!(pearson(&xs, &ys), Some(1.0));
        assert_eq!(least_squares(&xs, &ys), Some((2.0, 0.0)));
        assert_eq!(pearson(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(least_squares(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0], &[1.0]), None);
    }
}
