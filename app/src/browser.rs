//! The few things asked of the browser itself. Called from effects and event handlers only, so never on the server.

use js_sys::Promise;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlDocument, HtmlElement};

/// Puts a text on the clipboard.
pub fn copy(text: &str) {
    // The promise fails only when the page may not use the clipboard; there is nothing to add to that.
    let _ = window().navigator().clipboard().write_text(text);
}

/// Lets some time pass.
pub async fn wait(pause: Duration) {
    if pause.is_zero() {
        return;
    }
    let millis = i32::try_from(pause.as_millis()).unwrap_or(i32::MAX);
    let passed = Promise::new(&mut |done, _| {
        window().set_timeout_with_callback_and_timeout_and_arguments_0(&done, millis).ok();
    });
    JsFuture::from(passed).await.ok();
}

/// Sets an attribute of the document's root element; an empty value removes it.
pub fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        if value.is_empty() {
            root.remove_attribute(name).ok();
        } else {
            root.set_attribute(name, value).ok();
        }
    }
}

/// Remembers a choice for a year, in a cookie, so that the server renders the next page with it.
pub fn remember(name: &str, value: &str) {
    let age = if value.is_empty() { 0 } else { 31_536_000 };
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax");
    document().unchecked_into::<HtmlDocument>().set_cookie(&cookie).ok();
}

/// Gives this entry of the history another address, without going anywhere: the router hears nothing of it.
pub fn rename_entry(href: &str) {
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or_default();
        history.replace_state_with_url(&state, "", Some(href)).ok();
    }
}

/// The path of the page, as the address says it.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// What stands behind the `?` of the address.
pub fn search() -> String {
    window().location().search().unwrap_or_default()
}

/// Scheme, name and port of the server.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// The address of the page, as a copied link has it.
pub fn address() -> String {
    origin() + &path() + &search()
}

/// Scrolls a strip sideways until what matches in it stands in its middle, and nothing else on the page.
pub fn reveal(strip: &HtmlElement, selector: &str) {
    let part =
        strip.query_selector(selector).ok().flatten().and_then(|part| part.dyn_into::<HtmlElement>().ok());
    if let Some(part) = part {
        let (strip_at, at) = (strip.get_bounding_client_rect(), part.get_bounding_client_rect());
        let off = at.left() + at.width() / 2.0 - strip_at.left() - strip_at.width() / 2.0;
        strip.set_scroll_left(strip.scroll_left() + off as i32);
    }
}

/// The first element that matches a selector.
pub fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// All elements that match a selector, in document order.
pub fn find_all(selector: &str) -> Vec<HtmlElement> {
    let Ok(list) = document().query_selector_all(selector) else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|index| list.get(index)?.dyn_into().ok()).collect()
}

/// The element that has the keyboard.
pub fn focused() -> Option<Element> {
    document().active_element()
}

/// Whether keys typed now are text.
pub fn typing() -> bool {
    focused().is_some_and(|element| {
        let name = element.tag_name();
        matches!(name.as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            && element.get_attribute("type").is_none_or(|kind| kind != "checkbox")
    })
}

/// The value of a CSS custom property as it applies to an element.
pub fn css_variable(element: &Element, name: &str) -> String {
    window()
        .get_computed_style(element)
        .ok()
        .flatten()
        .and_then(|style| style.get_property_value(name).ok())
        .map(|value| value.trim().to_owned())
        .unwrap_or_default()
}
