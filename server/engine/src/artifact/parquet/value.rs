//! The values of a page: levels and numbers as Parquet writes them, no more of them than are shown.

use super::{
    Bytes, Stop,
    footer::{Leaf, Physical},
    page::{Levels, Page, Pages},
    stop,
};
use model::limits;
use std::borrow::Cow;

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
pub const RLE: i64 = 3;
const DELTA_BINARY_PACKED: i64 = 5;
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;
const RLE_DICTIONARY: i64 = 8;
const BYTE_STREAM_SPLIT: i64 = 9;

/// One value as it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Boolean(bool),
    Int(i64),
    /// A day counted from the year −4713 and nanoseconds in it.
    Int96(u32, u64),
    Float(f32),
    Double(f64),
    Bytes(Cow<'a, [u8]>),
}

/// Goes through a column until it has the first rows, and gives each of their entries to `each`: the list that it goes on
/// with (0: a new row), its level, and its value where it has one. Answers how many rows there are.
pub fn entries(
    leaf: &Leaf,
    pages: &mut Pages,
    rows: usize,
    mut each: impl FnMut(u16, u16, Option<Value>),
) -> Result<usize, Stop> {
    let mut dictionary = None;
    // Lists may have any length: what is shown of them has not.
    let (mut begun, mut room) = (0, limits::PARQUET_ENTRIES_MAX);
    while let Some(page) = pages.next()? {
        let (count, encoding, levels, bytes) = match page {
            Page::Dictionary { values, bytes } => {
                dictionary = Some(Dictionary::new(leaf.physical, values, bytes)?);
                continue;
            }
            Page::Data { values, encoding, levels, bytes } => (values, encoding, levels, bytes),
        };
        let count = usize::try_from(count).map_err(|_| stop("one of its pages has less than no values"))?;
        let wanted = if leaf.lists.is_empty() { count.min(rows - begun) } else { count.min(room) };
        let [lists, defined, values] = parted(leaf, levels, &bytes)?;
        let mut lists = levels_of(lists, leaf.lists.len() as u16, wanted)?;
        let mut wanted = lists.len().min(wanted);
        if !leaf.lists.is_empty() {
            // The row behind the last is not begun.
            let mut left = rows - begun;
            for (index, list) in lists.iter().enumerate() {
                if *list == 0 {
                    if left == 0 {
                        wanted = index;
                        break;
                    }
                    left -= 1;
                }
            }
            lists.truncate(wanted);
        }
        let defined = levels_of(defined, leaf.defined, wanted)?;
        let full = defined.iter().filter(|level| **level == leaf.defined).count();
        let mut values = values_of(leaf.physical, encoding, values, full, dictionary.as_ref())?.into_iter();
        for (list, level) in lists.into_iter().zip(defined) {
            begun += usize::from(list == 0);
            room -= 1;
            let value = (level == leaf.defined).then(|| values.next()).flatten();
            each(list, level, value);
        }
        if begun >= rows || room == 0 || (wanted < count) {
            break;
        }
    }
    Ok(begun)
}

/// The levels of lists, those of values, and the values.
fn parted<'a>(leaf: &Leaf, levels: Levels, bytes: &'a [u8]) -> Result<[&'a [u8]; 3], Stop> {
    let cut = || stop("one of its pages ends too early");
    match levels {
        Levels::Measured { lists, defined } => {
            let (ahead, values) = bytes.split_at_checked(lists + defined).ok_or_else(cut)?;
            let (lists, defined) = ahead.split_at_checked(lists).ok_or_else(cut)?;
            Ok([lists, defined, values])
        }
        Levels::Old if leaf.defined > 0 => {
            Err(stop("its levels are packed in an old way, which this server does not read"))
        }
        Levels::Ahead | Levels::Old => {
            let measured = |bytes: &'a [u8], there: bool| {
                if !there {
                    return Ok((&bytes[..0], bytes));
                }
                let (length, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
                rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)
            };
            let (lists, rest) = measured(bytes, !leaf.lists.is_empty())?;
            let (defined, values) = measured(rest, leaf.defined > 0)?;
            Ok([lists, defined, values])
        }
    }
}

