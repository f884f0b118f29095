//! MLflow's lenient input and its spellings of ours.

use super::error::{Answer, Failure};
use crate::extract;
use axum::{
    extract::{FromRequest, Request},
    http::Method,
};
use model::{
    AssetId, ExperimentId, RunId, TraceId,
    query::{
        Attribute, Clause, Expr, Field, Likeness, OrderBy, Part, QueryError, Rules, Test, like, parse_order,
        parse_with,
    },
    run::{Run, RunStatus, Trash},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The fields of a request: of its JSON body, or of its query string for GET. Names come in `snake_case` or `camelCase`,
/// integers as numbers or texts, and what is `null` is absent.
#[derive(Debug, Default)]
pub(super) struct Input {
    fields: Map<String, Value>,
    /// From a query string: a key may repeat, and where one value is wanted the last counts.
    repeats: bool,
}

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        if request.method() == Method::GET {
            return Ok(Self::from_query(request.uri().query().unwrap_or_default()));
        }
        let mime = extract::mime(request.headers());
        if !mime.eq_ignore_ascii_case("application/json") {
            return Err(Failure::new(
                400,
                "INVALID_PARAMETER_VALUE",
                "Content-Type must be one of ['application/json']",
            ));
        }
        let bytes = extract::body(request).await.map_err(|problem| Failure::from(problem.0))?;
        Ok(Self::from_body(&bytes))
    }
}

impl From<Map<String, Value>> for Input {
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields, repeats: false }
    }
}

