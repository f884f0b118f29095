//! Projects over REST.

use super::Reply;
use crate::{
    error::Problem,
    extract::{At, Json},
};
use axum::{Extension, extract::State, http::StatusCode};
use engine::Services;
use model::{
    ProjectId,
    project::{Project, ProjectNew},
    user::Caller,
};

/// All projects, the default one first.
#[utoipa::path(get, path = "/api/v1/projects", tag = "project", responses((status = 200, body = Vec<Project>)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
) -> Reply<Vec<Project>> {
    Ok(axum::Json(services.project.list(&caller).await?))
}

/// Makes a project; a name that is taken answers the existing one with 200.
#[utoipa::path(post, path = "/api/v1/projects", request_body = ProjectNew, tag = "project",
    responses((status = 201, body = Project), (status = 200, body = Project)))]
pub(crate) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<ProjectNew>,
) -> Result<(StatusCode, axum::Json<Project>), Problem> {
    let (project, created) = services.project.create(&caller, &new).await?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(project)))
}

/// Renames a project.
#[utoipa::path(patch, path = "/api/v1/projects/{id}", params(("id" = String, Path)), tag = "project",
    request_body = ProjectNew, responses((status = 200, body = Project)))]
pub(crate) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<ProjectId>,
    Json(new): Json<ProjectNew>,
) -> Reply<Project> {
    Ok(axum::Json(services.project.update(&caller, id, &new).await?))
}

/// Removes a project that is empty; 409 when experiments are in it, or in the trash.
#[utoipa::path(delete, path = "/api/v1/projects/{id}", params(("id" = String, Path)), tag = "project",
    responses((status = 204)))]
pub(crate) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<ProjectId>,
) -> Result<StatusCode, Problem> {
    services.project.remove(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
