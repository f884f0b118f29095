//! The list of experiments.

use super::{
    api::{self, Overview},
    first_run::FirstRun,
    form::{CreateDialog, EditDialog},
    query,
};
use crate::{
    chart::format,
    feed::Feed,
    frame::crumbs::Crumbs,
    link::{self, Query},
    live,
    ui::{
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::{Empty, Failure, Problem},
        pager::Pager,
        sort::SortHead,
        status::{ExperimentState, StatusBar},
        tag::TagList,
        time::Ago,
        toast::Toaster,
    },
};
use leptos::{html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use model::{
    ExperimentId,
    experiment::{Experiment, ExperimentSort, ExperimentStatus, ExperimentUpdate},
};

const PATH: &str = "/experiments";

#[component]
pub fn ListPage() -> impl IntoView {
    let search = link::use_search();
    let first = Resource::new_blocking(|| (), move |()| api::list(query::parse(&search.get_untracked())));
    view! {
        <Title text="Experiments" />
        <Suspense fallback=|| {
            view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }
        }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(overview) => view! { <List overview search /> }.into_any(),
                    Err(error) => view! { <Failure error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn List(overview: Overview, search: Memo<Query>) -> impl IntoView {
    let input = Memo::new(move |_| search.with(query::parse));
    let feed = Feed::new(overview, input, api::list);
    live::watch("/api/v1/events".to_owned(), move |_| feed.refresh());
    let creating = RwSignal::new(false);
    let edited = RwSignal::new(None::<Experiment>);
    let go = link::use_go();
    let on_created = Callback::new(move |one: Experiment| go(&format!("{PATH}/{}", one.id)));
    let on_edited = Callback::new(move |_| feed.refresh());
    let total = move || feed.current.with(|overview| overview.page.total);
    let fresh =
        Memo::new(move |_| feed.current.with(|overview| overview.fresh) && !search.with(query::narrows));
    view! {
        <Crumbs here="Experiments".to_owned() />
        <div class="page-head">
            <h1>"Experiments"</h1>
            <span class="page-head__count num">{move || format::count(total())}</span>
            <div class="page-head__actions">
                <button class="button button--primary" type="button" on:click=move |_| creating.set(true)>
                    <Icon name="plus" />
                    "New experiment"
                </button>
            </div>
        </div>
        {move || if fresh.get() { view! { <FirstRun /> }.into_any() } else { view! { <Filled feed search edited /> }.into_any() }}
        <CreateDialog open=creating on_done=on_created />
        <EditDialog edited on_done=on_edited />
    }
}

/// The filter and the table, once something is there.
#[component]
fn Filled(feed: Feed<Overview>, search: Memo<Query>, edited: RwSignal<Option<Experiment>>) -> impl IntoView {
    let nothing = Memo::new(move |_| feed.current.with(|overview| overview.page.items.is_empty()));
    let total = Signal::derive(move || feed.current.with(|overview| overview.page.total));
    view! {
        <Filter feed search />
        <Problem error=feed.failed />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {move || if nothing.get() { view! { <NothingFound /> }.into_any() } else { view! { <Table feed search edited /> }.into_any() }}
            <Pager path=PATH.to_owned() query=search total />
        </div>
    }
}

#[component]
fn NothingFound() -> impl IntoView {
    view! {
        <Empty icon="search" title="No experiment matches">
            <p>"Archived experiments are shown only when the status filter says so."</p>
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
    Effect::new(move || {
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
            <Hidden search except=&["search", "status", "offset"] />
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

#[component]
fn Table(feed: Feed<Overview>, search: Memo<Query>, edited: RwSignal<Option<Experiment>>) -> impl IntoView {
    let sorted = move |sort| {
        let now = search.with(query::parse);
        (now.sort == sort).then_some(now.reverse)
    };
    let head = move |name: &'static str, sort: ExperimentSort, from_small: bool, class: &'static str| {
        let state = Signal::derive(move || sorted(sort).map(|reverse| reverse != from_small));
        let href = Signal::derive(move || search.with(|query| query::sort_by(query, sort).href(PATH)));
        view! { <SortHead name=name.to_owned() href ascending=state class /> }
    };
    let ids = move || {
        feed.current.with(|overview| overview.page.items.iter().map(|one| one.id).collect::<Vec<_>>())
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of experiments">
            <table class="table experiment-table" data-key="rows">
                <caption class="hidden">"Experiments"</caption>
                <thead>
                    <tr>
                        {head("Name", ExperimentSort::Name, true, "experiment-table__name")}
                        <th scope="col">"Status"</th>
                        {head("Runs", ExperimentSort::RunCount, false, "experiment-table__runs")}
                        {head("Last activity", ExperimentSort::LastActivity, false, "")}
                        {head("Created", ExperimentSort::Created, false, "")}
                        <th scope="col"><span class="hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For each=ids key=|id| *id children=move |id| view! { <Row id feed edited /> } />
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(id: ExperimentId, feed: Feed<Overview>, edited: RwSignal<Option<Experiment>>) -> impl IntoView {
    let row = Memo::new(move |last: Option<&Experiment>| {
        let found =
            feed.current.with(|overview| overview.page.items.iter().find(|one| one.id == id).cloned());
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for an experiment in the list")
    });
    let name = move || row.with(|one| one.name.clone());
    let description = move || row.with(|one| one.description.clone());
    view! {
        <tr>
            <th scope="row" class="experiment-table__name">
                <a class="row-link" data-key="open" href=format!("{PATH}/{id}") title=name>
                    {name}
                </a>
                <div class="experiment-table__more">
                    <span class="experiment-table__text" title=description>{description}</span>
                    <TagList tags=Signal::derive(move || row.with(|one| one.tags.clone())) link=tag_link />
                </div>
            </th>
            <td>
                <ExperimentState status=Signal::derive(move || row.with(|one| one.status)) />
            </td>
            <td class="cell-num">
                <span class="num">{move || row.with(|one| format::count(one.run_count))}</span>
                <StatusBar counts=Signal::derive(move || row.with(|one| one.runs)) />
            </td>
            <td>
                <Ago at=Signal::derive(move || row.with(|one| one.last_activity_at_ms)) />
            </td>
            <td>
                <Ago at=Signal::derive(move || row.with(|one| one.created_at_ms)) />
            </td>
            <td class="cell-actions">
                <Actions row feed edited />
            </td>
        </tr>
    }
}

#[component]
fn Actions(
    row: Memo<Experiment>,
    feed: Feed<Overview>,
    edited: RwSignal<Option<Experiment>>,
) -> impl IntoView {
    let toaster = Toaster::here();
    let archived = move || row.with(|one| one.status == ExperimentStatus::Archived);
    let toggle = move |_| {
        let (id, name, archive) = row.with(|one| (one.id, one.name.clone(), !archived()));
        spawn_local(async move {
            let input = ExperimentUpdate { archived: Some(archive), ..ExperimentUpdate::default() };
            match api::update(id, input).await {
                Ok(_) if archive => toaster.say(format!("Archived “{name}”")),
                Ok(_) => toaster.say(format!("Restored “{name}”")),
                Err(error) => toaster.fail(error.to_string()),
            }
            feed.refresh();
        });
    };
    let verb = move || if archived() { "Restore" } else { "Archive" };
    let labelled = move |verb: &str| row.with(|one| format!("{verb} {}", one.name));
    view! {
        <button
            class="button button--icon"
            type="button"
            aria-label=move || labelled("Edit")
            title="Edit"
            on:click=move |_| edited.set(Some(row.get()))
        >
            <Icon name="edit" />
        </button>
        <button
            class="button button--icon"
            type="button"
            aria-label=move || labelled(verb())
            title=verb
            on:click=toggle
        >
            {move || view! { <Icon name=if archived() { "restore" } else { "archive" } /> }}
        </button>
    }
}

/// The list narrowed to a tag.
pub fn tag_link(tag: &str) -> String {
    Query::default().with("tag", tag).href(PATH)
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}
