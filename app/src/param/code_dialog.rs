//! A dialog that shows a run's params as code, to be copied.

use super::code::{self, Form};
use crate::{
    run::RunView,
    ui::{
        copy::Copy,
        dialog::Dialog,
        erase::{handler, memo, view},
    },
};
use leptos::prelude::*;

/// Lines that are shown: the copy has all.
const LINES_MAX: usize = 200;

#[component]
pub fn CodeDialog(view: RunView, open: RwSignal<bool>) -> impl IntoView {
    let form = RwSignal::new(Form::Python);
    let nested = RwSignal::new(false);
    let text = memo(move || {
        if open.get() {
            view.detail.current.with(|detail| code::write(&detail.params, form.get(), nested.get()))
        } else {
            String::new()
        }
    });
    let choice = move |one: Form| {
        view! {
            <button
                class="switch__part"
                type="button"
                aria-pressed=move || (form.get() == one).to_string()
                on:click=handler(move |_| form.set(one))
            >
                {one.title()}
            </button>
        }
    };
    let shown = move || text.with(|text| text.lines().take(LINES_MAX).collect::<Vec<_>>().join("\n"));
    let rest = move || {
        let rest = text.with(|text| text.lines().count()).saturating_sub(LINES_MAX);
        (rest > 0)
            .then(|| view! { <p class="muted">{format!("and {rest} more lines, which a copy has")}</p> })
    };
    view! {
        <Dialog open title="Params as code">
            <div class="toolbar">
                <div class="switch" role="group" aria-label="Written as">{Form::ALL.map(choice).collect_view()}</div>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=nested
                        prop:disabled=move || form.get() == Form::Flags
                        on:change=handler(move |event| nested.set(event_target_checked(&event)))
                    />
                    "Nested by . and /"
                </label>
                <Copy text=text what="code" />
            </div>
            <pre class="param-code mono" tabindex="0" role="region" aria-label="Code">
                {move || shown()}
            </pre>
            {move || rest()}
        </Dialog>
    }
}
