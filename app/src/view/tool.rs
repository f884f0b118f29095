//! What the run table's toolbar has of views: the menu, and the steps back and forth.

use super::{Views, menu::Menu};
use crate::ui::{
    erase::{drawn, handler, view},
    icon::Icon,
};
use leptos::prelude::*;

#[component]
pub fn Tools() -> impl IntoView {
    let views = Views::here();
    let step = views.step();
    let button =
        move |back: bool, icon: &'static str, key: &'static str, label: &'static str, keys: &'static str| {
            let step = step.clone();
            let off =
                move || views.steps.with(|steps| !if back { steps.can_undo() } else { steps.can_redo() });
            view! {
                <button
                    class="button views__step"
                    type="button"
                    aria-label=label
                    title=format!("{label} ({keys})")
                    data-key=key
                    disabled=drawn(off)
                    on:click=handler(move |_| step(back))
                >
                    <Icon name=icon />
                </button>
            }
        };
    view! {
        <div class="views__steps" role="group" aria-label="Changes of the view">
            {button.clone()(true, "undo", "undo", "Undo the change of the view", "Ctrl+Z")}
            {button(false, "redo", "redo", "Redo the change of the view", "Ctrl+Shift+Z")}
        </div>
        <Menu views />
    }
}
