//! Small segments of many series in one blob: what a commit adds to a run lies in one place until enough has gathered
//! for every series to get a segment of its own.
//!
//! ```text
//! u32 segments n | 4 zero bytes
//! n × ( i64 segment id | u32 points | u32 bytes of the blob | i64 lowest step | i64 highest step )
//! the blobs, one after the other
//! ```
//! Integers are little-endian. Series that are logged together have the same steps and times: a plain segment whose
//! axis is that of the plain segment before it leaves the axis out, and has 0x80 in its second byte to say so.

use crate::{
    DecodeError,
    codec::{AXIS_POINT_BYTES, HEADER_BYTES as BLOB_HEADER_BYTES, PLAIN, POINT_BYTES},
};
use std::borrow::Cow;

const HEADER_BYTES: usize = 8;
const ENTRY_BYTES: usize = 32;
/// In the second byte of a blob, which is zero otherwise.
const SAME_AXIS: u8 = 0x80;

/// One segment of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundled<'a> {
    pub id: i64,
    pub count: u32,
    pub step_min: i64,
    pub step_max: i64,
    pub blob: Cow<'a, [u8]>,
}

/// The steps and times of a plain segment that is whole.
fn axis(blob: &[u8]) -> Option<&[u8]> {
    let (header, columns) = blob.split_at_checked(BLOB_HEADER_BYTES)?;
    let points = u32_at(header, 4) as usize;
    let is_whole =
        header[0] == PLAIN && header[1] == 0 && columns.len() == points.checked_mul(POINT_BYTES)?;
    (is_whole && points > 0).then(|| &columns[..points * AXIS_POINT_BYTES])
}

/// Writes segments as one blob, in the order given.
///
/// # Panics
/// If there are 2^32 segments, or bytes in one of them.
pub fn encode_bundle(segments: &[Bundled]) -> Vec<u8> {
    let len = |len: usize| u32::try_from(len).expect("a bundle is far below 2^32 segments and bytes");
    let mut entries = Vec::with_capacity(segments.len() * ENTRY_BYTES);
    let mut blobs = Vec::new();
    let mut last_axis: Option<&[u8]> = None;
    for segment in segments {
        let (blob, start) = (&*segment.blob, blobs.len());
        let axis = axis(blob);
        if let Some(axis) = axis.filter(|axis| last_axis == Some(*axis)) {
            blobs.extend_from_slice(&[PLAIN, SAME_AXIS, 0, 0]);
            blobs.extend_from_slice(&blob[4..BLOB_HEADER_BYTES]);
            blobs.extend_from_slice(&blob[BLOB_HEADER_BYTES + axis.len()..]);
        } else {
            blobs.extend_from_slice(blob);
        }
        last_axis = axis.or(last_axis);
        entries.extend_from_slice(&segment.id.to_le_bytes());
        entries.extend_from_slice(&segment.count.to_le_bytes());
        entries.extend_from_slice(&len(blobs.len() - start).to_le_bytes());
        entries.extend_from_slice(&segment.step_min.to_le_bytes());
        entries.extend_from_slice(&segment.step_max.to_le_bytes());
    }
    let mut bundle = Vec::with_capacity(HEADER_BYTES + entries.len() + blobs.len());
    bundle.extend_from_slice(&len(segments.len()).to_le_bytes());
    bundle.extend_from_slice(&[0; 4]);
    bundle.append(&mut entries);
    bundle.append(&mut blobs);
    bundle
}

/// The segments of a bundle that `wanted` asks for by id, lowest and highest step. Any bytes are safe to pass: what is
/// allocated is at most three times as much.
pub fn decode_bundle(
    bundle: &[u8],
    wanted: impl Fn(i64, i64, i64) -> bool,
) -> Result<Vec<Bundled<'_>>, DecodeError> {
    let wrong_length =
        |expected: usize| DecodeError::WrongLength { expected: expected as u64, found: bundle.len() };
    let (header, rest) = bundle.split_at_checked(HEADER_BYTES).ok_or_else(|| wrong_length(HEADER_BYTES))?;
    let count = u32_at(header, 0) as usize;
    let entries = rest.split_at_checked(count.saturating_mul(ENTRY_BYTES));
    let (entries, mut blobs) = entries.ok_or_else(|| wrong_length(count.saturating_mul(ENTRY_BYTES)))?;
    let mut segments = Vec::new();
    let mut last_axis: Option<&[u8]> = None;
    for entry in entries.as_chunks::<ENTRY_BYTES>().0 {
        let size = u32_at(entry, 12) as usize;
        let (blob, rest) = blobs.split_at_checked(size).ok_or_else(|| wrong_length(bundle.len() + size))?;
        blobs = rest;
        last_axis = axis(blob).or(last_axis);
        let (id, count) = (i64_at(entry, 0), u32_at(entry, 8));
        let (step_min, step_max) = (i64_at(entry, 16), i64_at(entry, 24));
        if wanted(id, step_min, step_max) {
            let blob = with_axis(blob, last_axis)?;
            segments.push(Bundled { id, count, step_min, step_max, blob });
        }
    }
    if blobs.is_empty() { Ok(segments) } else { Err(wrong_length(bundle.len() - blobs.len())) }
}

