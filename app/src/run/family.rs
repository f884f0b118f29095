//! Runs that belong to a run: its parent and its children.

use super::RunView;
use crate::ui::{
    erase::{drawn, memo, view},
    run_color,
    status::RunState,
};
use leptos::prelude::*;
use model::run::Run;

/// Children on the card before it says how many more there are.
const ROWS_MAX: usize = 12;

/// A run by its colour and name.
#[component]
pub fn Link(run: Run) -> impl IntoView {
    view! {
        <a class="run-link" href=format!("/runs/{}", run.id)>
            <span class=format!("swatch {}", run_color(&run))></span>
            {run.name}
        </a>
    }
}

/// The runs that this one is made of; nothing when there are none.
#[component]
pub fn Children(view: RunView) -> impl IntoView {
    let children =
        memo(move || view.detail.current.with(|detail| (detail.children.clone(), detail.child_count)));
    let row = |run: Run| {
        let status = run.status;
        view! {
            <li class="run-children__row">
                <Link run />
                <RunState status=Signal::stored(status) />
            </li>
        }
    };
    drawn(move || {
        let (children, count) = children.get();
        let more = count - children.len().min(ROWS_MAX) as i64;
        (count > 0).then(|| {
            view! {
                <section class="card" aria-labelledby="overview-children">
                    <h2 class="card__title" id="overview-children">
                        "Child runs "
                        <span class="muted num">{count}</span>
                    </h2>
                    <ul class="run-children">
                        {children.into_iter().take(ROWS_MAX).map(row).collect_view()}
                    </ul>
                    {(more > 0).then(|| view! { <p class="card__more muted">{format!("and {more} older ones")}</p> })}
                </section>
            }
        })
    })
}
