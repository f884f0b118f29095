//! Heartbeats over REST.

use super::Reply;
use crate::extract::Json;
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    process::{HeartbeatAnswers, Heartbeats},
    user::Caller,
};

/// Tells that processes live, and hears how their runs stand and whether somebody asked them to stop. To be sent every
/// ten seconds by whoever registered a process.
#[utoipa::path(post, path = "/api/v1/heartbeats", request_body = Heartbeats, tag = "process",
    responses((status = 200, body = HeartbeatAnswers)))]
pub(crate) async fn beat(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Json(heartbeats): Json<Heartbeats>,
) -> Reply<HeartbeatAnswers> {
    Ok(axum::Json(services.process.beat(&caller, heartbeats).await?))
}
