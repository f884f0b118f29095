//! Ticks as a person would choose them: round numbers, powers of ten, times of a clock.

use super::{
    format,
    scale::{self, Bend},
};
use model::{calendar, series::Axis};

/// A place on an axis and what is written there.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub text: String,
}

/// What the numbers of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Number,
    /// Whole numbers.
    Step,
    /// Unix milliseconds.
    Wall,
    /// Milliseconds.
    Span,
}

impl Measure {
    pub fn of(axis: Axis) -> Self {
        match axis {
            Axis::Step => Self::Step,
            Axis::Wall => Self::Wall,
            Axis::Relative => Self::Span,
            Axis::Metric => Self::Number,
        }
    }
}

/// About `count` ticks inside a range.
pub fn ticks(measure: Measure, bend: Bend, domain: (f64, f64), count: usize) -> Vec<Tick> {
    let count = count.max(2);
    let places = match bend {
        Bend::Linear => Vec::new(),
        Bend::Log => powers(domain, count),
        Bend::Symlog { linear } => both_ways(bend, linear, domain, count),
    };
    // Less than two powers of ten tell nothing of a range.
    if places.len() >= 2 {
        let text = |at: f64| match measure {
            Measure::Span => span(at),
            _ if (1e-3..1e5).contains(&at.abs()) => format::tick(at, at),
            _ => format::scientific(at),
        };
        return places
            .into_iter()
            .map(|at| Tick { at, text: if at == 0.0 { "0".into() } else { text(at) } })
            .collect();
    }
    match measure {
        Measure::Wall => clock(domain, count),
        Measure::Span => spans(domain, count),
        Measure::Step => whole_numbers(domain, count),
        Measure::Number => numbers(domain, count, 0.0),
    }
}

fn numbers(domain: (f64, f64), count: usize, smallest: f64) -> Vec<Tick> {
    let (places, step) = round(domain, count, smallest);
    places.into_iter().map(|at| Tick { at, text: format::tick(at, step) }).collect()
}

/// Steps: `500k`, `1.5M` where zeros would fill the axis.
fn whole_numbers(domain: (f64, f64), count: usize) -> Vec<Tick> {
    let (places, step) = round(domain, count, 1.0);
    let most = domain.0.abs().max(domain.1.abs());
    // From where on a unit is written, how large it is, and how far ticks must be apart. Up to ten thousand, zeros are no
    // burden; from a million million on, powers of ten are written.
    let units = [(1e9, 1e9, 1e8, "G"), (1e6, 1e6, 1e5, "M"), (1e4, 1e3, 1e3, "k")];
    let fits = |unit: &&(f64, f64, f64, &str)| most >= unit.0 && step >= unit.2 && most < 1e12;
    let unit = units.iter().find(fits).map(|(_, size, _, letter)| (*size, *letter));
    let text = |at: f64| match unit {
        Some((size, letter)) if at != 0.0 => format!("{}{letter}", (at / size * 10.0).round() / 10.0),
        _ => format::tick(at, step),
    };
    places.into_iter().map(|at| Tick { at, text: text(at) }).collect()
}

/// Ticks may stand so much closer than asked for before the next larger distance is taken.
const CLOSER: f64 = 0.7;

fn round(domain: (f64, f64), count: usize, smallest: f64) -> (Vec<f64>, f64) {
    scale::ticks(domain, (count as f64 / CLOSER).round() as usize, smallest)
}

/// Nothing is wide enough for more.
const TICKS_MAX: f64 = 100.0;

fn multiples((from, to): (f64, f64), step: f64) -> Vec<f64> {
    let first = (from / step).ceil();
    let many = ((to / step).floor() - first).clamp(-1.0, TICKS_MAX);
    (0..=many as i64).map(|index| (first + index as f64) * step).filter(|tick| *tick <= to).collect()
}

/// Powers of ten, every so many of them, or with twos and fives between where there is room.
fn powers((from, to): (f64, f64), count: usize) -> Vec<f64> {
    let (low, high) = (from.max(f64::MIN_POSITIVE).log10(), to.log10());
    let decades = high - low;
    // Within less than a factor of five, round numbers read better.
    if decades.is_nan() || decades < 0.7 {
        return Vec::new();
    }
    let factors: &[f64] = if decades * 3.0 <= count as f64 + 1.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let stride = (decades / count as f64 * CLOSER).ceil().max(1.0) as i32;
    let first = (low.floor() as i32).div_euclid(stride) * stride;
    let exponents =
        (0..).map(|index| first + index * stride).take_while(|exponent| f64::from(*exponent) <= high);
    exponents
        .flat_map(|exponent| factors.iter().map(move |factor| factor * 10f64.powi(exponent)))
        .filter(|place| *place >= from && *place <= to)
        .collect()
}

