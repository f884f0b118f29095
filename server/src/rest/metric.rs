//! Ingest and series over REST.

use super::Reply;
use crate::{
    error::Problem,
    export::{self, Csv, Parquet},
    extract::{self, At, Json, Query},
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use engine::{Services, metric::SeriesAnswer};
use model::{
    Error, ErrorKind, RunId,
    ingest::{self, IngestBatch, IngestReceipt},
    limits,
    metric::MetricExportQuery,
    series::{self, SeriesQuery},
    user::Caller,
};

/// Stores a batch of points, params and tags, whole or not at all. The answer means that it is durable.
///
/// Beside JSON, `application/vnd.trackway.batch` takes the same as columns of bytes; the format stands in the source
/// of `model::ingest`. An answer 503 asks to send the same batch again after the seconds in `Retry-After`.
#[utoipa::path(post, path = "/api/v1/ingest", tag = "metric",
    request_body(content((IngestBatch = "application/json"), (Vec<u8> = "application/vnd.trackway.batch"))),
    responses((status = 200, body = IngestReceipt)))]
pub(crate) async fn ingest(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Reply<IngestReceipt> {
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    // A body of unknown length takes the room of the largest.
    let room = services.metric.room(&caller, announced.unwrap_or(limits::JSON_BODY_BYTES_MAX)).await?;
    let batch = if extract::mime(request.headers()).eq_ignore_ascii_case(ingest::BINARY_MIME) {
        ingest::decode_binary(&extract::body(request).await?)?
    } else {
        extract::json(request).await?
    };
    Ok(axum::Json(services.metric.ingest(&caller, batch, Some(room)).await?))
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
    answer(&services, &caller, &headers, query).await
}

/// The same, for questions too long for an address.
#[utoipa::path(post, path = "/api/v1/series", request_body = SeriesQuery, tag = "metric",
    responses((status = 200, content_type = "application/vnd.trackway.series", body = Vec<u8>), (status = 304)))]
pub(crate) async fn series_by_post(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Json(query): Json<SeriesQuery>,
) -> Result<Response, Problem> {
    answer(&services, &caller, &headers, query).await
}

/// The metrics of a run as CSV: a row each in numbers, or all points of some.
///
/// Written as `GET /api/v1/runs.csv` is. Points come by step, those of all contexts of a metric in turns.
#[utoipa::path(get, path = "/api/v1/runs/{id}/metrics.csv", params(("id" = String, Path), MetricExportQuery),
    tag = "metric", responses((status = 200, content_type = "text/csv", body = String)))]
pub(crate) async fn export_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<MetricExportQuery>,
) -> Result<Response, Problem> {
    export::answer::<Csv>(services.metric.export(&caller, &id, query).await?).await
}

/// The same as Parquet.
#[utoipa::path(get, path = "/api/v1/runs/{id}/metrics.parquet", params(("id" = String, Path), MetricExportQuery),
    tag = "metric",
    responses((status = 200, content_type = "application/vnd.apache.parquet", body = Vec<u8>)))]
pub(crate) async fn export_parquet(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<MetricExportQuery>,
) -> Result<Response, Problem> {
    export::answer::<Parquet>(services.metric.export(&caller, &id, query).await?).await
}

async fn answer(
    services: &Services,
    caller: &Caller,
    headers: &HeaderMap,
    query: SeriesQuery,
) -> Result<Response, Problem> {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.map(|value| value.trim_start_matches("W/").trim_matches('"'));
    let tags = |version: &str| {
        [(header::ETAG, format!("\"{version}\"")), (header::CACHE_CONTROL, "private, no-cache".to_owned())]
    };
    Ok(match services.metric.series(caller, query, known).await? {
        SeriesAnswer::Unchanged { version } => (StatusCode::NOT_MODIFIED, tags(&version)).into_response(),
        SeriesAnswer::Fresh { version, series } => {
            // Off the threads that answer others: an answer may be some megabytes.
            let bytes = tokio::task::spawn_blocking(move || series::encode(&series)).await;
            let bytes =
                bytes.map_err(|_| Error::new(ErrorKind::Internal, "the answer could not be written"))?;
            (tags(&version), [(header::CONTENT_TYPE, series::MIME)], bytes).into_response()
        }
    })
}
