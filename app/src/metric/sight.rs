//! Which charts of a page somebody may see now.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// Tells which panels are in view, or a screen's height away from it.
pub struct Observer {
    sights: IntersectionObserver,
    _told: Closure<dyn FnMut(js_sys::Array)>,
}

impl Observer {
    pub fn new(tell: impl Fn(String, bool) + 'static) -> Option<Self> {
        let told = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            for entry in entries.iter() {
                let entry: IntersectionObserverEntry = entry.unchecked_into();
                if let Some(key) = entry.target().get_attribute("data-metric") {
                    tell(key, entry.is_intersecting());
                }
            }
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin("200px 0px");
        let sights = IntersectionObserver::new_with_options(told.as_ref().unchecked_ref(), &options).ok()?;
        Some(Self { sights, _told: told })
    }

    pub fn watch(&self, panel: &Element) {
        self.sights.observe(panel);
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.sights.disconnect();
    }
}
