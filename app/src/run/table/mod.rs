//! The table of an experiment's runs: sorted by links, selected for comparison, kept current in place.

#![expect(
    clippy::large_types_passed_by_value,
    reason = "the table is some dozens of handles, and closures capture only those that they use"
)]

mod actions;
mod export;
mod grid;
mod head;
mod loaded;
mod menu;
mod picker;
mod query_bar;
mod row;
mod window;

pub use self::{
    actions::{MoveDialog, TagsDialog},
    export::Export,
    menu::RowMenu,
    picker::Columns,
};

use self::{
    actions::Actions,
    export::ExportMenu,
    grid::{Layout, Rows, Standing},
    menu::{Open, What},
    picker::ColumnPicker,
    query_bar::QueryBar,
    window::Window,
};
use super::{
    api::{self, Runs},
    columns,
    group::GroupPicker,
    query,
};
use crate::{
    browser,
    error::AppError,
    explore::{Picture, Subject},
    feed::Feed,
    link::{self, Query},
    metric::charts,
    pages::{self, Drawing, Pictured, Tool},
    ui::{
        erase::{drawn, effect, memo, view},
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::{Empty, Problem},
        pager::Pager,
        selection::Selection,
        toast::Toaster,
    },
};
use leptos::{ev::MouseEvent, prelude::*, task::spawn_local};
use model::{
    RunId, limits,
    query::Field,
    run::{Run, RunRow, RunUpdate},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the parts of the table share.
#[derive(Clone, Copy)]
pub struct Table {
    feed: Feed<Runs>,
    search: Memo<Query>,
    path: StoredValue<String>,
    /// Those that were chosen, whether they are shown or not.
    columns: Memo<Vec<Field>>,
    best: Memo<BTreeMap<Field, f64>>,
    /// In the order they were picked: the first is what the others are compared with.
    selection: Selection<RunId>,
    /// Everything that matches is selected, on every page.
    all: RwSignal<bool>,
    window: Window,
    layout: Layout,
    /// Runs that are not drawn and not compared.
    hidden: Memo<BTreeSet<RunId>>,
    /// The run that others are compared with in the table, and what it has.
    base: Memo<Option<RunId>>,
    base_row: Memo<Option<Arc<RunRow>>>,
    /// The run whose name is being changed.
    renaming: RwSignal<Option<RunId>>,
    /// The menu of a row, while it is open.
    menu: RwSignal<Option<Open>>,
    toaster: Toaster,
}

impl Table {
    fn new(feed: Feed<Runs>, search: Memo<Query>, path: String) -> Self {
        let window = Window::new(feed, search);
        let columns = memo(move || feed.current.with(|runs| runs.columns.clone()));
        let shown = memo(move || {
            feed.current.with(|runs| {
                runs.columns.iter().filter(|one| !runs.same.contains(one)).cloned().collect::<Vec<_>>()
            })
        });
        let best = memo(move || {
            columns.with(|columns| window.loaded.with(|loaded| columns::best_values(loaded.rows(), columns)))
        });
        let base = memo(move || search.with(query::base));
        let base_row = memo(move || {
            let base = base.get()?;
            feed.current.with(|runs| runs.pinned.iter().find(|row| row.run.id == base).cloned().map(Arc::new))
        });
        Self {
            feed,
            search,
            path: StoredValue::new(path),
            columns,
            best,
            selection: Selection::new(),
            all: RwSignal::new(false),
            window,
            layout: Layout::new(search, shown, window.across),
            hidden: memo(move || search.with(|query| query::ids(query, query::HIDDEN).into_iter().collect())),
            base,
            base_row,
            renaming: RwSignal::new(None),
            menu: RwSignal::new(None),
            toaster: Toaster::here(),
        }
    }

    fn href(self, query: &Query) -> String {
        self.path.with_value(|path| query.href(path))
    }

    /// Goes to the same view with other columns.
    fn show(self) -> impl Fn(Vec<Field>) + Clone + 'static {
        let go = link::use_go();
        move |columns: Vec<Field>| {
            go(&self.href(&query::with_columns(&self.search.get_untracked(), &columns)));
        }
    }

    /// Gives a column another width. The URL has it, so that a link shows the same; Back does not undo it.
    fn widen(self) -> impl Fn(Field, u32) + Clone + 'static {
        let rewrite = link::use_rewrite();
        move |field: Field, width: u32| {
            rewrite(&self.href(&query::with_width(&self.search.get_untracked(), &field, width)));
        }
    }

    /// Puts a run into a list of the URL, or takes it out.
    fn flip(self, key: &'static str) -> impl Fn(&RunId) + Clone + 'static {
        let go = link::use_go();
        move |id: &RunId| match query::flip(&self.search.get_untracked(), key, id) {
            Some(query) => go(&self.href(&query)),
            None if key == query::PINS => {
                self.toaster.fail(format!("At most {} runs stay on top", limits::PINNED_RUNS_MAX));
            }
            None => self.toaster.fail(format!("At most {} runs are hidden", limits::HIDDEN_RUNS_MAX)),
        }
    }

    /// What is compared: what was picked and is not hidden.
    fn compared(self) -> Vec<RunId> {
        let hidden = self.hidden.get();
        self.selection.picked().into_iter().filter(|id| !hidden.contains(id)).collect()
    }

    /// Opens a menu below the button that was clicked.
    fn open(self, id: RunId, what: What, event: &MouseEvent) {
        event.stop_propagation();
        self.menu.set(Open::below(id, what, event));
    }

    fn rename(self, id: RunId) {
        if crate::frame::session::Session::current().may_edit() {
            self.renaming.set(Some(id));
        }
    }

    fn save_name(self, id: RunId, name: String) {
        let update = RunUpdate { name: Some(name), ..RunUpdate::default() };
        if let Err(error) = update.check() {
            self.toaster.fail(error.to_string());
            return;
        }
        self.change(id, update, Callback::new(|_| ()));
    }

    /// Changes a run; whatever comes of it, the row shows what the server has.
    fn change(self, id: RunId, update: RunUpdate, after: Callback<Option<AppError>>) {
        spawn_local(async move {
            match api::update(id.clone(), update).await {
                Ok(run) => {
                    self.update(&run);
                    after.try_run(None);
                }
                Err(error) => {
                    self.toaster.fail(error.to_string());
                    after.try_run(Some(error));
                }
            }
            if self.menu.try_get_untracked().is_some() {
                self.feed.refresh();
            }
        });
    }

    fn update(self, run: &Run) {
        self.window.loaded.try_update(|loaded| loaded.update(&run.id, |row| row.run = run.clone()));
    }
}

