//! The Events tab of a run: the newest first, a page at a time.

use super::{api, lanes, spans};
use crate::{
    chart::format,
    feed::Feed,
    link::{self, Query},
    log,
    run::RunView,
    ui::{
        erase::{drawn, handler, memo, memo_after, view, watch},
        filter::Hidden,
        form::Apply,
        icon::Icon,
        notice::{Empty, Problem},
        time::Ago,
    },
};
use leptos::prelude::*;
use model::{
    RunEventId,
    run_event::{RunEvent, RunEventKind, RunEventPage, RunEventQuery, RunEventsTold},
};

/// Events on one page of the list.
const PAGE: u32 = 200;

/// How a select names events without a source.
const NO_SOURCE: &str = "-";

/// What a URL asks for: the newest, or those before an event, of a source or name.
pub fn wanted(query: &Query) -> RunEventQuery {
    let after: Option<RunEventId> = query.get("after").and_then(|id| id.parse().ok());
    let source = query.get("source").map(|source| if source == NO_SOURCE { "" } else { source });
    RunEventQuery {
        told: after.is_none(),
        after,
        limit: Some(PAGE),
        reverse: true,
        source: source.map(ToOwned::to_owned),
        name: query.get("name").map(ToOwned::to_owned),
    }
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<RunEventPage>) -> impl IntoView {
    let search = link::use_search();
    let input = memo(move || (view.id(), search.with(wanted)));
    let (feed, loaded) = Feed::soon(first, input, |(run_id, query)| api::list(run_id, query));
    watch(move || view.happened.get(), move |_, _| feed.refresh());
    let page = memo(move || feed.current.get());
    let content = move || match (loaded.get(), page.with(|page| page.items.is_empty())) {
        (false, _) => view! { <div class="skeleton" aria-label="Loading"></div> },
        (true, true) if search.with(|query| query.get("source").or(query.get("name")).is_some()) => {
            view! { <Empty icon="search" title="No event of that source and name" /> }
        }
        (true, true) => view! {
            <Empty icon="clock" title="No events yet">
                <p>
                    <code>"run.log_event(\"checkpoint written\")"</code>
                    " notes what happened besides the metrics."
                </p>
            </Empty>
        },
        (true, false) => view! {
            {page.with(|page| lanes::draw(&page.items))}
            <Table page moment=log::moment(&view.path()) />
        },
    };
    let newest = move || {
        let paged = search.with(|query| query.get("after").is_some());
        let href = search.with(|query| query.clone().without("after").href(&view.path()));
        paged.then(|| view! { <a class="button" href=href>"Newest"</a> })
    };
    let older = move || {
        let after = page.with(|page| page.next_after.clone())?;
        let href = search.with(|query| query.clone().with("after", after.to_string()).href(&view.path()));
        Some(view! { <a class="button" href=href>"Older"</a> })
    };
    view! {
        <Problem error=feed.failed />
        <Filters view page />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {move || content()}
        </div>
        <nav class="pager" aria-label="Pages of events">{move || newest()} {move || older()}</nav>
    }
}

/// Selects of the sources and names that there are; they stay as they are on later pages.
#[component]
fn Filters(view: RunView, page: Memo<RunEventPage>) -> impl IntoView {
    let search = link::use_search();
    let told = memo_after(move |old: Option<&RunEventsTold>| {
        let told = page.with(|page| page.told.clone());
        told.or_else(|| old.cloned()).unwrap_or_default()
    });
    let filtered = move || search.with(|query| query.get("source").or(query.get("name")).is_some());
    drawn(move || {
        let RunEventsTold { sources, names } = told.get();
        if sources.len() + names.len() <= 2 && !filtered() {
            return None;
        }
        let source = |word: String| match word.as_str() {
            "" => (NO_SOURCE.to_owned(), "without a source".to_owned()),
            _ => (word.clone(), word),
        };
        let sources = sources.into_iter().map(source).collect();
        let names = names.into_iter().map(|name| (name.clone(), name)).collect();
        Some(view! {
            <form class="toolbar" method="get" action=view.path()>
                <Choice view key="source" label="Source" options=sources />
                <Choice view key="name" label="Event" options=names />
                <Hidden search except=&["source", "name", "after"] />
                <Apply />
            </form>
        })
    })
}

#[component]
fn Choice(
    view: RunView,
    key: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
) -> impl IntoView {
    let search = link::use_search();
    let go = link::use_go();
    let change = move |event| {
        let value = event_target_value(&event);
        go(&search.get_untracked().with(key, value).without("after").href(&view.path()));
    };
    let chosen = memo(move || search.with(|query| query.get(key).unwrap_or_default().to_owned()));
    let option = |(value, text): (String, String)| {
        let own = value.clone();
        view! {
            <option value=value selected=move || chosen.with(|chosen| *chosen == own)>
                {text}
            </option>
        }
    };
    view! {
        <label class="field field--inline">
            <span class="field__label">{label}</span>
            <select name=key prop:value=chosen on:change=handler(change)>
                <option value="">"All"</option>
                {options.into_iter().map(option).collect_view()}
            </select>
        </label>
    }
}

#[component]
fn Table(page: Memo<RunEventPage>, moment: String) -> impl IntoView {
    let rows = move || {
        let RunEventPage { items, .. } = page.get();
        let durations = spans::durations(&items);
        let took = |event: &RunEvent| match (&event.span, event.kind) {
            (Some(span), RunEventKind::Finish) => durations.get(span).copied(),
            _ => None,
        };
        let row = |event: RunEvent| row(took(&event), event, &moment);
        items.into_iter().map(row).collect_view()
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of events">
            <table class="table event-table">
                <caption class="hidden">"Events, the newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Time"</th>
                        <th scope="col">"Event"</th>
                        <th scope="col">"Source"</th>
                        <th scope="col" class="cell-num">"Took"</th>
                        <th scope="col">"Details"</th>
                    </tr>
                </thead>
                <tbody>{move || rows()}</tbody>
            </table>
        </div>
    }
}

fn row(took_ms: Option<i64>, event: RunEvent, moment: &str) -> impl IntoView + use<> {
    let then = format!("{moment}{}", event.time_ms.0);
    let (icon, word) = match event.kind {
        RunEventKind::Point => ("dot", None),
        RunEventKind::Start => ("chevron", Some("started")),
        RunEventKind::Finish => ("check", Some("finished")),
    };
    let details = spans::line(&event.metadata);
    let title = details.clone();
    view! {
        <tr>
            <td>
                <a href=then title="What was printed then">
                    <Ago at=event.time_ms />
                </a>
            </td>
            <th scope="row">
                <span class=format!("event-kind event-kind--{}", event.kind.as_str())>
                    <Icon name=icon />
                    {event.name}
                    {word.map(|word| view! { <span class="muted">{word}</span> })}
                </span>
            </th>
            <td class="muted">{event.source}</td>
            <td class="cell-num">
                <span class="num">{took_ms.map(format::duration)}</span>
            </td>
            <td class="mono event-table__details" title=title>
                {details}
            </td>
        </tr>
    }
}
