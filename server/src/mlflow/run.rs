//! Runs: create, look at, change, throw away, tag.

use super::{
    convert::{
        self, Input, NOTE, PARENT, RUN_NAME, USER, USER_ID, artifact_uri, double, object, pair, stage,
        status_name, status_named, truncated,
    },
    error::{Answer, Failure},
    experiment, lineage,
};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    RunId, Tags, UnixMillis,
    metric::{Kind, MetricSummary},
    note::NoteUpdate,
    param::ParamValue,
    run::{FoundRun, Run, RunNew, RunStatus, RunUpdate},
    user::Caller,
};
use serde_json::{Value, json};

/// What `log-model` keeps.
const MODEL_HISTORY: &str = "mlflow.log-model.history";
pub(super) const TAG_CHARACTERS_MAX: usize = 8_000;
const NAME_BYTES_MAX: usize = model::limits::NAME_BYTES_MAX;

pub(super) fn info(run: &Run) -> Value {
    let user = run.tags.0.get(USER_ID).or_else(|| run.tags.0.get(USER)).unwrap_or(&run.user);
    object([
        ("run_id", json!(run.id.as_str())),
        ("run_uuid", json!(run.id.as_str())),
        ("run_name", json!(run.name)),
        ("experiment_id", json!(run.experiment_id.to_string())),
        ("user_id", json!(user)),
        ("status", json!(status_name(run.status))),
        ("start_time", json!(run.started_at_ms.unwrap_or(UnixMillis(0)).0)),
        ("end_time", json!(run.ended_at_ms.map(|at| at.0))),
        ("artifact_uri", json!(artifact_uri(run))),
        ("lifecycle_stage", json!(stage(run.trashed_at_ms.is_some()))),
    ])
}

/// A run with its data; `note` is shown as the tag that MLflow keeps notes in.
pub(super) fn encode(found: &FoundRun, note: Option<&str>) -> Value {
    let FoundRun { run, params, metrics, assets } = found;
    let metrics = metrics.iter().filter(|metric| metric.kind == Kind::Number && metric.context.is_empty());
    let shown = run.tags.0.iter().filter(|(key, _)| *key != USER_ID);
    let mut tags: Vec<_> = shown.map(|(key, value)| pair(key, value)).collect();
    tags.push(pair(RUN_NAME, &run.name));
    tags.extend(note.map(|note| pair(NOTE, note)));
    let data = object([
        ("metrics", metrics.map(metric).collect()),
        ("params", params.iter().map(|(key, value)| pair(key, &param_text(value))).collect()),
        ("tags", Value::Array(tags)),
    ]);
    json!({
        "info": info(run),
        "data": data,
        "inputs": lineage::inputs(assets),
        "outputs": lineage::outputs(assets),
    })
}

fn metric(summary: &MetricSummary) -> Value {
    json!({
        "key": summary.key,
        "value": double(summary.last.0),
        "timestamp": summary.last_time_ms.0,
        "step": summary.last_step,
    })
}

