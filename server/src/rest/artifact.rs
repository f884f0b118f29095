//! Artifacts over REST: streamed both ways.

use super::Reply;
use crate::{
    error::Problem,
    extract::{At, Query},
};
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use engine::{Services, artifact::ByteRange};
use model::{
    Error, RunId,
    artifact::{Artifact, ArtifactPath, Owner},
    user::Caller,
};
use serde::Deserialize;

/// What the client says that the content hashes to.
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-content-sha256");

/// Types that a browser may show as what they are. Anything else, markup above all, is shown as plain text or saved.
const SHOWN_AS_IS: [&str; 10] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/json",
    "text/csv",
    "audio/mpeg",
    "audio/ogg",
    "video/mp4",
    "video/webm",
];

#[utoipa::path(get, path = "/api/v1/runs/{id}/artifacts", params(("id" = String, Path)), tag = "artifact",
    responses((status = 200, body = Vec<Artifact>)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
) -> Reply<Vec<Artifact>> {
    Ok(axum::Json(services.artifact.list(&caller, &id.into()).await?))
}

/// Stores the body under a path of the run; it shows there only once it is complete and its hash is checked.
#[utoipa::path(put, path = "/api/v1/runs/{id}/artifacts/{*path}", tag = "artifact",
    params(("id" = String, Path), ("path" = String, Path), ("X-Content-SHA256" = Option<String>, Header)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = Artifact), (status = 200, body = Artifact)))]
pub(crate) async fn upload(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(RunId, ArtifactPath)>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, axum::Json<Artifact>), Problem> {
    let expected = headers.get(CONTENT_SHA256).map(HeaderValue::to_str).transpose();
    let expected = expected.map_err(|_| Error::invalid("X-Content-SHA256", "expected 64 hex digits"))?;
    let content = body.into_data_stream();
    let (artifact, new) = services.artifact.upload(&caller, &id.into(), path, expected, content).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(artifact)))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DownloadQuery {
    /// Save instead of show.
    #[serde(default)]
    pub(super) download: bool,
}

/// The content, or the part of it that a Range header asks for.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifacts/{*path}", tag = "artifact",
    params(("id" = String, Path), ("path" = String, Path), DownloadQuery),
    responses((status = 200, content_type = "*/*", body = Vec<u8>), (status = 206)))]
pub(crate) async fn download(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(RunId, ArtifactPath)>,
    Query(query): Query<DownloadQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    serve(&services, &caller, &id.into(), &path, query.download, &headers).await
}

/// The content of a file, or the part of it that a Range header asks for; inert whatever is inside.
pub(super) async fn serve(
    services: &Services,
    caller: &Caller,
    owner: &Owner,
    path: &ArtifactPath,
    download: bool,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).and_then(byte_range);
    let open = services.artifact.open(caller, owner, path, range).await?;
    let artifact = &open.artifact;
    let length = open.range.end - open.range.start;
    let disposition = if download { "attachment" } else { "inline" };
    let file_name =
        percent_encoding::utf8_percent_encode(path.file_name(), percent_encoding::NON_ALPHANUMERIC);
    let fixed = [
        (header::CONTENT_TYPE, shown_type(&artifact.mime).to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename*=UTF-8''{file_name}")),
        (header::ETAG, format!("\"{}\"", artifact.sha256)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        // Whatever is inside, it may run nothing and load nothing.
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'".to_owned(),
        ),
    ];
    let (start, end, size) = (open.range.start, open.range.end, artifact.size_bytes);
    let body = Body::from_stream(open.bytes);
    if range.is_none() {
        return Ok((fixed, body).into_response());
    }
    let part = content_range(start, end, size);
    Ok((StatusCode::PARTIAL_CONTENT, fixed, [(header::CONTENT_RANGE, part)], body).into_response())
}

/// What of how much follows.
pub(crate) fn content_range(start: u64, end: u64, size: i64) -> String {
    format!("bytes {start}-{}/{size}", end.saturating_sub(1))
}

fn shown_type(mime: &str) -> &str {
    match SHOWN_AS_IS.iter().find(|shown| **shown == mime) {
        Some(shown) => shown,
        None if mime.starts_with("text/") || mime.ends_with("xml") => "text/plain; charset=utf-8",
        None => "application/octet-stream",
    }
}

/// One range of bytes (RFC 9110, section 14.1.2). Others, such as several ranges, are ignored as the RFC allows.
pub(crate) fn byte_range(value: &str) -> Option<ByteRange> {
    let (start, end) = value.strip_prefix("bytes=")?.split_once('-')?;
    match (start.trim(), end.trim()) {
        ("", count) => Some(ByteRange::Last(count.parse().ok()?)),
        (start, "") => Some(ByteRange::From { start: start.parse().ok()?, end: None }),
        (start, end) => Some(ByteRange::From { start: start.parse().ok()?, end: Some(end.parse().ok()?) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let from = |start, end| Some(ByteRange::From { start, end });
        assert_eq!(byte_range("bytes=0-4"), from(0, Some(4)));
        assert_eq!(byte_range("bytes=5-"), from(5, None));
        assert_eq!(byte_range("bytes=-3"), Some(ByteRange::Last(3)));
        for other in ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=0-1,3-4", "items=0-4"] {
            assert_eq!(byte_range(other), None, "{other}");
        }
    }

    #[test]
    fn markup_is_never_served_as_markup() {
        assert_eq!(shown_type("text/html"), "text/plain; charset=utf-8");
        assert_eq!(shown_type("image/svg+xml"), "text/plain; charset=utf-8");
        assert_eq!(shown_type("application/x-python"), "application/octet-stream");
        assert_eq!(shown_type("image/png"), "image/png");
    }
}
