//! A board of charts: knows which are in view, and fetches what they need together.

use super::{
    bundle::{Bundle, bundle_lines},
    controls::Choice,
    fetch::{Ask, Request, fetch, requests},
    happened::Happened,
    lines::{group_lines, lines, owner},
    setup::{Settings, Setup, State},
    sight::Observer,
};
use crate::ui::erase::{effect, memo, watch};
use crate::{
    browser,
    chart::{Lines, Moments, View},
    error::AppError,
    link, log,
    ui::run_color_place,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks;
use model::{
    RunId,
    run::Run,
    series::{Axis, Series},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use web_sys::Element;

/// A run whose curves are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardRun {
    pub id: RunId,
    pub name: String,
    /// Its place in the palette.
    pub color: u8,
    /// What relative times count from.
    pub started_ms: i64,
}

impl BoardRun {
    pub fn of(run: &Run) -> Self {
        Self {
            id: run.id.clone(),
            name: run.name.clone(),
            color: run_color_place(run.number, run.color),
            started_ms: run.started_at_ms.unwrap_or(run.created_at_ms).0,
        }
    }
}

/// Runs that are drawn as one curve with a band.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardGroup {
    pub name: String,
    pub color: u8,
    pub runs: Vec<RunId>,
}

type Curve = ArcRwSignal<Lines>;

/// What not every copy of a board carries.
#[derive(Clone, Copy)]
struct Held {
    /// Charts of several metrics.
    bundles: Signal<Vec<Bundle>>,
    /// The x axis that charts stand over when nothing is said.
    usual: Axis,
    /// Whether something is about to be fetched.
    waiting: bool,
}

/// The charts of one page. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Board {
    pub view: View,
    pub failed: RwSignal<Option<AppError>>,
    pub runs: Signal<Vec<BoardRun>>,
    /// In place of single runs, unless there are none.
    pub groups: Signal<Vec<BoardGroup>>,
    pub setup: RwSignal<Setup>,
    pub happened: Happened,
    curves: StoredValue<HashMap<String, Curve>>,
    in_view: RwSignal<BTreeSet<String>>,
    /// What the data depends on changed so often: a key fetched at an earlier count is stale.
    version: RwSignal<u64>,
    fetched: StoredValue<HashMap<String, (u64, Ask)>>,
    held: StoredValue<Held>,
    /// Belongs to the browser's one thread, so there is none on the server.
    observer: Option<StoredValue<Option<Observer>, LocalStorage>>,
}

impl Board {
    /// `changed` counts news of the runs' metrics, `happened` those of their events. How charts are set up is read from
    /// the page's address.
    pub fn new(runs: Signal<Vec<BoardRun>>, changed: Signal<u32>, happened: Signal<u32>) -> Self {
        Self::of_groups(runs, Signal::derive(Vec::new), changed, happened)
    }

    /// The same with runs that come in groups.
    pub fn of_groups(
        runs: Signal<Vec<BoardRun>>,
        groups: Signal<Vec<BoardGroup>>,
        changed: Signal<u32>,
        happened: Signal<u32>,
    ) -> Self {
        Self::build(runs, groups, Signal::derive(Vec::new), Axis::Step, [changed, happened])
    }

    /// Charts of several metrics each, over the time since the start: what they measure goes on by the clock.
    pub fn of_bundles(
        runs: Signal<Vec<BoardRun>>,
        bundles: Signal<Vec<Bundle>>,
        changed: Signal<u32>,
        happened: Signal<u32>,
    ) -> Self {
        Self::build(runs, Signal::derive(Vec::new), bundles, Axis::Relative, [changed, happened])
    }

