//! Groups: what several curves amount to at one place of the x-axis, as a centre and a band.

use model::series::{Band, Center};

/// One member of a group in one bucket. `mean`, `min` and `max` are over its finite values there, in the unit of
/// the metric; all three are NaN when it has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    pub mean: f64,
    pub min: f64,
    pub max: f64,
    /// Points of the member in the bucket, finite or not.
    pub count: i64,
}

/// A group in one bucket. `center`, `low` and `high` are in the unit of the metric; NaN without members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub center: f64,
    pub low: f64,
    pub high: f64,
    /// Members that have a finite value in the bucket; only these make up the statistics.
    pub members: i64,
    /// Points of all members in the bucket.
    pub count: i64,
}

/// What the members amount to. Each counts once, by its mean, however many points it has.
///
/// The bands other than `MinMax` lie around the mean of the members, also when the median stands in the middle; of
/// a single member they have no width. Members whose means are all equal have exactly that mean and no deviation.
pub fn spread(members: &[Member], center: Center, band: Band) -> Spread {
    let count = members.iter().map(|member| member.count).sum();
    let present = || members.iter().filter(|member| !member.mean.is_nan());
    let number = present().count();
    if number == 0 {
        return Spread { center: f64::NAN, low: f64::NAN, high: f64::NAN, members: 0, count };
    }
    let mean = mean(present().map(|member| member.mean));
    let center = match center {
        Center::Mean => mean,
        Center::Median => median(present().map(|member| member.mean).collect()),
    };
    let n = number as f64;
    let deviation = || deviation(present().map(|member| member.mean), mean, n);
    let around = |width: f64| (mean - width, mean + width);
    let (low, high) = match band {
        // f64::min and max ignore NaN.
        Band::MinMax => (
            present().map(|member| member.min).fold(f64::NAN, f64::min),
            present().map(|member| member.max).fold(f64::NAN, f64::max),
        ),
        Band::Std => around(deviation()),
        Band::Stderr => around(deviation() / n.sqrt()),
        Band::Ci95 => around(student_t_975(number - 1) * deviation() / n.sqrt()),
    };
    Spread { center, low, high, members: number as i64, count }
}

/// Moves from each mean so far to the next, as Welford (1962) does: equal values have exactly that mean. Both terms
/// are divided before they are subtracted, so that nothing overflows.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.zip(1_u32..).fold(0.0, |mean, (value, n)| mean + (value / f64::from(n) - mean / f64::from(n)))
}

/// The middle value, or halfway between the middle two.
fn median(mut values: Vec<f64>) -> f64 {
    let (half, even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if even => lower.midpoint(upper),
        _ => upper,
    }
}

/// The standard deviation of a sample: the root of the sum of squares around the mean over n − 1; 0 for n = 1.
/// Squares are taken in units of the largest, so that they neither overflow nor vanish.
fn deviation(values: impl Iterator<Item = f64> + Clone, mean: f64, n: f64) -> f64 {
    let distances = values.map(|value| (value - mean).abs());
    let largest = distances.clone().fold(0.0, f64::max);
    if largest == 0.0 || n < 2.0 {
        return 0.0;
    }
    let squares: f64 = distances.map(|distance| (distance / largest).powi(2)).sum();
    largest * (squares / (n - 1.0)).sqrt()
}

/// The 0.975 quantile of Student's t for 1 to 20 degrees of freedom: the inverse of its distribution function, as in
/// the tables of any book of statistics. Index 0 is that of a single member, whose deviation is 0.
const STUDENT_T_975: [f64; 21] = [
    0.0,
    12.706_204_736,
    4.302_652_730,
    3.182_446_305,
    2.776_445_105,
    2.570_581_836,
    2.446_911_851,
    2.364_624_252,
    2.306_004_135,
    2.262_157_163,
    2.228_138_852,
    2.200_985_160,
    2.178_812_830,
    2.160_368_656,
    2.144_786_688,
    2.131_449_546,
    2.119_905_299,
    2.109_815_578,
    2.100_922_040,
    2.093_024_054,
    2.085_963_447,
];

