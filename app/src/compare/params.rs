//! Params side by side.

use super::page::run_heads;
use crate::feed::Feed;
use leptos::prelude::*;
use model::{
    compare::{ComparedParam, Comparison},
    param::ParamValue,
};

#[component]
pub fn Params(feed: Feed<Comparison>, only: Memo<bool>) -> impl IntoView {
    let rows = Memo::new(move |_| {
        let only = only.get();
        feed.current
            .with(|all| all.params.iter().filter(|row| row.differs || !only).cloned().collect::<Vec<_>>())
    });
    let runs = Memo::new(move |_| feed.current.with(|all| all.runs.clone()));
    let nothing = move || {
        if feed.current.with(|all| all.params.is_empty()) {
            "These runs recorded no params."
        } else {
            "All params are the same in these runs."
        }
    };
    let table = move || {
        if rows.with(Vec::is_empty) {
            view! { <p class="muted">{nothing()}</p> }.into_any()
        } else {
            view! {
                <div class="table-scroll" tabindex="0" role="region" aria-label="Params side by side">
                    <table class="table compare-table">
                        <caption class="hidden">"Params side by side"</caption>
                        <thead>
                            <tr>
                                <th scope="col">"Param"</th>
                                {move || run_heads(runs.get())}
                            </tr>
                        </thead>
                        <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            }
            .into_any()
        }
    };
    view! {
        <section aria-labelledby="compare-params">
            <h2 class="section-title" id="compare-params">"Params"</h2>
            {table}
        </section>
    }
}

fn row(row: ComparedParam) -> impl IntoView {
    let first = row.cells.first().cloned().flatten();
    let differs = row.differs;
    let cell = move |value: Option<ParamValue>| {
        // What is not as in the first run stands out.
        let other = differs && value != first;
        let text = value.map_or_else(|| "–".to_owned(), |value| value.to_string());
        let title = text.clone();
        view! {
            <td class="cell-num mono" class=("cell-other", other) title=title>
                {text}
            </td>
        }
    };
    view! {
        <tr class:row-differs=differs>
            <th scope="row" class="mono">
                {row.key}
                {differs.then(|| view! { <span class="mark">"differs"</span> })}
            </th>
            {row.cells.into_iter().map(cell).collect_view()}
        </tr>
    }
}
