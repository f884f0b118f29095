//! Traces: taken in, tagged, found. Spans lie in the file `traces.json` of a trace, which clients upload themselves.

use super::{
    convert::{self, Input, object, page_token, pair},
    error::{Answer, Failure},
    experiment, found,
};
use axum::{
    Extension,
    extract::{Path, State},
};
use chrono::{DateTime, SecondsFormat};
use engine::Services;
use model::{
    ExperimentId, TraceId, UnixMillis,
    query::{Attribute, Facts, Field, evaluate},
    trace::{Trace, TraceRemoval, TraceState, TraceUpdate},
    user::Caller,
};
use serde_json::{Value, json};
use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

/// Where clients upload the spans to.
const LOCATION: &str = "mlflow.artifactLocation";
const NAME: &str = "mlflow.traceName";
const RUN: &str = "mlflow.sourceRun";
const RESULTS_DEFAULT: i64 = 100;
const RESULTS_MAX: i64 = 500;
/// Traces that one search looks at: the newest. Older ones are found by asking for a smaller time.
const LOOKED_AT_MAX: i64 = 20_000;
const BATCH_MAX: usize = 500;

fn state_name(state: TraceState) -> &'static str {
    match state {
        TraceState::Unknown => "STATE_UNSPECIFIED",
        TraceState::InProgress => "IN_PROGRESS",
        TraceState::Ok => "OK",
        TraceState::Error => "ERROR",
    }
}

fn state_named(name: &str) -> TraceState {
    match name {
        "OK" | "1" => TraceState::Ok,
        "ERROR" | "2" => TraceState::Error,
        "IN_PROGRESS" | "3" => TraceState::InProgress,
        _ => TraceState::Unknown,
    }
}

