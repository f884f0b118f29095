//! What can be done with the selected runs, or with all that match: tag, move, archive, throw away, restore; and how it is undone.

use super::{Table, menu::run_of};
use crate::{
    experiment,
    frame::session::Session,
    pages::{self, Tool},
    run::{api, query},
    ui::{
        dialog::Dialog,
        erase::{Show, handler, memo, view, watch},
        form::Closing,
        icon::Icon,
        selection::SelectNone,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use model::{
    ExperimentId, RunId, Tags,
    experiment::{ExperimentQuery, ExperimentSort},
    limits,
    run::{RunsUpdate, RunsUpdated, Trash},
};

#[component]
pub fn Actions(table: Table) -> impl IntoView {
    let Table { feed, search, selection, all, .. } = table;
    let id = feed.current.with_untracked(|runs| runs.experiment.id);
    let asked = memo(move || search.with(|search| query::parse(id, search)));
    // Another filter means other runs.
    watch(
        move || {
            asked.with(|asked| {
                (asked.filter.clone(), asked.search.clone(), asked.status, asked.trash, asked.archived)
            })
        },
        move |_, _| {
            all.set(false);
            selection.clear();
        },
    );
    let in_trash = move || asked.with(|asked| asked.trash == Trash::Only);
    // Whether some of the selected runs are archived, and whether some are not. Of all that match nobody knows.
    let standing = memo(move || {
        if all.get() {
            return (asked.with(|asked| asked.archived || !asked.filter.is_empty()), true);
        }
        feed.current.track();
        let archived = |id: &RunId| run_of(table, id).is_some_and(|run| run.archived_at_ms.is_some());
        let picked: Vec<bool> = selection.picked().iter().map(archived).collect();
        (picked.contains(&true), picked.contains(&false))
    });
    let total = move || feed.current.with(|runs| runs.page.total);
    let may = Session::current().may_edit();
    let count = move || if all.get() { total() } else { selection.count() as i64 };
    let tagging = RwSignal::new(false);
    let moving = RwSignal::new(false);
    let refresh = Callback::new(move |()| feed.refresh());
    let send = move |change: RunsUpdate, done: &'static str| {
        let toaster = Toaster::here();
        let back = undo(&change, id);
        let update = if all.get_untracked() {
            RunsUpdate { query: Some(asked.get_untracked()), ..change }
        } else {
            RunsUpdate { ids: untrack(|| selection.picked()), ..change }
        };
        spawn_local(async move {
            match api::update_many(update).await {
                Ok(RunsUpdated { count, reversible: ids }) => {
                    let done = format!("{done}: {}", counted(count));
                    match back {
                        Some(back) if !ids.is_empty() => offer_undo(toaster, done, back, ids, refresh),
                        _ => toaster.say(done),
                    }
                    all.set(false);
                    selection.clear();
                }
                Err(error) => toaster.fail(error.to_string()),
            }
            refresh.run(());
        });
    };
    let trash = move |_| {
        let restore = in_trash();
        let done = if restore { "Restored" } else { "Moved to the trash" };
        send(RunsUpdate { trashed: Some(!restore), ..RunsUpdate::default() }, done);
    };
    let archive = move |archived: bool| {
        let done = if archived { "Archived" } else { "Restored" };
        send(RunsUpdate { archived: Some(archived), ..RunsUpdate::default() }, done);
    };
    let aside = move || {
        let (some_archived, some_not) = standing.get();
        let button = move |archived: bool, is_key: bool| {
            let (icon, word) = if archived { ("archive", "Archive") } else { ("restore", "Restore") };
            view! {
                <button
                    class="button"
                    type="button"
                    data-key=is_key.then_some("archive")
                    on:click=handler(move |_| archive(archived))
                >
                    <Icon name=icon />
                    {word}
                </button>
            }
        };
        (!in_trash())
            .then(|| (some_not.then(|| button(true, true)), some_archived.then(|| button(false, !some_not))))
    };
    let clear = Callback::new(move |()| {
        all.set(false);
        selection.clear();
    });
    let more = move || {
        let total = total();
        (!all.get() && (selection.count() as i64) < total).then(|| {
            view! {
                <button class="button" type="button" on:click=handler(move |_| all.set(true))>
                    {format!("Select all {}", counted(total))}
                </button>
            }
        })
    };
    view! {
        <Show when=move || { count() > 0 }>
            <div class="bulk" role="region" aria-label="Selected runs">
                <span class="bulk__count num">{move || format!("{} selected", counted(count()))}</span>
                {may
                    .then(|| {
                        view! {
                            {move || more()}
                            <button class="button" type="button" on:click=handler(move |_| tagging.set(true))>
                                <Icon name="tag" />
                                "Tag"
                            </button>
                            <button class="button" type="button" on:click=handler(move |_| moving.set(true))>
                                <Icon name="folder" />
                                "Move"
                            </button>
                            {move || aside()}
                            <button class="button" type="button" on:click=handler(trash)>
                                {move || view! { <Icon name=if in_trash() { "restore" } else { "trash" } /> }}
                                {move || if in_trash() { "Restore" } else { "Trash" }}
                            </button>
                        }
                    })}
                <SelectNone on_click=clear />
            </div>
        </Show>
        {pages::once(
            move || tagging.get(),
            move || pages::tool(Tool::TagRuns(tagging, Callback::new(move |change| send(change, "Tagged")))),
        )}
        {pages::once(
            move || moving.get(),
            move || pages::tool(Tool::MoveRuns(moving, id, Callback::new(move |change| send(change, "Moved")))),
        )}
    }
}

/// What takes a change back. What tags were before is not known, so that one has no way back.
fn undo(change: &RunsUpdate, here: ExperimentId) -> Option<RunsUpdate> {
    let back = RunsUpdate {
        trashed: change.trashed.map(|trashed| !trashed),
        archived: change.archived.map(|archived| !archived),
        experiment_id: change.experiment_id.map(|_| here),
        ..RunsUpdate::default()
    };
    (back != RunsUpdate::default()).then_some(back)
}

/// Tells what was done, with a button that takes it back for exactly the runs that it was done to.
fn offer_undo(toaster: Toaster, done: String, back: RunsUpdate, ids: Vec<RunId>, then: Callback<()>) {
    let undo = Callback::new(move |()| {
        let (back, ids) = (back.clone(), ids.clone());
        spawn_local(async move {
            for ids in ids.chunks(limits::BULK_MAX) {
                if let Err(error) = api::update_many(RunsUpdate { ids: ids.to_vec(), ..back.clone() }).await {
                    toaster.fail(error.to_string());
                    return;
                }
            }
            toaster.say(format!("Undone: {} back", counted(ids.len() as i64)));
            then.try_run(());
        });
    });
    toaster.offer(done, "Undo", undo);
}

fn counted(count: i64) -> String {
    crate::chart::format::counted(count, "run", "runs")
}

/// Tags to add, `key: value` or a bare word, and keys to remove.
#[component]
pub fn TagsDialog(open: RwSignal<bool>, on_done: Callback<RunsUpdate>) -> impl IntoView {
    let (add, remove) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let tags = Tags::parse_line(&add.get_untracked());
        let remove_tags = Tags::parse_line(&remove.get_untracked()).0.into_keys().collect();
        let change = RunsUpdate { tags, remove_tags, ..RunsUpdate::default() };
        if !change.tags.0.is_empty() || !change.remove_tags.is_empty() {
            on_done.run(change);
        }
        open.set(false);
        add.set(String::new());
        remove.set(String::new());
    };
    view! {
        <Dialog open title="Tag runs".to_owned()>
            <form class="form" on:submit=handler(submit)>
                <Words label="Add" placeholder="baseline, phase: search" value=add />
                <Words label="Remove" placeholder="draft, phase" value=remove />
                <Closing open failed=RwSignal::new(None) action="Apply" />
            </form>
        </Dialog>
    }
}

