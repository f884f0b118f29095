//! Small segments of many series in one blob: what a commit adds to a run lies in one place until enough has gathered
//! for every series to get a segment of its own.
//!
//! ```text
//! u32 segments n | 4 zero bytes
//! n × ( i64 segment id | u32 points | u32 bytes of the blob | i64 lowest step | i64 highest step )
//! the blobs, one after the other
//! ```
//! Integers are little-endian.

use crate::DecodeError;

const HEADER_BYTES: usize = 8;
const ENTRY_BYTES: usize = 32;

/// One segment of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundled<'a> {
    pub id: i64,
    pub count: u32,
    pub step_min: i64,
    pub step_max: i64,
    pub blob: &'a [u8],
}

/// Writes segments as one blob, in the order given.
///
/// # Panics
/// If there are 2^32 segments, or bytes in one of them.
pub fn encode_bundle(segments: &[Bundled]) -> Vec<u8> {
    let len = |len: usize| u32::try_from(len).expect("a bundle is far below 2^32 segments and bytes");
    let blobs: usize = segments.iter().map(|segment| segment.blob.len()).sum();
    let mut bundle = Vec::with_capacity(HEADER_BYTES + segments.len() * ENTRY_BYTES + blobs);
    bundle.extend_from_slice(&len(segments.len()).to_le_bytes());
    bundle.extend_from_slice(&[0; 4]);
    for segment in segments {
        bundle.extend_from_slice(&segment.id.to_le_bytes());
        bundle.extend_from_slice(&segment.count.to_le_bytes());
        bundle.extend_from_slice(&len(segment.blob.len()).to_le_bytes());
        bundle.extend_from_slice(&segment.step_min.to_le_bytes());
        bundle.extend_from_slice(&segment.step_max.to_le_bytes());
    }
    for segment in segments {
        bundle.extend_from_slice(segment.blob);
    }
    bundle
}

/// The segments of a bundle. Any bytes are safe to pass.
pub fn decode_bundle(bundle: &[u8]) -> Result<Vec<Bundled<'_>>, DecodeError> {
    let wrong_length =
        |expected: usize| DecodeError::WrongLength { expected: expected as u64, found: bundle.len() };
    let (header, rest) = bundle.split_at_checked(HEADER_BYTES).ok_or_else(|| wrong_length(HEADER_BYTES))?;
    let count = u32_at(header, 0) as usize;
    let entries = rest.split_at_checked(count.saturating_mul(ENTRY_BYTES));
    let (entries, mut blobs) = entries.ok_or_else(|| wrong_length(count.saturating_mul(ENTRY_BYTES)))?;
    let mut segments = Vec::with_capacity(count);
    for entry in entries.as_chunks::<ENTRY_BYTES>().0 {
        let size = u32_at(entry, 12) as usize;
        let (blob, rest) = blobs.split_at_checked(size).ok_or_else(|| wrong_length(bundle.len() + size))?;
        blobs = rest;
        let (id, count) = (i64_at(entry, 0), u32_at(entry, 8));
        segments.push(Bundled { id, count, step_min: i64_at(entry, 16), step_max: i64_at(entry, 24), blob });
    }
    if blobs.is_empty() { Ok(segments) } else { Err(wrong_length(bundle.len() - blobs.len())) }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("entries have a fixed size"))
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(*bytes[at..].first_chunk().expect("entries have a fixed size"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_bundle_comes_back(rows in prop::collection::vec((any::<i64>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..20)), 0..40)) {
            let segments: Vec<_> = rows
                .iter()
                .map(|(id, count, blob)| Bundled { id: *id, count: *count, step_min: -id, step_max: id / 2, blob })
                .collect();
            let bundle = encode_bundle(&segments);
            prop_assert_eq!(decode_bundle(&bundle).unwrap(), segments);
            // Bytes that are missing or too many are told.
            prop_assert!(decode_bundle(&bundle[..bundle.len() - 1]).is_err());
            prop_assert!(decode_bundle(&[bundle, vec![0]].concat()).is_err());
        }

        #[test]
        fn hostile_bytes_never_panic(mut bundle in prop::collection::vec(any::<u8>(), 0..200), count in 0_u32..6) {
            if let Some(first) = bundle.first_chunk_mut() {
                *first = count.to_le_bytes();
            }
            let _ = decode_bundle(&bundle);
        }
    }
}
