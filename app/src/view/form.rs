//! The dialogs in which a view gets its name.

use super::{Views, api, opened};
use crate::{
    error::AppError,
    link,
    ui::{
        dialog::{Dialog, open_while},
        erase::{handler, view},
        form::{Closing, NameField},
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use model::view::{View, ViewNew, ViewUpdate};

/// Saves how the table looks now as a new view, and goes on from it.
#[component]
pub fn SaveDialog(open: RwSignal<bool>, views: Views) -> impl IntoView {
    view! {
        <Dialog open title="Save this view".to_owned()>
            <SaveForm open views />
        </Dialog>
    }
}

#[component]
fn SaveForm(open: RwSignal<bool>, views: Views) -> impl IntoView {
    let name = NodeRef::<html::Input>::new();
    let (shared, default) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let rewrite = link::use_rewrite();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let input = ViewNew {
            experiment_id: views.experiment_id,
            name: read(name),
            state: views.place.with_untracked(|place| place.state.clone()),
            shared: shared.get_untracked(),
            default_for_me: default.get_untracked(),
            default_for_all: false,
        };
        if let Err(error) = input.check() {
            failed.set(Some(error.into()));
            return;
        }
        busy.set(true);
        let (rewrite, toaster) = (rewrite.clone(), Toaster::here());
        spawn_local(async move {
            let answer = api::create(input).await;
            busy.try_set(false);
            match answer {
                Ok(view) => {
                    open.set(false);
                    toaster.say(format!("Saved “{}”", view.name));
                    // Nothing to go on with when the person has left the page meanwhile.
                    views.path.try_with_value(|path| rewrite(&opened(&view).href(path)));
                    views.refresh();
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    };
    let check = |label: &'static str, value: RwSignal<bool>| {
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=value
                    on:change=handler(move |event| value.set(event_target_checked(&event)))
                />
                <span>{label}</span>
            </label>
        }
    };
    view! {
        <form class="form" on:submit=handler(submit)>
            <NameField node=name value=String::new() />
            {check("Share with all", shared)}
            {check("Open the experiment with it (for me)", default)}
            <Closing open failed busy action="Save" />
        </form>
    }
}

/// Renames the view that it is given; closed while there is none.
#[component]
pub fn RenameDialog(view: RwSignal<Option<View>>, views: Views) -> impl IntoView {
    let open = open_while(view);
    view! {
        <Dialog open title="Rename this view".to_owned()>
            <RenameForm open view views />
        </Dialog>
    }
}

#[component]
fn RenameForm(open: RwSignal<bool>, view: RwSignal<Option<View>>, views: Views) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let first = view.with_untracked(|view| view.as_ref().map(|view| view.name.clone()).unwrap_or_default());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(id) = view.with_untracked(|view| view.as_ref().map(|view| view.id)) else { return };
        let input = ViewUpdate { name: Some(read(node)), ..ViewUpdate::default() };
        if let Err(error) = input.check() {
            failed.set(Some(error.into()));
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = api::update(id, input).await;
            busy.try_set(false);
            match answer {
                Ok(_) => {
                    open.set(false);
                    views.refresh();
                }
                Err(error) => {
                    failed.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <form class="form" on:submit=handler(submit)>
            <NameField node value=first />
            <Closing open failed busy action="Rename" />
        </form>
    }
}

fn read(node: NodeRef<html::Input>) -> String {
    node.get_untracked().map(|input| input.value().trim().to_owned()).unwrap_or_default()
}
