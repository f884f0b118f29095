//! The head of a run's page: who it is, how it stands, what can be done with it.

use super::{Choice, RunView, api};
use crate::{
    browser,
    error::AppError,
    frame::session::Session,
    link,
    pages::{self, Content},
    process::Stop,
    ui::{
        copy::Copy,
        dialog::Dialog,
        erase::{drawn, effect, handler, memo, view},
        form::Closing,
        icon::Icon,
        notice::{Aside, InTrash, Problem},
        popover::Popover,
        run_color,
        status::RunState,
        tag::TagList,
        time::Took,
        toast::Toaster,
    },
};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html,
    prelude::*,
    task::spawn_local,
};
use model::{
    Tags,
    run::{Run, RunUpdate, RunsUpdate},
};

#[component]
pub fn Header(view: RunView) -> impl IntoView {
    let run = memo(move || view.detail.current.with(|detail| detail.run.clone()));
    let renaming = RwSignal::new(false);
    let tagging = RwSignal::new(false);
    let id = view.id();
    let may = Session::current().may_edit();
    let toaster = Toaster::here();
    let trashed = move || run.with(|run| run.trashed_at_ms.is_some());
    let throw = move |trash: bool| {
        let update = RunUpdate { trashed: Some(trash), ..RunUpdate::default() };
        spawn_local(async move {
            match api::update(view.id(), update).await {
                // It stays in the trash with its experiment.
                Ok(run) if run.trashed_at_ms.is_some() && !trash => {
                    toaster.fail("The experiment of this run lies in the trash: take that out.");
                }
                Ok(run) => {
                    view.detail.current.update(|detail| detail.run = run);
                    toaster.say(if trash { "Moved to the trash" } else { "Restored from the trash" });
                }
                Err(error) => toaster.fail(error.to_string()),
            }
        });
    };
    let archived = move || run.with(|run| run.archived_at_ms.is_some());
    let archive = move |aside: bool| {
        let update = RunUpdate { archived: Some(aside), ..RunUpdate::default() };
        spawn_local(async move {
            match api::update(view.id(), update).await {
                Ok(run) => {
                    view.detail.current.update(|detail| detail.run = run);
                    toaster.say(if aside { "Archived" } else { "Restored from the archive" });
                }
                Err(error) => toaster.fail(error.to_string()),
            }
        });
    };
    view! {
        <div class="page-head">
            <Name view run renaming />
            <RunState status=Signal::derive(move || run.with(|run| run.status)) />
            <span class="page-head__fact" title="Duration">
                <Icon name="clock" />
                <Took
                    from=Signal::derive(move || run.with(|run| run.started_at_ms))
                    to=Signal::derive(move || run.with(|run| run.ended_at_ms))
                />
            </span>
            <span class="page-head__fact" title="Started by">
                <Icon name="user" />
                {move || run.with(|run| run.user.clone())}
            </span>
            <span class="page-head__fact mono" title=id.to_string()>
                {id.short().to_owned()}
                <Copy text=id.to_string() what="run id" />
            </span>
            <TagList tags=Signal::derive(move || run.with(|run| run.tags.clone())) />
            <div class="page-head__actions">
                <Stop view />
                {may
                    .then(|| {
                        view! {
                            <button class="button" type="button" on:click=handler(move |_| renaming.set(true))>
                                <Icon name="edit" />
                                "Rename"
                            </button>
                            <button class="button" type="button" on:click=handler(move |_| tagging.set(true))>
                                <Icon name="tag" />
                                "Tag"
                            </button>
                        }
                    })}
                <More view may />
                {move || {
                    (may && !trashed())
                        .then(|| {
                            let aside = archived();
                            view! {
                                <button
                                    class="button"
                                    type="button"
                                    data-key="archive"
                                    on:click=handler(move |_| archive(!aside))
                                >
                                    <Icon name=if aside { "restore" } else { "archive" } />
                                    {if aside { "Restore" } else { "Archive" }}
                                </button>
                                <button class="button" type="button" on:click=handler(move |_| throw(true))>
                                    <Icon name="trash" />
                                    "Move to trash"
                                </button>
                            }
                        })
                }}
            </div>
        </div>
        {move || trashed().then(|| view! { <InTrash what="This run lies" may on_restore=Callback::new(move |()| throw(false)) /> })}
        {move || {
            (archived() && !trashed()).then(|| view! { <Aside may on_restore=Callback::new(move |()| archive(false)) /> })
        }}
        {pages::once(move || tagging.get(), move || pages::content(Content::Tag(view, tagging)))}
    }
}