impl Input {
    pub fn from_query(query: &str) -> Self {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
        let mut fields = Map::new();
        for (key, value) in pairs {
            let list = fields.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(Value::String(value));
            }
        }
        Self { fields, repeats: true }
    }

    /// What cannot be read counts as empty, as MLflow has it; then a required field is missing.
    fn from_body(bytes: &[u8]) -> Self {
        let value = serde_json::from_slice(bytes).or_else(|_| serde_json::from_slice(&quote_numbers(bytes)));
        match value {
            Ok(Value::Object(fields)) => fields.into(),
            // Old clients send a JSON text that holds the JSON.
            Ok(Value::String(inner)) => match serde_json::from_str(&inner) {
                Ok(Value::Object(fields)) => Self::from(fields),
                _ => Self::default(),
            },
            _ => Self::default(),
        }
    }

    pub fn of(value: &Value) -> Self {
        value.as_object().cloned().unwrap_or_default().into()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.fields.get(name).or_else(|| self.fields.get(&camel_case(name)));
        found.filter(|value| !value.is_null())
    }

    /// Whether the field is there, empty or not.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn one(&self, name: &str) -> Option<&Value> {
        match self.get(name) {
            Some(Value::Array(list)) if self.repeats => list.last(),
            one => one,
        }
    }

    pub fn text(&self, name: &str) -> Answer<Option<String>> {
        match self.one(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(Failure::wrong_value(name, other, "expected a string")),
        }
    }

    /// One of some names, each of which has a number as well.
    pub fn choice(&self, name: &str) -> Answer<Option<String>> {
        match self.one(name) {
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            _ => self.text(name),
        }
    }

    /// A text that must be there and not be empty.
    pub fn required(&self, name: &str) -> Answer<String> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| Failure::missing(name))
    }

    pub fn int(&self, name: &str) -> Answer<Option<i64>> {
        let Some(value) = self.one(name) else { return Ok(None) };
        let int = match value {
            Value::Number(number) => number.as_i64().or_else(|| {
                // Up to here every integer is a double of its own.
                const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
                let float = number.as_f64()?;
                (float.fract() == 0.0 && float.abs() <= EXACT_MAX).then_some(float as i64)
            }),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        int.map(Some).ok_or_else(|| Failure::wrong_value(name, value, "expected an integer"))
    }

    /// A double: a number, or one of the texts that JSON's numbers lack.
    pub fn double(&self, name: &str) -> Answer<Option<f64>> {
        let Some(value) = self.one(name) else { return Ok(None) };
        let double = match value {
            Value::Number(number) => number.as_f64(),
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            Value::String(text) => match text.as_str() {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                text => text.parse().ok(),
            },
            _ => None,
        };
        double.map(Some).ok_or_else(|| Failure::wrong_value(name, value, "expected a number"))
    }

    /// Objects or texts; absent is empty.
    pub fn list(&self, name: &str) -> Answer<Vec<Value>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list.clone()),
            Some(other) => Err(Failure::wrong_value(name, other, "expected a list")),
        }
    }

    /// The fields of an object that is a field.
    pub fn object(&self, name: &str) -> Answer<Option<Self>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields.clone().into())),
            Some(other) => Err(Failure::wrong_value(name, other, "expected an object")),
        }
    }

    /// An object of texts, or a list of `{key, value}`; absent is empty.
    pub fn pairs(&self, name: &str) -> Answer<BTreeMap<String, String>> {
        match self.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(fields)) => {
                let inner = Self::from(fields.clone());
                fields.keys().map(|key| Ok((key.clone(), inner.text(key)?.unwrap_or_default()))).collect()
            }
            Some(_) => {
                let mut pairs = BTreeMap::new();
                for (index, one) in self.list(name)?.iter().enumerate() {
                    let one = Self::of(one);
                    let key = one.text("key")?.filter(|key| !key.is_empty());
                    let key = key.ok_or_else(|| Failure::missing(&format!("{name}[{index}].key")))?;
                    pairs.insert(key, one.text("value")?.unwrap_or_default());
                }
                Ok(pairs)
            }
        }
    }

    pub fn flag(&self, name: &str) -> Answer<Option<bool>> {
        match self.one(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(other) => Err(Failure::wrong_value(name, other, "expected true or false")),
        }
    }

    pub fn texts(&self, name: &str) -> Answer<Vec<String>> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(Failure::wrong_value(name, &other, "expected a list of strings")),
        };
        self.list(name)?.into_iter().map(text).collect()
    }

    /// `run_id`, which old clients call `run_uuid`.
    pub fn run_id(&self) -> Answer<RunId> {
        let id = match self.text("run_id")?.filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => self
                .text("run_uuid")?
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Failure::missing("run_id"))?,
        };
        run_id(&id)
    }

    /// The experiment; empty means the one that is always there.
    pub fn experiment_id(&self) -> Answer<ExperimentId> {
        match self.text("experiment_id")?.as_deref() {
            None | Some("") => Ok(ExperimentId::DEFAULT),
            Some(text) => experiment_id(text),
        }
    }

    /// Which of active and deleted entities are asked for.
    pub fn view(&self, name: &str) -> Answer<Trash> {
        match self.choice(name)?.as_deref() {
            None | Some("" | "1" | "ACTIVE_ONLY") => Ok(Trash::Without),
            Some("2" | "DELETED_ONLY") => Ok(Trash::Only),
            Some("3" | "ALL") => Ok(Trash::With),
            Some(other) => {
                Err(Failure::wrong_value(name, &json!(other), "expected ACTIVE_ONLY, DELETED_ONLY or ALL"))
            }
        }
    }

    /// Where a page begins.
    pub fn offset(&self) -> Answer<u32> {
        let Some(token) = self.text("page_token")?.filter(|token| !token.is_empty()) else { return Ok(0) };
        let wrong = || Failure::invalid("Invalid page token, it was not made by this server for this search");
        let number = token.strip_prefix("o").and_then(|number| number.parse().ok());
        number.ok_or_else(wrong)
    }
}

