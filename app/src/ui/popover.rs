//! A box that opens from a button, on the browser's own `<details>`: works before wasm arrives.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Node;

/// Opens on a click on `label`; closes on Escape and on a click anywhere else.
#[component]
pub fn Popover(label: AnyView, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    Effect::new(move || {
        let clicked = window_event_listener(ev::click, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
            if let Some(details) = node.get_untracked()
                && !details.contains(target.as_ref())
            {
                details.set_open(false);
            }
        });
        on_cleanup(move || clicked.remove());
    });
    let escape = move |event: ev::KeyboardEvent| {
        if let Some(details) = node.get_untracked()
            && event.key() == "Escape"
        {
            details.set_open(false);
        }
    };
    view! {
        <details class="popover" node_ref=node on:keydown=escape>
            <summary class="button">{label}</summary>
            {children()}
        </details>
    }
}