#[component]
fn Words(label: &'static str, placeholder: &'static str, value: RwSignal<String>) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field__label">{label}</span>
            <input
                type="text"
                autocomplete="off"
                placeholder=placeholder
                prop:value=value
                on:input=handler(move |event| value.set(event_target_value(&event)))
            />
        </label>
    }
}

/// Where to.
#[component]
pub fn MoveDialog(open: RwSignal<bool>, here: ExperimentId, on_done: Callback<RunsUpdate>) -> impl IntoView {
    let found = RwSignal::new(Vec::<(ExperimentId, String)>::new());
    let text = RwSignal::new(String::new());
    let look = move || {
        let asked = text.get_untracked();
        let query = ExperimentQuery {
            search: asked.clone(),
            sort: ExperimentSort::LastActivity,
            limit: Some(20),
            ..ExperimentQuery::default()
        };
        spawn_local(async move {
            if let Ok(overview) =
                experiment::api::list(experiment::api::ListInput { query, tree: None }).await
                && text.try_get_untracked() == Some(asked)
            {
                let others = overview.page.items.into_iter().filter(|one| one.id != here);
                found.set(others.map(|one| (one.id, one.name)).collect());
            }
        });
    };
    watch(
        move || (open.get(), text.get()),
        move |(open, _), _| {
            if *open {
                look();
            }
        },
    );
    let one = move |(id, name): (ExperimentId, String)| {
        let go = move |_| {
            on_done.run(RunsUpdate { experiment_id: Some(id), ..RunsUpdate::default() });
            open.set(false);
        };
        view! {
            <li>
                <button class="button" type="button" on:click=handler(go)>
                    <Icon name="experiment" />
                    {name}
                </button>
            </li>
        }
    };
    view! {
        <Dialog open title="Move runs to another experiment".to_owned()>
            <Words label="Experiment" placeholder="Part of its name" value=text />
            <ul class="bulk__experiments">{move || found.get().into_iter().map(one).collect_view()}</ul>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_goes_back_and_the_trash_gives_back() {
        let (here, there) = (ExperimentId(1), ExperimentId(2));
        let moved = RunsUpdate { experiment_id: Some(there), ..RunsUpdate::default() };
        assert_eq!(
            undo(&moved, here),
            Some(RunsUpdate { experiment_id: Some(here), ..RunsUpdate::default() })
        );
        let thrown = RunsUpdate { trashed: Some(true), ..RunsUpdate::default() };
        assert_eq!(undo(&thrown, here), Some(RunsUpdate { trashed: Some(false), ..RunsUpdate::default() }));
        let archived = RunsUpdate { archived: Some(true), ..RunsUpdate::default() };
        assert_eq!(
            undo(&archived, here),
            Some(RunsUpdate { archived: Some(false), ..RunsUpdate::default() })
        );
        assert_eq!(undo(&RunsUpdate { remove_tags: vec!["a".into()], ..RunsUpdate::default() }, here), None);
    }
}
