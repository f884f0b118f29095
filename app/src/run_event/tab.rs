//! The Events tab of a run: the newest first, a page at a time.

use super::{api, spans};
use crate::{
    chart::format,
    feed::Feed,
    link::{self, Query},
    run::RunView,
    ui::{
        icon::Icon,
        notice::{Empty, Problem},
        time::Ago,
    },
};
use leptos::prelude::*;
use model::run_event::{RunEvent, RunEventKind, RunEventPage, RunEventQuery};

/// Events on one page of the list.
const PAGE: u32 = 200;

/// What a URL asks for: the newest, or those before an event.
pub fn wanted(query: &Query) -> RunEventQuery {
    let after = query.get("after").and_then(|id| id.parse().ok());
    RunEventQuery { after, limit: Some(PAGE), reverse: true }
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<RunEventPage>) -> impl IntoView {
    let search = link::use_search();
    let input = Memo::new(move |_| (view.id(), search.with(wanted)));
    let (feed, loaded) = Feed::soon(first, input, |(run_id, query)| api::list(run_id, query));
    Effect::watch(move || view.happened.get(), move |_, _, _| feed.refresh(), false);
    let page = Memo::new(move |_| feed.current.get());
    let content = move || match (loaded.get(), page.with(|page| page.items.is_empty())) {
        (false, _) => view! { <div class="skeleton" aria-label="Loading"></div> }.into_any(),
        (true, true) => view! {
            <Empty icon="clock" title="No events yet">
                <p>
                    <code>"run.log_event(\"checkpoint written\")"</code>
                    " notes what happened besides the metrics."
                </p>
            </Empty>
        }
        .into_any(),
        (true, false) => view! { <Table page /> }.into_any(),
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
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {content}
        </div>
        <nav class="pager" aria-label="Pages of events">{newest} {older}</nav>
    }
}

#[component]
fn Table(page: Memo<RunEventPage>) -> impl IntoView {
    let rows = move || {
        let RunEventPage { items, .. } = page.get();
        let durations = spans::durations(&items);
        let took = |event: &RunEvent| match (&event.span, event.kind) {
            (Some(span), RunEventKind::Finish) => durations.get(span).copied(),
            _ => None,
        };
        let row = |event: RunEvent| row(took(&event), event);
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
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(took_ms: Option<i64>, event: RunEvent) -> impl IntoView {
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
                <Ago at=event.time_ms />
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
