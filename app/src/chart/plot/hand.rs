//! What the pointer and the keys do with a chart: walk along it, hold its values, zoom and come back.

use super::{Focus, Parts};
use crate::chart::{
    extent::{Zoom, extent},
    format,
    gesture::{Drag, zoomed},
    hit,
    lane::Placed,
    scene::Scene,
    tick::Measure,
    tip::{Reading, closest, place_of},
};
use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};

impl Parts {
    fn spot(self, event: &PointerEvent) -> (f64, f64) {
        let ratio = self.scene.get_value().map_or(1.0, |scene| scene.ratio);
        (f64::from(event.offset_x()) * ratio, f64::from(event.offset_y()) * ratio)
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        let Some(scene) = self.scene.get_value() else { return };
        let spot = self.spot(event);
        if let Some(drag) = self.drag.get_untracked() {
            self.drag.set(Some(Drag { to: spot, ..drag }));
        }
        let lines = self.lines.get_untracked().unwrap_or_default();
        let happened = scene.lane.as_ref().map(|lane| lane.under(spot, scene.ratio)).unwrap_or_default();
        if self.happened.with_untracked(|known| *known != happened) {
            self.happened.set(happened);
        }
        let owner = self.happened.with_untracked(|known| known.first().map(|one| one.event.owner.clone()));
        if let Some(owner) = owner {
            self.here.set(false);
            self.view.hover.set(None);
            self.view.focus.set((lines.len() > 1).then(|| Focus::on_all_of(owner)));
            return;
        }
        self.here.set(true);
        let nearest = untrack(|| hit::nearest_x(&self.view.shown(&lines), scene.axes.x.value(spot.0)));
        let hover = nearest.map(|x| (scene.axis, x));
        if self.view.hover.get_untracked() != hover {
            self.view.hover.set(hover);
        }
        let focus = nearest.filter(|_| lines.len() > 1).and_then(|x| {
            let readings = self.read(x);
            closest(&readings, &scene, spot.1).map(|reading| Focus::on_line(&reading.owner, &reading.id))
        });
        if self.view.focus.get_untracked() != focus {
            self.view.focus.set(focus);
        }
    }

    pub(super) fn left(self) {
        self.here.set(false);
        self.happened.set(Vec::new());
        self.view.hover.set(None);
        self.view.focus.set(None);
        self.drag.set(None);
    }

    pub(super) fn pressed(self, event: &PointerEvent) {
        // A finger scrolls the page; only a mouse or a pen chooses a range.
        if event.pointer_type() != "touch" && event.button() == 0 {
            if let Some(canvas) = self.over.get_untracked() {
                // A drag that leaves the chart still ends in it.
                canvas.set_pointer_capture(event.pointer_id()).ok();
            }
            let spot = self.spot(event);
            self.drag.set(Some(Drag { from: spot, to: spot }));
        }
    }

    pub(super) fn released(self, event: &PointerEvent) {
        let Some(scene) = self.scene.get_value() else { return };
        let spot = self.spot(event);
        let drag =
            self.drag.get_untracked().map_or(Drag { from: spot, to: spot }, |drag| Drag { to: spot, ..drag });
        self.drag.set(None);
        if drag.is_click(scene.ratio) {
            self.moved(event);
            self.toggle_pin();
            return;
        }
        let chosen = drag.chosen(&scene);
        if let Some(range) = chosen.y {
            self.y_zoom.set(Some(range));
        }
        if let Some(range) = chosen.x {
            self.pin.set(None);
            self.view.set_zoom(scene.axis, Some(range));
        }
    }

    fn toggle_pin(self) {
        let hover = untrack(|| self.hover());
        self.pin.update(|pin| *pin = if pin.is_some() { None } else { hover });
    }

    pub(super) fn reset(self) {
        self.pin.set(None);
        self.y_zoom.set(None);
        self.view.set_zoom(untrack(|| self.axis()), None);
    }