/// A blob as it was before it left out its axis.
fn with_axis<'a>(blob: &'a [u8], last_axis: Option<&[u8]>) -> Result<Cow<'a, [u8]>, DecodeError> {
    if blob.len() < BLOB_HEADER_BYTES || blob[..2] != [PLAIN, SAME_AXIS] {
        return Ok(Cow::Borrowed(blob));
    }
    let (header, values) = blob.split_at(BLOB_HEADER_BYTES);
    let points = u32_at(header, 4) as usize;
    let fits = |axis: &&[u8]| {
        points.checked_mul(AXIS_POINT_BYTES) == Some(axis.len())
            && points.checked_mul(POINT_BYTES - AXIS_POINT_BYTES) == Some(values.len())
    };
    let axis =
        last_axis.filter(fits).ok_or_else(|| DecodeError::Column("an axis that does not fit".into()))?;
    let whole = [&[PLAIN, 0, 0, 0], &header[4..], axis, values].concat();
    Ok(Cow::Owned(whole))
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
    use crate::encode;
    use model::series::Points;
    use proptest::prelude::*;

    fn all(bundle: &[u8]) -> Result<Vec<Bundled<'_>>, DecodeError> {
        decode_bundle(bundle, |_, _, _| true)
    }

    fn bundled(id: i64, blob: Vec<u8>) -> Bundled<'static> {
        Bundled { id, count: 1, step_min: -id, step_max: id / 2, blob: Cow::Owned(blob) }
    }

    #[test]
    fn series_that_are_logged_together_share_their_axis() {
        let series = |first: i64, value: f64| {
            let steps: Vec<i64> = (first..first + 50).collect();
            encode(&Points { times_ms: steps.clone(), values: vec![value; 50], steps })
        };
        let blobs = [series(0, 1.0), series(0, 2.0), vec![3, 0, 0], series(0, 3.0), series(7, 1.0)];
        let segments: Vec<_> = (0_i64..).zip(blobs).map(|(id, blob)| bundled(id, blob)).collect();
        let bundle = encode_bundle(&segments);
        assert_eq!(bundle.len(), 8 + 5 * 32 + 3 + 2 * (8 + 50 * 24) + 2 * (8 + 50 * 8));
        assert_eq!(all(&bundle).unwrap(), segments);
        let third = decode_bundle(&bundle, |id, _, _| id == 3).unwrap();
        assert_eq!(third, segments[3..4], "also when those before it are not asked for");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_bundle_comes_back(rows in prop::collection::vec((any::<i64>(), prop::collection::vec(any::<u8>(), 0..20)), 0..40)) {
            // What begins like a blob without its axis is never given: the codec writes a zero there.
            let segments: Vec<_> = rows
                .into_iter()
                .filter(|(_, blob)| blob.get(..2) != Some(&[PLAIN, SAME_AXIS]))
                .map(|(id, blob)| bundled(id / 2, blob))
                .collect();
            let bundle = encode_bundle(&segments);
            prop_assert_eq!(all(&bundle).unwrap(), segments);
            // Bytes that are missing or too many are told.
            prop_assert!(all(&bundle[..bundle.len() - 1]).is_err());
            prop_assert!(all(&[bundle, vec![0]].concat()).is_err());
        }

        #[test]
        fn hostile_bytes_never_panic(mut bundle in prop::collection::vec(any::<u8>(), 0..200), count in 0_u32..6, size in 0_u32..40) {
            if let Some(first) = bundle.first_chunk_mut() {
                *first = count.to_le_bytes();
            }
            if let Some(first) = bundle.get_mut(20..).and_then(<[u8]>::first_chunk_mut) {
                *first = size.to_le_bytes();
            }
            let _ = all(&bundle);
        }
    }
}
