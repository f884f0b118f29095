//! What the Notes tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    RunId,
    note::{Note, NoteChange, NoteRevision, NoteUpdate},
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

/// Markdown as safe HTML, with the files of the run.
#[server(prefix = "/ui", endpoint = "note/preview", input = Json)]
pub async fn preview(run_id: RunId, body: String) -> Result<String, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.preview(&caller, Some(&run_id), &body).await?)
}

/// The newest revisions first, without what they say.
#[server(prefix = "/ui", endpoint = "note/revisions", input = Json)]
pub async fn revisions(run_id: RunId) -> Result<Vec<NoteRevision>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.revisions(&caller, &run_id).await?)
}

/// What a revision changed of the one before it.
#[server(prefix = "/ui", endpoint = "note/change", input = Json)]
pub async fn change(run_id: RunId, revision: i64, before: Option<i64>) -> Result<NoteChange, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.change(&caller, &run_id, revision, before).await?)
}

/// Makes what a revision said the newest one.
#[server(prefix = "/ui", endpoint = "note/restore", input = Json)]
pub async fn restore(run_id: RunId, revision: i64, base_revision: i64) -> Result<Note, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().note.restore(&caller, &run_id, revision, base_revision).await?)
}
