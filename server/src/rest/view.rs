//! Saved views over REST.

use super::Reply;
use crate::{
    error::Problem,
    extract::{At, Json, Query},
};
use axum::{Extension, extract::State, http::StatusCode};
use engine::Services;
use model::{
    ViewId,
    user::Caller,
    view::{View, ViewNew, ViewQuery, ViewUpdate},
};

/// The caller's views of an experiment and those that are shared, by name.
#[utoipa::path(get, path = "/api/v1/views", params(ViewQuery), tag = "view",
    responses((status = 200, body = Vec<View>)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ViewQuery>,
) -> Reply<Vec<View>> {
    Ok(axum::Json(services.view.list(&caller, query.experiment_id).await?))
}

#[utoipa::path(post, path = "/api/v1/views", request_body = ViewNew, tag = "view",
    responses((status = 201, body = View)))]
pub(crate) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<ViewNew>,
) -> Result<(StatusCode, axum::Json<View>), Problem> {
    Ok((StatusCode::CREATED, axum::Json(services.view.create(&caller, new).await?)))
}

/// Renames, saves anew, shares, or makes it what the experiment opens with. Only its author and admins change a view;
/// `default_for_me` is everybody's own.
#[utoipa::path(patch, path = "/api/v1/views/{id}", params(("id" = String, Path)), tag = "view",
    request_body = ViewUpdate, responses((status = 200, body = View)))]
pub(crate) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<ViewId>,
    Json(update): Json<ViewUpdate>,
) -> Reply<View> {
    Ok(axum::Json(services.view.update(&caller, id, update).await?))
}

#[utoipa::path(delete, path = "/api/v1/views/{id}", params(("id" = String, Path)), tag = "view",
    responses((status = 204)))]
pub(crate) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<ViewId>,
) -> Result<StatusCode, Problem> {
    services.view.delete(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
