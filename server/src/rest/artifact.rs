//! Artifacts over REST: streamed both ways.

use super::Reply;
use crate::{
    error::Problem,
    export,
    extract::{At, Json, Query},
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
    Error, RunId, UploadId,
    artifact::{Artifact, ArtifactCopy, ArtifactPath, Owner, PartsJoin, ReferenceNew},
    limits,
    user::Caller,
};
use serde::{Deserialize, Serialize};

/// What the client says that the content hashes to.
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-content-sha256");

/// Types that a browser may show as what they are. Anything else, markup above all, is shown as plain text or saved.
const SHOWN_AS_IS: [&str; 18] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/avif",
    "application/json",
    "text/csv",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/x-wav",
    "audio/flac",
    "audio/aac",
    "audio/mp4",
    "video/ogg",
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
    /// Show pages, drawings and PDF as what they are, with nothing in them that runs or loads.
    #[serde(default)]
    pub(super) shown: bool,
}

/// The content, or the part of it that a Range header asks for.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifacts/{*path}", tag = "artifact",
    params(("id" = String, Path), ("path" = String, Path), DownloadQuery),
    responses((status = 200, content_type = "*/*", body = Vec<u8>), (status = 206), (status = 416)))]
pub(crate) async fn download(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(RunId, ArtifactPath)>,
    Query(query): Query<DownloadQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    serve(&services, &caller, &id.into(), &path, &query, &headers).await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArchiveQuery {
    /// A folder; absent: all files.
    pub(super) path: Option<ArtifactPath>,
}

/// All files below a folder as a ZIP archive, written while it is read.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifacts.zip", tag = "artifact",
    params(("id" = String, Path), ArchiveQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>)))]
pub(crate) async fn archive(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<ArchiveQuery>,
) -> Result<Response, Problem> {
    export::zip(services.artifact.archive(&caller, &id.into(), query.path.as_ref()).await?).await
}

/// Notes that a file or folder lies elsewhere: it is listed among the files of the run, and nothing of it is fetched or
/// kept. It takes the place of what was under the path, as an upload takes its place.
#[utoipa::path(put, path = "/api/v1/runs/{id}/references/{*path}", tag = "artifact",
    params(("id" = String, Path), ("path" = String, Path)), request_body = ReferenceNew,
    responses((status = 201, body = Artifact), (status = 200, body = Artifact)))]
pub(crate) async fn refer(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(RunId, ArtifactPath)>,
    Json(new): Json<ReferenceNew>,
) -> Result<(StatusCode, axum::Json<Artifact>), Problem> {
    let (artifact, new) = services.artifact.refer(&caller, &id.into(), path, new).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(artifact)))
}

/// Takes a file, or all below a folder, out of the run.
#[utoipa::path(delete, path = "/api/v1/runs/{id}/artifacts/{*path}", tag = "artifact",
    params(("id" = String, Path), ("path" = String, Path)), responses((status = 204)))]
pub(crate) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(RunId, ArtifactPath)>,
) -> Result<StatusCode, Problem> {
    services.artifact.remove(&caller, &id.into(), &path).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Other runs and models that have the content of a file: the newest 50.
#[utoipa::path(get, path = "/api/v1/runs/{id}/artifact-copies", tag = "artifact",
    params(("id" = String, Path), CopiesQuery), responses((status = 200, body = Vec<ArtifactCopy>)))]
