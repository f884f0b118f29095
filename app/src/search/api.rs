//! What the search asks of the server.

use super::entry::Group;
use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::search::{SearchFound, SearchQuery};

#[server(prefix = "/ui", endpoint = "search/find", input = Json)]
pub async fn find(query: SearchQuery) -> Result<SearchFound, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().search.find(&caller, query).await?)
}

/// The same as lines to show: every page can search, and need not bring the query language for the links.
#[server(prefix = "/ui", endpoint = "search/lines", input = Json)]
pub async fn lines(query: SearchQuery) -> Result<Vec<Group>, AppError> {
    let text = query.text.clone();
    find(query).await.map(|found| super::entry::found(&found, &text))
}
