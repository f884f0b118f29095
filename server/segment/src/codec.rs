//! The blob of a segment. Its first byte says which of three forms it has; all integers are little-endian.
//!
//! ```text
//! 1 plain   u8 1 | 3 zero bytes | u32 points n | n × i64 steps | n × i64 times | n × f64 values
//! 2 packed  u8 2 | 3 zero bytes | u32 points n | u32 bytes of the steps | u32 bytes of the times
//!           steps, times and values, each compressed by pco (standalone format)
//! 3 texts   u8 3 | 3 zero bytes | u32 points n | n × i64 steps | n × i64 times | n × u64 ends | the bytes
//! ```
//! Plain is for the small segments of a series that grows: writing it costs nothing. Values come back bit for bit in
//! every form, so NaN payloads, −0.0 and subnormals are as they were.

use crate::pack;
use model::{
    limits,
    series::{Points, Texts},
};

pub(crate) const PLAIN: u8 = 1;
const PACKED: u8 = 2;
const TEXTS: u8 = 3;
pub(crate) const HEADER_BYTES: usize = 8;
pub(crate) const POINT_BYTES: usize = 24;
/// Step and time of a point.
pub(crate) const AXIS_POINT_BYTES: usize = 16;
/// A merge may leave up to twice the usual number of points in one segment; no blob may claim more.
const POINTS_MAX: u64 = 2 * limits::SEGMENT_POINTS_MAX as u64;

/// Why a blob is not a segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("segment of unknown form {0}")]
    UnknownForm(u8),
    #[error("segment of {found} bytes where its header asks for {expected}")]
    WrongLength { expected: u64, found: usize },
    #[error("segment that claims {0} points")]
    TooManyPoints(u64),
    #[error("segment with a damaged column: {0}")]
    Column(String),
    #[error("segment of texts where numbers are expected, or the other way round")]
    WrongKind,
}

/// Writes points as one blob, in the order given; tightly when there are enough of them for that to pay.
pub fn encode(points: &Points) -> Vec<u8> {
    if points.len() < limits::SEGMENT_PACKED_POINTS_MIN {
        encode_plain(points)
    } else {
        encode_packed(points)
    }
}

/// Writes points as one blob in whichever form is smaller: for series that are not expected to grow.
pub fn encode_tightly(points: &Points) -> Vec<u8> {
    let packed = encode_packed(points);
    if packed.len() < HEADER_BYTES + points.len() * POINT_BYTES { packed } else { encode_plain(points) }
}

fn encode_packed(points: &Points) -> Vec<u8> {
    let steps = pack::pack_ordered(&points.steps);
    let times = pack::pack_ordered(&points.times_ms);
    let values = pack::pack(&points.values);
    let mut blob = header(PACKED, points.len());
    blob.reserve(8 + steps.len() + times.len() + values.len());
    blob.extend_from_slice(&len_u32(steps.len()).to_le_bytes());
    blob.extend_from_slice(&len_u32(times.len()).to_le_bytes());
    for column in [steps, times, values] {
        blob.extend_from_slice(&column);
    }
    blob
}

fn encode_plain(points: &Points) -> Vec<u8> {
    let mut blob = header(PLAIN, points.len());
    blob.reserve(points.len() * POINT_BYTES);
    blob.extend(points.steps.iter().flat_map(|step| step.to_le_bytes()));
    blob.extend(points.times_ms.iter().flat_map(|time| time.to_le_bytes()));
    blob.extend(points.values.iter().flat_map(|value| value.to_le_bytes()));
    blob
}

/// Writes texts or bytes as one blob, in the order given.
pub fn encode_texts(texts: &Texts) -> Vec<u8> {
    let mut blob = header(TEXTS, texts.steps.len());
    blob.extend(texts.steps.iter().flat_map(|step| step.to_le_bytes()));
    blob.extend(texts.times_ms.iter().flat_map(|time| time.to_le_bytes()));
    let mut end = 0_u64;
    for value in &texts.values {
        end += value.len() as u64;
        blob.extend_from_slice(&end.to_le_bytes());
    }
    texts.values.iter().for_each(|value| blob.extend_from_slice(value));
    blob
}

