//! Asking a run to stop. The client hears of it with its next heartbeat and ends the run itself, as killed.

use crate::{
    error::AppError,
    frame::session::Session,
    run::{RunView, save},
    ui::{
        dialog::Dialog,
        erase::{handler, memo, view},
        form::Closing,
        icon::Icon,
    },
};
use leptos::{ev::SubmitEvent, prelude::*};
use model::run::{RunDetail, RunStatus, RunUpdate};

/// Where a run stands on its way to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It has ended, or not begun.
    Nothing,
    /// A process runs that would hear the request.
    Open,
    /// Nobody would hear it: the run's client sends no heartbeats.
    Deaf,
    Asked,
}

fn way(detail: &RunDetail) -> Way {
    let heard = detail.processes.iter().any(|process| process.status == RunStatus::Running);
    match (detail.run.status, detail.run.stop_requested) {
        (RunStatus::Running, _) if !heard => Way::Deaf,
        (RunStatus::Running, true) => Way::Asked,
        (RunStatus::Running, false) => Way::Open,
        _ => Way::Nothing,
    }
}

/// The button in the head of a running run, for those who may.
#[component]
pub fn Stop(view: RunView) -> impl IntoView {
    let way = memo(move || view.detail.current.with(way));
    let open = RwSignal::new(false);
    let may = Session::current().may_edit();
    let button = move || match way.get() {
        Way::Asked => view! {
            <button class="button" type="button" disabled title="Its script was asked to stop and has not ended yet">
                <Icon name="square" />
                "Stopping…"
            </button>
        },
        Way::Open | Way::Deaf => view! {
            <button class="button" type="button" on:click=handler(move |_| open.set(true))>
                <Icon name="square" />
                "Stop"
            </button>
        },
        Way::Nothing => ().into_any(),
    };
    may.then(|| {
        view! {
            {move || button()}
            <Confirm view way open />
        }
    })
}

#[component]
fn Confirm(view: RunView, way: Memo<Way>, open: RwSignal<bool>) -> impl IntoView {
    let failed = RwSignal::new(None::<AppError>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let update = match way.get_untracked() {
            Way::Deaf => RunUpdate { status: Some(RunStatus::Killed), ..RunUpdate::default() },
            _ => RunUpdate { stop_requested: Some(true), ..RunUpdate::default() },
        };
        save(view, update, open, failed);
    };
    let words = move || match way.get() {
        Way::Deaf => {
            "Nothing that logs to this run listens for a request to stop. It can be marked as killed here; \
             a script that still runs goes on."
        }
        _ => "Its script hears of it within seconds, ends the run as killed and exits.",
    };
    view! {
        <Dialog open title="Stop this run?".to_owned()>
            <form class="form" on:submit=handler(submit)>
                <p>{move || words()}</p>
                {move || match way.get() {
                    Way::Deaf => view! { <Closing open failed action="Mark as killed" /> },
                    _ => view! { <Closing open failed action="Stop the run" /> },
                }}
            </form>
        </Dialog>
    }
}
