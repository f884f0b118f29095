//! What the Environment tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{RunId, environment::Environment};

/// Empty when the run's client told nothing.
#[server(prefix = "/ui", endpoint = "environment/get", input = Json)]
pub async fn get(run_id: RunId) -> Result<Environment, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().environment.get(&caller, &run_id).await?.unwrap_or_default())
}