/// As Python writes it, because MLflow's params are Python's `str` of a value.
fn param_text(value: &ParamValue) -> String {
    match value {
        ParamValue::Bool(true) => "True".to_owned(),
        ParamValue::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

/// The tags of a request, those aside that are fields of ours.
struct Given {
    tags: Tags,
    name: Option<String>,
    note: Option<String>,
}

fn given(list: &[Value], place: &str) -> Answer<Given> {
    let mut given = Given { tags: Tags::default(), name: None, note: None };
    for (index, tag) in list.iter().enumerate() {
        let tag = Input::of(tag);
        let field = format!("{place}[{index}].key");
        let key = tag.text("key")?.filter(|key| !key.is_empty()).ok_or_else(|| Failure::missing(&field))?;
        convert::check_key(&field, &key)?;
        let value = tag.text("value")?.unwrap_or_default();
        match key.as_str() {
            RUN_NAME => given.name = Some(value),
            NOTE => given.note = Some(value),
            _ => {
                given.tags.0.insert(key, truncated(value, TAG_CHARACTERS_MAX));
            }
        }
    }
    Ok(given)
}

fn run_name(name: String) -> Option<String> {
    let mut name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    while name.len() > NAME_BYTES_MAX {
        name.pop();
    }
    Some(name).filter(|name| !name.trim().is_empty())
}

/// Tags of a run that say what ran, and where our environment has that.
const SOURCES: [(&str, &[&str]); 4] = [
    ("mlflow.source.name", &["entry"]),
    ("mlflow.source.git.commit", &["git", "commit"]),
    ("mlflow.source.git.branch", &["git", "branch"]),
    ("mlflow.source.git.repoURL", &["git", "remote"]),
];

/// Notes in the run's environment what these tags say of its source.
async fn put_source(services: &Services, caller: &Caller, id: &RunId, tags: &Tags) -> Answer<()> {
    let said = SOURCES.iter().filter_map(|(tag, path)| Some((path, tags.0.get(*tag)?)));
    let said: Vec<_> = said.filter(|(_, value)| !value.is_empty()).collect();
    if said.is_empty() {
        return Ok(());
    }
    let mut environment = services.environment.get(caller, id).await?.unwrap_or_default();
    for (path, value) in said {
        match path {
            [group, key] => {
                let group = environment.0.entry(*group).or_insert_with(|| json!({}));
                if let Some(group) = group.as_object_mut() {
                    group.insert((*key).to_owned(), json!(value));
                }
            }
            [key] => {
                environment.0.insert((*key).to_owned(), json!(value));
            }
            _ => {}
        }
    }
    services.environment.update(caller, id, environment).await?;
    Ok(())
}

async fn put_note(services: &Services, caller: &Caller, id: &RunId, note: String) -> Answer<()> {
    services.note.update(caller, id, NoteUpdate { body: note, base_revision: None, draft: false }).await?;
    Ok(())
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let experiment = experiment::active(&services, &caller, input.experiment_id()?).await?;
    let given = given(&input.list("tags")?, "tags")?;
    let asked = input.text("run_name")?.filter(|name| !name.is_empty());
    if let (Some(asked), Some(tagged)) = (&asked, &given.name)
        && asked != tagged
    {
        let message = format!(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='{asked}', mlflow.runName='{tagged}')."
        );
        return Err(Failure::invalid(message));
    }
    let parent = match given.tags.0.get(PARENT).and_then(|id| id.parse::<RunId>().ok()) {
        // A parent that is not there stays a tag.
        Some(id) => services.run.get(&caller, &id).await.is_ok().then_some(id),
        None => None,
    };
    let mut tags = given.tags;
    let user = input.text("user_id")?.filter(|user| !user.is_empty() && tags.0.get(USER) != Some(user));
    if let Some(user) = user {
        tags.0.insert(USER_ID.to_owned(), user);
    }
    let new = RunNew {
        name: asked.or(given.name).and_then(run_name),
        tags,
        parent_id: parent,
        started_at_ms: input.int("start_time")?.map(UnixMillis),
        ..RunNew::new(experiment.id)
    };
    let (run, _) = services.run.create(&caller, new).await?;
    put_source(&services, &caller, &run.id, &run.tags).await?;
    if let Some(note) = given.note {
        put_note(&services, &caller, &run.id, note).await?;
    }
    let mut run = whole(&services, &caller, &run.id).await?;
    run.as_object_mut().and_then(|members| members.remove("outputs"));
    Ok(axum::Json(json!({ "run": run })))
}

async fn whole(services: &Services, caller: &Caller, id: &RunId) -> Answer<Value> {
    let detail = services.run.get(caller, id).await.map_err(|error| not_found(error, id))?;
    let found = FoundRun {
        run: detail.run,
        params: detail.params.into_iter().map(|param| (param.key, param.value)).collect(),
        metrics: detail.metrics,
        assets: detail.assets,
    };
    Ok(encode(&found, detail.note.as_ref().map(|note| note.body.as_str())))
}

fn not_found(error: engine::Error, id: &RunId) -> Failure {
    match error.into_public() {
        error if error.kind == model::ErrorKind::NotFound => {
            Failure::not_there(format!("Run with id={id} not found"))
        }
        error => error.into(),
    }
}

/// The run by itself.
pub(super) async fn header(services: &Services, caller: &Caller, id: &RunId) -> Answer<Run> {
    services.run.header(caller, id).await.map_err(|error| not_found(error, id))
}

/// A run that is not in the trash.
pub(super) async fn active(services: &Services, caller: &Caller, id: &RunId) -> Answer<Run> {
    let run = header(services, caller, id).await?;
    if run.trashed_at_ms.is_some() { Err(Failure::run_is_deleted(id.as_str())) } else { Ok(run) }
}

pub(super) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = input.run_id()?;
    Ok(axum::Json(json!({ "run": whole(&services, &caller, &id).await? })))
}

