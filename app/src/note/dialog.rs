//! The note of a run, written without leaving the page that lists it.

use super::{
    api,
    editor::{Draft, Editor},
};
use crate::{
    error::AppError,
    pages::{self, Content},
    ui::{
        dialog::{Dialog, open_while},
        erase::view,
        notice::Problem,
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::RunId;

/// Open while a run is named, by its id and its name.
#[component]
pub fn NoteDialog(about: RwSignal<Option<(RunId, String)>>) -> impl IntoView {
    let open = open_while(about);
    let title =
        Signal::derive(move || about.with(|run| run.as_ref().map(|(_, name)| format!("Note of {name}"))));
    view! {
        <Dialog open title=Signal::derive(move || title.get().unwrap_or_default())>
            {move || about.get().map(|(id, _)| pages::later(pages::content(Content::NoteDialog(id, open))))}
        </Dialog>
    }
}

/// The editor, once the note is here. Saving and discarding close the dialog; closing it saves a draft.
#[component]
pub fn Writing(id: RunId, open: RwSignal<bool>) -> impl IntoView {
    let draft = Draft::new(id.clone(), Callback::new(|_| ()));
    let failed = RwSignal::new(None::<AppError>);
    spawn_local(async move {
        match api::get(id).await {
            Ok(note) if failed.try_get_untracked().is_some() => draft.begin(note),
            Ok(_) => {}
            Err(error) => {
                failed.try_set(Some(error));
            }
        }
    });
    let ended = move |writing: &bool, was: Option<&bool>, _| {
        if was == Some(&true) && !writing {
            open.set(false);
        }
    };
    Effect::watch(move || draft.writing.get(), ended, true);
    view! {
        <Problem error=failed />
        {move || draft.writing.get().then(|| view! { <Editor draft /> })}
    }
}
