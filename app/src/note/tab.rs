//! The Notes tab of a run: reading, writing, looking back.

use super::{
    editor::{Draft, Editor},
    history::History,
};
use crate::{
    frame::session::Session,
    run::RunView,
    ui::{
        erase::{drawn, handler, memo, view},
        icon::Icon,
        notice::Empty,
        time::Ago,
    },
};
use leptos::prelude::*;
use model::note::Note;

#[component]
pub fn Tab(view: RunView) -> impl IntoView {
    let on_saved = Callback::new(move |note| view.detail.current.update(|detail| detail.note = Some(note)));
    let draft = Draft::new(view.id(), on_saved);
    let note = memo(move || view.detail.current.with(|detail| detail.note.clone()));
    drawn(move || {
        if draft.writing.get() {
            view! { <Editor draft /> }
        } else {
            view! { <Reader view draft note /> }
        }
    })
}

#[component]
fn Reader(view: RunView, draft: Draft, note: Memo<Option<Note>>) -> impl IntoView {
    let edit = move |_| draft.begin(note.get_untracked());
    let may_edit = Session::current().may_edit();
    let looking_back = RwSignal::new(false);
    drawn(move || match note.get() {
        Some(note) if !note.body.trim().is_empty() => {
            let revision = note.revision;
            view! {
                <article class="note">
                    <header class="note__head">
                        <span class="muted">
                            {format!("Revision {} by {}, ", note.revision, note.author)}
                            <Ago at=note.created_at_ms />
                        </span>
                        <span class="note__actions">
                            <button
                                class="button"
                                type="button"
                                aria-pressed=move || looking_back.get().to_string()
                                on:click=handler(move |_| looking_back.update(|open| *open = !*open))
                            >
                                <Icon name="clock" />
                                "History"
                            </button>
                            {may_edit
                                .then(|| {
                                    view! {
                                        <button class="button" type="button" on:click=handler(edit)>
                                            <Icon name="edit" />
                                            "Edit note"
                                        </button>
                                    }
                                })}
                        </span>
                    </header>
                    {move || {
                        looking_back.get().then(|| view! { <History view newest=revision may_edit /> })
                    }}
                    <div class="prose" inner_html=note.html></div>
                </article>
            }
        }
        _ => view! {
            <Empty icon="note" title="No note yet">
                <p>"What was tried, what came of it, what to do next. Markdown works."</p>
                {may_edit
                    .then(|| {
                        view! {
                            <p>
                                <button class="button button--primary" type="button" on:click=handler(edit)>
                                    "Write a note"
                                </button>
                            </p>
                        }
                    })}
            </Empty>
        },
    })
}
