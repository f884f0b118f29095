//! Params side by side.

use super::table::{self, Words, row_head};
use crate::feed::Feed;
use leptos::prelude::*;
use model::{
    compare::{ComparedParam, Comparison},
    param::ParamValue,
};

#[component]
pub fn Params(feed: Feed<Comparison>, only: Memo<bool>) -> impl IntoView {
    let any = Memo::new(move |_| feed.current.with(|all| !all.params.is_empty()));
    let rows = Memo::new(move |_| {
        let only = only.get();
        feed.current.with(|all| all.params.iter().filter(|row| row.differs || !only).cloned().collect())
    });
    table::section(
        Words {
            title: "Params",
            row: "Param",
            hint: "",
            none: "These runs recorded no params.",
            equal: "All params are the same in these runs.",
        },
        feed,
        any,
        rows,
        row,
    )
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
            {row_head(row.key, differs)}
            {row.cells.into_iter().map(cell).collect_view()}
        </tr>
    }
}
