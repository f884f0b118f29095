//! A modal dialog on the browser's own `<dialog>`: it traps focus, closes on Escape and gives focus back.

use super::icon::Icon;
use leptos::{html, prelude::*};

/// Shown while `open` holds; closing it by any means clears `open`.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let content = StoredValue::new(children);
    Effect::new(move || {
        let Some(dialog) = node.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                dialog.show_modal().ok();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog class="dialog" node_ref=node on:close=move |_| open.set(false) aria-label=title>
            <div class="dialog__head">
                <h2>{title}</h2>
                <button
                    class="button button--icon"
                    type="button"
                    aria-label="Close"
                    on:click=move |_| open.set(false)
                >
                    <Icon name="cross" />
                </button>
            </div>
            <Show when=move || open.get()>{content.with_value(|content| content())}</Show>
        </dialog>
    }
}
