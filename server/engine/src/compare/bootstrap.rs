//! Two small groups of numbers against each other: means with confidence intervals, effect size, and a bootstrap that says
//! how sure the difference is. Pure and deterministic: the same numbers always give the same verdict.
//!
//! Method: the symmetric bootstrap-t (Efron and Tibshirani, An Introduction to the Bootstrap, 12.5 and 16.4). Each
//! resample's distance from the observed difference is divided by its own standard error; the 95 % quantile of its size
//! times the observed standard error is the half-width, and the share of resamples that lie as far out as 0 does is p.
//! Groups of seeds are small, where the bootstrap is too sure of itself, so it is held in check twice: the interval is never
//! narrower than Student's, and p is never below one over the number of different resamples.

use segment::student_t_975;

/// So many that the quantile of 0.95 moves by a hundredth or two of itself from one choice of them to another; odd
/// numbers make p = (1 + count) / (RESAMPLES + 1) round.
const RESAMPLES: usize = 9_999;
/// Fewer runs have no spread worth the name.
pub(super) const MEMBERS_MIN: usize = 3;
/// As everywhere: a difference that chance alone would show in one of twenty comparisons.
pub(super) const P_MAX: f64 = 0.05;
/// A resample whose standard error is this small beside the observed one consists of copies of one number.
const SPREAD_MIN: f64 = 1e-12;
/// Any number: fixed, so that a verdict does not change when a page is loaded again.
const SEED: u64 = 0x7261_6365_7761_7921;

/// A group in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub mean: f64,
    /// Of a sample: n − 1.
    pub std: f64,
    /// Half-width of the 95 % confidence interval of the mean, by Student's t; absent for one number.
    pub ci: Option<f64>,
}

/// B held against A.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// Mean of B − mean of A.
    pub value: f64,
    /// Hedges' g; absent without any spread.
    pub effect: Option<f64>,
    /// How sure that is; absent when there are too few numbers or none of them differ inside their group.
    pub sure: Option<Sure>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sure {
    /// The 95 % interval of the difference is this much to either side.
    pub half_width: f64,
    /// Two-sided.
    pub p: f64,
}

impl Difference {
    /// Whether chance is an unlikely explanation, by the interval and by p.
    pub fn is_clear(&self) -> bool {
        self.sure.is_some_and(|sure| sure.p < P_MAX && self.value.abs() > sure.half_width)
    }
}

pub(super) fn summary(values: &[f64]) -> Summary {
    let (n, mean, std) = (values.len(), mean(values), std(values));
    let ci = (n > 1).then(|| student_t_975(n - 1) * std / (n as f64).sqrt());
    Summary { mean, std, ci }
}

/// Numbers that have nothing to do with each other.
pub(super) fn unpaired(a: &[f64], b: &[f64]) -> Difference {
    let (of_a, of_b) = (summary(a), summary(b));
    let value = of_b.mean - of_a.mean;
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let freedom = n_a + n_b - 2.0;
    let pooled = (((n_a - 1.0) * of_a.std.powi(2) + (n_b - 1.0) * of_b.std.powi(2)) / freedom).sqrt();
    let effect = hedges(value / pooled, freedom);
    let (part_a, part_b) = (of_a.std.powi(2) / n_a, of_b.std.powi(2) / n_b);
    let error = (part_a + part_b).sqrt();
    if a.len().min(b.len()) < MEMBERS_MIN || error == 0.0 {
        return Difference { value, effect, sure: None };
    }
    // Welch and Satterthwaite.
    let welch = (part_a + part_b).powi(2) / (part_a.powi(2) / (n_a - 1.0) + part_b.powi(2) / (n_b - 1.0));
    let (mut again_a, mut again_b) = (vec![0.0; a.len()], vec![0.0; b.len()]);
    let sure = resampled(value, error, |random| {
        random.draw(a, &mut again_a);
        random.draw(b, &mut again_b);
        let error = ((std(&again_a).powi(2) / n_a) + (std(&again_b).powi(2) / n_b)).sqrt();
        (mean(&again_b) - mean(&again_a), error)
    });
    let different = resamples_of(a.len()) * resamples_of(b.len());
    Difference { value, effect, sure: sure.map(|sure| sure.checked(error, welch, different)) }
}

