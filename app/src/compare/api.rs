//! What the comparison asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::{RunId, compare::Comparison};

#[server(prefix = "/ui", endpoint = "compare/compare", input = Json)]
pub async fn compare(runs: Vec<RunId>) -> Result<Comparison, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().compare.compare(&caller, &runs).await?)
}
