//! What the pages ask of the server about projects.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    ProjectId,
    project::{Project, ProjectNew},
};

#[server(prefix = "/ui", endpoint = "project/list", input = Json)]
pub async fn list() -> Result<Vec<Project>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().project.list(&caller).await?)
}

#[server(prefix = "/ui", endpoint = "project/create", input = Json)]
pub async fn create(input: ProjectNew) -> Result<Project, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().project.create(&caller, &input).await?.0)
}

#[server(prefix = "/ui", endpoint = "project/update", input = Json)]
pub async fn update(id: ProjectId, input: ProjectNew) -> Result<Project, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().project.update(&caller, id, &input).await?)
}

#[server(prefix = "/ui", endpoint = "project/remove", input = Json)]
pub async fn remove(id: ProjectId) -> Result<(), AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().project.remove(&caller, id).await?)
}
