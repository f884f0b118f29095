//! What the Notes tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    RunId,
    note::{Note, NoteUpdate},
};

#[server(prefix = "/ui", endpoint = "note/get", input = Json)]
pub async fn get(run_id: RunId) -> Result<Option<Note>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.get(&caller, &run_id).await?)
}

#[server(prefix = "/ui", endpoint = "note/update", input = Json)]
pub async fn update(run_id: RunId, input: NoteUpdate) -> Result<Note, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.update(&caller, &run_id, input).await?)
}

/// Markdown as safe HTML.
#[server(prefix = "/ui", endpoint = "note/preview", input = Json)]
pub async fn preview(body: String) -> Result<String, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.preview(&caller, &body)?)
}
