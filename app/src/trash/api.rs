//! What the trash page asks of the server.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::Json};
use model::trash::{TrashPage, TrashQuery, TrashSet, TrashSize};

#[server(prefix = "/ui", endpoint = "trash/list", input = Json)]
pub async fn list(query: TrashQuery) -> Result<TrashPage, AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().trash.list(&caller, query).await?)
}

/// What each of these sets would free by itself.
#[server(prefix = "/ui", endpoint = "trash/sizes", input = Json)]
pub async fn sizes(sets: Vec<TrashSet>) -> Result<Vec<TrashSize>, AppError> {
    let (caller, trash) = (crate::remote::caller()?, crate::remote::services().trash);
    let mut sizes = Vec::new();
    for set in sets.iter().take(model::limits::TRASH_SET_MAX) {
        sizes.push(trash.size(&caller, set).await?);
    }
    Ok(sizes)
}

#[server(prefix = "/ui", endpoint = "trash/restore", input = Json)]
pub async fn restore(set: TrashSet) -> Result<(), AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().trash.restore(&caller, &set).await?)
}

#[server(prefix = "/ui", endpoint = "trash/delete", input = Json)]
pub async fn delete(set: TrashSet) -> Result<(), AppError> {
    let caller = crate::remote::caller()?;
    Ok(crate::remote::services().trash.delete(&caller, &set).await?)
}
