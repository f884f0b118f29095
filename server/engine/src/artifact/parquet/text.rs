//! What values and types are called in a preview.

use super::{
    footer::{Leaf, Meaning, Physical, Unit},
    value::Value,
};
use model::{calendar, limits};
use std::fmt::Write as _;

/// The type of a column: `int64`, `list<string>`, `timestamp[us, UTC]`.
pub fn kind(leaf: &Leaf) -> String {
    let unit = |unit: Unit| match unit {
        Unit::Millis => "ms",
        Unit::Micros => "us",
        Unit::Nanos => "ns",
    };
    let mut kind = match (leaf.meaning, leaf.physical) {
        (Meaning::Text, _) => "string".to_owned(),
        (Meaning::Json, _) => "json".to_owned(),
        (Meaning::Decimal { scale, precision }, _) => format!("decimal({precision}, {scale})"),
        (Meaning::Date, _) => "date".to_owned(),
        (Meaning::Time(of), _) => format!("time[{}]", unit(of)),
        (Meaning::Timestamp { unit: of, utc: true }, _) => format!("timestamp[{}, UTC]", unit(of)),
        (Meaning::Timestamp { unit: of, utc: false }, _) => format!("timestamp[{}]", unit(of)),
        (Meaning::Whole { bits, signed }, _) => format!("{}int{bits}", if signed { "" } else { "u" }),
        (Meaning::Uuid, _) => "uuid".to_owned(),
        (Meaning::Half, _) => "float16".to_owned(),
        (Meaning::Plain, Physical::Boolean) => "bool".to_owned(),
        (Meaning::Plain, Physical::Int32) => "int32".to_owned(),
        (Meaning::Plain, Physical::Int64) => "int64".to_owned(),
        (Meaning::Plain, Physical::Int96) => "timestamp[ns]".to_owned(),
        (Meaning::Plain, Physical::Float) => "float".to_owned(),
        (Meaning::Plain, Physical::Double) => "double".to_owned(),
        (Meaning::Plain, Physical::Bytes) => "binary".to_owned(),
        (Meaning::Plain, Physical::Fixed(width)) => format!("binary[{width}]"),
    };
    for _ in &leaf.lists {
        kind = format!("list<{kind}>");
    }
    kind
}

/// The cells of a column, written as its entries come.
#[derive(Debug, Default)]
pub struct Cells {
    pub done: Vec<Option<String>>,
    /// Lists that stand open in the last cell.
    open: usize,
    /// The last cell has no room left.
    full: bool,
}

impl Cells {
    /// The next entry: of which list (0: of a new row), on which level, and the value if there is one.
    pub fn add(&mut self, leaf: &Leaf, list: u16, level: u16, value: Option<Value>) {
        if list == 0 {
            self.finish();
            self.done.push(None);
            self.full = false;
        }
        if self.full {
            return;
        }
        let value = value.map(|value| text(leaf, &value));
        let Some(cell) = self.done.last_mut() else { return };
        if leaf.lists.is_empty() {
            *cell = value;
            return;
        }
        let inner = usize::from(list).min(leaf.lists.len());
        if list == 0 && level + 1 < leaf.lists[0] {
            return;
        }
        let cell = cell.get_or_insert_default();
        if list > 0 {
            cell.push_str(&"]".repeat(self.open.saturating_sub(inner)));
            self.open = self.open.min(inner);
            cell.push_str(", ");
        }
        let mut there = true;
        for begins in leaf.lists.iter().skip(inner) {
            if level >= *begins {
                cell.push('[');
                self.open += 1;
            } else {
                cell.push_str(if level + 1 == *begins { "[]" } else { "null" });
                there = false;
                break;
            }
        }
        if there {
            cell.push_str(value.as_deref().unwrap_or("null"));
        }
        if cell.len() > limits::TABLE_CELL_CHARACTERS_MAX {
            *cell = short(cell);
            (self.full, self.open) = (true, 0);
        }
    }

