//! One run in the table, kept current in place.

use super::Table;
use crate::{
    chart::format,
    run::columns,
    ui::{
        number::Number,
        run_color,
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::prelude::*;
use model::{
    RunId, UnixMillis,
    param::ParamValue,
    query::{Attribute, Field},
    run::RunRow,
};

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

#[component]
fn Cell(table: Table, row: Memo<RunRow>, column: Field) -> impl IntoView {
    match column {
        Field::Metric { .. } => {
            let shown = column.clone();
            let value = Memo::new(move |_| row.with(|row| columns::number(row, &shown)));
            let best = Memo::new(move |_| {
                let best = table.best.with(|best| best.get(&column).copied());
                value.get().is_some_and(|value| Some(value) == best)
            });
            (move || {
                value.get().map_or_else(
                    || view! { <td class="none cell-num">"–"</td> }.into_any(),
                    |value| metric_cell(value, best.get()).into_any(),
                )
            })
            .into_any()
        }
        Field::Attribute(Attribute::Created) => time_cell(row, |row| Some(row.run.created_at_ms)),
        Field::Attribute(Attribute::Ended) => time_cell(row, |row| row.run.ended_at_ms),
        Field::Attribute(Attribute::Updated) => time_cell(row, |row| Some(row.run.updated_at_ms)),
        column => {
            let text = Memo::new(move |_| row.with(|row| text_of(row, &column)));
            (move || {
                text.get().map_or_else(
                    || view! { <td class="none cell-num">"–"</td> }.into_any(),
                    |Shown { text, title, is_number }| {
                        let class = if is_number { "cell-num mono" } else { "cell-param mono" };
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
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Shown {
    text: String,
    /// Whole, where the text is cut.
    title: String,
    is_number: bool,
}

/// What a column of params, tags or attributes shows.
fn text_of(row: &RunRow, column: &Field) -> Option<Shown> {
    let plain = |text: String| Some(Shown { title: text.clone(), text, is_number: false });
    match column {
        Field::Param(key) => {
            let value = row.params.get(key)?;
            let title = value.to_string();
            let text = match value {
                ParamValue::Float(number) => format::number(number.0),
                _ => title.clone(),
            };
            Some(Shown { text, title, is_number: value.number().is_some() })
        }
        Field::Tag(key) => plain(row.run.tags.0.get(key)?.clone()),
        Field::Attribute(Attribute::Number) => {
            let text = row.run.number.to_string();
            Some(Shown { title: text.clone(), text, is_number: true })
        }
        Field::Attribute(Attribute::Id) => plain(row.run.id.to_string()),
        Field::Attribute(Attribute::Name) => plain(row.run.name.clone()),
        Field::Attribute(Attribute::User) => plain(row.run.user.clone()),
        Field::Attribute(Attribute::Status) => plain(row.run.status.as_str().to_owned()),
        _ => None,
    }
}

fn time_cell(row: Memo<RunRow>, time: fn(&RunRow) -> Option<UnixMillis>) -> AnyView {
    (move || {
        row.with(time).map_or_else(
            || view! { <td class="none">"–"</td> }.into_any(),
            |at| {
                view! {
                    <td>
                        <Ago at=Signal::stored(at) />
                    </td>
                }
                .into_any()
            },
        )
    })
    .into_any()
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
