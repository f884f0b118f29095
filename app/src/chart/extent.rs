//! What the axes show of lines: all of it, the part zoomed to, or without outliers.

use super::{
    line::Line,
    scale::{Bend, Kind, widen_bent},
};
use model::series::Axis;
use serde::{Deserialize, Serialize};

/// How lines are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub x: Kind,
    pub y: Kind,
    pub ignores_outliers: bool,
    /// Buckets as a band with their last values in it, not as what they hold.
    pub band: bool,
}

/// The part of the plane that a person looks at; `None` shows all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zoom {
    pub x: Option<(f64, f64)>,
    pub y: Option<(f64, f64)>,
}

/// The ranges that the axes show, and how they are bent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub x_bend: Bend,
    pub y_bend: Bend,
}

/// What "ignore outliers" does, for people to read.
pub const OUTLIER_RULE: &str = "Outliers: the y axis spans the 5th to the 95th percentile of the values in view, and half as much again to \
     either side. What lies beyond is counted, not drawn.";
const OUTLIER_SHARE: f64 = 0.05;
const OUTLIER_ROOM: f64 = 0.5;

/// Room above and below curves, as a share of their range.
const ROOM: f64 = 0.06;
/// A symlog axis is straight below a millionth of what it reaches to: further decades would be noise around zero.
const SYMLOG_DECADES: f64 = 1e-6;

pub fn extent(lines: &[&Line], look: Look, zoom: Zoom) -> Extent {
    let x = x_range(lines, look.x, zoom.x);
    let x_bend = match look.x {
        Kind::Log if x.0 > 0.0 => Bend::Log,
        _ => Bend::Linear,
    };
    let values = values(lines, x);
    let y_bend = bend(look.y, &values);
    let y = match zoom.y {
        Some(zoom) => zoom,
        None => widen_bent(y_bend, y_range(&values, y_bend, look.ignores_outliers), ROOM),
    };
    // A range zoomed to before the axis was bent may reach where there is none.
    let y_bend = if y_bend == Bend::Log && y.0 <= 0.0 { Bend::Linear } else { y_bend };
    Extent { x, y, x_bend, y_bend }
}

fn x_range(lines: &[&Line], kind: Kind, zoom: Option<(f64, f64)>) -> (f64, f64) {
    if let Some(zoom) = zoom {
        return zoom;
    }
    let fits = |x: &f64| x.is_finite() && (kind != Kind::Log || *x > 0.0);
    let edges = lines.iter().flat_map(|line| {
        let first = line.from.iter().copied().find(fits);
        let last = line.to.iter().copied().rfind(fits);
        first.into_iter().chain(last)
    });
    let (low, high) =
        edges.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    match lines.first().map(|line| line.axis) {
        _ if low < high => (low, high),
        _ if low > high => (0.0, 1.0),
        Some(Axis::Wall | Axis::Relative) => (low - 1000.0, high + 1000.0),
        _ if kind == Kind::Log => (low / 2.0, high * 2.0),
        _ => (low - 1.0, high + 1.0),
    }
}

/// The finite values in a range of x: of each row its lowest and highest.
fn values(lines: &[&Line], x: (f64, f64)) -> Vec<f64> {
    let mut values = Vec::new();
    for line in lines {
        for row in (0..line.len()).filter(|row| line.within(*row, x)) {
            let ends = [line.low[row], line.high[row]];
            let smooth = line.smooth.get(row).copied();
            values.extend(ends.into_iter().chain(smooth).filter(|value| value.is_finite()));
        }
    }
    values
}

fn bend(kind: Kind, values: &[f64]) -> Bend {
    match kind {
        Kind::Log if values.iter().any(|value| *value > 0.0) => Bend::Log,
        Kind::Linear | Kind::Log => Bend::Linear,
        Kind::Symlog => {
            let sizes = || values.iter().map(|value| value.abs()).filter(|size| *size > 0.0);
            let least = sizes().fold(f64::INFINITY, f64::min);
            let most = sizes().fold(0.0, f64::max);
            let linear = 10f64.powf(least.max(most * SYMLOG_DECADES).log10().floor());
            Bend::Symlog { linear: if linear.is_normal() { linear } else { 1.0 } }
        }
    }
}