pub(super) async fn update(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = input.run_id()?;
    active(&services, &caller, &id).await?;
    let status = input.choice("status")?.and_then(|name| status_named(&name));
    let update = RunUpdate {
        status,
        ended_at_ms: input.int("end_time")?.map(UnixMillis).filter(|_| status.is_some_and(RunStatus::ended)),
        name: input.text("run_name")?.and_then(run_name),
        ..RunUpdate::default()
    };
    let run = services.run.update(&caller, &id, update).await?;
    Ok(axum::Json(json!({ "run_info": info(&run) })))
}

async fn set_trashed(services: &Services, caller: &Caller, id: &RunId, trashed: bool) -> Answer {
    let update = RunUpdate { trashed: Some(trashed), ..RunUpdate::default() };
    services.run.update(caller, id, update).await.map_err(|error| not_found(error, id))?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    set_trashed(&services, &caller, &input.run_id()?, true).await
}

pub(super) async fn restore(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    set_trashed(&services, &caller, &input.run_id()?, false).await
}

/// Tags of a run that is active, with those that are its name and its note.
pub(super) async fn put_tags(
    services: &Services,
    caller: &Caller,
    id: &RunId,
    list: &[Value],
    place: &str,
) -> Answer<()> {
    let given = given(list, place)?;
    put_source(services, caller, id, &given.tags).await?;
    let update = RunUpdate { tags: given.tags, name: given.name.and_then(run_name), ..RunUpdate::default() };
    services.run.update(caller, id, update).await?;
    if let Some(note) = given.note {
        put_note(services, caller, id, note).await?;
    }
    Ok(())
}

pub(super) async fn set_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = input.run_id()?;
    let key = input.required("key")?;
    convert::check_key("key", &key)?;
    active(&services, &caller, &id).await?;
    let tag = json!({ "key": key, "value": input.text("value")?.unwrap_or_default() });
    put_tags(&services, &caller, &id, &[tag], "tags").await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = input.run_id()?;
    let key = input.required("key")?;
    let run = active(&services, &caller, &id).await?;
    if key == NOTE && services.note.get(&caller, &id).await?.is_some() {
        put_note(&services, &caller, &id, String::new()).await?;
        return Ok(axum::Json(json!({})));
    }
    if !run.tags.0.contains_key(&key) {
        return Err(Failure::not_there(format!("No tag with name: {key} in run with id {id}")));
    }
    let update = RunUpdate { remove_tags: vec![key], ..RunUpdate::default() };
    services.run.update(&caller, &id, update).await?;
    Ok(axum::Json(json!({})))
}

/// `POST runs/log-model`, of clients before 3.0: notes in a tag of the run what kind of model its files are.
pub(super) async fn log_model(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let id = input.run_id()?;
    let text = input.required("model_json")?;
    let model: Value = serde_json::from_str(&text).map_err(|_| {
        Failure::invalid(format!("Malformed model info. \n {text} \n could not be parsed as JSON"))
    })?;
    let mandatory = ["artifact_path", "flavors", "run_id", "utc_time_created"];
    let missing: Vec<&str> = mandatory.into_iter().filter(|key| model.get(key).is_none()).collect();
    if !missing.is_empty() {
        let message = format!("Model json is missing mandatory fields: {}", missing.join(", "));
        return Err(Failure::invalid(message));
    }
    let run = active(&services, &caller, &id).await?;
    let mut history: Vec<Value> =
        run.tags.0.get(MODEL_HISTORY).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    history.push(model);
    let tags = Tags([(MODEL_HISTORY.to_owned(), json!(history).to_string())].into());
    services.run.update(&caller, &id, RunUpdate { tags, ..RunUpdate::default() }).await?;
    Ok(axum::Json(json!({})))
}
