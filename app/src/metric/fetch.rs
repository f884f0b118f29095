//! Series over HTTP: columns of numbers, read without parsing text.

use super::setup::{AXES, BANDS, CENTERS, SMOOTHINGS, Spread, word};
use crate::{error::AppError, link};
use js_sys::Uint8Array;
use leptos::prelude::window;
use model::{
    ErrorKind, RunId, limits,
    run_event::{RunEvent, RunEventPage},
    series::{self, Axis, Series, SeriesQuery, Smoothing},
};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

/// Longer addresses are refused by some proxies.
const URL_BYTES_MAX: usize = 6_000;

/// What charts ask for beside their runs and metrics; those that ask the same share requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub axis: Axis,
    /// The metric that is the x axis.
    pub over: String,
    pub smoothing: Smoothing,
    pub weight: f64,
    /// The part of the x axis that is looked at.
    pub range: Option<(f64, f64)>,
    /// One curve for each group of runs.
    pub spread: Option<Spread>,
    /// What is computed, in place of a metric.
    pub expression: Option<String>,
}

/// A request: its address, what it posts where that would be too long for one, and the metrics it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub url: String,
    pub body: Option<String>,
    pub keys: Vec<String>,
}

impl Ask {
    fn query(&self, runs: &[RunId], groups: &[u32], buckets: u32) -> SeriesQuery {
        let mut query = SeriesQuery {
            run: runs.to_vec(),
            x: self.axis,
            x_key: (self.axis == Axis::Metric).then(|| self.over.clone()),
            buckets: Some(buckets),
            smoothing: self.smoothing,
            weight: if self.smoothing == Smoothing::None { 0.0 } else { self.weight },
            expression: self.expression.clone(),
            ..SeriesQuery::default()
        };
        // A bit more than is looked at, so that curves run on past the edges.
        if let Some((from, to)) = self.range {
            let room = (to - from) * 0.05;
            if self.axis == Axis::Step {
                query.step_min = Some((from - room - 1.0).floor() as i64);
                query.step_max = Some((to + room + 1.0).ceil() as i64);
            } else {
                (query.x_min, query.x_max) = (Some(from - room), Some(to + room));
            }
        }
        if let Some(Spread { center, band }) = self.spread {
            query.group = groups.to_vec();
            (query.center, query.band) = (center, band);
        }
        query
    }
}

/// The same in an address, without the metrics.
fn address(query: &SeriesQuery) -> String {
    let mut address = format!("/api/v1/series?buckets={}", query.buckets.unwrap_or_default());
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            address.push('&');
            address.push_str(name);
            address.push('=');
            address.push_str(&link::encode(&value));
        }
    };
    let smooths = query.smoothing != Smoothing::None;
    add("expression", query.expression.clone());
    add("x", (query.x != Axis::Step).then(|| word(&AXES, query.x).to_owned()));
    add("x_key", query.x_key.clone());
    add("smoothing", smooths.then(|| word(&SMOOTHINGS, query.smoothing).to_owned()));
    add("weight", smooths.then(|| query.weight.to_string()));
    add("step_min", query.step_min.map(|edge| edge.to_string()));
    add("step_max", query.step_max.map(|edge| edge.to_string()));
    add("x_min", query.x_min.map(|edge| edge.to_string()));
    add("x_max", query.x_max.map(|edge| edge.to_string()));
    if !query.group.is_empty() {
        add("center", Some(word(&CENTERS, query.center).to_owned()));
        add("band", Some(word(&BANDS, query.band).to_owned()));
    }
    query.run.iter().for_each(|run| add("run", Some(run.to_string())));
    query.group.iter().for_each(|group| add("group", Some(group.to_string())));
    address
}