/// Gives the keyboard back to a row.
fn focus_run(id: RunId) {
    request_animation_frame(move || {
        if let Some(link) = browser::find(&format!(".run-table tr[data-run=\"{id}\"] [data-key=open]")) {
            link.focus().ok();
        }
    });
}

#[component]
pub fn RunTable(feed: Feed<Runs>, search: Memo<Query>, path: String) -> impl IntoView {
    let table = Table::new(feed, search, path.clone());
    table.window.listen();
    let nothing = memo(move || feed.current.with(Runs::is_empty));
    let grouped = memo(move || feed.current.with(|runs| runs.groups.is_some()));
    let total = Signal::derive(move || feed.current.with(Runs::total));
    let picture = memo(move || search.with(Picture::of));
    let charts = memo(move || search.with(charts::asked));
    let drawn = memo(move || charts.get() || picture.get().is_some());
    let rows = move || match (nothing.get(), picture.get(), grouped.get()) {
        (true, ..) => view! { <NothingFound table /> },
        (_, Some(picture), _) => {
            let path = table.path.get_value();
            pages::later(pages::picture(Pictured { picture, subject: Subject::table(feed), search, path }))
        }
        _ if charts.get() => pages::later(pages::drawing(Drawing::OfExperiment(feed, search))),
        (_, _, true) => pages::later(pages::tool(Tool::GroupTable(feed, search, table.path.get_value()))),
        _ => view! { <Rows table /> },
    };
    let awake = table.window.awake;
    let foot = move || {
        if drawn.get() {
            ().into_any()
        } else if awake.get() && !nothing.get() && !grouped.get() {
            view! { <Standing table /> }
        } else {
            view! { <Pager path=path.clone() query=search total /> }
        }
    };
    view! {
        <div class="toolbar">
            <Filter table />
            {move || {
                (!drawn.get())
                    .then(|| {
                        view! {
                            <ColumnPicker table />
                            <ExportMenu table />
                        }
                    })
            }}
            {move || {
                picture
                    .get()
                    .is_none()
                    .then(|| view! { <GroupPicker feed search path=table.path.get_value() /> })
            }}
            <crate::view::Tools />
            {move || {
                (!grouped.get() && !drawn.get())
                    .then(|| {
                        view! {
                            <Differences table />
                            <CompareButton table />
                        }
                    })
            }}
        </div>
        <Problem error=feed.failed />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {move || rows()}
            {move || foot()}
        </div>
        <Actions table />
    }
}

/// Hides the columns that tell no runs apart, of all that match and not only of those in view.
#[component]
fn Differences(table: Table) -> impl IntoView {
    let Table { search, feed, .. } = table;
    let on = memo(move || search.with(query::differences));
    let href = move || table.href(&search.with(query::flip_differences));
    let words = move || {
        let (same, total) = feed.current.with(|runs| (runs.same.len(), runs.page.total));
        let runs = crate::chart::format::counted(total, "run", "runs");
        if on.get() {
            format!("{same} of the columns are the same in all {runs} that match, and hidden")
        } else {
            format!("Hide the columns that are the same in all {runs} that match")
        }
    };
    view! {
        <a
            class="button run-table__differences"
            href=drawn(href)
            data-noscroll=""
            title=drawn(words)
            aria-current=move || on.get().then_some("true")
        >
            <Icon name="filter" />
            "Only differences"
            {move || {
                let same = feed.current.with(|runs| runs.same.len());
                (on.get() && same > 0).then(|| view! { <span class="num muted">{format!("{same} hidden")}</span> })
            }}
        </a>
    }
}

