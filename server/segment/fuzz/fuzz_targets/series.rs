//! Answers to charts, as the browser reads them: any bytes are an answer or none.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = model::series::decode(bytes);
});
