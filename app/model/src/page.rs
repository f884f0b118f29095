//! One page of a list.

use serde::{Deserialize, Serialize};

/// Items of one page, how many there are in all, and where the next page starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    pub total: i64,
    /// Send as `offset` to get the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u32>,
}

impl<T> Page<T> {
    pub fn new(items: Vec<T>, total: i64, offset: u32) -> Self {
        let end = offset.saturating_add(items.len() as u32);
        let next_offset = (i64::from(end) < total && !items.is_empty()).then_some(end);
        Self { items, total, next_offset }
    }
}
