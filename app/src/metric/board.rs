//! A board of charts: knows which are in view, and fetches what they need together.

use super::{
    fetch::{fetch, requests},
    label,
};
use crate::{
    chart::{
        View,
        line::{Line, Rows},
    },
    error::AppError,
};
use leptos::{prelude::*, task::spawn_local};
use model::{RunId, series::Series};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// A run whose curves are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardRun {
    pub id: RunId,
    pub name: String,
    /// Its place in the palette.
    pub color: u8,
}

type Curve = ArcRwSignal<Option<Arc<Vec<Line>>>>;

/// The charts of one page. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Board {
    pub view: View,
    pub failed: RwSignal<Option<AppError>>,
    pub runs: Signal<Vec<BoardRun>>,
    curves: StoredValue<HashMap<String, Curve>>,
    in_view: RwSignal<BTreeSet<String>>,
    /// What the data depends on changed so often: a key fetched at an earlier count is stale.
    version: RwSignal<u64>,
    fetched: StoredValue<HashMap<String, u64>>,
    waiting: StoredValue<bool>,
    /// Belongs to the browser's one thread, so there is none on the server.
    observer: Option<StoredValue<Option<Observer>, LocalStorage>>,
}

impl Board {
    /// `changed` counts news of the runs' metrics.
    pub fn new(runs: Signal<Vec<BoardRun>>, changed: Signal<u32>) -> Self {
        let board = Self {
            view: View::new(),
            failed: RwSignal::new(None),
            runs,
            curves: StoredValue::default(),
            in_view: RwSignal::default(),
            version: RwSignal::new(1),
            fetched: StoredValue::default(),
            waiting: StoredValue::new(false),
            observer: (!cfg!(feature = "ssr")).then(|| StoredValue::new_local(None)),
        };
        let stale = move |_: &_, _: Option<&_>, _| board.version.update(|version| *version += 1);
        Effect::watch(move || (changed.get(), board.view.zoom.get(), runs.get()), stale, false);
        Effect::new(move || {
            board.version.track();
            board.in_view.track();
            board.fetch_soon();
        });
        board
    }

    /// The lines of a metric, as far as they are known.
    pub fn curve(self, key: &str) -> Signal<Option<Arc<Vec<Line>>>> {
        let mut curve = None;
        self.curves.update_value(|curves| {
            curve = Some(curves.entry(key.to_owned()).or_default().clone());
        });
        curve.map(Signal::from).unwrap_or_default()
    }

    /// Watches a panel: its metric is fetched once the panel comes into view, and kept current while it stays.
    pub fn watch(self, panel: &Element) {
        let Some(kept) = self.observer else { return };
        if kept.with_value(Option::is_none) {
            kept.set_value(Observer::new(move |key, shown| {
                self.in_view.try_update(|keys| if shown { keys.insert(key) } else { keys.remove(&key) });
            }));
        }
        kept.with_value(|observer| {
            if let Some(observer) = observer {
                observer.sights.observe(panel);
            }
        });
    }

    /// Panels that scroll into view within a few frames share their requests.
    fn fetch_soon(self) {
        if self.waiting.get_value() {
            return;
        }
        self.waiting.set_value(true);
        let start = move || {
            if self.waiting.try_set_value(false).is_none() {
                self.fetch_stale();
            }
        };
        set_timeout(start, Duration::from_millis(40));
    }

    fn fetch_stale(self) {
        let version = self.version.get_untracked();
        let runs: Vec<RunId> =
            self.runs.with_untracked(|runs| runs.iter().map(|run| run.id.clone()).collect());
        let stale: Vec<String> = self.in_view.with_untracked(|keys| {
            self.fetched.with_value(|fetched| {
                keys.iter().filter(|key| fetched.get(*key) != Some(&version)).cloned().collect()
            })
        });
        if runs.is_empty() || stale.is_empty() {
            return;
        }
        self.fetched.update_value(|fetched| {
            fetched.extend(stale.iter().map(|key| (key.clone(), version)));
        });
        let steps = self.view.zoom.get_untracked().map(|(from, to)| around(from, to));
        for (url, keys) in requests(&runs, &stale, Self::buckets(), steps) {
            spawn_local(async move {
                let answer = fetch(&url).await;
                self.take(answer, &keys, version);
            });
        }
    }

    fn take(self, answer: Result<Vec<Series>, AppError>, keys: &[String], version: u64) {
        // Gone with the page, or overtaken by a newer question.
        let Some(now) =
            self.fetched.try_with_value(|fetched| keys.first().and_then(|key| fetched.get(key).copied()))
        else {
            return;
        };
        if now != Some(version) {
            return;
        }
        match answer {
            Ok(series) => {
                self.failed.set(None);
                self.spread(series, keys);
            }
            Err(error) => self.failed.set(Some(error)),
        }
    }

