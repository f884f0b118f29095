//! The blob of a segment. Version 1:
//!
//! ```text
//! u8 version = 1 | 3 zero bytes | u32 number of points n | n × i64 steps | n × i64 times | n × f64 values
//! ```
//! Little-endian; values bit for bit, so NaN payloads, −0.0 and subnormals come back as they were.

use model::series::Points;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 8;
const POINT_BYTES: usize = 24;

/// Why a blob is not a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("segment of unknown version {0}")]
    UnknownVersion(u8),
    #[error("segment of {found} bytes where its header asks for {expected}")]
    WrongLength { expected: u64, found: usize },
}

/// Writes points as one blob, in the order given.
pub fn encode(points: &Points) -> Vec<u8> {
    let count = points.steps.len();
    let mut blob = Vec::with_capacity(HEADER_BYTES + count * POINT_BYTES);
    blob.extend_from_slice(&[VERSION, 0, 0, 0]);
    let count = u32::try_from(count).expect("a segment holds at most SEGMENT_POINTS_MAX points");
    blob.extend_from_slice(&count.to_le_bytes());
    blob.extend(points.steps.iter().flat_map(|step| step.to_le_bytes()));
    blob.extend(points.times_ms.iter().flat_map(|time| time.to_le_bytes()));
    blob.extend(points.values.iter().flat_map(|value| value.to_le_bytes()));
    blob
}

/// Reads a blob. Any bytes are safe to pass: nothing is allocated beyond their own length.
pub fn decode(blob: &[u8]) -> Result<Points, DecodeError> {
    let wrong_length = |expected| DecodeError::WrongLength { expected, found: blob.len() };
    let Some((header, columns)) = blob.split_at_checked(HEADER_BYTES) else {
        return Err(wrong_length(HEADER_BYTES as u64));
    };
    if header[0] != VERSION {
        return Err(DecodeError::UnknownVersion(header[0]));
    }
    let count = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let expected = u64::from(count) * POINT_BYTES as u64;
    if columns.len() as u64 != expected {
        return Err(wrong_length(expected + HEADER_BYTES as u64));
    }
    let (words, _) = columns.as_chunks::<8>();
    let (steps, rest) = words.split_at(words.len() / 3);
    let (times_ms, values) = rest.split_at(rest.len() / 2);
    Ok(Points {
        steps: steps.iter().map(|word| i64::from_le_bytes(*word)).collect(),
        times_ms: times_ms.iter().map(|word| i64::from_le_bytes(*word)).collect(),
        values: values.iter().map(|word| f64::from_le_bytes(*word)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_point_comes_back_bit_for_bit(rows in prop::collection::vec(any::<(i64, i64, u64)>(), 0..300)) {
            let points = Points {
                steps: rows.iter().map(|row| row.0).collect(),
                times_ms: rows.iter().map(|row| row.1).collect(),
                values: rows.iter().map(|row| f64::from_bits(row.2)).collect(),
            };
            let back = decode(&encode(&points)).unwrap();
            prop_assert_eq!(&back.steps, &points.steps);
            prop_assert_eq!(&back.times_ms, &points.times_ms);
            let bits = |points: &Points| points.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back), bits(&points));
        }

        #[test]
        fn hostile_bytes_never_panic(blob in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&blob);
        }
    }

    #[test]
    fn a_torn_or_foreign_blob_is_an_error() {
        let blob = encode(&Points { steps: vec![1], times_ms: vec![2], values: vec![3.0] });
        assert_eq!(decode(&blob[..31]), Err(DecodeError::WrongLength { expected: 32, found: 31 }));
        assert_eq!(decode(&[]), Err(DecodeError::WrongLength { expected: 8, found: 0 }));
        assert_eq!(decode(&[9; 8]), Err(DecodeError::UnknownVersion(9)));
    }
}
