//! What a note said before: its revisions, what each changed, and the way back.

use super::api;
use crate::{
    compare::diff,
    error::AppError,
    run::RunView,
    ui::{
        erase::{effect, handler, view},
        notice::Problem,
        time::Ago,
        toast::Toaster,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::note::{NoteChange, NoteRevision};

#[component]
pub fn History(
    view: RunView,
    /// The revision that is read.
    newest: i64,
    may_edit: bool,
) -> impl IntoView {
    let list = RwSignal::new(None::<Vec<NoteRevision>>);
    let failed = RwSignal::new(None::<AppError>);
    let change = RwSignal::new(None::<NoteChange>);
    let show = move |revision: i64| {
        let before = list.with_untracked(|list| {
            let older = list.iter().flatten().map(|one| one.revision).filter(|one| *one < revision);
            older.max()
        });
        spawn_local(async move {
            match api::change(view.id(), revision, before).await {
                Ok(found) => {
                    failed.try_set(None);
                    change.try_set(Some(found));
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    };
    effect(move || {
        spawn_local(async move {
            match api::revisions(view.id()).await {
                Ok(found) => {
                    if list.try_set(Some(found)).is_none() {
                        show(newest);
                    }
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    });
    let restore = move |revision: i64| {
        let toaster = Toaster::here();
        spawn_local(async move {
            match api::restore(view.id(), revision, newest).await {
                Ok(note) => {
                    toaster.say(format!("Revision {revision} is back, as revision {}", note.revision));
                    view.detail.current.try_update(|detail| detail.note = Some(note));
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    };
    let line = move |one: NoteRevision| {
        let revision = one.revision;
        let here =
            move || change.with(|change| change.as_ref().is_some_and(|change| change.revision == revision));
        view! {
            <li>
                <button
                    class="note-history__item"
                    type="button"
                    aria-current=move || here().then_some("true")
                    on:click=handler(move |_| show(revision))
                >
                    <span class="num">{format!("Revision {revision}")}</span>
                    <span class="muted">
                        {format!("{}, ", one.author)}
                        <Ago at=one.created_at_ms />
                        {one.draft.then_some(", being written")}
                    </span>
                </button>
            </li>
        }
    };
    let changed = move || {
        change.get().map(|NoteChange { revision, before, diff }| {
            let from = before.map_or("nothing".to_owned(), |before| format!("revision {before}"));
            let to = format!("revision {revision}");
            let back = (may_edit && revision != newest).then(|| {
                view! {
                    <button class="button" type="button" on:click=handler(move |_| restore(revision))>
                        {format!("Restore revision {revision}")}
                    </button>
                }
            });
            view! {
                <div class="note-history__head">
                    <h3>{format!("From {from} to {to}")}</h3>
                    {back}
                </div>
                {diff::lines(&diff, "note", (&from, &to))}
            }
        })
    };
    view! {
        <section class="note-history" aria-label="History">
            <Problem error=failed />
            <div class="note-history__sides">
                <ol class="note-history__list" tabindex="0" aria-label="Revisions">
                    {move || list.get().into_iter().flatten().map(line).collect_view()}
                </ol>
                <div class="note-history__change">{move || changed()}</div>
            </div>
        </section>
    }
}
