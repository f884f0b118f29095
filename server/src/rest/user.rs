//! Who am I, and a link to sign a browser in.

use super::Reply;
use crate::App;
use axum::{Extension, extract::State};
use model::user::Caller;
use serde::Serialize;

/// The caller, as the server sees them.
#[utoipa::path(get, path = "/api/v1/me", tag = "user", responses((status = 200, body = Caller)))]
pub(crate) async fn me(Extension(caller): Extension<Caller>) -> axum::Json<Caller> {
    axum::Json(caller)
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SignInLink {
    /// Opens a session for the caller, once, within the hour.
    url: String,
}

/// Makes a one-time link that signs a browser in as the caller.
#[utoipa::path(post, path = "/api/v1/sign-in-links", tag = "user", responses((status = 200, body = SignInLink)))]
pub(crate) async fn create_link(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Reply<SignInLink> {
    let code = app.services.user.create_link(&caller).await?;
    Ok(axum::Json(SignInLink { url: format!("{}/sign-in?code={code}", app.access.url) }))
}
