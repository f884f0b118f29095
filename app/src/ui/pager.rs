//! Pages of a list, as links.

use super::erase::{drawn, view};
use crate::{chart::format, link::Query};
use leptos::prelude::*;
use model::limits;

/// "1–100 of 4 213" with links to the pages beside it.
#[component]
pub fn Pager(
    path: String,
    #[prop(into)] query: Signal<Query>,
    #[prop(into)] total: Signal<i64>,
) -> impl IntoView {
    drawn(move || {
        let size = i64::from(limits::PAGE_DEFAULT);
        let offset = query.with(|query| i64::from(query.number("offset").unwrap_or(0)));
        let total = total.get();
        let end = (offset + size).min(total);
        (total > size || offset > 0).then(|| {
            let href = |offset: i64| {
                let text = if offset > 0 { offset.to_string() } else { String::new() };
                query.get().with("offset", text).href(&path)
            };
            let range = format!(
                "{}–{} of {}",
                format::count((offset + 1).min(total)),
                format::count(end),
                format::count(total)
            );
            view! {
                <nav class="pager" aria-label="Pages">
                    <span class="num">{range}</span>
                    {(offset > 0)
                        .then(|| {
                            view! { <a class="button" href=href((offset - size).max(0))>"Previous"</a> }
                        })}
                    {(end < total)
                        .then(|| view! { <a class="button" href=href(end)>"Next"</a> })}
                </nav>
            }
        })
    })
}
