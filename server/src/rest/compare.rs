//! Comparison over REST.

use super::Reply;
use crate::extract::Query;
use axum::{Extension, extract::State};
use engine::Services;
use model::{RunId, compare::Comparison, user::Caller};
use serde::Deserialize;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompareQuery {
    /// Repeat for several runs; columns come in this order.
    #[serde(default)]
    #[param(value_type = Vec<String>)]
    run: Vec<RunId>,
}

/// Params and metrics of runs side by side, differences marked.
#[utoipa::path(get, path = "/api/v1/compare", params(CompareQuery), tag = "compare",
    responses((status = 200, body = Comparison)))]
pub(crate) async fn compare(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<CompareQuery>,
) -> Reply<Comparison> {
    Ok(axum::Json(services.compare.compare(&caller, &query.run).await?))
}
