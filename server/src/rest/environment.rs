//! Environments of runs over REST.

use super::Reply;
use crate::extract::{At, Json};
use axum::{Extension, extract::State};
use engine::Services;
use model::{Error, RunId, environment::Environment, user::Caller};

#[utoipa::path(get, path = "/api/v1/runs/{id}/environment", params(("id" = String, Path)), tag = "environment",
    responses((status = 200, body = Environment)))]
pub(crate) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
) -> Reply<Environment> {
    let environment = services.environment.get(&caller, &id).await?;
    Ok(axum::Json(environment.ok_or_else(|| Error::not_found("environment of run", &id))?))
}

/// Replaces what was told before by any JSON object.
#[utoipa::path(put, path = "/api/v1/runs/{id}/environment", params(("id" = String, Path)), tag = "environment",
    request_body = Environment, responses((status = 200, body = Environment)))]
pub(crate) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Json(environment): Json<Environment>,
) -> Reply<Environment> {
    Ok(axum::Json(services.environment.update(&caller, &id, environment).await?))
}