fn time_text(time: UnixMillis) -> String {
    let time = DateTime::from_timestamp_millis(time.0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn seconds_text(millis: i64) -> String {
    format!("{}s", millis as f64 / 1_000.0)
}

/// A duration as protocol buffers write it in JSON: `"0.046s"`.
fn millis_of(text: &str) -> Option<i64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (0.0..1e12).contains(&seconds).then_some((seconds * 1_000.0).round() as i64)
}

fn location(trace: &Trace) -> String {
    let id = convert::trace_id_text(&trace.id);
    format!("mlflow-artifacts:/{}/traces/{id}/artifacts", trace.experiment_id)
}

fn tags_with_location(trace: &Trace) -> BTreeMap<String, String> {
    let mut tags = trace.tags.0.clone();
    tags.insert(LOCATION.to_owned(), location(trace));
    tags
}

/// The third version of the form, in which clients from 3.0 on speak.
fn info(trace: &Trace) -> Value {
    let named = |text: &String| (!text.is_empty()).then(|| json!(text));
    object([
        ("trace_id", json!(convert::trace_id_text(&trace.id))),
        ("client_request_id", json!(named(&trace.client_request_id))),
        (
            "trace_location",
            json!({
                "type": "MLFLOW_EXPERIMENT",
                "mlflow_experiment": { "experiment_id": trace.experiment_id.to_string() },
            }),
        ),
        ("request_time", json!(time_text(trace.started_at_ms))),
        ("execution_duration", json!(trace.duration_ms.map(seconds_text))),
        ("state", json!(state_name(trace.state))),
        ("request_preview", json!(named(&trace.request_preview))),
        ("response_preview", json!(named(&trace.response_preview))),
        ("trace_metadata", json!(trace.metadata)),
        ("tags", json!(tags_with_location(trace))),
    ])
}

/// The second version, of clients before 3.0.
fn old_info(trace: &Trace) -> Value {
    let pairs = |map: &BTreeMap<String, String>| map.iter().map(|(key, value)| pair(key, value)).collect();
    object([
        ("request_id", json!(convert::trace_id_text(&trace.id))),
        ("experiment_id", json!(trace.experiment_id.to_string())),
        ("timestamp_ms", json!(trace.started_at_ms.0)),
        ("execution_time_ms", json!(trace.duration_ms)),
        (
            "status",
            json!(if trace.state == TraceState::Unknown {
                "TRACE_STATUS_UNSPECIFIED"
            } else {
                state_name(trace.state)
            }),
        ),
        ("request_metadata", pairs(&trace.metadata)),
        ("tags", pairs(&tags_with_location(trace))),
    ])
}

fn not_found(error: engine::Error, id: &str) -> Failure {
    match error.into_public() {
        error if error.kind == model::ErrorKind::NotFound && error.message.starts_with("no trace") => {
            Failure::not_there(format!("Trace with ID '{id}' not found."))
        }
        error => error.into(),
    }
}

async fn find(services: &Services, caller: &Caller, text: &str) -> Answer<Trace> {
    let id = convert::trace_id(text)?;
    services.trace.get(caller, &id).await.map_err(|error| not_found(error, text))
}

/// Texts beyond what we keep are cut, as MLflow's own server does.
fn cut(pairs: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let short = |(key, value): (String, String)| (key, convert::truncated(value, 4_000));
    pairs.into_iter().filter(|(key, _)| key != LOCATION).map(short).collect()
}

/// `POST /api/3.0/mlflow/traces`
pub(super) async fn start(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let whole = input.object("trace")?.ok_or_else(|| Failure::missing("trace"))?;
    let input = whole.object("trace_info")?.ok_or_else(|| Failure::missing("trace.trace_info"))?;
    let experiment_id = match input.object("trace_location")? {
        Some(location) => match location.object("mlflow_experiment")? {
            Some(place) => place.experiment_id()?,
            None => return Err(Failure::missing("trace.trace_info.trace_location.mlflow_experiment")),
        },
        None => return Err(Failure::missing("trace.trace_info.trace_location")),
    };
    experiment::active(&services, &caller, experiment_id).await?;
    let id = input.required("trace_id")?;
    let id: TraceId = convert::trace_id(&id).map_err(|_| {
        Failure::wrong_value("trace_id", &json!(id), "expected tr- and 32 lower-case hex digits")
    })?;
    let time = input.required("request_time")?;
    let time = DateTime::parse_from_rfc3339(&time).map_err(|_| {
        Failure::wrong_value("request_time", &json!(time), "expected a time as RFC 3339 writes it")
    })?;
    let duration = input.text("execution_duration")?.unwrap_or_default();
    let preview = |text: Option<String>| convert::truncated(text.unwrap_or_default(), 4_000);
    let trace = Trace {
        id,
        experiment_id,
        client_request_id: input.text("client_request_id")?.unwrap_or_default(),
        started_at_ms: UnixMillis(time.timestamp_millis()),
        duration_ms: millis_of(&duration),
        state: state_named(&input.choice("state")?.unwrap_or_default()),
        request_preview: preview(input.text("request_preview")?),
        response_preview: preview(input.text("response_preview")?),
        metadata: cut(input.pairs("trace_metadata")?),
        tags: model::Tags(cut(input.pairs("tags")?)),
    };
    let trace = services.trace.put(&caller, &trace).await?;
    Ok(axum::Json(json!({ "trace": { "trace_info": info(&trace) } })))
}

/// `GET /api/3.0/mlflow/traces/ID`
pub(super) async fn get(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let trace = find(&services, &caller, &id).await?;
    Ok(axum::Json(json!({ "trace": { "trace_info": info(&trace) } })))
}

/// `GET /api/2.0/mlflow/traces/ID/info`
pub(super) async fn get_old(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let trace = find(&services, &caller, &id).await?;
    Ok(axum::Json(json!({ "trace_info": old_info(&trace) })))
}

/// `GET or POST /api/3.0/mlflow/traces/batchGetInfos`
pub(super) async fn batch(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let ids = input.texts("trace_ids")?;
    if ids.len() > BATCH_MAX {
        return Err(Failure::invalid(format!("A request can contain at most {BATCH_MAX} trace_ids.")));
    }
    let mut infos = Vec::new();
    for id in &ids {
        // Those that are not there are passed over.
        if let Ok(trace) = find(&services, &caller, id).await {
            infos.push(info(&trace));
        }
    }
    Ok(axum::Json(object([("trace_infos", Value::Array(infos))])))
}

/// `POST /api/2.0/mlflow/traces`: an old client begins a trace, whose id we choose.
pub(super) async fn start_old(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let experiment_id = input.experiment_id()?;
    experiment::active(&services, &caller, experiment_id).await?;
    let trace = Trace {
        id: services.trace.new_id(&caller)?,
        experiment_id,
        client_request_id: String::new(),
        started_at_ms: UnixMillis(input.int("timestamp_ms")?.unwrap_or(services.now().0)),
        duration_ms: None,
        state: TraceState::InProgress,
        request_preview: String::new(),
        response_preview: String::new(),
        metadata: cut(input.pairs("request_metadata")?),
        tags: model::Tags(cut(input.pairs("tags")?)),
    };
    let trace = services.trace.put(&caller, &trace).await?;
    Ok(axum::Json(json!({ "trace_info": old_info(&trace) })))
}

/// `PATCH /api/2.0/mlflow/traces/ID`: an old client ends a trace.
pub(super) async fn end_old(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let mut trace = find(&services, &caller, &id).await?;
    if let Some(end) = input.int("timestamp_ms")? {
        trace.duration_ms = Some(end.saturating_sub(trace.started_at_ms.0).max(0));
    }
    trace.state = state_named(&input.choice("status")?.unwrap_or_default());
    trace.metadata.extend(cut(input.pairs("request_metadata")?));
    trace.tags.0.extend(cut(input.pairs("tags")?));
    let trace = services.trace.put(&caller, &trace).await?;
    Ok(axum::Json(json!({ "trace_info": old_info(&trace) })))
}

pub(super) async fn set_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let (key, value) = (input.required("key")?, input.text("value")?.unwrap_or_default());
    let trace = find(&services, &caller, &id).await?;
    let put_tags = model::Tags(cut([(key, value)].into()));
    let update = TraceUpdate { put_tags, ..TraceUpdate::default() };
    services.trace.update(&caller, &trace.id, &update).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn delete_tag(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    input: Input,
) -> Answer {
    let key = input.required("key")?;
    let trace = find(&services, &caller, &id).await?;
    if !trace.tags.0.contains_key(&key) {
        return Err(Failure::not_there(format!("No trace tag with key '{key}' for trace with ID '{id}'")));
    }
    let update = TraceUpdate { remove_tags: vec![key], ..TraceUpdate::default() };
    services.trace.update(&caller, &trace.id, &update).await?;
    Ok(axum::Json(json!({})))
}

/// `POST traces/delete-traces`
pub(super) async fn delete(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let experiment_id = convert::experiment_id(&input.required("experiment_id")?)?;
    let ids = input.texts("request_ids")?;
    let time = input.int("max_timestamp_millis")?;
    let removal = match (time, ids.is_empty()) {
        (Some(_), false) | (None, true) => {
            let message = "Either `max_timestamp_millis` or `trace_ids` must be specified, but not both.";
            return Err(Failure::invalid(message));
        }
        (Some(time), true) => {
            let most = input.int("max_traces")?.unwrap_or(LOOKED_AT_MAX);
            if most < 1 {
                return Err(Failure::invalid(format!(
                    "`max_traces` must be a positive integer, received {most}."
                )));
            }
            TraceRemoval::Until { time_ms: UnixMillis(time), most: most.min(LOOKED_AT_MAX) }
        }
        (None, false) => TraceRemoval::Ids(ids.iter().filter_map(|id| convert::trace_id(id).ok()).collect()),
    };
    let count = services.trace.remove(&caller, experiment_id, &removal).await?;
    Ok(axum::Json(json!({ "traces_deleted": count })))
}

/// What a filter may ask of a trace.
struct Known<'a>(&'a Trace);