/// So many levels up to `most`; where there is only one level, nothing is written of it.
fn levels_of(bytes: &[u8], most: u16, count: usize) -> Result<Vec<u16>, Stop> {
    if most == 0 {
        return Ok(vec![0; count]);
    }
    let levels = hybrid(bytes, u16::BITS - most.leading_zeros(), count)?;
    if levels.iter().any(|level| *level > u32::from(most)) {
        return Err(stop("a level in it is deeper than its columns"));
    }
    Ok(levels.into_iter().map(|level| level as u16).collect())
}

/// Numbers of so many bits, as runs of one number and as packed groups of eight.
fn hybrid(bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, Stop> {
    let mut bits = Bits { bytes, at: 0 };
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let head = bits.varint()?;
        let left = count - numbers.len();
        if head & 1 == 0 {
            let number = bits.whole(width.div_ceil(8))? as u32;
            let run = usize::try_from(head >> 1).unwrap_or(usize::MAX);
            if run == 0 {
                return Err(stop("a run in it is empty"));
            }
            numbers.resize(numbers.len() + run.min(left), number);
        } else {
            let groups = usize::try_from(head >> 1).unwrap_or(usize::MAX);
            let end = bits.at.saturating_add(groups.saturating_mul(8 * width as usize));
            let there = groups.saturating_mul(8).min(left);
            if there == 0 {
                return Err(stop("a run in it is empty"));
            }
            for _ in 0..there {
                numbers.push(bits.take(width)? as u32);
            }
            bits.at = end;
        }
    }
    Ok(numbers)
}

/// Bytes read bit by bit, the lowest first.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits that were read.
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, width: u32) -> Result<u64, Stop> {
        let mut number = 0;
        let mut have = 0;
        while have < width {
            let byte = *self.bytes.get(self.at / 8).ok_or_else(|| stop("one of its pages ends too early"))?;
            let offset = (self.at % 8) as u32;
            let part = (8 - offset).min(width - have);
            let bits = (u64::from(byte) >> offset) & ((1 << part) - 1);
            number |= bits << have;
            have += part;
            self.at += part as usize;
        }
        Ok(number)
    }

    /// A number of whole bytes.
    fn whole(&mut self, bytes: u32) -> Result<u64, Stop> {
        self.take(8 * bytes)
    }

    fn varint(&mut self) -> Result<u64, Stop> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.whole(1)?;
            value |= (byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(stop("a number in it has no end"))
    }

    fn zigzag(&mut self) -> Result<i64, Stop> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}

/// The values that pages name by number.
struct Dictionary {
    physical: Physical,
    bytes: Bytes,
    /// Where each of them begins, of those whose length differs.
    starts: Vec<u32>,
    count: usize,
}

impl Dictionary {
    fn new(physical: Physical, count: i64, bytes: Bytes) -> Result<Self, Stop> {
        let mut starts = Vec::new();
        let mut at = 0;
        let count = if let Some(width) = width(physical) {
            bytes.len() / width
        } else {
            while starts.len() as i64 != count && at < bytes.len() {
                starts.push(at as u32);
                let (_, end) = piece(&bytes, at)?;
                at = end;
            }
            starts.len()
        };
        Ok(Self { physical, bytes, starts, count })
    }

    fn get(&self, index: usize) -> Result<Value<'_>, Stop> {
        let at = match width(self.physical) {
            Some(width) => Some(index * width).filter(|_| index < self.count),
            None => self.starts.get(index).map(|at| *at as usize),
        };
        let at = at.ok_or_else(|| stop("it names a value that its dictionary does not have"))?;
        Ok(plain_at(self.physical, &self.bytes, at)?.0)
    }
}

/// Bytes of a value where all have the same.
fn width(physical: Physical) -> Option<usize> {
    match physical {
        Physical::Boolean | Physical::Bytes => None,
        Physical::Int32 | Physical::Float => Some(4),
        Physical::Int64 | Physical::Double => Some(8),
        Physical::Int96 => Some(12),
        Physical::Fixed(width) => Some(width),
    }
}

