//! What the Events tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    RunId,
    run_event::{RunEventPage, RunEventQuery},
};

#[server(prefix = "/ui", endpoint = "run-event/list", input = Json)]
pub async fn list(run_id: RunId, query: RunEventQuery) -> Result<RunEventPage, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().run_event.list(&caller, &run_id, query).await?)
}
