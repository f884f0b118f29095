//! What a drag over a chart means: a range of x, a range of y, or a box of both; and how keys move what is in view.

use super::scene::{Area, Scene};

/// From where to where, in device pixels of the canvas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drag {
    pub from: (f64, f64),
    pub to: (f64, f64),
}

/// The ranges that a drag chose.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chosen {
    pub x: Option<(f64, f64)>,
    pub y: Option<(f64, f64)>,
}

/// Less than so many CSS pixels is a click with an unsteady hand.
const CLICK: f64 = 6.0;
/// Less than so many to one side means that only the other direction counts.
const STRAIGHT: f64 = 18.0;

impl Drag {
    /// Which directions count; none of them is a click.
    fn ways(self, ratio: f64) -> (bool, bool) {
        let size = |a: f64, b: f64| (b - a).abs() / ratio;
        let (wide, high) = (size(self.from.0, self.to.0), size(self.from.1, self.to.1));
        if wide < CLICK && high < CLICK {
            (false, false)
        } else if wide >= STRAIGHT && high >= STRAIGHT {
            (true, true)
        } else {
            (wide >= high, high > wide)
        }
    }

    pub fn is_click(self, ratio: f64) -> bool {
        self.ways(ratio) == (false, false)
    }

    /// The rectangle that is being chosen.
    pub fn area(self, scene: &Scene) -> Option<Area> {
        let (plot, (x, y)) = (scene.area, self.ways(scene.ratio));
        let span = |on: bool, a: f64, b: f64, low: f64, high: f64| {
            if on { (a.min(b).clamp(low, high), a.max(b).clamp(low, high)) } else { (low, high) }
        };
        let (left, right) = span(x, self.from.0, self.to.0, plot.left, plot.right);
        let (top, bottom) = span(y, self.from.1, self.to.1, plot.top, plot.bottom);
        (x || y).then_some(Area { left, right, top, bottom })
    }

    pub fn chosen(self, scene: &Scene) -> Chosen {
        let Some(area) = self.area(scene) else { return Chosen::default() };
        let (x, y) = self.ways(scene.ratio);
        let range = |low: f64, high: f64| (low < high && (high - low).is_finite()).then_some((low, high));
        let xs = range(scene.axes.x.value(area.left), scene.axes.x.value(area.right));
        let ys = range(scene.axes.y.value(area.bottom), scene.axes.y.value(area.top));
        Chosen { x: xs.filter(|_| x), y: ys.filter(|_| y) }
    }
}

/// A range of pixels made smaller or larger around a place in it, and moved by a share of its size.
pub fn zoomed((low, high): (f64, f64), around: f64, factor: f64, shift: f64) -> (f64, f64) {
    let moved = (high - low) * shift;
    (around + (low - around) * factor + moved, around + (high - around) * factor + moved)
}

#[cfg(test)]
mod tests {
    use super::super::{
        extent::{Look, Zoom},
        line::tests::points,
        scene::{Dress, Size, scene},
    };
    use super::*;

    fn example() -> Scene {
        let line = points(&[0, 100], &[0.0, 1.0]);
        let size = Size { width: 400.0, height: 200.0, ratio: 2.0 };
        scene(&[&line], Look::default(), Zoom::default(), size, &Dress::default()).expect("has a curve")
    }

    fn drag(dx: f64, dy: f64) -> Drag {
        let area = example().area;
        let from = (area.left + 40.0, area.top + 40.0);
        Drag { from, to: (from.0 + dx * 2.0, from.1 + dy * 2.0) }
    }

    #[test]
    fn the_direction_decides_what_is_chosen() {
        let scene = example();
        let ways = |dx, dy| {
            let chosen = drag(dx, dy).chosen(&scene);
            (chosen.x.is_some(), chosen.y.is_some())
        };
        assert_eq!(ways(80.0, 5.0), (true, false));
        assert_eq!(ways(5.0, 60.0), (false, true));
        assert_eq!(ways(80.0, 60.0), (true, true));
        assert_eq!(ways(3.0, 4.0), (false, false));
        assert!(drag(3.0, 4.0).is_click(scene.ratio));
    }

    #[test]
    fn a_range_is_that_under_the_rectangle_whichever_way_it_was_drawn() {
        let scene = example();
        let area = scene.area;
        let all = Drag { from: (area.right + 50.0, area.bottom + 50.0), to: (area.left, area.top) };
        let chosen = all.chosen(&scene);
        assert_eq!(chosen.x, Some((0.0, 100.0)));
        let (low, high) = chosen.y.expect("a range of values");
        assert!((low + 0.06).abs() < 1e-9 && (high - 1.06).abs() < 1e-9);
    }

    #[test]
    fn keys_zoom_around_a_place_and_pan() {
        assert_eq!(zoomed((0.0, 100.0), 20.0, 0.5, 0.0), (10.0, 60.0));
        assert_eq!(zoomed((10.0, 60.0), 20.0, 2.0, 0.0), (0.0, 100.0));
        assert_eq!(zoomed((0.0, 100.0), 0.0, 1.0, 0.2), (20.0, 120.0));
    }
}
