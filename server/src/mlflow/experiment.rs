//! Experiments.

use super::{
    convert::{self, Input, NOTE, object, pair, stage},
    error::{Answer, Failure},
    found,
};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    ExperimentId, Tags,
    experiment::{Experiment, ExperimentNew, ExperimentQuery, ExperimentUpdate},
    limits,
    query::{Attribute, Facts, Field, OrderBy, evaluate},
    run::Trash,
    user::Caller,
};
use serde_json::{Value, json};
use std::{borrow::Cow, cmp::Ordering};

const NAME_CHARACTERS_MAX: usize = 500;
/// What MLflow lets the value of a tag have.
const TAG_CHARACTERS_MAX: usize = 20_000;
const RESULTS_MAX: i64 = 50_000;

fn encode(experiment: &Experiment) -> Value {
    let mut tags: Vec<_> = experiment.tags.0.iter().map(|(key, value)| pair(key, value)).collect();
    if !experiment.description.is_empty() {
        tags.push(pair(NOTE, &experiment.description));
    }
    object([
        ("experiment_id", json!(experiment.id.to_string())),
        ("name", json!(experiment.name)),
        ("artifact_location", json!(format!("mlflow-artifacts:/{}", experiment.id))),
        ("lifecycle_stage", json!(stage(experiment.trashed_at_ms.is_some()))),
        ("creation_time", json!(experiment.created_at_ms.0)),
        ("last_update_time", json!(experiment.last_activity_at_ms.0)),
        ("tags", Value::Array(tags)),
    ])
}

/// The server chooses where artifacts lie.
fn check_location(input: &Input) -> Answer<()> {
    match input.text("artifact_location")?.as_deref() {
        None | Some("") => Ok(()),
        Some(_) => Err(Failure::invalid("'artifact_location' is chosen by this server; leave it out")),
    }
}

fn check_name(name: &str, text: &str) -> Answer<()> {
    if text.chars().count() > NAME_CHARACTERS_MAX {
        return Err(Failure::too_long(name, NAME_CHARACTERS_MAX));
    }
    Ok(())
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = input.required("name")?;
    check_name("name", &name)?;
    check_location(&input)?;
    let mut tags = Tags::default();
    for tag in input.list("tags")? {
        let tag = Input::of(&tag);
        tags.0.insert(tag.required("key")?, tag.text("value")?.unwrap_or_default());
    }
    let description = tags.0.remove(NOTE).unwrap_or_default();
    let (experiment, created) = services
        .experiment
        .create(&caller, ExperimentNew { name: name.clone(), description, tags, ..ExperimentNew::default() })
        .await?;
    if !created {
        let state = stage(experiment.trashed_at_ms.is_some());
        return Err(Failure::exists(format!(
            "Experiment(name={name}) already exists. Its state is '{state}'."
        )));
    }
    Ok(axum::Json(json!({ "experiment_id": experiment.id.to_string() })))
}

async fn find(services: &Services, caller: &Caller, id: ExperimentId) -> Answer<Experiment> {
    services.experiment.get(caller, id).await.map_err(|error| match error.into_public() {
        error if error.kind == model::ErrorKind::NotFound => {
            Failure::not_there(format!("No Experiment with id={id} exists"))
        }
        error => error.into(),
    })
}

/// An experiment that is not in the trash.
pub(super) async fn active(services: &Services, caller: &Caller, id: ExperimentId) -> Answer<Experiment> {
    let experiment = find(services, caller, id).await?;
    if experiment.trashed_at_ms.is_some() {
        let message = format!("The experiment {id} must be in the 'active' state. Current state is deleted.");
        return Err(Failure::invalid(message));
    }
    Ok(experiment)
}

pub(super) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = convert::experiment_id(&input.required("experiment_id")?)?;
    let experiment = find(&services, &caller, id).await?;
    Ok(axum::Json(json!({ "experiment": encode(&experiment) })))
}

pub(super) async fn get_by_name(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let name = input.required("experiment_name")?;
    match services.experiment.by_name(&caller, &name).await? {
        Some(experiment) => Ok(axum::Json(json!({ "experiment": encode(&experiment) }))),
        None => Err(Failure::not_there(format!("Could not find experiment with name '{name}'"))),
    }
}

/// What a filter may ask of an experiment.
struct Known<'a>(&'a Experiment);

impl Facts for Known<'_> {
    fn number(&self, field: &Field) -> Option<f64> {
        match field {
            Field::Attribute(Attribute::Created) => Some(self.0.created_at_ms.0 as f64),
            Field::Attribute(Attribute::Updated) => Some(self.0.last_activity_at_ms.0 as f64),
            _ => None,
        }
    }

    fn text(&self, field: &Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Attribute(Attribute::Name) => Some(Cow::Borrowed(&self.0.name)),
            Field::Attribute(Attribute::Id) => Some(Cow::Owned(self.0.id.to_string())),
            Field::Tag(key) if key == NOTE && !self.0.description.is_empty() => {
                Some(Cow::Borrowed(&self.0.description))
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
    let count = input.int("max_results")?.unwrap_or(0);
    if count < 1 {
        let message = format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be a positive integer"
        );
        return Err(Failure::invalid(message));
    }
    if count > RESULTS_MAX {
        let message = format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be at most {RESULTS_MAX}"
        );
        return Err(Failure::invalid(message));
    }
    let filter = convert::experiment_filter(&input.text("filter")?.unwrap_or_default())?;
    let order = convert::experiment_order(&input.texts("order_by")?)?;
    let offset = input.offset()?;
    let mut found = all(&services, &caller, input.view("view_type")?).await?;
    if let Some(expr) = &filter {
        let now = services.now();
        found.retain(|experiment| evaluate(expr, &Known(experiment), now));
    }
    sort(&mut found, &order);
    let (page, next) = found::page(&found, offset, count as usize);
    let page = page.iter().map(encode).collect();
    Ok(axum::Json(object([("experiments", page), ("next_page_token", json!(next))])))
}

