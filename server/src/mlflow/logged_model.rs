//! Logged models: announced, filled with files, found again. Each is a model among our assets.

use super::{
    artifact,
    convert::{self, Input, double, object, pair, truncated},
    error::{Answer, Failure},
    found, run,
};
use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use engine::Services;
use model::{
    AssetId, ExperimentId, Tags, UnixMillis,
    artifact::Owner,
    asset::{Asset, AssetKind, AssetMetric, AssetSearch, AssetStatus, AssetUpdate, ModelNew},
    query::{Attribute, Clause, Expr, Facts, Field, Likeness, Test, evaluate},
    run::Trash,
    user::Caller,
};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
};

const RESULTS_DEFAULT: i64 = 50;
const RESULTS_MAX: i64 = 50_000;

fn status_name(status: AssetStatus) -> &'static str {
    match status {
        AssetStatus::Pending => "LOGGED_MODEL_PENDING",
        AssetStatus::Ready => "LOGGED_MODEL_READY",
        AssetStatus::Failed => "LOGGED_MODEL_UPLOAD_FAILED",
    }
}

fn status_named(name: &str) -> Option<AssetStatus> {
    Some(match name.strip_prefix("LOGGED_MODEL_").unwrap_or(name) {
        "PENDING" | "1" => AssetStatus::Pending,
        "READY" | "2" => AssetStatus::Ready,
        "UPLOAD_FAILED" | "FAILED" | "3" => AssetStatus::Failed,
        _ => return None,
    })
}

/// Where the files of a model lie, in the words that clients rewrite to this server.
pub(super) fn artifact_uri(asset: &Asset) -> String {
    format!(
        "mlflow-artifacts:/{}/models/{}/artifacts",
        asset.experiment_id,
        convert::model_id_text(&asset.id)
    )
}

fn encode(asset: &Asset, metrics: &[AssetMetric]) -> Value {
    let id = convert::model_id_text(&asset.id);
    let info = object([
        ("model_id", json!(id)),
        ("experiment_id", json!(asset.experiment_id.to_string())),
        ("name", json!(asset.name)),
        ("creation_timestamp_ms", json!(asset.created_at_ms.0)),
        ("last_updated_timestamp_ms", json!(asset.updated_at_ms.0)),
        ("artifact_uri", json!(artifact_uri(asset))),
        ("status", json!(status_name(asset.status))),
        ("model_type", json!((!asset.format.is_empty()).then_some(&asset.format))),
        ("source_run_id", json!(asset.source_run_id)),
        ("status_message", json!((!asset.status_message.is_empty()).then_some(&asset.status_message))),
        ("tags", asset.tags.0.iter().map(|(key, value)| pair(key, value)).collect()),
    ]);
    let metric = |metric: &AssetMetric| {
        let named = |text: &String| (!text.is_empty()).then(|| json!(text));
        object([
            ("key", json!(metric.key)),
            ("value", double(metric.value.0)),
            ("timestamp", json!(metric.time_ms.0)),
            ("step", json!(metric.step)),
            ("model_id", json!(id)),
            ("dataset_name", json!(named(&metric.dataset_name))),
            ("dataset_digest", json!(named(&metric.dataset_digest))),
            ("run_id", json!(metric.run_id)),
        ])
    };
    let data = object([
        ("params", asset.params.iter().map(|(key, value)| pair(key, value)).collect()),
        ("metrics", metrics.iter().map(metric).collect()),
    ]);
    json!({ "info": info, "data": data })
}

async fn whole(services: &Services, caller: &Caller, asset: &Asset) -> Answer<Value> {
    let metrics = services.asset.metrics(caller, std::slice::from_ref(&asset.id)).await?.remove(&asset.id);
    Ok(encode(asset, &metrics.unwrap_or_default()))
}

/// The model of a path: one that is not deleted, unless those are asked for as well.
pub(super) async fn find(services: &Services, caller: &Caller, text: &str, deleted: bool) -> Answer<Asset> {
    let missing = || Failure::not_there(format!("Logged model with ID '{text}' not found."));
    let id = convert::model_id(text)?;
    let asset = match services.asset.get(caller, &id).await.map_err(engine::Error::into_public) {
        Ok(asset) => asset,
        Err(error) if error.kind == model::ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(error.into()),
    };
    let is_here = asset.kind == AssetKind::Model && (deleted || asset.trashed_at_ms.is_none());
    if is_here { Ok(asset) } else { Err(missing()) }
}

fn check_name(name: &str) -> Answer<()> {
    if name.is_empty() || name.contains(['/', ':', '.', '%', '"', '\'']) {
        let message = format!(
            "Invalid model name ('{name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '\"', \"'\")"
        );
        return Err(Failure::invalid(message));
    }
    Ok(())
}