/// The requests for these keys: as few as the server's limits and the length of an address allow. With groups, each run
/// has the number of its own.
pub fn requests(runs: &[RunId], groups: &[u32], keys: &[String], buckets: u32, ask: &Ask) -> Vec<Request> {
    let buckets = buckets.clamp(1, limits::BUCKETS_MAX);
    let query = ask.query(runs, groups, buckets);
    let head = address(&query);
    let rows_max = if ask.spread.is_some() { limits::GROUP_CELLS_MAX } else { limits::SERIES_ROWS_MAX };
    // A metric may have some contexts, each a series of its own.
    let series_max = limits::SERIES_PER_QUERY_MAX.min(rows_max / buckets as usize);
    let keys_max = (series_max / runs.len().max(1)).max(1);
    let computed = ask.expression.is_some();
    if head.len() > URL_BYTES_MAX / 2 {
        let body = |keys: &[String]| {
            let key = if computed { Vec::new() } else { keys.to_vec() };
            let query = SeriesQuery { key, ..query.clone() };
            // Nothing in it that JSON could not hold.
            serde_json::to_string(&query).ok()
        };
        let post =
            |keys: &[String]| Request { url: "/api/v1/series".into(), body: body(keys), keys: keys.to_vec() };
        return keys.chunks(keys_max).map(post).collect();
    }
    if computed {
        return vec![Request { url: head, body: None, keys: keys.to_vec() }];
    }
    let mut requests: Vec<Request> = Vec::new();
    for key in keys {
        let part = format!("&key={}", link::encode(key));
        match requests.last_mut() {
            Some(Request { url, keys, .. })
                if keys.len() < keys_max && url.len() + part.len() <= URL_BYTES_MAX =>
            {
                url.push_str(&part);
                keys.push(key.clone());
            }
            _ => requests.push(Request { url: format!("{head}{part}"), body: None, keys: vec![key.clone()] }),
        }
    }
    requests
}

pub async fn fetch(request: &Request) -> Result<Vec<Series>, AppError> {
    let bytes = bytes(&request.url, request.body.as_deref()).await?;
    series::decode(&bytes).ok_or_else(|| unreadable("the answer is no series"))
}

/// The newest operational events of a run.
pub async fn events(run: &RunId) -> Result<Vec<RunEvent>, AppError> {
    let url = format!("/api/v1/runs/{run}/events?reverse=true&limit={}", limits::CHART_EVENTS_MAX);
    json::<RunEventPage>(&url).await.map(|page| page.items)
}

/// What the API answers as JSON.
pub async fn json<T: DeserializeOwned>(url: &str) -> Result<T, AppError> {
    serde_json::from_slice(&bytes(url, None).await?).map_err(|_| unreadable("the answer cannot be read"))
}

async fn bytes(url: &str, body: Option<&str>) -> Result<Vec<u8>, AppError> {
    let answer = match body {
        None => window().fetch_with_str(url),
        Some(body) => {
            let options = RequestInit::new();
            options.set_method("POST");
            options.set_body(&JsValue::from_str(body));
            let headers = Headers::new().map_err(|_| AppError::offline())?;
            headers.set("content-type", "application/json").map_err(|_| AppError::offline())?;
            options.set_headers(&headers);
            window().fetch_with_str_and_init(url, &options)
        }
    };
    let response = JsFuture::from(answer).await.map_err(|_| AppError::offline())?;
    let response: Response = response.unchecked_into();
    let body = response.array_buffer().map_err(|_| AppError::offline())?;
    let body = JsFuture::from(body).await.map_err(|_| AppError::offline())?;
    let bytes = Uint8Array::new(&body).to_vec();
    if response.ok() {
        Ok(bytes)
    } else {
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| unreadable("the answer is no error")))
    }
}

