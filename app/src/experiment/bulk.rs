//! What is done with the experiments that are chosen, and how it is undone.

use super::api::{self, Overview};
use crate::{
    chart::format,
    feed::Feed,
    frame::session::Session,
    ui::{
        erase::{drawn, handler, memo, view},
        icon::Icon,
        selection::{SelectNone, Selection},
        toast::Toaster,
    },
};
use leptos::{ev::Event, prelude::*, task::spawn_local};
use model::{
    ExperimentId, ProjectId,
    experiment::{Experiment, ExperimentBulk, ExperimentStatus},
};
use std::collections::BTreeMap;

/// What may be done with many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Archive,
    Restore,
    Trash,
    Move(ProjectId),
}

impl Act {
    fn of(self, ids: Vec<ExperimentId>, undo: bool) -> ExperimentBulk {
        let bulk = ExperimentBulk { ids, ..ExperimentBulk::default() };
        match self {
            Self::Archive => ExperimentBulk { archived: Some(!undo), ..bulk },
            Self::Restore => ExperimentBulk { archived: Some(undo), ..bulk },
            Self::Trash => ExperimentBulk { trashed: Some(!undo), ..bulk },
            Self::Move(project) => ExperimentBulk { project_id: Some(project), ..bulk },
        }
    }

    /// What makes it undone: of a move, each goes back to where it was.
    fn undo(self, experiments: &[&Experiment]) -> Vec<ExperimentBulk> {
        let Self::Move(_) = self else {
            return vec![self.of(experiments.iter().map(|one| one.id).collect(), true)];
        };
        let mut by_project: BTreeMap<ProjectId, Vec<ExperimentId>> = BTreeMap::new();
        for one in experiments {
            by_project.entry(one.project_id).or_default().push(one.id);
        }
        by_project.into_iter().map(|(project, ids)| Self::Move(project).of(ids, false)).collect()
    }

    /// Whether it would change this experiment.
    fn changes(self, experiment: &Experiment) -> bool {
        let archived = experiment.status == ExperimentStatus::Archived;
        match self {
            Self::Archive => !archived,
            Self::Restore => archived,
            Self::Trash => true,
            Self::Move(project) => experiment.project_id != project,
        }
    }

    fn done(self, what: &str) -> String {
        match self {
            Self::Archive => format!("Archived {what}"),
            Self::Restore => format!("Restored {what}"),
            Self::Trash => format!("Moved {what} to the trash"),
            Self::Move(_) => format!("Moved {what}"),
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
    let back = act.undo(&changed);
    spawn_local(async move {
        match api::update_many(act.of(ids, false)).await {
            Ok(()) => {
                let done = act.done(&what);
                let undo = Callback::new(move |()| {
                    let (back, what) = (back.clone(), what.clone());
                    spawn_local(async move {
                        let mut failed = None;
                        for bulk in back {
                            failed = api::update_many(bulk).await.err().or(failed);
                        }
                        match failed {
                            None => toaster.say(format!("Undone: {what} as before")),
                            Some(error) => toaster.fail(error.to_string()),
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
    let chosen = memo(move || {
        let ids = rows.with(|rows| selection.of(rows));
        feed.current.with(|overview| {
            overview.page.items.iter().filter(|one| ids.contains(&one.id)).cloned().collect::<Vec<_>>()
        })
    });
    let count = move || chosen.with(|chosen| chosen.len() as i64);
    let may = Session::current().may_edit();
    let act = move |act: Act| {
        move |()| {
            perform(act, &chosen.get_untracked(), toaster, Callback::new(move |()| feed.refresh()));
            selection.clear();
        }
    };
    let projects = memo(move || feed.current.with(|overview| overview.projects.clone()));
    let moved = move |event: Event| {
        if let Ok(project) = event_target_value(&event).parse() {
            act(Act::Move(project))(());
        }
    };
    let any = move |act: Act| move || !chosen.with(|chosen| chosen.iter().any(|one| act.changes(one)));
    drawn(move || {
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
                        on:click=handler(move |_| act(Act::Archive)(()))
                    >
                        <Icon name="archive" />
                        "Archive"
                    </button>
                    <button class="button" type="button" disabled=any(Act::Restore) on:click=handler(move |_| act(Act::Restore)(()))>
                        <Icon name="restore" />
                        "Restore"
                    </button>
                    {(projects.with(Vec::len) > 1)
                        .then(|| {
                            view! {
                                <select class="select" aria-label="Move to project" on:change=handler(moved) prop:value="">
                                    <option value="">"Move to…"</option>
                                    {projects
                                        .get()
                                        .into_iter()
                                        .map(|one| view! { <option value=one.id.to_string()>{one.name}</option> })
                                        .collect_view()}
                                </select>
                            }
                        })}
                    <button class="button" type="button" on:click=handler(move |_| act(Act::Trash)(()))>
                        <Icon name="trash" />
                        "Move to trash"
                    </button>
                    <SelectNone on_click=Callback::new(move |()| selection.clear()) />
                </div>
            }
        })
    })
}
