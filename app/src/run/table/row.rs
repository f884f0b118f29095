//! One run in the table, kept current in place.

use super::Table;
use crate::{
    chart::format,
    run::columns::Column,
    ui::{
        number::Number,
        run_color,
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::prelude::*;
use model::{RunId, run::RunRow};

#[component]
pub fn Row(table: Table, id: RunId) -> impl IntoView {
    let wanted = id.clone();
    let row = Memo::new(move |last: Option<&RunRow>| {
        let found =
            table.feed.current.with(|runs| runs.page.items.iter().find(|row| row.run.id == wanted).cloned());
        // A row that is about to leave shows what it showed.
        found.or_else(|| last.cloned()).expect("a row is made for a run in the table")
    });
    let picked = id.clone();
    let selected = Memo::new(move |_| table.selected.with(|selected| selected.contains(&picked)));
    let value = id.to_string();
    let toggle = move |_| {
        let id = id.clone();
        table.selected.update(|selected| match selected.iter().position(|one| *one == id) {
            Some(at) => {
                selected.remove(at);
            }
            None => selected.push(id),
        });
    };
    let name = move || row.with(|row| row.run.name.clone());
    let cells = move || {
        table.columns.get().into_iter().map(|column| view! { <Cell table row column /> }).collect_view()
    };
    view! {
        <tr data-selected=move || selected.get().to_string()>
            <td class="cell-check">
                <input
                    type="checkbox"
                    name="run"
                    value=value
                    aria-label=move || format!("Select {}", name())
                    prop:checked=selected
                    on:change=toggle
                />
            </td>
            <th scope="row" class="run-table__name">
                <span class=move || format!("swatch {}", row.with(|row| run_color(row.run.number)))></span>
                <a class="row-link" data-key="open" href=row.with_untracked(|row| format!("/runs/{}", row.run.id)) title=name>
                    {name}
                </a>
            </th>
            <td>
                <RunState status=Signal::derive(move || row.with(|row| row.run.status)) />
            </td>
            <td>
                <Ago at=Signal::derive(move || row.with(|row| row.run.started_at_ms.unwrap_or(row.run.created_at_ms))) />
            </td>
            <td class="cell-num">
                <Took
                    from=Signal::derive(move || row.with(|row| row.run.started_at_ms))
                    to=Signal::derive(move || row.with(|row| row.run.ended_at_ms))
                />
            </td>
            <td class="run-table__user">{move || row.with(|row| row.run.user.clone())}</td>
            {cells}
        </tr>
    }
}

/// A param or the last value of a metric.
#[component]
fn Cell(table: Table, row: Memo<RunRow>, column: Column) -> impl IntoView {
    match column {
        Column::Param(key) => {
            let value = Memo::new(move |_| row.with(|row| row.params.get(&key).cloned()));
            (move || {
                value.get().map_or_else(
                    || view! { <td class="none">"–"</td> }.into_any(),
                    |value| {
                        let class =
                            if value.number().is_some() { "cell-num mono" } else { "cell-param mono" };
                        let text = value.to_string();
                        let title = text.clone();
                        view! {
                            <td class=class title=title>
                                {text}
                            </td>
                        }
                        .into_any()
                    },
                )
            })
            .into_any()
        }
        Column::Metric(key) => {
            let metric = key.clone();
            let value = Memo::new(move |_| row.with(|row| Some(row.metrics.get(&key)?.last)));
            let best = Memo::new(move |_| {
                let best = table.best.with(|best| best.get(&metric).copied());
                value.get().is_some_and(|value| Some(value.0) == best)
            });
            (move || {
                value.get().map_or_else(
                    || view! { <td class="none cell-num">"–"</td> }.into_any(),
                    |value| metric_cell(value.0, best.get()).into_any(),
                )
            })
            .into_any()
        }
    }
}

fn metric_cell(value: f64, best: bool) -> impl IntoView {
    let title = if best { format!("{}, the best here", format::full(value)) } else { format::full(value) };
    view! {
        <td class="cell-num" class=("cell-best", best) title=title>
            <Number value />
            {best.then(|| view! { <span class="hidden">" best"</span> })}
        </td>
    }
}