fn unreadable(text: &str) -> AppError {
    AppError(model::Error::new(ErrorKind::Internal, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunId {
        "0123456789abcdef0123456789abcdef".parse().expect("32 hex digits")
    }

    fn plain() -> Ask {
        let (axis, smoothing) = (Axis::Step, Smoothing::None);
        Ask { axis, over: String::new(), smoothing, weight: 0.0, range: None, spread: None, expression: None }
    }

    #[test]
    fn all_keys_share_one_request_and_are_escaped() {
        let keys = ["train/loss".to_owned(), "a&b".to_owned()];
        let ask = Ask { range: Some((0.2, 8.0)), ..plain() };
        let [request] = &requests(&[run()], &[], &keys, 400, &ask)[..] else {
            panic!("one request");
        };
        assert_eq!(
            request.url,
            "/api/v1/series?buckets=400&step_min=-2&step_max=10&run=0123456789abcdef0123456789abcdef\
             &key=train%2Floss&key=a%26b"
        );
        assert_eq!((&request.body, &request.keys[..]), (&None, &keys[..]));
    }

    #[test]
    fn requests_stay_within_the_limits() {
        let keys: Vec<String> = (0..3000).map(|index| format!("metric_{index}")).collect();
        let runs: Vec<RunId> = (0..50).map(|_| run()).collect();
        let requests = |buckets| super::requests(&runs, &[], &keys, buckets, &plain());
        let narrow = requests(0);
        assert!(narrow.iter().all(|one| one.url.len() <= URL_BYTES_MAX && one.keys.len() <= 40));
        assert!(requests(1280).iter().all(|one| one.keys.len() * 50 * 1280 <= limits::SERIES_ROWS_MAX));
        assert_eq!(narrow.iter().map(|one| one.keys.len()).sum::<usize>(), 3000);
        assert!(requests(0)[0].url.contains("buckets=1&"));
    }

    #[test]
    fn what_is_too_long_for_an_address_is_posted() {
        let runs: Vec<RunId> = (0..300).map(|_| run()).collect();
        let groups: Vec<u32> = (0..300).map(|index| index % 3).collect();
        let ask = Ask { spread: Some(Spread::default()), ..plain() };
        let [request] = &requests(&runs, &groups, &["loss".to_owned()], 640, &ask)[..] else {
            panic!("one request");
        };
        let query: SeriesQuery =
            serde_json::from_str(request.body.as_deref().expect("a body")).expect("a query");
        assert!(query.check().is_ok());
        assert_eq!((query.run.len(), query.group, query.key), (300, groups, vec!["loss".to_owned()]));
    }

    #[test]
    fn what_is_computed_is_one_request_without_metrics() {
        let ask = Ask { expression: Some("`a/b` - c".into()), ..plain() };
        let keys = ["=`a/b` - c".to_owned()];
        let [request] = &requests(&[run()], &[], &keys, 64, &ask)[..] else { panic!("one request") };
        assert_eq!(
            request.url,
            "/api/v1/series?buckets=64&expression=%60a%2Fb%60%20-%20c&run=0123456789abcdef0123456789abcdef"
        );
        let many = vec![run(); 200];
        let [request] = &requests(&many, &[], &keys, 64, &ask)[..] else { panic!("one request") };
        let query: SeriesQuery =
            serde_json::from_str(request.body.as_deref().expect("a body")).expect("a query");
        assert!(query.check().is_ok() && query.key.is_empty() && request.keys == keys);
    }

    #[test]
    fn other_axes_smoothing_and_groups_are_asked_for_in_the_words_of_the_server() {
        let ask = Ask {
            axis: Axis::Metric,
            over: "a/epoch".into(),
            smoothing: Smoothing::Ema,
            weight: 0.9,
            range: Some((10.0, 20.0)),
            spread: Some(Spread::default()),
            expression: None,
        };
        let text = address(&ask.query(&[run()], &[7], 64));
        assert_eq!(
            text,
            "/api/v1/series?buckets=64&x=metric&x_key=a%2Fepoch&smoothing=ema&weight=0.9&x_min=9.5&x_max=20.5\
             &center=mean&band=ci95&run=0123456789abcdef0123456789abcdef&group=7"
        );
        let json = |value: Result<serde_json::Value, serde_json::Error>| value.expect("a word");
        let axes = AXES.map(|(one, word, _)| (json(serde_json::to_value(one)), word));
        let smoothings = SMOOTHINGS.map(|(one, word, _)| (json(serde_json::to_value(one)), word));
        let centers = CENTERS.map(|(one, word, _)| (json(serde_json::to_value(one)), word));
        let bands = BANDS.map(|(one, word, _)| (json(serde_json::to_value(one)), word));
        for (value, word) in axes.into_iter().chain(smoothings).chain(centers).chain(bands) {
            assert_eq!(value, word);
        }
    }
}
