//! The head of a run's page: who it is, how it stands, what can be done with it.

use super::{RunView, api};
use crate::{
    error::AppError,
    process::Stop,
    ui::{
        copy::Copy,
        dialog::Dialog,
        form::Closing,
        icon::Icon,
        notice::{InTrash, Problem},
        run_color,
        status::RunState,
        tag::TagList,
        time::Took,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use model::{
    Tags,
    run::{Run, RunUpdate},
};

#[component]
pub fn Header(view: RunView) -> impl IntoView {
    let run = Memo::new(move |_| view.detail.current.with(|detail| detail.run.clone()));
    let renaming = RwSignal::new(false);
    let tagging = RwSignal::new(false);
    let id = view.id();
    // The run table, with this run to be joined by others.
    let siblings = run.with_untracked(|run| format!("/experiments/{}", run.experiment_id));
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
                <button class="button" type="button" on:click=move |_| renaming.set(true)>
                    <Icon name="edit" />
                    "Rename"
                </button>
                <button class="button" type="button" on:click=move |_| tagging.set(true)>
                    <Icon name="tag" />
                    "Tag"
                </button>
                <a class="button" href=siblings title="Choose runs to compare with">
                    <Icon name="compare" />
                    "Compare with…"
                </a>
                {move || {
                    (!trashed())
                        .then(|| {
                            view! {
                                <button class="button" type="button" on:click=move |_| throw(true)>
                                    <Icon name="trash" />
                                    "Move to trash"
                                </button>
                            }
                        })
                }}
            </div>
        </div>
        {move || trashed().then(|| view! { <InTrash what="This run lies" on_restore=Callback::new(move |()| throw(false)) /> })}
        <TagDialog view open=tagging />
    }
}

/// The name, or the field that changes it in place.
#[component]
fn Name(view: RunView, run: Memo<Run>, renaming: RwSignal<bool>) -> impl IntoView {
    let name = move || run.with(|run| run.name.clone());
    view! {
        <span class=move || format!("swatch swatch--big {}", run.with(run_color))></span>
        {move || if renaming.get() { view! { <Rename view first=run.with_untracked(|run| run.name.clone()) renaming /> }.into_any() } else { view! {
                <h1 class="page-head__title" title=name>
                    {name}
                </h1>
            }
            .into_any() }}
    }
}

#[component]
fn Rename(view: RunView, first: String, renaming: RwSignal<bool>) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let failed = RwSignal::new(None::<AppError>);
    Effect::new(move || {
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
        <form class="rename" on:submit=submit>
            <input
                class="rename__input"
                node_ref=input
                type="text"
                aria-label="Run name"
                value=first
                autocomplete="off"
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        renaming.set(false);
                    }
                }
            />
            <button class="button button--primary" type="submit">
                "Save"
            </button>
            <button class="button" type="button" on:click=move |_| renaming.set(false)>
                "Cancel"
            </button>
            <Problem error=failed />
        </form>
    }
}

#[component]
fn TagDialog(view: RunView, open: RwSignal<bool>) -> impl IntoView {
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
            <form class="form" on:submit=submit>
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
