//! Searching runs.

use super::{
    convert::{self, Input, object, page_token},
    error::{Answer, Failure},
    run,
};
use axum::{Extension, extract::State};
use engine::Services;
use model::{ExperimentId, run::RunSearch, user::Caller};
use serde_json::{Value, json};

const RESULTS_DEFAULT: i64 = 1_000;
const RESULTS_MAX: i64 = 50_000;

pub(super) async fn runs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let count = input.int("max_results")?.unwrap_or(RESULTS_DEFAULT);
    if !(1..=RESULTS_MAX).contains(&count) {
        let message = format!(
            "Invalid value {count} for parameter 'max_results' supplied. It must be between 1 and {RESULTS_MAX}"
        );
        return Err(Failure::invalid(message));
    }
    let ids = input.texts("experiment_ids")?;
    let experiment_ids: Vec<ExperimentId> =
        ids.iter().map(|id| convert::experiment_id(id)).collect::<Answer<_>>()?;
    let offset = input.offset()?;
    let search = RunSearch {
        experiment_ids,
        filter: convert::run_filter(&input.text("filter")?.unwrap_or_default())?,
        trash: input.view("run_view_type")?,
        // MLflow knows no archive.
        archived: true,
        order: convert::run_order(&input.texts("order_by")?)?,
        offset,
        // One more tells whether there is another page.
        limit: count as u32 + 1,
        ..RunSearch::default()
    };
    let found = services.run.search(&caller, &search).await?;
    let more = found.len() as i64 > count;
    let page = found.iter().take(count as usize).map(|found| run::encode(found, None)).collect();
    let next = more.then(|| page_token(offset as usize + count as usize));
    Ok(axum::Json(object([("runs", Value::Array(page)), ("next_page_token", json!(next))])))
}
