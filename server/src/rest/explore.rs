//! Pictures over many runs, over REST.

use super::Reply;
use crate::{error::Problem, extract::Query};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use engine::Services;
use model::{
    Error, ErrorKind,
    explore::{self, Importance, RunColumns},
    run::RunQuery,
    user::Caller,
};

/// Chosen fields of all runs that the query means, one column a field; `limit` is 10 000 at most, and `offset` and `after`
/// mean nothing.
///
/// Who accepts `application/vnd.trackway.columns` gets columns of little-endian numbers; the format stands in the source of
/// `model::explore`.
#[utoipa::path(get, path = "/api/v1/run-columns", params(RunQuery), tag = "explore",
    responses((status = 200, content((RunColumns = "application/json"), (Vec<u8> = "application/vnd.trackway.columns")))))]
pub(crate) async fn columns(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Query(query): Query<RunQuery>,
) -> Result<Response, Problem> {
    let columns = services.explore.columns(&caller, query).await?;
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if !accepted.is_some_and(|accepted| accepted.contains(explore::MIME)) {
        return Ok(axum::Json(columns).into_response());
    }
    // Off the threads that answer others: an answer may be some megabytes.
    let bytes = tokio::task::spawn_blocking(move || columns.encode()).await;
    let bytes = bytes.map_err(|_| Error::new(ErrorKind::Internal, "the answer could not be written"))?;
    Ok(([(header::CONTENT_TYPE, explore::MIME)], bytes).into_response())
}

/// How much a metric depends on params: Spearman's correlation, and the permutation importance of a random forest.
///
/// `fields` is the metric, then params; without any, all params of the experiment. Large tables are sampled.
#[utoipa::path(get, path = "/api/v1/run-importance", params(RunQuery), tag = "explore",
    responses((status = 200, body = Importance)))]
pub(crate) async fn importance(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<RunQuery>,
) -> Reply<Importance> {
    Ok(axum::Json(services.explore.importance(&caller, query).await?))
}
