//! Writing a note: a preview beside it, a draft that saves itself, and what happens when two people write at once.

use super::api;
use crate::{
    error::AppError,
    ui::{
        erase::{drawn, handler, view},
        icon::Icon,
        notice::Problem,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use model::{
    ErrorKind, RunId,
    note::{Note, NoteUpdate},
};
use std::time::Duration;

/// A pause after which what was written is saved by itself.
const PAUSE: Duration = Duration::from_secs(2);

/// What is being written.
#[derive(Clone, Copy)]
pub struct Draft {
    id: StoredValue<RunId>,
    on_saved: Callback<Note>,
    pub writing: RwSignal<bool>,
    body: RwSignal<String>,
    /// What the note said when the writing began, and what the server has of it.
    held: RwSignal<(String, String)>,
    /// The revision that the next one is based on.
    base: RwSignal<i64>,
    /// Somebody else's newer revision, found when saving.
    theirs: RwSignal<Option<Note>>,
    failed: RwSignal<Option<AppError>>,
    busy: RwSignal<bool>,
}

impl Draft {
    /// Of this run's note. What is saved, also by itself, is told.
    pub fn new(id: RunId, on_saved: Callback<Note>) -> Self {
        Self {
            id: StoredValue::new(id),
            on_saved,
            writing: RwSignal::new(false),
            body: RwSignal::new(String::new()),
            held: RwSignal::default(),
            base: RwSignal::new(0),
            theirs: RwSignal::new(None),
            failed: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    pub fn begin(self, note: Option<Note>) {
        self.base.set(note.as_ref().map_or(0, |note| note.revision));
        let body = note.map(|note| note.body).unwrap_or_default();
        self.held.set((body.clone(), body.clone()));
        self.body.set(body);
        self.theirs.set(None);
        self.failed.set(None);
        self.writing.set(true);
    }

    fn is_saved(self) -> bool {
        self.body.with(|body| self.held.with(|(_, saved)| body == saved))
    }

    /// Sends what stands there: as a draft, or for good, which ends the writing.
    fn save(self, draft: bool) {
        let body = self.body.get_untracked();
        let input = NoteUpdate { body: body.clone(), base_revision: Some(self.base.get_untracked()), draft };
        if let Err(error) = input.check() {
            self.failed.set(Some(error.into()));
            return;
        }
        let toaster = Toaster::here();
        self.busy.set(true);
        let id = self.id.get_value();
        spawn_local(async move {
            let answer = api::update(id, input).await;
            // Gone when the person went to another page meanwhile; what was sent is saved.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(note) => {
                    self.base.set(note.revision);
                    self.held.update(|held| held.1 = body);
                    self.failed.set(None);
                    self.on_saved.run(note);
                    if !draft {
                        self.writing.set(false);
                        toaster.say("Note saved");
                    }
                }
                Err(error) if error.kind() == ErrorKind::Conflict => self.meet(error).await,
                Err(error) => self.failed.set(Some(error)),
            }
        });
    }

    /// Goes back to what the note said when the writing began.
    fn discard(self) {
        let (original, saved) = self.held.get_untracked();
        self.theirs.set(None);
        if saved == original {
            self.body.set(original);
            self.writing.set(false);
        } else {
            self.body.set(original);
            self.save(false);
        }
    }

    /// Fetches what somebody else wrote meanwhile, to be shown beside our own.
    async fn meet(self, conflict: AppError) {
        let Some(id) = self.id.try_get_value() else { return };
        match api::get(id).await {
            Ok(Some(note)) => {
                self.theirs.try_set(Some(note));
                self.failed.try_set(None);
            }
            _ => {
                self.failed.try_set(Some(conflict));
            }
        }
    }
}

#[component]
pub fn Editor(draft: Draft) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        draft.save(false);
    };
    let in_peace = move || draft.theirs.with_untracked(Option::is_none);
    // A while after the last letter; not while two versions wait for a decision.
    Effect::new(move |last: Option<Option<TimeoutHandle>>| {
        let is_saved = draft.is_saved();
        let is_busy = draft.busy.get();
        if let Some(Some(timer)) = last {
            timer.clear();
        }
        let send = move || {
            if draft.writing.try_get_untracked() == Some(true)
                && in_peace()
                && draft.failed.with_untracked(Option::is_none)
            {
                draft.save(true);
            }
        };
        if is_saved || is_busy { None } else { set_timeout_with_handle(send, PAUSE).ok() }
    });
    // Whoever goes elsewhere before that loses nothing.
    let id = draft.id.get_value();
    on_cleanup(move || {
        let (Some(body), Some((_, saved))) = (draft.body.try_get_untracked(), draft.held.try_get_untracked())
        else {
            return;
        };
        let alone = draft.theirs.try_with_untracked(Option::is_none).unwrap_or_default();
        if let Some(base) = draft.base.try_get_untracked()
            && cfg!(not(feature = "ssr"))
            && body != saved
            && alone
            && draft.busy.try_get_untracked() == Some(false)
        {
            let input = NoteUpdate { body, base_revision: Some(base), draft: true };
            spawn_local(async move {
                api::update(id, input).await.ok();
            });
        }
    });
    let told = move || match (draft.busy.get(), draft.is_saved()) {
        (true, _) => "Saving…",
        (false, true) => "Saved",
        (false, false) => "Not saved yet",
    };
    view! {
        <form class="note" on:submit=handler(submit)>
            <Conflict draft />
            <div class="note__sides">
                <label class="field">
                    <span class="field__label">"Markdown"</span>
                    <textarea
                        class="note__text"
                        rows="18"
                        autofocus
                        prop:value=move || draft.body.get()
                        on:input=handler(move |event| {
                            draft.failed.set(None);
                            draft.body.set(event_target_value(&event));
                        })
                    ></textarea>
                </label>
                <section class="field" aria-label="Preview">
                    <span class="field__label">"Preview"</span>
                    <Preview draft />
                </section>
            </div>
            <Problem error=draft.failed />
            <div class="form__actions">
                <span class="muted note__state" role="status">{move || told()}</span>
                <button class="button" type="button" disabled=draft.busy on:click=handler(move |_| draft.discard())>
                    "Discard changes"
                </button>
                <button class="button button--primary" type="submit" disabled=draft.busy>
                    "Save note"
                </button>
            </div>
        </form>
    }
}

/// The draft as it will look, rendered by the server half a second after the last letter.
#[component]
fn Preview(draft: Draft) -> impl IntoView {
    let html = RwSignal::new(String::new());
    let render = move || {
        let (Some(text), Some(id)) = (draft.body.try_get_untracked(), draft.id.try_get_value()) else {
            return;
        };
        spawn_local(async move {
            if let Ok(answer) = api::preview(id, text).await {
                html.try_set(answer);
            }
        });
    };
    Effect::new(move |last: Option<Option<TimeoutHandle>>| {
        draft.body.track();
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
    drawn(move || {
        draft.theirs.get().map(|note| {
            let theirs = note.clone();
            let take = move |_| draft.begin(Some(theirs.clone()));
            let revision = note.revision;
            let keep = move |_| {
                draft.base.set(revision);
                draft.theirs.set(None);
                draft.save(false);
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
                        <button class="button" type="button" on:click=handler(take)>
                            "Discard mine"
                        </button>
                        <button class="button button--primary" type="button" on:click=handler(keep)>
                            "Save mine over it"
                        </button>
                    </div>
                </section>
            }
        })
    })
}