pub(crate) async fn copies(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<CopiesQuery>,
) -> Reply<Vec<ArtifactCopy>> {
    Ok(axum::Json(services.artifact.copies(&caller, &id.into(), &query.path).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CopiesQuery {
    path: ArtifactPath,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct UploadBegun {
    id: UploadId,
}

/// Begins a file that comes in parts: a connection that breaks costs one part only. Parts that are never joined are
/// removed a day later.
#[utoipa::path(post, path = "/api/v1/uploads", tag = "artifact", responses((status = 201, body = UploadBegun)))]
pub(crate) async fn begin_parts(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Result<(StatusCode, axum::Json<UploadBegun>), Problem> {
    let id = services.artifact.begin_parts(&caller)?;
    Ok((StatusCode::CREATED, axum::Json(UploadBegun { id })))
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PartStored {
    /// What the part hashes to.
    sha256: String,
}

/// Stores one part, from 1 up. A part that is sent again takes the former's place.
#[utoipa::path(put, path = "/api/v1/uploads/{id}/{number}", tag = "artifact",
    params(("id" = String, Path), ("number" = u32, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = PartStored)))]
pub(crate) async fn put_part(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, number)): At<(UploadId, u32)>,
    body: Body,
) -> Reply<PartStored> {
    let sha256 = services.artifact.put_part(&caller, &id, number, body.into_data_stream()).await?;
    Ok(axum::Json(PartStored { sha256 }))
}

/// Removes the parts of a file that will not be joined.
#[utoipa::path(delete, path = "/api/v1/uploads/{id}", tag = "artifact", params(("id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn drop_parts(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<UploadId>,
) -> Result<StatusCode, Problem> {
    services.artifact.drop_parts(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes one file of the parts that were sent; it shows under its path only once it is complete and its hash is checked.
#[utoipa::path(post, path = "/api/v1/runs/{id}/artifacts/{*path}", tag = "artifact",
    params(("id" = String, Path), ("path" = String, Path)), request_body = PartsJoin,
    responses((status = 201, body = Artifact)))]
pub(crate) async fn join_parts(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(RunId, ArtifactPath)>,
    Json(join): Json<PartsJoin>,
) -> Result<(StatusCode, axum::Json<Artifact>), Problem> {
    let PartsJoin { upload_id, part_count, sha256 } = join;
    if part_count > limits::ARTIFACT_PARTS_MAX {
        let expected = format!("at most {} parts", limits::ARTIFACT_PARTS_MAX);
        return Err(Error::too_large("part_count", expected).into());
    }
    let numbers: Vec<u32> = (1..=part_count).collect();
    let (owner, sha256) = (id.into(), sha256.as_deref());
    let joined = services.artifact.join_parts(&caller, &owner, path, &upload_id, &numbers, sha256).await?;
    Ok((StatusCode::CREATED, axum::Json(joined)))
}

/// The content of a file, or the part of it that a Range header asks for; inert whatever is inside.
pub(super) async fn serve(
    services: &Services,
    caller: &Caller,
    owner: &Owner,
    path: &ArtifactPath,
    query: &DownloadQuery,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).and_then(byte_range);
    let open = match services.artifact.open(caller, owner, path, range).await {
        Ok(open) => open,
        Err(error) => return not_opened(services, caller, owner, path, error.into_public()).await,
    };
    let artifact = &open.artifact;
    let length = open.range.end - open.range.start;
    let disposition = if query.download { "attachment" } else { "inline" };
    let file_name =
        percent_encoding::utf8_percent_encode(path.file_name(), percent_encoding::NON_ALPHANUMERIC);
    let (mime, policy) = shown_type(&artifact.mime, query.shown && !query.download);
    let fixed = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename*=UTF-8''{file_name}")),
        (header::ETAG, format!("\"{}\"", artifact.sha256)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy.to_owned()),
        // Our own pages show it in a frame.
        (header::X_FRAME_OPTIONS, if query.shown { "SAMEORIGIN" } else { "DENY" }.to_owned()),
    ];
    let (start, end, size) = (open.range.start, open.range.end, artifact.size_bytes);
    let body = Body::from_stream(open.bytes);
    if range.is_none() {
        return Ok((fixed, body).into_response());
    }
    let part = content_range(start, end, size);
    Ok((StatusCode::PARTIAL_CONTENT, fixed, [(header::CONTENT_RANGE, part)], body).into_response())
}

/// Why a file is not served. Whoever asked for bytes behind its end is told where that is (RFC 9110, section 15.5.17).
async fn not_opened(
    services: &Services,
    caller: &Caller,
    owner: &Owner,
    path: &ArtifactPath,
    error: Error,
) -> Result<Response, Problem> {
    if error.field.as_deref() != Some("Range") {
        return Err(error.into());
    }
    let size = services.artifact.get(caller, owner, path).await?.size_bytes;
    let whole = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
    Ok((whole, Problem(error).with_status(StatusCode::RANGE_NOT_SATISFIABLE)).into_response())
}

/// What of how much follows.
pub(crate) fn content_range(start: u64, end: u64, size: i64) -> String {
    format!("bytes {start}-{}/{size}", end.saturating_sub(1))
}

/// Whatever is inside, it may run nothing and load nothing.
const INERT: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'";
/// The same with the pictures and fonts that a page carries in itself.
const INERT_PAGE: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'";
/// Browsers' own viewers of PDF do not work in a sandbox; what the document holds has none of our origin's rights in them.
const INERT_PDF: &str =
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// What a file is said to be, and what it may do. As what they are, pages and the like are shown only when asked for so.
fn shown_type(mime: &str, shown: bool) -> (&'static str, &'static str) {
    match (mime, SHOWN_AS_IS.iter().find(|known| **known == mime)) {
        (_, Some(known)) => (known, INERT),
        ("text/html", _) if shown => ("text/html; charset=utf-8", INERT_PAGE),
        ("image/svg+xml", _) if shown => ("image/svg+xml", INERT_PAGE),
        ("application/pdf", _) if shown => ("application/pdf", INERT_PDF),
        _ if mime.starts_with("text/") || mime.ends_with("xml") => ("text/plain; charset=utf-8", INERT),
        _ => ("application/octet-stream", INERT),
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
        for (mime, said) in [
            ("text/html", "text/plain; charset=utf-8"),
            ("image/svg+xml", "text/plain; charset=utf-8"),
            ("application/pdf", "application/octet-stream"),
            ("application/x-python", "application/octet-stream"),
            ("image/png", "image/png"),
        ] {
            assert_eq!(shown_type(mime, false), (said, INERT), "{mime}");
        }
    }

    #[test]
    fn what_is_shown_as_what_it_is_runs_nothing() {
        for mime in
            ["text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "application/javascript"]
        {
            let (_, policy) = shown_type(mime, true);
            assert!(
                policy.starts_with("sandbox; default-src 'none'") && !policy.contains("script"),
                "{mime}"
            );
        }
        assert_eq!(shown_type("application/xhtml+xml", true).0, "text/plain; charset=utf-8");
        assert_eq!(shown_type("application/pdf", true), ("application/pdf", INERT_PDF));
    }
}
