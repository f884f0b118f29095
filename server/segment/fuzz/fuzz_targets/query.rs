//! Queries that people type: any text is read, or refused at a place in it; what was read prints as a text that reads back
//! as the same; and the completion takes any text at any cursor.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::query::{QueryError, complete, parse, parse_fields, parse_orders};

/// Texts up to here are completed at every cursor, longer ones at some.
const EVERY_CURSOR_BYTES: usize = 128;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse(text) {
        Err(error) => check(text, &error),
        Ok(None) => assert!(text.trim().is_empty()),
        Ok(Some(expr)) => {
            let printed = expr.to_string();
            match parse(&printed) {
                Ok(back) => assert_eq!(back, Some(expr), "{printed}"),
                // `x in (1, 2)` prints as two comparisons, and `not in` as one more level.
                Err(error) => {
                    let of_limit = ["expected at most", "longer than"];
                    assert!(of_limit.iter().any(|words| error.message.starts_with(words)), "{printed}: {error}");
                }
            }
        }
    }
    parse_fields(text).map(drop).unwrap_or_else(|error| check(text, &error));
    parse_orders(text).map(drop).unwrap_or_else(|error| check(text, &error));
    let stride = 1 + text.len() / EVERY_CURSOR_BYTES;
    for cursor in (0..=text.len() + 1).step_by(stride) {
        if let Some(found) = complete(text, cursor) {
            assert_eq!(found.at.end, cursor);
            assert!(text.get(found.at).is_some());
        }
    }
});

fn check(text: &str, error: &QueryError) {
    let before = text.get(..error.at.start).expect("a place in the text");
    assert!(text.get(error.at.clone()).is_some(), "{error:?}");
    assert_eq!(error.character, before.chars().count() + 1);
}