/// The token of the page that begins there.
pub(super) fn page_token(offset: usize) -> String {
    format!("o{offset}")
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut name, part| {
        let mut letters = part.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// Puts quotes around the NaN and Infinity that Python writes and JSON lacks.
fn quote_numbers(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut at, mut in_text) = (Vec::with_capacity(bytes.len() + 16), 0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let word = [&b"-Infinity"[..], b"Infinity", b"NaN"]
            .into_iter()
            .find(|word| !in_text && rest.starts_with(word));
        if let Some(word) = word {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            at += word.len();
            continue;
        }
        match rest[0] {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                out.push(rest[0]);
                at += 1;
            }
            _ => {}
        }
        out.extend(bytes.get(at));
        at += 1;
    }
    out
}

pub(super) fn run_id(text: &str) -> Answer<RunId> {
    text.parse().map_err(|_| Failure::not_there(format!("Run with id={text} not found")))
}

/// A model's id: ours with `m-` before it.
pub(super) fn model_id(text: &str) -> Answer<AssetId> {
    let id = text.strip_prefix("m-").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::not_there(format!("Logged model with ID '{text}' not found.")))
}

/// What is not found, in MLflow's words where it is a model.
pub(super) fn model_not_found(error: engine::Error) -> Failure {
    let error = error.into_public();
    let id = error.message.strip_prefix("no asset \"").and_then(|rest| rest.strip_suffix('"'));
    match id {
        Some(id) => Failure::not_there(format!("Logged model with ID 'm-{id}' not found.")),
        None => error.into(),
    }
}

pub(super) fn model_id_text(id: &AssetId) -> String {
    format!("m-{id}")
}

/// A trace's id: ours with `tr-` before it.
pub(super) fn trace_id(text: &str) -> Answer<TraceId> {
    let id = text.strip_prefix("tr-").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::not_there(format!("Trace with ID '{text}' not found.")))
}

pub(super) fn trace_id_text(id: &TraceId) -> String {
    format!("tr-{id}")
}

pub(super) fn experiment_id(text: &str) -> Answer<ExperimentId> {
    let number: i64 = text.parse().map_err(|_| {
        Failure::invalid(format!("Invalid experiment id '{text}': expected a decimal integer"))
    })?;
    Ok(ExperimentId(number))
}

/// Keys of metrics, params and tags: letters, digits and `_-. :/`, and as a path in normal form.
pub(super) fn check_key(name: &str, key: &str) -> Answer<()> {
    const CHARACTERS_MAX: usize = 250;
    if key.chars().count() > CHARACTERS_MAX {
        return Err(Failure::too_long(name, CHARACTERS_MAX));
    }
    if key.chars().any(|letter| !(letter.is_alphanumeric() || "_-. :/".contains(letter))) {
        return Err(Failure::wrong_value(
            name,
            &json!(key),
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
        ));
    }
    if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Failure::wrong_value(
            name,
            &json!(key),
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such.",
        ));
    }
    Ok(())
}

/// A value cut to so many characters, as MLflow's server does by default.
pub(super) fn truncated(value: String, characters_max: usize) -> String {
    match value.char_indices().nth(characters_max) {
        Some((end, _)) => value[..end].to_owned(),
        None => value,
    }
}

/// Tags that are fields of ours.
pub(super) const RUN_NAME: &str = "mlflow.runName";
pub(super) const NOTE: &str = "mlflow.note.content";
pub(super) const PARENT: &str = "mlflow.parentRunId";
pub(super) const USER: &str = "mlflow.user";
/// The `user_id` of a run where it is another than the tag above. It is no tag to clients.
pub(super) const USER_ID: &str = "mlflow.user_id";

pub(super) fn status_name(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "SCHEDULED",
        RunStatus::Running => "RUNNING",
        RunStatus::Completed => "FINISHED",
        // MLflow has no word for a run of which nothing is heard.
        RunStatus::Failed | RunStatus::Lost => "FAILED",
        RunStatus::Killed => "KILLED",
    }
}

