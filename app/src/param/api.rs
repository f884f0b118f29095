//! What the Params tab asks of the server beside the run itself.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{RunId, param::Param};
use serde::{Deserialize, Serialize};

/// The params of a run that another is held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    pub id: RunId,
    pub name: String,
    pub params: Vec<Param>,
}

/// Nothing when no other run is asked for.
#[server(prefix = "/ui", endpoint = "param/beside", input = Json)]
pub async fn beside(run_id: Option<RunId>) -> Result<Option<Other>, AppError> {
    let caller = crate::remote::caller()?;
    let Some(id) = run_id else { return Ok(None) };
    let detail = crate::remote::services().run.get(&caller, &id).await?;
    Ok(Some(Other { id, name: detail.run.name, params: detail.params }))
}
