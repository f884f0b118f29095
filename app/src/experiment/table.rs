//! The table of experiments: a list, or the tree that their names make.

use super::{
    api::Overview,
    bulk::{Act, perform},
    list::{PATH, tag_link},
    query,
    spark::Spark,
};
use crate::{
    chart::format,
    feed::Feed,
    frame::session::Session,
    link::{self, Query},
    ui::{
        erase::{For, drawn, handler, memo, memo_after, view},
        icon::Icon,
        number::Number,
        selection::{SelectAll, SelectRow, Selection},
        sort::SortHead,
        status::{ExperimentState, StatusBar},
        tag::TagList,
        time::Ago,
        toast::Toaster,
    },
};
use leptos::{ev::KeyboardEvent, prelude::*};
use model::{
    ExperimentId, RunId,
    experiment::{Experiment, ExperimentSort, ExperimentStatus, tree::TreeRow},
};

/// What every row needs.
#[derive(Clone, Copy)]
struct Shared {
    feed: Feed<Overview>,
    search: Memo<Query>,
    edited: RwSignal<Option<Experiment>>,
    selection: Selection<ExperimentId>,
    rows: Signal<Vec<ExperimentId>>,
}

/// What a row is, so that it stays the same element while its content changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Folder(String),
    Experiment(ExperimentId),
}

#[component]
pub fn Table(
    feed: Feed<Overview>,
    search: Memo<Query>,
    edited: RwSignal<Option<Experiment>>,
    selection: Selection<ExperimentId>,
    rows: Signal<Vec<ExperimentId>>,
) -> impl IntoView {
    let shared = Shared { feed, search, edited, selection, rows };
    let keys = move || {
        feed.current.with(|overview| match &overview.tree {
            None => overview.page.items.iter().map(|one| Key::Experiment(one.id)).collect::<Vec<_>>(),
            Some(rows) => rows.iter().map(key).collect(),
        })
    };
    let row = move |key: Key| match key {
        Key::Folder(path) => view! { <FolderRow path shared /> },
        Key::Experiment(id) => view! { <Row id shared /> },
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of experiments">
            <table class="table experiment-table" data-key="rows">
                <caption class="hidden">"Experiments"</caption>
                <Head shared />
                <tbody>
                    <For each=keys key=Clone::clone children=row />
                </tbody>
            </table>
        </div>
    }
}

fn key(row: &TreeRow) -> Key {
    match row {
        TreeRow::Folder { path, .. } => Key::Folder(path.clone()),
        TreeRow::Experiment { id, .. } => Key::Experiment(*id),
    }
}

#[component]
fn Head(shared: Shared) -> impl IntoView {
    let Shared { search, selection, rows, .. } = shared;
    let tree = memo(move || search.with(query::is_tree));
    let sorted = move |sort| {
        // A tree is in the order of names, whatever the list was sorted by.
        let now = search.with(query::parse).query;
        if tree.get() {
            return (sort == ExperimentSort::Name).then_some(false);
        }
        (now.sort == sort).then_some(now.reverse)
    };
    let head = move |name: &'static str, sort: ExperimentSort, from_small: bool, class: &'static str| {
        let state = Signal::derive(move || sorted(sort).map(|reverse| reverse != from_small));
        let href = Signal::derive(move || search.with(|query| query::sort_by(query, sort).href(PATH)));
        view! { <SortHead name=name.to_owned() href ascending=state class /> }
    };
    view! {
        <thead>
            <tr>
                <th scope="col" class="cell-check">
                    <SelectAll selection rows />
                </th>
                {head("Name", ExperimentSort::Name, true, "experiment-table__name")}
                <th scope="col">"Status"</th>
                {head("Runs", ExperimentSort::RunCount, false, "experiment-table__runs")}
                <th scope="col">"Best"</th>
                <th scope="col">"30 days"</th>
                {head("Last activity", ExperimentSort::LastActivity, false, "")}
                {head("Created", ExperimentSort::Created, false, "")}
                <th scope="col"><span class="hidden">"Actions"</span></th>
            </tr>
        </thead>
    }
}

