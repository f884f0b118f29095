//! The trash over REST.

use super::Reply;
use crate::{
    error::Problem,
    extract::{Json, Query},
};
use axum::{Extension, extract::State, http::StatusCode};
use engine::Services;
use model::{
    trash::{TrashPage, TrashQuery, TrashSet, TrashSize},
    user::Caller,
};

/// Experiments that were thrown away, and runs that were thrown away by themselves, the last first.
#[utoipa::path(get, path = "/api/v1/trash", params(TrashQuery), tag = "trash",
    responses((status = 200, body = TrashPage)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<TrashQuery>,
) -> Reply<TrashPage> {
    Ok(axum::Json(services.trash.list(&caller, query).await?))
}

/// What deleting these for good would free, all together. Files that something else has too do not count.
#[utoipa::path(post, path = "/api/v1/trash/size", request_body = TrashSet, tag = "trash",
    responses((status = 200, body = TrashSize)))]
pub(crate) async fn size(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(set): Json<TrashSet>,
) -> Reply<TrashSize> {
    Ok(axum::Json(services.trash.size(&caller, &set).await?))
}

/// Takes all of these out of the trash, or none.
#[utoipa::path(post, path = "/api/v1/trash/restore", request_body = TrashSet, tag = "trash",
    responses((status = 204)))]
pub(crate) async fn restore(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(set): Json<TrashSet>,
) -> Result<StatusCode, Problem> {
    services.trash.restore(&caller, &set).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes all of these for good, or none. They are hidden when this is answered; their rows and files go in the
/// background, and `leaving` of the list says what still does. Needs the role admin.
#[utoipa::path(post, path = "/api/v1/trash/delete", request_body = TrashSet, tag = "trash",
    responses((status = 202)))]
pub(crate) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(set): Json<TrashSet>,
) -> Result<StatusCode, Problem> {
    services.trash.delete(&caller, &set).await?;
    Ok(StatusCode::ACCEPTED)
}
