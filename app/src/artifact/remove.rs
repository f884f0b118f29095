//! The question before files are deleted: how many they are, and how much.

use super::api;
use crate::{
    chart::format,
    error::AppError,
    run::RunView,
    ui::{
        dialog::{Dialog, open_while},
        erase::{effect, handler, view},
        form::Closing,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use model::artifact::ArtifactPath;

/// What is to be deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Doomed {
    pub path: ArtifactPath,
    pub is_folder: bool,
    pub file_count: i64,
    pub size_bytes: i64,
    /// What is deleted is only the note of where it lies.
    pub elsewhere: bool,
}

/// Asks while there is something to be deleted.
#[component]
pub fn Remove(view: RunView, doomed: RwSignal<Option<Doomed>>) -> impl IntoView {
    let open = open_while(doomed);
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<AppError>);
    effect(move || {
        doomed.track();
        failed.set(None);
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(Doomed { path, .. }) = doomed.get_untracked() else { return };
        let toaster = Toaster::here();
        busy.set(true);
        spawn_local(async move {
            let answer = api::remove(view.id(), path.clone()).await;
            busy.try_set(false);
            match answer {
                Ok(()) => {
                    open.try_set(false);
                    toaster.say(format!("Deleted {}", path.file_name()));
                    view.filed.try_update(|count| *count += 1);
                    view.detail.refresh();
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    };
    let title = Signal::derive(move || match doomed.get() {
        Some(Doomed { is_folder: true, .. }) => "Delete this folder?".to_owned(),
        Some(Doomed { elsewhere: true, .. }) => "Delete this reference?".to_owned(),
        _ => "Delete this file?".to_owned(),
    });
    let words = move || {
        doomed.get().map(|Doomed { path, is_folder, file_count, size_bytes, elsewhere }| {
            let size = format::bytes(size_bytes);
            let what = if elsewhere {
                ". What lies elsewhere stays as it is".to_owned()
            } else if is_folder {
                format!(", {}, {size} in all", format::counted(file_count, "file", "files"))
            } else {
                format!(", {size}")
            };
            view! {
                <p>
                    <strong class="mono remove__path">{path.as_str().to_owned()}</strong>
                    {what}
                    ". This cannot be undone."
                </p>
            }
        })
    };
    view! {
        <Dialog open title>
            <form class="form" on:submit=handler(submit)>
                {move || words()}
                <Closing open failed busy action="Delete" danger=true />
            </form>
        </Dialog>
    }
}