fn params(input: &Input) -> Answer<BTreeMap<String, String>> {
    let pairs = input.pairs("params")?;
    for key in pairs.keys() {
        convert::check_key("key", key)?;
    }
    Ok(pairs.into_iter().map(|(key, value)| (key, truncated(value, 6_000))).collect())
}

fn tags(input: &Input) -> Answer<Tags> {
    let pairs = input.pairs("tags")?;
    Ok(Tags(pairs.into_iter().map(|(key, value)| (key, truncated(value, run::TAG_CHARACTERS_MAX))).collect()))
}

pub(super) async fn create(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let experiment_id = convert::experiment_id(&input.required("experiment_id")?)?;
    let experiment = super::experiment::active(&services, &caller, experiment_id).await?;
    let name = input.text("name")?.filter(|name| !name.is_empty());
    if let Some(name) = &name {
        check_name(name)?;
    }
    let source_run_id = input.text("source_run_id")?.filter(|id| !id.is_empty());
    let source_run_id = source_run_id.map(|id| convert::run_id(&id)).transpose()?;
    if let Some(id) = &source_run_id {
        run::header(&services, &caller, id).await?;
    }
    let new = ModelNew {
        experiment_id: experiment.id,
        name,
        format: input.text("model_type")?.unwrap_or_default(),
        source_run_id,
        tags: tags(&input)?,
        params: params(&input)?,
    };
    let asset = services.asset.create_model(&caller, new).await?;
    Ok(axum::Json(json!({ "model": encode(&asset, &[]) })))
}

pub(super) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let asset = find(&services, &caller, &id, input.flag("allow_deleted")?.unwrap_or(false)).await?;
    Ok(axum::Json(json!({ "model": whole(&services, &caller, &asset).await? })))
}

async fn change(services: &Services, caller: &Caller, asset: &Asset, update: AssetUpdate) -> Answer<Asset> {
    Ok(services.asset.update(caller, &asset.id, update).await?)
}

pub(super) async fn finalize(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let status = input.choice("status")?.ok_or_else(|| Failure::missing("status"))?;
    let status = status_named(&status).ok_or_else(|| {
        Failure::wrong_value(
            "status",
            &json!(status),
            "expected LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED",
        )
    })?;
    let asset = find(&services, &caller, &id, false).await?;
    let update = AssetUpdate {
        status: Some(status),
        status_message: input.text("status_message")?,
        ..AssetUpdate::default()
    };
    let asset = change(&services, &caller, &asset, update).await?;
    Ok(axum::Json(json!({ "model": whole(&services, &caller, &asset).await? })))
}

pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    // A client that did not hear the first answer asks again.
    let asset = find(&services, &caller, &id, true).await?;
    change(&services, &caller, &asset, AssetUpdate { trashed: Some(true), ..AssetUpdate::default() }).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn set_tags(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let asset = find(&services, &caller, &id, false).await?;
    change(&services, &caller, &asset, AssetUpdate { put_tags: tags(&input)?, ..AssetUpdate::default() })
        .await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((id, key)): Path<(String, String)>,
) -> Answer {
    let asset = find(&services, &caller, &id, false).await?;
    if !asset.tags.0.contains_key(&key) {
        return Err(Failure::not_there(format!("No tag with key '{key}' found for model with ID '{id}'.")));
    }
    change(&services, &caller, &asset, AssetUpdate { remove_tags: vec![key], ..AssetUpdate::default() })
        .await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn log_params(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let asset = find(&services, &caller, &id, false).await?;
    change(&services, &caller, &asset, AssetUpdate { put_params: params(&input)?, ..AssetUpdate::default() })
        .await?;
    Ok(axum::Json(json!({})))
}

/// What a filter may ask of a model.
struct Known<'a> {
    asset: &'a Asset,
    metrics: &'a [&'a AssetMetric],
}

impl Known<'_> {
    fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a AssetMetric> {
        self.metrics.iter().copied().filter(move |metric| metric.key == key)
    }

    /// The latest value of a metric.
    fn latest(&self, key: &str) -> Option<f64> {
        let latest = self.values(key).max_by_key(|metric| (metric.time_ms, metric.step));
        latest.map(|metric| metric.value.0)
    }

    /// Whether the model is meant: a comparison with a metric may be met on any dataset.
    fn is_meant(&self, expr: &Expr, now: UnixMillis) -> bool {
        match expr {
            Expr::And(all) => all.iter().all(|one| self.is_meant(one, now)),
            Expr::Clause(Clause { field: Field::Metric { key, .. }, test: Test::Number { is, than } }) => {
                self.values(key).any(|metric| is.holds(metric.value.0, than.at(now)))
            }
            other => evaluate(other, self, now),
        }
    }
}

