//! Versions of registered models.

use super::{
    artifact,
    convert::{self, Input, model_id_text, object},
    error::{Answer, Failure},
    found::{self, Filter, is_prompt},
    registry,
    source::{self, Origin},
};
use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use engine::Services;
use model::{
    AssetId, Tags,
    asset::AssetUpdate,
    limits,
    query::{Attribute, Facts, Field},
    registry::{ModelVersion, ModelVersionNew, ModelVersionSearch, ModelVersionUpdate, Stage},
    user::Caller,
};
use serde_json::{Value, json};
use std::{borrow::Cow, cmp::Ordering};

/// The tag of a model that lists the versions made of it.
const VERSIONS: &str = "mlflow.modelVersions";

pub(super) fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::None => "None",
        Stage::Staging => "Staging",
        Stage::Production => "Production",
        Stage::Archived => "Archived",
    }
}

pub(super) fn encode(version: &ModelVersion) -> Value {
    let run_id = version.run_id.as_ref().map(ToString::to_string).unwrap_or_default();
    object([
        ("name", json!(version.name)),
        ("version", json!(version.version.to_string())),
        ("creation_timestamp", json!(version.created_at_ms.0)),
        ("last_updated_timestamp", json!(version.updated_at_ms.0)),
        ("current_stage", json!(stage_name(version.stage))),
        ("description", json!(version.description)),
        ("source", json!(version.source)),
        ("run_id", json!(run_id)),
        ("run_link", json!(version.run_link)),
        ("status", json!("READY")),
        ("model_id", json!(version.asset_id.as_ref().map(model_id_text))),
        ("tags", registry::tag_list(&version.tags)),
        ("aliases", json!(version.aliases)),
    ])
}

fn answer(version: &ModelVersion) -> axum::Json<Value> {
    axum::Json(json!({ "model_version": encode(version) }))
}

pub(super) fn number(input: &Input) -> Answer<i64> {
    let text = input.required("version")?;
    let wrong = || Failure::invalid(format!("Parameter 'version' must be an integer, got '{text}'."));
    text.parse().map_err(|_| wrong())
}

pub(super) fn no_version(name: &str, version: i64) -> Failure {
    Failure::not_there(format!("Model Version (name={name}, version={version}) not found"))
}

pub(super) async fn find(
    services: &Services,
    caller: &Caller,
    name: &str,
    version: i64,
) -> Answer<ModelVersion> {
    let found = services.registry.get_version(caller, name, version).await;
    found.map_err(|error| registry::failure(error, || no_version(name, version)))
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, text) = (registry::name(&input, "name")?, input.required("source")?);
    let tags = registry::tags(&input)?;
    let (run_id, model_id) = (input.text("run_id")?, input.text("model_id")?);
    let Origin { source, location, run_id, asset_id } = if is_prompt(&tags) {
        source::of_prompt(&text, run_id.as_deref())?
    } else {
        source::resolve(&services, &caller, &text, run_id.as_deref(), model_id.as_deref()).await?
    };
    let new = ModelVersionNew {
        name: name.clone(),
        description: input.text("description")?.unwrap_or_default(),
        source,
        location,
        run_id,
        run_link: input.text("run_link")?.unwrap_or_default(),
        asset_id,
        tags,
    };
    let made = services.registry.create_version(&caller, new).await;
    let made = made.map_err(|error| registry::failure(error, || registry::no_model(&name)))?;
    if let Some(id) = &made.asset_id {
        note_on_asset(&services, &caller, id, &made).await?;
    }
    Ok(answer(&made))
}

/// Adds the version to the list in the tag of the model that it was made of; the list forgets its oldest when it is full.
async fn note_on_asset(
    services: &Services,
    caller: &Caller,
    id: &AssetId,
    version: &ModelVersion,
) -> Answer<()> {
    let asset = services.asset.get(caller, id).await?;
    let before = asset.tags.0.get(VERSIONS).and_then(|text| serde_json::from_str(text).ok());
    let mut list: Vec<Value> = before.unwrap_or_default();
    let entry = json!({ "name": version.name, "version": version.version });
    // A registered model of this name may have been deleted and made again.
    if !list.contains(&entry) {
        list.push(entry);
    }
    let mut text = json!(list).to_string();
    while text.len() > limits::TEXT_VALUE_BYTES_MAX {
        list.remove(0);
        text = json!(list).to_string();
    }
    let put_tags = Tags([(VERSIONS.to_owned(), text)].into());
    services.asset.update(caller, id, AssetUpdate { put_tags, ..AssetUpdate::default() }).await?;
    Ok(())
}

pub(super) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    Ok(answer(&find(&services, &caller, &name, version).await?))
}

async fn change(
    services: &Services,
    caller: &Caller,
    name: &str,
    version: i64,
    update: ModelVersionUpdate,
) -> Answer<ModelVersion> {
    let changed = services.registry.update_version(caller, name, version, update).await;
    changed.map_err(|error| registry::failure(error, || no_version(name, version)))
}

pub(super) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let description = Some(input.text("description")?.unwrap_or_default());
    let update = ModelVersionUpdate { description, ..ModelVersionUpdate::default() };
    Ok(answer(&change(&services, &caller, &name, version, update).await?))
}