/// By name or number; unknown ones are ignored.
pub(super) fn status_named(name: &str) -> Option<RunStatus> {
    Some(match name {
        "RUNNING" | "1" => RunStatus::Running,
        "SCHEDULED" | "2" => RunStatus::Queued,
        "FINISHED" | "3" => RunStatus::Completed,
        "FAILED" | "4" => RunStatus::Failed,
        "KILLED" | "5" => RunStatus::Killed,
        _ => return None,
    })
}

pub(super) fn stage(trashed: bool) -> &'static str {
    if trashed { "deleted" } else { "active" }
}

/// A number as MLflow writes it: NaN is a text, infinities are the largest doubles.
pub(super) fn double(value: f64) -> Value {
    if value.is_nan() { json!("NaN") } else { json!(value.clamp(f64::MIN, f64::MAX)) }
}

pub(super) fn pair(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": value })
}

/// Where the artifacts of a run lie, in the words that clients rewrite to this server.
pub(super) fn artifact_uri(run: &Run) -> String {
    format!("mlflow-artifacts:/{}/{}/artifacts", run.experiment_id, run.id)
}

/// An object without its absent and empty members.
pub(super) fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let kept = members.into_iter().filter(|(_, value)| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    });
    Value::Object(kept.map(|(key, value)| (key.to_owned(), value)).collect())
}

fn run_attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "run_id" => Attribute::Id,
        "run_name" | "run name" | "Run name" | "Run Name" => Attribute::Name,
        "status" => Attribute::Status,
        "user_id" => Attribute::User,
        "start_time" | "created" | "Created" => Attribute::Started,
        "end_time" => Attribute::Ended,
        _ => return None,
    })
}

fn experiment_attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "name" => Attribute::Name,
        "experiment_id" => Attribute::Id,
        "creation_time" => Attribute::Created,
        "last_update_time" => Attribute::Updated,
        _ => return None,
    })
}

pub(super) fn model_attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "name" => Attribute::Name,
        "model_id" => Attribute::Id,
        "model_type" => Attribute::Type,
        "status" => Attribute::Status,
        "source_run_id" => Attribute::Run,
        "creation_timestamp" | "creation_time" => Attribute::Created,
        "last_updated_timestamp" | "last_updated_time" => Attribute::Updated,
        _ => return None,
    })
}

/// The filter of a search for logged models.
pub(super) fn model_filter(text: &str) -> Answer<Option<Expr>> {
    plain_filter(text, MODELS)
}

fn trace_attribute(name: &str) -> Option<Attribute> {
    Some(match name {
        "request_id" | "trace_id" => Attribute::Id,
        "name" => Attribute::Name,
        "run_id" => Attribute::Run,
        "status" | "state" => Attribute::Status,
        "client_request_id" => Attribute::Source,
        "timestamp" | "timestamp_ms" => Attribute::Started,
        "execution_time" | "execution_time_ms" => Attribute::Number,
        _ => return None,
    })
}

/// MLflow's names of a trace's parts in ours: metadata are asked for as params are.
fn trace_words(text: &str) -> String {
    let words = [("request_metadata.", "params."), ("metadata.", "params."), ("trace.", "attributes.")];
    words.iter().fold(text.to_owned(), |text, (theirs, ours)| match text.strip_prefix(theirs) {
        Some(rest) => format!("{ours}{rest}"),
        None => text.replace(&format!(" {theirs}"), &format!(" {ours}")),
    })
}

/// The filter of a search for traces.
pub(super) fn trace_filter(text: &str) -> Answer<Option<Expr>> {
    plain_filter(&trace_words(text), TRACES)
}

pub(super) fn trace_order(texts: &[String]) -> Answer<Vec<OrderBy>> {
    orders(&texts.iter().map(|text| trace_words(text)).collect::<Vec<_>>(), TRACES)
}

/// MLflow's stricter grammar, with the names of one kind of thing.
pub(super) const fn rules(attribute: fn(&str) -> Option<Attribute>, parts: &'static [Part]) -> Rules {
    Rules { stats: false, bare_words: false, loose_ands: true, patterns: false, attribute, parts }
}

