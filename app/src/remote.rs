//! The server's side of the pages: the one file of this crate that names axum or the engine.

use crate::{error::AppError, frame::session::Session, link::Query, pages};
use axum::http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use engine::Services;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use model::{Error, ErrorKind, user::Caller};

/// Makes the verbs reachable for one request; called by the server's context closure.
pub fn provide(services: Services) {
    provide_context(services);
}

/// The verbs. Every request of a page or a server function was given them.
pub fn services() -> Services {
    expect_context()
}

/// Who asks: put on the request by the layer that checks credentials.
pub fn caller() -> Result<Caller, AppError> {
    with_parts(|parts| parts.extensions.get::<Caller>().cloned())
        .ok_or_else(|| fail(Error::new(ErrorKind::Unauthenticated, "sign in first")))
}

/// The server's clock in Unix milliseconds, for relative times.
pub fn now_ms() -> i64 {
    use_context::<Services>().map_or(0, |services| services.now().0)
}

/// The HTTP status that stands for a kind of error.
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Sends whoever asked elsewhere, whatever kind of answer they expected.
pub fn redirect(path: &str) {
    if let (Some(response), Ok(path)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(path)) {
        response.set_status(StatusCode::FOUND);
        response.insert_header(header::LOCATION, path);
    }
}

/// The status of the answer under way.
pub fn set_status(kind: ErrorKind) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status(kind));
    }
}

fn fail(error: Error) -> AppError {
    set_status(error.kind);
    AppError(error)
}

/// An error that leaves the engine sets the status of the answer as it goes, be that a page or a server function.
impl From<engine::Error> for AppError {
    fn from(error: engine::Error) -> Self {
        fail(error.into_public())
    }
}

/// What the frame needs to know of the request.
pub fn session() -> Session {
    let caller = with_parts(|parts| parts.extensions.get::<Caller>().cloned());
    let host = with_parts(|parts| {
        let host = parts.headers.get(header::HOST)?.to_str().ok()?;
        Some(format!("http://{host}"))
    });
    Session {
        role: caller.as_ref().map(|caller| caller.role),
        user: caller.map(|caller| caller.name),
        origin: host.unwrap_or_default(),
        theme: cookie("trackway_theme").unwrap_or_default(),
        rail: cookie("trackway_rail").unwrap_or_default(),
    }
}

/// The pack of the page that is asked for.
pub fn pack() -> Option<String> {
    with_parts(|parts| pages::pack(parts.uri.path(), &Query::parse(parts.uri.query().unwrap_or_default())))
}

fn cookie(name: &str) -> Option<String> {
    with_parts(|parts| {
        let all = parts.headers.get_all(header::COOKIE);
        all.iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
            .map(ToOwned::to_owned)
    })
}

fn with_parts<T>(read: impl FnOnce(&Parts) -> Option<T>) -> Option<T> {
    read(&use_context::<Parts>()?)
}

/// Only our own files and the scripts that carry this answer's nonce run; nothing third-party loads, nobody frames us.
pub fn content_security_policy() {
    let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
         style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; media-src 'self'; \
         frame-src 'self'; font-src 'self'; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let value = HeaderValue::from_str(&policy).expect("a nonce is base64");
    response.insert_header(HeaderName::from_static("content-security-policy"), value);
}
