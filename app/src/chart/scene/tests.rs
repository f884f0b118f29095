//! Golden pictures: each is an SVG of the scene that the page paints, to be opened and looked at.

use super::*;
use crate::chart::{
    lane::{Event, place},
    line::{
        Kind,
        tests::{buckets, over, points, series, smoothed, wide_buckets},
    },
    scale,
    svg::{Palette, svg},
};
use model::series::{Columns, Extra, Group};

/// The light theme, as in the tokens.
fn light() -> Palette {
    let runs = [
        "#0063b5", "#d04b00", "#00805e", "#b23d8c", "#8a6a00", "#2a8bc7", "#7a1f4b", "#5b8a1a", "#4b3bb0",
        "#c0392b", "#1d7f8c", "#5c6470",
    ];
    Palette {
        surface: "#ffffff".into(),
        text: "#191d24".into(),
        muted: "#59626f".into(),
        grid: "#e8ebef".into(),
        odd: "#b3261e".into(),
        runs: runs.map(ToOwned::to_owned).to_vec(),
    }
}

const SIZE: Size = Size { width: 480.0, height: 240.0, ratio: 1.0 };

fn draw(lines: &[Line], look: Look, zoom: Zoom, dress: &Dress) -> String {
    let lines: Vec<&Line> = lines.iter().collect();
    let scene = scene(&lines, look, zoom, SIZE, dress).expect("there is a curve to draw");
    svg(&scene, &light(), "golden")
}

fn plain(lines: &[Line]) -> String {
    draw(lines, Look::default(), Zoom::default(), &Dress::default())
}

/// Holds a picture against the one that somebody has looked at.
macro_rules! golden {
    ($name:literal, $svg:expr) => {
        insta::assert_binary_snapshot!(concat!($name, ".svg"), $svg.into_bytes())
    };
}

fn steps(count: i64) -> Vec<i64> {
    (0..count).collect()
}

/// Falls as losses do, with noise that is always the same.
fn loss(count: i64, seed: f64) -> Vec<f64> {
    let at = |step: i64| {
        let x = step as f64;
        (-x / 40.0).exp() + 0.15 + 0.05 * (x * 1.7 + seed).sin() * (x * 0.31 + seed).cos()
    };
    (0..count).map(at).collect()
}

#[test]
fn constant() {
    golden!("constant", plain(&[points(&steps(50), &[0.1; 50])]));
}

#[test]
fn spike() {
    let mut values = loss(100, 0.0);
    values[60] = 40.0;
    let line = [points(&steps(100), &values)];
    golden!("spike", plain(&line));
    let look = Look { ignores_outliers: true, ..Look::default() };
    golden!("spike-ignored", draw(&line, look, Zoom::default(), &Dress::default()));
}

#[test]
fn nan_holes() {
    let mut values = loss(60, 1.0);
    for hole in [10, 11, 12, 30, 50, 52] {
        values[hole] = f64::NAN;
    }
    golden!("nan-holes", plain(&[points(&steps(60), &values)]));
}

#[test]
fn infinities() {
    let mut values = loss(40, 2.0);
    values[15] = f64::INFINITY;
    values[25] = f64::NEG_INFINITY;
    golden!("infinities", plain(&[points(&steps(40), &values)]));
}

#[test]
fn log_with_zeros() {
    let values: Vec<f64> =
        (0..60).map(|at| if at % 20 == 10 { 0.0 } else { 10f64.powf(2.0 - f64::from(at) / 12.0) }).collect();
    let look = Look { y: scale::Kind::Log, ..Look::default() };
    golden!("log-with-zeros", draw(&[points(&steps(60), &values)], look, Zoom::default(), &Dress::default()));
}

#[test]
fn symlog_on_both_sides_of_zero() {
    let values: Vec<f64> = (0..81).map(|at| f64::from(at - 40).powi(3) / 64.0).collect();
    let look = Look { y: scale::Kind::Symlog, ..Look::default() };
    golden!("symlog", draw(&[points(&steps(81), &values)], look, Zoom::default(), &Dress::default()));
}

