//! Registered models: names, tags, aliases and the search for them. Versions are in `model_version`.

use super::{
    convert::{self, Input, object, pair},
    error::{Answer, Failure},
    found::{self, Filter, is_prompt},
    model_version,
};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    ErrorKind, Tags,
    query::{Attribute, Facts, Field},
    registry::{
        ModelVersion, RegisteredModel, RegisteredModelNew, RegisteredModelSearch, RegisteredModelUpdate,
        Stage,
    },
    user::Caller,
};
use serde_json::{Value, json};
use std::{borrow::Cow, collections::HashMap};

const TAG_CHARACTERS_MAX: usize = 100_000;
const ALIAS_CHARACTERS_MAX: usize = 255;
const RESULTS_DEFAULT: i64 = 100;
const RESULTS_MAX: i64 = 1_000;

fn encode(model: &RegisteredModel, latest: &[ModelVersion]) -> Value {
    let aliases = model.aliases.iter();
    let description = (!model.description.is_empty()).then_some(&model.description);
    object([
        ("name", json!(model.name)),
        ("creation_timestamp", json!(model.created_at_ms.0)),
        ("last_updated_timestamp", json!(model.updated_at_ms.0)),
        ("description", json!(description)),
        ("latest_versions", latest.iter().map(model_version::encode).collect()),
        ("tags", tag_list(&model.tags)),
        (
            "aliases",
            aliases
                .map(|(alias, version)| json!({ "alias": alias, "version": version.to_string() }))
                .collect(),
        ),
    ])
}

pub(super) fn tag_list(tags: &Tags) -> Value {
    tags.0.iter().map(|(key, value)| pair(key, value)).collect()
}

async fn encoded(services: &Services, caller: &Caller, model: &RegisteredModel) -> Answer {
    let latest = services.registry.latest_versions(caller, &[&model.name]).await?;
    Ok(axum::Json(json!({ "registered_model": encode(model, &latest) })))
}

/// The name of a registered model, which is a part of URIs.
pub(super) fn name(input: &Input, field: &str) -> Answer<String> {
    let name = input.required(field)?;
    if name.trim().is_empty() {
        return Err(Failure::missing(field));
    }
    if name.contains(['/', ':']) {
        let message = format!("Invalid model name '{name}'. Names cannot contain '/' or ':'.");
        return Err(Failure::invalid(message));
    }
    if name.chars().any(char::is_control) {
        return Err(Failure::wrong_value(field, &json!(name), "Names hold no control characters."));
    }
    if name == "." || name.starts_with("..") {
        let reason = "Names may be treated as files in certain cases, and must not resolve to other names when treated as such.";
        return Err(Failure::wrong_value(field, &json!(name), reason));
    }
    Ok(name)
}

/// The tags of something new.
pub(super) fn tags(input: &Input) -> Answer<Tags> {
    let mut tags = Tags::default();
    for tag in input.list("tags")? {
        let (key, value) = self::tag(&Input::of(&tag))?;
        tags.0.insert(key, value);
    }
    Ok(tags)
}

pub(super) fn key(input: &Input) -> Answer<String> {
    let key = input.required("key")?;
    convert::check_key("key", &key)?;
    Ok(key)
}

pub(super) fn tag(input: &Input) -> Answer<(String, String)> {
    let (key, value) = (key(input)?, input.text("value")?.unwrap_or_default());
    if value.chars().count() > TAG_CHARACTERS_MAX {
        return Err(Failure::too_long("value", TAG_CHARACTERS_MAX));
    }
    Ok((key, value))
}

/// A failure of the engine; `missing` where what was asked for is not there.
pub(super) fn failure(error: engine::Error, missing: impl FnOnce() -> Failure) -> Failure {
    match error.into_public() {
        error if error.kind == ErrorKind::NotFound => missing(),
        error => error.into(),
    }
}

pub(super) fn no_model(name: &str) -> Failure {
    Failure::not_there(format!("Registered Model with name={name} not found"))
}

pub(super) async fn find(services: &Services, caller: &Caller, name: &str) -> Answer<RegisteredModel> {
    services.registry.get(caller, name).await.map_err(|error| failure(error, || no_model(name)))
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = name(&input, "name")?;
    let (tags, description) = (tags(&input)?, input.text("description")?.unwrap_or_default());
    let prompt = is_prompt(&tags);
    let new = RegisteredModelNew { name: name.clone(), description, tags };
    match services.registry.create(&caller, new).await.map_err(engine::Error::into_public) {
        Ok(model) => Ok(axum::Json(json!({ "registered_model": encode(&model, &[]) }))),
        Err(error) if error.kind == ErrorKind::Conflict => {
            let taken_by_prompt = is_prompt(&find(&services, &caller, &name).await?.tags);
            Err(taken(&name, prompt, taken_by_prompt))
        }
        Err(error) => Err(error.into()),
    }
}

