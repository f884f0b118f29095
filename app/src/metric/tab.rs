//! The Metrics tab of a run: its curves, then every metric in numbers.

use super::{Board, BoardRun, Sections};
use crate::{
    chart::format,
    link::{self, Query},
    run::RunView,
    ui::{
        filter::{FilterForm, Hidden},
        icon::Icon,
        notice::Empty,
        number::{MaybeNumber, Number},
        pager::Pager,
    },
};
use leptos::prelude::*;
use model::{
    Float64, limits,
    metric::{Kind, MetricSummary},
};

#[component]
pub fn Tab(view: RunView) -> impl IntoView {
    let search = link::use_search();
    let path = view.path();
    let runs = Memo::new(move |_| view.detail.current.with(|detail| vec![BoardRun::of(&detail.run)]));
    let board = Board::new(runs.into(), view.logged.into(), view.happened.into());
    let found = Memo::new(move |_| {
        let wanted = wanted(search);
        let fits = |one: &&MetricSummary| one.key.to_lowercase().contains(&wanted);
        view.detail.current.with(|detail| detail.metrics.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    let keys = Memo::new(move |_| {
        let mut keys: Vec<String> = found.with(|found| numbers(found).map(|one| one.key.clone()).collect());
        keys.dedup();
        keys
    });
    let none =
        move || found.with(Vec::is_empty) && view.detail.current.with(|detail| !detail.metrics.is_empty());
    view! {
        <FilterForm path=path.clone() search label="Find a metric">
            <Hidden search except=&["search", "offset"] />
        </FilterForm>
        {move || if none() { view! { <Empty icon="search" title="No metric has that in its name" /> }.into_any() } else { view! {
                    <h2 class="hidden">"Curves"</h2>
                <Sections board keys />
                    <Table path=path.clone() found />
                }
                    .into_any() }}
    }
}

/// Texts have no curve.
fn numbers(metrics: &[MetricSummary]) -> impl Iterator<Item = &MetricSummary> {
    metrics.iter().filter(|one| one.kind == Kind::Number)
}

fn wanted(search: Memo<Query>) -> String {
    search.with(|query| query.get("search").unwrap_or_default().to_lowercase())
}

#[component]
fn Table(path: String, found: Memo<Vec<MetricSummary>>) -> impl IntoView {
    let search = link::use_search();
    let api = StoredValue::new(format!("/api/v1{path}/metrics"));
    let total = Signal::derive(move || found.with(Vec::len) as i64);
    let page = move || {
        let offset = search.with(|query| query.number("offset").unwrap_or(0)) as usize;
        let page = found.with(|found| {
            found.iter().skip(offset).take(limits::PAGE_DEFAULT as usize).cloned().collect::<Vec<_>>()
        });
        page.into_iter().map(|one| api.with_value(|api| row(api, one))).collect_view()
    };
    let path = StoredValue::new(path);
    view! {
        <Show when=move || !found.with(Vec::is_empty)>
            <div class="toolbar metric-export">
                <h2 class="section-title">"In numbers"</h2>
                <a class="button" href=format!("{}.csv", api.get_value()) download="" rel="external">
                    <Icon name="file" />
                    "CSV"
                </a>
                <a class="button" href=format!("{}.parquet", api.get_value()) download="" rel="external">
                    <Icon name="file" />
                    "Parquet"
                </a>
            </div>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Table of metrics">
                <table class="table">
                    <caption class="hidden">"Metrics in numbers"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Metric"</th>
                            <th scope="col" class="cell-num">"Last"</th>
                            <th scope="col" class="cell-num">"Step"</th>
                            <th scope="col" class="cell-num">"Lowest"</th>
                            <th scope="col" class="cell-num">"Highest"</th>
                            <th scope="col" class="cell-num">"Mean"</th>
                            <th scope="col" class="cell-num">"Points"</th>
                            <th scope="col" class="cell-num">"NaN, Inf"</th>
                            <th scope="col"><span class="hidden">"Export"</span></th>
                        </tr>
                    </thead>
                    <tbody>{page}</tbody>
                </table>
            </div>
            <Pager path=path.get_value() query=search total />
        </Show>
    }
}

fn row(api: &str, one: MetricSummary) -> impl IntoView + use<> {
    let points = (one.kind == Kind::Number).then(|| {
        let href = Query::default().with("key", one.key.clone()).href(&format!("{api}.csv"));
        let label = format!("All points of {} as CSV", one.key);
        view! {
            <a class="button button--icon" href=href download="" rel="external" aria-label=label.clone() title=label>
                <Icon name="file" />
            </a>
        }
    });
    let context = one.context.label();
    let odd = if one.non_finite_count > 0 { format::count(one.non_finite_count) } else { "–".to_owned() };
    view! {
        <tr>
            <th scope="row" class="mono">
                {one.key}
                {(!context.is_empty()).then(|| view! { <span class="muted">{format!(" {context}")}</span> })}
            </th>
            <td class="cell-num">
                {if one.kind == Kind::Number {
                    view! { <Number value=one.last.0 /> }.into_any()
                } else {
                    view! { <span class="muted">{one.kind.as_str()}</span> }.into_any()
                }}
            </td>
            <td class="cell-num">
                <span class="num">{one.last_step}</span>
            </td>
            <td class="cell-num">{at_step(one.min, one.min_step)}</td>
            <td class="cell-num">{at_step(one.max, one.max_step)}</td>
            <td class="cell-num">
                <MaybeNumber value=one.mean.map(|mean| mean.0) />
            </td>
            <td class="cell-num">
                <span class="num">{format::count(one.count)}</span>
            </td>
            <td class="cell-num">
                <span class="num">{odd}</span>
            </td>
            <td class="cell-actions">{points}</td>
        </tr>
    }
}

/// A value and where it was reached.
fn at_step(value: Option<Float64>, step: Option<i64>) -> impl IntoView {
    view! {
        <MaybeNumber value=value.map(|value| value.0) />
        {step.map(|step| view! { <span class="muted num at-step">{format!("@ {step}")}</span> })}
    }
}