fn cut() -> Stop {
    stop("one of its pages ends too early")
}

/// Bytes with their length before them, and where the next ones begin.
fn piece(bytes: &[u8], at: usize) -> Result<(&[u8], usize), Stop> {
    let (length, rest) = bytes.get(at..).and_then(<[u8]>::split_first_chunk).ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    let piece = rest.get(..length).ok_or_else(cut)?;
    Ok((piece, at + 4 + length))
}

/// The value that is written here as it is, and where the next one begins.
fn plain_at(physical: Physical, bytes: &[u8], at: usize) -> Result<(Value<'_>, usize), Stop> {
    let Some(width) = width(physical) else {
        let (piece, end) = piece(bytes, at)?;
        return Ok((Value::Bytes(piece.into()), end));
    };
    let end = at.checked_add(width).ok_or_else(cut)?;
    let written = bytes.get(at..end).ok_or_else(cut)?;
    Ok((number(physical, written).unwrap_or(Value::Bytes(written.into())), end))
}

/// A number of as many bytes as its type has; none where the bytes are the value.
fn number(physical: Physical, written: &[u8]) -> Option<Value<'static>> {
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |all, byte| (all << 8) | u64::from(*byte));
    Some(match physical {
        Physical::Int32 => Value::Int(i64::from((number(written) as u32).cast_signed())),
        Physical::Int64 => Value::Int(number(written).cast_signed()),
        Physical::Float => Value::Float(f32::from_bits(number(written) as u32)),
        Physical::Double => Value::Double(f64::from_bits(number(written))),
        Physical::Int96 => {
            let (time, day) = written.split_at(written.len().min(8));
            Value::Int96(number(day) as u32, number(time))
        }
        Physical::Boolean | Physical::Bytes | Physical::Fixed(_) => return None,
    })
}

/// So many values.
fn values_of<'a>(
    physical: Physical,
    encoding: i64,
    bytes: &'a [u8],
    count: usize,
    dictionary: Option<&'a Dictionary>,
) -> Result<Vec<Value<'a>>, Stop> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut values = Vec::with_capacity(count);
    match (encoding, physical) {
        (PLAIN, Physical::Boolean) => {
            let mut bits = Bits { bytes, at: 0 };
            for _ in 0..count {
                values.push(Value::Boolean(bits.take(1)? == 1));
            }
        }
        (RLE, Physical::Boolean) => {
            let (_, bytes) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
            values.extend(hybrid(bytes, 1, count)?.into_iter().map(|bit| Value::Boolean(bit == 1)));
        }
        (PLAIN, _) => {
            let mut at = 0;
            for _ in 0..count {
                let (value, end) = plain_at(physical, bytes, at)?;
                values.push(value);
                at = end;
            }
        }
        (PLAIN_DICTIONARY | RLE_DICTIONARY, _) => {
            let dictionary = dictionary.ok_or_else(|| stop("its dictionary is missing"))?;
            let (width, bytes) = bytes.split_first().ok_or_else(cut)?;
            if *width > 32 {
                return Err(stop("its numbers are wider than numbers may be"));
            }
            for index in hybrid(bytes, u32::from(*width), count)? {
                values.push(dictionary.get(index as usize)?);
            }
        }
        (DELTA_BINARY_PACKED, Physical::Int32 | Physical::Int64) => {
            let narrow = physical == Physical::Int32;
            let (numbers, _) = deltas(bytes, count)?;
            let whole = |number: i64| if narrow { i64::from(number as i32) } else { number };
            values.extend(numbers.into_iter().map(|number| Value::Int(whole(number))));
        }
        (DELTA_LENGTH_BYTE_ARRAY, Physical::Bytes) => {
            values.extend(pieces(bytes, count)?.into_iter().map(|piece| Value::Bytes(piece.into())));
        }
        (DELTA_BYTE_ARRAY, Physical::Bytes | Physical::Fixed(_)) => {
            values = shared_beginnings(bytes, count)?;
        }
        (BYTE_STREAM_SPLIT, _) if width(physical).is_some() => {
            let width = width(physical).unwrap_or(1);
            let all = bytes.len() / width;
            if count > all {
                return Err(cut());
            }
            for index in 0..count {
                let written: Vec<u8> = (0..width).map(|byte| bytes[byte * all + index]).collect();
                values.push(number(physical, &written).unwrap_or(Value::Bytes(written.into())));
            }
        }
        _ => return Err(stop("its values are encoded in a way that this server does not read")),
    }
    Ok(values)
}

