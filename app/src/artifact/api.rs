//! What the Artifacts tab asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    RunId,
    artifact::{Artifact, ArtifactPath},
};
use serde::{Deserialize, Serialize};

/// The files of a run, and the beginning of the one that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Files {
    pub list: Vec<Artifact>,
    /// Present when a file is looked at that may be text.
    pub shown: Option<Shown>,
}

/// What a text preview shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub path: ArtifactPath,
    /// Absent when the file is not text after all.
    pub text: Option<String>,
}

#[server(prefix = "/ui", endpoint = "artifact/list", input = Json)]
pub async fn list(run_id: RunId, path: Option<ArtifactPath>) -> Result<Files, AppError> {
    let (caller, artifact) = (crate::remote::caller()?, crate::remote::services().artifact);
    let files = artifact.list(&caller, &run_id.clone().into()).await?;
    let wanted = files.iter().find(|one| Some(&one.path) == path.as_ref());
    let shown = match wanted.filter(|one| super::preview::kind(one) != super::preview::Kind::Image) {
        Some(one) => {
            let text = artifact.preview(&caller, &run_id.clone().into(), &one.path).await?;
            Some(Shown { path: one.path.clone(), text })
        }
        None => None,
    };
    Ok(Files { list: files, shown })
}
