//! Experiments over REST.

use super::Reply;
use crate::{
    error::Problem,
    extract::{At, Json, Query},
};
use axum::{Extension, extract::State, http::StatusCode};
use engine::Services;
use model::{
    ExperimentId, Page,
    experiment::{Experiment, ExperimentBulk, ExperimentNew, ExperimentQuery, ExperimentUpdate},
    user::Caller,
};

/// Makes an experiment; a name that is taken answers the existing one with 200.
#[utoipa::path(post, path = "/api/v1/experiments", request_body = ExperimentNew, tag = "experiment",
    responses((status = 201, body = Experiment), (status = 200, body = Experiment)))]
pub(crate) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<ExperimentNew>,
) -> Result<(StatusCode, axum::Json<Experiment>), Problem> {
    let (experiment, created) = services.experiment.create(&caller, new).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(experiment)))
}

/// One page of experiments. Without a status, archived ones are left out.
#[utoipa::path(get, path = "/api/v1/experiments", params(ExperimentQuery), tag = "experiment",
    responses((status = 200, body = Page<Experiment>)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ExperimentQuery>,
) -> Reply<Page<Experiment>> {
    Ok(axum::Json(services.experiment.list(&caller, query).await?))
}

#[utoipa::path(get, path = "/api/v1/experiments/{id}", params(("id" = String, Path)), tag = "experiment",
    responses((status = 200, body = Experiment)))]
pub(crate) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<ExperimentId>,
) -> Reply<Experiment> {
    Ok(axum::Json(services.experiment.get(&caller, id).await?))
}

/// Renames, describes, tags, archives or restores.
#[utoipa::path(patch, path = "/api/v1/experiments/{id}", params(("id" = String, Path)), tag = "experiment",
    request_body = ExperimentUpdate, responses((status = 200, body = Experiment)))]
pub(crate) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<ExperimentId>,
    Json(update): Json<ExperimentUpdate>,
) -> Reply<Experiment> {
    Ok(axum::Json(services.experiment.update(&caller, id, update).await?))
}

/// Archives, restores or throws away many at once: all of them, or none.
#[utoipa::path(patch, path = "/api/v1/experiments", request_body = ExperimentBulk, tag = "experiment",
    responses((status = 200, body = Vec<Experiment>)))]
pub(crate) async fn update_many(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(bulk): Json<ExperimentBulk>,
) -> Reply<Vec<Experiment>> {
    Ok(axum::Json(services.experiment.update_many(&caller, &bulk).await?))
}