/// Zero, and powers of ten to both sides of it.
fn both_ways(bend: Bend, linear: f64, (from, to): (f64, f64), count: usize) -> Vec<f64> {
    let size = bend.bend(to) - bend.bend(from);
    let stride = (size / count as f64 * CLOSER).ceil().max(1.0) as i32;
    let most = from.abs().max(to.abs());
    let first = linear.log10().round() as i32;
    let mut places = vec![0.0];
    let mut exponent = first;
    while 10f64.powi(exponent) <= most && places.len() < TICKS_MAX as usize {
        let place = 10f64.powi(exponent);
        // What is drawn close to zero would be written over it.
        if bend.bend(place) >= f64::from(stride) * 0.6 {
            places.extend([place, -place]);
        }
        exponent += stride;
    }
    places.retain(|place| *place >= from && *place <= to);
    places.sort_by(f64::total_cmp);
    places
}

const SECOND: f64 = 1e3;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Distances that clocks are read in.
const STEPS: [f64; 27] = [
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
    SECOND,
    2.0 * SECOND,
    5.0 * SECOND,
    10.0 * SECOND,
    15.0 * SECOND,
    30.0 * SECOND,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
];

fn clock_step((from, to): (f64, f64), count: usize) -> Option<f64> {
    STEPS.into_iter().find(|step| (to - from) / step <= count as f64)
}

/// Durations, as exact as ticks so far apart need.
fn spans(domain: (f64, f64), count: usize) -> Vec<Tick> {
    let (places, step) = if let Some(step) = clock_step(domain, count) {
        (multiples(domain, step), step)
    } else {
        let days = round((domain.0 / DAY, domain.1 / DAY), count, 1.0).0;
        (days.into_iter().map(|days| days * DAY).collect(), DAY)
    };
    places.into_iter().map(|at| Tick { at, text: span_to(at, step) }).collect()
}

/// A duration down to the unit in which ticks so far apart differ. In two units where that is enough, else as a clock
/// has it: `−12d 05:03:30`.
fn span_to(at: f64, step: f64) -> String {
    let (sign, millis) = (if at < 0.0 { "−" } else { "" }, at.abs().round());
    let largest = UNITS.iter().position(|(_, size)| millis >= *size).unwrap_or(UNITS.len());
    let finest = UNITS.iter().position(|(_, size)| step >= *size).unwrap_or(UNITS.len() - 1);
    if (largest, finest) == (UNITS.len() - 2, UNITS.len() - 1) {
        return format!("{sign}{}s", millis / SECOND);
    }
    // From hours on, seconds are the third unit; from minutes on, milliseconds.
    if finest <= largest + 1 {
        return span(at);
    }
    let part = |size: f64, of: f64| (millis % of / size).floor() as i64;
    let days = match (millis / DAY).floor() {
        days if days > 0.0 => format!("{days}d "),
        _ => String::new(),
    };
    let mut clock = format!("{:02}:{:02}", part(HOUR, DAY), part(MINUTE, HOUR));
    if step < MINUTE {
        clock = format!("{clock}:{:02}", part(SECOND, MINUTE));
    }
    if step < SECOND {
        clock = format!("{clock}.{:03}", part(1.0, SECOND));
    }
    format!("{sign}{days}{clock}")
}

const UNITS: [(&str, f64); 5] = [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1.0)];

