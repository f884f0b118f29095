//! What the Artifacts tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    AssetId, RunId,
    artifact::{Artifact, ArtifactPath},
};
#[cfg(feature = "ssr")]
use model::{
    artifact::Owner,
    asset::{Access, AssetKind},
};
use serde::{Deserialize, Serialize};

/// Models whose files are listed: a sweep of checkpoints in one run has hundreds, and the page shows the first.
#[cfg(feature = "ssr")]
const MODELS_MAX: usize = 100;

/// The files of a run and of the models that it made, and the beginning of the one that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    pub list: Vec<Artifact>,
    pub models: Vec<ModelFiles>,
    /// Present when a file is looked at that may be text.
    pub shown: Option<Shown>,
}

/// The files of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFiles {
    pub id: AssetId,
    pub name: String,
    pub list: Vec<Artifact>,
}

/// The file that is looked at: of a model, or of the run itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub model: Option<AssetId>,
    pub path: ArtifactPath,
}

/// What a text preview shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub file: Wanted,
    /// Absent when the file is not text after all.
    pub text: Option<String>,
}

#[server(prefix = "/ui", endpoint = "artifact/list", input = Json)]
pub async fn list(run_id: RunId, wanted: Option<Wanted>) -> Result<Files, AppError> {
    let (caller, services) = (crate::remote::caller()?, crate::remote::services());
    let artifact = services.artifact;
    let list = artifact.list(&caller, &run_id.clone().into()).await?;
    let mut models = Vec::new();
    let uses = services.asset.of_runs(&caller, std::slice::from_ref(&run_id)).await?.remove(run_id.as_str());
    for one in uses.unwrap_or_default() {
        if one.access == Access::Wrote && one.asset.kind == AssetKind::Model && models.len() < MODELS_MAX {
            let (id, name) = (one.asset.id.clone(), one.asset.name.clone());
            let list = artifact.list(&caller, &Owner::Asset(id.clone())).await?;
            models.push(ModelFiles { id, name, list });
        }
    }
    let mut files = Files { list, models, shown: None };
    if let Some(wanted) = wanted
        && files.find(&wanted).is_some_and(|one| super::preview::kind(one) != super::preview::Kind::Image)
    {
        let owner = match &wanted.model {
            Some(id) => Owner::Asset(id.clone()),
            None => run_id.into(),
        };
        let text = artifact.preview(&caller, &owner, &wanted.path).await?;
        files.shown = Some(Shown { file: wanted, text });
    }
    Ok(files)
}

impl Files {
    /// The file that is looked at, if it is there.
    pub fn find(&self, wanted: &Wanted) -> Option<&Artifact> {
        let list = match &wanted.model {
            Some(id) => &self.models.iter().find(|model| model.id == *id)?.list,
            None => &self.list,
        };
        list.iter().find(|one| one.path == wanted.path)
    }
}
