//! Series over HTTP: columns of numbers, read without parsing text.

use crate::{error::AppError, link};
use js_sys::Uint8Array;
use leptos::prelude::window;
use model::{
    ErrorKind, RunId, limits,
    series::{self, Series},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Longer addresses are refused by some proxies.
const URL_BYTES_MAX: usize = 6_000;

/// The requests for these keys: as few as the server's limit and the length of an address allow.
pub fn requests(
    runs: &[RunId],
    keys: &[String],
    buckets: u32,
    steps: Option<(i64, i64)>,
) -> Vec<(String, Vec<String>)> {
    let buckets = buckets.clamp(1, limits::BUCKETS_MAX);
    let steps = steps.map(|(min, max)| format!("&step_min={min}&step_max={max}")).unwrap_or_default();
    let runs_part: Vec<_> = runs.iter().map(|run| format!("&run={run}")).collect();
    let head = format!("/api/v1/series?buckets={buckets}{steps}{}", runs_part.concat());
    let series_max = limits::SERIES_PER_QUERY_MAX.min(limits::SERIES_ROWS_MAX / buckets as usize);
    let keys_max = (series_max / runs.len().max(1)).max(1);
    let mut requests: Vec<(String, Vec<String>)> = Vec::new();
    for key in keys {
        let part = format!("&key={}", link::encode(key));
        match requests.last_mut() {
            Some((url, held)) if held.len() < keys_max && url.len() + part.len() <= URL_BYTES_MAX => {
                url.push_str(&part);
                held.push(key.clone());
            }
            _ => requests.push((format!("{head}{part}"), vec![key.clone()])),
        }
    }
    requests
}

pub async fn fetch(url: &str) -> Result<Vec<Series>, AppError> {
    let response = JsFuture::from(window().fetch_with_str(url)).await.map_err(|_| AppError::offline())?;
    let response: Response = response.unchecked_into();
    let body = response.array_buffer().map_err(|_| AppError::offline())?;
    let body = JsFuture::from(body).await.map_err(|_| AppError::offline())?;
    let bytes = Uint8Array::new(&body).to_vec();
    if response.ok() {
        series::decode(&bytes).ok_or_else(|| unreadable("the answer is no series"))
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

    #[test]
    fn all_keys_share_one_request_and_are_escaped() {
        let keys = ["train/loss".to_owned(), "a&b".to_owned()];
        let [(url, held)] = &requests(&[run()], &keys, 400, Some((-1, 9)))[..] else {
            panic!("one request");
        };
        assert_eq!(
            url,
            "/api/v1/series?buckets=400&step_min=-1&step_max=9&run=0123456789abcdef0123456789abcdef\
             &key=train%2Floss&key=a%26b"
        );
        assert_eq!(held[..], keys);
    }

    #[test]
    fn requests_stay_within_the_limits() {
        let keys: Vec<String> = (0..3000).map(|index| format!("metric_{index}")).collect();
        let runs: Vec<RunId> = (0..50).map(|_| run()).collect();
        let requests = requests(&runs, &keys, 0, None);
        assert!(requests.iter().all(|(url, held)| url.len() <= URL_BYTES_MAX && held.len() <= 40));
        let wide = super::requests(&runs, &keys, 1280, None);
        assert!(wide.iter().all(|(_, held)| held.len() * 50 * 1280 <= limits::SERIES_ROWS_MAX));
        assert_eq!(requests.iter().map(|(_, held)| held.len()).sum::<usize>(), 3000);
        assert!(requests[0].0.contains("buckets=1&"));
    }
}
