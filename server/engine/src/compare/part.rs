//! Where two curves part: from which step on their distance is more than noise. Pure.
//!
//! Method: the curves are put on common places (equal steps; else the finer one is interpolated at the places of the
//! coarser). Curves that are equal to the last digit for a while part where they first are not. Otherwise a two-sided cumulative sum
//! (Page, 1954) of their distance, in units of its noise, tells when it has left 0 for good; the parting is where that sum
//! last was 0. The noise is estimated from the distance's own jumps from place to place by their median absolute
//! deviation, so neither spikes nor the parting itself count for much, and is made larger when neighbours resemble each other.

use model::{Float64, compare::Parting};

/// Buckets asked of each curve: fine enough that a bucket is thinner than what anybody sees on a chart, and few enough that one
/// pass over them is nothing.
pub(super) const PLACES: u32 = 512;
/// Fewer common places show no noise to measure distances with.
const COMMON_MIN: usize = 8;
/// Places at which curves that do not change must be equal before that means anything: accuracies may begin with two zeros.
const EQUAL_MIN: usize = 3;
/// Share of the shorter curve's places that must have an equal step in the other for steps to be matched.
const MATCHED_MIN: f64 = 0.8;
/// Distances of less than this many standard deviations add nothing to the sum: half of the smallest shift worth finding,
/// which is one.
const SLACK: f64 = 0.5;
/// The sum that is a parting. With a slack of 0.5 noise alone reaches 12 once in some 500 000 places (Siegmund's
/// formula), a lasting shift of two standard deviations after 8 places.
const ALARM: f64 = 12.0;
/// The sum grows no further, so that curves that meet again are seen to do so after some dozens of places.
const CEILING: f64 = 2.0 * ALARM;
/// Distances in places over which jumps are measured: slow noise shows over the longer ones.
const LAGS: [usize; 5] = [1, 2, 4, 8, 16];
/// A lag needs this many times its length of curve to be measured.
const LAG_ROOM: usize = 8;
/// The median absolute deviation of a normal distribution times this is its standard deviation.
const MAD_TO_STD: f64 = 1.4826;
/// How much resembling neighbours may enlarge the noise: beyond that a slow parting would never be found.
const SLOW_NOISE_MAX: f64 = 2.5;
/// Noise below this share of the values is that of single precision, in which most training is done.
const PRECISION: f64 = 1e-6;

/// How partings were found, for people.
pub(super) fn method() -> String {
    format!(
        "Curves equal to the last digit for {EQUAL_MIN} changing values or more part where they first differ. Otherwise: two-sided CUSUM \
         of their distance in units of its noise (median absolute deviation of its jumps over up to {} places, enlarged when \
         neighbours resemble each other), slack {SLACK}, alarm at {ALARM}, over at most {PLACES} common places.",
        LAGS[LAGS.len() - 1]
    )
}

/// A curve in order of its steps; a place may stand for several steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Curve {
    pub first_steps: Vec<i64>,
    pub last_steps: Vec<i64>,
    pub values: Vec<f64>,
}

impl Curve {
    fn finite(&self) -> impl Iterator<Item = Place> + '_ {
        let steps = self.first_steps.iter().zip(&self.last_steps);
        steps
            .zip(&self.values)
            .filter(|(_, value)| value.is_finite())
            .map(|((&first, &last), &value)| Place { first, last, value })
    }
}

#[derive(Clone, Copy, Debug)]
struct Place {
    first: i64,
    last: i64,
    value: f64,
}

impl Place {
    fn middle(self) -> f64 {
        self.first as f64 / 2.0 + self.last as f64 / 2.0
    }
}

/// Both curves at one place.
#[derive(Clone, Copy, Debug)]
struct Pair {
    first: i64,
    last: i64,
    from: f64,
    to: f64,
}

impl Pair {
    fn distance(self) -> f64 {
        self.to - self.from
    }
}

pub(super) fn parting(from: &Curve, to: &Curve) -> Parting {
    let pairs = align(from, to);
    let common = pairs.len() as i64;
    if pairs.iter().all(|pair| pair.from == pair.to) && pairs.len() >= EQUAL_MIN {
        return Parting::Equal { common };
    }
    if pairs.len() < COMMON_MIN {
        return Parting::TooShort { common };
    }
    let distances: Vec<f64> = pairs.iter().map(|pair| pair.distance()).collect();
    let noise = noise(&pairs, &distances);
    let onset = equal_start(&pairs).or_else(|| departure(&distances, noise));
    let Some(onset) = onset else { return Parting::Together { common, noise: Float64(noise) } };
    let apart = Float64(median(distances[onset..].to_vec()));
    let (step, noise) = (pairs[onset].first, Float64(noise));
    match onset.checked_sub(1) {
        None => Parting::FromStart { step, common, noise, apart },
        Some(before) => Parting::At { step, together_until: pairs[before].last, common, noise, apart },
    }
}

