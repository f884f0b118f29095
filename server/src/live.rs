//! `GET /api/v1/events`: what changes, as it changes, as server-sent events.

use crate::{App, error::Problem, extract::Query};
use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use engine::event::Watch;
use futures::{Stream, StreamExt as _};
use model::{ExperimentId, RunId, user::Caller};
use serde::Deserialize;
use std::{convert::Infallible, time::Duration};
use utoipa::IntoParams;

/// Shorter than the idle limit of common proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// Only what happens in this experiment.
    #[param(value_type = Option<String>)]
    experiment_id: Option<ExperimentId>,
    /// Only what happens to this run.
    #[param(value_type = Option<String>)]
    run_id: Option<RunId>,
    /// The id of the last event heard, to go on behind it; the header `Last-Event-ID` says the same.
    after: Option<String>,
}

/// Streams events as JSON, one a message, each with its id. Who names the last one heard is told what came since; whoever
/// missed more than is kept gets `lagged` and should fetch anew.
#[utoipa::path(get, path = "/api/v1/events", params(EventQuery), tag = "event",
    responses((status = 200, content_type = "text/event-stream", body = model::event::Event)))]
pub(crate) async fn events(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<EventQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // The browser's own header is the newer of the two: the address stays as it was when a stream is taken up again.
    let heard = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = heard.or(query.after.as_deref()).filter(|id| !id.is_empty()).map(str::parse).transpose()?;
    let watch = Watch { experiment_id: query.experiment_id, run_id: query.run_id, after };
    let (begins, events) = app.services.event.watch(&caller, watch)?;
    let mut stopping = app.stopping.clone();
    let stopped = async move {
        // An error says that the server is gone already.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    // A first message at once, so that the watcher knows that it is heard. Its id is where missed events would begin.
    let begins = after.unwrap_or(begins);
    let hello = Event::default().comment("listening").id(begins.to_string());
    let hello = futures::stream::once(async { hello });
    let messages = hello.chain(
        events.map(|(id, event)| Event::default().id(id.to_string()).json_data(event).unwrap_or_default()),
    );
    Ok(Sse::new(messages.map(Ok).take_until(Box::pin(stopped)))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
