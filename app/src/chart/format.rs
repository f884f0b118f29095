//! Numbers, times and sizes as text: four significant digits, times in UTC, `1h 03m`.

use model::{Float64, calendar};

/// Four significant digits; whole numbers whole; `1.234e-5` where zeros would take over.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return non_finite(value).to_owned();
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&size) {
        return scientific(value);
    }
    if value.fract() == 0.0 {
        return format!("{value}");
    }
    let places = (3 - size.log10().floor() as i32).clamp(0, 8);
    let text = format!("{value:.*}", places as usize);
    // Zeros at the end keep a column of scores in line; after leading zeros they are noise: 0.001, not 0.001000.
    if size < 0.01 { text.trim_end_matches('0').to_owned() } else { text }
}

/// `1.234e-5`, `2e9`.
pub fn scientific(value: f64) -> String {
    let text = format!("{value:.3e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}e{exponent}")
}

/// Every digit: the shortest text that reads back as the same value.
pub fn full(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { non_finite(value).to_owned() }
}

fn non_finite(value: f64) -> &'static str {
    match Float64::non_finite_name(value) {
        Some("Infinity") => "Inf",
        Some("-Infinity") => "−Inf",
        _ => "NaN",
    }
}

/// A difference, always with its sign.
pub fn delta(value: f64) -> String {
    match value {
        value if value > 0.0 => format!("+{}", number(value)),
        value if value < 0.0 => format!("−{}", number(-value)),
        0.0 => "±0".to_owned(),
        value => number(value),
    }
}

/// A label on an axis whose ticks are `step` apart: neighbours always differ.
pub fn tick(value: f64, step: f64) -> String {
    let value = if value.abs() < step.abs() * 1e-9 { 0.0 } else { value };
    let size = value.abs().max(step.abs());
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return scientific(value);
    }
    let places = (-step.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.places$}")
}

/// A count with thin groups of three: `48 211`.
pub fn count(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    if value < 0 { format!("−{out}") } else { out }
}

/// `1 run`, `2 runs`.
pub fn counted(value: i64, one: &str, many: &str) -> String {
    let word = if value == 1 { one } else { many };
    format!("{} {word}", count(value))
}

/// `512 B`, `1.2 kB`, `3.4 GB`.
pub fn bytes(value: i64) -> String {
    let mut size = value as f64;
    if size < 1000.0 {
        return format!("{value} B");
    }
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        size /= 1000.0;
        unit = next;
        // 999.95 would print as 1000.0: the next unit says it better.
        if size < 999.95 {
            break;
        }
    }
    format!("{size:.1} {unit}")
}

/// `0.4s`, `12s`, `3m 05s`, `1h 03m`, `2d 04h`.
pub fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let secs = millis / 1000;
    let (mins, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
    if secs < 10 {
        format!("{}.{}s", secs, millis % 1000 / 100)
    } else if mins == 0 {
        format!("{secs}s")
    } else if hours == 0 {
        format!("{mins}m {:02}s", secs % 60)
    } else if days == 0 {
        format!("{hours}h {:02}m", mins % 60)
    } else {
        format!("{days}d {:02}h", hours % 24)
    }
}

/// `just now`, `12 s ago`, `5 min ago`, `3 h ago`, `4 d ago`, then the date.
pub fn ago(at_ms: i64, now_ms: i64) -> String {
    let secs = (now_ms - at_ms) / 1000;
    match secs {
        ..5 => "just now".to_owned(),
        5..60 => format!("{secs} s ago"),
        60..3600 => format!("{} min ago", secs / 60),
        3600..86_400 => format!("{} h ago", secs / 3600),
        86_400..2_592_000 => format!("{} d ago", secs / 86_400),
        _ => utc(at_ms)[..10].to_owned(),
    }
}

/// `2026-11-21 11:54:40 UTC`
pub fn utc(at_ms: i64) -> String {
    let secs = at_ms.div_euclid(1000);
    let (year, month, day) = calendar::date_of(secs.div_euclid(86_400));
    let time = secs.rem_euclid(86_400);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The machine's form of [`utc`]: `2026-11-21T11:54:40Z`.
pub fn iso(at_ms: i64) -> String {
    utc(at_ms).replacen(' ', "T", 1).replace(" UTC", "Z")
}

/// The same to the millisecond: `2026-11-21T11:54:40.250Z`.
pub fn iso_millis(at_ms: i64) -> String {
    iso(at_ms).replace('Z', &format!(".{:03}Z", at_ms.rem_euclid(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (48211.0, "48211"),
            (0.123_456, "0.1235"),
            (0.98, "0.9800"),
            (0.001, "0.001"),
            (0.000_25, "0.00025"),
            (12.345_67, "12.35"),
            (1234.56, "1235"),
            (-0.5, "-0.5000"),
            (0.000_012_34, "1.234e-5"),
            (5e-324, "4.941e-324"),
            (1.5e6, "1.5e6"),
            (2e9, "2e9"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Inf"),
            (f64::NEG_INFINITY, "−Inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn the_full_value_reads_back() {
        assert_eq!(full(0.1 + 0.2).parse(), Ok(0.1 + 0.2));
        assert_eq!(full(f64::NAN), "NaN");
    }

    #[test]
    fn ticks_differ_from_their_neighbours() {
        assert_eq!(tick(0.12, 0.02), "0.12");
        assert_eq!(tick(0.000_000_1, 0.02), "0.00");
        assert_eq!(tick(1e-17, 0.5), "0.0");
        assert_eq!(tick(200.0, 50.0), "200");
        assert_eq!(tick(0.12345, 0.00001), "0.12345");
        assert_eq!(tick(2e8, 1e8), "2e8");
    }

    #[test]
    fn deltas_show_their_sign() {
        assert_eq!(delta(0.25), "+0.2500");
        assert_eq!(delta(-3.0), "−3");
        assert_eq!(delta(0.0), "±0");
        assert_eq!(delta(f64::NAN), "NaN");
    }

    #[test]
    fn counts_and_sizes_read_well() {
        assert_eq!(count(48_211), "48\u{202f}211");
        assert_eq!(count(999), "999");
        assert_eq!(count(-1000), "−1\u{202f}000");
        assert_eq!(counted(1, "run", "runs"), "1 run");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_234), "1.2 kB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(5_000_000_000_000_000), "5000.0 TB");
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        assert_eq!(duration(-5), "0.0s");
        assert_eq!(duration(1_460), "1.4s");
        assert_eq!(duration(59_999), "59s");
        assert_eq!(duration(185_000), "3m 05s");
        assert_eq!(duration(3_780_000), "1h 03m");
        assert_eq!(duration(187_200_000), "2d 04h");
    }

    #[test]
    fn times_are_relative_for_a_month_and_a_date_after() {
        let now = 1_763_726_080_000;
        assert_eq!(ago(now + 60_000, now), "just now");
        assert_eq!(ago(now - 12_000, now), "12 s ago");
        assert_eq!(ago(now - 300_000, now), "5 min ago");
        assert_eq!(ago(now - 86_400_000 * 40, now), "2025-10-12");
    }

    #[test]
    fn dates_know_leap_years_and_the_time_before_1970() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(-1), "1969-12-31 23:59:59 UTC");
        assert_eq!(iso(1_763_726_080_000), "2025-11-21T11:54:40Z");
    }
}
