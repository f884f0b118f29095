//! What is wrong with a text that is being typed, and a mark under where.

use super::erase::view;
use leptos::prelude::*;
use model::query::QueryError;

#[component]
pub fn Wrong(error: QueryError, text: String) -> impl IntoView {
    let before = text.get(..error.at.start).unwrap_or_default().to_owned();
    let wrong = text.get(error.at.clone()).unwrap_or_default().to_owned();
    let after = text.get(error.at.end..).unwrap_or_default().to_owned();
    let wrong = if wrong.is_empty() { " ".to_owned() } else { wrong };
    view! {
        <code class="query__echo">
            {before} <mark>{wrong}</mark> {after}
        </code>
        <span class="query__message">{error.message}</span>
    }
}
