//! The head of a column that sorts: a link, so that it works before wasm arrives.

use super::{
    erase::{drawn, view},
    icon::Icon,
};
use leptos::prelude::*;

#[component]
pub fn SortHead(
    name: String,
    #[prop(into)] href: Signal<String>,
    /// Sorted by this column, from the smallest up; `None` when sorted by another.
    #[prop(into)]
    ascending: Signal<Option<bool>>,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let sort = move || ascending.get().map(|up| if up { "ascending" } else { "descending" });
    let title = name.clone();
    view! {
        <th scope="col" class=class aria-sort=drawn(sort)>
            <a class="sort-head" href=href data-noscroll="" title=title>
                <span class="sort-head__name">{name}</span>
                {move || {
                    ascending
                        .get()
                        .map(|up| view! { <Icon name=if up { "up" } else { "down" } /> })
                }}
            </a>
        </th>
    }
}