impl Facts for Known<'_> {
    fn number(&self, field: &Field) -> Option<f64> {
        match field {
            Field::Attribute(Attribute::Created) => Some(self.asset.created_at_ms.0 as f64),
            Field::Attribute(Attribute::Updated) => Some(self.asset.updated_at_ms.0 as f64),
            Field::Metric { key, .. } => self.latest(key),
            _ => None,
        }
    }

    fn text(&self, field: &Field) -> Option<Cow<'_, str>> {
        let asset = self.asset;
        match field {
            Field::Attribute(Attribute::Name) => Some(Cow::Borrowed(&asset.name)),
            Field::Attribute(Attribute::Id) => Some(Cow::Owned(convert::model_id_text(&asset.id))),
            Field::Attribute(Attribute::Type) => {
                Some(Cow::Borrowed(asset.format.as_str())).filter(|text| !text.is_empty())
            }
            Field::Attribute(Attribute::Status) => {
                Some(Cow::Borrowed(status_name(asset.status).trim_start_matches("LOGGED_MODEL_")))
            }
            Field::Attribute(Attribute::Run) => {
                asset.source_run_id.as_ref().map(|id| Cow::Borrowed(id.as_str()))
            }
            Field::Param(key) => asset.params.get(key).map(|value| Cow::Borrowed(value.as_str())),
            Field::Tag(key) => asset.tags.0.get(key).map(|value| Cow::Borrowed(value.as_str())),
            _ => None,
        }
    }

    fn exists(&self, field: &Field) -> bool {
        self.number(field).is_some() || self.text(field).is_some()
    }
}

/// The name that a filter asks for, by which the database finds the few models of it.
fn wanted_name(filter: Option<&Expr>) -> Option<String> {
    let name = |expr: &Expr| match expr {
        Expr::Clause(Clause {
            field: Field::Attribute(Attribute::Name),
            test: Test::Text { is: Likeness::Equal, text },
        }) => Some(text.clone()),
        _ => None,
    };
    match filter? {
        Expr::And(all) => all.iter().find_map(name),
        one => name(one),
    }
}

/// One order: a field, whether it falls, and of which dataset a metric is.
struct Order {
    field: Field,
    descending: bool,
    dataset: (Option<String>, Option<String>),
}

fn order(value: &Value) -> Answer<Order> {
    let input = Input::of(value);
    let name = input.required("field_name")?;
    let field = match name.strip_prefix("metrics.") {
        Some(key) => Field::Metric { key: key.trim_matches('`').to_owned(), stat: model::query::Stat::Last },
        None => Field::Attribute(
            convert::model_attribute(name.strip_prefix("attributes.").unwrap_or(&name))
                .ok_or_else(|| Failure::invalid(format!("Invalid order by field name: {name}")))?,
        ),
    };
    let descending = !input.flag("ascending")?.unwrap_or(true);
    Ok(Order { field, descending, dataset: (input.text("dataset_name")?, input.text("dataset_digest")?) })
}

/// Whether a value is of a dataset that is asked for; an empty wish asks for none in particular.
fn is_of((name, digest): &(Option<String>, Option<String>), metric: &AssetMetric) -> bool {
    let fits = |wanted: &Option<String>, found: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.is_empty() || wanted == found)
    };
    fits(name, &metric.dataset_name) && fits(digest, &metric.dataset_digest)
}

/// What a model is ordered by: absent values come last in both directions.
enum Rank<'a> {
    Number(f64),
    Text(Cow<'a, str>),
    Absent,
}

fn compare(a: &Rank<'_>, b: &Rank<'_>, descending: bool) -> Ordering {
    let ordering = match (a, b) {
        (Rank::Absent, Rank::Absent) => return Ordering::Equal,
        (Rank::Absent, _) => return Ordering::Greater,
        (_, Rank::Absent) => return Ordering::Less,
        (Rank::Number(a), Rank::Number(b)) => a.total_cmp(b),
        (Rank::Text(a), Rank::Text(b)) => a.cmp(b),
        (Rank::Number(_), Rank::Text(_)) => Ordering::Less,
        (Rank::Text(_), Rank::Number(_)) => Ordering::Greater,
    };
    if descending { ordering.reverse() } else { ordering }
}

fn rank<'a>(asset: &'a Asset, metrics: &'a [AssetMetric], order: &Order) -> Rank<'a> {
    let metrics: Vec<&AssetMetric> = metrics.iter().filter(|metric| is_of(&order.dataset, metric)).collect();
    let known = Known { asset, metrics: &metrics };
    match (known.number(&order.field), known.text(&order.field)) {
        (Some(number), _) => Rank::Number(number),
        (None, Some(text)) => Rank::Text(Cow::Owned(text.into_owned())),
        (None, None) => Rank::Absent,
    }
}

