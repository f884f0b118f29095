//! What Trackway is about, as plain types: ids, entities, inputs, limits, errors and the wire form of
//! series. Shared by every half of the system, the browser included; knows no database and no HTTP.

pub mod artifact;
pub mod asset;
pub mod calendar;
pub mod compare;
pub mod environment;
pub mod error;
pub mod event;
pub mod experiment;
pub mod explore;
pub mod expression;
pub mod float;
pub mod histogram;
pub mod id;
pub mod ingest;
pub mod limits;
pub mod log;
pub mod media;
pub mod metric;
pub mod note;
pub mod page;
pub mod param;
pub mod process;
pub mod project;
pub mod query;
pub mod registry;
pub mod relation;
pub mod run;
pub mod run_event;
pub mod search;
pub mod series;
pub mod status_change;
pub mod table;
pub mod tag;
pub mod trace;
pub mod trash;
pub mod user;
pub mod view;

pub use error::{Error, ErrorKind, Result};
pub use float::Float64;
pub use id::{
    AssetId, ExperimentId, ProcessId, ProjectId, RunEventId, RunId, SpanId, TraceId, UnixMillis, UploadId,
    UserId, ViewId,
};
pub use page::Page;
pub use tag::Tags;
