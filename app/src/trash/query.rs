//! The trash's filter as its URL says it.

use crate::link::Query;
use model::{limits, trash::TrashQuery};

pub fn parse(query: &Query) -> TrashQuery {
    TrashQuery {
        search: query.get("search").unwrap_or_default().to_owned(),
        offset: query.number("offset").unwrap_or(0),
        limit: Some(limits::PAGE_DEFAULT),
    }
}
