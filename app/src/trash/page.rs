//! The page of the trash.

use super::{
    api,
    dialog::{DeleteDialog, set_of},
    query,
};
use crate::{
    chart::format,
    feed::Feed,
    frame::{crumbs::Crumbs, session::Session},
    json,
    link::{self, Query},
    live,
    ui::{
        erase::{For, drawn, effect, handler, memo, view},
        filter::FilterForm,
        icon::Icon,
        notice::{Empty, Failure, Problem},
        pager::Pager,
        selection::{SelectAll, SelectRow, Selection},
        time::Ago,
        title::Title,
        toast::Toaster,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::trash::{TrashItem, TrashPage, TrashSet, TrashSize};

const PATH: &str = "/trash";

#[component]
pub fn Page() -> impl IntoView {
    let search = link::use_search();
    let first = json::resource(|| (), move |()| api::list(query::parse(&search.get_untracked())));
    view! {
        <Title text="Trash" />
        <Suspense fallback=|| {
            view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }
        }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(page) => view! { <Trash page search /> },
                    Err(error) => view! { <Failure error /> },
                }
            })}
        </Suspense>
    }
}

/// An item by its id, experiment or run.
fn key(item: &TrashItem) -> String {
    match &item.run_id {
        Some(id) => id.to_string(),
        None => item.experiment_id.to_string(),
    }
}

/// What every row needs.
#[derive(Clone, Copy)]
struct Shared {
    feed: Feed<TrashPage>,
    sizes: RwSignal<Vec<(String, TrashSize)>>,
    selection: Selection<String>,
    rows: Signal<Vec<String>>,
    asked: RwSignal<Vec<TrashItem>>,
    toaster: Toaster,
}

impl Shared {
    fn restore(self, items: &[TrashItem]) {
        let (set, count) = (set_of(items), items.len() as i64);
        let what = match items {
            [one] => format!("“{}”", one.name),
            _ => format::counted(count, "item", "items"),
        };
        spawn_local(async move {
            match api::restore(set).await {
                Ok(()) => self.toaster.say(format!("Restored {what}")),
                Err(error) => self.toaster.fail(error.to_string()),
            }
            self.feed.refresh();
        });
    }
}

#[component]
fn Trash(page: TrashPage, search: Memo<Query>) -> impl IntoView {
    let input = memo(move || search.with(query::parse));
    let feed = Feed::new(page, input, api::list);
    live::watch("/api/v1/events".to_owned(), move |_| feed.refresh());
    let rows = memo(move || feed.current.with(|page| page.items.iter().map(key).collect::<Vec<String>>()));
    let shared = Shared {
        feed,
        sizes: RwSignal::new(Vec::new()),
        selection: Selection::new(),
        rows: rows.into(),
        asked: RwSignal::new(Vec::new()),
        toaster: Toaster::here(),
    };
    weigh(shared);
    let total = Signal::derive(move || feed.current.with(|page| page.total));
    let empty = memo(move || total.get() == 0 && search.with(|query| query.get("search").is_none()));
    let nothing = memo(move || feed.current.with(|page| page.items.is_empty()));
    view! {
        <Crumbs here="Trash".to_owned() />
        <div class="page-head">
            <h1>"Trash"</h1>
            <span class="page-head__count num">{move || format::count(total.get())}</span>
            <Leaving feed />
        </div>
        {move || {
            if empty.get() {
                return view! {
                    <Empty icon="trash" title="The trash is empty">
                        <p>"Experiments and runs that are thrown away wait here until somebody restores them or deletes them for good."</p>
                    </Empty>
                };
            }
            view! {
                <FilterForm path=PATH.to_owned() search label="Search the trash">
                    ""
                </FilterForm>
                <Problem error=feed.failed />
                <div class="area" data-busy=move || feed.busy.get().to_string()>
                    {move || if nothing.get() {
                        view! { <Empty icon="search" title="Nothing in the trash matches" /> }
                    } else {
                        view! { <Table shared /> }
                    }}
                    <Pager path=PATH.to_owned() query=search total />
                    <BulkBar shared />
                </div>
            }
        }}
        <DeleteDialog
            asked=shared.asked
            on_done=Callback::new(move |()| {
                shared.selection.clear();
                feed.refresh();
            })
        />
    }
}

/// Asks for sizes once the page is there: those of large experiments take their time.
fn weigh(shared: Shared) {
    let Shared { feed, sizes, .. } = shared;
    effect(move || {
        let items = feed.current.with(|page| page.items.clone());
        let known =
            sizes.with_untracked(|sizes| sizes.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>());
        let new: Vec<_> = items.iter().filter(|item| !known.contains(&key(item))).cloned().collect();
        if new.is_empty() {
            return;
        }
        spawn_local(async move {
            let sets: Vec<TrashSet> = new.iter().map(TrashItem::as_set).collect();
            // Without an answer the column stays empty; the dialog asks again before anything goes.
            if let Ok(answer) = api::sizes(sets).await {
                sizes.try_update(|sizes| sizes.extend(new.iter().map(key).zip(answer)));
            }
        });
    });
}

/// What was deleted and is still being removed.
#[component]
fn Leaving(feed: Feed<TrashPage>) -> impl IntoView {
    drawn(move || {
        let leaving = feed.current.with(|page| page.leaving);
        (leaving.experiments + leaving.runs > 0).then(|| {
            let text = format!(
                "Deleting {} and {}…",
                format::counted(leaving.experiments, "experiment", "experiments"),
                format::counted(leaving.runs, "run", "runs"),
            );
            view! {
                <span class="page-head__fact" role="status">
                    {text}
                </span>
            }
        })
    })
}