const RUNS: Rules = rules(run_attribute, &[Part::Metrics, Part::Params, Part::Datasets]);
const EXPERIMENTS: Rules = rules(experiment_attribute, &[]);
const MODELS: Rules = rules(model_attribute, &[Part::Metrics, Part::Params]);
/// Metadata are asked for as params are.
const TRACES: Rules = rules(trace_attribute, &[Part::Params]);

/// The filter of a search for runs.
pub(super) fn run_filter(text: &str) -> Answer<Option<Expr>> {
    let filter = plain_filter(text, RUNS)?;
    filter.iter().try_for_each(check_tests)?;
    Ok(filter.map(in_our_terms))
}

/// Refuses tests that MLflow's grammar has for other fields only.
fn check_tests(expr: &Expr) -> Answer<()> {
    match expr {
        Expr::And(all) | Expr::Or(all) => all.iter().try_for_each(check_tests),
        Expr::Not(one) => check_tests(one),
        Expr::Clause(Clause { field: Field::Param(_) | Field::Tag(_), test: Test::In(_) }) => Err(
            Failure::invalid("Invalid comparator 'IN': params and tags compare with =, !=, LIKE and ILIKE"),
        ),
        Expr::Clause(Clause { field: Field::Attribute(attribute), test: Test::In(_) })
            if *attribute != Attribute::Id =>
        {
            let message =
                "Only ['run_id'] attributes support comparison with a list of quoted string values.";
            Err(Failure::invalid(message))
        }
        Expr::Clause(Clause { field: Field::Metric { .. } | Field::Attribute(_), test: Test::IsNull }) => {
            Err(Failure::invalid("IS NULL / IS NOT NULL is only supported for tags and params"))
        }
        Expr::Clause(_) => Ok(()),
    }
}

/// What MLflow keeps in other places than we do.
fn in_our_terms(expr: Expr) -> Expr {
    let is_user = |field: &Field| *field == Field::Attribute(Attribute::User);
    match expr {
        Expr::And(all) => Expr::And(all.into_iter().map(in_our_terms).collect()),
        Expr::Or(any) => Expr::Or(any.into_iter().map(in_our_terms).collect()),
        Expr::Not(one) => match *one {
            // One of a run's datasets is another one, as with `!=`.
            Expr::Clause(Clause { field: field @ Field::Dataset(_), test: Test::In(mut texts) })
                if texts.len() == 1 =>
            {
                let test = Test::Text { is: Likeness::NotEqual, text: texts.remove(0) };
                Expr::Clause(Clause { field, test })
            }
            other => Expr::Not(Box::new(in_our_terms(other))),
        },
        Expr::Clause(Clause { field: Field::Attribute(Attribute::Status), test }) => {
            let test = Test::In(statuses_of(&test));
            Expr::Clause(Clause { field: Field::Attribute(Attribute::Status), test })
        }
        Expr::Clause(Clause { field, test }) if is_user(&field) => {
            // The user that a client names, in one of two tags, and behind them who signed in.
            let clause = |field: Field, test: Test| Expr::Clause(Clause { field, test });
            let tag = |key: &str| Field::Tag(key.to_owned());
            let none = |key: &str| clause(tag(key), Test::IsNull);
            Expr::Or(vec![
                clause(tag(USER_ID), test.clone()),
                Expr::And(vec![none(USER_ID), clause(tag(USER), test.clone())]),
                Expr::And(vec![none(USER_ID), none(USER), clause(field, test)]),
            ])
        }
        Expr::Clause(Clause { field, test }) => Expr::Clause(Clause { field: our_field(field), test }),
    }
}

fn our_field(field: Field) -> Field {
    match field {
        Field::Tag(key) if key == RUN_NAME => Field::Attribute(Attribute::Name),
        other => other,
    }
}