/// `0`, `250ms`, `30s`, `1m 30s`, `1h 30m`, `2d`, `2d 12h`.
pub fn span(millis: f64) -> String {
    let sign = if millis < 0.0 { "−" } else { "" };
    let millis = millis.abs().round();
    let Some(first) = UNITS.iter().position(|(_, size)| millis >= *size) else {
        return "0".to_owned();
    };
    let (word, size) = UNITS[first];
    let whole = (millis / size).floor();
    let rest = UNITS.get(first + 1).map(|(word, small)| (*word, ((millis - whole * size) / small).floor()));
    match rest {
        Some((small, count)) if count > 0.0 && word != "s" => format!("{sign}{whole}{word} {count}{small}"),
        Some(("ms", count)) if count > 0.0 => format!("{sign}{}s", (millis / 100.0).round() / 10.0),
        _ => format!("{sign}{whole}{word}"),
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Times of day, days, months or years, in UTC.
fn clock((from, to): (f64, f64), count: usize) -> Vec<Tick> {
    let tick = |step: f64| move |at: f64| Tick { at, text: time_of_day(at, step) };
    if let Some(step) = clock_step((from, to), count) {
        return multiples((from, to), step).into_iter().map(tick(step)).collect();
    }
    let days = (to - from) / DAY;
    if let Some(step) = [2.0, 7.0].into_iter().find(|step| days / step <= count as f64) {
        return multiples((from, to), step * DAY).into_iter().map(tick(DAY)).collect();
    }
    let months = days / 30.4;
    let stride = [1.0, 3.0, 6.0].into_iter().find(|stride| months / stride <= count as f64);
    let year_of = |at: f64| calendar::date_of((at / DAY).floor() as i64).0;
    let stride = stride.map_or_else(|| 12 * nice_years(months / 12.0 / count as f64), |stride| stride as i64);
    let first = year_of(from) * 12;
    let first = if stride > 12 { first.div_euclid(stride) * stride } else { first };
    (0..)
        .map(|index| first + index * stride)
        .map(|month| {
            (month, calendar::days_of(month.div_euclid(12), month.rem_euclid(12) + 1, 1) as f64 * DAY)
        })
        .take_while(|(_, at)| *at <= to)
        .take(TICKS_MAX as usize * 12)
        .filter(|(_, at)| *at >= from)
        .map(|(month, at)| {
            let (year, name) = (month.div_euclid(12), MONTHS[month.rem_euclid(12) as usize]);
            let text = if month.rem_euclid(12) == 0 { year.to_string() } else { format!("{name} {year}") };
            Tick { at, text }
        })
        .collect()
}

/// A round number of years, about so many.
fn nice_years(years: f64) -> i64 {
    let years = years.max(1.0);
    let power = 10f64.powf(years.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    nice.into_iter().find(|step| *step >= years * CLOSER).unwrap_or(power) as i64
}

/// As exact as ticks so far apart need; midnight is a date.
fn time_of_day(at: f64, step: f64) -> String {
    let utc = format::utc(at as i64);
    let millis = at.rem_euclid(DAY);
    if step >= DAY || millis == 0.0 {
        let (_, month, day) = calendar::date_of((at / DAY).floor() as i64);
        return format!("{} {day}", MONTHS[(month - 1).clamp(0, 11) as usize]);
    }
    if step >= MINUTE {
        utc[utc.len() - 12..utc.len() - 7].to_owned()
    } else if step >= SECOND {
        utc[utc.len() - 12..utc.len() - 4].to_owned()
    } else {
        format!("{}.{:03}", &utc[utc.len() - 12..utc.len() - 4], at.rem_euclid(SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::scale::widen;

    fn texts(measure: Measure, bend: Bend, domain: (f64, f64), count: usize) -> String {
        ticks(measure, bend, domain, count).into_iter().map(|tick| tick.text).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn numbers_are_round_and_inside() {
        let of = |domain, count| texts(Measure::Number, Bend::Linear, domain, count);
        assert_eq!(of((0.0, 1.0), 5), "0.0 | 0.2 | 0.4 | 0.6 | 0.8 | 1.0");
        assert_eq!(of((-3.0, 12.0), 4), "0 | 5 | 10");
        let steps = |domain| texts(Measure::Step, Bend::Linear, domain, 5);
        assert_eq!(steps((0.5, 2.5)), "1 | 2");
        assert_eq!(steps((0.0, 9_000.0)), "0 | 2000 | 4000 | 6000 | 8000");
        assert_eq!(steps((0.0, 100_000.0)), "0 | 20k | 40k | 60k | 80k | 100k");
        assert_eq!(steps((0.0, 5e6)), "0 | 1M | 2M | 3M | 4M | 5M");
        assert_eq!(steps((123_000.0, 123_400.0)), "123000 | 123100 | 123200 | 123300 | 123400");
    }

    #[test]
    fn powers_of_ten_get_company_where_there_is_room() {
        let of = |domain, count| texts(Measure::Number, Bend::Log, domain, count);
        assert_eq!(of((0.0008, 2.0), 5), "0.001 | 0.01 | 0.1 | 1");
        assert_eq!(of((0.5, 20.0), 6), "0.5 | 1 | 2 | 5 | 10 | 20");
        assert_eq!(of((1e-12, 1e9), 5), "1e-12 | 1e-9 | 1e-6 | 0.001 | 1 | 1000 | 1e6 | 1e9");
        assert_eq!(
            of((2.0, 5.0), 5),
            "2.0 | 2.5 | 3.0 | 3.5 | 4.0 | 4.5 | 5.0",
            "a small range is read in round numbers"
        );
    }

    #[test]
    fn both_sides_of_zero_mirror_each_other() {
        let bend = Bend::Symlog { linear: 1.0 };
        assert_eq!(texts(Measure::Number, bend, (-150.0, 1500.0), 8), "-100 | -10 | 0 | 10 | 100 | 1000");
        let wide = texts(Measure::Number, bend, (-1e9, 1e9), 7);
        assert_eq!(wide, "-1e8 | -1e6 | -10000 | -100 | 0 | 100 | 10000 | 1e6 | 1e8");
    }

    #[test]
    fn durations_are_those_of_a_clock() {
        let of = |to: f64| texts(Measure::Span, Bend::Linear, (0.0, to), 5);
        assert_eq!(of(90.0 * SECOND), "0 | 30s | 1m | 1m 30s");
        assert_eq!(of(5.0 * HOUR), "0 | 1h | 2h | 3h | 4h | 5h");
        assert_eq!(of(3.0 * DAY), "0 | 1d | 2d | 3d");
        assert_eq!(of(2.0 * SECOND), "0 | 500ms | 1s | 1.5s | 2s");
        assert_eq!(of(100.0 * DAY), "0 | 20d | 40d | 60d | 80d | 100d");
    }

    #[test]
    fn durations_long_before_or_after_the_start_still_differ() {
        let of = |from: f64, to: f64| texts(Measure::Span, Bend::Linear, (from, to), 4);
        let far = -12.0 * DAY;
        assert_eq!(
            of(far, far + 90.0 * SECOND),
            "−12d 00:00:00 | −11d 23:59:30 | −11d 23:59:00 | −11d 23:58:30"
        );
        assert_eq!(
            of(3.0 * DAY, 3.0 * DAY + 2.0 * HOUR),
            "3d 00:00 | 3d 00:30 | 3d 01:00 | 3d 01:30 | 3d 02:00"
        );
        assert_eq!(of(HOUR, HOUR + SECOND), "01:00:00.000 | 01:00:00.500 | 01:00:01.000");
        assert_eq!(of(-90.0 * SECOND, 0.0), "−1m 30s | −1m | −30s | 0");
        for (from, width) in
            [(-1e13, 5e3), (-4e9, 9e3), (1e12, 3e6), (-5e4, 1e5), (7e7, 300.0), (-2e5, 40.0), (9e3, 40.0)]
        {
            let mut texts: Vec<_> = ticks(Measure::Span, Bend::Linear, (from, from + width), 5)
                .into_iter()
                .map(|tick| tick.text)
                .collect();
            let all = texts.len();
            texts.sort();
            texts.dedup();
            assert!(all >= 2 && texts.len() == all, "{from} {width}: {texts:?}");
        }
    }

    #[test]
    fn times_are_those_of_a_clock_and_midnight_is_a_date() {
        let start = calendar::days_of(2026, 11, 1) as f64 * DAY + 20.0 * DAY;
        let of = |from: f64, to: f64| texts(Measure::Wall, Bend::Linear, (start + from, start + to), 5);
        assert_eq!(of(21.0 * HOUR, 26.0 * HOUR), "21:00 | 22:00 | 23:00 | Nov 22 | 01:00 | 02:00");
        assert_eq!(of(HOUR, HOUR + 90.0 * SECOND), "01:00:00 | 01:00:30 | 01:01:00 | 01:01:30");
        assert_eq!(of(0.5, 800.0), "00:00:00.200 | 00:00:00.400 | 00:00:00.600 | 00:00:00.800");
        assert_eq!(of(0.0, 4.0 * DAY), "Nov 21 | Nov 22 | Nov 23 | Nov 24 | Nov 25");
        assert_eq!(of(0.0, 150.0 * DAY), "Dec 2026 | 2027 | Feb 2027 | Mar 2027 | Apr 2027");
        assert_eq!(of(0.0, 4000.0 * DAY), "2028 | 2030 | 2032 | 2034 | 2036");
    }

    #[test]
    fn no_range_makes_endless_ticks() {
        let ranges =
            [widen((-f64::MAX, f64::MAX), 0.05), widen((1e15, 1e15), 0.05), widen((0.0, 5e-324), 0.0)];
        for domain in ranges {
            for measure in [Measure::Number, Measure::Step, Measure::Span] {
                for bend in [Bend::Linear, Bend::Symlog { linear: 1.0 }] {
                    assert!(ticks(measure, bend, domain, 6).len() <= 101, "{domain:?} {measure:?} {bend:?}");
                }
            }
        }
        assert!(ticks(Measure::Number, Bend::Log, (1e-300, 1e300), 6).len() <= 10);
        assert!(ticks(Measure::Wall, Bend::Linear, (0.0, 8e15), 6).len() <= 10);
    }
}
