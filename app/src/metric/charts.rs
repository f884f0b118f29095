//! The charts of an experiment: the curves of the runs that its table shows, or of its groups.

use super::{
    Board, BoardRun, Sections,
    board::BoardGroup,
    happened::EventNews,
    roster::{Entry, Roster},
};
use crate::{
    chart::format,
    feed::Feed,
    link::{self, Query},
    run::{
        self,
        api::{self, Runs},
        group_name,
    },
    ui::{
        erase::{Show, effect, handler, memo, view, watch},
        toast::Toaster,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::{
    RunId, limits,
    query::Field,
    run::{RunFieldQuery, RunQuery, RunRow, group::RunGroup},
};

/// How the address calls them.
pub const CHARTS: &str = "charts";

/// Whether an address asks for charts.
pub fn asked(query: &Query) -> bool {
    query.get(run::query::VIEW) == Some(CHARTS)
}

/// Curves drawn at first, and more at each wish: what can be told apart.
const RUNS_STEP: usize = 10;

#[component]
pub fn Charts(feed: Feed<Runs>, search: Memo<Query>) -> impl IntoView {
    let shown = RwSignal::new(RUNS_STEP);
    let hidden = memo(move || search.with(|query| run::query::ids(query, run::query::HIDDEN)));
    let listed = memo(move || feed.current.with(listed));
    let rows = memo(move || {
        let is_drawn = |run: &&BoardRun| hidden.with(|hidden| !hidden.contains(&run.id));
        listed.with(|listed| listed.iter().filter(is_drawn).cloned().collect::<Vec<_>>())
    });
    let runs = Signal::derive(move || {
        rows.with(|rows| rows.iter().take(shown.get()).cloned().collect::<Vec<BoardRun>>())
    });
    let groups = members(feed, search);
    let changed = RwSignal::new(0_u32);
    watch(move || feed.current.track(), move |(), _| changed.update(|count| *count += 1));
    let board = Board::of_groups(runs, groups.into(), changed.into(), EventNews::here());
    let entries = memo(move || {
        let groups = groups.with(|groups| groups.iter().map(Entry::of_group).collect::<Vec<_>>());
        if !groups.is_empty() {
            return groups;
        }
        // Those that are drawn, and among them those that would be if they were not hidden.
        let last = runs.with(|runs| runs.last().map(|run| run.id.clone()));
        let is_hidden = |run: &BoardRun| hidden.with(|hidden| hidden.contains(&run.id));
        let entry = |run: &BoardRun| Entry::either(run, !is_hidden(run));
        listed.with(|listed| {
            let end = listed.iter().position(|run| Some(&run.id) == last.as_ref());
            let end = end.map_or(listed.len().min(RUNS_STEP), |end| end + 1);
            let more = listed[end..].iter().take_while(|run| is_hidden(run));
            listed[..end].iter().chain(more).map(entry).collect()
        })
    });
    let go = link::use_go();
    let toaster = Toaster::here();
    let id = feed.current.with_untracked(|runs| runs.experiment.id);
    let flip = Callback::new(move |run: RunId| {
        match run::query::flip(&search.get_untracked(), run::query::HIDDEN, &run) {
            Some(query) => go(&query.href(&format!("/experiments/{id}"))),
            None => toaster.fail(format!("At most {} runs are hidden", limits::HIDDEN_RUNS_MAX)),
        }
    });
    let known = keys(feed);
    let keys = Signal::derive(move || known.get().unwrap_or_default());
    let more = move || {
        let (all, drawn) = (rows.with(Vec::len), runs.with(Vec::len));
        (all > drawn).then(|| {
            view! {
                <button class="button" type="button" on:click=handler(move |_| shown.update(|shown| *shown += RUNS_STEP))>
                    {format!("Draw {} more", (all - drawn).min(RUNS_STEP))}
                </button>
            }
        })
    };
    let words = move || {
        let total = feed.current.with(Runs::total);
        let (count, one, many) = match groups.with(Vec::len) {
            0 => (runs.with(Vec::len), "run", "runs"),
            groups => (groups, "group", "groups"),
        };
        format!("{count} of {}", format::counted(total, one, many))
    };
    view! {
        <div class="board__runs">
            <span class="muted num">{move || words()}</span>
            {move || more()}
        </div>
        <Show
            when=move || known.with(Option::is_some)
            fallback=|| view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }
        >
            <Roster board entries flip>
                <Sections board keys names=true />
            </Roster>
        </Show>
    }
}

/// The runs of the table's page, those that stay on top first.
fn listed(runs: &Runs) -> Vec<BoardRun> {
    let mut listed: Vec<BoardRun> = Vec::new();
    for RunRow { run, .. } in runs.pinned.iter().chain(&runs.page.items) {
        if listed.len() < limits::CHART_RUNS_MAX && !listed.iter().any(|known| known.id == run.id) {
            listed.push(BoardRun::of(run));
        }
    }
    listed
}

/// The groups of the table's page with their runs, once these are known.
fn members(feed: Feed<Runs>, search: Memo<Query>) -> RwSignal<Vec<BoardGroup>> {
    let groups = RwSignal::new(Vec::new());
    // Counts questions, so that a late answer to an early one is dropped.
    let asked = StoredValue::new(0_u64);
    // Which groups there are; not what they have means of, which changes with every point.
    let found = memo(move || {
        feed.current.with(|runs| {
            let bare = |group: &RunGroup| RunGroup { stats: Vec::new(), ..group.clone() };
            let items = runs.groups.iter().flat_map(|groups| &groups.page.items);
            items.take(usize::from(limits::RUN_COLORS)).map(bare).collect::<Vec<_>>()
        })
    });
    let id = feed.current.with_untracked(|runs| runs.experiment.id);
    effect(move || {
        let found = found.get();
        let query = search.with_untracked(|search| run::query::parse(id, search));
        asked.update_value(|asked| *asked += 1);
        let mine = asked.get_value();
        spawn_local(async move {
            let mut filled = Vec::new();
            for (place, group) in found.into_iter().enumerate() {
                filled.extend(fill(group, place as u8, query.clone()).await);
            }
            if asked.try_get_value() == Some(mine) && groups.with_untracked(|known| *known != filled) {
                groups.set(filled);
            }
        });
    });
    groups
}

/// A group with its runs; `None` when no query means them, or they cannot be had.
async fn fill(group: RunGroup, color: u8, query: RunQuery) -> Option<BoardGroup> {
    let most = limits::CHART_RUNS_MAX as u32;
    let filter = group.filter.clone()?;
    let query = RunQuery {
        filter,
        sort: String::new(),
        fields: String::new(),
        offset: 0,
        limit: Some(most),
        ..query
    };
    let runs: Vec<RunId> = api::rows(query).await.ok()?.items.into_iter().map(|row| row.run.id).collect();
    let name = group_name(&group);
    let count = if (runs.len() as i64) < group.n {
        format!("{} of {}", runs.len(), group.n)
    } else {
        group.n.to_string()
    };
    (!runs.is_empty()).then(|| BoardGroup { name: format!("{name} (n = {count})"), color, runs })
}

/// The metrics that the experiment's runs have, once they are known.
fn keys(feed: Feed<Runs>) -> RwSignal<Option<Vec<String>>> {
    let keys = RwSignal::new(None);
    let id = feed.current.with_untracked(|runs| runs.experiment.id);
    effect(move || {
        feed.current.track();
        let query = RunFieldQuery { experiment_id: id, search: String::new(), limit: Some(limits::PAGE_MAX) };
        spawn_local(async move {
            let Ok(fields) = api::fields(query).await else { return };
            let metric = |field: Field| match field {
                Field::Metric { key, .. } => Some(key),
                _ => None,
            };
            let mut found: Vec<String> = fields.into_iter().filter_map(metric).collect();
            found.sort();
            found.dedup();
            let found = Some(found);
            if keys.try_with_untracked(|known| *known != found) == Some(true) {
                keys.set(found);
            }
        });
    });
    keys
}