#[test]
fn events_under_the_axis() {
    let event = |owner: &str, color: u8, from_ms: i64, to_ms: i64| Event {
        owner: owner.into(),
        color,
        from_ms,
        to_ms,
        ..Event::default()
    };
    let line = |owner: &str, color: u8, seed: f64| {
        let times_ms = steps(60);
        let name = format!("run {owner}");
        Line {
            owner: owner.into(),
            id: owner.into(),
            name,
            color,
            times_ms,
            ..points(&steps(60), &loss(60, seed))
        }
    };
    let lines = [line("a", 0, 0.0), line("b", 1, 3.0)];
    let events = [event("a", 0, 5, 5), event("a", 0, 20, 35), event("b", 1, 30, 50), event("b", 1, 51, 51)];
    let (placed, _) = place(&events, &lines.each_ref(), Axis::Step, true);
    let dress = Dress { legend: true, x_name: "step".into(), events: Some(placed), ..Dress::default() };
    golden!("events", draw(&lines, Look::default(), Zoom::default(), &dress));
}

#[test]
fn log_steps() {
    let look = Look { x: scale::Kind::Log, ..Look::default() };
    golden!(
        "log-steps",
        draw(&[points(&steps(200), &loss(200, 0.0))], look, Zoom::default(), &Dress::default())
    );
}

#[test]
fn one_point() {
    golden!("one-point", plain(&[points(&[7], &[0.5])]));
}

#[test]
fn two_points() {
    golden!("two-points", plain(&[points(&[0, 1_000_000], &[0.25, 0.75])]));
}

/// Five million points in as many buckets as there are pixels; one of them holds a single spike.
fn many() -> Line {
    let row = |at: i64| {
        let middle = (-(at as f64) / 120.0).exp();
        let high = if at == 300 { 2.0 } else { middle + 0.12 };
        (middle - 0.1, high, middle)
    };
    wide_buckets(&(0..480).map(row).collect::<Vec<_>>(), 10_417)
}

#[test]
fn five_million_points() {
    let line = [many()];
    assert!(line[0].total > 5_000_000);
    golden!("five-million-points", plain(&line));
    let band = Look { band: true, ..Look::default() };
    golden!("five-million-points-band", draw(&line, band, Zoom::default(), &Dress::default()));
}

#[test]
fn hundred_curves() {
    let line = |index: i64| Line {
        color: (index % 12) as u8,
        dash: (index / 12 % 4) as u8,
        ..points(&steps(40), &loss(40, index as f64))
    };
    golden!("hundred-curves", plain(&(0..100).map(line).collect::<Vec<_>>()));
}

#[test]
fn out_of_order_and_duplicate_steps() {
    // The server answers in order of step, equal steps in the order of writing.
    golden!(
        "duplicate-steps",
        plain(&[points(&[0, 1, 1, 1, 2, 5, 5, 9], &[0.9, 0.8, 0.2, 0.7, 0.6, 0.5, 0.1, 0.3])])
    );
    // Clocks may run backwards where steps do not.
    let xs: Vec<f64> = [0.0, 3.0, 1.0, 2.0, 4.0, 4.0, 6.0].map(|at| at * 60e3).to_vec();
    golden!("times-out-of-order", plain(&[over(Axis::Relative, &xs, &[1.0, 0.7, 0.9, 0.8, 0.6, 0.2, 0.4])]));
}

#[test]
fn wall_clock_gaps() {
    let start = 1_795_000_000_000.0;
    let xs: Vec<f64> = (0..60)
        .map(|at| start + f64::from(at) * 60e3)
        .chain((0..60).map(|at| start + 9.0 * 3600e3 + f64::from(at) * 60e3))
        .collect();
    golden!("wall-clock-gaps", plain(&[over(Axis::Wall, &xs, &loss(120, 0.0))]));
}

#[test]
fn group_of_unequal_lengths() {
    // Five members, of which two end half way: the band narrows and the centre jumps, as it must.
    let xs: Vec<f64> = (0..40).map(|at| f64::from(at) * 10.0).collect();
    let members = |at: usize| if at < 20 { 5 } else { 3 };
    let center: Vec<f64> =
        loss(40, 0.0).iter().enumerate().map(|(at, value)| value - if at < 20 { 0.0 } else { 0.1 }).collect();
    let width = |at: usize| if at < 20 { 0.12 } else { 0.04 };
    let group = Group {
        first_xs: xs.clone(),
        last_xs: xs.iter().map(|x| x + 9.0).collect(),
        low: center.iter().enumerate().map(|(at, value)| value - width(at)).collect(),
        high: center.iter().enumerate().map(|(at, value)| value + width(at)).collect(),
        center,
        members: (0..40).map(members).collect(),
        counts: (0..40).map(|at| members(at) * 10).collect(),
    };
    let line = Line::of(series(Columns::Group(group), 1600, Extra::default()), Axis::Step)
        .expect("a group is a line");
    assert_eq!(line.kind, Kind::Group);
    golden!("group-of-unequal-lengths", plain(&[line]));
}