/// Our statuses of those whose name in MLflow meets the test.
fn statuses_of(test: &Test) -> Vec<String> {
    let meets = |status: &RunStatus| {
        let name = status_name(*status);
        match test {
            Test::Text { is: Likeness::Equal, text } => name == text,
            Test::Text { is: Likeness::NotEqual, text } => name != text,
            Test::Text { is: Likeness::Like, text } => like(name, text),
            Test::Text { is: Likeness::ILike, text } => like(name, &text.to_ascii_uppercase()),
            Test::In(names) => names.iter().any(|one| one == name),
            Test::Number { .. } | Test::Matches { .. } | Test::IsNull | Test::IsNan => false,
        }
    };
    RunStatus::ALL.iter().filter(|status| meets(status)).map(|status| status.as_str().to_owned()).collect()
}

/// The filter of a search for experiments, which have no params and metrics.
pub(super) fn experiment_filter(text: &str) -> Answer<Option<Expr>> {
    let filter = plain_filter(text, EXPERIMENTS)?;
    filter.iter().try_for_each(check_tests)?;
    Ok(filter)
}

/// MLflow's grammar knows AND and nothing that nests.
pub(super) fn plain_filter(text: &str, rules: Rules) -> Answer<Option<Expr>> {
    let wrong = |reason: String| Failure::invalid(format!("Invalid clause(s) in filter string: {reason}"));
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return if text.is_empty() { Ok(None) } else { Err(wrong(format!("'{text}'"))) };
    }
    let expr = parse_with(trimmed, rules).map_err(|error| refusal(trimmed, &error))?;
    let is_clause = |expr: &Expr| match expr {
        Expr::Clause(_) => true,
        Expr::Not(one) => {
            matches!(one.as_ref(), Expr::Clause(Clause { test: Test::IsNull | Test::In(_), .. }))
        }
        Expr::And(_) | Expr::Or(_) => false,
    };
    let plain = match &expr {
        Some(Expr::And(all)) => all.iter().all(is_clause),
        Some(one) => is_clause(one),
        None => true,
    };
    if plain { Ok(expr) } else { Err(wrong(format!("'{trimmed}': only AND joins clauses"))) }
}

/// What is wrong with a filter: in the words that MLflow's users know, and then in ours, which tell the place.
fn refusal(text: &str, error: &QueryError) -> Failure {
    let at = text.get(error.at.clone()).unwrap_or_default();
    let message = error.message.as_str();
    let named = || message.split('"').nth(1).unwrap_or_default();
    let before = text.get(..error.at.start).unwrap_or_default().trim_end();
    let comparator = before.rsplit(|letter| !"<>=!".contains(letter)).next().unwrap_or_default();
    let known = if message.starts_with("expected a number without quotes") {
        format!("Invalid comparator '{comparator}'")
    } else if message.starts_with("texts compare with")
        || message.contains("like does not compare")
        || message.starts_with("there is no comparator")
    {
        format!("Invalid comparator '{at}'")
    } else if message.starts_with("there is no attribute") {
        format!("Invalid attribute key '{}' specified", named())
    } else if message.starts_with("there is no") {
        format!("Invalid entity type '{}'", named())
    } else if message.starts_with("a dataset has no") {
        format!("Invalid dataset key '{}'", named())
    } else if message == "expected a number" {
        "Expected numeric value type for metric".to_owned()
    } else if message.starts_with("expected a text in quotes") || message.contains("text in quotes") {
        format!("Expected a quoted string value for parameter (e.g. 'my-value'). Got value {at}")
    } else {
        "Invalid clause(s) in filter string".to_owned()
    };
    Failure::invalid(format!("{known}: '{text}': {error}"))
}

