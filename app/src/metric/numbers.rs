//! Every metric of a run in numbers: in the order of any column, and at a step that a person chooses.

use crate::{
    chart::format,
    error::AppError,
    feed::Feed,
    link::{self, Query},
    run::RunView,
    ui::{
        erase::{Show, drawn, handler, memo, view},
        filter::Hidden,
        form::Apply,
        icon::Icon,
        notice::Problem,
        number::{MaybeNumber, Number},
        pager::Pager,
        sort::SortHead,
    },
};
use leptos::{prelude::*, server_fn::codec::Json};
#[cfg(feature = "ssr")]
use model::compare::{MetricTableQuery, MetricValue};
use model::{
    Float64, RunId,
    compare::MetricCell,
    limits,
    metric::{Context, Kind, MetricSummary},
};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, collections::HashMap};

/// What a metric had at the step: its last value at or before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepValue {
    key: String,
    context: Context,
    cell: MetricCell,
}

/// What the address asks for: a step, and a part of the names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    step: Option<i64>,
    search: String,
}

pub fn wanted(query: &Query) -> Wanted {
    Wanted {
        step: query.get(STEP).and_then(|step| step.parse().ok()),
        search: query.get("search").unwrap_or_default().to_lowercase(),
    }
}

/// The step of the address.
const STEP: &str = "step";

/// The values of a run's metrics at a step; none where no step is asked for.
#[server(prefix = "/ui", endpoint = "metric/at-step", input = Json)]
pub async fn at_step(run_id: RunId, wanted: Wanted) -> Result<Vec<StepValue>, AppError> {
    let Wanted { step, search } = wanted;
    if step.is_none() {
        return Ok(Vec::new());
    }
    let caller = crate::remote::caller()?;
    let query = MetricTableQuery {
        run: vec![run_id],
        value: MetricValue::Step,
        step,
        search,
        ..MetricTableQuery::default()
    };
    let table = crate::remote::services().compare.metrics(&caller, &query).await?;
    let row = |row: model::compare::MetricRow| {
        let cell = row.cells.into_iter().flatten().next()?;
        Some(StepValue { key: row.key, context: row.context, cell })
    };
    Ok(table.rows.into_iter().filter_map(row).collect())
}

/// The columns that rows can be in the order of: their word in the address, their title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    At,
    Last,
    Step,
    Lowest,
    Highest,
    Mean,
    Points,
    Odd,
}

const COLUMNS: [(&str, Column, &str); 9] = [
    ("name", Column::Name, "Metric"),
    ("at", Column::At, "At step"),
    ("last", Column::Last, "Last"),
    ("step", Column::Step, "Step"),
    ("lowest", Column::Lowest, "Lowest"),
    ("highest", Column::Highest, "Highest"),
    ("mean", Column::Mean, "Mean"),
    ("points", Column::Points, "Points"),
    ("odd", Column::Odd, "NaN, Inf"),
];

/// By which column, and whether the other way round.
fn order(query: &Query) -> (Column, bool) {
    let word = query.get("sort").unwrap_or_default();
    let column =
        COLUMNS.into_iter().find(|(one, ..)| *one == word).map_or(Column::Name, |(_, column, _)| column);
    (column, query.get("reverse") == Some("true"))
}

/// The link of a head: sorts by it, or turns the order around.
fn sort_by(query: &Query, word: &str, column: Column) -> Query {
    let (now, reverse) = order(query);
    let turn = now == column && !reverse;
    let sort = if column == Column::Name { "" } else { word };
    query.clone().with("sort", sort).with("reverse", if turn { "true" } else { "" }).without("offset")
}

type Row = (MetricSummary, Option<MetricCell>);