    fn build(
        runs: Signal<Vec<BoardRun>>,
        groups: Signal<Vec<BoardGroup>>,
        bundles: Signal<Vec<Bundle>>,
        usual: Axis,
        [changed, happened]: [Signal<u32>; 2],
    ) -> Self {
        let search = link::use_search();
        let state = search.with_untracked(|query| State::of(query, usual));
        let view = View::new();
        view.zooms.set(state.zooms.clone());
        view.hidden.set(state.hidden.clone());
        let setup = RwSignal::new(state.setup.clone());
        let board = Self {
            view,
            failed: RwSignal::new(None),
            runs,
            groups,
            setup,
            happened: Happened::new(runs, setup, happened),
            curves: StoredValue::default(),
            in_view: RwSignal::default(),
            version: RwSignal::new(1),
            fetched: StoredValue::default(),
            held: StoredValue::new(Held { bundles, usual, waiting: false }),
            observer: (!cfg!(feature = "ssr")).then(|| StoredValue::new_local(None)),
        };
        let stale = move |_: &_, _: Option<&_>| board.version.update(|version| *version += 1);
        watch(move || (changed.get(), runs.get(), groups.get(), bundles.get()), stale);
        let moments = RwSignal::default();
        provide_context(Moments(moments));
        effect(move || {
            let moment =
                |run: &BoardRun| (owner(&run.id).to_owned(), log::moment(&format!("/runs/{}", run.id)));
            moments.set(runs.with(|runs| runs.iter().map(moment).collect()));
        });
        effect(move || {
            board.version.track();
            board.in_view.track();
            board.setup.track();
            board.view.zooms.track();
            board.fetch_soon();
        });
        board.keep_in_address(search, state);
        board
    }

    /// Writes how charts are set up into the address, and follows the address when it goes elsewhere.
    fn keep_in_address(self, search: Memo<link::Query>, first: State) {
        let rewrite = link::use_rewrite();
        let path = hooks::use_url().with_untracked(|url| url.path().to_owned());
        let known = StoredValue::new(first);
        let changes = StoredValue::new(0_u32);
        effect(move || {
            if self.state() == known.get_value() {
                return;
            }
            changes.update_value(|changes| *changes += 1);
            let (mine, rewrite, path) = (changes.get_value(), rewrite.clone(), path.clone());
            let write = move || {
                // Gone with the page, or there was another change since.
                let here = browser::path() == path;
                if !here || changes.try_get_value() != Some(mine) {
                    return;
                }
                let query = search.with_untracked(|query| self.written(query.clone()));
                known.set_value(State::of(&query, self.usual()));
                if search.with_untracked(|now| *now != query) {
                    rewrite(&query.href(&path));
                }
            };
            set_timeout(write, ADDRESS_DELAY);
        });
        effect(move || {
            let state = search.with(|query| State::of(query, self.usual()));
            if state != known.get_value() {
                known.set_value(state.clone());
                self.setup.set(state.setup);
                self.view.zooms.set(state.zooms);
                self.view.hidden.set(state.hidden);
            }
        });
    }

    /// All that the address keeps.
    fn state(self) -> State {
        State { setup: self.setup.get(), zooms: self.view.zooms.get(), hidden: self.view.hidden.get() }
    }

    fn written(self, query: link::Query) -> link::Query {
        untrack(|| self.state()).write(query, self.usual())
    }

    /// The address of the page as its charts are now.
    pub fn address(self) -> String {
        let query = link::Query::parse(&browser::search());
        browser::origin() + &self.written(query).href(&browser::path())
    }

    fn usual(self) -> Axis {
        self.held.with_value(|held| held.usual)
    }

    /// Charts of several metrics.
    pub fn bundles(self) -> Signal<Vec<Bundle>> {
        self.held.with_value(|held| held.bundles)
    }

    /// The chart of a key, if it is one of several metrics.
    pub fn bundle(self, key: &str) -> Option<Bundle> {
        self.bundles().with(|bundles| bundles.iter().find(|one| one.key == key).cloned())
    }