fn taken(name: &str, prompt: bool, taken_by_prompt: bool) -> Failure {
    let word = |prompt: bool| if prompt { "Prompt" } else { "Registered Model" };
    if prompt == taken_by_prompt {
        return Failure::exists(format!("{} (name={name}) already exists.", word(prompt)));
    }
    Failure::exists(format!(
        "Tried to create a {} with name '{name}', but the name is already taken by a {}. \
         A model and a prompt cannot have the same name.",
        word(prompt).to_lowercase(),
        word(taken_by_prompt).to_lowercase(),
    ))
}

pub(super) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = name(&input, "name")?;
    encoded(&services, &caller, &find(&services, &caller, &name).await?).await
}

async fn change(
    services: &Services,
    caller: &Caller,
    name: &str,
    update: RegisteredModelUpdate,
) -> Answer<RegisteredModel> {
    services.registry.update(caller, name, update).await.map_err(|error| failure(error, || no_model(name)))
}

pub(super) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = name(&input, "name")?;
    let description = Some(input.text("description")?.unwrap_or_default());
    let update = RegisteredModelUpdate { description, ..RegisteredModelUpdate::default() };
    encoded(&services, &caller, &change(&services, &caller, &name, update).await?).await
}

pub(super) async fn rename(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (old, new) = (name(&input, "name")?, name(&input, "new_name")?);
    let update = RegisteredModelUpdate { name: Some(new.clone()), ..RegisteredModelUpdate::default() };
    let renamed = services.registry.update(&caller, &old, update).await.map_err(engine::Error::into_public);
    match renamed {
        Ok(model) => encoded(&services, &caller, &model).await,
        Err(error) if error.kind == ErrorKind::Conflict => {
            Err(Failure::exists(format!("Registered Model (name={new}) already exists.")))
        }
        Err(error) if error.kind == ErrorKind::NotFound => Err(no_model(&old)),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = name(&input, "name")?;
    services.registry.delete(&caller, &name).await.map_err(|error| failure(error, || no_model(&name)))?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn set_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, tag) = (name(&input, "name")?, tag(&input)?);
    let update = RegisteredModelUpdate { put_tags: Tags([tag].into()), ..RegisteredModelUpdate::default() };
    change(&services, &caller, &name, update).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, key) = (name(&input, "name")?, key(&input)?);
    let update = RegisteredModelUpdate { remove_tags: vec![key], ..RegisteredModelUpdate::default() };
    change(&services, &caller, &name, update).await?;
    Ok(axum::Json(json!({})))
}

pub(super) fn stage(text: &str) -> Answer<Stage> {
    Stage::named(&text.to_lowercase()).ok_or_else(|| {
        let names = Stage::ALL.map(model_version::stage_name).join(", ");
        Failure::invalid(format!("Invalid Model Version stage: {text}. Value must be one of {names}."))
    })
}

pub(super) async fn latest_versions(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = name(&input, "name")?;
    let stages: Vec<_> = input.texts("stages")?.iter().map(|text| stage(text)).collect::<Answer<_>>()?;
    find(&services, &caller, &name).await?;
    let mut latest = services.registry.latest_versions(&caller, &[&name]).await?;
    latest.retain(|version| stages.is_empty() || stages.contains(&version.stage));
    let versions = latest.iter().map(model_version::encode).collect();
    Ok(axum::Json(object([("model_versions", versions)])))
}

