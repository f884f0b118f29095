//! What the Artifacts tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    AssetId, RunId,
    artifact::{Artifact, ArtifactCopy, ArtifactPath, Folder, Parquet},
};
#[cfg(feature = "ssr")]
use model::{
    artifact::Owner,
    asset::{Access, AssetKind},
    limits,
};
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use std::collections::HashSet;

/// Models whose files are listed: a sweep of checkpoints in one run has hundreds, and the page shows the first.
#[cfg(feature = "ssr")]
const MODELS_MAX: usize = 100;

/// A run or model with so few files stands open as a whole: it is seen at a glance.
#[cfg(feature = "ssr")]
const SMALL: i64 = 40;

/// The folders that stand open, of a run and of the models that it made, and the file that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    pub folders: Vec<(Place, Folder)>,
    /// Models that have files, with their names.
    pub models: Vec<(AssetId, String)>,
    /// Only what the page is rendered with has it; later it is asked for by itself.
    pub shown: Option<Shown>,
}

/// A folder, of a model or of the run itself; the root where no path is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub model: Option<AssetId>,
    pub path: Option<ArtifactPath>,
}

/// The file that is looked at: of a model, or of the run itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub model: Option<AssetId>,
    pub path: ArtifactPath,
}

/// The file that is looked at, and its beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub file: Wanted,
    /// Absent when there is no such file.
    pub artifact: Option<Artifact>,
    pub content: Content,
}

/// What is shown of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// The browser reads it by itself, or it is neither text nor a picture.
    #[default]
    None,
    /// To be laid out as a table or a tree.
    Text(String),
    /// Safe HTML of the server's: code, or Markdown.
    Html(String),
    Parquet(Parquet),
    /// Why there is nothing to be shown.
    Broken(String),
}

/// What the page is rendered with.
pub async fn first(run_id: RunId, wanted: Option<Wanted>) -> Result<Files, AppError> {
    let shown = show(run_id.clone(), wanted.clone()).await?;
    Ok(Files { shown, ..list(run_id, wanted, Vec::new()).await? })
}

/// The roots, the folders above the file that is looked at, and those that were opened by hand.
#[server(prefix = "/ui", endpoint = "artifact/list", input = Json)]
pub async fn list(run_id: RunId, wanted: Option<Wanted>, opened: Vec<Place>) -> Result<Files, AppError> {
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let most = limits::ARTIFACT_FOLDERS_OPEN_MAX;
    if opened.len() > most {
        return Err(model::Error::too_large("opened", format!("at most {most} folders are open")).into());
    }
    let mut files = Files::default();
    let mut places = vec![Place::default()];
    let uses = services.asset.of_runs(&caller, std::slice::from_ref(&run_id)).await?.remove(run_id.as_str());
    for one in uses.unwrap_or_default() {
        if one.access == Access::Wrote
            && one.asset.kind == AssetKind::Model
            && files.models.len() < MODELS_MAX
        {
            places.push(Place { model: Some(one.asset.id.clone()), path: None });
            files.models.push((one.asset.id.clone(), one.asset.name.clone()));
        }
    }
    if let Some(Wanted { model, path }) = wanted {
        let above = path.as_str().match_indices('/').filter_map(|(at, _)| path.as_str()[..at].parse().ok());
        places.extend(above.map(|path| Place { model: model.clone(), path: Some(path) }));
    }
    places.extend(opened);
    let mut next = 0;
    // Those that turn out to be empty count, too: each is a question to the database.
    let mut asked = HashSet::new();
    while let Some(place) = places.get(next).cloned() {
        next += 1;
        if asked.len() > most + files.models.len() || !asked.insert(place.clone()) {
            continue;
        }
        let owner = place.model.clone().map_or_else(|| run_id.clone().into(), Owner::Asset);
        let folder = services.artifact.folder(&caller, &owner, place.path.as_ref()).await?;
        if folder.file_count == 0 {
            continue;
        }
        let root = files.folders.iter().find(|(known, _)| known.path.is_none() && known.model == place.model);
        if root.map_or(&folder, |(_, root)| root).file_count <= SMALL {
            places.extend(folder.folders.iter().filter_map(|below| place.below(&below.name)));
        }
        files.folders.push((place, folder));
    }
    let folders = &files.folders;
    files.models.retain(|(id, _)| folders.iter().any(|(place, _)| place.model.as_ref() == Some(id)));
    Ok(files)
}

/// The file that is looked at.
#[server(prefix = "/ui", endpoint = "artifact/show", input = Json)]
pub async fn show(run_id: RunId, wanted: Option<Wanted>) -> Result<Option<Shown>, AppError> {
    use super::preview::{Kind, cut, kind};
    let Some(file) = wanted else { return Ok(None) };
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let owner = file.model.clone().map_or_else(|| run_id.into(), Owner::Asset);
    let artifact = match services.artifact.get(&caller, &owner, &file.path).await {
        Ok(artifact) => artifact,
        Err(error) => {
            let error = error.into_public();
            if error.kind == model::ErrorKind::NotFound {
                return Ok(Some(Shown { file, artifact: None, content: Content::None }));
            }
            return Err(error.into());
        }
    };
    let content = match kind(&artifact) {
        _ if artifact.reference.is_some() => Content::None,
        Kind::Image | Kind::Audio | Kind::Video | Kind::Pdf => Content::None,
        Kind::Table(_) => text(services.artifact.preview(&caller, &owner, &file.path).await?, Content::Text),
        Kind::Parquet => match services.artifact.parquet(&caller, &owner, &file.path).await? {
            Ok(parquet) => Content::Parquet(parquet),
            Err(why) => Content::Broken(why),
        },
        Kind::Json if !cut(&artifact) => {
            text(services.artifact.preview(&caller, &owner, &file.path).await?, Content::Text)
        }
        _ => text(services.artifact.highlighted(&caller, &owner, &file.path).await?, Content::Html),
    };
    Ok(Some(Shown { file, artifact: Some(artifact), content }))
}

#[cfg(feature = "ssr")]
fn text(found: Option<String>, content: fn(String) -> Content) -> Content {
    found.map(content).unwrap_or_default()
}

/// Files of the run itself whose path holds a text.
#[server(prefix = "/ui", endpoint = "artifact/search", input = Json)]
pub async fn search(run_id: RunId, text: String) -> Result<Vec<Artifact>, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().artifact.search(&caller, &run_id.into(), &text).await?)
}

/// Where else the content of a file lies.
#[server(prefix = "/ui", endpoint = "artifact/copies", input = Json)]
pub async fn copies(run_id: RunId, wanted: Wanted) -> Result<Vec<ArtifactCopy>, AppError> {
    let caller = crate::remote::caller()?;
    let owner = wanted.model.map_or_else(|| run_id.into(), Owner::Asset);
    Ok(crate::remote::services().artifact.copies(&caller, &owner, &wanted.path).await?)
}

/// Takes a file, or all below a folder, out of the run.
#[server(prefix = "/ui", endpoint = "artifact/remove", input = Json)]
pub async fn remove(run_id: RunId, path: ArtifactPath) -> Result<(), AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().artifact.remove(&caller, &run_id.into(), &path).await?)
}

impl Place {
    /// The folder of this name in this one.
    pub fn below(&self, name: &str) -> Option<Self> {
        let path = match &self.path {
            Some(path) => format!("{}/{name}", path.as_str()),
            None => name.to_owned(),
        };
        Some(Self { model: self.model.clone(), path: Some(path.parse().ok()?) })
    }
}