    /// What charts may be set to. `keys` are the metrics that may be an x axis.
    pub fn choice(
        self,
        settings: Signal<Settings>,
        set: Callback<Settings>,
        keys: Signal<Vec<String>>,
    ) -> Choice {
        Choice {
            settings,
            set,
            over: Signal::derive(move || self.setup.with(|setup| setup.over.clone())),
            set_over: Callback::new(move |over| self.setup.update(|setup| setup.over = over)),
            metrics: keys,
        }
    }

    /// How the chart of a metric is set up.
    pub fn settings(self, key: String) -> Memo<Settings> {
        memo(move || self.setup.with(|setup| setup.of_panel(&key)))
    }

    /// The lines of a metric, as far as they are known.
    pub fn curve(self, key: &str) -> Signal<Lines> {
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
                observer.watch(panel);
            }
        });
    }

    /// Panels that scroll into view within a few frames share their requests.
    fn fetch_soon(self) {
        if self.held.with_value(|held| held.waiting) {
            return;
        }
        self.held.update_value(|held| held.waiting = true);
        let start = move || {
            if self.held.try_update_value(|held| held.waiting = false).is_some() {
                self.fetch_stale();
            }
        };
        set_timeout(start, Duration::from_millis(40));
    }

    fn fetch_stale(self) {
        let version = self.version.get_untracked();
        let grouping = untrack(|| self.grouping());
        let member = |(number, group): (usize, &BoardGroup)| {
            group.runs.iter().map(|run| (run.clone(), number as u32)).collect::<Vec<_>>()
        };
        let (runs, numbers): (Vec<RunId>, Vec<u32>) = match &grouping {
            Some(groups) => groups.iter().enumerate().flat_map(member).unzip(),
            None => {
                (self.runs.with_untracked(|runs| runs.iter().map(|run| run.id.clone()).collect()), Vec::new())
            }
        };
        if runs.is_empty() {
            return;
        }
        let mut asked: Vec<(Ask, Vec<String>)> = Vec::new();
        self.in_view.with_untracked(|keys| {
            for key in keys {
                let ask = self.ask(key);
                let known = (version, ask);
                if self.fetched.with_value(|fetched| fetched.get(key) == Some(&known)) {
                    continue;
                }
                match asked.iter_mut().find(|(ask, _)| *ask == known.1) {
                    Some((_, keys)) => keys.push(key.clone()),
                    None => asked.push((known.1.clone(), vec![key.clone()])),
                }
                self.fetched.update_value(|fetched| drop(fetched.insert(key.clone(), known)));
            }
        });
        for (ask, keys) in asked {
            let bundles: Vec<Bundle> = untrack(|| keys.iter().filter_map(|key| self.bundle(key)).collect());
            let (bundled, single): (Vec<_>, Vec<_>) =
                keys.into_iter().partition(|key| bundles.iter().any(|one| one.key == *key));
            let parts: Vec<_> = bundles.into_iter().flat_map(|one| one.parts).map(|part| part.key).collect();
            let asked = |keys: &[String]| requests(&runs, &numbers, keys, Self::buckets(), &ask);
            for request in if single.is_empty() { Vec::new() } else { asked(&single) } {
                let (known, keys) = ((version, ask.clone()), request.keys.clone());
                spawn_local(async move { self.take(all(vec![request]).await, &keys, &known) });
            }
            if !bundled.is_empty() {
                let (known, requests) = ((version, ask.clone()), asked(&parts));
                spawn_local(async move { self.take(all(requests).await, &bundled, &known) });
            }
        }
    }

    /// What the chart of a metric needs now.
    fn ask(self, key: &str) -> Ask {
        let settings = self.setup.with_untracked(|setup| setup.of_panel(key));
        let Settings { axis, smoothing, weight, .. } = settings;
        let over = if axis == Axis::Metric {
            self.setup.with_untracked(|setup| setup.over.clone())
        } else {
            String::new()
        };
        let spread = untrack(|| self.grouping()).map(|_| self.setup.with_untracked(|setup| setup.spread));
        let expression = self
            .setup
            .with_untracked(|setup| setup.computed_as(key).map(|computed| computed.expression.clone()));
        Ask { axis, over, smoothing, weight, range: untrack(|| self.view.zoom(axis)), spread, expression }
    }

    /// Which runs are drawn as one; `None` when each is drawn by itself.
    pub fn grouping(self) -> Option<Vec<BoardGroup>> {
        let groups = self.groups.get();
        if !groups.is_empty() {
            return Some(groups);
        }
        let together = self.setup.with(|setup| setup.together);
        self.runs.with(|runs| {
            (together && runs.len() > 1).then(|| {
                let name = format!("{} runs", runs.len());
                let color = runs.first().map_or(0, |run| run.color);
                vec![BoardGroup { name, color, runs: runs.iter().map(|run| run.id.clone()).collect() }]
            })
        })
    }

    fn take(self, answer: Result<Vec<Series>, AppError>, keys: &[String], known: &(u64, Ask)) {
        // Gone with the page, or overtaken by a newer question.
        let current = |fetched: &HashMap<String, (u64, Ask)>| {
            let asked = |key: &&String| fetched.get(*key) == Some(known);
            keys.iter().filter(asked).cloned().collect::<Vec<_>>()
        };
        let Some(keys) = self.fetched.try_with_value(current) else { return };
        if keys.is_empty() {
            return;
        }
        match answer {
            Ok(mut series) => {
                self.failed.set(None);
                if let (Some(_), Some(key)) = (&known.1.expression, keys.first()) {
                    for one in &mut series {
                        one.key.clone_from(key);
                    }
                }
                self.spread(series, &keys, &known.1);
            }
            Err(error) => self.failed.set(Some(error)),
        }
    }

    fn spread(self, series: Vec<Series>, keys: &[String], ask: &Ask) {
        let axis = ask.axis;
        let runs = self.runs.get_untracked();
        let grouping = untrack(|| self.grouping());
        let mut by_key: HashMap<String, Vec<Series>> = HashMap::new();
        for one in series {
            by_key.entry(one.key.clone()).or_default().push(one);
        }
        for key in keys {
            let bundle = untrack(|| self.bundle(key));
            let mut lines = match (&bundle, &grouping) {
                (Some(bundle), _) => {
                    let series = bundle.parts.iter().filter_map(|part| by_key.remove(&part.key)).flatten();
                    bundle_lines(bundle, &runs, series.collect(), axis)
                }
                (None, Some(groups)) => group_lines(groups, by_key.remove(key).unwrap_or_default(), axis),
                (None, None) => lines(&runs, by_key.remove(key).unwrap_or_default(), axis),
            };
            if ask.expression.is_some() {
                // In a part of an axis other than that of steps, what is missing there is not known.
                let is_known = ask.range.is_none() || axis == Axis::Step;
                for line in &mut lines {
                    line.is_computed(is_known);
                }
            }
            let curve = self.curves.with_value(|curves| curves.get(key).cloned());
            if let Some(curve) = curve
                && curve.with_untracked(|known| known.as_deref() != Some(&lines))
            {
                curve.set(Some(Arc::new(lines)));
            }
        }
    }

    /// One bucket a device pixel of a panel, of the widest.
    fn buckets() -> u32 {
        let widths = browser::find_all(".panel .plot").into_iter().map(|plot| plot.client_width());
        let width = widths.max().unwrap_or(600);
        let pixels = f64::from(width) * window().device_pixel_ratio();
        // In steps of 128, so that a slightly different window asks the same question and finds it cached.
        ((pixels / 128.0).ceil() as u32).max(1) * 128
    }
}

/// The answers to all of these; what one of them fails with, if one does.
async fn all(requests: Vec<Request>) -> Result<Vec<Series>, AppError> {
    let mut series = Vec::new();
    for request in requests {
        series.extend(fetch(&request).await?);
    }
    Ok(series)
}

/// While a slider moves, the address waits.
const ADDRESS_DELAY: Duration = Duration::from_millis(300);
