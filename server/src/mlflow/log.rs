//! Logging: points, params and tags, each request one batch that is stored whole or not at all.

use super::{
    convert::{self, Input, truncated},
    error::{Answer, Failure},
    run,
};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    AssetId, Float64, RunId, Tags, UnixMillis,
    asset::AssetMetric,
    ingest::{IngestBatch, RunFacts, SeriesPoints},
    metric::Context,
    param::ParamValue,
    user::Caller,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const METRICS_MAX: usize = 1_000;
const PARAMS_MAX: usize = 100;
const TAGS_MAX: usize = 100;
const ENTITIES_MAX: usize = 1_000;
const PARAM_CHARACTERS_MAX: usize = 6_000;

/// Points as they are given, gathered by key in the order of the request; and those that are of models as well.
#[derive(Default)]
struct Points {
    by_key: BTreeMap<String, SeriesPoints>,
    of_models: Vec<(AssetId, AssetMetric)>,
}

impl Points {
    /// Adds the point that a metric describes; `name` gives the name of a field of it in errors.
    fn add(&mut self, run_id: &RunId, metric: &Input, name: impl Fn(&str) -> String) -> Answer<()> {
        let key = metric.text("key")?.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Failure::missing(&name("key")))?;
        convert::check_key(&name("name"), &key)?;
        let value = metric.double("value")?.ok_or_else(|| Failure::missing(&name("value")))?;
        let time = metric.int("timestamp")?.ok_or_else(|| Failure::missing(&name("timestamp")))?;
        if time < 0 {
            return Err(Failure::wrong_value(&name("timestamp"), &json!(time), "expected a time from 0 up"));
        }
        let step = metric.int("step")?.unwrap_or(0);
        if let Some(model) = metric.text("model_id")?.filter(|id| !id.is_empty()) {
            let of_model = AssetMetric {
                key: key.clone(),
                dataset_name: metric.text("dataset_name")?.unwrap_or_default(),
                dataset_digest: metric.text("dataset_digest")?.unwrap_or_default(),
                run_id: run_id.clone(),
                step,
                time_ms: UnixMillis(time),
                value: Float64(value),
            };
            self.of_models.push((convert::model_id(&model)?, of_model));
        }
        let series = self.by_key.entry(key.clone()).or_insert_with(|| SeriesPoints {
            run_id: run_id.clone(),
            key,
            context: Context::default(),
            steps: Vec::new(),
            times_ms: Vec::new(),
            values: Vec::new(),
            texts: Vec::new(),
            bytes: Vec::new(),
        });
        series.steps.push(step);
        series.times_ms.push(time);
        series.values.push(Float64(value));
        Ok(())
    }
}

async fn store(
    services: &Services,
    caller: &Caller,
    run_id: RunId,
    points: Points,
    params: BTreeMap<String, ParamValue>,
) -> Answer<()> {
    let sent = params.clone();
    let runs = vec![RunFacts { run_id: run_id.clone(), params, tags: Tags::default() }];
    let batch = IngestBatch { writer: None, series: points.by_key.into_values().collect(), runs };
    services.metric.ingest_strictly(caller, batch, None).await.map_err(|error| {
        match error.into_public() {
            error if error.kind == model::ErrorKind::NotFound => {
                Failure::not_there(format!("Run with id={run_id} not found"))
            }
            error if error.field.as_deref() == Some("run_id") => Failure::run_is_deleted(run_id.as_str()),
            error if error.kind == model::ErrorKind::Conflict => param_taken(&error, &run_id, &sent),
            error => error.into(),
        }
    })?;
    if !points.of_models.is_empty() {
        services.asset.log_metrics(caller, &points.of_models).await.map_err(convert::model_not_found)?;
    }
    Ok(())
}

/// A param has another value already.
fn param_taken(error: &model::Error, run_id: &RunId, sent: &BTreeMap<String, ParamValue>) -> Failure {
    let key = error.field.as_deref().and_then(|field| field.strip_prefix("params."));
    let Some((key, new)) = key.and_then(|key| Some((key, sent.get(key)?))) else {
        return error.clone().into();
    };
    let old = error.message.split_once("has the value '").map_or("", |(_, rest)| rest);
    let old = old.rsplit_once("' already").map_or(old, |(old, _)| old);
    let message = if sent.len() == 1 {
        format!(
            "Param with key='{key}' was already logged with value='{old}' for run ID='{run_id}'. Attempted logging new value '{new}'."
        )
    } else {
        format!(
            "Params were already logged='[{{'key': '{key}', 'old_value': '{old}', 'new_value': '{new}'}}]' for run ID='{run_id}'."
        )
    };
    Failure::invalid(format!("Changing param values is not allowed. {message}"))
}

pub(super) async fn metric(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let run_id = input.run_id()?;
    let mut points = Points::default();
    points.add(&run_id, &input, str::to_owned)?;
    store(&services, &caller, run_id, points, BTreeMap::new()).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn parameter(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let run_id = input.run_id()?;
    let key = input.required("key")?;
    convert::check_key("key", &key)?;
    let value = truncated(input.text("value")?.unwrap_or_default(), PARAM_CHARACTERS_MAX);
    let params = [(key, ParamValue::Text(value))].into();
    store(&services, &caller, run_id, Points::default(), params).await?;
    Ok(axum::Json(json!({})))
}

fn check_count(what: &str, count: usize, max: usize) -> Answer<()> {
    if count > max {
        let message = format!(
            "A batch logging request can contain at most {max} {what}. Got {count} {what}. Please split up {what} across multiple requests and try again."
        );
        return Err(Failure::invalid(message));
    }
    Ok(())
}

pub(super) async fn batch(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let run_id = input.run_id()?;
    let (metrics, params, tags) = (input.list("metrics")?, input.list("params")?, input.list("tags")?);
    check_count("metrics", metrics.len(), METRICS_MAX)?;
    check_count("params", params.len(), PARAMS_MAX)?;
    check_count("tags", tags.len(), TAGS_MAX)?;
    check_count("metrics, params, and tags", metrics.len() + params.len() + tags.len(), ENTITIES_MAX)?;
    let mut points = Points::default();
    for (index, metric) in metrics.iter().enumerate() {
        points.add(&run_id, &Input::of(metric), |field| format!("metrics[{index}].{field}"))?;
    }
    let params = batch_params(&params)?;
    store(&services, &caller, run_id.clone(), points, params).await?;
    if !tags.is_empty() {
        run::put_tags(&services, &caller, &run_id, &tags, "tags").await?;
    }
    Ok(axum::Json(json!({})))
}

fn batch_params(list: &[Value]) -> Answer<BTreeMap<String, ParamValue>> {
    let mut params: BTreeMap<String, ParamValue> = BTreeMap::new();
    for (index, param) in list.iter().enumerate() {
        let param = Input::of(param);
        let field = format!("params[{index}].key");
        let key = param.text("key")?.filter(|key| !key.is_empty()).ok_or_else(|| Failure::missing(&field))?;
        convert::check_key(&field, &key)?;
        let value = truncated(param.text("value")?.unwrap_or_default(), PARAM_CHARACTERS_MAX);
        if params.insert(key.clone(), ParamValue::Text(value)).is_some() {
            return Err(Failure::invalid(format!("Duplicate parameter keys have been submitted: ['{key}']")));
        }
    }
    Ok(params)
}