/// The numbers of each place belong together: the same seed, the same fold.
pub(super) fn paired(a: &[f64], b: &[f64]) -> Difference {
    let distances: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let of = summary(&distances);
    let n = distances.len() as f64;
    let effect = hedges(of.mean / of.std, n - 1.0);
    let error = of.std / n.sqrt();
    if distances.len() < MEMBERS_MIN || error == 0.0 {
        return Difference { value: of.mean, effect, sure: None };
    }
    let mut again = vec![0.0; distances.len()];
    let sure = resampled(of.mean, error, |random| {
        random.draw(&distances, &mut again);
        (mean(&again), std(&again) / n.sqrt())
    });
    let different = resamples_of(distances.len());
    Difference { value: of.mean, effect, sure: sure.map(|sure| sure.checked(error, n - 1.0, different)) }
}

impl Sure {
    /// Not surer than Student's t and the number of different resamples allow.
    fn checked(self, error: f64, freedom: f64, different: f64) -> Self {
        let student = student_t_975((freedom.floor() as usize).max(1)) * error;
        Self { half_width: self.half_width.max(student), p: self.p.max(1.0 / different) }
    }
}

/// The quantile and p of the size of t, over resamples that have any spread.
fn resampled(value: f64, error: f64, mut draw: impl FnMut(&mut Random) -> (f64, f64)) -> Option<Sure> {
    let mut random = Random(SEED);
    let mut sizes = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let (again, its_error) = draw(&mut random);
        if its_error > SPREAD_MIN * error {
            sizes.push(((again - value) / its_error).abs());
        }
    }
    if sizes.is_empty() {
        return None;
    }
    let beyond = sizes.iter().filter(|size| **size >= (value / error).abs()).count();
    let p = (1.0 + beyond as f64) / (sizes.len() as f64 + 1.0);
    let place = ((sizes.len() as f64 * 0.95).ceil() as usize).clamp(1, sizes.len()) - 1;
    let (_, quantile, _) = sizes.select_nth_unstable_by(place, f64::total_cmp);
    Some(Sure { half_width: *quantile * error, p })
}

/// How many different resamples n numbers have: (2n − 1 choose n).
fn resamples_of(n: usize) -> f64 {
    (1..=n).map(|k| (n - 1 + k) as f64 / k as f64).product()
}

/// Cohen's d with Hedges' correction for few numbers.
fn hedges(d: f64, freedom: f64) -> Option<f64> {
    let g = d * (1.0 - 3.0 / (4.0 * freedom - 1.0));
    (freedom >= 1.0 && g.is_finite()).then_some(g)
}

fn mean(values: &[f64]) -> f64 {
    // Distances from the first: sums of large numbers that hardly differ stay exact.
    let first = values.first().copied().unwrap_or(f64::NAN);
    first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64
}

fn std(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): a few lines, the same on every machine and in every version.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// As many numbers as there are, each any of them.
    fn draw(&mut self, from: &[f64], to: &mut [f64]) {
        for place in to {
            // The high half of the product is even to 2^-64 for these few numbers.
            let index = (u128::from(self.next()) * from.len() as u128) >> 64;
            *place = from[index as usize];
        }
    }
}

