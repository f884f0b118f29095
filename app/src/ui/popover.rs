//! A box that opens from a button, on the browser's own `<details>`: works before wasm arrives.

use super::erase::{effect, handler, view, watch};
use leptos::{ev, html, prelude::*, reactive::spawn_local_scoped, tachys::view::Mountable};
use std::{pin::Pin, sync::Arc};
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// Opens on a click on `label`; closes on Escape and on a click anywhere else.
#[component]
pub fn Popover(label: AnyView, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    let wanted = RwSignal::new(false);
    provide_context(Wanted(wanted));
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
            if !wanted.get_untracked() {
                wanted.set(true);
            }
            open_inwards(&details);
        }
    };
    // Who points at it will open it.
    let near = move |_: ev::PointerEvent| {
        if !wanted.get_untracked() {
            wanted.set(true);
        }
    };
    view! {
        <details class="popover" node_ref=node on:keydown=handler(escape) on:toggle=handler(place)>
            <summary class="button" on:pointerenter=handler(near)>
                {label}
            </summary>
            {children()}
        </details>
    }
}

/// A box ends where its button ends, unless it would leave the window there; then both begin at one place.
fn open_inwards(details: &Element) {
    details.remove_attribute("data-from").ok();
    let shown = details.query_selector(".popover__box").ok().flatten();
    let edge = shown.map(|shown| shown.get_bounding_client_rect().left());
    if edge.is_some_and(|edge| edge < 0.0) {
        details.set_attribute("data-from", "left").ok();
    }
}

/// That the popover around is open, or was, or is about to be.
#[derive(Clone, Copy)]
struct Wanted(RwSignal<bool>);

/// What is drawn once its module is here.
pub struct Part(Arc<dyn Fn() -> PartDrawn + Send + Sync>);

type PartDrawn = Pin<Box<dyn Future<Output = AnyView> + Send>>;

impl<F, D> From<F> for Part
where
    F: Fn() -> D + Send + Sync + 'static,
    D: Future<Output = AnyView> + Send + 'static,
{
    fn from(draw: F) -> Self {
        Self(Arc::new(move || Box::pin(draw())))
    }
}

/// What a popover holds, asleep: the server has drawn it, so that it works before wasm arrives, and so it stays until the
/// popover is wanted. Then its module comes, and what is alive takes its place.
#[component]
pub fn Asleep(#[prop(into)] part: Part) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let Part(draw) = part;
    #[cfg(feature = "ssr")]
    let asleep = view! { <div class="popover__asleep" node_ref=node>{Suspend::new(draw())}</div> };
    // What the server has put into it is not for waking.
    #[cfg(not(feature = "ssr"))]
    let asleep = view! { <div class="popover__asleep" node_ref=node></div> };
    let owner = Owner::current().unwrap_or_default();
    let wanted = use_context::<Wanted>().map_or_else(|| RwSignal::new(true), |wanted| wanted.0);
    let woken = StoredValue::new(false);
    watch(
        move || wanted.get(),
        move |wanted, _| {
            if *wanted && !woken.get_value() {
                woken.set_value(true);
                owner.with(|| wake(node, draw()));
            }
        },
    );
    asleep
}

fn wake(node: NodeRef<html::Div>, part: PartDrawn) {
    // What is clicked meanwhile would be lost.
    let inert = move |on: bool| {
        if let Some(node) = node.get_untracked() {
            node.toggle_attribute_with_force("inert", on).ok();
        }
    };
    inert(true);
    let held = StoredValue::new_local(None);
    spawn_local_scoped(async move {
        let view = part.await;
        let Some(node) = node.try_get_untracked().flatten() else { return };
        node.set_inner_html("");
        let mut state = view.build();
        state.mount(&node, None);
        // With this its closures live, as long as the page around.
        held.try_set_value(Some(state));
        inert(false);
        if let Some(details) = node.closest("details[open]").ok().flatten() {
            open_inwards(&details);
        }
    });
}