#[component]
fn Table(shared: Shared) -> impl IntoView {
    let Shared { feed, selection, rows, .. } = shared;
    let items = move || feed.current.with(|page| page.items.clone());
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of the trash">
            <table class="table trash-table" data-key="rows">
                <caption class="hidden">"Trash"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="cell-check">
                            <SelectAll selection rows />
                        </th>
                        <th scope="col" class="trash-table__name">"Name"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col" class="cell-num">"Runs"</th>
                        <th scope="col" class="cell-num">"Would free"</th>
                        <th scope="col">"Thrown away"</th>
                        <th scope="col"><span class="hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>
                    <For each=items key=|item| (key(item), item.trashed_at_ms.0) children=move |item| view! { <Row item shared /> } />
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(item: TrashItem, shared: Shared) -> impl IntoView {
    let Shared { sizes, selection, rows, asked, .. } = shared;
    let key = key(&item);
    let name = item.name.clone();
    let (href, kind, icon) = match &item.run_id {
        Some(id) => (format!("/runs/{id}"), format!("run of {}", item.experiment_name), "dot"),
        None => (format!("/experiments/{}", item.experiment_id), "experiment".to_owned(), "experiment"),
    };
    let (title, full, chosen_name) = (kind.clone(), name.clone(), format!("Select {name}"));
    let (run_count, at) = (item.run_count, item.trashed_at_ms);
    let own = key.clone();
    let size = memo(move || {
        sizes.with(|sizes| sizes.iter().find(|(one, _)| *one == own).map(|(_, size)| size.clone()))
    });
    let freed = move || size.get().map_or_else(|| "…".to_owned(), |size| format::bytes(size.bytes()));
    let detail = move || {
        size.get().map(|size| {
            let points = format::counted(size.points, "point", "points");
            let files = format::counted(size.files, "file", "files");
            format!(
                "{points} ({}), {files} of its own ({})",
                format::bytes(size.data_bytes),
                format::bytes(size.file_bytes)
            )
        })
    };
    let session = Session::current();
    let own = key.clone();
    let chosen = memo(move || selection.has(&own));
    let actions = session.may_edit().then(|| {
        let (restored, deleted) = (item.clone(), item);
        view! {
            <button
                class="button button--icon"
                type="button"
                aria-label=format!("Restore {}", restored.name)
                title="Restore"
                on:click=handler(move |_| shared.restore(std::slice::from_ref(&restored)))
            >
                <Icon name="restore" />
            </button>
            {session
                .may_administrate()
                .then(|| {
                    view! {
                        <button
                            class="button button--icon"
                            type="button"
                            aria-label=format!("Delete {} for good", deleted.name)
                            title="Delete for good"
                            on:click=handler(move |_| asked.set(vec![deleted.clone()]))
                        >
                            <Icon name="trash" />
                        </button>
                    }
                })}
        }
    });
    view! {
        <tr data-selected=move || chosen.get().to_string()>
            <td class="cell-check">
                <SelectRow selection row=key rows label=Signal::stored(chosen_name) />
            </td>
            <th scope="row" class="trash-table__name">
                <a class="row-link" data-key="open" href=href title=full>
                    {name}
                </a>
            </th>
            <td class="trash-table__kind" title=title>
                <Icon name=icon />
                {kind}
            </td>
            <td class="cell-num">{format::count(run_count)}</td>
            <td class="cell-num" title=drawn(detail)>{move || freed()}</td>
            <td>
                <Ago at=Signal::stored(at) />
            </td>
            <td class="cell-actions">{actions}</td>
        </tr>
    }
}

#[component]
fn BulkBar(shared: Shared) -> impl IntoView {
    let Shared { feed, selection, rows, asked, .. } = shared;
    let chosen = memo(move || {
        let keys = rows.with(|rows| selection.of(rows));
        feed.current.with(|page| {
            page.items.iter().filter(|item| keys.contains(&key(item))).cloned().collect::<Vec<_>>()
        })
    });
    let count = memo(move || chosen.with(|chosen| chosen.len() as i64));
    let session = Session::current();
    let (may_edit, may_administrate) = (session.may_edit(), session.may_administrate());
    drawn(move || {
        (count.get() > 0 && may_edit).then(|| {
            view! {
                <div class="bulk" role="toolbar" aria-label="Chosen items">
                    <span class="bulk__count num">{format!("{} selected", format::count(count.get()))}</span>
                    <button
                        class="button"
                        type="button"
                        on:click=handler(move |_| {
                            shared.restore(&chosen.get_untracked());
                            selection.clear();
                        })
                    >
                        <Icon name="restore" />
                        "Restore"
                    </button>
                    {may_administrate
                        .then(|| {
                            view! {
                                <button
                                    class="button button--danger"
                                    type="button"
                                    on:click=handler(move |_| asked.set(chosen.get_untracked()))
                                >
                                    <Icon name="trash" />
                                    "Delete for good"
                                </button>
                            }
                        })}
                    <button
                        class="button button--icon"
                        type="button"
                        aria-label="Select none"
                        title="Select none"
                        on:click=handler(move |_| selection.clear())
                    >
                        <Icon name="cross" />
                    </button>
                </div>
            }
        })
    })
}
