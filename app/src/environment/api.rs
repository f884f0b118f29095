//! What the Environment tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{RunId, environment::Environment};
use serde::{Deserialize, Serialize};

/// What a run ran on, empty when its client told nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub environment: Environment,
    /// The beginning of the patch that holds what was not committed, if it was asked for and is there.
    pub patch: Option<String>,
}

#[server(prefix = "/ui", endpoint = "environment/get", input = Json)]
pub async fn get(run_id: RunId, with_patch: bool) -> Result<Told, AppError> {
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let environment = services.environment.get(&caller, &run_id).await?.unwrap_or_default();
    let path = environment.text(&["git", "diff_path"]).filter(|_| with_patch);
    let patch = match path.and_then(|path| path.parse().ok()) {
        Some(path) => match services.artifact.preview(&caller, &run_id.into(), &path).await {
            Ok(text) => text,
            Err(error) => match error.into_public() {
                // It comes after the environment, or was never sent.
                error if error.kind == model::ErrorKind::NotFound => None,
                error => return Err(error.into()),
            },
        },
        None => None,
    };
    Ok(Told { environment, patch })
}
