//! Tags as people read them.

use super::erase::{drawn, view};
use leptos::prelude::*;
use model::Tags;

/// A row of tags. With `link`, each one leads to the list filtered by it.
#[component]
pub fn TagList(
    #[prop(into)] tags: Signal<Tags>,
    #[prop(optional)] link: Option<fn(&str) -> String>,
) -> impl IntoView {
    let one = move |label: String| match link {
        Some(link) => {
            let (href, title) = (link(&label), format!("Show all with {label}"));
            view! {
                <li>
                    <a class="tag" href=href title=title>
                        {label}
                    </a>
                </li>
            }
        }
        None => view! { <li class="tag">{label}</li> },
    };
    drawn(move || {
        let labels: Vec<_> = tags.with(|tags| tags.labels().collect());
        (!labels.is_empty()).then(|| {
            view! {
                <ul class="tags" aria-label="Tagged">
                    {labels.into_iter().map(one).collect_view()}
                </ul>
            }
        })
    })
}