/// What a search for runs is ordered by: as asked, then the newest first.
pub(super) fn run_order(texts: &[String]) -> Answer<Vec<OrderBy>> {
    let mut order = orders(texts, RUNS)?;
    let started = Field::Attribute(Attribute::Started);
    if order.iter().all(|one| one.field != started) {
        order.push(OrderBy::descending(started));
    }
    Ok(order)
}

pub(super) fn experiment_order(texts: &[String]) -> Answer<Vec<OrderBy>> {
    orders(texts, EXPERIMENTS)
}

pub(super) fn orders(texts: &[String], rules: Rules) -> Answer<Vec<OrderBy>> {
    const ORDERS_MAX: usize = 16;
    if texts.len() > ORDERS_MAX {
        return Err(Failure::invalid(format!("order_by has at most {ORDERS_MAX} fields")));
    }
    let mut orders: Vec<OrderBy> = Vec::new();
    for text in texts {
        let mut order = parse_order(text, rules)
            .map_err(|error| Failure::invalid(format!("Invalid order_by clause '{text}': {error}")))?;
        order.field = our_field(order.field);
        if orders.iter().any(|one| one.field == order.field) {
            return Err(Failure::invalid(format!("order_by contains duplicate fields: '{text}'")));
        }
        orders.push(order);
    }
    Ok(orders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_lenient_about_spelling_and_types() {
        let input = Input::from_body(
            br#"{"runId": "a", "max_results": "5", "value": NaN, "t": "NaN \" Infinity", "gone": null}"#,
        );
        assert_eq!(input.text("run_id").unwrap().as_deref(), Some("a"));
        assert_eq!(input.int("max_results").unwrap(), Some(5));
        assert!(input.double("value").unwrap().unwrap().is_nan());
        assert_eq!(input.text("t").unwrap().as_deref(), Some("NaN \" Infinity"));
        assert_eq!(input.text("gone").unwrap(), None);
        let input = Input::from_query("run_ids=a&run_ids=b&x=True");
        assert_eq!(input.texts("run_ids").unwrap(), ["a", "b"]);
        assert_eq!(Input::from_body(b"\"{\\\"key\\\": 1}\"").int("key").unwrap(), Some(1));
        assert!(Input::from_body(b"nonsense").fields.is_empty());
        for (wrong, name) in [
            (&br#"{"name": 123}"#[..], "name"),
            (br#"{"name": ["a"]}"#, "name"),
            (br#"{"step": 9223372036854775808}"#, "step"),
        ] {
            let input = Input::from_body(wrong);
            assert!(if name == "step" { input.int(name).is_err() } else { input.text(name).is_err() });
        }
    }

    #[test]
    fn keys_are_letters_digits_and_a_few_signs_in_normal_form() {
        for good in ["loss", "train/loss", "a b:c-d.e_f", "Größe"] {
            assert!(check_key("key", good).is_ok(), "{good}");
        }
        for bad in ["a$b", "/a", "a/", "a//b", "a/../b", ".", &"x".repeat(251)] {
            assert!(check_key("key", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn filters_hold_no_more_than_mlflows_grammar() {
        let read = |text: &str| run_filter(text).map(|filter| filter.map(|expr| expr.to_string()));
        assert_eq!(read("status = 'FINISHED'").unwrap().as_deref(), Some("status in ('completed')"));
        assert_eq!(
            read("status LIKE 'F%'").unwrap().as_deref(),
            Some("status in ('completed', 'failed', 'lost')")
        );
        assert_eq!(
            read("tags.mlflow.runName = 'a' AND AND run_name = 'b' AND ").unwrap().as_deref(),
            Some("name = 'a' and name = 'b'")
        );
        assert!(read("metrics.a.b > 1 AND tag.x IS NOT NULL").unwrap().is_some());
        assert_eq!(read("").unwrap(), None);
        for bad in [
            "a = 1 OR b = 2",
            "(metrics.a > 1 OR metrics.b > 1)",
            " ",
            "NOT metrics.a > 1",
            "metrics.a > '1'",
            "foo.bar = 'x'",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
