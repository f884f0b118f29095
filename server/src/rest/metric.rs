//! Ingest and series over REST.

use super::Reply;
use crate::{
    error::Problem,
    extract::{Json, Query},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use engine::Services;
use model::{
    id::hex,
    ingest::{IngestBatch, IngestReceipt},
    series::{self, SeriesQuery},
    user::Caller,
};
use sha2::{Digest as _, Sha256};

/// Stores a batch of points, params and tags, whole or not at all. The answer means that it is durable.
#[utoipa::path(post, path = "/api/v1/ingest", request_body = IngestBatch, tag = "metric",
    responses((status = 200, body = IngestReceipt)))]
pub(crate) async fn ingest(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(batch): Json<IngestBatch>,
) -> Reply<IngestReceipt> {
    Ok(axum::Json(services.metric.ingest(&caller, batch).await?))
}

/// Series as columns of little-endian numbers; the format stands in the source of `model::series`.
#[utoipa::path(get, path = "/api/v1/series", params(SeriesQuery), tag = "metric",
    responses((status = 200, content_type = "application/vnd.trackway.series", body = Vec<u8>), (status = 304)))]
pub(crate) async fn series(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<SeriesQuery>,
) -> Result<Response, Problem> {
    let bytes = series::encode(&services.metric.series(&caller, query).await?);
    let digest = Sha256::digest(&bytes);
    let etag = format!("\"{}\"", hex(&digest[..12]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let tags = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, "private, no-cache")];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, tags).into_response());
    }
    Ok((tags, [(header::CONTENT_TYPE, series::MIME)], bytes).into_response())
}
