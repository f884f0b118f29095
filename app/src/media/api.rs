//! What the Media tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    RunId,
    media::{Media, MediaQuery},
    table::{TableFile, TableFileQuery},
};

/// The images and tables of a run.
#[server(prefix = "/ui", endpoint = "media/list", input = Json)]
pub async fn list(run_id: RunId, query: MediaQuery) -> Result<Media, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().media.list(&caller, &run_id, &query).await?)
}

/// A page of the table of a step; nothing before the first.
#[server(prefix = "/ui", endpoint = "media/table", input = Json)]
pub async fn table(run_id: RunId, query: Option<TableFileQuery>) -> Result<TableFile, AppError> {
    let Some(query) = query else { return Ok(TableFile::default()) };
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().media.table(&caller, &run_id.into(), &query).await?)
}
