//! `/api/v1`: one file a feature. Each handler decodes, calls one verb, encodes.

pub(crate) mod artifact;
pub(crate) mod asset;
pub(crate) mod compare;
pub(crate) mod environment;
pub(crate) mod experiment;
pub(crate) mod explore;
pub(crate) mod log;
pub(crate) mod media;
pub(crate) mod metric;
pub(crate) mod note;
pub(crate) mod process;
pub(crate) mod project;
pub(crate) mod run;
pub(crate) mod run_event;
pub(crate) mod search;
pub(crate) mod server;
pub(crate) mod trash;
pub(crate) mod user;
pub(crate) mod view;

use crate::error::Problem;
use axum::Json;

/// A JSON answer or a problem.
pub(crate) type Reply<T> = Result<Json<T>, Problem>;
