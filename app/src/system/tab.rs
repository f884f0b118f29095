//! The System tab of a run: its charts by device, a line for each device and process.

use super::gauge;
use crate::{
    metric::{self, Board, BoardRun, Sections},
    run::RunView,
    ui::{
        erase::{drawn, memo, view},
        notice::Empty,
    },
};
use leptos::prelude::*;
use model::metric::of_system;

#[component]
pub fn Tab(view: RunView) -> impl IntoView {
    let runs = memo(move || view.detail.current.with(|detail| vec![BoardRun::of(&detail.run)]));
    let metrics = memo(move || {
        view.detail.current.with(|detail| {
            let own = metric::numbers(&detail.metrics).map(|one| &one.key).filter(|key| of_system(key));
            let mut keys: Vec<String> = own.cloned().collect();
            keys.dedup();
            keys
        })
    });
    let bundles = memo(move || metrics.with(|metrics| gauge::bundles(metrics)));
    let keys =
        memo(move || bundles.with(|bundles| bundles.iter().map(|one| one.key.clone()).collect::<Vec<_>>()));
    let board = Board::of_bundles(runs.into(), bundles.into(), view.logged.into(), view.happened.into());
    let nothing = memo(move || keys.with(Vec::is_empty));
    drawn(move || {
        if nothing.get() {
            view! { <Nothing /> }
        } else {
            view! {
                <h2 class="hidden">"The machine"</h2>
                <Sections board keys metrics />
            }
        }
    })
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Empty icon="metric" title="Nothing of the machine yet">
            <p>
                "The Python client records processors, memory, disk and network every ten seconds, unless "
                <code>"capture"</code>" leaves out "<code>"system"</code>". Graphics processors need "
                <code>"pip install \"trackway[system]\""</code>" or "<code>"nvidia-smi"</code>"."
            </p>
            <p>"Metrics that begin with "<code>"system/"</code>" are shown here, whoever logs them."</p>
        </Empty>
    }
}
