//! Operational events of runs over REST.

use super::Reply;
use crate::extract::{At, Json, Query};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    RunId,
    run_event::{RunEventPage, RunEventQuery, RunEvents, RunEventsReceipt},
    user::Caller,
};

/// Adds events; one that the run has already, by its id, stays as it is.
#[utoipa::path(post, path = "/api/v1/runs/{id}/events", params(("id" = String, Path)), tag = "run_event",
    request_body = RunEvents, responses((status = 200, body = RunEventsReceipt)))]
pub(crate) async fn add(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Json(events): Json<RunEvents>,
) -> Reply<RunEventsReceipt> {
    Ok(axum::Json(services.run_event.add(&caller, &id, events).await?))
}

/// One page of a run's events, in order of time.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events", params(("id" = String, Path), RunEventQuery),
    tag = "run_event", responses((status = 200, body = RunEventPage)))]
pub(crate) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<RunId>,
    Query(query): Query<RunEventQuery>,
) -> Reply<RunEventPage> {
    Ok(axum::Json(services.run_event.list(&caller, &id, query).await?))
}
