//! A modal dialog on the browser's own `<dialog>`: it traps focus, closes on Escape and gives focus back.

use super::{
    erase::{Show, effect, handler, view, watch},
    icon::Icon,
};
use leptos::{html, prelude::*};
use web_sys::HtmlDialogElement;

/// A page that is on its way in is drawn within so many frames.
const FRAMES_MAX: u32 = 1_800;

/// A dialog that opens with its page is made before the page is in the document, where it cannot be shown yet.
fn show(dialog: HtmlDialogElement, open: RwSignal<bool>, frames: u32) {
    let wanted = open.try_get_untracked() == Some(true) && !dialog.open();
    if wanted && dialog.show_modal().is_err() && frames > 0 {
        request_animation_frame(move || show(dialog, open, frames - 1));
    }
}

/// Open while there is something that the dialog is about; closing it by any means forgets that.
pub fn open_while<T: Send + Sync + 'static>(about: RwSignal<Option<T>>) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    effect(move || open.set(about.with(Option::is_some)));
    watch(
        move || open.get(),
        move |open, was| {
            if was == Some(&true) && !open {
                about.set(None);
            }
        },
    );
    open
}

/// Shown while `open` holds; closing it by any means clears `open`.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let content = StoredValue::new(children);
    effect(move || {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => show(dialog, open, FRAMES_MAX),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog class="dialog" node_ref=node on:close=handler(move |_| open.set(false)) aria-label=title>
            <div class="dialog__head">
                <h2>{title}</h2>
                <button
                    class="button button--icon"
                    type="button"
                    aria-label="Close"
                    on:click=handler(move |_| open.set(false))
                >
                    <Icon name="cross" />
                </button>
            </div>
            <Show when=move || open.get()>{content.with_value(|content| content())}</Show>
        </dialog>
    }
}
