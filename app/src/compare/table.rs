//! The table that both halves of a comparison are: one row a key, one column a run.

use crate::{feed::Feed, ui::run_color};
use leptos::prelude::*;
use model::compare::{ComparedRun, Comparison};

/// What one of the two tables says of itself.
pub struct Words {
    /// Heading and name of the section: `Params`.
    pub title: &'static str,
    /// What its rows are: `Param`.
    pub row: &'static str,
    /// How to read it; empty when that is plain.
    pub hint: &'static str,
    /// There is nothing to compare.
    pub none: &'static str,
    /// Only differences are wanted and there is none.
    pub equal: &'static str,
}

/// A section with a table: `all` says whether the comparison has any rows, `rows` are those to show.
pub fn section<R, V>(
    words: Words,
    feed: Feed<Comparison>,
    any: Memo<bool>,
    rows: Memo<Vec<R>>,
    row: fn(R) -> V,
) -> impl IntoView
where
    R: Clone + PartialEq + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let runs = Memo::new(move |_| feed.current.with(|all| all.runs.clone()));
    let id = format!("compare-{}", words.title.to_lowercase());
    let table = move || {
        if rows.with(Vec::is_empty) {
            let nothing = if any.get() { words.equal } else { words.none };
            return view! { <p class="muted">{nothing}</p> }.into_any();
        }
        let name = format!("{} side by side", words.title);
        view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label=name>
                <table class="table compare-table">
                    <caption class="hidden">{name.clone()}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{words.row}</th>
                            {move || heads(runs.get())}
                        </tr>
                    </thead>
                    <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    let hint = (!words.hint.is_empty()).then(|| view! { <p class="muted section-text">{words.hint}</p> });
    view! {
        <section aria-labelledby=id>
            <h2 class="section-title" id=id.clone()>
                {words.title}
            </h2>
            {hint}
            {table}
        </section>
    }
}

/// A column for each run.
fn heads(runs: Vec<ComparedRun>) -> impl IntoView {
    let head = |one: ComparedRun| {
        let title = one.run.name.clone();
        view! {
            <th scope="col" class="cell-num compare-table__run" title=title>
                <span class=format!("swatch {}", run_color(&one.run))></span>
                {one.run.name}
            </th>
        }
    };
    runs.into_iter().map(head).collect_view()
}

/// The head of a row: the key, and whether the runs differ in it.
pub fn row_head(key: String, differs: bool) -> impl IntoView {
    view! {
        <th scope="row" class="mono">
            {key}
            {differs.then(|| view! { <span class="mark">"differs"</span> })}
        </th>
    }
}
