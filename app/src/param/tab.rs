//! The Params tab of a run: a list or a tree, a page at a time, beside another run's if one was chosen.

use super::{
    CodeDialog,
    api::{self, Other},
    lines::{self, Filter, Line, Row},
};
use crate::{
    chart::format,
    feed::Feed,
    link::{self, Query},
    run::{ChooseRun, RunView},
    ui::{
        copy::Copy,
        erase::{drawn, handler, memo, view},
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::{Empty, Problem},
        pager::Pager,
        time::Ago,
    },
};
use leptos::prelude::*;
use model::{
    RunId, limits,
    param::{ParamChange, ParamValue},
};
use std::collections::{BTreeMap, BTreeSet};

/// The other run that the URL asks for.
pub fn wanted(query: &Query) -> Option<RunId> {
    query.get("with")?.parse().ok()
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<Other>) -> impl IntoView {
    let search = link::use_search();
    let with = memo(move || search.with(wanted));
    // Nothing is on its way when there is no other run.
    let first = (first.is_some() || with.get_untracked().is_none()).then_some(first);
    let (feed, _) = Feed::soon(first, with, api::beside);
    let other = memo(move || feed.current.get().filter(|other| Some(&other.id) == with.get().as_ref()));
    let filter = memo(move || {
        search.with(|query| Filter {
            text: query.get("search").unwrap_or_default().to_lowercase(),
            differing: query.get("only") == Some("differences"),
        })
    });
    let own = memo(move || view.detail.current.with(|detail| detail.params.clone()));
    let found = memo(move || {
        own.with(|own| {
            other.with(|other| {
                filter.with(|filter| lines::lines(own, other.as_ref().map(|other| &other.params[..]), filter))
            })
        })
    });
    let nothing = move || own.with(Vec::is_empty) && other.with(Option::is_none);
    let content = move || match (nothing(), found.with(Vec::is_empty)) {
        (true, _) => view! {
            <Empty icon="columns" title="No params recorded">
                <p>
                    <code>"run.log_params({\"lr\": 0.01})"</code>
                </p>
            </Empty>
        },
        (false, true) if filter.with(|filter| filter.text.is_empty()) => {
            view! { <Empty icon="check" title="Both runs have the same params" /> }
        }
        (false, true) => {
            view! { <Empty icon="search" title="No param has that in its name or value" /> }
        }
        (false, false) => view! { <Table view found other /> },
    };
    view! {
        <Tools view other />
        <Problem error=feed.failed />
        <div class="area" data-busy=move || feed.busy.get().to_string()>
            {move || content()}
        </div>
    }
}

#[component]
fn Tools(view: RunView, other: Memo<Option<Other>>) -> impl IntoView {
    let search = link::use_search();
    let go = link::use_go();
    let (coding, choosing) = (RwSignal::new(false), RwSignal::new(false));
    let href = move |key: &'static str, value: String| {
        search.with(|query| query.clone().with(key, value).without("offset").href(&view.path()))
    };
    let mode = move |word: &'static str, title: &'static str| {
        let here = move || search.with(|query| query.get("view").unwrap_or_default() == word);
        view! {
            <a
                class="switch__part"
                href=move || href("view", word.to_owned())
                aria-current=move || here().then_some("true")
                data-noscroll=""
            >
                {title}
            </a>
        }
    };
    let choose = {
        let go = go.clone();
        Callback::new(move |choice: crate::run::Choice| {
            go(&untrack(|| href("with", choice.id.to_string())));
        })
    };
    let against = move || {
        other.get().map(|other| {
            let only = move || search.with(|query| query.get("only") == Some("differences"));
            let go = go.clone();
            let toggle = move |event| {
                let word = if event_target_checked(&event) { "differences" } else { "" };
                go(&untrack(|| href("only", word.to_owned())));
            };
            let alone = move || {
                search.with(|query| query.clone().without("with").without("only").without("offset").href(&view.path()))
            };
            view! {
                <span class="param-against">
                    "beside "
                    <a href=format!("/runs/{}?tab=params", other.id)>{other.name.clone()}</a>
                    <a class="button button--icon" href=drawn(alone) aria-label="Show this run alone" title="Show this run alone">
                        <Icon name="cross" />
                    </a>
                </span>
                <label class="check">
                    <input type="checkbox" prop:checked=drawn(only) checked=drawn(only) on:change=handler(toggle) />
                    "Only differences"
                </label>
            }
        })
    };
    let (own, experiment_id) =
        view.detail.current.with_untracked(|detail| (detail.run.id.clone(), detail.run.experiment_id));
    view! {
        <div class="toolbar">
            <FilterForm path=view.path() search label="Find a param or value">
                <Hidden search except=&["search", "offset"] />
            </FilterForm>
            <nav class="switch" aria-label="Show params as">{mode("", "List")} {mode("tree", "Tree")}</nav>
            <button class="button" type="button" on:click=handler(move |_| choosing.set(true))>
                <Icon name="compare" />
                "Beside another run…"
            </button>
            {move || against()}
            <button class="button" type="button" on:click=handler(move |_| coding.set(true))>
                <Icon name="copy" />
                "As code…"
            </button>
        </div>
        <CodeDialog view open=coding />
        <ChooseRun open=choosing title="Show beside which run?" own experiment_id on_choose=choose />
    }
}