#[component]
fn Filter(table: Table) -> impl IntoView {
    let Table { search, path, .. } = table;
    let status =
        move |word: &'static str| search.with(|query| query.get("status").unwrap_or_default() == word);
    let in_trash = move || search.with(|query| query.get("trash") == Some("only"));
    let with_archived = move || search.with(|query| query.get(query::ARCHIVED) == Some("1"));
    let option = move |word: &'static str| {
        view! {
            <option value=word selected=move || status(word) prop:selected=move || status(word)>
                {word}
            </option>
        }
    };
    view! {
        <FilterForm path=path.get_value() search label="Search run name or id">
            <div class="field field--inline">
                <label class="field__label" for="filter-status">"Status"</label>
                <select id="filter-status" name="status" class="select">
                    <option value="" selected=move || status("") prop:selected=move || status("")>"any"</option>
                    {query::statuses().map(option).collect_view()}
                </select>
            </div>
            <select name="trash" class="select" aria-label="Runs or trash">
                <option value="" selected=move || !in_trash() prop:selected=move || !in_trash()>"runs"</option>
                <option value="only" selected=drawn(in_trash) prop:selected=drawn(in_trash)>"trash"</option>
            </select>
            <label class="check" title="Also runs that are archived">
                <input
                    type="checkbox"
                    name=query::ARCHIVED
                    value="1"
                    checked=drawn(with_archived)
                    prop:checked=drawn(with_archived)
                />
                "Archived"
            </label>
            <QueryBar table />
            <Hidden search except=&["search", "filter", "status", "trash", "archived", "offset"] />
        </FilterForm>
    }
}

/// Submits the table's form: without wasm a plain GET with the ticked runs, with it a link of our own.
#[component]
fn CompareButton(table: Table) -> impl IntoView {
    let count = move || table.compared().len();
    let awake = RwSignal::new(false);
    effect(move || awake.set(true));
    let off = move || awake.get() && !(2..=limits::COMPARE_RUNS_MAX).contains(&count());
    let title = move || match count() {
        0 | 1 => "Select at least two runs".to_owned(),
        many if many > limits::COMPARE_RUNS_MAX => format!("At most {} runs", limits::COMPARE_RUNS_MAX),
        _ => "Compare the selected runs".to_owned(),
    };
    view! {
        <button
            class="button button--primary"
            type="submit"
            form="run-table"
            data-key="compare"
            disabled=drawn(off)
            title=drawn(title)
        >
            <Icon name="compare" />
            "Compare"
            {move || (count() > 0).then(|| view! { <span class="button__count num">{count()}</span> })}
        </button>
    }
}

#[component]
fn NothingFound(table: Table) -> impl IntoView {
    let narrowed = move || table.search.with(query::narrows);
    drawn(move || {
        if narrowed() {
            view! {
                <Empty icon="search" title="No run matches">
                    <p>
                        <a class="button" href=table.path.with_value(|path| crate::view::plain(path))>
                            "Clear all filters"
                        </a>
                    </p>
                </Empty>
            }
        } else if table.feed.current.with(|runs| runs.experiment.trashed_at_ms.is_some()) {
            view! { <Empty icon="archive" title="Its runs lie in the trash with it" /> }
        } else if table.feed.current.with(|runs| runs.experiment.runs.total() > 0) {
            let href = table.search.with_untracked(|search| {
                table.path.with_value(|path| search.clone().with(query::ARCHIVED, "1").href(path))
            });
            view! {
                <Empty icon="archive" title="All runs are archived">
                    <p>
                        <a class="button" href=href>
                            "Show them"
                        </a>
                    </p>
                </Empty>
            }
        } else {
            let id = table.feed.current.with_untracked(|runs| runs.experiment.id);
            view! { <crate::experiment::FirstRun experiment=id /> }
        }
    })
}

/// The page that compares these runs.
pub fn compare_link(ids: &[RunId]) -> String {
    let ids: Vec<_> = ids.iter().map(RunId::as_str).collect();
    Query::default().with("runs", ids.join(",")).href("/compare")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_keeps_the_order_of_selection() {
        let id = |digit: char| digit.to_string().repeat(32).parse::<RunId>().expect("32 hex digits");
        assert_eq!(compare_link(&[id('b'), id('a')]), format!("/compare?runs={},{}", id('b'), id('a')));
    }
}
