//! A box that opens from a button, on the browser's own `<details>`: works before wasm arrives.

use super::erase::{effect, handler, view};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// Opens on a click on `label`; closes on Escape and on a click anywhere else.
#[component]
pub fn Popover(label: AnyView, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    effect(move || {
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
    let place = move |_| {
        if let Some(details) = node.get_untracked() {
            open_inwards(&details);
        }
    };
    view! {
        <details class="popover" node_ref=node on:keydown=handler(escape) on:toggle=handler(place)>
            <summary class="button">{label}</summary>
            {children()}
        </details>
    }
}

/// A box ends where its button ends, unless it would leave the window there; then both begin at one place.
fn open_inwards(details: &Element) {
    details.remove_attribute("data-from").ok();
    let edge = details.last_element_child().map(|shown| shown.get_bounding_client_rect().left());
    if edge.is_some_and(|edge| edge < 0.0) {
        details.set_attribute("data-from", "left").ok();
    }
}
