//! The list of experiments.

use super::{
    api::{self, Overview},
    bulk::BulkBar,
    first_run::FirstRun,
    form::{CreateDialog, EditDialog},
    query,
    table::Table,
};
use crate::{
    chart::format,
    feed::Feed,
    frame::{crumbs::Crumbs, session::Session},
    json,
    link::{self, Query},
    live,
    project::ProjectSwitch,
    ui::{
        erase::{drawn, effect, handler, memo, view, watch},
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::{Empty, Failure, Problem},
        pager::Pager,
        selection::Selection,
        title::Title,
    },
};
use leptos::{html, prelude::*};
use model::{
    ExperimentId,
    experiment::{Experiment, ExperimentStatus, tree::TreeRow},
};

pub const PATH: &str = "/experiments";
/// In the list's address: the dialog for a new experiment is open.
pub const NEW: &str = "new";

#[component]
pub fn ListPage() -> impl IntoView {
    let search = link::use_search();
    let first = json::resource(|| (), move |()| api::list(query::parse(&search.get_untracked())));
    view! {
        <Title text="Experiments" />
        <Suspense fallback=|| {
            view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }
        }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(overview) => view! { <List overview search /> },
                    Err(error) => view! { <Failure error /> },
                }
            })}
        </Suspense>
    }
}

#[component]
fn List(overview: Overview, search: Memo<Query>) -> impl IntoView {
    let input = memo(move || search.with(query::parse));
    let feed = Feed::new(overview, input, api::list);
    live::watch("/api/v1/events".to_owned(), move |_| feed.refresh());
    let creating = RwSignal::new(false);
    let edited = RwSignal::new(None::<Experiment>);
    let go = link::use_go();
    let made = StoredValue::new(false);
    let on_created = Callback::new(move |one: Experiment| {
        made.set_value(true);
        go(&format!("{PATH}/{}", one.id));
    });
    let may = Session::current().may_edit();
    if may {
        open_by_address(search, creating, made);
    }
    let on_edited = Callback::new(move |_| feed.refresh());
    let on_switched = Callback::new(move |()| feed.refresh());
    let projects = Signal::derive(move || feed.current.with(|overview| overview.projects.clone()));
    let project = Signal::derive(move || search.with(query::parse).query.project_id);
    let total = move || feed.current.with(|overview| overview.found);
    let fresh = memo(move || feed.current.with(|overview| overview.fresh) && !search.with(query::narrows));
    view! {
        <Crumbs here="Experiments".to_owned() />
        <div class="page-head">
            <h1>"Experiments"</h1>
            <span class="page-head__count num">{move || format::count(total())}</span>
            <ProjectSwitch path=PATH search projects on_change=on_switched />
            <div class="page-head__actions">
                <ViewSwitch search />
                {may
                    .then(|| {
                        view! {
                            <button class="button button--primary" type="button" on:click=handler(move |_| creating.set(true))>
                                <Icon name="plus" />
                                "New experiment"
                            </button>
                        }
                    })}
            </div>
        </div>
        {move || if fresh.get() { view! { <FirstRun /> } } else { view! { <Filled feed search edited /> } }}
        <CreateDialog open=creating project on_done=on_created />
        <EditDialog edited on_done=on_edited />
    }
}

/// Opens the dialog where the address says so; the address forgets it when nothing comes of it.
fn open_by_address(search: Memo<Query>, creating: RwSignal<bool>, made: StoredValue<bool>) {
    let asked = move || search.with(|query| query.get(NEW).is_some());
    let rewrite = link::use_rewrite();
    effect(move || {
        if asked() {
            creating.set(true);
        }
    });
    watch(
        move || creating.get(),
        move |open, was| {
            let closed = was == Some(&true) && !open && !made.get_value();
            if closed && untrack(asked) {
                rewrite(&search.get_untracked().without(NEW).href(PATH));
            }
        },
    );
}

