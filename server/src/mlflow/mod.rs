//! MLflow's REST protocol, as its Python client 2.x and 3.x speaks it: decode, call the same verbs as REST, encode.
//! What MLflow does its own way (error names, page tokens, key rules, omitted empties) lives here and nowhere else.
//! docs/mlflow.md says what is served and where answers differ on purpose.

mod artifact;
mod convert;
mod error;
mod experiment;
mod found;
mod history;
mod lineage;
mod log;
mod logged_model;
mod model_version;
mod registry;
mod run;
mod search;
mod source;
mod trace;

use crate::App;
use axum::{
    http::Method,
    routing::{MethodRouter, delete, get, patch, post, put},
};
use error::Failure;
use model::user::Role::{self, Member, Viewer};

/// A route: who may use it, method, path and handler.
pub(crate) type Route = (Role, Method, String, MethodRouter<App>);

/// The version that clients are told: below 3.4, so that they send no spans by a protocol that is not served.
pub(crate) const VERSION: &str = "3.3.0";

const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// Every path that is served, under both of MLflow's prefixes where it has two.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    let mut both = |role: Role, method: Method, path: &str, handler: MethodRouter<App>| {
        for prefix in ["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"] {
            routes.push((role, method.clone(), format!("{prefix}{path}"), handler.clone()));
        }
    };
    both(Member, Method::POST, "/experiments/create", post(experiment::create));
    both(Viewer, Method::GET, "/experiments/get", get(experiment::get));
    both(Viewer, Method::GET, "/experiments/get-by-name", get(experiment::get_by_name));
    both(Viewer, Method::POST, "/experiments/search", post(experiment::search));
    both(Viewer, Method::GET, "/experiments/search", get(experiment::search));
    both(Member, Method::POST, "/experiments/delete", post(experiment::delete));
    both(Member, Method::POST, "/experiments/restore", post(experiment::restore));
    both(Member, Method::POST, "/experiments/update", post(experiment::update));
    both(Member, Method::POST, "/experiments/set-experiment-tag", post(experiment::set_tag));
    both(Member, Method::POST, "/experiments/delete-experiment-tag", post(experiment::delete_tag));
    both(Member, Method::POST, "/runs/create", post(run::create));
    both(Viewer, Method::GET, "/runs/get", get(run::get));
    both(Member, Method::POST, "/runs/update", post(run::update));
    both(Member, Method::POST, "/runs/delete", post(run::delete));
    both(Member, Method::POST, "/runs/restore", post(run::restore));
    both(Member, Method::POST, "/runs/set-tag", post(run::set_tag));
    both(Member, Method::POST, "/runs/delete-tag", post(run::delete_tag));
    both(Viewer, Method::POST, "/runs/search", post(search::runs));
    both(Member, Method::POST, "/runs/log-metric", post(log::metric));
    both(Member, Method::POST, "/runs/log-parameter", post(log::parameter));
    both(Member, Method::POST, "/runs/log-batch", post(log::batch));
    both(Viewer, Method::GET, "/metrics/get-history", get(history::one));
    both(Viewer, Method::GET, "/metrics/get-history-bulk", get(history::bulk));
    both(Viewer, Method::GET, "/metrics/get-history-bulk-interval", get(history::bulk_interval));
    both(Viewer, Method::GET, "/artifacts/list", get(artifact::list_of_run));
    both(Member, Method::POST, "/upload-artifact", post(artifact::upload_to_run));
    both(Member, Method::POST, "/runs/log-inputs", post(lineage::log_inputs));
    both(Member, Method::POST, "/runs/outputs", post(lineage::log_outputs));
    both(Member, Method::POST, "/runs/log-model", post(run::log_model));
    both(Viewer, Method::POST, "/experiments/search-datasets", post(lineage::search_datasets));
    both(Member, Method::POST, "/logged-models", post(logged_model::create));
    both(Viewer, Method::POST, "/logged-models/search", post(logged_model::search));
    both(Viewer, Method::GET, "/logged-models/{id}", get(logged_model::get));
    both(Member, Method::PATCH, "/logged-models/{id}", patch(logged_model::finalize));
    both(Member, Method::DELETE, "/logged-models/{id}", delete(logged_model::delete));
    both(Member, Method::PATCH, "/logged-models/{id}/tags", patch(logged_model::set_tags));
    both(Member, Method::DELETE, "/logged-models/{id}/tags/{key}", delete(logged_model::delete_tag));
    both(Member, Method::POST, "/logged-models/{id}/params", post(logged_model::log_params));
    both(Viewer, Method::GET, "/logged-models/{id}/artifacts/directories", get(logged_model::list_files));
    both(Viewer, Method::GET, "/logged-models/{id}/artifacts/files", get(logged_model::download_file));
    both(Member, Method::POST, "/traces", post(trace::start_old));
    both(Viewer, Method::GET, "/traces", get(trace::search_old));
    both(Member, Method::PATCH, "/traces/{id}", patch(trace::end_old));
    both(Viewer, Method::GET, "/traces/{id}/info", get(trace::get_old));
    both(Member, Method::PATCH, "/traces/{id}/tags", patch(trace::set_tag));
    both(Member, Method::DELETE, "/traces/{id}/tags", delete(trace::delete_tag));
    both(Member, Method::POST, "/traces/delete-traces", post(trace::delete));
    both(Member, Method::POST, "/registered-models/create", post(registry::create));
    both(Viewer, Method::GET, "/registered-models/get", get(registry::get));
    both(Member, Method::PATCH, "/registered-models/update", patch(registry::update));
    both(Member, Method::POST, "/registered-models/rename", post(registry::rename));
    both(Member, Method::DELETE, "/registered-models/delete", delete(registry::delete));
    both(Viewer, Method::GET, "/registered-models/search", get(registry::search));
    both(Viewer, Method::POST, "/registered-models/get-latest-versions", post(registry::latest_versions));
    both(Viewer, Method::GET, "/registered-models/get-latest-versions", get(registry::latest_versions));
    both(Member, Method::POST, "/registered-models/set-tag", post(registry::set_tag));
    both(Member, Method::DELETE, "/registered-models/delete-tag", delete(registry::delete_tag));
    both(Member, Method::POST, "/registered-models/alias", post(registry::set_alias));
    both(Member, Method::DELETE, "/registered-models/alias", delete(registry::delete_alias));
    both(Viewer, Method::GET, "/registered-models/alias", get(registry::get_alias));
    both(Member, Method::POST, "/model-versions/create", post(model_version::create));
    both(Viewer, Method::GET, "/model-versions/get", get(model_version::get));
    both(Member, Method::PATCH, "/model-versions/update", patch(model_version::update));
    both(Member, Method::POST, "/model-versions/transition-stage", post(model_version::transition_stage));
    both(Member, Method::DELETE, "/model-versions/delete", delete(model_version::delete));
    both(Viewer, Method::GET, "/model-versions/search", get(model_version::search));
    both(Viewer, Method::GET, "/model-versions/get-download-uri", get(model_version::download_uri));
    both(Member, Method::POST, "/model-versions/set-tag", post(model_version::set_tag));
    both(Member, Method::DELETE, "/model-versions/delete-tag", delete(model_version::delete_tag));
    both(Viewer, Method::GET, "/{*unknown}", get(unknown));
    both(Member, Method::POST, "/{*unknown}", post(unknown));
    both(Member, Method::PUT, "/{*unknown}", put(unknown));
    both(Member, Method::PATCH, "/{*unknown}", patch(unknown));
    both(Member, Method::DELETE, "/{*unknown}", delete(unknown));
    for prefix in ["/api/3.0/mlflow", "/ajax-api/3.0/mlflow"] {
        let mut third = |role: Role, method: Method, path: &str, handler: MethodRouter<App>| {
            routes.push((role, method, format!("{prefix}{path}"), handler));
        };
        third(Member, Method::POST, "/traces", post(trace::start));
        third(Viewer, Method::POST, "/traces/search", post(trace::search));
        third(Viewer, Method::GET, "/traces/batchGetInfos", get(trace::batch));
        third(Viewer, Method::POST, "/traces/batchGetInfos", post(trace::batch));
        third(Viewer, Method::GET, "/traces/{id}", get(trace::get));
        third(Viewer, Method::GET, "/server-info", get(server_info));
        third(Viewer, Method::GET, "/{*unknown}", get(unknown));
        third(Member, Method::POST, "/{*unknown}", post(unknown));
        third(Member, Method::PUT, "/{*unknown}", put(unknown));
        third(Member, Method::PATCH, "/{*unknown}", patch(unknown));
        third(Member, Method::DELETE, "/{*unknown}", delete(unknown));
    }
    let file = format!("{FILES}/{{*path}}");
    routes.push((Viewer, Method::GET, FILES.to_owned(), get(artifact::list)));
    routes.push((Viewer, Method::GET, file.clone(), get(artifact::download)));
    routes.push((Member, Method::PUT, file.clone(), put(artifact::upload)));
    routes.push((Member, Method::DELETE, file, delete(artifact::remove)));
    let parts = "/api/2.0/mlflow-artifacts/mpu";
    for (verb, handler) in [
        ("create", post(artifact::begin_multipart)),
        ("complete", post(artifact::end_multipart)),
        ("abort", post(artifact::abort_multipart)),
    ] {
        routes.push((Member, Method::POST, format!("{parts}/{verb}/{{*folder}}"), handler));
    }
    let part = format!("{}/{{upload}}/{{number}}", artifact::PARTS);
    routes.push((Member, Method::PUT, part, put(artifact::upload_part)));
    let presigned = "/api/2.0/mlflow-artifacts/presigned/{*path}".to_owned();
    routes.push((Viewer, Method::GET, presigned, get(artifact::no_presigned)));
    routes.push((Viewer, Method::GET, "/get-artifact".to_owned(), get(artifact::download_of_run)));
    let of_version = "/model-versions/get-artifact".to_owned();
    routes.push((Viewer, Method::GET, of_version, get(model_version::download)));
    routes
}

/// `GET /version`
pub(crate) async fn version() -> &'static str {
    VERSION
}

async fn server_info() -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": true,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": false,
        "presigned_upload_model_id_supported": false,
        "features_enabled": { "gateway": false },
    }))
}

async fn unknown() -> Failure {
    Failure::new(404, "ENDPOINT_NOT_FOUND", "this server has no such endpoint")
}