fn alias(input: &Input) -> Answer<String> {
    let alias = input.required("alias")?;
    if !alias.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-')) {
        return Err(Failure::invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    if alias.chars().count() > ALIAS_CHARACTERS_MAX {
        return Err(Failure::too_long("Registered model alias name", ALIAS_CHARACTERS_MAX));
    }
    Ok(alias)
}

fn is_latest(alias: &str) -> bool {
    alias.eq_ignore_ascii_case("latest")
}

/// Aliases that would be read as something else.
fn check_reserved(alias: &str) -> Answer<()> {
    if is_latest(alias) {
        return Err(Failure::invalid("'latest' alias name (case insensitive) is reserved."));
    }
    let number = alias.strip_prefix(['v', 'V']).unwrap_or_default();
    if !number.is_empty() && number.chars().all(char::is_numeric) {
        return Err(Failure::invalid(format!("Version alias name '{alias}' is reserved.")));
    }
    Ok(())
}

pub(super) async fn set_alias(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, alias) = (name(&input, "name")?, alias(&input)?);
    check_reserved(&alias)?;
    let version = model_version::number(&input)?;
    let put = services.registry.put_alias(&caller, &name, &alias, version).await;
    put.map_err(|error| failure(error, || model_version::no_version(&name, version)))?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete_alias(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, alias) = (name(&input, "name")?, alias(&input)?);
    let deleted = services.registry.delete_alias(&caller, &name, &alias).await;
    deleted.map_err(|error| failure(error, || no_model(&name)))?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn get_alias(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (name, alias) = (name(&input, "name")?, alias(&input)?);
    let version = by_alias(&services, &caller, &name, &alias).await?;
    Ok(axum::Json(json!({ "model_version": model_version::encode(&version) })))
}

/// What an alias stands for; `latest` stands for the highest number.
pub(super) async fn by_alias(
    services: &Services,
    caller: &Caller,
    name: &str,
    alias: &str,
) -> Answer<ModelVersion> {
    if is_latest(alias) {
        find(services, caller, name).await?;
        return newest(services, caller, name, None).await;
    }
    let found = services.registry.version_by_alias(caller, name, alias).await;
    let found = found.map_err(|error| failure(error, || no_model(name)))?;
    found.ok_or_else(|| Failure::invalid(format!("Registered model alias {alias} not found.")))
}

/// The version with the highest number, of all or of one stage.
pub(super) async fn newest(
    services: &Services,
    caller: &Caller,
    name: &str,
    stage: Option<Stage>,
) -> Answer<ModelVersion> {
    let latest = services.registry.latest_versions(caller, &[name]).await?;
    let fitting = latest.into_iter().filter(|version| stage.is_none_or(|stage| version.stage == stage));
    fitting
        .max_by_key(|version| version.version)
        .ok_or_else(|| Failure::not_there(format!("Latest version not found for model {name}.")))
}

fn filter_attribute(name: &str) -> Option<Attribute> {
    (name == "name").then_some(Attribute::Name)
}

fn order_attribute(name: &str) -> Option<Attribute> {
    match name {
        "name" => Some(Attribute::Name),
        "timestamp" | "last_updated_timestamp" => Some(Attribute::Updated),
        _ => None,
    }
}

/// What a filter may ask of a registered model.
struct Known<'a>(&'a RegisteredModel);

impl Facts for Known<'_> {
    fn number(&self, _: &Field) -> Option<f64> {
        None
    }

    fn text(&self, field: &Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Attribute(Attribute::Name) => Some(Cow::Borrowed(&self.0.name)),
            Field::Tag(key) => self.0.tags.0.get(key).map(|value| Cow::Borrowed(value.as_str())),
            _ => None,
        }
    }

    fn exists(&self, field: &Field) -> bool {
        self.text(field).is_some()
    }
}

pub(super) async fn search(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let count = found::results(&input, RESULTS_DEFAULT, RESULTS_MAX)?;
    let filter = input.text("filter")?.unwrap_or_default();
    let filter = Filter::read(&filter, filter_attribute, &[Attribute::Name])?;
    let order = found::order(&input, order_attribute)?;
    let offset = input.offset()?;
    let search = RegisteredModelSearch { name: filter.equal(Attribute::Name).map(str::to_owned) };
    let mut models = services.registry.search(&caller, &search).await?;
    models.retain(|model| filter.fits(&model.tags, &Known(model), &services));
    let compare = |a: &RegisteredModel, b: &RegisteredModel, field: &Field| match field {
        Field::Attribute(Attribute::Updated) => a.updated_at_ms.cmp(&b.updated_at_ms),
        _ => a.name.cmp(&b.name),
    };
    found::sort(&mut models, &order, compare, |a, b| a.name.cmp(&b.name));
    let (page, next) = found::page(&models, offset, count);
    let names: Vec<&str> = page.iter().map(|model| model.name.as_str()).collect();
    let mut latest: HashMap<String, Vec<ModelVersion>> = HashMap::new();
    for version in services.registry.latest_versions(&caller, &names).await? {
        latest.entry(version.name.clone()).or_default().push(version);
    }
    let encoded = page.iter().map(|model| encode(model, latest.get(&model.name).map_or(&[], Vec::as_slice)));
    Ok(axum::Json(object([("registered_models", encoded.collect()), ("next_page_token", json!(next))])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_read_as_something_else_are_refused() {
        let named = |text: &str| name(&Input::of(&json!({ "name": text })), "name");
        for good in ["resnet 50", "a.b", ".hidden", "Größe"] {
            assert!(named(good).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a/b", "a:b", "a\0b", ".", "..", "..x"] {
            assert!(named(bad).is_err(), "{bad}");
        }
        for bad in ["latest", "LATEST", "v1", "V20"] {
            assert!(check_reserved(bad).is_err(), "{bad}");
        }
        for good in ["v", "v1a", "version1", "champion"] {
            assert!(check_reserved(good).is_ok(), "{good}");
        }
    }
}
