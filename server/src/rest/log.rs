//! What a run's processes printed, over REST.

use super::Reply;
use crate::{
    error::Problem,
    export,
    extract::{At, Query},
};
use axum::{Extension, extract::State, response::Response};
use engine::Services;
use model::{
    RunId,
    log::{LogFilter, LogHits, LogPage, LogQuery, LogSearch},
    user::Caller,
};

/// Some lines of a run's console, in order of time: around a place, or the last ones.
///
/// A line has the level that it tells of itself in one of the usual forms, or that of the line above when it is indented.
/// Whoever follows a run sends `known`, and reads again from `changed_from` on.
#[utoipa::path(get, path = "/api/v1/runs/{id}/logs", params(("id" = String, Path), LogQuery), tag = "log",
    responses((status = 200, body = LogPage)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<LogQuery>,
) -> Reply<LogPage> {
    Ok(axum::Json(services.log.list(&caller, &id, query).await?))
}

/// The lines in which a text is: how many, and the places of the first of them.
#[utoipa::path(get, path = "/api/v1/runs/{id}/logs/search", params(("id" = String, Path), LogSearch), tag = "log",
    responses((status = 200, body = LogHits)))]
pub(crate) async fn search(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<LogSearch>,
) -> Reply<LogHits> {
    Ok(axum::Json(services.log.search(&caller, &id, query).await?))
}

/// All lines of a run's console as a text, each with its time, without colours.
#[utoipa::path(get, path = "/api/v1/runs/{id}/logs.txt", params(("id" = String, Path), LogFilter), tag = "log",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub(crate) async fn download(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(filter): Query<LogFilter>,
) -> Result<Response, Problem> {
    Ok(export::log(services.log.download(&caller, &id, filter).await?))
}
