//! The theme: as the system says, light or dark. Remembered in a cookie, so that the server renders the next page with it.

use crate::{
    browser,
    ui::{
        erase::{drawn, effect, handler, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};

#[derive(Clone, Copy)]
struct Repaint(RwSignal<u32>);

/// Lets canvases hear of a change of colours; called once for the application.
pub fn provide() {
    let repaint = RwSignal::new(0);
    provide_context(Repaint(repaint));
    effect(move || {
        let Ok(Some(dark)) = window().match_media("(prefers-color-scheme: dark)") else {
            return;
        };
        let changed = Closure::<dyn FnMut()>::new(move || repaint.update(|count| *count += 1));
        dark.set_onchange(Some(changed.as_ref().unchecked_ref()));
        // The application lives as long as the page.
        changed.forget();
    });
}

/// Changes whenever the colours do; whoever paints with them tracks it.
pub fn repaint() -> Signal<u32> {
    expect_context::<Repaint>().0.into()
}

/// Goes round: as the system says, light, dark.
#[component]
pub fn ThemeSwitch(first: String) -> impl IntoView {
    let repaint = expect_context::<Repaint>().0;
    let theme = RwSignal::new(first);
    let parts = move || match theme.get().as_str() {
        "light" => ("sun", "Light", "dark"),
        "dark" => ("moon", "Dark", ""),
        _ => ("auto", "Auto", "light"),
    };
    let switch = move |_| {
        let next = parts().2;
        browser::set_root_attribute("data-theme", next);
        browser::remember("trackway_theme", next);
        theme.set(next.to_owned());
        repaint.update(|count| *count += 1);
    };
    let label = move || format!("Theme: {}", parts().1.to_lowercase());
    view! {
        <button class="rail__item" type="button" data-key="theme" on:click=handler(switch) aria-label=drawn(label) title=drawn(label)>
            {move || view! { <Icon name=parts().0 /> }}
            <span class="rail__word">{move || parts().1}</span>
        </button>
    }
}