/// The 0.975 quantile of Student's t, within 2e-7: it lies between this and its negative with 95 %.
///
/// Beyond the table by the expansion around the normal quantile z (Abramowitz and Stegun 26.7.5):
/// `t = z + g1(z)/ν + g2(z)/ν² + g3(z)/ν³ + g4(z)/ν⁴ + …`. For one probability the g are constants.
pub fn student_t_975(freedom: usize) -> f64 {
    // z, g1(z), g2(z), g3(z), g4(z) for z = 1.959963984540054.
    const G: [f64; 5] = [
        1.959_963_984_540_054,
        2.372_271_230_298_563,
        2.822_498_615_739_812,
        2.555_849_679_507_723,
        1.589_534_053_393_824,
    ];
    match STUDENT_T_975.get(freedom) {
        Some(&quantile) => quantile,
        None => G.iter().rev().fold(0.0, |sum, g| sum / freedom as f64 + g),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CENTERS: [Center; 2] = [Center::Mean, Center::Median];
    const BANDS: [Band; 4] = [Band::MinMax, Band::Std, Band::Stderr, Band::Ci95];

    fn members(means: &[f64]) -> Vec<Member> {
        means.iter().map(|&mean| Member { mean, min: mean - 1.0, max: mean + 2.0, count: 3 }).collect()
    }

    #[track_caller]
    fn check(means: &[f64], center: Center, band: Band, expected: (f64, f64, f64)) {
        let found = spread(&members(means), center, band);
        for (found, expected) in
            [(found.center, expected.0), (found.low, expected.1), (found.high, expected.2)]
        {
            assert!((found - expected).abs() <= 1e-6, "{found} is not {expected}");
        }
    }

    #[test]
    fn bands_are_those_computed_by_hand() {
        // Mean 5, squares around it 9 + 1 + 1 + 1 + 16 = 28, so the variance is 7.
        let means = [2.0, 4.0, 4.0, 6.0, 9.0];
        let (std, stderr) = (7_f64.sqrt(), (7_f64 / 5.0).sqrt());
        check(&means, Center::Mean, Band::MinMax, (5.0, 1.0, 11.0));
        check(&means, Center::Mean, Band::Std, (5.0, 5.0 - std, 5.0 + std));
        check(&means, Center::Mean, Band::Stderr, (5.0, 5.0 - stderr, 5.0 + stderr));
        check(&means, Center::Mean, Band::Ci95, (5.0, 5.0 - 2.776_445 * stderr, 5.0 + 2.776_445 * stderr));
    }

    #[test]
    fn a_band_lies_around_the_mean_also_with_the_median() {
        let std = 7_f64.sqrt();
        check(&[9.0, 2.0, 4.0, 6.0, 4.0], Center::Median, Band::Std, (4.0, 5.0 - std, 5.0 + std));
        check(&[9.0, 1.0, 4.0, 2.0], Center::Median, Band::MinMax, (3.0, 0.0, 11.0));
    }

    #[test]
    fn a_spike_inside_a_bucket_shows_in_min_and_max() {
        let mut members = members(&[1.0, 1.0]);
        members[1].max = 1e6;
        let spread = spread(&members, Center::Mean, Band::MinMax);
        assert_eq!((spread.center, spread.low, spread.high), (1.0, 0.0, 1e6));
    }

    #[test]
    fn a_member_without_finite_values_only_counts_its_points() {
        let absent = Member { mean: f64::NAN, min: f64::NAN, max: f64::NAN, count: 4 };
        for (center, band) in CENTERS.into_iter().flat_map(|center| BANDS.map(|band| (center, band))) {
            let mut group = members(&[1.0, 4.0]);
            let without = spread(&group, center, band);
            group.insert(1, absent);
            assert_eq!(spread(&group, center, band), Spread { count: 10, ..without });

            let nothing = spread(&[absent], center, band);
            assert!(nothing.center.is_nan() && nothing.low.is_nan() && nothing.high.is_nan());
            assert_eq!((nothing.members, nothing.count), (0, 4));
            assert_eq!(spread(&[], center, band).count, 0);
        }
    }

    #[test]
    fn a_single_member_has_a_band_without_width() {
        for band in [Band::Std, Band::Stderr, Band::Ci95] {
            let spread = spread(&members(&[0.1]), Center::Median, band);
            assert_eq!((spread.center, spread.low, spread.high, spread.members), (0.1, 0.1, 0.1, 1));
        }
    }

    #[test]
    fn a_large_offset_does_not_swallow_the_deviation() {
        // Variance 30, as of 4, 7, 13, 16.
        let std = 30_f64.sqrt();
        check(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0], Center::Mean, Band::Std, {
            (1e9 + 10.0, 1e9 + 10.0 - std, 1e9 + 10.0 + std)
        });
    }

    #[test]
    fn squares_neither_overflow_nor_vanish() {
        for unit in [1e-200, 1e200] {
            let spread = spread(&members(&[unit, 3.0 * unit]), Center::Mean, Band::Std);
            assert!(((spread.high - spread.center) / unit - 2_f64.sqrt()).abs() < 1e-12);
        }
    }

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        for (freedom, quantile) in
            [(1, 12.706_205), (4, 2.776_445), (9, 2.262_157), (30, 2.042_272), (100, 1.983_972)]
        {
            assert!((student_t_975(freedom) - quantile).abs() < 1e-6, "{freedom}");
        }
        assert!((student_t_975(1_000_000_000) - 1.959_963_985).abs() < 1e-8);
    }

    /// The probability that Student's t lies within ±t, as a finite sum: Abramowitz and Stegun 26.7.3 and 26.7.4.
    fn probability_within(t: f64, freedom: usize) -> f64 {
        let angle = (t / (freedom as f64).sqrt()).atan();
        let cos_squared = angle.cos().powi(2);
        let odd = freedom % 2;
        let (mut sum, mut term) = (0.0, if odd == 1 { angle.cos() } else { 1.0 });
        for k in (1 + odd..freedom).step_by(2) {
            sum += term;
            term *= cos_squared * k as f64 / (k + 1) as f64;
        }
        if odd == 1 { std::f64::consts::FRAC_2_PI * (angle + angle.sin() * sum) } else { angle.sin() * sum }
    }

    #[test]
    fn student_quantiles_hold_to_a_millionth() {
        for freedom in 1..=1_000 {
            let quantile = student_t_975(freedom);
            assert!(probability_within(quantile - 1e-6, freedom) < 0.95, "{freedom}");
            assert!(probability_within(quantile + 1e-6, freedom) > 0.95, "{freedom}");
        }
    }

    proptest! {
        #[test]
        fn equal_members_have_no_deviation(mean in -1e300_f64..1e300, number in 1_usize..60) {
            for (center, band) in CENTERS.into_iter().flat_map(|center| BANDS.map(|band| (center, band))) {
                let member = Member { mean, min: mean, max: mean, count: 1 };
                let spread = spread(&vec![member; number], center, band);
                prop_assert_eq!((spread.center, spread.low, spread.high), (mean, mean, mean));
            }
        }

        #[test]
        fn the_order_of_members_does_not_matter(means in prop::collection::vec(-1e6_f64..1e6, 1..40)) {
            let reversed: Vec<f64> = means.iter().rev().copied().collect();
            for (center, band) in CENTERS.into_iter().flat_map(|center| BANDS.map(|band| (center, band))) {
                let one = spread(&members(&means), center, band);
                let other = spread(&members(&reversed), center, band);
                prop_assert!((one.center - other.center).abs() < 1e-6);
                prop_assert!((one.low - other.low).abs() < 1e-6 && (one.high - other.high).abs() < 1e-6);
                prop_assert!(one.low <= one.high);
            }
        }
    }
}
