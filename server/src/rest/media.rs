//! Images and tables by step over REST.

use super::Reply;
use crate::extract::{At, Query};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    RunId,
    media::{Media, MediaQuery},
    table::{TableFile, TableFileQuery},
    user::Caller,
};

/// The images and tables that a run logged, each name with its steps.
#[utoipa::path(get, path = "/api/v1/runs/{id}/media", params(("id" = String, Path), MediaQuery), tag = "media",
    responses((status = 200, body = Media)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<MediaQuery>,
) -> Reply<Media> {
    Ok(axum::Json(services.media.list(&caller, &id, &query).await?))
}

/// A page of the table in a file of the run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/table", params(("id" = String, Path), TableFileQuery), tag = "media",
    responses((status = 200, body = TableFile)))]
pub(crate) async fn table(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<TableFileQuery>,
) -> Reply<TableFile> {
    Ok(axum::Json(services.media.table(&caller, &id.into(), &query).await?))
}