/// Expected values come from `numpy` 2.4 and `scipy` 1.17: `scipy.stats.t.ppf(.975, n - 1) * scipy.stats.sem(x)` for intervals
/// of means, and for the bootstrap the same formulas over 400 000 resamples of `numpy.random.default_rng(0).integers`.
#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 5] = [0.912, 0.905, 0.918, 0.909, 0.915];
    const B: [f64; 5] = [0.921, 0.917, 0.926, 0.918, 0.922];
    const C: [f64; 7] = [1.0, 2.0, 3.0, 4.0, 10.0, 2.5, 3.5];
    const D: [f64; 5] = [2.0, 4.5, 1.0, 3.0, 3.3];

    fn near(found: f64, expected: f64, share: f64) {
        assert!((found - expected).abs() <= share * expected.abs(), "{found} is not {expected}");
    }

    /// `sin(1.7 i) + i % 3` and `sin(2.3 i) + i % 3 + 0.8`.
    fn thirty(pace: f64, lift: f64) -> Vec<f64> {
        (0..30).map(|i| (f64::from(i) * pace).sin() + f64::from(i % 3) + lift).collect()
    }

    #[test]
    fn intervals_of_means_are_those_of_scipy() {
        near(summary(&A).ci.unwrap(), 0.006_294_636_427_148_811, 1e-7);
        near(summary(&B).ci.unwrap(), 0.004_424_925_361_215_607, 1e-7);
        near(summary(&C).ci.unwrap(), 2.720_801_552_716_648_3, 1e-7);
        near(summary(&D).ci.unwrap(), 1.648_656_750_527_390_4, 1e-7);
        assert_eq!(summary(&[1.0]).ci, None);
    }

    #[test]
    fn unpaired_groups_agree_with_numpy() {
        let found = unpaired(&A, &B);
        near(found.value, 0.009, 1e-9);
        near(found.effect.unwrap(), 1.855_189_307_678_788_4, 1e-9);
        near(found.sure.unwrap().half_width, 0.006_816_45, 0.03);
        near(found.sure.unwrap().p, 0.0191, 0.15);
        assert!(found.is_clear());
        let found = unpaired(&C, &D);
        near(found.effect.unwrap(), -0.362_711_919_998_691_85, 1e-9);
        near(found.sure.unwrap().half_width, 3.6959, 0.03);
        near(found.sure.unwrap().p, 0.4884, 0.03);
        assert!(!found.is_clear());
    }

    #[test]
    fn large_groups_agree_with_the_t_tests_of_scipy() {
        let (e, f) = (thirty(1.7, 0.0), thirty(2.3, 0.8));
        let found = unpaired(&e, &f);
        near(found.effect.unwrap(), 0.715_937_396_119_756, 1e-9);
        // scipy.stats.ttest_ind(f, e, equal_var=False) says 0.00676.
        near(found.sure.unwrap().p, 0.006_758, 0.3);
        near(found.sure.unwrap().half_width, 0.5768, 0.03);
        let found = paired(&e, &f);
        near(found.effect.unwrap(), 0.765_465_440_777_280_2, 1e-9);
        near(found.sure.unwrap().half_width, 0.3857, 0.03);
        // scipy.stats.ttest_rel(f, e) says 0.00017; of 9 999 resamples a few lie that far out.
        assert!(found.sure.unwrap().p < 0.001);
    }

    #[test]
    fn pairs_take_out_what_both_share() {
        let found = paired(&A, &B);
        near(found.effect.unwrap(), 3.848_561_882_838_911_5, 1e-6);
        near(found.sure.unwrap().half_width, 0.002_683_28, 0.03);
        assert!(found.sure.unwrap().half_width < unpaired(&A, &B).sure.unwrap().half_width);
        // Five pairs have 126 different resamples, and none of them can say more than that.
        near(found.sure.unwrap().p, 1.0 / 126.0, 1e-9);
        assert!(found.is_clear());
    }

    #[test]
    fn three_pairs_are_never_clear() {
        let found = paired(&[1.0, 2.0, 3.0], &[2.0, 2.5, 4.0]);
        near(found.sure.unwrap().p, 0.1, 1e-9);
        // Student's interval: 4.3027 × 1/6.
        near(found.sure.unwrap().half_width, 0.717_117, 1e-4);
        assert!(!found.is_clear());
    }

    #[test]
    fn nothing_is_claimed_of_too_few_or_without_spread() {
        assert_eq!(unpaired(&[1.0, 2.0], &[3.0, 4.0, 5.0]).sure, None);
        assert_eq!(unpaired(&[1.0; 5], &[2.0; 5]).sure, None);
        assert_eq!(unpaired(&[1.0; 5], &[2.0; 5]).effect, None);
        assert_eq!(paired(&[1.0, 2.0], &[3.0, 5.0]).sure, None);
        assert_eq!(paired(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]).sure, None);
    }

    #[test]
    fn the_same_numbers_give_the_same_verdict() {
        assert_eq!(unpaired(&C, &D), unpaired(&C, &D));
    }

    #[test]
    fn chance_alone_is_rarely_called_a_difference() {
        // 400 comparisons of two groups of five from the same distribution (a sum of uniforms).
        let mut random = Random(1);
        let mut five = || -> Vec<f64> {
            let mut uniform = || (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
            (0..5).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
        };
        let mut clear = [0, 0];
        for _ in 0..400 {
            let (a, b) = (five(), five());
            clear[0] += usize::from(unpaired(&a, &b).is_clear());
            clear[1] += usize::from(paired(&a, &b).is_clear());
        }
        assert!(clear[0] <= 28 && clear[1] <= 28, "{clear:?} of 400");
    }
}
