//! Elements that change their size, as long as their page lives.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, HtmlDivElement, ResizeObserver};

/// Calls back with the element now and whenever its size has changed.
pub fn watch(root: NodeRef<html::Div>, changed: impl Fn(&HtmlDivElement) + Clone + 'static) {
    // The effect keeps what it returned until it runs again or ends.
    Effect::new(move |_: Option<Option<Watched>>| {
        let root = root.get()?;
        let (element, changed) = (root.clone(), changed.clone());
        let called = Closure::<dyn FnMut()>::new(move || changed(&element));
        let sizes = ResizeObserver::new(called.as_ref().unchecked_ref()).ok()?;
        sizes.observe(root.unchecked_ref::<Element>());
        Some(Watched { sizes, _called: called })
    });
}

struct Watched {
    sizes: ResizeObserver,
    _called: Closure<dyn FnMut()>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.sizes.disconnect();
    }
}
