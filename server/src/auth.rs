//! Layers before every handler: is this name ours, who is asking, may they.

use crate::{App, error::Problem, policy::Access};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use base64::prelude::{BASE64_STANDARD as BASE64, Engine as _};
use model::{
    Error, ErrorKind,
    user::{Caller, Role, Via},
};

/// Answers only requests that name this server: what a web page elsewhere sends after rebinding its name does not.
pub(crate) async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().authority().map(Authority::as_str))
        .map(str::to_ascii_lowercase);
    match named {
        Some(host) if app.access.hosts.contains(&host) => next.run(request).await,
        _ => {
            (StatusCode::MISDIRECTED_REQUEST, "this server is not known by that host name\n").into_response()
        }
    }
}

/// Finds out who is asking and holds the route's policy row against it; without a row nobody may.
pub(crate) async fn authorize(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let row = pattern.as_deref().and_then(|pattern| app.policy.row(request.method(), pattern));
    let Some(access) = row else {
        return Problem(Error::new(ErrorKind::NotFound, "no such route")).into_response();
    };
    let caller = match identify(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(_) if access == Access::Public => None,
        Err(problem) => return problem.into_response(),
    };
    let (role, page) = match access {
        Access::Public => (None, true),
        Access::Api(role) => (Some(role), false),
        Access::Page(role) => (Some(role), true),
    };
    match (&caller, role) {
        (None, Some(_)) if page => return Redirect::to(&sign_in_url(request.uri())).into_response(),
        (None, Some(_)) => {
            return Problem(Error::new(ErrorKind::Unauthenticated, "send a token or sign in"))
                .into_response();
        }
        (Some(caller), Some(role)) => {
            if let Err(error) = caller.require(role) {
                return Problem(error).into_response();
            }
        }
        (_, None) => {}
    }
    if let Some(mut caller) = caller {
        caller.via = via(pattern.as_deref().unwrap_or_default());
        request.extensions_mut().insert(caller);
    }
    let changes = role.is_some_and(|role| role > Role::Viewer);
    if changes { see_through(next.run(request)).await } else { next.run(request).await }
}

/// By which way a request to this route came.
fn via(pattern: &str) -> Via {
    if pattern.starts_with("/ui/") {
        Via::Page
    } else if pattern.contains("/mlflow") {
        Via::Mlflow
    } else {
        Via::Api
    }
}

/// Goes on with what changes something when the client hangs up: what is committed is also told to those who watch, and
/// to what is kept in memory.
async fn see_through(answer: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(answer).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Problem(Error::new(ErrorKind::Unavailable, "the server is stopping")).into_response(),
        },
    }
}

/// The caller by bearer token or session cookie; an error when a token came that is not ours.
async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    if let Some(caller) = &app.access.open_to {
        return Ok(Some(caller.clone()));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(token_in);
        let caller = match token {
            Some(token) => app.services.user.by_token(&token).await?,
            None => None,
        };
        let unknown =
            || Error::new(ErrorKind::Unauthenticated, "this token is not known here; expected Bearer trk_…");
        return caller.map(Some).ok_or_else(|| unknown().into());
    }
    match session_cookie(headers, &app.access.cookie) {
        Some(secret) => Ok(app.services.user.by_session(secret).await?),
        None => Ok(None),
    }
}

/// The token in an Authorization header: after `Bearer`, or as the password of `Basic`, whatever the user name.
fn token_in(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let decoded = BASE64.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(password.to_owned())
}

/// The session's secret, if the browser sent one.
pub(crate) fn session_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// The sign-in page, which brings the person back to where they wanted to go.
fn sign_in_url(wanted: &Uri) -> String {
    let wanted = wanted.path_and_query().map_or("/", |path| path.as_str());
    let next = percent_encoding::utf8_percent_encode(wanted, percent_encoding::NON_ALPHANUMERIC);
    format!("/sign-in?next={next}")
}
