//! The images of one name: what was logged at the step, and the same at full size.

use super::step::Steps;
use crate::{
    artifact,
    run::RunView,
    ui::{
        dialog::Dialog,
        erase::{Show, drawn, effect, handler, memo, view},
        icon::Icon,
    },
};
use leptos::{ev, html, prelude::*};
use model::media::StepFile;
use web_sys::HtmlImageElement;

/// An image that may be none, and whose address may change. A click goes to it, or calls what opens it.
#[component]
pub fn Still(
    /// Absent where there is nothing to be shown.
    source: Memo<Option<String>>,
    #[prop(into)] alt: Signal<String>,
    #[prop(optional)] on_open: Option<Callback<()>>,
) -> impl IntoView {
    let broken = RwSignal::new(None::<String>);
    let node = NodeRef::<html::Img>::new();
    // What failed before the page woke told nobody.
    effect(move || {
        if let Some(image) = node.get()
            && failed(&image)
        {
            broken.set(source.get_untracked());
        }
    });
    let whole = memo(move || source.with(|source| source.is_some() && broken.get() != *source));
    let address = move || source.get().unwrap_or_default();
    let open = move |event: ev::MouseEvent| {
        if let Some(open) = on_open
            && !event.ctrl_key()
            && !event.meta_key()
            && !event.shift_key()
        {
            event.prevent_default();
            open.run(());
        }
    };
    view! {
        <Show
            when=move || whole.get()
            fallback=move || {
                let here = source.with(Option::is_some);
                let words = if here { "This file is no image that can be shown." } else { "–" };
                view! { <div class="still__none muted">{words}</div> }
            }
        >
            <a class="still" href=drawn(address) rel="external" on:click=handler(open)>
                <img
                    class="still__image"
                    node_ref=node
                    src=drawn(address)
                    alt=alt
                    loading="lazy"
                    decoding="async"
                    on:error=handler(move |_| broken.set(source.get_untracked()))
                />
            </a>
        </Show>
    }
}

fn failed(image: &HtmlImageElement) -> bool {
    image.complete() && image.natural_width() == 0
}

/// What stands below a file: its step, where it is not the one that is looked at.
pub fn said(shown: Option<&StepFile>, step: i64) -> String {
    match shown {
        None => "nothing up to here".to_owned(),
        Some(one) if one.step < step => format!("step {}, the last before", one.step),
        Some(one) => format!("step {}", one.step),
    }
}

/// One name.
#[component]
pub fn Card(view: RunView, name: String, files: Memo<Vec<StepFile>>, steps: Steps) -> impl IntoView {
    let open = RwSignal::new(false);
    let shown = memo(move || files.with(|files| StepFile::at(files, steps.current.get()).cloned()));
    let source = memo(move || shown.get().map(|one| artifact::run_source(&view.id(), &one.path)));
    let title = name.clone();
    let alt = Signal::derive(move || {
        format!("{name} at step {}", shown.with(|shown| shown.as_ref().map_or(0, |one| one.step)))
    });
    // To the image before the one that is shown, or after it.
    let turn = move |forth: bool| {
        let at = shown.with_untracked(|shown| shown.as_ref().map(|one| one.step));
        let next = files.with_untracked(|files| {
            let beyond =
                |one: &&StepFile| at.is_none_or(|at| if forth { one.step > at } else { one.step < at });
            let next = if forth { files.iter().find(beyond) } else { files.iter().rfind(beyond) };
            next.map(|one| one.step)
        });
        if let Some(step) = next {
            steps.go_to(step);
        }
    };
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowLeft" => turn(false),
        "ArrowRight" => turn(true),
        _ => {}
    };
    let told = move || shown.with(|shown| said(shown.as_ref(), steps.current.get()));
    let download = move || source.get().map(|source| format!("{source}?download=true"));
    view! {
        <li class="media-image" on:keydown=handler(move |event| if open.get_untracked() { keys(event) })>
            <span class="media-image__name mono" title=title.clone()>{title.clone()}</span>
            <Still source alt on_open=Callback::new(move |()| open.set(true)) />
            <span class="muted num">{move || told()}</span>
            <Dialog open title=alt>
                <div class="media-large">
                    <Still source alt />
                    <div class="media-large__foot">
                        <button class="button" type="button" on:click=handler(move |_| turn(false))>
                            "Step before"
                        </button>
                        <span class="num" role="status">{move || told()}</span>
                        <button class="button" type="button" on:click=handler(move |_| turn(true))>
                            "Step after"
                        </button>
                        <a class="button" href=move || download().unwrap_or_default() download="">
                            <Icon name="download" />
                            "Download"
                        </a>
                    </div>
                </div>
            </Dialog>
        </li>
    }
}