impl Facts for Known<'_> {
    fn number(&self, field: &Field) -> Option<f64> {
        match field {
            Field::Attribute(Attribute::Started) => Some(self.0.started_at_ms.0 as f64),
            Field::Attribute(Attribute::Number) => self.0.duration_ms.map(|millis| millis as f64),
            _ => None,
        }
    }

    fn text(&self, field: &Field) -> Option<Cow<'_, str>> {
        let trace = self.0;
        match field {
            Field::Attribute(Attribute::Id) => Some(Cow::Owned(convert::trace_id_text(&trace.id))),
            Field::Attribute(Attribute::Status) => Some(Cow::Borrowed(state_name(trace.state))),
            Field::Attribute(Attribute::Name) => {
                trace.tags.0.get(NAME).map(|text| Cow::Borrowed(text.as_str()))
            }
            Field::Attribute(Attribute::Run) => {
                trace.metadata.get(RUN).map(|text| Cow::Borrowed(text.as_str()))
            }
            Field::Attribute(Attribute::Source) => {
                Some(Cow::Borrowed(trace.client_request_id.as_str())).filter(|text| !text.is_empty())
            }
            // Metadata stand where params do.
            Field::Param(key) => trace.metadata.get(key).map(|text| Cow::Borrowed(text.as_str())),
            Field::Tag(key) => trace.tags.0.get(key).map(|text| Cow::Borrowed(text.as_str())),
            _ => None,
        }
    }

    fn exists(&self, field: &Field) -> bool {
        self.number(field).is_some() || self.text(field).is_some()
    }
}

