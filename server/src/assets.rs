//! The browser half: script, wasm and style, served under a path that changes with their content, so that they may be
//! cached for ever. A release holds them inside; a development build reads them from the site folder.

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet};

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

#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// Names of modules with commas between them, of `modules.pack`.
    of: Option<String>,
}

/// `GET /pkg/{version}/{*path}`
pub(crate) async fn get(
    Path((asked, path)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    if version().as_deref() != Some(&asked) {
        return (StatusCode::NOT_FOUND, "another version of the site is served now\n").into_response();
    }
    if let (MODULES, Some(names)) = (path.as_str(), &wanted.of) {
        return match pack(names) {
            Some(bytes) => sent(MODULES, bytes.into(), None),
            None => (StatusCode::NOT_FOUND, "no such module\n").into_response(),
        };
    }
    let name = format!("pkg/{path}");
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let brotli =
        accepted.split(',').any(|coding| coding.split(';').next().is_some_and(|one| one.trim() == "br"));
    match Site::get(&format!("{name}.br")).filter(|_| brotli) {
        Some(file) => sent(&name, file.data, Some("br")),
        None => match Site::get(&name) {
            Some(file) => sent(&name, file.data, None),
            None => (StatusCode::NOT_FOUND, "no such file\n").into_response(),
        },
    }
}

/// What a page needs later, as one file.
const MODULES: &str = "modules.pack";

/// Modules one after the other, behind their names and lengths (`xtask/src/load.js` reads it). Each is there once, so that
/// nobody gets more than all of them.
fn pack(names: &str) -> Option<Vec<u8>> {
    let names: BTreeSet<&str> = names.split(',').collect();
    let is_module = |name: &str| !name.contains('/') && name.rsplit('.').next() == Some("wasm");
    let files = names.iter().map(|name| Site::get(&format!("pkg/{name}")).filter(|_| is_module(name)));
    let files: Vec<_> = files.collect::<Option<_>>()?;
    let list: Vec<_> = names.iter().zip(&files).map(|(name, file)| (name, file.data.len())).collect();
    let list = serde_json::to_vec(&list).ok()?;
    let length = u32::try_from(list.len()).ok()?.to_le_bytes();
    let parts = [&length[..], &list].into_iter().chain(files.iter().map(|file| &*file.data));
    Some(parts.collect::<Vec<_>>().concat())
}

fn sent(name: &str, data: Cow<'static, [u8]>, encoding: Option<&'static str>) -> Response {
    let mime = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        // A type of its own, because what has none is not compressed on its way.
        Some("pack") => "application/vnd.trackway.pack",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    let mut response = (headers, data).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
