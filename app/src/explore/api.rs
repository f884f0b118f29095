//! What pictures ask of the server: columns as bytes, importance as a server function.

use crate::{error::AppError, link::Query};
use js_sys::Uint8Array;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{
    ErrorKind,
    explore::{self, MIME, RunColumns},
    run::{RunQuery, Trash},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

/// The fields of queries over all runs that they mean, a query an experiment.
pub async fn columns(queries: Vec<RunQuery>) -> Result<RunColumns, AppError> {
    let mut parts = Vec::with_capacity(queries.len());
    for query in &queries {
        parts.push(columns_of(query).await?);
    }
    Ok(RunColumns::joined(parts))
}

async fn columns_of(query: &RunQuery) -> Result<RunColumns, AppError> {
    let offline = |_| AppError::offline();
    let headers = Headers::new().map_err(offline)?;
    headers.set("accept", MIME).map_err(offline)?;
    let init = RequestInit::new();
    init.set_headers(&headers);
    let request = window().fetch_with_str_and_init(&address(query), &init);
    let response: Response = JsFuture::from(request).await.map_err(offline)?.unchecked_into();
    let body = JsFuture::from(response.array_buffer().map_err(offline)?).await.map_err(offline)?;
    let bytes = Uint8Array::new(&body).to_vec();
    let unreadable = || AppError(model::Error::new(ErrorKind::Internal, "the answer cannot be read"));
    if response.ok() {
        RunColumns::decode(&bytes).ok_or_else(unreadable)
    } else {
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| unreadable()))
    }
}

fn address(query: &RunQuery) -> String {
    let status = query.status.map_or("", model::run::RunStatus::as_str);
    let pairs = [
        ("search", query.search.as_str()),
        ("filter", &query.filter),
        ("status", status),
        ("trash", if query.trash == Trash::Only { "only" } else { "" }),
        ("archived", if query.archived { "true" } else { "" }),
        ("sort", &query.sort),
        ("fields", &query.fields),
    ];
    let first = Query::default().with("experiment_id", query.experiment_id.to_string());
    pairs.into_iter().fold(first, |all, (key, value)| all.with(key, value)).href("/api/v1/run-columns")
}

#[server(prefix = "/ui", endpoint = "explore/importance", input = Json)]
pub async fn importance(query: RunQuery) -> Result<explore::Importance, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().explore.importance(&caller, query).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ExperimentId;

    #[test]
    fn the_address_carries_what_narrows_and_nothing_empty() {
        let query = RunQuery {
            filter: "params.a = 'x&y'".into(),
            fields: "params.a".into(),
            ..RunQuery::new(ExperimentId(3))
        };
        assert_eq!(
            address(&query),
            "/api/v1/run-columns?experiment_id=3&filter=params.a%20%3D%20%27x%26y%27&fields=params.a"
        );
    }
}