/// The first of the numbers that are written as differences, and where what follows all of them begins if all were read.
fn deltas(bytes: &[u8], most: usize) -> Result<(Vec<i64>, usize), Stop> {
    let odd = || stop("its differences are packed in a way that makes no sense");
    let mut bits = Bits { bytes, at: 0 };
    let block = usize::try_from(bits.varint()?).map_err(|_| odd())?;
    let parts = usize::try_from(bits.varint()?).map_err(|_| odd())?;
    let all = usize::try_from(bits.varint()?).map_err(|_| odd())?;
    let mut number = bits.zigzag()?;
    if parts == 0 || block == 0 || block % parts != 0 || parts > bytes.len() {
        return Err(odd());
    }
    let each = block / parts;
    let wanted = all.min(most);
    let mut numbers = Vec::with_capacity(wanted);
    if wanted > 0 {
        numbers.push(number);
    }
    while numbers.len() < wanted {
        let least = bits.zigzag()?;
        let mut widths = Vec::with_capacity(parts);
        for _ in 0..parts {
            widths.push(bits.whole(1)? as u32);
        }
        for width in widths {
            if width > 64 {
                return Err(odd());
            }
            let end = bits.at.saturating_add(each.saturating_mul(width as usize));
            for _ in 0..each.min(wanted - numbers.len()) {
                number = number.wrapping_add(least).wrapping_add(bits.take(width)?.cast_signed());
                numbers.push(number);
            }
            bits.at = end;
            // The last part is filled up; those behind it are not written.
            if numbers.len() == wanted {
                break;
            }
        }
    }
    Ok((numbers, bits.at.div_ceil(8)))
}

/// All of them, because what is looked for lies behind.
fn all_deltas(bytes: &[u8]) -> Result<(Vec<i64>, usize), Stop> {
    let most = limits::PARQUET_LENGTHS_MAX;
    let (numbers, end) = deltas(bytes, most)?;
    if numbers.len() == most {
        return Err(stop(format!("one of its pages has {most} values or more, which are not read")));
    }
    Ok((numbers, end))
}

/// As many pieces of bytes, whose lengths are all written before the first.
fn pieces(bytes: &[u8], count: usize) -> Result<Vec<&[u8]>, Stop> {
    let (lengths, mut at) = all_deltas(bytes)?;
    let mut pieces = Vec::with_capacity(count);
    for length in lengths.into_iter().take(count) {
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length)).ok_or_else(cut)?;
        pieces.push(bytes.get(at..end).ok_or_else(cut)?);
        at = end;
    }
    if pieces.len() < count { Err(cut()) } else { Ok(pieces) }
}

/// Values that begin as the one before them: how much of it, then the rest.
fn shared_beginnings(bytes: &[u8], count: usize) -> Result<Vec<Value<'_>>, Stop> {
    let (shared, at) = all_deltas(bytes)?;
    let rests = pieces(bytes.get(at..).ok_or_else(cut)?, count)?;
    let mut values = Vec::with_capacity(count);
    let mut last: Vec<u8> = Vec::new();
    let mut room = limits::PARQUET_PAGE_BYTES_MAX as usize;
    for (shared, rest) in shared.into_iter().zip(rests) {
        let shared = usize::try_from(shared).ok().and_then(|shared| last.get(..shared)).ok_or_else(cut)?;
        let value: Vec<u8> = [shared, rest].concat();
        room = room.checked_sub(value.len()).ok_or_else(|| stop("its values are too long to be shown"))?;
        last.clone_from(&value);
        values.push(Value::Bytes(value.into()));
    }
    if values.len() < count { Err(cut()) } else { Ok(values) }
}