pub(super) async fn transition_stage(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let stage = registry::stage(&input.required("stage")?)?;
    let archive = input.flag("archive_existing_versions")?.unwrap_or(false);
    if archive && !matches!(stage, Stage::Staging | Stage::Production) {
        return Err(Failure::invalid(format!(
            "Model version transition cannot archive existing model versions because '{}' is not an Active stage. \
             Valid stages are ['Staging', 'Production']",
            stage_name(stage)
        )));
    }
    let moved = services.registry.put_stage(&caller, &name, version, stage, archive).await;
    Ok(answer(&moved.map_err(|error| registry::failure(error, || no_version(&name, version)))?))
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let deleted = services.registry.delete_version(&caller, &name, version).await;
    deleted.map_err(|error| registry::failure(error, || no_version(&name, version)))?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn download_uri(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let found = find(&services, &caller, &name, version).await?;
    Ok(axum::Json(json!({ "artifact_uri": found.location })))
}

/// `GET /model-versions/get-artifact?name=&version=&path=`
pub(super) async fn download(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    input: Input,
) -> Answer<Response> {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let path = artifact::artifact_path(&input.required("path")?)?.ok_or_else(|| Failure::missing("path"))?;
    let found = find(&services, &caller, &name, version).await?;
    let place = found.location.strip_prefix("mlflow-artifacts:/").map(artifact::place).transpose()?.flatten();
    let Some(place) = place else {
        let message = format!("The files of this version are not on this server but at '{}'", found.location);
        return Err(Failure::invalid(message));
    };
    let path = match place.path {
        Some(folder) => {
            format!("{}/{}", folder.as_str(), path.as_str()).parse().map_err(|_| artifact::unsafe_path())?
        }
        None => path,
    };
    artifact::bytes(&services, &caller, &place.owner, &path, artifact::range(&headers)).await
}

pub(super) async fn set_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let put_tags = Tags([registry::tag(&input)?].into());
    let update = ModelVersionUpdate { put_tags, ..ModelVersionUpdate::default() };
    change(&services, &caller, &name, version, update).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, version) = (registry::name(&input, "name")?, number(&input)?);
    let remove_tags = vec![registry::key(&input)?];
    let update = ModelVersionUpdate { remove_tags, ..ModelVersionUpdate::default() };
    change(&services, &caller, &name, version, update).await?;
    Ok(axum::Json(json!({})))
}

fn filter_attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "name" => Attribute::Name,
        "version_number" => Attribute::Number,
        "run_id" => Attribute::Run,
        "source_path" => Attribute::Source,
        _ => return None,
    })
}

fn order_attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "name" => Attribute::Name,
        "version_number" => Attribute::Number,
        "creation_timestamp" => Attribute::Created,
        "last_updated_timestamp" => Attribute::Updated,
        _ => return None,
    })
}

/// What a filter may ask of a version.
struct Known<'a>(&'a ModelVersion);

impl Facts for Known<'_> {
    fn number(&self, field: &Field) -> Option<f64> {
        (*field == Field::Attribute(Attribute::Number)).then_some(self.0.version as f64)
    }

    fn text(&self, field: &Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Attribute(Attribute::Name) => Some(Cow::Borrowed(&self.0.name)),
            Field::Attribute(Attribute::Source) => Some(Cow::Borrowed(&self.0.source)),
            // A version without a run has an empty one.
            Field::Attribute(Attribute::Run) => {
                Some(Cow::Borrowed(self.0.run_id.as_ref().map_or("", |id| id.as_str())))
            }
            Field::Tag(key) => self.0.tags.0.get(key).map(|value| Cow::Borrowed(value.as_str())),
            _ => None,
        }
    }

    fn exists(&self, field: &Field) -> bool {
        self.number(field).is_some() || self.text(field).is_some()
    }
}

pub(super) async fn search(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let most = limits::MODEL_VERSIONS_FOUND_MAX;
    let count = found::results(&input, most, most)?;
    let filter = input.text("filter")?.unwrap_or_default();
    let filter = Filter::read(&filter, filter_attribute, &[Attribute::Name, Attribute::Run])?;
    let order = found::order(&input, order_attribute)?;
    let offset = input.offset()?;
    let search = ModelVersionSearch {
        name: filter.equal(Attribute::Name).map(str::to_owned),
        run_id: filter.equal(Attribute::Run).and_then(|text| convert::run_id(text).ok()),
        ..ModelVersionSearch::default()
    };
    let mut versions = services.registry.search_versions(&caller, &search).await?;
    versions.retain(|version| filter.fits(&version.tags, &Known(version), &services));
    let compare = |a: &ModelVersion, b: &ModelVersion, field: &Field| match field {
        Field::Attribute(Attribute::Number) => a.version.cmp(&b.version),
        Field::Attribute(Attribute::Created) => a.created_at_ms.cmp(&b.created_at_ms),
        Field::Attribute(Attribute::Updated) => a.updated_at_ms.cmp(&b.updated_at_ms),
        _ => a.name.cmp(&b.name),
    };
    let ties = |a: &ModelVersion, b: &ModelVersion| {
        let newest = if order.is_empty() { b.updated_at_ms.cmp(&a.updated_at_ms) } else { Ordering::Equal };
        newest.then_with(|| a.name.cmp(&b.name)).then_with(|| b.version.cmp(&a.version))
    };
    found::sort(&mut versions, &order, compare, ties);
    let (page, next) = found::page(&versions, offset, count);
    let encoded = page.iter().map(encode).collect();
    Ok(axum::Json(object([("model_versions", encoded), ("next_page_token", json!(next))])))
}
