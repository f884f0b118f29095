//! The server about itself: is it there, is it ready, which version, what can be asked of it.

use crate::error::Problem;
use axum::{extract::State, http::header, response::IntoResponse};
use bytes::Bytes;
use engine::Services;
use model::{Error, ErrorKind};
use serde::Serialize;
use std::sync::{Arc, LazyLock};
use utoipa::openapi::OpenApi;

/// Text `OK` while the process answers.
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, content_type = "text/plain", body = str)))]
pub(crate) async fn health() -> &'static str {
    "OK"
}

/// Text `OK` while the process answers; for orchestrators that restart what is not live.
#[utoipa::path(get, path = "/live", tag = "server", responses((status = 200, content_type = "text/plain", body = str)))]
pub(crate) async fn live() -> &'static str {
    "OK"
}

/// Text `OK` when the database answers too; 503 otherwise.
#[utoipa::path(get, path = "/ready", tag = "server",
    responses((status = 200, content_type = "text/plain", body = str), (status = 503)))]
pub(crate) async fn ready(State(services): State<Services>) -> Result<&'static str, Problem> {
    match services.ready().await {
        Ok(()) => Ok("OK"),
        Err(error) => {
            tracing::warn!("not ready: {error}");
            Err(Error::new(ErrorKind::Unavailable, "the database does not answer").into())
        }
    }
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Version {
    version: &'static str,
    /// Counts up when a client must change.
    api: u32,
}

#[utoipa::path(get, path = "/api/v1/version", tag = "server", responses((status = 200, body = Version)))]
pub(crate) async fn version() -> axum::Json<Version> {
    axum::Json(Version { version: env!("CARGO_PKG_VERSION"), api: 1 })
}

/// This document, made when it is first asked for. Cheap to clone, as every request does.
#[derive(Clone)]
pub(crate) struct OpenApiDocument(Arc<LazyLock<Bytes, Make>>);

type Make = Box<dyn FnOnce() -> Bytes + Send>;

impl OpenApiDocument {
    pub fn later(document: impl FnOnce() -> OpenApi + Send + 'static) -> Self {
        let make = move || Bytes::from(document().to_json().expect("our own document is JSON"));
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

pub(crate) async fn openapi(document: axum::Extension<OpenApiDocument>) -> impl IntoResponse {
    let json = Bytes::clone(&document.0.0);
    ([(header::CONTENT_TYPE, "application/json")], json)
}
