//! Comparison over REST.

use super::Reply;
use crate::{error::Problem, export::whole_csv, extract::Query};
use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine::Services;
use model::{
    Error, ErrorKind, RunId,
    compare::{
        Changes, ChangesQuery, Comparison, DiffQuery, DocumentQuery, Grid, GroupComparison, GroupQuery,
        MetricTable, MetricTableQuery, Table, TableQuery, TextDiff,
    },
    user::Caller,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

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

/// One section of what runs have, as texts side by side: params, environment, packages, code, data, artifacts or notes.
#[utoipa::path(get, path = "/api/v1/compare/table", params(TableQuery), tag = "compare",
    responses((status = 200, body = Table)))]
pub(crate) async fn table(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<TableQuery>,
) -> Reply<Table> {
    Ok(axum::Json(services.compare.table(&caller, &query).await?))
}

/// The same as a CSV file.
#[utoipa::path(get, path = "/api/v1/compare/table.csv", params(TableQuery), tag = "compare",
    responses((status = 200, content_type = "text/csv", body = String)))]
pub(crate) async fn table_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<TableQuery>,
) -> Result<Response, Problem> {
    let table = services.compare.table(&caller, &query).await?;
    csv(&Grid::from(&table), query.of.as_str())
}

/// Metrics of runs in numbers: the last, the best, or those at a step.
#[utoipa::path(get, path = "/api/v1/compare/metrics", params(MetricTableQuery), tag = "compare",
    responses((status = 200, body = MetricTable)))]
pub(crate) async fn metrics(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<MetricTableQuery>,
) -> Reply<MetricTable> {
    Ok(axum::Json(services.compare.metrics(&caller, &query).await?))
}

/// The same as a CSV file.
#[utoipa::path(get, path = "/api/v1/compare/metrics.csv", params(MetricTableQuery), tag = "compare",
    responses((status = 200, content_type = "text/csv", body = String)))]
pub(crate) async fn metrics_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<MetricTableQuery>,
) -> Result<Response, Problem> {
    csv(&Grid::from(&services.compare.metrics(&caller, &query).await?), "metrics")
}

/// Two texts of two runs, line by line: what was not committed, a note, or a file.
#[utoipa::path(get, path = "/api/v1/compare/diff", params(DiffQuery), tag = "compare",
    responses((status = 200, body = TextDiff)))]
pub(crate) async fn diff(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<DiffQuery>,
) -> Reply<TextDiff> {
    Ok(axum::Json(services.compare.diff(&caller, &query).await?))
}

/// What changed between two runs, the likeliest cause first, and the step at which curves part.
#[utoipa::path(get, path = "/api/v1/compare/changes", params(ChangesQuery), tag = "compare",
    responses((status = 200, body = Changes)))]
pub(crate) async fn changes(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ChangesQuery>,
) -> Reply<Changes> {
    Ok(axum::Json(services.compare.changes(&caller, &query).await?))
}

/// The differences as a CSV file.
#[utoipa::path(get, path = "/api/v1/compare/changes.csv", params(ChangesQuery), tag = "compare",
    responses((status = 200, content_type = "text/csv", body = String)))]
pub(crate) async fn changes_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ChangesQuery>,
) -> Result<Response, Problem> {
    csv(&Grid::from(&services.compare.changes(&caller, &query).await?), "changes")
}

/// Group A against group B over seeds: means, differences, and how sure they are.
#[utoipa::path(get, path = "/api/v1/compare/groups", params(GroupQuery), tag = "compare",
    responses((status = 200, body = GroupComparison)))]
pub(crate) async fn groups(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<GroupQuery>,
) -> Reply<GroupComparison> {
    Ok(axum::Json(services.compare.groups(&caller, &query).await?))
}

/// The same as a CSV file.
#[utoipa::path(get, path = "/api/v1/compare/groups.csv", params(GroupQuery), tag = "compare",
    responses((status = 200, content_type = "text/csv", body = String)))]
pub(crate) async fn groups_csv(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<GroupQuery>,
) -> Result<Response, Problem> {
    csv(&Grid::from(&services.compare.groups(&caller, &query).await?), "groups")
}

/// A whole comparison as one HTML file that opens without a server: summary, tables, what changed, and curves that answer the
/// pointer. It loads nothing, and nothing in it runs but its own script.
#[utoipa::path(get, path = "/api/v1/compare.html", params(DocumentQuery), tag = "compare",
    responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn document(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<DocumentQuery>,
) -> Result<Response, Problem> {
    let document = services.compare.document(&caller, &query).await?;
    // Off the threads that answer others: it may be some megabytes.
    let html = tokio::task::spawn_blocking(move || {
        app::comparison_file(&document, query.value, query.step, &query.off, seal)
    });
    let html = html.await.map_err(|_| Error::new(ErrorKind::Internal, "the file could not be written"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"comparison.html\""),
        (header::CACHE_CONTROL, "private, no-store"),
        // Saved, it has a policy of its own; on this server it is never a page.
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    Ok((headers, html).into_response())
}

/// What a policy knows a text by.
fn seal(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// A table as a file of that name.
fn csv(grid: &Grid, name: &str) -> Result<Response, Problem> {
    let bytes = whole_csv(&grid.head, &grid.rows).map_err(engine::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"compare-{name}.csv\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
