//! Assets: datasets and models. Each is one version of a thing, told apart by its digest or its id; what runs read and
//! wrote of them is the lineage.

use crate::{AssetId, Error, ExperimentId, Float64, RunId, Tags, UnixMillis, limits, param, run::Trash};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    Dataset,
    Model,
}

impl AssetKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Model => "model",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Dataset, Self::Model].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Whether all of it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssetStatus {
    /// Its files are on their way.
    Pending,
    #[default]
    Ready,
    Failed,
}

impl AssetStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Pending, Self::Ready, Self::Failed].into_iter().find(|status| status.as_str() == name)
    }
}

/// A dataset or a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asset {
    pub id: AssetId,
    pub experiment_id: ExperimentId,
    pub kind: AssetKind,
    pub name: String,
    /// What its maker computed of a dataset's content; empty for a model.
    pub digest: String,
    /// What kind of source a dataset has, or of what kind a model is: `local`, `sklearn`. May be empty.
    pub format: String,
    pub status: AssetStatus,
    pub status_message: String,
    /// Where a dataset comes from, in its maker's words, often JSON.
    pub source: String,
    /// Columns and types of a dataset, as JSON; may be empty.
    pub schema: String,
    /// Statistics of a dataset, as JSON; may be empty.
    pub profile: String,
    /// The run that made it.
    pub source_run_id: Option<RunId>,
    pub tags: Tags,
    pub params: BTreeMap<String, String>,
    pub created_at_ms: UnixMillis,
    pub updated_at_ms: UnixMillis,
    pub trashed_at_ms: Option<UnixMillis>,
}

/// A dataset as a client describes it. One experiment has one of a name and digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DatasetNew {
    pub name: String,
    pub digest: String,
    #[serde(default)]
    pub format: String,
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub schema: String,
    #[serde(default)]
    pub profile: String,
}

impl DatasetNew {
    pub fn check(&self) -> Result<(), Error> {
        check_name("name", &self.name)?;
        if self.digest.is_empty() {
            return Err(Error::invalid("digest", "a dataset has a digest of its content"));
        }
        for (field, text, most) in [
            ("digest", &self.digest, limits::ASSET_DIGEST_BYTES_MAX),
            ("format", &self.format, limits::ASSET_NAME_BYTES_MAX),
            ("source", &self.source, limits::ASSET_SOURCE_BYTES_MAX),
            ("schema", &self.schema, limits::ASSET_SCHEMA_BYTES_MAX),
            ("profile", &self.profile, limits::ASSET_PROFILE_BYTES_MAX),
        ] {
            param::check_text(field, text, most)?;
        }
        Ok(())
    }
}

/// A model as a client announces it, before it sends the files.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelNew {
    pub experiment_id: ExperimentId,
    /// Made up when absent.
    pub name: Option<String>,
    pub format: String,
    pub source_run_id: Option<RunId>,
    pub tags: Tags,
    pub params: BTreeMap<String, String>,
}

impl ModelNew {
    pub fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.name {
            check_name("name", name)?;
        }
        param::check_text("format", &self.format, limits::ASSET_NAME_BYTES_MAX)?;
        self.tags.check()?;
        check_params(&self.params)
    }
}

/// Changes to an asset; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssetUpdate {
    pub status: Option<AssetStatus>,
    pub status_message: Option<String>,
    pub put_tags: Tags,
    pub remove_tags: Vec<String>,
    /// Added to those that are there; a key that is there takes the new value.
    pub put_params: BTreeMap<String, String>,
    pub trashed: Option<bool>,
}

impl AssetUpdate {
    pub fn check(&self) -> Result<(), Error> {
        self.put_tags.check()?;
        if let Some(message) = &self.status_message {
            param::check_text("status_message", message, limits::TEXT_VALUE_BYTES_MAX)?;
        }
        check_params(&self.put_params)
    }
}

pub(crate) fn check_name(field: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > limits::ASSET_NAME_BYTES_MAX || name.chars().any(char::is_control) {
        let expected =
            format!("1 to {} bytes without control characters were expected", limits::ASSET_NAME_BYTES_MAX);
        return Err(Error::invalid(field, expected));
    }
    Ok(())
}

fn check_params(params: &BTreeMap<String, String>) -> Result<(), Error> {
    if params.len() > limits::ASSET_PARAMS_MAX {
        return Err(Error::invalid("params", format!("at most {} params", limits::ASSET_PARAMS_MAX)));
    }
    for (key, value) in params {
        param::check_key("params", key)?;
        param::check_text(&format!("params.{key}"), value, limits::TEXT_VALUE_BYTES_MAX)?;
    }
    Ok(())
}

/// What a run did with an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Access {
    Read,
    Wrote,
}

impl Access {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Wrote => "wrote",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Read, Self::Wrote].into_iter().find(|access| access.as_str() == name)
    }
}

/// That a run read or wrote an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct UseNew {
    pub asset: Used,
    pub access: Access,
    /// What for: `training`, `eval`. May be empty.
    pub context: String,
    /// At which step a model was written.
    pub step: i64,
    pub tags: Tags,
}

impl UseNew {
    pub fn check(&self) -> Result<(), Error> {
        param::check_text("context", &self.context, limits::ASSET_NAME_BYTES_MAX)?;
        self.tags.check()?;
        match &self.asset {
            Used::Dataset(dataset) => dataset.check(),
            Used::Asset(_) => Ok(()),
        }
    }
}

/// Which asset: a dataset that may be new, or one that is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Used {
    Dataset(Box<DatasetNew>),
    Asset(AssetId),
}

/// An asset that a run read or wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssetUse {
    /// Shared: many runs read one dataset.
    #[cfg_attr(feature = "openapi", schema(value_type = Asset))]
    pub asset: Arc<Asset>,
    pub access: Access,
    pub context: String,
    pub step: i64,
    pub tags: Tags,
}

/// The latest of a model's values for a metric, on one dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssetMetric {
    pub key: String,
    /// Empty where the value is of no dataset.
    pub dataset_name: String,
    pub dataset_digest: String,
    /// The run that measured.
    pub run_id: RunId,
    pub step: i64,
    pub time_ms: UnixMillis,
    pub value: Float64,
}

/// Which assets.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetSearch {
    pub experiment_ids: Vec<ExperimentId>,
    pub kind: AssetKind,
    /// Only of this name.
    pub name: Option<String>,
    pub trash: Trash,
}

/// What runs of an experiment use a dataset for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetUse {
    pub experiment_id: ExperimentId,
    pub name: String,
    pub digest: String,
    pub context: String,
}