/// What is not there, and what is NaN, is last in either direction.
fn in_order((a, at_a): &Row, (b, at_b): &Row, column: Column, reverse: bool) -> Ordering {
    let turned = |order: Ordering| if reverse { order.reverse() } else { order };
    let numbers = |a: Option<Float64>, b: Option<Float64>| {
        let real = |one: Option<Float64>| one.map(|one| one.0).filter(|one| !one.is_nan());
        match (real(a), real(b)) {
            (Some(a), Some(b)) => turned(a.total_cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    };
    let last = |one: &MetricSummary| (one.kind == Kind::Number).then_some(one.last);
    match column {
        Column::Name => turned((&a.key, &a.context).cmp(&(&b.key, &b.context))),
        Column::At => numbers(at_a.map(|cell| cell.value), at_b.map(|cell| cell.value)),
        Column::Last => numbers(last(a), last(b)),
        Column::Step => turned(a.last_step.cmp(&b.last_step)),
        Column::Lowest => numbers(a.min, b.min),
        Column::Highest => numbers(a.max, b.max),
        Column::Mean => numbers(a.mean, b.mean),
        Column::Points => turned(a.count.cmp(&b.count)),
        Column::Odd => turned(a.non_finite_count.cmp(&b.non_finite_count)),
    }
}

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Table(view: RunView, found: Memo<Vec<MetricSummary>>, first: Option<Vec<StepValue>>) -> impl IntoView {
    let search = link::use_search();
    let path = view.path();
    let api = StoredValue::new(format!("/api/v1{path}/metrics"));
    let asked = memo(move || search.with(wanted));
    // As long as the step is to come, each new one may be the value.
    let reached = memo(move || {
        let step = asked.with(|asked| asked.step)?;
        let last = found.with(|found| found.iter().map(|one| one.last_step).max())?;
        (last < step).then_some(last)
    });
    let input = memo(move || (view.id(), asked.get(), reached.get()));
    let (at, _) = Feed::soon(first, input, |(id, wanted, _)| at_step(id, wanted));
    let total = Signal::derive(move || found.with(Vec::len) as i64);
    let sorted = memo(move || {
        let at: HashMap<(String, Context), MetricCell> =
            at.current.get().into_iter().map(|one| ((one.key, one.context), one.cell)).collect();
        let (column, reverse) = search.with(order);
        let row = |one: MetricSummary| {
            let cell = at.get(&(one.key.clone(), one.context.clone())).copied();
            (one, cell)
        };
        let mut rows: Vec<Row> = found.get().into_iter().map(row).collect();
        rows.sort_by(|a, b| in_order(a, b, column, reverse));
        rows
    });
    let has_step = memo(move || asked.with(|asked| asked.step.is_some()));
    let page = move || {
        let offset = search.with(|query| query.number("offset").unwrap_or(0)) as usize;
        let page = sorted.with(|rows| {
            rows.iter().skip(offset).take(limits::PAGE_DEFAULT as usize).cloned().collect::<Vec<_>>()
        });
        page.into_iter().map(|one| api.with_value(|api| row(api, one, has_step.get()))).collect_view()
    };
    let head = move |(word, column, title): (&'static str, Column, &'static str)| {
        let ascending = Signal::derive(move || {
            let (now, reverse) = search.with(order);
            (now == column).then_some(!reverse)
        });
        let path = view.path();
        let href = Signal::derive(move || search.with(|query| sort_by(query, word, column).href(&path)));
        let name = match asked.with(|asked| asked.step) {
            Some(step) if column == Column::At => format!("At step {step}"),
            _ => title.to_owned(),
        };
        let class = if column == Column::Name { "" } else { "cell-num" };
        view! { <SortHead name href ascending class /> }
    };
    let heads = move || {
        let shown = COLUMNS.into_iter().filter(|(_, column, _)| *column != Column::At || has_step.get());
        shown.map(head).collect_view()
    };
    let path = StoredValue::new(path);
    view! {
        <Show when=move || !found.with(Vec::is_empty)>
            <div class="toolbar metric-export">
                <h2 class="section-title">"In numbers"</h2>
                <Step path=path.get_value() search />
                <a class="button" href=format!("{}.csv", api.get_value()) download="" rel="external">
                    <Icon name="file" />
                    "CSV"
                </a>
                <a class="button" href=format!("{}.parquet", api.get_value()) download="" rel="external">
                    <Icon name="file" />
                    "Parquet"
                </a>
            </div>
            <Problem error=at.failed />
            <div
                class="table-scroll"
                tabindex="0"
                role="region"
                aria-label="Table of metrics"
                data-busy=move || at.busy.get().to_string()
            >
                <table class="table">
                    <caption class="hidden">"Metrics in numbers"</caption>
                    <thead>
                        <tr>
                            {move || heads()}
                            <th scope="col"><span class="hidden">"Export"</span></th>
                        </tr>
                    </thead>
                    <tbody>{move || page()}</tbody>
                </table>
            </div>
            <Pager path=path.get_value() query=search total />
        </Show>
    }
}

/// The step of a column of its own.
#[component]
fn Step(path: String, search: Memo<Query>) -> impl IntoView {
    let go = link::use_go();
    let own = path.clone();
    let change = move |event| {
        let step = event_target_value(&event);
        go(&search.get_untracked().with(STEP, step).without("offset").href(&own));
    };
    let value = move || search.with(|query| query.get(STEP).unwrap_or_default().to_owned());
    view! {
        <form class="metric-step" method="get" action=path>
            <label class="field field--inline">
                <span class="field__label">"At step"</span>
                <input class="input num" type="number" step="1" name=STEP value=drawn(value) prop:value=drawn(value) on:change=handler(change) />
            </label>
            <Hidden search except=&[STEP, "offset"] />
            <Apply />
        </form>
    }
}

fn row(api: &str, (one, at): Row, has_step: bool) -> impl IntoView + use<> {
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
            {has_step.then(|| view! { <td class="cell-num">{value_at(at.map(|at| at.value), at.map(|at| at.step))}</td> })}
            <td class="cell-num">
                {if one.kind == Kind::Number {
                    view! { <Number value=one.last.0 /> }
                } else {
                    view! { <span class="muted">{one.kind.as_str()}</span> }
                }}
            </td>
            <td class="cell-num">
                <span class="num">{one.last_step}</span>
            </td>
            <td class="cell-num">{value_at(one.min, one.min_step)}</td>
            <td class="cell-num">{value_at(one.max, one.max_step)}</td>
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
fn value_at(value: Option<Float64>, step: Option<i64>) -> impl IntoView {
    view! {
        <MaybeNumber value=value.map(|value| value.0) />
        {step.map(|step| view! { <span class="muted num at-step">{format!("@ {step}")}</span> })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, last: f64, at: Option<f64>) -> Row {
        let one = MetricSummary {
            key: key.to_owned(),
            context: Context::default(),
            kind: Kind::Number,
            count: 1,
            non_finite_count: 0,
            first_step: 0,
            last_step: 0,
            last_time_ms: model::UnixMillis(0),
            last: Float64(last),
            min: None,
            min_step: None,
            max: None,
            max_step: None,
            mean: None,
        };
        (one, at.map(|value| MetricCell { value: Float64(value), step: 0 }))
    }

    #[test]
    fn rows_are_in_the_order_of_any_column_and_what_is_not_there_is_last() {
        let rows = [row("a", f64::NAN, Some(2.0)), row("b", 3.0, None), row("c", -1.0, Some(1.0))];
        let by = |column, reverse| {
            let mut rows = rows.to_vec();
            rows.sort_by(|a, b| in_order(a, b, column, reverse));
            rows.iter().map(|(one, _)| one.key.as_str()).collect::<String>()
        };
        assert_eq!((by(Column::Last, false), by(Column::Last, true)), ("cba".into(), "bca".into()));
        assert_eq!((by(Column::At, false), by(Column::At, true)), ("cab".into(), "acb".into()));
        assert_eq!((by(Column::Name, true), by(Column::Points, true)), ("cba".into(), "abc".into()));
    }

    #[test]
    fn a_head_sorts_then_turns_around_and_keeps_the_rest() {
        let once = sort_by(&Query::parse("tab=metrics&step=3&offset=100"), "last", Column::Last);
        assert_eq!(once.href("/x"), "/x?tab=metrics&step=3&sort=last");
        let twice = sort_by(&once, "last", Column::Last);
        assert_eq!(twice.href("/x"), "/x?tab=metrics&step=3&sort=last&reverse=true");
        assert_eq!(order(&sort_by(&twice, "last", Column::Last)), (Column::Last, false));
        assert_eq!(order(&Query::parse("sort=nonsense")), (Column::Name, false));
    }
}