/// Every experiment of a view: they are few beside runs, and a filter looks at each of them.
async fn all(services: &Services, caller: &Caller, trash: Trash) -> Answer<Vec<Experiment>> {
    let mut found = Vec::new();
    for status in [None, Some(model::experiment::ExperimentStatus::Archived)] {
        let mut offset = Some(0);
        while let Some(from) = offset {
            let limit = Some(limits::PAGE_MAX);
            let query = ExperimentQuery { status, trash, offset: from, limit, ..ExperimentQuery::default() };
            let page = services.experiment.list(caller, query).await?;
            offset = page.next_offset;
            found.extend(page.items);
        }
    }
    Ok(found)
}

/// By what is asked for, and then the newest first, or the highest id where an order was asked for.
fn sort(found: &mut [Experiment], order: &[OrderBy]) {
    let compare = |a: &Experiment, b: &Experiment, field: &Field| match field {
        Field::Attribute(Attribute::Name) => a.name.cmp(&b.name),
        Field::Attribute(Attribute::Id) => a.id.0.cmp(&b.id.0),
        Field::Attribute(Attribute::Created) => a.created_at_ms.cmp(&b.created_at_ms),
        Field::Attribute(Attribute::Updated) => a.last_activity_at_ms.cmp(&b.last_activity_at_ms),
        _ => Ordering::Equal,
    };
    let ties = |a: &Experiment, b: &Experiment| {
        if order.is_empty() {
            b.created_at_ms.cmp(&a.created_at_ms).then(a.id.0.cmp(&b.id.0))
        } else {
            b.id.0.cmp(&a.id.0)
        }
    };
    found::sort(found, order, compare, ties);
}

async fn change(services: &Services, caller: &Caller, id: ExperimentId, update: ExperimentUpdate) -> Answer {
    services.experiment.update(caller, id, update).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = convert::experiment_id(&input.required("experiment_id")?)?;
    if find(&services, &caller, id).await?.trashed_at_ms.is_some() {
        return Err(Failure::not_there(format!("No active Experiment with id={id} exists")));
    }
    change(&services, &caller, id, ExperimentUpdate { trashed: Some(true), ..ExperimentUpdate::default() })
        .await
}

pub(super) async fn restore(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = convert::experiment_id(&input.required("experiment_id")?)?;
    if find(&services, &caller, id).await?.trashed_at_ms.is_none() {
        return Err(Failure::not_there(format!("No deleted Experiment with id={id} exists")));
    }
    change(&services, &caller, id, ExperimentUpdate { trashed: Some(false), ..ExperimentUpdate::default() })
        .await
}

pub(super) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = convert::experiment_id(&input.required("experiment_id")?)?;
    let name = input.required("new_name")?;
    check_name("new_name", &name)?;
    active(&services, &caller, id).await?;
    let update = ExperimentUpdate { name: Some(name.clone()), ..ExperimentUpdate::default() };
    match services.experiment.update(&caller, id, update).await.map_err(engine::Error::into_public) {
        Ok(_) => Ok(axum::Json(json!({}))),
        Err(error) if error.kind == model::ErrorKind::Conflict => {
            Err(Failure::exists(format!("Experiment(name={name}) already exists.")))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn set_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = convert::experiment_id(&input.required("experiment_id")?)?;
    let (key, value) = (input.required("key")?, input.text("value")?.unwrap_or_default());
    convert::check_key("key", &key)?;
    if value.chars().count() > TAG_CHARACTERS_MAX {
        return Err(Failure::too_long("value", TAG_CHARACTERS_MAX));
    }
    active(&services, &caller, id).await?;
    let update = if key == NOTE {
        ExperimentUpdate { description: Some(value), ..ExperimentUpdate::default() }
    } else {
        ExperimentUpdate { put_tags: Tags([(key, value)].into()), ..ExperimentUpdate::default() }
    };
    change(&services, &caller, id, update).await
}

pub(super) async fn delete_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = convert::experiment_id(&input.required("experiment_id")?)?;
    let key = input.required("key")?;
    let experiment = active(&services, &caller, id).await?;
    let is_note = key == NOTE && !experiment.description.is_empty();
    if !is_note && !experiment.tags.0.contains_key(&key) {
        return Err(Failure::not_there(format!("No tag with name: {key} in experiment with id {id}")));
    }
    let update = if is_note {
        ExperimentUpdate { description: Some(String::new()), ..ExperimentUpdate::default() }
    } else {
        ExperimentUpdate { remove_tags: vec![key], ..ExperimentUpdate::default() }
    };
    change(&services, &caller, id, update).await
}
