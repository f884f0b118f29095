//! Short messages that pass by themselves, read out by screen readers.

use super::{
    erase::{For, handler, view},
    icon::Icon,
};
use leptos::prelude::*;
use std::time::Duration;

#[derive(Clone)]
struct Toast {
    id: u32,
    text: String,
    failed: bool,
    offer: Option<(&'static str, Callback<()>)>,
}

/// Shows messages; provided by the frame.
#[derive(Clone, Copy)]
pub struct Toaster {
    shown: RwSignal<Vec<Toast>>,
    next_id: StoredValue<u32>,
}

impl Toaster {
    pub fn provide() -> Self {
        let toaster = Self { shown: RwSignal::new(Vec::new()), next_id: StoredValue::new(0) };
        provide_context(toaster);
        toaster
    }

    /// The frame's, from inside any page.
    pub fn here() -> Self {
        expect_context()
    }

    pub fn say(self, text: impl Into<String>) {
        self.show(text.into(), false, None);
    }

    pub fn fail(self, text: impl Into<String>) {
        self.show(text.into(), true, None);
    }

    /// A message with something to do about it, such as to undo what it tells of.
    pub fn offer(self, text: impl Into<String>, word: &'static str, then: Callback<()>) {
        self.show(text.into(), false, Some((word, then)));
    }

    fn show(self, text: String, failed: bool, offer: Option<(&'static str, Callback<()>)>) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        let offers = offer.is_some();
        self.shown.update(|shown| {
            // The newest offer alone stands.
            shown.retain(|toast| !offers || toast.offer.is_none());
            shown.push(Toast { id, text, failed, offer });
        });
        // Eight seconds are long enough to read an error and short enough not to pile up; whoever may want to undo
        // something has to see first what it did.
        set_timeout(move || self.drop(id), Duration::from_secs(if offers { 20 } else { 8 }));
    }

    fn drop(self, id: u32) {
        self.shown.update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// Where messages appear.
#[component]
pub fn Toasts(toaster: Toaster) -> impl IntoView {
    let one = move |toast: Toast| {
        let class = if toast.failed { "toast toast--failed" } else { "toast" };
        view! {
            <div class=class>
                <Icon name=if toast.failed { "alert" } else { "check" } />
                <span>{toast.text}</span>
                {toast
                    .offer
                    .map(|(word, then)| {
                        view! {
                            <button
                                class="button toast__offer"
                                type="button"
                                on:click=handler(move |_| {
                                    toaster.drop(toast.id);
                                    then.run(());
                                })
                            >
                                {word}
                            </button>
                        }
                    })}
                <button
                    class="button button--icon"
                    type="button"
                    aria-label="Dismiss"
                    on:click=handler(move |_| toaster.drop(toast.id))
                >
                    <Icon name="cross" />
                </button>
            </div>
        }
    };
    view! {
        <div class="toasts" role="status" aria-label="Messages">
            <For each=move || toaster.shown.get() key=|toast| toast.id children=one />
        </div>
    }
}
