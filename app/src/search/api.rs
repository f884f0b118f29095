//! What the search asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::search::{SearchFound, SearchQuery};

#[server(prefix = "/ui", endpoint = "search/find", input = Json)]
pub async fn find(query: SearchQuery) -> Result<SearchFound, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().search.find(&caller, query).await?)
}