async fn search_in(
    services: &Services,
    caller: &Caller,
    input: &Input,
    experiment_ids: Vec<ExperimentId>,
    encode: fn(&Trace) -> Value,
) -> Answer {
    let count = input.int("max_results")?.unwrap_or(RESULTS_DEFAULT);
    if !(1..=RESULTS_MAX).contains(&count) {
        let message = format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be between 1 and {RESULTS_MAX}"
        );
        return Err(Failure::invalid(message));
    }
    let (offset, count) = (input.offset()? as usize, count as usize);
    let filter = convert::trace_filter(&input.text("filter")?.unwrap_or_default())?;
    let order = convert::trace_order(&input.texts("order_by")?)?;
    let newest_first =
        order.iter().all(|one| one.field == Field::Attribute(Attribute::Started) && one.descending);
    let mut traces = if filter.is_none() && newest_first {
        // One page, and one more that tells whether there is another.
        let mut page =
            services.trace.newest(caller, &experiment_ids, offset as i64, count as i64 + 1).await?;
        let more = page.len() > count;
        page.truncate(count);
        return Ok(answer(&page, more.then_some(offset + count), encode));
    } else {
        services.trace.newest(caller, &experiment_ids, 0, LOOKED_AT_MAX).await?
    };
    if let Some(expr) = &filter {
        let now = services.now();
        traces.retain(|trace| evaluate(expr, &Known(trace), now));
    }
    let compare = |a: &Trace, b: &Trace, field: &Field| {
        let (a, b) = (Known(a), Known(b));
        let numbers = a.number(field).partial_cmp(&b.number(field)).unwrap_or(Ordering::Equal);
        numbers.then_with(|| a.text(field).cmp(&b.text(field)))
    };
    // The newest first, as they came.
    found::sort(&mut traces, &order, compare, |_, _| Ordering::Equal);
    let end = (offset + count).min(traces.len());
    let page = traces.get(offset..end).unwrap_or_default();
    Ok(answer(page, (end < traces.len()).then_some(end), encode))
}

fn answer(page: &[Trace], next: Option<usize>, encode: fn(&Trace) -> Value) -> axum::Json<Value> {
    let traces = page.iter().map(encode).collect();
    axum::Json(object([("traces", traces), ("next_page_token", json!(next.map(page_token)))]))
}

/// `POST /api/3.0/mlflow/traces/search`
pub(super) async fn search(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let mut ids = Vec::new();
    for (index, place) in input.list("locations")?.iter().enumerate() {
        let experiment = Input::of(place).object("mlflow_experiment")?;
        let experiment =
            experiment.ok_or_else(|| Failure::missing(&format!("locations[{index}].mlflow_experiment")))?;
        ids.push(experiment.experiment_id()?);
    }
    if ids.is_empty() {
        return Err(Failure::missing("locations"));
    }
    search_in(&services, &caller, &input, ids, info).await
}

/// `GET /api/2.0/mlflow/traces`
pub(super) async fn search_old(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let ids = input.texts("experiment_ids")?;
    if ids.is_empty() {
        return Err(Failure::missing("experiment_ids"));
    }
    let ids = ids.iter().map(|id| convert::experiment_id(id)).collect::<Answer<Vec<_>>>()?;
    search_in(&services, &caller, &input, ids, old_info).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_in_seconds() {
        assert_eq!(millis_of("0.046s"), Some(46));
        assert_eq!(millis_of("3s"), Some(3_000));
        assert_eq!(seconds_text(46), "0.046s");
        for bad in ["", "s", "-1s", "1", "infs", "1e300s"] {
            assert_eq!(millis_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_read_and_written_in_utc() {
        let time = DateTime::parse_from_rfc3339("2026-01-31T18:00:00.25+01:00").unwrap();
        assert_eq!(time_text(UnixMillis(time.timestamp_millis())), "2026-01-31T17:00:00.250Z");
    }
}
