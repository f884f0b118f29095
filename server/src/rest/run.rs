//! Runs over REST.

use super::Reply;
use crate::{
    error::Problem,
    extract::{At, Json, Query},
};
use axum::{Extension, extract::State, http::StatusCode};
use engine::Services;
use model::{
    Page, RunId,
    query::Field,
    run::{
        Run, RunDetail, RunFieldQuery, RunNew, RunQuery, RunRow, RunUpdate, RunValueQuery, RunsUpdate,
        RunsUpdated,
        group::{RunGroup, RunGroupQuery},
    },
    user::Caller,
};

/// Starts a run, or goes on with the one of that id, which answers 200.
#[utoipa::path(post, path = "/api/v1/runs", request_body = RunNew, tag = "run",
    responses((status = 201, body = Run), (status = 200, body = Run)))]
pub(crate) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<RunNew>,
) -> Result<(StatusCode, axum::Json<Run>), Problem> {
    let (run, created) = services.run.create(&caller, new).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(run)))
}

/// One page of an experiment's runs, with params and metrics.
#[utoipa::path(get, path = "/api/v1/runs", params(RunQuery), tag = "run",
    responses((status = 200, body = Page<RunRow>)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<RunQuery>,
) -> Reply<Page<RunRow>> {
    Ok(axum::Json(services.run.list(&caller, query).await?))
}

/// One page of the groups of an experiment's runs: how many, and of each field mean, standard deviation and 95 %
/// confidence interval.
#[utoipa::path(get, path = "/api/v1/run-groups", params(RunGroupQuery), tag = "run",
    responses((status = 200, body = Page<RunGroup>)))]
pub(crate) async fn groups(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<RunGroupQuery>,
) -> Reply<Page<RunGroup>> {
    Ok(axum::Json(services.run.group(&caller, query).await?))
}

/// Tags, throws away, restores or moves many runs at once.
#[utoipa::path(patch, path = "/api/v1/runs", request_body = RunsUpdate, tag = "run",
    responses((status = 200, body = RunsUpdated)))]
pub(crate) async fn update_many(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(update): Json<RunsUpdate>,
) -> Reply<RunsUpdated> {
    Ok(axum::Json(services.run.update_many(&caller, &update).await?))
}

/// What the runs of an experiment have, as a query calls it: params, metrics and tags.
#[utoipa::path(get, path = "/api/v1/run-fields", params(RunFieldQuery), tag = "run",
    responses((status = 200, body = Vec<String>)))]
pub(crate) async fn fields(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<RunFieldQuery>,
) -> Reply<Vec<Field>> {
    Ok(axum::Json(services.run.fields(&caller, &query).await?))
}

/// What occurs in a param or tag of the runs of an experiment, most often first.
#[utoipa::path(get, path = "/api/v1/run-values", params(RunValueQuery), tag = "run",
    responses((status = 200, body = Vec<String>)))]
pub(crate) async fn values(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<RunValueQuery>,
) -> Reply<Vec<String>> {
    Ok(axum::Json(services.run.values(&caller, &query).await?))
}

#[utoipa::path(get, path = "/api/v1/runs/{id}", params(("id" = String, Path)), tag = "run",
    responses((status = 200, body = RunDetail)))]
pub(crate) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
) -> Reply<RunDetail> {
    Ok(axum::Json(services.run.get(&caller, &id).await?))
}

/// Renames, tags, ends or resumes a run, ends one of its processes, or asks it to stop.
#[utoipa::path(patch, path = "/api/v1/runs/{id}", params(("id" = String, Path)), tag = "run",
    request_body = RunUpdate, responses((status = 200, body = Run)))]
pub(crate) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Json(update): Json<RunUpdate>,
) -> Reply<Run> {
    Ok(axum::Json(services.run.update(&caller, &id, update).await?))
}
