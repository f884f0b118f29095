//! Batches from clients: any bytes are a batch or an error, and a batch writes back to the same content.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::ingest::{decode_binary, encode_binary};

fuzz_target!(|body: &[u8]| {
    if let Ok(batch) = decode_binary(body)
        && batch.check().is_ok()
    {
        assert_eq!(decode_binary(&encode_binary(&batch)), Ok(batch));
    }
});
