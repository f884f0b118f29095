//! The search as a page: a form and links, for those without a script and for links to a search.

use super::{
    PATH, api,
    dialog::Line,
    entry::{Entry, Group, To},
};
use crate::{
    frame::crumbs::Crumbs,
    json, link,
    ui::{
        erase::{memo, view},
        notice::{Empty, Failure},
        title::Title,
    },
};
use leptos::prelude::*;
use model::search::SearchQuery;

#[component]
pub fn Page() -> impl IntoView {
    let search = link::use_search();
    let text = memo(move || search.with(|query| query.get("text").unwrap_or_default().to_owned()));
    let found =
        json::resource(move || text.get(), |text| api::lines(SearchQuery { text, experiment_id: None }));
    view! {
        <Title text="Search" />
        <Suspense fallback=|| {
            view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }
        }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(found) => {
                        let text = text.get_untracked();
                        view! { <Found groups=found text /> }
                    }
                    Err(error) => view! { <Failure error /> },
                }
            })}
        </Suspense>
    }
}

#[component]
fn Found(groups: Vec<Group>, text: String) -> impl IntoView {
    let nothing = groups.is_empty();
    let line = |entry: Entry| {
        let To::Page(href) = entry.to.clone() else { return None };
        Some(view! {
            <li>
                <a class="search__entry" href=href>
                    <Line entry />
                </a>
            </li>
        })
    };
    let group = move |Group { name, entries }: Group| {
        view! {
            <section>
                <h2 class="search__group">{name}</h2>
                <ul>{entries.into_iter().filter_map(line).collect_view()}</ul>
            </section>
        }
    };
    view! {
        <Crumbs here="Search".to_owned() />
        <div class="page-head">
            <h1>"Search"</h1>
        </div>
        // The browser sends it: the answer is a page.
        <form class="filter search-page__form" method="get" action=PATH role="search">
            <label class="filter__search">
                <span class="hidden">"Search everything"</span>
                <crate::ui::icon::Icon name="search" />
                <input
                    type="search"
                    name="text"
                    placeholder="Experiment, run or its id, param, metric"
                    autocomplete="off"
                    data-key="filter"
                    value=text
                />
            </label>
            <button class="button" type="submit">
                "Search"
            </button>
        </form>
        <div class="search-page">{groups.into_iter().map(group).collect_view()}</div>
        {nothing
            .then(|| {
                view! {
                    <Empty icon="search" title="Nothing found">
                        <p>"Experiments and runs are found by a part of their name, runs by the start of their id too. What lies in the trash is left out."</p>
                    </Empty>
                }
            })}
    }
}
