//! The pages: Leptos renders them, complete before any script arrives.

use crate::{App, assets, error::Problem};
use app::remote;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// The sign-in page's path: it has a handler of its own, because a link with a code signs in there.
pub(crate) const SIGN_IN: &str = "/sign-in";

/// Every page that the application knows, the sign-in page aside. Written down, for asking the application means to draw it.
pub(crate) const PAGES: [&str; 7] =
    ["/", "/experiments", "/experiments/{id}", "/runs/{id}", "/trash", "/search", "/compare"];

/// What pages and server functions find in their context.
pub(crate) fn context(app: &App) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let services = app.services.clone();
    move || remote::provide(services.clone())
}

/// Renders the application for one request: a page, or the page that says there is none.
pub(crate) async fn render(State(app): State<App>, request: Request<Body>) -> Response {
    let options = app.options.clone();
    let render = leptos_axum::render_app_async_with_context(context(&app), move || {
        app::shell(options.clone(), assets::base())
    });
    render(request).await.into_response()
}

/// `POST /ui/…`: the server functions of the pages.
pub(crate) async fn server_function(State(app): State<App>, request: Request<Body>) -> Response {
    leptos_axum::handle_server_fns_with_context(context(&app), request).await.into_response()
}

#[derive(Deserialize)]
struct SignInQuery {
    code: Option<String>,
}

/// `GET /sign-in`: with a code opens a session, without one says how to get a link.
pub(crate) async fn sign_in(State(app): State<App>, request: Request<Body>) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let Ok(SignInQuery { code: Some(code) }) = serde_html_form::from_str(query) else {
        return render(State(app), request).await;
    };
    match app.services.user.sign_in(&code).await {
        Ok(secret) => with_cookie(&app, &secret, model::limits::SESSION_MILLIS / 1_000, "/"),
        Err(engine::Error::Public(_)) => Redirect::to("/sign-in?expired=true").into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /sign-out`
pub(crate) async fn sign_out(State(app): State<App>, request: Request<Body>) -> Response {
    if let Some(secret) = crate::auth::session_cookie(request.headers(), &app.access.cookie)
        && let Err(error) = app.services.user.sign_out(secret).await
    {
        return Problem::from(error).into_response();
    }
    with_cookie(&app, "", 0, SIGN_IN)
}

fn with_cookie(app: &App, secret: &str, max_age_seconds: i64, next: &str) -> Response {
    let name = &app.access.cookie;
    let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}");
    let mut response = Redirect::to(next).into_response();
    let value = HeaderValue::from_str(&cookie).expect("hex digits and our own words");
    response.headers_mut().insert(header::SET_COOKIE, value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_page_of_the_application_has_a_route() {
        let known = leptos_axum::generate_route_list(app::App);
        let known: BTreeSet<&str> = known.iter().map(leptos_axum::AxumRouteListing::path).collect();
        assert_eq!(known, PAGES.into_iter().chain([SIGN_IN]).collect());
    }
}