/// The filter and the table, once something is there.
#[component]
fn Filled(feed: Feed<Overview>, search: Memo<Query>, edited: RwSignal<Option<Experiment>>) -> impl IntoView {
    let nothing = memo(move || feed.current.with(|overview| overview.page.total == 0));
    let selection = Selection::<ExperimentId>::new();
    // In the order of the page, which is that of ranges.
    let rows = memo(move || {
        feed.current.with(|overview| match &overview.tree {
            None => overview.page.items.iter().map(|one| one.id).collect::<Vec<_>>(),
            Some(rows) => rows.iter().filter_map(TreeRow::experiment_id).collect(),
        })
    });
    let rows = Signal::from(rows);
    let total = Signal::derive(move || feed.current.with(|overview| overview.page.total));
    view! {
        <Filter feed search />
        <Problem error=feed.failed />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {move || if nothing.get() { view! { <NothingFound /> } } else { view! { <Table feed search edited selection rows /> } }}
            <Pager path=PATH.to_owned() query=search total />
            <BulkBar feed selection rows />
        </div>
    }
}

/// All in one list, or in the folders that `/` in their names makes.
#[component]
fn ViewSwitch(search: Memo<Query>) -> impl IntoView {
    let one = move |tree: bool, word: &'static str, icon: &'static str| {
        let here = move || (search.with(query::is_tree) == tree).then_some("true");
        let href = move || search.with(|query| query::show_as(query, tree).href(PATH));
        view! {
            <a class="switch__part" href=drawn(href) aria-current=drawn(here) data-noscroll="">
                <Icon name=icon />
                {word}
            </a>
        }
    };
    view! {
        <nav class="switch" aria-label="Show as">
            {one(false, "List", "rows")}
            {one(true, "Tree", "folder")}
        </nav>
    }
}

#[component]
fn NothingFound() -> impl IntoView {
    view! {
        <Empty icon="search" title="No experiment matches">
            <p>
                "Archived experiments are shown only when the status filter says so; what was thrown away lies in the "
                <a href="/trash">"trash"</a>
                "."
            </p>
            <p>
                <a class="button" href=PATH>
                    "Clear all filters"
                </a>
            </p>
        </Empty>
    }
}

#[component]
fn Filter(feed: Feed<Overview>, search: Memo<Query>) -> impl IntoView {
    let status =
        move |word: &'static str| search.with(|query| query.get("status").unwrap_or_default() == word);
    let chosen = move || search.with(|query| query.all("tag").map(ToOwned::to_owned).collect::<Vec<_>>());
    // The tag just chosen stands below as a filter; the field offers the next.
    let adding = NodeRef::<html::Select>::new();
    effect(move || {
        search.track();
        if let Some(select) = adding.get() {
            select.set_selected_index(0);
        }
    });
    let free = move || {
        let chosen = chosen();
        let tags = feed.current.with(|overview| overview.tags.clone());
        tags.into_iter().filter(|tag| !chosen.contains(tag)).collect::<Vec<_>>()
    };
    view! {
        <FilterForm path=PATH.to_owned() search label="Search name and description">
            <div class="field field--inline">
                <label class="field__label" for="filter-status">"Status"</label>
                <select id="filter-status" name="status" class="select">
                    <option value="" selected=move || status("") prop:selected=move || status("")>"Active and completed"</option>
                    {ExperimentStatus::ALL
                        .map(|one| {
                            let word = one.as_str();
                            view! {
                                <option value=word selected=move || status(word) prop:selected=move || status(word)>
                                    {capital(word)}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
            </div>
            <div class="field field--inline">
                <label class="field__label" for="filter-tag">"Tag"</label>
                <select id="filter-tag" name="tag" class="select" node_ref=adding>
                    <option value="" selected=true>"Any"</option>
                    {move || {
                        free()
                            .into_iter()
                            .map(|tag| view! { <option value=tag.clone()>{tag.clone()}</option> })
                            .collect_view()
                    }}
                </select>
            </div>
            <Hidden search except=&["search", "status", "offset", "fold"] />
        </FilterForm>
        <ul class="tags tags--chosen" aria-label="Tags filtered by">
            {move || chosen().into_iter().map(|tag| chosen_tag(&search.get(), &tag)).collect_view()}
        </ul>
    }
}

fn chosen_tag(query: &Query, tag: &str) -> impl IntoView + use<> {
    let without = query
        .all("tag")
        .filter(|one| *one != tag)
        .fold(query.clone().without("tag").without("offset"), |query, one| query.and("tag", one));
    let label = format!("Remove filter {tag}");
    let tag = tag.to_owned();
    view! {
        <li>
            <a class="tag tag--chosen" href=without.href(PATH) aria-label=label>
                {tag}
                <Icon name="cross" />
            </a>
        </li>
    }
}

/// The list narrowed to a tag.
pub fn tag_link(tag: &str) -> String {
    Query::default().with("tag", tag).href(PATH)
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}
