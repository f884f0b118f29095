//! The runs chosen in a picture, as a list that leads on: to each, to their comparison, to the table filtered to them.

use super::{Clear, Stage, brush, query};
use crate::{
    chart::format,
    link::Query,
    run::columns,
    ui::{
        erase::{Show, handler, memo, memo_after, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use model::{
    RunId,
    explore::{FieldValues, RunColumns},
    limits,
    metric::Goal,
    query::{Attribute, Clause, Field, Test},
};

/// Rows of the list: more are found in the table.
const ROWS_MAX: usize = 50;
/// Runs that a filter names one by one: the address holds no more.
const NAMED_MAX: usize = 150;

#[component]
pub(super) fn Chosen(stage: Stage) -> impl IntoView {
    let rows = memo(move || stage.rows());
    let any = memo(move || stage.chosen.with(Option::is_some));
    let count = move || rows.with(Vec::len);
    let head = move || {
        let runs = format::counted(count() as i64, "run", "runs");
        if any.get() { format!("{runs} chosen") } else { runs }
    };
    let tabled = stage.whose.is_table();
    let filter = memo(move || (tabled && any.get()).then(|| filtered(stage, &rows.get())).flatten());
    let compare = move || {
        let ids: Vec<RunId> = stage.data.current.with(|data| {
            rows.with(|rows| rows.iter().filter_map(|row| data.ids.get(*row).cloned()).collect())
        });
        (any.get() && (2..=limits::COMPARE_RUNS_MAX).contains(&ids.len())).then(|| {
            let ids: Vec<&str> = ids.iter().map(RunId::as_str).collect();
            let href = Query::default().with("runs", ids.join(",")).href("/compare");
            view! {
                <a class="button" href=href>
                    <Icon name="compare" />
                    "Compare them"
                </a>
            }
        })
    };
    let narrow = move || match filter.get() {
        Some(query) => view! {
            <a class="button button--primary" href=stage.href(&query)>
                <Icon name="filter" />
                "Filter the table to these"
            </a>
        },
        None if tabled && any.get() => {
            let why = format!("A filter names at most {NAMED_MAX} runs one by one: brush an axis instead");
            view! { <span class="muted">{why}</span> }
        }
        None => ().into_any(),
    };
    let fields = memo(move || stage.fields());
    let listed = memo_after(move |before: Option<&Vec<usize>>| {
        // While a brush is drawn only the picture follows it.
        if let (true, Some(before)) = (stage.draft.with(Option::is_some), before) {
            return before.clone();
        }
        let mut rows = rows.get();
        if let Some(metric) = stage.main_metric() {
            let lower = stage.direction(&metric) == Some(Goal::Min);
            stage.data.current.with(|data| sort(data, &mut rows, &metric, lower));
        }
        rows.truncate(ROWS_MAX);
        rows
    });
    let row = move |row: usize| {
        let cells =
            fields.get().into_iter().map(|field| view! { <td class="num">{stage.text(row, &field)}</td> });
        view! {
            <tr
                class="explore-list__row"
                class:explore-list__row--lit=move || stage.hover.get() == Some(row)
                on:pointerenter=handler(move |_| stage.hover.set(Some(row)))
                on:pointerleave=handler(move |_| stage.hover.set(None))
            >
                <th scope="row">
                    <a
                        href=stage.run_link(row)
                        on:focus=handler(move |_| stage.hover.set(Some(row)))
                        on:blur=handler(move |_| stage.hover.set(None))
                    >
                        <span class=format!("swatch run-color-{}", stage.color(row))></span>
                        {stage.name(row)}
                    </a>
                </th>
                {cells.collect_view()}
            </tr>
        }
    };
    let heads = move || {
        let head = |field: Field| {
            view! {
                <th scope="col" class="num" title=field.to_string()>
                    <span class="explore__kind">{columns::kind(&field)}</span>
                    <span>{columns::name(&field)}</span>
                </th>
            }
        };
        fields.get().into_iter().map(head).collect_view()
    };
    let more = move || {
        let hidden = count().saturating_sub(ROWS_MAX);
        (hidden > 0).then(|| {
            let text = format!("and {} more", format::count(hidden as i64));
            view! { <p class="muted explore-list__more">{text}</p> }
        })
    };
    view! {
        <div class="explore-list">
            <div class="explore-list__head">
                <h2 class="explore-list__title" role="status">
                    {move || head()}
                </h2>
                {move || narrow()}
                {move || compare()}
                <Show when=move || any.get()>
                    <Clear stage />
                </Show>
            </div>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Chosen runs">
                <table class="table explore-list__table">
                    <thead>
                        <tr>
                            <th scope="col">"Run"</th>
                            {move || heads()}
                        </tr>
                    </thead>
                    <tbody>{move || listed.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            {move || more()}
        </div>
    }
}

/// The table's address with a filter that means these runs; none when there are too many for one.
fn filtered(stage: Stage, rows: &[usize]) -> Option<Query> {
    let search = stage.search.get();
    let before = search.get("filter").unwrap_or_default();
    let mut filter = brush::narrowed(before, &stage.brushes.get());
    if stage.lasso.with(Option::is_some) {
        if rows.is_empty() || rows.len() > NAMED_MAX {
            return None;
        }
        let ids = stage.data.current.with(|data| {
            rows.iter().filter_map(|row| data.ids.get(*row)).map(ToString::to_string).collect::<Vec<_>>()
        });
        // What was narrowed by brushes is narrowed by names too.
        filter = Clause { field: Field::Attribute(Attribute::Id), test: Test::In(ids) }.to_string();
    }
    let readable = filter.len() <= limits::QUERY_BYTES_MAX && model::query::parse(&filter).is_ok();
    readable.then(|| query::table(&search).without("offset").with("filter", filter))
}

/// The best first; what has no value last.
fn sort(data: &RunColumns, rows: &mut [usize], metric: &Field, lower: bool) {
    let Some(column) = data.columns.iter().find(|column| column.field == *metric) else { return };
    let FieldValues::Numbers { numbers } = &column.values else { return };
    rows.sort_by(|&a, &b| match (number(numbers[a]), number(numbers[b])) {
        (Some(a), Some(b)) => {
            if lower {
                a.total_cmp(&b)
            } else {
                b.total_cmp(&a)
            }
        }
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
}

fn number(held: Option<model::Float64>) -> Option<f64> {
    held.map(|number| number.0).filter(|number| !number.is_nan())
}

/// What a run has in a field.
pub(super) fn text(data: &RunColumns, row: usize, field: &Field) -> String {
    let column = data.columns.iter().find(|column| column.field == *field);
    let text = column.and_then(|column| match &column.values {
        FieldValues::Numbers { numbers } => {
            let number = numbers.get(row).copied().flatten()?.0;
            Some(match field {
                Field::Attribute(Attribute::Duration) => format::duration((number * 1_000.0) as i64),
                Field::Attribute(
                    Attribute::Created | Attribute::Started | Attribute::Ended | Attribute::Updated,
                ) => format::utc(number as i64),
                _ => format::number(number),
            })
        }
        FieldValues::Texts { texts, places } => {
            texts.get(places.get(row).copied().flatten()? as usize).cloned()
        }
    });
    text.unwrap_or_else(|| "–".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Float64, explore::FieldColumn};

    #[test]
    fn the_best_comes_first_and_what_has_no_value_last() {
        let numbers = [Some(0.5), None, Some(f64::NAN), Some(0.1)].map(|one| one.map(Float64)).to_vec();
        let field = Field::metric("loss");
        let column = FieldColumn { field: field.clone(), values: FieldValues::Numbers { numbers } };
        let data = RunColumns { columns: vec![column], ..RunColumns::default() };
        let mut rows = vec![0, 1, 2, 3];
        sort(&data, &mut rows, &field, true);
        assert_eq!(rows, [3, 0, 1, 2]);
        sort(&data, &mut rows, &field, false);
        assert_eq!(rows[..2], [0, 3]);
        assert_eq!((text(&data, 3, &field), text(&data, 1, &field)), ("0.1000".to_owned(), "–".to_owned()));
        assert_eq!(text(&data, 9, &field), "–");
    }
}