fn header(form: u8, points: usize) -> Vec<u8> {
    let mut blob = vec![form, 0, 0, 0];
    blob.extend_from_slice(&len_u32(points).to_le_bytes());
    blob
}

fn len_u32(len: usize) -> u32 {
    u32::try_from(len).expect("a segment is far below 2^32 points and bytes")
}

/// Reads a blob of numbers. Any bytes are safe to pass: what is allocated is bounded by the limit on points.
pub fn decode(blob: &[u8]) -> Result<Points, DecodeError> {
    let (form, count, rest) = open(blob)?;
    match form {
        PLAIN => {
            let expected = count * POINT_BYTES as u64;
            if rest.len() as u64 != expected {
                return Err(wrong_length(blob, expected));
            }
            let (words, _) = rest.as_chunks::<8>();
            let (steps, rest) = words.split_at(words.len() / 3);
            let (times_ms, values) = rest.split_at(rest.len() / 2);
            Ok(Points {
                steps: ints(steps),
                times_ms: ints(times_ms),
                values: values.iter().map(|word| f64::from_le_bytes(*word)).collect(),
            })
        }
        PACKED => {
            let Some((sizes, rest)) = rest.split_at_checked(8) else { return Err(wrong_length(blob, 8)) };
            let size = |at: usize| {
                u32::from_le_bytes([sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]]) as usize
            };
            let damaged = |size: usize| wrong_length(blob, 8 + size as u64);
            let (steps, rest) = rest.split_at_checked(size(0)).ok_or_else(|| damaged(size(0)))?;
            let (times_ms, values) = rest.split_at_checked(size(4)).ok_or_else(|| damaged(size(4)))?;
            let count = count as usize;
            let column = |error: String| DecodeError::Column(error);
            Ok(Points {
                steps: pack::unpack(steps, count).map_err(column)?,
                times_ms: pack::unpack(times_ms, count).map_err(column)?,
                values: pack::unpack(values, count).map_err(column)?,
            })
        }
        TEXTS => Err(DecodeError::WrongKind),
        form => Err(DecodeError::UnknownForm(form)),
    }
}

/// Reads a blob of texts or bytes; which of the two they are, the series knows.
pub fn decode_texts(blob: &[u8], are_bytes: bool) -> Result<Texts, DecodeError> {
    let (form, count, rest) = open(blob)?;
    match form {
        TEXTS => {}
        PLAIN | PACKED => return Err(DecodeError::WrongKind),
        form => return Err(DecodeError::UnknownForm(form)),
    }
    let columns = count * POINT_BYTES as u64;
    if (rest.len() as u64) < columns {
        return Err(wrong_length(blob, columns));
    }
    let (columns, mut bytes) = rest.split_at(columns as usize);
    let (words, _) = columns.as_chunks::<8>();
    let (steps, rest) = words.split_at(words.len() / 3);
    let (times_ms, ends) = rest.split_at(rest.len() / 2);
    let mut values = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        let end = u64::from_le_bytes(*end);
        let piece = end.checked_sub(start).and_then(|len| bytes.split_at_checked(usize::try_from(len).ok()?));
        let (value, rest) = piece.ok_or_else(|| DecodeError::Column("ends of texts".into()))?;
        values.push(value.to_vec());
        (bytes, start) = (rest, end);
    }
    Ok(Texts { steps: ints(steps), times_ms: ints(times_ms), values, are_bytes })
}

/// Form, number of points and the rest of a blob.
fn open(blob: &[u8]) -> Result<(u8, u64, &[u8]), DecodeError> {
    let Some((header, rest)) = blob.split_at_checked(HEADER_BYTES) else { return Err(wrong_length(blob, 0)) };
    let count = u64::from(u32::from_le_bytes([header[4], header[5], header[6], header[7]]));
    if count > POINTS_MAX {
        return Err(DecodeError::TooManyPoints(count));
    }
    Ok((header[0], count, rest))
}

fn wrong_length(blob: &[u8], expected: u64) -> DecodeError {
    DecodeError::WrongLength { expected: expected + HEADER_BYTES as u64, found: blob.len() }
}

