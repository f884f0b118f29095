//! The model registry: names under which versions of models are kept, in stages and under aliases.

use crate::{AssetId, Error, RunId, Tags, UnixMillis, asset, limits, param};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a version has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    None,
    Staging,
    Production,
    Archived,
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Archived => "archived",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

/// A name with versions of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisteredModel {
    pub name: String,
    pub description: String,
    pub tags: Tags,
    /// Which version each alias stands for.
    pub aliases: BTreeMap<String, i64>,
    pub created_at_ms: UnixMillis,
    /// The latest of its creation, a new name or description, and what became of its versions.
    pub updated_at_ms: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelVersion {
    /// Of the registered model.
    pub name: String,
    /// Counts up from 1 inside the registered model; the number of a version that was deleted is not given again.
    pub version: i64,
    pub description: String,
    pub stage: Stage,
    /// What it was made of, in its maker's words: a URI.
    pub source: String,
    /// Where its files lie: the source, or the place that the source meant when the version was made.
    pub location: String,
    /// The run that made it; it may be one of another server.
    pub run_id: Option<RunId>,
    /// Where to look at that run; may be empty.
    pub run_link: String,
    /// The model that it was made of, where that is known here.
    pub asset_id: Option<AssetId>,
    pub tags: Tags,
    pub aliases: Vec<String>,
    pub created_at_ms: UnixMillis,
    pub updated_at_ms: UnixMillis,
}

/// A new registered model. Its name must be free.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisteredModelNew {
    pub name: String,
    pub description: String,
    pub tags: Tags,
}

impl RegisteredModelNew {
    pub fn check(&self) -> Result<(), Error> {
        asset::check_name("name", &self.name)?;
        check_description(&self.description)?;
        self.tags.check_within(limits::MODEL_TAG_BYTES_MAX)
    }
}

/// Changes to a registered model; what is absent stays. Versions, tags and aliases follow a new name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisteredModelUpdate {
    pub name: Option<String>,
    pub description: Option<String>,
    pub put_tags: Tags,
    pub remove_tags: Vec<String>,
}

impl RegisteredModelUpdate {
    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            asset::check_name("name", name)?;
        }
        self.description.as_deref().map_or(Ok(()), check_description)?;
        self.put_tags.check_within(limits::MODEL_TAG_BYTES_MAX)
    }
}

/// Which registered models; all of them without a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisteredModelSearch {
    pub name: Option<String>,
}

/// A new version of a registered model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelVersionNew {
    /// Of the registered model.
    pub name: String,
    pub description: String,
    pub source: String,
    pub location: String,
    pub run_id: Option<RunId>,
    pub run_link: String,
    pub asset_id: Option<AssetId>,
    pub tags: Tags,
}

impl ModelVersionNew {
    pub fn check(&self) -> Result<(), Error> {
        check_description(&self.description)?;
        for (field, text) in
            [("source", &self.source), ("location", &self.location), ("run_link", &self.run_link)]
        {
            param::check_text(field, text, limits::MODEL_SOURCE_BYTES_MAX)?;
        }
        self.tags.check_within(limits::MODEL_TAG_BYTES_MAX)
    }
}

/// Changes to a version; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelVersionUpdate {
    pub description: Option<String>,
    pub put_tags: Tags,
    pub remove_tags: Vec<String>,
}

impl ModelVersionUpdate {
    pub fn check(&self) -> Result<(), Error> {
        self.description.as_deref().map_or(Ok(()), check_description)?;
        self.put_tags.check_within(limits::MODEL_TAG_BYTES_MAX)
    }
}

/// Which versions: those that fit all that is named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelVersionSearch {
    pub name: Option<String>,
    pub version: Option<i64>,
    pub run_id: Option<RunId>,
}

/// The rule for aliases.
pub fn check_alias(alias: &str) -> Result<(), Error> {
    asset::check_name("alias", alias)
}

fn check_description(description: &str) -> Result<(), Error> {
    param::check_text("description", description, limits::DESCRIPTION_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_reads_back_by_its_name() {
        for stage in Stage::ALL {
            assert_eq!(Stage::named(stage.as_str()), Some(stage));
        }
        assert_eq!(Stage::named("Production"), None);
    }

    #[test]
    fn names_texts_and_tags_are_bounded() {
        let new = |name: &str| RegisteredModelNew { name: name.into(), ..RegisteredModelNew::default() };
        assert!(new("resnet 50").check().is_ok());
        for bad in ["", "a\nb", &"x".repeat(limits::ASSET_NAME_BYTES_MAX + 1)] {
            assert_eq!(new(bad).check().unwrap_err().field.as_deref(), Some("name"));
        }
        let prompt = Tags([("text".to_owned(), "x".repeat(limits::MODEL_TAG_BYTES_MAX))].into());
        let version = ModelVersionNew { tags: prompt.clone(), ..ModelVersionNew::default() };
        assert!(version.check().is_ok() && prompt.check().is_err());
        let source = "s3://b/".to_owned() + &"x".repeat(limits::MODEL_SOURCE_BYTES_MAX);
        let version = ModelVersionNew { source, ..ModelVersionNew::default() };
        assert_eq!(version.check().unwrap_err().field.as_deref(), Some("source"));
    }
}
