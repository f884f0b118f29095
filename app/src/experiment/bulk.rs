//! What is done with the experiments that are chosen, and how it is undone.

use super::api::{self, Overview};
use crate::{
    chart::format,
    feed::Feed,
    frame::session::Session,
    ui::{
        icon::Icon,
        selection::{SelectNone, Selection},
        toast::Toaster,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::{
    ExperimentId,
    experiment::{Experiment, ExperimentBulk, ExperimentStatus},
};

/// What may be done with many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Archive,
    Restore,
    Trash,
}

impl Act {
    fn of(self, ids: Vec<ExperimentId>, undo: bool) -> ExperimentBulk {
        match self {
            Self::Archive => ExperimentBulk { ids, archived: Some(!undo), trashed: None },
            Self::Restore => ExperimentBulk { ids, archived: Some(undo), trashed: None },
            Self::Trash => ExperimentBulk { ids, archived: None, trashed: Some(!undo) },
        }
    }

    /// Whether it would change this experiment.
    fn changes(self, experiment: &Experiment) -> bool {
        let archived = experiment.status == ExperimentStatus::Archived;
        match self {
            Self::Archive => !archived,
            Self::Restore => archived,
            Self::Trash => true,
        }
    }

    fn done(self, what: &str) -> String {
        match self {
            Self::Archive => format!("Archived {what}"),
            Self::Restore => format!("Restored {what}"),
            Self::Trash => format!("Moved {what} to the trash"),
        }
    }
}

/// Does it, and offers in the message to undo it.
pub fn perform(act: Act, experiments: &[Experiment], toaster: Toaster, after: Callback<()>) {
    let changed: Vec<_> = experiments.iter().filter(|one| act.changes(one)).collect();
    let what = match changed[..] {
        [] => return,
        [one] => format!("“{}”", one.name),
        _ => format::counted(changed.len() as i64, "experiment", "experiments"),
    };
    let ids: Vec<ExperimentId> = changed.iter().map(|one| one.id).collect();
    spawn_local(async move {
        match api::update_many(act.of(ids.clone(), false)).await {
            Ok(()) => {
                let done = act.done(&what);
                let undo = Callback::new(move |()| {
                    let (ids, what) = (ids.clone(), what.clone());
                    spawn_local(async move {
                        match api::update_many(act.of(ids, true)).await {
                            Ok(()) => toaster.say(format!("Undone: {what} as before")),
                            Err(error) => toaster.fail(error.to_string()),
                        }
                        after.try_run(());
                    });
                });
                toaster.offer(done, "Undo", undo);
            }
            Err(error) => toaster.fail(error.to_string()),
        }
        after.try_run(());
    });
}

/// The bar that stands at the window's lower edge while something is chosen.
#[component]
pub fn BulkBar(
    feed: Feed<Overview>,
    selection: Selection<ExperimentId>,
    rows: Signal<Vec<ExperimentId>>,
) -> impl IntoView {
    let toaster = Toaster::here();
    let chosen = Memo::new(move |_| {
        let ids = rows.with(|rows| selection.of(rows));
        feed.current.with(|overview| {
            overview.page.items.iter().filter(|one| ids.contains(&one.id)).cloned().collect::<Vec<_>>()
        })
    });
    let count = move || chosen.with(|chosen| chosen.len() as i64);
    let may = Session::current().may_edit();
    let act = move |act: Act| {
        move |_| {
            perform(act, &chosen.get_untracked(), toaster, Callback::new(move |()| feed.refresh()));
            selection.clear();
        }
    };
    let any = move |act: Act| move || !chosen.with(|chosen| chosen.iter().any(|one| act.changes(one)));
    move || {
        (count() > 0 && may).then(|| {
            view! {
                <div class="bulk" role="toolbar" aria-label="Chosen experiments">
                    <span class="bulk__count num">
                        {move || format!("{} selected", format::count(count()))}
                    </span>
                    <button
                        class="button"
                        type="button"
                        data-key="archive"
                        disabled=any(Act::Archive)
                        on:click=act(Act::Archive)
                    >
                        <Icon name="archive" />
                        "Archive"
                    </button>
                    <button class="button" type="button" disabled=any(Act::Restore) on:click=act(Act::Restore)>
                        <Icon name="restore" />
                        "Restore"
                    </button>
                    <button class="button" type="button" on:click=act(Act::Trash)>
                        <Icon name="trash" />
                        "Move to trash"
                    </button>
                    <SelectNone on_click=Callback::new(move |()| selection.clear()) />
                </div>
            }
        })
    }
}