fn ints(words: &[[u8; 8]]) -> Vec<i64> {
    words.iter().map(|word| i64::from_le_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(points: &Points) -> Vec<u64> {
        points.values.iter().map(|value| value.to_bits()).collect()
    }

    fn points(rows: &[(i64, i64, u64)]) -> Points {
        Points {
            steps: rows.iter().map(|row| row.0).collect(),
            times_ms: rows.iter().map(|row| row.1).collect(),
            values: rows.iter().map(|row| f64::from_bits(row.2)).collect(),
        }
    }

    /// Bit patterns that a codec could mistake: NaN payloads, infinities, both zeros, subnormals.
    fn odd_bits() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            Just(f64::NAN.to_bits()),
            Just(0x7ff8_0000_dead_beef),
            Just(0xfff0_0000_0000_0001),
            Just(f64::INFINITY.to_bits()),
            Just(f64::NEG_INFINITY.to_bits()),
            Just((-0.0_f64).to_bits()),
            Just(5e-324_f64.to_bits()),
            (0_u32..1000).prop_map(|value| f64::from(value).to_bits()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_point_comes_back_bit_for_bit(rows in prop::collection::vec((any::<i64>(), any::<i64>(), odd_bits()), 0..300)) {
            let points = points(&rows);
            let back = decode(&encode_plain(&points)).unwrap();
            prop_assert_eq!((&back.steps, &back.times_ms), (&points.steps, &points.times_ms));
            prop_assert_eq!(bits(&back), bits(&points));
        }

        #[test]
        fn a_packed_segment_comes_back_bit_for_bit(
            rows in prop::collection::vec((any::<i64>(), any::<i64>(), odd_bits()), 1..40),
            step in 0_i64..3,
        ) {
            let count = limits::SEGMENT_PACKED_POINTS_MIN + 7;
            let mut points = points(&rows.iter().cycle().take(count).copied().collect::<Vec<_>>());
            if step > 0 {
                points.steps = (0..count as i64).map(|row| row * step).collect();
            }
            let blob = encode(&points);
            prop_assert_eq!(blob[0], PACKED);
            let back = decode(&blob).unwrap();
            prop_assert_eq!((&back.steps, &back.times_ms), (&points.steps, &points.times_ms));
            prop_assert_eq!(bits(&back), bits(&points));
        }

        #[test]
        fn texts_come_back(rows in prop::collection::vec((any::<i64>(), prop::collection::vec(any::<u8>(), 0..9)), 0..50)) {
            let texts = Texts {
                steps: rows.iter().map(|row| row.0).collect(),
                times_ms: vec![7; rows.len()],
                values: rows.iter().map(|row| row.1.clone()).collect(),
                are_bytes: true,
            };
            prop_assert_eq!(decode_texts(&encode_texts(&texts), true).unwrap(), texts);
        }

        #[test]
        fn hostile_bytes_never_panic(mut blob in prop::collection::vec(any::<u8>(), 0..200), form in 0_u8..4) {
            if let Some(first) = blob.first_mut() {
                *first = form;
            }
            let _ = decode(&blob);
            let _ = decode_texts(&blob, false);
        }

        #[test]
        fn a_damaged_packed_segment_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let count = limits::SEGMENT_PACKED_POINTS_MIN;
            let points = Points {
                steps: (0..count as i64).collect(),
                times_ms: (0..count as i64).map(|row| row * 1000 + row % 7).collect(),
                values: (0..count).map(|row| (row as f64).sin()).collect(),
            };
            let mut blob = encode(&points);
            let at = at.index(blob.len());
            blob[at] = byte;
            let _ = decode(&blob);
            let _ = decode(&blob[..at]);
        }
    }

    #[test]
    fn a_torn_or_foreign_blob_is_an_error() {
        let blob = encode(&Points { steps: vec![1], times_ms: vec![2], values: vec![3.0] });
        assert_eq!(decode(&blob[..31]), Err(DecodeError::WrongLength { expected: 32, found: 31 }));
        assert_eq!(decode(&[]), Err(DecodeError::WrongLength { expected: 8, found: 0 }));
        assert_eq!(decode(&[9; 8]), Err(DecodeError::TooManyPoints(0x0909_0909)));
        assert_eq!(decode(&[9, 0, 0, 0, 0, 0, 0, 0]), Err(DecodeError::UnknownForm(9)));
        assert_eq!(decode_texts(&blob, false), Err(DecodeError::WrongKind));
    }
}
