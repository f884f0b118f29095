//! The search over everything, over REST.

use super::Reply;
use crate::extract::Query;
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    search::{SearchFound, SearchQuery},
    user::Caller,
};

/// Experiments, runs, params and metrics by a part of their name, and runs by the start of their id.
#[utoipa::path(get, path = "/api/v1/search", params(SearchQuery), tag = "search",
    responses((status = 200, body = SearchFound)))]
pub(crate) async fn find(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<SearchQuery>,
) -> Reply<SearchFound> {
    Ok(axum::Json(services.search.find(&caller, query).await?))
}