/// How far a row stands to the right; deeper than this all stand alike.
fn depth_class(depth: u32) -> String {
    format!("depth-{}", depth.min(8))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FolderState {
    name: String,
    depth: u32,
    experiments: i64,
    open: bool,
}

#[component]
fn FolderRow(path: String, shared: Shared) -> impl IntoView {
    let Shared { feed, search, .. } = shared;
    let path = StoredValue::new(path);
    let state = memo_after(move |last: Option<&FolderState>| {
        let found = feed.current.with(|overview| {
            let mut rows = overview.tree.iter().flatten();
            rows.find_map(|row| match row {
                TreeRow::Folder { path: one, name, depth, experiments, open }
                    if path.with_value(|path| path == one) =>
                {
                    Some(FolderState {
                        name: name.clone(),
                        depth: *depth,
                        experiments: *experiments,
                        open: *open,
                    })
                }
                _ => None,
            })
        });
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for a folder in the tree")
    });
    let open = memo(move || state.with(|state| state.open));
    let href = memo(move || search.with(|query| path.with_value(|path| query::flip(query, path)).href(PATH)));
    let go = link::use_go();
    // Right opens and left closes, as in every tree.
    let arrows = move |event: KeyboardEvent| {
        if matches!((event.key().as_str(), open.get_untracked()), ("ArrowRight", false) | ("ArrowLeft", true))
        {
            event.prevent_default();
            go(&href.get_untracked());
        }
    };
    let unit =
        move || state.with(|state| if state.experiments == 1 { " experiment" } else { " experiments" });
    view! {
        <tr class="experiment-table__folder">
            <td class="cell-check"></td>
            <th scope="row" colspan="8">
                <a
                    class=move || format!("folder {}", state.with(|state| depth_class(state.depth)))
                    data-key="open"
                    data-noscroll=""
                    href=href
                    title=path.get_value()
                    aria-expanded=move || open.get().to_string()
                    on:keydown=handler(arrows)
                >
                    <span class="folder__turn">
                        <Icon name="chevron" />
                    </span>
                    <Icon name="folder" />
                    <span class="hidden">"Folder "</span>
                    <span class="folder__name">{move || state.with(|state| state.name.clone())}</span>
                    <span class="folder__count num">
                        {move || state.with(|state| format::count(state.experiments))}
                    </span>
                    <span class="hidden">{move || unit()}</span>
                </a>
            </th>
        </tr>
    }
}

#[component]
fn Row(id: ExperimentId, shared: Shared) -> impl IntoView {
    let Shared { feed, selection, rows, .. } = shared;
    let row = memo_after(move |last: Option<&Experiment>| {
        let found =
            feed.current.with(|overview| overview.page.items.iter().find(|one| one.id == id).cloned());
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for an experiment in the list")
    });
    // In the tree, the folders above say the rest of the name.
    let place = memo(move || {
        feed.current.with(|overview| {
            overview.tree.iter().flatten().find_map(|one| match one {
                TreeRow::Experiment { id: one, name, depth } if *one == id => Some((name.clone(), *depth)),
                _ => None,
            })
        })
    });
    let activity = memo(move || {
        feed.current.with(|overview| {
            let mut found = overview.activity.iter().filter(|(one, _)| *one == id);
            found.next().map(|(_, days)| days.clone()).unwrap_or_default()
        })
    });
    let best = memo(move || {
        feed.current.with(|overview| {
            let mut found = overview.best.iter().filter(|(one, ..)| *one == id);
            found.next().map(|(_, run_id, number)| (run_id.clone(), *number))
        })
    });
    let full = move || row.with(|one| one.name.clone());
    let name = move || place.get().map_or_else(full, |(name, _)| name);
    let indent = move || place.get().map(|(_, depth)| depth_class(depth)).unwrap_or_default();
    let description = move || row.with(|one| one.description.clone());
    let chosen = memo(move || selection.has(&id));
    view! {
        <tr data-selected=move || chosen.get().to_string()>
            <td class="cell-check">
                <SelectRow
                    selection
                    row=id
                    rows
                    label=Signal::derive(move || format!("Select {}", full()))
                />
            </td>
            <th scope="row" class="experiment-table__name">
                <div class=drawn(indent)>
                    <a class="row-link" data-key="open" href=format!("{PATH}/{id}") title=full>
                        {move || name()}
                    </a>
                    <div class="experiment-table__more">
                        <span class="experiment-table__text" title=drawn(description)>{move || description()}</span>
                        <TagList tags=Signal::derive(move || row.with(|one| one.tags.clone())) link=tag_link />
                    </div>
                </div>
            </th>
            <td>
                <ExperimentState status=Signal::derive(move || row.with(|one| one.status)) />
            </td>
            <td class="cell-num">
                <span class="num">{move || row.with(|one| format::count(one.run_count))}</span>
                <StatusBar counts=Signal::derive(move || row.with(|one| one.runs)) />
            </td>
            <td class="experiment-table__best">
                <Best row best />
            </td>
            <td class="experiment-table__spark">
                <Spark days=activity />
            </td>
            <td>
                <Ago at=Signal::derive(move || row.with(|one| one.last_activity_at_ms)) />
            </td>
            <td>
                <Ago at=Signal::derive(move || row.with(|one| one.created_at_ms)) />
            </td>
            <td class="cell-actions">
                <Actions row shared />
            </td>
        </tr>
    }
}

/// The best value of the goal metric, with the way to its run.
#[component]
fn Best(row: Memo<Experiment>, best: Memo<Option<(RunId, f64)>>) -> impl IntoView {
    let key = move || row.with(|one| one.goal.as_ref().map(|goal| goal.key.clone()).unwrap_or_default());
    drawn(move || {
        best.get().map(|(run_id, number)| {
            view! {
                <a class="experiment-table__value" href=format!("/runs/{run_id}") title=move || format!("{}: best run", key())>
                    <Number value=number />
                    <span class="experiment-table__goal">{move || key()}</span>
                </a>
            }
        })
    })
}

#[component]
fn Actions(row: Memo<Experiment>, shared: Shared) -> impl IntoView {
    let Shared { feed, edited, .. } = shared;
    let toaster = Toaster::here();
    let archived = move || row.with(|one| one.status == ExperimentStatus::Archived);
    let act = move |act: Act| {
        perform(act, &[row.get_untracked()], toaster, Callback::new(move |()| feed.refresh()));
    };
    let toggle = move |_| act(if archived() { Act::Restore } else { Act::Archive });
    let verb = move || if archived() { "Restore" } else { "Archive" };
    let labelled = move |verb: &str| row.with(|one| format!("{verb} {}", one.name));
    Session::current().may_edit().then(|| {
        view! {
            <button
                class="button button--icon"
                type="button"
                aria-label=move || labelled("Edit")
                title="Edit"
                on:click=handler(move |_| edited.set(Some(row.get())))
            >
                <Icon name="edit" />
            </button>
            <button
                class="button button--icon"
                type="button"
                aria-label=move || labelled(verb())
                title=verb
                on:click=handler(toggle)
            >
                {move || view! { <Icon name=if archived() { "restore" } else { "archive" } /> }}
            </button>
            <button
                class="button button--icon"
                type="button"
                aria-label=move || labelled("Move to trash:")
                title="Move to trash"
                on:click=handler(move |_| act(Act::Trash))
            >
                <Icon name="trash" />
            </button>
        }
    })
}