/// What is done with a run now and then.
#[component]
fn More(view: RunView, may: bool) -> impl IntoView {
    let (comparing, coding, moving) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let toaster = Toaster::here();
    let (own, here) =
        view.detail.current.with_untracked(|detail| (detail.run.id.clone(), detail.run.experiment_id));
    let go = link::use_go();
    let compare = Callback::new(move |choice: Choice| {
        go(&format!("/compare?runs={},{}", view.id(), choice.id));
    });
    let copy_link = move |_| {
        browser::copy(&format!("{}{}", browser::origin(), view.path()));
        toaster.say("Copied the link of this run");
    };
    let on_move = Callback::new(move |change: RunsUpdate| {
        let update = RunsUpdate { ids: vec![view.id()], ..change };
        spawn_local(async move {
            match api::update_many(update).await {
                Ok(_) => {
                    toaster.say("Moved to another experiment");
                    view.detail.refresh();
                }
                Err(error) => toaster.fail(error.to_string()),
            }
        });
    });
    let label = "More".into_any();
    view! {
        <button class="button" type="button" on:click=handler(move |_| comparing.set(true))>
            <Icon name="compare" />
            "Compare with…"
        </button>
        <Popover label>
            <div class="popover__box head-more">
                <button class="button" type="button" on:click=handler(copy_link)>
                    <Icon name="copy" />
                    "Copy link"
                </button>
                <button class="button" type="button" on:click=handler(move |_| coding.set(true))>
                    <Icon name="file" />
                    "Params as code…"
                </button>
                {may
                    .then(|| {
                        view! {
                            <button class="button" type="button" on:click=handler(move |_| moving.set(true))>
                                <Icon name="folder" />
                                "Move to another experiment…"
                            </button>
                        }
                    })}
            </div>
        </Popover>
        {pages::once(
            move || comparing.get(),
            move || pages::content(Content::ChooseRun(comparing, own.clone(), here, compare)),
        )}
        {pages::once(move || coding.get(), move || pages::content(Content::Code(view, coding)))}
        {pages::once(move || moving.get(), move || pages::content(Content::Move(moving, here, on_move)))}
    }
}

/// The name, or the field that changes it in place.
#[component]
fn Name(view: RunView, run: Memo<Run>, renaming: RwSignal<bool>) -> impl IntoView {
    let name = move || run.with(|run| run.name.clone());
    view! {
        <span class=move || format!("swatch swatch--big {}", run.with(run_color))></span>
        {move || if renaming.get() { view! { <Rename view first=run.with_untracked(|run| run.name.clone()) renaming /> } } else { view! {
                <h1 class="page-head__title" title=drawn(name)>
                    {move || name()}
                </h1>
            } }}
    }
}

#[component]
fn Rename(view: RunView, first: String, renaming: RwSignal<bool>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let failed = RwSignal::new(None::<AppError>);
    effect(move || {
        if let Some(input) = input.get() {
            input.focus().ok();
            input.select();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(name) = input.get().map(|input| input.value()) else { return };
        let update = RunUpdate { name: Some(name), ..RunUpdate::default() };
        save(view, update, renaming, failed);
    };
    view! {
        <form class="rename" on:submit=handler(submit)>
            <input
                class="rename__input"
                node_ref=input
                type="text"
                aria-label="Run name"
                value=first
                autocomplete="off"
                on:keydown=handler(move |event: KeyboardEvent| {
                    if event.key() == "Escape" {
                        renaming.set(false);
                    }
                })
            />
            <button class="button button--primary" type="submit">
                "Save"
            </button>
            <button class="button" type="button" on:click=handler(move |_| renaming.set(false))>
                "Cancel"
            </button>
            <Problem error=failed />
        </form>
    }
}

#[component]
pub fn TagDialog(view: RunView, open: RwSignal<bool>) -> impl IntoView {
    let failed = RwSignal::new(None::<AppError>);
    let on_send = Callback::new(move |update| save(view, update, open, failed));
    view! { <TagForm open failed on_send /> }
}

/// Adds tags to one run.
#[component]
pub fn TagForm(
    open: RwSignal<bool>,
    failed: RwSignal<Option<AppError>>,
    on_send: Callback<RunUpdate>,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(line) = input.get().map(|input| input.value()) else { return };
        on_send.run(RunUpdate { tags: Tags::parse_line(&line), ..RunUpdate::default() });
    };
    view! {
        <Dialog open title="Tag this run".to_owned()>
            <form class="form" on:submit=handler(submit)>
                <div class="field">
                    <label class="field__label" for="run-tags">"Tags to add"</label>
                    <input
                        id="run-tags"
                        aria-describedby="run-tags-hint"
                        node_ref=input
                        type="text"
                        required
                        autofocus
                        autocomplete="off"
                        placeholder="baseline, phase: search"
                    />
                    <span class="field__hint" id="run-tags-hint">
                        "Separated by commas; a tag may have a value after a colon. A tag that is there already gets the new value."
                    </span>
                </div>
                <Closing open failed action="Add" />
            </form>
        </Dialog>
    }
}

/// Sends a change; closes its form when it was accepted.
pub fn save(view: RunView, update: RunUpdate, form: RwSignal<bool>, failed: RwSignal<Option<AppError>>) {
    if let Err(error) = update.check() {
        failed.set(Some(error.into()));
        return;
    }
    spawn_local(async move {
        match api::update(view.id(), update).await {
            Ok(run) => {
                failed.set(None);
                form.set(false);
                view.detail.current.update(|detail| detail.run = run);
            }
            Err(error) => failed.set(Some(error)),
        }
    });
}
