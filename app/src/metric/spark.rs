//! The curves of a run's key metrics, a glance wide: all of them come in one request.

use super::fetch::{self, Ask};
use crate::{
    run::RunView,
    ui::erase::{effect, view},
};
use leptos::{prelude::*, task::spawn_local};
use model::{
    metric::Context,
    series::{Axis, Columns, Series, Smoothing},
};
use std::{collections::HashMap, fmt::Write as _};

/// Size of a drawing.
const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 20.0;
/// Buckets of a curve: a mark each one and a half pixels.
const BUCKETS: u32 = 64;

/// Paths by key and context.
type Paths = HashMap<(String, String), String>;

/// The curves of the metrics of these keys, drawn anew when something is logged.
#[derive(Clone, Copy)]
pub struct Sparks(RwSignal<Paths>);

impl Sparks {
    pub fn new(view: RunView, keys: Memo<Vec<String>>) -> Self {
        let paths = RwSignal::new(Paths::new());
        let ask = || Ask {
            axis: Axis::Step,
            over: String::new(),
            smoothing: Smoothing::None,
            weight: 0.0,
            range: None,
            spread: None,
            expression: None,
        };
        let look = move || {
            let keys = keys.get_untracked();
            spawn_local(async move {
                let mut drawn = Paths::new();
                for request in fetch::requests(&[view.id()], &[], &keys, BUCKETS, &ask()) {
                    // A glance that cannot be had is left out; the charts say why.
                    let Ok(found) = fetch::fetch(&request).await else { return };
                    drawn.extend(found.iter().map(|one| ((one.key.clone(), one.context.label()), path(one))));
                }
                paths.try_set(drawn);
            });
        };
        effect(move || {
            keys.track();
            view.logged.track();
            look();
        });
        Self(paths)
    }

    /// The drawing of a metric, once it is there.
    pub fn draw(self, key: String, context: &Context) -> impl IntoView + use<> {
        let name = (key, context.label());
        move || {
            let path = self.0.with(|paths| paths.get(&name).cloned()).unwrap_or_default();
            view! {
                <svg
                    class="metric-spark"
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    aria-hidden="true"
                >
                    <path d=path></path>
                </svg>
            }
        }
    }
}

fn path(series: &Series) -> String {
    let (steps, values) = match &series.columns {
        Columns::Points(points) => (&points.steps, &points.values),
        Columns::Buckets(buckets) => (&buckets.last_steps, &buckets.mean),
        Columns::Group(_) | Columns::Texts(_) => return String::new(),
    };
    let points: Vec<_> = steps.iter().zip(values).map(|(step, value)| (*step as f64, *value)).collect();
    path_of(&points)
}

/// From left to right and from the lowest to the highest; a curve that is no number for a while has a hole there.
fn path_of(points: &[(f64, f64)]) -> String {
    let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
    let edges = |read: fn(&(f64, f64)) -> f64| {
        finite
            .clone()
            .map(read)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ((left, right), (low, high)) = (edges(|point| point.0), edges(|point| point.1));
    let place = |value: f64, low: f64, high: f64| {
        // Halved, so that the widest numbers do not overflow.
        let span = high / 2.0 - low / 2.0;
        if span > 0.0 { (value / 2.0 - low / 2.0) / span } else { 0.5 }
    };
    let mut path = String::new();
    let mut drawing = false;
    for (x, y) in points {
        if !(x.is_finite() && y.is_finite()) {
            drawing = false;
            continue;
        }
        let x = 1.0 + place(*x, left, right) * (WIDTH - 2.0);
        let y = HEIGHT - 1.5 - place(*y, low, high) * (HEIGHT - 3.0);
        let verb = if drawing { 'L' } else { 'M' };
        write!(path, "{verb}{x:.1} {y:.1}").expect("a text takes all");
        if !drawing {
            // A point alone is seen, too.
            path.push_str("h.01");
        }
        drawing = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_fills_its_drawing_and_has_holes_where_it_is_no_number() {
        assert_eq!(path_of(&[(0.0, 5.0), (10.0, 1.0)]), "M1.0 1.5h.01L95.0 18.5");
        assert_eq!(path_of(&[(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0)]), "M1.0 18.5h.01M95.0 1.5h.01");
    }

    #[test]
    fn odd_curves_are_drawn_in_the_middle_or_not_at_all() {
        assert_eq!(path_of(&[(3.0, 7.0)]), "M48.0 10.0h.01");
        assert_eq!(path_of(&[]), "");
        assert_eq!(path_of(&[(0.0, f64::INFINITY), (1.0, f64::NAN)]), "");
        assert_eq!(path_of(&[(0.0, f64::MIN), (1.0, f64::MAX)]), "M1.0 18.5h.01L95.0 1.5");
    }
}
