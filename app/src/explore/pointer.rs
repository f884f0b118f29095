//! What a pointer does over a picture of runs: the run under it is lit here and in the list below and says what it has; a
//! click keeps that, so that its link can be reached.

use super::{Stage, Tip};
use crate::ui::erase::{memo, view, watch};
use leptos::{ev::PointerEvent, html, prelude::*};
use model::query::Field;
use wasm_bindgen::JsCast;
use web_sys::Element;

#[derive(Clone, Copy)]
pub(super) struct Pointer {
    stage: Stage,
    pub root: NodeRef<html::Div>,
    /// Where the pointer was when a run came under it.
    tip: RwSignal<Option<(usize, f64, f64)>>,
    pub pinned: RwSignal<bool>,
}

impl Pointer {
    pub fn new(stage: Stage) -> Self {
        let pointer =
            Self { stage, root: NodeRef::new(), tip: RwSignal::new(None), pinned: RwSignal::new(false) };
        // Another run may stand at the place that is kept.
        let ids = memo(move || stage.data.current.with(|data| data.ids.clone()));
        watch(move || ids.track(), move |(), _| pointer.let_go());
        pointer
    }

    /// Where the pointer is inside the picture, in CSS pixels.
    pub fn at(self, event: &PointerEvent) -> (f64, f64) {
        let Some(root) = self.root.get_untracked() else { return (0.0, 0.0) };
        let edge = root.unchecked_ref::<Element>().get_bounding_client_rect();
        (f64::from(event.client_x()) - edge.left(), f64::from(event.client_y()) - edge.top())
    }

    /// What the pointer does outside the picture still belongs to what it began inside.
    pub fn capture(self, event: &PointerEvent) {
        if let Some(root) = self.root.get_untracked() {
            root.unchecked_ref::<Element>().set_pointer_capture(event.pointer_id()).ok();
        }
    }

    /// Lights the run that `hit` finds at a place, unless a click holds another.
    pub fn follow(self, at: (f64, f64), hit: impl FnOnce() -> Option<usize>) {
        if !self.pinned.get_untracked() {
            let hit = hit();
            // Over the same nothing nothing is drawn again.
            if self.stage.hover.get_untracked() != hit {
                self.stage.hover.set(hit);
            }
            if hit.is_some() || self.tip.with_untracked(Option::is_some) {
                self.tip.set(hit.map(|row| (row, at.0, at.1)));
            }
        }
    }

    pub fn left(self) {
        if !self.pinned.get_untracked() {
            self.let_go();
        }
    }

    /// A click holds what is under the pointer; the next lets it go.
    pub fn toggle(self) {
        if !self.pinned.get_untracked() && self.tip.with_untracked(Option::is_some) {
            self.pinned.set(true);
        } else {
            self.let_go();
        }
    }

    pub fn let_go(self) {
        self.pinned.set(false);
        self.tip.set(None);
        self.stage.hover.set(None);
    }

    /// What stands beside the pointer, in a picture of this width.
    pub fn tip(self, width: f64, fields: impl FnOnce() -> Vec<Field>) -> Option<AnyView> {
        let (row, x, y) = self.tip.get()?;
        let stage = self.stage;
        Some(view! { <Tip stage row fields=fields() at=(x, y, x > width / 2.0) /> })
    }
}
