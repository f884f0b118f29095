//! The line above every page: where it stands, and how current it is.

use crate::{
    live::Indicator,
    search::SearchButton,
    ui::{erase::view, icon::Icon},
};
use leptos::prelude::*;

/// The way to this page: each step with its link; the page itself is the last, without one.
#[component]
pub fn Crumbs(
    #[prop(optional)] steps: Vec<(String, String)>,
    #[prop(into)] here: Signal<String>,
) -> impl IntoView {
    let step = |(name, href): (String, String)| {
        view! {
            <li>
                <a href=href>{name}</a>
                <Icon name="chevron" />
            </li>
        }
    };
    view! {
        <div class="crumbs">
            <nav aria-label="Breadcrumb">
                <ol>
                    {steps.into_iter().map(step).collect_view()}
                    <li aria-current="page">{here}</li>
                </ol>
            </nav>
            <div class="crumbs__end">
                <SearchButton />
                <Indicator />
            </div>
        </div>
    }
}