#[test]
fn smoothed_over_raw() {
    let raw = loss(80, 0.0);
    let mut smooth = raw.clone();
    for at in 1..80 {
        smooth[at] = smooth[at - 1] * 0.8 + raw[at] * 0.2;
    }
    golden!("smoothed", plain(&[smoothed(&steps(80), &raw, &smooth)]));
}

#[test]
fn zoomed_into_a_box() {
    let zoom = Zoom { x: Some((20.0, 60.0)), y: Some((0.2, 0.6)) };
    golden!(
        "zoomed",
        draw(&[points(&steps(100), &loss(100, 0.0))], Look::default(), zoom, &Dress::default())
    );
}

#[test]
fn dressed_for_a_paper() {
    let named = |index: i64| Line {
        name: format!("resnet-{} lr=0.0{index} <seed {index}>", 18 + index),
        color: index as u8,
        dash: (index % 4) as u8,
        ..points(&steps(60), &loss(60, index as f64))
    };
    let dress = Dress {
        title: "val/loss & a rather long name of a metric that has no end".into(),
        note: "320 of 48 211 points".into(),
        legend: true,
        x_name: "step".into(),
        events: None,
    };
    let lines: Vec<_> = (0..5).map(named).collect();
    golden!("dressed", draw(&lines, Look::default(), Zoom::default(), &dress));
}

#[test]
fn nothing_is_drawn_of_nothing() {
    let none =
        |lines: &[&Line]| scene(lines, Look::default(), Zoom::default(), SIZE, &Dress::default()).is_none();
    assert!(none(&[]));
    assert!(none(&[&points(&[1], &[f64::NAN])]));
    let tiny = Size { width: 30.0, height: 10.0, ratio: 1.0 };
    let line = points(&[1], &[1.0]);
    assert!(scene(&[&line], Look::default(), Zoom::default(), tiny, &Dress::default()).is_none());
}

#[test]
fn what_lies_beyond_the_axes_is_counted() {
    let mut values = vec![0.5; 100];
    for (at, value) in values.iter_mut().enumerate() {
        *value += (at % 7) as f64 * 0.01;
    }
    values[3] = 1e6;
    values[4] = -1.0;
    let line = points(&steps(100), &values);
    let of = |look| scene(&[&line], look, Zoom::default(), SIZE, &Dress::default()).expect("a curve");
    assert_eq!(of(Look::default()).cut, 0);
    assert_eq!(of(Look { ignores_outliers: true, ..Look::default() }).cut, 2);
    assert_eq!(of(Look { y: scale::Kind::Log, ..Look::default() }).placeless, 1);
}

#[test]
fn every_spike_of_a_bucket_reaches_its_height() {
    let line = buckets(&[(0.0, 1.0, 0.5), (0.0, 9.0, 0.5), (0.0, 1.0, 0.5)]);
    let scene = scene(&[&line], Look::default(), Zoom::default(), SIZE, &Dress::default()).expect("a curve");
    let top = scene.curves[0].path.xy.chunks_exact(2).map(|spot| spot[1]).fold(f32::INFINITY, f32::min);
    assert_eq!(top, scene.axes.y.px(9.0) as f32);
}

#[test]
fn device_pixels_scale_the_whole_picture() {
    let line = points(&steps(10), &loss(10, 0.0));
    let of = |ratio| {
        scene(&[&line], Look::default(), Zoom::default(), Size { ratio, ..SIZE }, &Dress::default())
            .expect("a curve")
    };
    let (one, two) = (of(1.0), of(2.0));
    assert_eq!(two.area.right, one.area.right * 2.0);
    assert_eq!(one.texts.len(), two.texts.len());
    assert_eq!(two.stroke, one.stroke * 2.0);
}