fn y_range(values: &[f64], bend: Bend, ignores_outliers: bool) -> (f64, f64) {
    let mut places: Vec<f64> = values.iter().copied().filter(|value| !bend.bend(*value).is_nan()).collect();
    let (low, high) = places
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    if low > high {
        return if bend == Bend::Log { (1.0, 10.0) } else { (0.0, 1.0) };
    }
    if !ignores_outliers {
        return (low, high);
    }
    places.sort_by(f64::total_cmp);
    let rank = |share: f64| bend.bend(places[((places.len() - 1) as f64 * share).round() as usize]);
    let (usual_low, usual_high) = (rank(OUTLIER_SHARE), rank(1.0 - OUTLIER_SHARE));
    let room = (usual_high - usual_low) * OUTLIER_ROOM;
    (low.max(bend.back(usual_low - room)), high.min(bend.back(usual_high + room)))
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::{buckets, over, points};
    use super::*;

    fn of(line: &Line, look: Look) -> Extent {
        extent(&[line], look, Zoom::default())
    }

    #[test]
    fn axes_span_finite_values_only() {
        let line = points(&[0, 1, 2, 3], &[1.0, f64::NAN, f64::INFINITY, 3.0]);
        let extent = of(&line, Look::default());
        assert_eq!((extent.x, extent.y), ((0.0, 3.0), (1.0 - 0.12, 3.0 + 0.12)));
    }

    #[test]
    fn zoomed_axes_span_what_is_in_view() {
        let line = points(&[0, 10, 20], &[100.0, 1.0, 2.0]);
        let zoom = Zoom { x: Some((5.0, 25.0)), y: None };
        let extent = extent(&[&line], Look::default(), zoom);
        assert_eq!((extent.x, extent.y), ((5.0, 25.0), (1.0 - 0.06, 2.0 + 0.06)));
        let zoom = Zoom { y: Some((0.0, 7.0)), ..zoom };
        assert_eq!(super::extent(&[&line], Look::default(), zoom).y, (0.0, 7.0));
    }

    #[test]
    fn a_spike_inside_a_bucket_counts() {
        let line = buckets(&[(0.0, 1.0, 0.5), (0.0, 1000.0, 0.5)]);
        assert!(of(&line, Look::default()).y.1 > 1000.0);
    }

    #[test]
    fn outliers_leave_the_range_and_usual_values_stay() {
        let values: Vec<f64> = (0..100).map(|at| if at == 50 { 1e9 } else { f64::from(at % 10) }).collect();
        let line = points(&(0..100).collect::<Vec<_>>(), &values);
        let look = Look { ignores_outliers: true, ..Look::default() };
        let (low, high) = of(&line, look).y;
        assert!(low <= 0.0 && (9.0..20.0).contains(&high), "{low} {high}");
        // Without outliers nothing changes.
        let calm = points(&(0..100).collect::<Vec<_>>(), &(0..100).map(f64::from).collect::<Vec<_>>());
        assert_eq!(of(&calm, look).y, of(&calm, Look::default()).y);
    }

    #[test]
    fn logarithms_leave_out_what_is_not_above_zero() {
        let line = points(&[0, 1, 2], &[0.0, 10.0, 1000.0]);
        let extent = of(&line, Look { y: Kind::Log, ..Look::default() });
        assert_eq!(extent.y_bend, Bend::Log);
        assert!(extent.y.0 > 5.0 && extent.y.0 < 10.0 && extent.y.1 > 1000.0, "{:?}", extent.y);
        let none = of(&points(&[0, 1], &[0.0, -1.0]), Look { y: Kind::Log, ..Look::default() });
        assert_eq!(none.y_bend, Bend::Linear, "an axis without one value on it is of no use");
        let steps = of(&line, Look { x: Kind::Log, ..Look::default() });
        assert_eq!((steps.x, steps.x_bend), ((1.0, 2.0), Bend::Log));
    }

    #[test]
    fn symlog_is_straight_around_the_smallest_values() {
        let look = Look { y: Kind::Symlog, ..Look::default() };
        let linear = |values: &[f64]| of(&points(&[0, 1, 2], values), look).y_bend;
        assert_eq!(linear(&[-300.0, 0.02, 5.0]), Bend::Symlog { linear: 0.01 });
        assert_eq!(linear(&[1e-30, 0.0, 1e3]), Bend::Symlog { linear: 1e-3 });
        assert_eq!(linear(&[0.0, 0.0, 0.0]), Bend::Symlog { linear: 1.0 });
    }

    #[test]
    fn a_single_point_stands_in_the_middle() {
        assert_eq!(of(&points(&[7], &[0.5]), Look::default()).x, (6.0, 8.0));
        let timed = over(Axis::Wall, &[5000.0], &[0.5]);
        assert_eq!(of(&timed, Look::default()).x, (4000.0, 6000.0));
    }
}
