//! Stored blobs: any bytes decode or are refused, without a panic and without more memory than a segment has.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|blob: &[u8]| {
    if let Ok(points) = segment::decode(blob) {
        assert_eq!(points.steps.len(), points.times_ms.len());
        assert_eq!(points.steps.len(), points.values.len());
    }
    let _ = segment::decode_texts(blob, false);
    let _ = segment::Blocks::decode(blob);
});
