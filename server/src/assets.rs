//! The browser half: script, wasm and style, served under a path that changes with their content, so that they may be
//! cached for ever. A release holds them inside; a development build reads them from the site folder.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../target/site"]
struct Site;

/// The version of the assets: a digest over all of them. Absent when they were not built.
pub(crate) fn version() -> Option<String> {
    let file = Site::get("version")?;
    let text = std::str::from_utf8(&file.data).ok()?.trim();
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| text.to_owned())
}

/// Where pages find them.
pub(crate) fn base() -> String {
    format!("/pkg/{}", version().as_deref().unwrap_or("none"))
}

/// `GET /pkg/{version}/{*path}`
pub(crate) async fn get(Path((asked, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    if version().as_deref() != Some(&asked) {
        return (StatusCode::NOT_FOUND, "another version of the site is served now\n").into_response();
    }
    let name = format!("pkg/{path}");
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let brotli =
        accepted.split(',').any(|coding| coding.split(';').next().is_some_and(|one| one.trim() == "br"));
    match Site::get(&format!("{name}.br")).filter(|_| brotli) {
        Some(file) => answer(&name, file, Some("br")),
        None => match Site::get(&name) {
            Some(file) => answer(&name, file, None),
            None => (StatusCode::NOT_FOUND, "no such file\n").into_response(),
        },
    }
}

fn answer(name: &str, file: EmbeddedFile, encoding: Option<&'static str>) -> Response {
    let mime = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    let mut response = (headers, file.data).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
