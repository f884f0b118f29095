//! Between the page that the server rendered and the one that is alive. What a page is stands in its address, which must not
//! change in between: until then links are the browser's own to follow.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event};

/// What the document is marked with once its page is alive.
const AWAKE: &str = "data-awake";

fn is_awake() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute(AWAKE))
}

/// Before anything of the page is alive.
pub fn begin() {
    let keep = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let on_link = target.is_some_and(|target| target.closest("a[href]").is_ok_and(|link| link.is_some()));
        if on_link && !is_awake() {
            // The router listens further out.
            event.stop_propagation();
        }
    });
    let listener = keep.into_js_value();
    window().add_event_listener_with_callback_and_bool("click", listener.unchecked_ref(), true).ok();
}

/// The page is made: what the server rendered wakes with it, at once.
pub fn end() {
    if !is_awake() {
        request_animation_frame(|| {
            if let Some(root) = document().document_element() {
                root.set_attribute(AWAKE, "").ok();
            }
        });
    }
}
