//! Notes over REST.

use super::Reply;
use crate::extract::{At, Json};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    Error, RunId,
    note::{Note, NoteUpdate},
    user::Caller,
};
use serde::{Deserialize, Serialize};

#[utoipa::path(get, path = "/api/v1/runs/{id}/note", params(("id" = String, Path)), tag = "note",
    responses((status = 200, body = Note)))]
pub(crate) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
) -> Reply<Note> {
    let note = services.note.get(&caller, &id).await?;
    Ok(axum::Json(note.ok_or_else(|| Error::not_found("note of run", &id))?))
}

/// Adds a revision; 409 when another was added since `base_revision`.
#[utoipa::path(put, path = "/api/v1/runs/{id}/note", params(("id" = String, Path)), tag = "note",
    request_body = NoteUpdate, responses((status = 200, body = Note)))]
pub(crate) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Json(update): Json<NoteUpdate>,
) -> Reply<Note> {
    Ok(axum::Json(services.note.update(&caller, &id, update).await?))
}

/// The newest revisions first.
#[utoipa::path(get, path = "/api/v1/runs/{id}/note/history", params(("id" = String, Path)), tag = "note",
    responses((status = 200, body = Vec<Note>)))]
pub(crate) async fn history(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
) -> Reply<Vec<Note>> {
    Ok(axum::Json(services.note.history(&caller, &id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// Markdown.
    body: String,
    /// The run whose files it shows.
    run_id: Option<RunId>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PreviewAnswer {
    /// Safe HTML.
    html: String,
}

/// How Markdown will look. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/note/preview", request_body = PreviewRequest, tag = "note",
    responses((status = 200, body = PreviewAnswer)))]
pub(crate) async fn preview(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(request): Json<PreviewRequest>,
) -> Reply<PreviewAnswer> {
    let html = services.note.preview(&caller, request.run_id.as_ref(), &request.body).await?;
    Ok(axum::Json(PreviewAnswer { html }))
}