/// Both curves at their common places.
fn align(from: &Curve, to: &Curve) -> Vec<Pair> {
    let (from, to): (Vec<Place>, Vec<Place>) = (from.finite().collect(), to.finite().collect());
    let mut matched = Vec::new();
    let mut rest = to.iter().peekable();
    for one in &from {
        while rest.next_if(|other| other.first < one.first).is_some() {}
        if let Some(other) = rest.next_if(|other| other.first == one.first) {
            let last = one.last.max(other.last);
            matched.push(Pair { first: one.first, last, from: one.value, to: other.value });
        }
    }
    if matched.len() as f64 >= MATCHED_MIN * from.len().min(to.len()) as f64 {
        return matched;
    }
    let pair = |at: &Place, from: f64, to: f64| Pair { first: at.first, last: at.last, from, to };
    if from.len() > to.len() {
        to.iter().filter_map(|at| Some(pair(at, between(&from, at.middle())?, at.value))).collect()
    } else {
        from.iter().filter_map(|at| Some(pair(at, at.value, between(&to, at.middle())?))).collect()
    }
}

/// The curve's value at a place within it, on the straight line between its neighbours.
fn between(curve: &[Place], x: f64) -> Option<f64> {
    let after = curve.partition_point(|place| place.middle() < x);
    let right = curve.get(after)?;
    if right.middle() == x {
        return Some(right.value);
    }
    let left = curve.get(after.checked_sub(1)?)?;
    let share = (x - left.middle()) / (right.middle() - left.middle());
    Some(left.value + (right.value - left.value) * share)
}

/// The first place at which the curves are not equal, when they are before it and had reason not to be.
fn equal_start(pairs: &[Pair]) -> Option<usize> {
    let onset = pairs.iter().position(|pair| pair.from != pair.to)?;
    let mut values: Vec<f64> = pairs[..onset].iter().map(|pair| pair.from).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    (values.len() >= EQUAL_MIN).then_some(onset)
}

/// The standard deviation of the distance, without what a parting adds to it.
fn noise(pairs: &[Pair], distances: &[f64]) -> f64 {
    let scale = |lag: usize| {
        let jumps: Vec<f64> = distances.windows(lag + 1).map(|window| window[lag] - window[0]).collect();
        let middle = median(jumps.clone());
        let deviations = jumps.into_iter().map(|jump| (jump - middle).abs()).collect();
        MAD_TO_STD * median(deviations) / std::f64::consts::SQRT_2
    };
    let lags = LAGS.into_iter().filter(|lag| lag * LAG_ROOM <= distances.len());
    let scales: Vec<f64> = lags.map(scale).collect();
    let widest = scales.iter().copied().fold(0.0, f64::max);
    let least = PRECISION * median(pairs.iter().map(|pair| pair.from.abs().max(pair.to.abs())).collect());
    let Some(&first) = scales.first().filter(|_| widest > 0.0) else { return least.max(f64::MIN_POSITIVE) };
    // Of noise that forgets at the rate r, jumps have the variance 2 s² (1 − r), and sums spread as if s were
    // √((1 + r) / (1 − r)) times as large.
    let alike = (1.0 - (first / widest).powi(2)).clamp(0.0, 0.99);
    let slow = ((1.0 + alike) / (1.0 - alike)).sqrt().min(SLOW_NOISE_MAX);
    (widest * slow).max(least).max(f64::MIN_POSITIVE)
}

/// Where the distance left 0 for good; none when it never did, or came back.
fn departure(distances: &[f64], noise: f64) -> Option<usize> {
    let mut sums = [(0.0_f64, 0_usize); 2];
    let mut open = None;
    for (place, distance) in distances.iter().enumerate() {
        for (side, (sum, since)) in [1.0, -1.0].into_iter().zip(&mut sums) {
            if *sum == 0.0 {
                *since = place;
            }
            *sum = (*sum + side * distance / noise - SLACK).clamp(0.0, CEILING);
        }
        let alarm = sums.iter().find(|(sum, _)| *sum > ALARM);
        if let Some((_, since)) = alarm {
            open.get_or_insert(*since);
        } else if sums.iter().all(|(sum, _)| *sum == 0.0) {
            open = None;
        }
    }
    open
}

fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let (_, high, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let high = *high;
    if values.len() % 2 == 1 {
        return high;
    }
    let low = values[..middle].iter().copied().max_by(f64::total_cmp).unwrap_or(high);
    low / 2.0 + high / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: impl IntoIterator<Item = f64>) -> Curve {
        let values: Vec<f64> = values.into_iter().collect();
        let steps: Vec<i64> = (0..values.len() as i64).map(|place| place * 10).collect();
        Curve { first_steps: steps.clone(), last_steps: steps, values }
    }

    /// Even noise from −1 to 1, the same every time.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        }
    }

    fn falling(place: usize) -> f64 {
        2.0 / (1.0 + place as f64 / 20.0)
    }

    fn at(parting: &Parting) -> Option<i64> {
        match parting {
            Parting::At { step, .. } | Parting::FromStart { step, .. } => Some(*step),
            _ => None,
        }
    }

    #[test]
    fn equal_curves_do_not_part() {
        let one = curve((0..50).map(falling));
        assert_eq!(parting(&one, &one), Parting::Equal { common: 50 });
    }

    #[test]
    fn curves_equal_to_the_last_digit_part_at_the_first_difference() {
        let one = curve((0..50).map(falling));
        let mut two = one.clone();
        two.values[30..].iter_mut().for_each(|value| *value += 1e-9);
        let found = parting(&one, &two);
        let Parting::At { step: 300, together_until: 290, .. } = found else { panic!("{found:?}") };
    }

    #[test]
    fn zeros_at_the_start_are_no_equal_start() {
        let mut noise = Noise(3);
        let one = curve((0..60).map(|place| if place < 4 { 0.0 } else { 0.5 + noise.next() * 0.01 }));
        let two = curve((0..60).map(|place| if place < 4 { 0.0 } else { 0.5 + noise.next() * 0.01 }));
        let found = parting(&one, &two);
        assert!(matches!(found, Parting::Together { .. }), "{found:?}");
    }

    #[test]
    fn a_parting_in_noise_is_found_near_where_it_is() {
        for seed in 0..50 {
            let mut noise = Noise(seed);
            let one = curve((0..300).map(|place| falling(place) + noise.next() * 0.02));
            let drift = |place: usize| (place.saturating_sub(150) as f64 * 0.004).min(0.2);
            let two = curve((0..300).map(|place| falling(place) + drift(place) + noise.next() * 0.02));
            let step = at(&parting(&one, &two)).unwrap_or_else(|| panic!("seed {seed}: none"));
            assert!((1_400..=1_700).contains(&step), "seed {seed}: {step}");
        }
    }

    #[test]
    fn noise_alone_hardly_ever_parts_curves() {
        let mut parted = 0;
        for seed in 0..200 {
            let mut noise = Noise(seed + 1_000);
            // Noise that remembers half of itself from place to place.
            let mut slow = || {
                let mut last = 0.0;
                let mut values = Vec::with_capacity(300);
                for place in 0..300 {
                    last = 0.5 * last + noise.next() * 0.02;
                    values.push(falling(place) + last);
                }
                curve(values)
            };
            let (one, two) = (slow(), slow());
            parted += usize::from(at(&parting(&one, &two)).is_some());
        }
        assert!(parted <= 4, "{parted} of 200");
    }

    #[test]
    fn a_spike_is_no_parting() {
        let mut noise = Noise(7);
        let mut one = curve((0..200).map(|place| falling(place) + noise.next() * 0.02));
        let two = curve((0..200).map(|place| falling(place) + noise.next() * 0.02));
        one.values[100] = 50.0;
        one.values[101] = f64::NAN;
        let found = parting(&one, &two);
        assert!(matches!(found, Parting::Together { .. }), "{found:?}");
    }

    #[test]
    fn curves_that_begin_apart_part_at_the_start() {
        let mut noise = Noise(9);
        let one = curve((0..100).map(|place| falling(place) + noise.next() * 0.01));
        let two = curve((0..100).map(|place| falling(place) + 0.5 + noise.next() * 0.01));
        let found = parting(&one, &two);
        let Parting::FromStart { step: 0, apart, .. } = found else { panic!("{found:?}") };
        assert!((apart.0 - 0.5).abs() < 0.01);
    }

    #[test]
    fn a_coarser_curve_is_held_against_the_finer_between_its_places() {
        let one = curve((0..200).map(falling));
        let mut two = curve((0..40).map(|place| falling(place * 5)));
        two.first_steps = (0..40).map(|place| place * 50 + 3).collect();
        two.last_steps.clone_from(&two.first_steps);
        let pairs = align(&one, &two);
        assert_eq!(pairs.len(), 40);
        assert!(pairs.iter().all(|pair| pair.distance().abs() < 0.05), "{pairs:?}");
    }

    #[test]
    fn too_few_places_say_nothing() {
        let (one, two) = (curve([1.0, 2.0, 3.0]), curve([1.0, 2.5, 3.5]));
        assert_eq!(parting(&one, &two), Parting::TooShort { common: 3 });
        assert_eq!(parting(&one, &Curve::default()), Parting::TooShort { common: 0 });
    }
}
