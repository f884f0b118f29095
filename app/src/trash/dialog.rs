//! Asks before something goes for good, and says what goes.

use super::api;
use crate::{
    chart::format,
    error::AppError,
    ui::{
        dialog::Dialog,
        erase::{effect, handler, view, watch},
        form::Closing,
        notice::Problem,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use model::trash::{TrashItem, TrashSet, TrashSize};

/// Names that the dialog says; of more it says how many.
const NAMES_MAX: usize = 8;

/// One set of several items.
pub fn set_of(items: &[TrashItem]) -> TrashSet {
    let mut set = TrashSet::default();
    for item in items {
        match &item.run_id {
            Some(id) => set.runs.push(id.clone()),
            None => set.experiments.push(item.experiment_id),
        }
    }
    set
}

/// `2 experiments and 14 runs`.
fn words(items: &[TrashItem]) -> String {
    let runs = items.iter().filter(|item| item.run_id.is_some()).count() as i64;
    let experiments = items.len() as i64 - runs;
    let mut parts = Vec::new();
    if experiments > 0 {
        parts.push(format::counted(experiments, "experiment", "experiments"));
    }
    if runs > 0 {
        parts.push(format::counted(runs, "run", "runs"));
    }
    parts.join(" and ")
}

/// Open while there are items to ask for.
#[component]
pub fn DeleteDialog(asked: RwSignal<Vec<TrashItem>>, on_done: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let size = RwSignal::new(None::<Result<TrashSize, AppError>>);
    effect(move || {
        let items = asked.get();
        open.set(!items.is_empty());
        size.set(None);
        if items.is_empty() {
            return;
        }
        spawn_local(async move {
            let answer = api::sizes(vec![set_of(&items)]).await;
            size.try_set(Some(answer.map(|mut sizes| sizes.pop().unwrap_or_default())));
        });
    });
    watch(
        move || open.get(),
        move |open, was| {
            if was == Some(&true) && !open {
                asked.set(Vec::new());
            }
        },
    );
    view! {
        <Dialog open title="Delete for good?".to_owned()>
            <Question asked size open on_done />
        </Dialog>
    }
}

#[component]
fn Question(
    asked: RwSignal<Vec<TrashItem>>,
    size: RwSignal<Option<Result<TrashSize, AppError>>>,
    open: RwSignal<bool>,
    on_done: Callback<()>,
) -> impl IntoView {
    let toaster = Toaster::here();
    let items = asked.get_untracked();
    let (set, what) = (set_of(&items), words(&items));
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<AppError>);
    let told = what.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (set, told) = (set.clone(), told.clone());
        busy.set(true);
        spawn_local(async move {
            let answer = api::delete(set).await;
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    open.try_set(false);
                    toaster.say(format!("Deleting {told} for good"));
                    on_done.try_run(());
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    };
    let names =
        items.iter().take(NAMES_MAX).map(|item| view! { <li>{item.name.clone()}</li> }).collect_view();
    let more = items.len().saturating_sub(NAMES_MAX);
    let ready = move || size.with(|size| matches!(size, Some(Ok(size)) if size.kept_for.is_empty()));
    let weighed = Signal::derive(move || size.get().and_then(Result::err));
    view! {
        <form class="form" on:submit=handler(submit)>
            <p>{format!("This deletes {what}, and nobody can bring it back:")}</p>
            <ul class="going">
                {names}
                {(more > 0).then(|| view! { <li class="muted">{format!("and {more} more")}</li> })}
            </ul>
            <Problem error=weighed />
            {move || match size.get() {
                Some(Ok(size)) => view! { <Weight size /> },
                Some(Err(_)) => ().into_any(),
                None => view! { <p class="muted">"Weighing…"</p> },
            }}
            <Closing open failed busy=Signal::derive(move || busy.get() || !ready()) action="Delete for good" danger=true />
        </form>
    }
}

/// What goes, in numbers, and what holds it back.
#[component]
fn Weight(size: TrashSize) -> impl IntoView {
    let row = |word: &'static str, count: String, bytes: Option<i64>| {
        view! {
            <dt>{word}</dt>
            <dd class="num">{count}</dd>
            <dd class="num">{bytes.map(format::bytes)}</dd>
        }
    };
    let kept = (!size.kept_for.is_empty()).then(|| {
        view! {
            <p class="problem" role="alert">
                {format!(
                    "Registered models have their files there. Delete these versions first: {}.",
                    size.kept_for.join(", "),
                )}
            </p>
        }
    });
    view! {
        <dl class="weight" aria-label="What goes">
            {row("Runs", format::count(size.runs), None)}
            {row("Points", format::count(size.points), Some(size.data_bytes))}
            {row("Files", format::count(size.files), Some(size.file_bytes))}
            {row("Freed", String::new(), Some(size.bytes()))}
        </dl>
        <p class="muted">"Files that something else has too are not counted and stay."</p>
        {kept}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ExperimentId, RunId, UnixMillis};

    fn item(run: Option<u8>) -> TrashItem {
        TrashItem {
            run_id: run.map(|digit| RunId::from_bytes([digit; 16])),
            experiment_id: ExperimentId(7),
            name: "n".into(),
            experiment_name: "e".into(),
            trashed_at_ms: UnixMillis(0),
            run_count: 1,
        }
    }

    #[test]
    fn what_goes_is_said_in_words_and_sent_as_ids() {
        let items = [item(None), item(Some(1)), item(Some(2))];
        assert_eq!(words(&items), "1 experiment and 2 runs");
        assert_eq!(words(&items[1..2]), "1 run");
        let set = set_of(&items);
        assert_eq!((set.experiments.len(), set.runs.len()), (1, 2));
    }
}
