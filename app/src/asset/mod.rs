//! Assets: the datasets and models of a run.

mod card;

pub use card::Card;