#[component]
fn Table(view: RunView, found: Memo<Vec<Line>>, other: Memo<Option<Other>>) -> impl IntoView {
    let search = link::use_search();
    let changes = memo(move || {
        let mut changes: BTreeMap<String, Vec<ParamChange>> = BTreeMap::new();
        view.detail.current.with(|detail| {
            for one in &detail.param_changes {
                changes.entry(one.key.clone()).or_default().push(one.clone());
            }
        });
        changes
    });
    let closed = RwSignal::new(BTreeSet::<String>::new());
    let rows = memo(move || {
        let lines = found.get();
        if search.with(|query| query.get("view") == Some("tree")) {
            return closed.with(|closed| lines::tree(lines, closed));
        }
        let row = |line: Line| Row::Value { name: line.key.clone(), line, depth: 0 };
        lines.into_iter().map(row).collect()
    });
    let total = Signal::derive(move || rows.with(Vec::len) as i64);
    let page = move || {
        let offset = search.with(|query| query.number("offset").unwrap_or(0)) as usize;
        let compared = other.with(Option::is_some);
        rows.with(|rows| {
            let rows = rows.iter().skip(offset).take(limits::PAGE_DEFAULT as usize).cloned();
            rows.map(|row| changes.with(|changes| draw(row, compared, changes, closed))).collect_view()
        })
    };
    let heads = move || match other.get() {
        Some(other) => view! {
            <th scope="col">"This run"</th>
            <th scope="col">{other.name}</th>
        },
        None => view! { <th scope="col">"Value"</th> },
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of params">
            <table class="table param-table">
                <caption class="hidden">"Params"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Param"</th>
                        {move || heads()}
                        <th scope="col">"Type"</th>
                        <th scope="col"><span class="hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{move || page()}</tbody>
            </table>
        </div>
        <Pager path=view.path() query=search total />
    }
}

fn draw(
    row: Row,
    compared: bool,
    changes: &BTreeMap<String, Vec<ParamChange>>,
    closed: RwSignal<BTreeSet<String>>,
) -> AnyView {
    match row {
        Row::Group { path, name, depth, count } => {
            let open = closed.with(|closed| !closed.contains(&path));
            let toggle = move |_| {
                closed.update(|closed| {
                    if !closed.remove(&path) {
                        closed.insert(path.clone());
                    }
                });
            };
            view! {
                <tr class="param-group">
                    <th scope="rowgroup" colspan=if compared { "5" } else { "4" } class=indent(depth)>
                        <button class="param-group__toggle" type="button" aria-expanded=open.to_string() on:click=handler(toggle)>
                            <Icon name="chevron" />
                            <span class="mono">{name}</span>
                            <span class="muted num">{count}</span>
                        </button>
                    </th>
                </tr>
            }
        }
        Row::Value { line, name, depth } => {
            let differs = compared && line.differs();
            let former = changes.get(&line.key).map(|changes| former(changes));
            let copied = line.own.as_ref().map(ToString::to_string);
            let kind = line.own.as_ref().or(line.other.as_ref()).map(ParamValue::kind);
            let class = if differs { "param-row param-row--differs" } else { "param-row" };
            view! {
                <tr class=class>
                    <th scope="row" class=format!("mono {}", indent(depth)) title=line.key>
                        {name}
                        {differs.then(|| view! { <span class="mark">"differs"</span> })}
                    </th>
                    <td class="mono param-table__value">{shown(line.own)} {former}</td>
                    {compared.then(|| view! { <td class="mono param-table__value">{shown(line.other)}</td> })}
                    <td class="muted">{kind}</td>
                    <td class="cell-actions">{copied.map(|text| view! { <Copy text what="value" /> })}</td>
                </tr>
            }
        }
    }
}

/// How far a row of the tree is moved in: as deep as its group, as far as there are looks for it.
fn indent(depth: usize) -> String {
    format!("param-depth-{}", depth.min(7))
}

fn shown(value: Option<ParamValue>) -> AnyView {
    match value {
        Some(value) => value.to_string().into_any(),
        None => view! { <span class="none">"–"</span> },
    }
}

/// What it was before, the newest first.
fn former(changes: &[ParamChange]) -> impl IntoView + use<> {
    let one = |change: &ParamChange| {
        view! {
            <li>
                <span class="mono">{change.value.to_string()}</span>
                <span class="muted">" until " <Ago at=change.until_ms /></span>
            </li>
        }
    };
    let count = format::counted(changes.len() as i64, "change", "changes");
    view! {
        <details class="param-former">
            <summary>{count}</summary>
            <ul>{changes.iter().map(one).collect_view()}</ul>
        </details>
    }
}
