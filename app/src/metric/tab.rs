//! The Metrics tab of a run: its curves, then every metric in numbers.

use super::{
    Board, BoardRun, Sections,
    numbers::{StepValue, Table},
};
use crate::{
    link::{self, Query},
    run::RunView,
    ui::{
        erase::{memo, view},
        filter::{FilterForm, Hidden},
        notice::Empty,
    },
};
use leptos::prelude::*;
use model::metric::{Kind, MetricSummary, of_system};

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<Vec<StepValue>>) -> impl IntoView {
    let search = link::use_search();
    let path = view.path();
    let runs = memo(move || view.detail.current.with(|detail| vec![BoardRun::of(&detail.run)]));
    let board = Board::new(runs.into(), view.logged.into(), view.happened.into());
    let found = memo(move || {
        let wanted = wanted(search);
        let fits = |one: &&MetricSummary| of_training(one) && one.key.to_lowercase().contains(&wanted);
        view.detail.current.with(|detail| detail.metrics.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    let keys = memo(move || {
        let mut keys: Vec<String> = found.with(|found| numbers(found).map(|one| one.key.clone()).collect());
        keys.dedup();
        keys
    });
    let first = StoredValue::new(first);
    let none = memo(move || {
        found.with(Vec::is_empty) && view.detail.current.with(|detail| detail.metrics.iter().any(of_training))
    });
    view! {
        <FilterForm path=path.clone() search label="Find a metric">
            <Hidden search except=&["search", "offset"] />
        </FilterForm>
        {move || if none.get() { view! { <Empty icon="search" title="No metric has that in its name" /> } } else { view! {
                    <h2 class="hidden">"Curves"</h2>
                <Sections board keys />
                    <Table view found first=first.try_update_value(Option::take).flatten() />
                } }}
    }
}

/// What tells of the machine has a tab of its own, and so has what the program printed.
pub fn of_training(one: &MetricSummary) -> bool {
    !of_system(&one.key)
}

/// Texts have no curve.
pub fn numbers(metrics: &[MetricSummary]) -> impl Iterator<Item = &MetricSummary> {
    metrics.iter().filter(|one| one.kind == Kind::Number)
}

fn wanted(search: Memo<Query>) -> String {
    search.with(|query| query.get("search").unwrap_or_default().to_lowercase())
}
