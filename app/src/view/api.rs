//! What the menu of views asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    ExperimentId, ViewId,
    view::{View, ViewNew, ViewUpdate},
};

#[server(prefix = "/ui", endpoint = "view/list", input = Json)]
pub async fn list(experiment_id: ExperimentId) -> Result<Vec<View>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().view.list(&caller, experiment_id).await?)
}

#[server(prefix = "/ui", endpoint = "view/create", input = Json)]
pub async fn create(input: ViewNew) -> Result<View, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().view.create(&caller, input).await?)
}

#[server(prefix = "/ui", endpoint = "view/update", input = Json)]
pub async fn update(id: ViewId, input: ViewUpdate) -> Result<View, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().view.update(&caller, id, input).await?)
}

#[server(prefix = "/ui", endpoint = "view/delete", input = Json)]
pub async fn delete(id: ViewId) -> Result<(), AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().view.delete(&caller, id).await?)
}
