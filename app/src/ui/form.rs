//! The end of every form: what went wrong, the way back, the way on.

use super::{
    erase::{handler, view},
    notice::Problem,
};
use crate::error::AppError;
use leptos::{html, prelude::*};

/// The closing row of a form in a dialog: the error of the last try, Cancel, and the button that sends.
#[component]
pub fn Closing(
    /// The dialog around the form; Cancel closes it.
    open: RwSignal<bool>,
    failed: RwSignal<Option<AppError>>,
    /// While it is sent, it cannot be sent again.
    #[prop(optional, into)]
    busy: Signal<bool>,
    action: &'static str,
    /// It cannot be undone.
    #[prop(optional)]
    danger: bool,
) -> impl IntoView {
    let class = if danger { "button button--danger" } else { "button button--primary" };
    view! {
        <Problem error=failed />
        <div class="form__actions">
            <button class="button" type="button" on:click=handler(move |_| open.set(false))>
                "Cancel"
            </button>
            <button class=class type="submit" disabled=busy>
                {action}
            </button>
        </div>
    }
}

/// Sends a form by hand where there is no wasm to do it on every change.
#[component]
pub fn Apply() -> impl IntoView {
    view! {
        <noscript>
            <button class="button" type="submit">
                "Apply"
            </button>
        </noscript>
    }
}

/// What a thing is called, the first field of its form.
#[component]
pub fn NameField(node: NodeRef<html::Input>, value: String) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field__label">"Name"</span>
            <input node_ref=node type="text" required autofocus autocomplete="off" value=value />
        </label>
    }
}
