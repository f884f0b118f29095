//! Columnar metric segments: how points of one series become blobs and come back, how small ones become large ones,
//! and what can be said of many points in few. Pure: no I/O, no async, no SQL; knows nothing of runs or names.

mod block;
mod bucket;
mod bundle;
mod codec;
mod grid;
mod group;
mod merge;
mod order;
mod pack;
mod smooth;
mod summary;

pub use block::{Block, Blocks, POINTS_PER_BLOCK};
pub use bucket::{Bucket, Gatherer};
pub use bundle::{Bundled, decode_bundle, encode_bundle};
pub use codec::{DecodeError, decode, decode_texts, encode, encode_texts, encode_tightly};
pub use grid::Grid;
pub use group::{Member, Spread, spread, student_t_975};
pub use merge::{is_full, pieces, plan};
pub use order::{append, sort_by_step, sort_texts_by_step};
pub use smooth::Smoother;
pub use summary::Summary;