    /// The same without a pointer.
    pub(super) fn key(self, event: &KeyboardEvent) {
        let Some(scene) = self.scene.get_value() else { return };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let (key, shift) = (event.key(), event.shift_key());
        let done = match key.as_str() {
            "ArrowRight" if shift => self.rescale_x(&scene, 1.0, 0.2),
            "ArrowLeft" if shift => self.rescale_x(&scene, 1.0, -0.2),
            "ArrowUp" if shift => self.rescale_y(&scene, 0.5),
            "ArrowDown" if shift => self.rescale_y(&scene, 2.0),
            "ArrowRight" => self.step(&scene, true),
            "ArrowLeft" => self.step(&scene, false),
            "+" | "=" => self.rescale_x(&scene, 0.5, 0.0),
            "-" => self.rescale_x(&scene, 2.0, 0.0),
            "Enter" => {
                self.toggle_pin();
                true
            }
            "Escape" if self.pin.get_untracked().is_some() => {
                self.pin.set(None);
                true
            }
            "Escape" | "0" => {
                self.reset();
                true
            }
            _ => false,
        };
        if done {
            event.prevent_default();
            event.stop_propagation();
        }
    }

    fn step(self, scene: &Scene, forward: bool) -> bool {
        let lines = self.lines.get_untracked().unwrap_or_default();
        let shown = untrack(|| self.view.shown(&lines));
        let (low, high) = scene.axes.x.domain();
        let next = match untrack(|| self.hover()) {
            Some(x) => hit::next_x(&shown, x, forward),
            None => hit::nearest_x(&shown, if forward { low } else { high }),
        };
        if let Some(x) = next.filter(|x| (low..=high).contains(x)) {
            self.here.set(true);
            self.view.hover.set(Some((scene.axis, x)));
            let events = scene.lane.as_ref().map(|lane| lane.near(scene.axes.x.px(x), scene.ratio));
            let measure = Measure::of(scene.axis);
            self.spoken.set(spoken(measure, x, &self.read(x), &events.unwrap_or_default()));
        }
        true
    }

    fn rescale_x(self, scene: &Scene, factor: f64, shift: f64) -> bool {
        let axes = scene.axes;
        let edges = (scene.area.left, scene.area.right);
        let around = untrack(|| self.hover()).map_or(f64::midpoint(edges.0, edges.1), |x| axes.x.px(x));
        let (low, high) = zoomed(edges, around, factor, shift);
        let (low, high) = (axes.x.value(low), axes.x.value(high));
        let lines = self.lines.get_untracked().unwrap_or_default();
        let all = untrack(|| extent(&self.view.shown(&lines), self.look.get(), Zoom::default()).x);
        let is_zoomed = untrack(|| self.view.zoom(scene.axis)).is_some();
        if factor > 1.0 && (!is_zoomed || (low <= all.0 && high >= all.1)) {
            self.view.set_zoom(scene.axis, None);
        } else if (is_zoomed || factor < 1.0) && low < high && (high - low).is_finite() {
            self.view.set_zoom(scene.axis, Some((low, high)));
        }
        true
    }

    fn rescale_y(self, scene: &Scene, factor: f64) -> bool {
        let edges = (scene.area.bottom, scene.area.top);
        let (low, high) = zoomed(edges, f64::midpoint(edges.0, edges.1), factor, 0.0);
        let (low, high) = (scene.axes.y.value(low), scene.axes.y.value(high));
        if low < high && (high - low).is_finite() {
            self.y_zoom.set(Some((low, high)));
        }
        true
    }
}

fn spoken(measure: Measure, x: f64, readings: &[Reading], events: &[Placed]) -> String {
    // More is not listened to.
    let values = readings.iter().take(5).map(|one| format!("{} {}", one.name, format::number(one.shown())));
    let events = events.iter().take(5).map(|one| format!("event {}", one.event.name));
    format!("{}: {}", place_of(measure, x), values.chain(events).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{lane::Event, line::tests::points, tip::readings};

    #[test]
    fn the_keyboard_says_where_it_is_and_what_stands_there() {
        let line = points(&[0, 119], &[1.0, 0.123_456]);
        let event = Event { name: "saved".into(), ..Event::default() };
        let event = Placed { event, ..Placed::default() };
        let text = spoken(Measure::Step, 119.0, &readings(&[&line], 119.0, 0.0), &[event]);
        assert_eq!(text, "step 119: a 0.1235, event saved");
    }
}
