//! Processes of a run: who logs to it and is alive, and the request to stop.

mod card;
mod clock;
mod stop;

pub use card::Card;
pub use clock::Skew;
pub use stop::Stop;
