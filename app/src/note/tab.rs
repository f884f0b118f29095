//! The Notes tab of a run: reading, writing with a preview, and what happens when two people write at once.

use super::api;
use crate::{
    error::AppError,
    run::RunView,
    ui::{form::Closing, icon::Icon, notice::Empty, time::Ago, toast::Toaster},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use model::{
    ErrorKind,
    note::{Note, NoteUpdate},
};
use std::time::Duration;

/// What is being written.
#[derive(Clone, Copy)]
struct Draft {
    view: RunView,
    writing: RwSignal<bool>,
    body: RwSignal<String>,
    /// The revision that the writing began from.
    base: RwSignal<i64>,
    /// Somebody else's newer revision, found when saving.
    theirs: RwSignal<Option<Note>>,
    failed: RwSignal<Option<AppError>>,
    busy: RwSignal<bool>,
}

impl Draft {
    fn begin(self, note: Option<Note>) {
        self.base.set(note.as_ref().map_or(0, |note| note.revision));
        self.body.set(note.map(|note| note.body).unwrap_or_default());
        self.theirs.set(None);
        self.failed.set(None);
        self.writing.set(true);
    }

    fn save(self) {
        let input =
            NoteUpdate { body: self.body.get_untracked(), base_revision: Some(self.base.get_untracked()) };
        if let Err(error) = input.check() {
            self.failed.set(Some(error.into()));
            return;
        }
        let toaster = Toaster::here();
        self.busy.set(true);
        spawn_local(async move {
            match api::update(self.view.id(), input).await {
                Ok(note) => {
                    self.view.detail.current.update(|detail| detail.note = Some(note));
                    self.writing.set(false);
                    self.failed.set(None);
                    toaster.say("Note saved");
                }
                Err(error) if error.kind() == ErrorKind::Conflict => self.meet(error).await,
                Err(error) => self.failed.set(Some(error)),
            }
            self.busy.set(false);
        });
    }

    /// Fetches what somebody else wrote meanwhile, to be shown beside our own.
    async fn meet(self, conflict: AppError) {
        match api::get(self.view.id()).await {
            Ok(Some(note)) => {
                self.theirs.set(Some(note));
                self.failed.set(None);
            }
            _ => self.failed.set(Some(conflict)),
        }
    }
}

#[component]
pub fn Tab(view: RunView) -> impl IntoView {
    let draft = Draft {
        view,
        writing: RwSignal::new(false),
        body: RwSignal::new(String::new()),
        base: RwSignal::new(0),
        theirs: RwSignal::new(None),
        failed: RwSignal::new(None),
        busy: RwSignal::new(false),
    };
    let note = Memo::new(move |_| view.detail.current.with(|detail| detail.note.clone()));
    move || {
        if draft.writing.get() {
            view! { <Editor draft /> }.into_any()
        } else {
            view! { <Reader draft note /> }.into_any()
        }
    }
}

#[component]
fn Reader(draft: Draft, note: Memo<Option<Note>>) -> impl IntoView {
    let edit = move |_| draft.begin(note.get_untracked());
    move || match note.get() {
        Some(note) if !note.body.trim().is_empty() => view! {
            <article class="note">
                <header class="note__head">
                    <span class="muted">
                        {format!("Revision {} by {}, ", note.revision, note.author)}
                        <Ago at=note.created_at_ms />
                    </span>
                    <button class="button" type="button" on:click=edit>
                        <Icon name="edit" />
                        "Edit note"
                    </button>
                </header>
                <div class="prose" inner_html=note.html></div>
            </article>
        }
        .into_any(),
        _ => view! {
            <Empty icon="note" title="No note yet">
                <p>"What was tried, what came of it, what to do next. Markdown works."</p>
                <p>
                    <button class="button button--primary" type="button" on:click=edit>
                        "Write a note"
                    </button>
                </p>
            </Empty>
        }
        .into_any(),
    }
}

#[component]
fn Editor(draft: Draft) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        draft.save();
    };
    view! {
        <form class="note" on:submit=submit>
            <Conflict draft />
            <div class="note__sides">
                <label class="field">
                    <span class="field__label">"Markdown"</span>
                    <textarea
                        class="note__text"
                        rows="18"
                        autofocus
                        prop:value=move || draft.body.get()
                        on:input=move |event| draft.body.set(event_target_value(&event))
                    ></textarea>
                </label>
                <section class="field" aria-label="Preview">
                    <span class="field__label">"Preview"</span>
                    <Preview body=draft.body />
                </section>
            </div>
            <Closing open=draft.writing failed=draft.failed busy=draft.busy action="Save note" />
        </form>
    }
}

/// The draft as it will look, rendered by the server half a second after the last letter.
#[component]
fn Preview(body: RwSignal<String>) -> impl IntoView {
    let html = RwSignal::new(String::new());
    let render = move || {
        let Some(text) = body.try_get_untracked() else { return };
        spawn_local(async move {
            if let Ok(answer) = api::preview(text).await {
                html.try_set(answer);
            }
        });
    };
    Effect::new(move |last: Option<Option<TimeoutHandle>>| {
        body.track();
        match last {
            // The first preview need not wait for a letter.
            None => {
                render();
                None
            }
            Some(timer) => {
                if let Some(timer) = timer {
                    timer.clear();
                }
                set_timeout_with_handle(render, Duration::from_millis(500)).ok()
            }
        }
    });
    view! { <div class="prose note__preview" inner_html=html></div> }
}

/// Both versions, and the choice between them.
#[component]
fn Conflict(draft: Draft) -> impl IntoView {
    move || {
        draft.theirs.get().map(|note| {
            let theirs = note.clone();
            let take = move |_| draft.begin(Some(theirs.clone()));
            let revision = note.revision;
            let keep = move |_| {
                draft.base.set(revision);
                draft.theirs.set(None);
                draft.save();
            };
            view! {
                <section class="conflict" role="alert">
                    <h3>
                        <Icon name="alert" />
                        {format!("{} saved revision {} while you wrote", note.author, note.revision)}
                    </h3>
                    <pre class="conflict__theirs" tabindex="0" aria-label="The other version">{note.body}</pre>
                    <p>"Yours is below, untouched. Copy over what you want to keep of the other, then decide."</p>
                    <div class="form__actions">
                        <button class="button" type="button" on:click=take>
                            "Discard mine"
                        </button>
                        <button class="button button--primary" type="button" on:click=keep>
                            "Save mine over it"
                        </button>
                    </div>
                </section>
            }
        })
    }
}