pub(super) async fn search(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let ids = input.texts("experiment_ids")?;
    if !input.has("experiment_ids") {
        return Err(Failure::missing("experiment_ids"));
    }
    let experiment_ids =
        ids.iter().map(|id| convert::experiment_id(id)).collect::<Answer<Vec<ExperimentId>>>()?;
    let count = input.int("max_results")?.unwrap_or(RESULTS_DEFAULT);
    if !(1..=RESULTS_MAX).contains(&count) {
        let message = format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be between 1 and {RESULTS_MAX}"
        );
        return Err(Failure::invalid(message));
    }
    let offset = input.offset()?;
    let filter = convert::model_filter(&input.text("filter")?.unwrap_or_default())?;
    let mut orders = Vec::new();
    for one in input.list("order_by")? {
        orders.push(order(&one)?);
    }
    let mut datasets = Vec::new();
    for (index, dataset) in input.list("datasets")?.iter().enumerate() {
        let dataset = Input::of(dataset);
        let name = dataset.text("dataset_name")?.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Failure::missing(&format!("datasets[{index}].dataset_name")))?;
        datasets.push((Some(name), dataset.text("dataset_digest")?));
    }
    let search = AssetSearch {
        experiment_ids,
        kind: AssetKind::Model,
        name: wanted_name(filter.as_ref()),
        trash: Trash::Without,
    };
    let mut found = services.asset.search(&caller, &search).await?;
    let ids: Vec<AssetId> = found.iter().map(|asset| asset.id.clone()).collect();
    let metrics = services.asset.metrics(&caller, &ids).await?;
    let now = services.now();
    if let Some(expr) = &filter {
        let meant = meant(&found, &metrics, expr, &datasets, now);
        found.retain(|asset| meant.contains(&asset.id));
    }
    sort(&mut found, &metrics, &orders);
    let of = |asset: &Asset| metrics.get(&asset.id).map(Vec::as_slice).unwrap_or_default();
    let (page, next) = found::page(&found, offset, count as usize);
    let page = page.iter().map(|asset| encode(asset, of(asset))).collect();
    Ok(axum::Json(object([("models", page), ("next_page_token", json!(next))])))
}

fn meant(
    found: &[Asset],
    metrics: &HashMap<AssetId, Vec<AssetMetric>>,
    expr: &Expr,
    datasets: &[(Option<String>, Option<String>)],
    now: UnixMillis,
) -> HashSet<AssetId> {
    let is_meant = |asset: &&Asset| {
        let all = metrics.get(&asset.id).map(Vec::as_slice).unwrap_or_default();
        let wanted = |metric: &&AssetMetric| {
            datasets.is_empty() || datasets.iter().any(|dataset| is_of(dataset, metric))
        };
        let metrics: Vec<&AssetMetric> = all.iter().filter(wanted).collect();
        Known { asset, metrics: &metrics }.is_meant(expr, now)
    };
    found.iter().filter(is_meant).map(|asset| asset.id.clone()).collect()
}

/// By what is asked for, then the newest first.
fn sort(found: &mut [Asset], metrics: &HashMap<AssetId, Vec<AssetMetric>>, orders: &[Order]) {
    let of = |asset: &Asset| metrics.get(&asset.id).map(Vec::as_slice).unwrap_or_default();
    found.sort_by(|a, b| {
        let mut asked = orders
            .iter()
            .map(|order| compare(&rank(a, of(a), order), &rank(b, of(b), order), order.descending));
        asked
            .find(|ordering| ordering.is_ne())
            .unwrap_or_else(|| b.created_at_ms.cmp(&a.created_at_ms).then_with(|| a.id.cmp(&b.id)))
    });
}

/// `GET logged-models/ID/artifacts/directories?artifact_directory_path=`
pub(super) async fn list_files(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let asset = find(&services, &caller, &id, false).await?;
    let folder = input.text("artifact_directory_path")?.unwrap_or_default();
    let root = artifact_uri(&asset);
    artifact::listing(&services, &caller, &Owner::Asset(asset.id), &root, &folder).await
}

/// `GET logged-models/ID/artifacts/files?artifact_file_path=`
pub(super) async fn download_file(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    input: Input,
) -> Answer<Response> {
    let asset = find(&services, &caller, &id, false).await?;
    let path = input.required("artifact_file_path")?;
    let path = artifact::artifact_path(&path)?.ok_or_else(|| Failure::missing("artifact_file_path"))?;
    artifact::bytes(&services, &caller, &Owner::Asset(asset.id), &path, artifact::range(&headers)).await
}
