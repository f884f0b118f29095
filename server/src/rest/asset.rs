//! Datasets and models over REST.

use super::{
    Reply,
    artifact::{self, ArchiveQuery, DownloadQuery},
};
use crate::{
    error::Problem,
    export,
    extract::{At, Query},
};
use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use engine::Services;
use model::{
    AssetId,
    artifact::{Artifact, ArtifactPath, Owner},
    asset::Asset,
    user::Caller,
};

/// A dataset or model.
#[utoipa::path(get, path = "/api/v1/assets/{id}", params(("id" = String, Path)), tag = "asset",
    responses((status = 200, body = Asset)))]
pub(crate) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<AssetId>,
) -> Reply<Asset> {
    Ok(axum::Json(services.asset.get(&caller, &id).await?))
}

/// Its files.
#[utoipa::path(get, path = "/api/v1/assets/{id}/artifacts", params(("id" = String, Path)), tag = "asset",
    responses((status = 200, body = Vec<Artifact>)))]
pub(crate) async fn files(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<AssetId>,
) -> Reply<Vec<Artifact>> {
    Ok(axum::Json(services.artifact.list(&caller, &Owner::Asset(id)).await?))
}

/// The content of one of its files, or the part of it that a Range header asks for.
#[utoipa::path(get, path = "/api/v1/assets/{id}/artifacts/{*path}", tag = "asset",
    params(("id" = String, Path), ("path" = String, Path), DownloadQuery),
    responses((status = 200, content_type = "*/*", body = Vec<u8>), (status = 206)))]
pub(crate) async fn download(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At((id, path)): At<(AssetId, ArtifactPath)>,
    Query(query): Query<DownloadQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    artifact::serve(&services, &caller, &Owner::Asset(id), &path, &query, &headers).await
}

/// All files below one of its folders as a ZIP archive, written while it is read.
#[utoipa::path(get, path = "/api/v1/assets/{id}/artifacts.zip", tag = "asset",
    params(("id" = String, Path), ArchiveQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>)))]
pub(crate) async fn archive(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    At(id): At<AssetId>,
    Query(query): Query<ArchiveQuery>,
) -> Result<Response, Problem> {
    export::zip(services.artifact.archive(&caller, &Owner::Asset(id), query.path.as_ref()).await?).await
}
