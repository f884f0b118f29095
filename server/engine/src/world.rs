//! Time and chance, which the rest of the system asks for here: so a test may decide them.

use model::{RunId, UnixMillis};

/// A clock and a source of randomness.
#[derive(Clone, Copy, Debug)]
pub struct World {
    now: fn() -> UnixMillis,
    fill: fn(&mut [u8]),
}

impl World {
    /// The real clock and the operating system's randomness.
    pub fn real() -> Self {
        Self { now: system_now, fill: system_fill }
    }

    pub fn new(now: fn() -> UnixMillis, fill: fn(&mut [u8])) -> Self {
        Self { now, fill }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        (self.now)()
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }

    pub(crate) fn run_id(&self) -> RunId {
        RunId::from_bytes(self.bytes())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
fn system_now() -> UnixMillis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UnixMillis(since.map_or(0, |since| since.as_millis() as i64))
}

#[expect(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
fn system_fill(bytes: &mut [u8]) {
    rand::RngCore::fill_bytes(&mut rand::rng(), bytes);
}
