//! Columnar metric segments: how points of one series become a blob and come back, and what can be said of
//! them in summary. Pure: no I/O, no async, no SQL; knows nothing of runs or names.

mod bucket;
mod codec;
mod order;
mod summary;

pub use bucket::bucket;
pub use codec::{DecodeError, decode, encode};
pub use order::{append, sort_by_step};
pub use summary::Summary;