    fn spread(self, series: Vec<Series>, keys: &[String]) {
        let runs = self.runs.get_untracked();
        let mut by_key: HashMap<String, Vec<Series>> = HashMap::new();
        for one in series {
            by_key.entry(one.key.clone()).or_default().push(one);
        }
        for key in keys {
            let lines = lines(&runs, by_key.remove(key).unwrap_or_default());
            let curve = self.curves.with_value(|curves| curves.get(key).cloned());
            if let Some(curve) = curve
                && curve.with_untracked(|known| known.as_deref() != Some(&lines))
            {
                curve.set(Some(Arc::new(lines)));
            }
        }
    }

    /// One bucket a device pixel of a panel; the panels of a board are equally wide.
    fn buckets() -> u32 {
        let width = crate::browser::find(".panel .plot").map_or(600, |plot| plot.client_width());
        let pixels = f64::from(width) * window().device_pixel_ratio();
        // In steps of 128, so that a slightly different window asks the same question and finds it cached.
        ((pixels / 128.0).ceil() as u32).max(1) * 128
    }
}

/// Steps to ask for when these are in view: a bit more, so that curves run on past the edges.
fn around(from: f64, to: f64) -> (i64, i64) {
    let room = (to - from) * 0.05 + 1.0;
    ((from - room).floor() as i64, (to + room).ceil() as i64)
}

/// The curves of one metric in the order of the runs; curves that share a colour get dashes.
fn lines(runs: &[BoardRun], series: Vec<Series>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for run in runs {
        for one in series.iter().filter(|one| one.run_id == run.id) {
            let color = run.color;
            let dash = lines.iter().filter(|line| line.color == color).count() as u8 % 4;
            let context = label(&one.context);
            let name = if context.is_empty() { run.name.clone() } else { format!("{} {context}", run.name) };
            let Some(rows) = Rows::of(one.columns.clone()) else { continue };
            lines.push(Line { name, color, dash, total: one.total, rows });
        }
    }
    lines
}

/// Tells which panels are in view, or a screen's height away from it.
struct Observer {
    sights: IntersectionObserver,
    _told: Closure<dyn FnMut(js_sys::Array)>,
}

impl Observer {
    fn new(tell: impl Fn(String, bool) + 'static) -> Option<Self> {
        let told = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            for entry in entries.iter() {
                let entry: IntersectionObserverEntry = entry.unchecked_into();
                if let Some(key) = entry.target().get_attribute("data-metric") {
                    tell(key, entry.is_intersecting());
                }
            }
        });
        let options = IntersectionObserverInit::new();
        options.set_root_margin("200px 0px");
        let sights = IntersectionObserver::new_with_options(told.as_ref().unchecked_ref(), &options).ok()?;
        Some(Self { sights, _told: told })
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.sights.disconnect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::run_color_place;
    use model::{
        metric::Context,
        series::{Columns, Extra, Points},
    };

    fn run(digit: char, number: i64) -> BoardRun {
        let id = digit.to_string().repeat(32).parse().expect("32 hex digits");
        BoardRun { id, name: format!("run {digit}"), color: run_color_place(number, None) }
    }

    fn series(run: &BoardRun, subset: &str) -> Series {
        let context = match subset {
            "" => Context::default(),
            subset => Context([("subset".to_owned(), subset.to_owned())].into()),
        };
        let columns = Columns::Points(Points::default());
        let (run_id, key) = (run.id.clone(), "loss".to_owned());
        Series { run_id, group: None, key, context, total: 0, columns, extra: Extra::default() }
    }

    #[test]
    fn curves_follow_the_order_of_runs_and_keep_their_colours() {
        let runs = [run('b', 2), run('a', 1)];
        let lines = lines(&runs, vec![series(&runs[1], ""), series(&runs[0], "")]);
        let shown: Vec<_> = lines.iter().map(|line| (line.name.as_str(), line.color, line.dash)).collect();
        assert_eq!(shown, [("run b", 1, 0), ("run a", 0, 0)]);
    }

    #[test]
    fn curves_of_one_colour_differ_by_dashes() {
        let runs = [run('a', 1), run('b', 13)];
        let all = vec![series(&runs[0], "train"), series(&runs[0], "val"), series(&runs[1], "")];
        let shown: Vec<_> = lines(&runs, all).into_iter().map(|line| (line.name, line.dash)).collect();
        let expected = [("run a subset=train", 0), ("run a subset=val", 1), ("run b", 2)];
        assert_eq!(shown, expected.map(|(name, dash)| (name.to_owned(), dash)));
    }

    #[test]
    fn zooming_asks_for_a_bit_more() {
        assert_eq!(around(100.0, 200.0), (94, 206));
        assert_eq!(around(0.2, 0.4), (-1, 2));
    }
}
