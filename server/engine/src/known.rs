//! Callers whose token was looked up a moment ago: a client that sends thousands of requests a second is not looked up
//! for each. What changes about a token takes effect when its moment is over.

use model::{limits, user::Caller};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// By the digest of the secret; secrets themselves are not kept.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, (Caller, Instant)>>);

impl Known {
    pub fn get(&self, sha256: &str) -> Option<Caller> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, since) = known.get(sha256)?;
        (since.elapsed() < Duration::from_millis(limits::TOKEN_KNOWN_MILLIS)).then(|| caller.clone())
    }

    pub fn put(&self, sha256: String, caller: Caller) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::TOKENS_KNOWN_MAX {
            known.clear();
        }
        known.insert(sha256, (caller, Instant::now()));
    }
}