    /// Closes the lists of the last cell.
    pub fn finish(&mut self) {
        if let Some(Some(cell)) = self.done.last_mut() {
            cell.push_str(&"]".repeat(self.open));
        }
        self.open = 0;
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(limits::TABLE_CELL_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn text(leaf: &Leaf, value: &Value) -> String {
    match value {
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => whole(leaf.meaning, *value),
        Value::Int96(day, time) => {
            // Days are counted from noon of a Monday long ago; 1970 began on this one.
            stamp(i64::from(*day) - 2_440_588, i64::try_from(*time).unwrap_or_default(), 9)
        }
        Value::Float(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Bytes(bytes) => of_bytes(leaf, bytes),
    }
}

fn whole(meaning: Meaning, value: i64) -> String {
    match meaning {
        Meaning::Decimal { scale, .. } => decimal(i128::from(value), scale),
        Meaning::Date => date(value),
        Meaning::Time(unit) => time(value, digits(unit)),
        Meaning::Timestamp { unit, utc } => {
            let day = 86_400 * 10_i64.pow(digits(unit));
            let at = stamp(value.div_euclid(day), value.rem_euclid(day), digits(unit));
            if utc { at + "Z" } else { at }
        }
        Meaning::Whole { bits: 64, signed: false } => value.cast_unsigned().to_string(),
        Meaning::Whole { signed: false, .. } => (value as u32).to_string(),
        _ => value.to_string(),
    }
}

/// Digits behind the second.
fn digits(unit: Unit) -> u32 {
    match unit {
        Unit::Millis => 3,
        Unit::Micros => 6,
        Unit::Nanos => 9,
    }
}

fn stamp(day: i64, time_of_day: i64, digits: u32) -> String {
    format!("{} {}", date(day), time(time_of_day, digits))
}

fn time(value: i64, digits: u32) -> String {
    let second = 10_i64.pow(digits);
    let (seconds, part) = (value.div_euclid(second), value.rem_euclid(second));
    let (hours, minutes) = (seconds.div_euclid(3_600), seconds.div_euclid(60).rem_euclid(60));
    let mut text = format!("{hours:02}:{minutes:02}:{:02}", seconds.rem_euclid(60));
    if part != 0 {
        let _ = write!(text, ".{part:0width$}", width = digits as usize);
    }
    text
}

/// A day counted from 1970-01-01.
fn date(days: i64) -> String {
    let (year, month, day) = calendar::date_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

fn decimal(value: i128, scale: u32) -> String {
    let scale = scale as usize;
    // No format has more digits.
    if scale == 0 || scale > 100 {
        return value.to_string();
    }
    let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
    let (before, after) = digits.split_at(digits.len() - scale);
    format!("{}{before}.{after}", if value < 0 { "-" } else { "" })
}

fn of_bytes(leaf: &Leaf, bytes: &[u8]) -> String {
    match leaf.meaning {
        Meaning::Decimal { scale, .. } if (1..=16).contains(&bytes.len()) => {
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            return decimal(bytes.iter().fold(sign, |all: i128, byte| (all << 8) | i128::from(*byte)), scale);
        }
        Meaning::Uuid if bytes.len() == 16 => {
            let all = model::id::hex(bytes);
            return [&all[..8], &all[8..12], &all[12..16], &all[16..20], &all[20..]].join("-");
        }
        Meaning::Half => {
            if let Ok(bits) = bytes.try_into() {
                return half(u16::from_le_bytes(bits)).to_string();
            }
        }
        _ => {}
    }
    // A character has at most four bytes; one that is cut in two at the end is not shown.
    let beginning = &bytes[..bytes.len().min(4 * (limits::TABLE_CELL_CHARACTERS_MAX + 1))];
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() && beginning.len() < bytes.len() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    if let Some(text) = text.filter(|text| !text.contains('\0')) {
        return short(text);
    }
    let dots = if bytes.len() > 8 { "…" } else { "" };
    format!("{} bytes: {}{dots}", bytes.len(), model::id::hex(&bytes[..bytes.len().min(8)]))
}

/// A number of sixteen bits (IEEE 754).
fn half(bits: u16) -> f32 {
    let (exponent, part) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let value = match exponent {
        0 => part * 2_f32.powi(-24),
        31 if part == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + part / 1_024.0) * 2_f32.powi(exponent - 15),
    };
    if bits >> 15 == 0 { value } else { -value }
}
