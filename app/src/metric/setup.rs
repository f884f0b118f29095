//! How charts are set up: for all of a page, and for single ones apart. Kept in the address, so that a link shows the
//! same picture.

use crate::{
    chart::{extent::Look, scale::Kind},
    link::Query,
};
use model::{
    expression::Expression,
    limits,
    series::{Axis, Band, Center, Smoothing},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How one chart is set up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings {
    pub axis: Axis,
    pub smoothing: Smoothing,
    pub weight: f64,
    pub look: Look,
}

pub const AXES: [(Axis, &str, &str); 4] = [
    (Axis::Step, "step", "Step"),
    (Axis::Relative, "relative", "Relative time"),
    (Axis::Wall, "wall", "Wall time"),
    (Axis::Metric, "metric", "A metric"),
];

pub const SMOOTHINGS: [(Smoothing, &str, &str); 5] = [
    (Smoothing::None, "none", "No smoothing"),
    (Smoothing::Ema, "ema", "EMA"),
    (Smoothing::TimeWeightedEma, "time_weighted_ema", "Time-weighted EMA"),
    (Smoothing::Gaussian, "gaussian", "Gaussian"),
    (Smoothing::RunningMean, "running_mean", "Running mean"),
];

pub const KINDS: [(Kind, &str, &str); 3] =
    [(Kind::Linear, "linear", "Linear"), (Kind::Log, "log", "Log"), (Kind::Symlog, "symlog", "Symlog")];

pub const CENTERS: [(Center, &str, &str); 2] =
    [(Center::Mean, "mean", "Mean"), (Center::Median, "median", "Median")];

pub const BANDS: [(Band, &str, &str); 4] = [
    (Band::Ci95, "ci95", "95 % interval"),
    (Band::Std, "std", "Standard deviation"),
    (Band::Stderr, "stderr", "Standard error"),
    (Band::MinMax, "min_max", "Lowest to highest"),
];

/// What stands for the runs of a group, and how far they spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub center: Center,
    pub band: Band,
}

impl Default for Spread {
    fn default() -> Self {
        Self { center: Center::Mean, band: Band::Ci95 }
    }
}

/// The word of a choice in addresses and forms.
pub fn word<T: PartialEq + Copy>(choices: &[(T, &'static str, &'static str)], one: T) -> &'static str {
    choices.iter().find(|(known, ..)| *known == one).map_or("", |(_, word, _)| word)
}

pub fn choice<T: Copy>(choices: &[(T, &'static str, &'static str)], text: &str) -> Option<T> {
    choices.iter().find(|(_, word, _)| *word == text).map(|(known, ..)| *known)
}

/// How strongly a kind smooths when it is chosen, how strongly at most, and how fine that can be set.
pub fn strengths(smoothing: Smoothing) -> (f64, f64, f64) {
    match smoothing {
        Smoothing::None => (0.0, 0.0, 0.0),
        Smoothing::Ema | Smoothing::TimeWeightedEma => (0.6, 0.99, 0.01),
        Smoothing::Gaussian => (5.0, 100.0, 1.0),
        Smoothing::RunningMean => (10.0, 200.0, 1.0),
    }
}

impl Settings {
    pub fn with_smoothing(self, smoothing: Smoothing) -> Self {
        Self { smoothing, weight: strengths(smoothing).0, ..self }
    }

    /// What differs from the usual, as `x-wall,smooth-ema-0.6,y-log`.
    fn text(self, usual: Axis) -> String {
        let mut parts = Vec::new();
        if self.axis != usual {
            parts.push(format!("x-{}", word(&AXES, self.axis)));
        }
        if self.smoothing != Smoothing::None {
            parts.push(format!("smooth-{}-{}", word(&SMOOTHINGS, self.smoothing), self.weight));
        }
        let Look { x, y, ignores_outliers, band } = self.look;
        if x == Kind::Log {
            parts.push("xlog".to_owned());
        }
        if y != Kind::Linear {
            parts.push(format!("y-{}", word(&KINDS, y)));
        }
        parts.extend(ignores_outliers.then(|| "usual".to_owned()));
        parts.extend(band.then(|| "band".to_owned()));
        parts.join(",")
    }

    /// Reads it; parts that make no sense are left out.
    fn of(text: &str, usual: Axis) -> Self {
        let mut settings = Self { axis: usual, ..Self::default() };
        for part in text.split(',') {
            match part.split_once('-').unwrap_or((part, "")) {
                ("x", axis) => settings.axis = choice(&AXES, axis).unwrap_or(usual),
                ("xlog", _) => settings.look.x = Kind::Log,
                ("y", kind) => settings.look.y = choice(&KINDS, kind).unwrap_or_default(),
                ("usual", _) => settings.look.ignores_outliers = true,
                ("band", _) => settings.look.band = true,
                ("smooth", rest) => {
                    let (kind, weight) = rest.split_once('-').unwrap_or((rest, ""));
                    let kind = choice(&SMOOTHINGS, kind).unwrap_or_default();
                    let weight = weight.parse().unwrap_or(strengths(kind).0);
                    if kind.check(weight).is_ok() {
                        (settings.smoothing, settings.weight) = (kind, weight);
                    }
                }
                _ => {}
            }
        }
        settings
    }
}

/// How the charts of a page are set up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    pub all: Settings,
    /// The metric that is the x axis where that is one.
    pub over: String,
    /// Charts that are set up apart, by their metric.
    pub panels: BTreeMap<String, Settings>,
    /// All runs as one group.
    pub together: bool,
    pub spread: Spread,
    /// Charts that are computed.
    pub computed: Vec<Computed>,
    /// Charts that were moved by hand, and whatever had to be before them.
    pub placed: Vec<String>,
    /// Charts that are not shown.
    pub gone: BTreeSet<String>,
    /// Charts that take two places.
    pub wide: BTreeSet<String>,
    /// What happened besides the metrics is not marked.
    pub without_events: bool,
}

/// A chart that is computed from metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Computed {
    /// Empty: it is called what it computes.
    pub name: String,
    pub expression: String,
}

impl Computed {
    /// What stands for it where others have their metric.
    pub fn key(&self) -> String {
        format!("={}", self.expression)
    }

    pub fn title(&self) -> &str {
        if self.name.is_empty() { &self.expression } else { &self.name }
    }

    /// What an address may say: `name=expression`.
    fn of(text: &str) -> Option<Self> {
        let (name, expression) = text.split_once('=')?;
        let fits = name.len() <= limits::CHART_NAME_BYTES_MAX && Expression::parse(expression).is_ok();
        fits.then(|| Self { name: name.to_owned(), expression: expression.to_owned() })
    }
}

impl Setup {
    /// What the chart of a key computes, if that is one that does.
    pub fn computed_as(&self, key: &str) -> Option<&Computed> {
        let expression = key.strip_prefix('=')?;
        self.computed.iter().find(|one| one.expression == expression)
    }

    /// A chart computes something else from now on, or is no more: what was set up for it goes along.
    pub fn rekey(&mut self, old: &str, new: Option<&str>) {
        if new == Some(old) {
            return;
        }
        if let (Some(settings), Some(new)) = (self.panels.remove(old), new) {
            self.panels.insert(new.to_owned(), settings);
        }
        for list in [&mut self.gone, &mut self.wide] {
            if list.remove(old) {
                list.extend(new.map(ToOwned::to_owned));
            }
        }
        if let Some(place) = self.placed.iter().position(|one| one == old) {
            self.placed.splice(place..=place, new.map(ToOwned::to_owned));
        }
    }

    pub fn of_panel(&self, key: &str) -> Settings {
        let settings = self.panels.get(key).copied().unwrap_or(self.all);
        // Without its metric, the axis is that of steps.
        let axis =
            if self.over.is_empty() && settings.axis == Axis::Metric { Axis::Step } else { settings.axis };
        Settings { axis, ..settings }
    }
}

/// All that an address keeps of charts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub setup: Setup,
    pub zooms: HashMap<Axis, (f64, f64)>,
    pub hidden: BTreeSet<String>,
}

const ALL: &str = "chart";
const OVER: &str = "over";
const PANEL: &str = "panel";
const ZOOM: &str = "zoom";
/// Lines that are hidden, by their ids.
pub const HIDDEN: &str = "off";
const TOGETHER: &str = "together";
const SPREAD: &str = "spread";
const COMPUTED: &str = "expr";
const PLACED: &str = "place";
const GONE: &str = "gone";
const WIDE: &str = "wide";
const EVENTS: &str = "events";
/// What `events` says when they are not marked.
const OFF: &str = "off";

impl State {
    /// `usual` is the x axis that charts stand over when nothing is said.
    pub fn of(query: &Query, usual: Axis) -> Self {
        let mut state = Self::default();
        state.setup.all = Settings::of(query.get(ALL).unwrap_or_default(), usual);
        query.get(OVER).unwrap_or_default().clone_into(&mut state.setup.over);
        for (settings, key) in
            query.all(PANEL).filter_map(|text| text.split_once(':')).take(limits::CHARTS_APART_MAX)
        {
            state.setup.panels.insert(key.to_owned(), Settings::of(settings, usual));
        }
        state.setup.together = query.get(TOGETHER) == Some("1");
        if let Some((center, band)) = query.get(SPREAD).and_then(|text| text.split_once('-')) {
            let usual = Spread::default();
            state.setup.spread = Spread {
                center: choice(&CENTERS, center).unwrap_or(usual.center),
                band: choice(&BANDS, band).unwrap_or(usual.band),
            };
        }
        for one in query.all(COMPUTED).filter_map(Computed::of).take(limits::CHARTS_COMPUTED_MAX) {
            // Two of one expression would be one chart twice.
            if state.setup.computed_as(&one.key()).is_none() {
                state.setup.computed.push(one);
            }
        }
        for key in query.all(PLACED).take(limits::CHARTS_PLACED_MAX) {
            if !state.setup.placed.iter().any(|known| known == key) {
                state.setup.placed.push(key.to_owned());
            }
        }
        let keys = |name: &str| -> BTreeSet<String> {
            query.all(name).take(limits::CHARTS_PLACED_MAX).map(ToOwned::to_owned).collect()
        };
        (state.setup.gone, state.setup.wide) = (keys(GONE), keys(WIDE));
        state.setup.without_events = query.get(EVENTS) == Some(OFF);
        for text in query.all(ZOOM) {
            let mut parts = text.splitn(3, ':');
            let axis = parts.next().and_then(|word| choice(&AXES, word));
            let mut edge =
                || parts.next().and_then(|text| text.parse::<f64>().ok()).filter(|edge| edge.is_finite());
            if let (Some(axis), Some(from), Some(to)) = (axis, edge(), edge())
                && from < to
            {
                state.zooms.insert(axis, (from, to));
            }
        }
        state.hidden = query.all(HIDDEN).take(limits::LINES_HIDDEN_MAX).map(ToOwned::to_owned).collect();
        state
    }

    /// The query with this state in place of whatever it had.
    pub fn write(&self, query: Query, usual: Axis) -> Query {
        let Setup { all, over, panels, together, spread, computed, placed, gone, wide, without_events } =
            &self.setup;
        let mut query =
            query.with(ALL, all.text(usual)).with(OVER, over).without(PANEL).without(ZOOM).without(HIDDEN);
        query = query.with(TOGETHER, if *together { "1" } else { "" }).without(SPREAD);
        if *spread != Spread::default() {
            let text = format!("{}-{}", word(&CENTERS, spread.center), word(&BANDS, spread.band));
            query = query.and(SPREAD, text);
        }
        for (key, settings) in panels.iter().take(limits::CHARTS_APART_MAX) {
            query = query.and(PANEL, format!("{}:{key}", settings.text(usual)));
        }
        query = query.without(COMPUTED).without(PLACED).without(GONE).without(WIDE);
        query = query.with(EVENTS, if *without_events { OFF } else { "" });
        for one in computed.iter().take(limits::CHARTS_COMPUTED_MAX) {
            query = query.and(COMPUTED, format!("{}={}", one.name, one.expression));
        }
        let listed: [(&str, Vec<&String>); 3] =
            [(PLACED, placed.iter().collect()), (GONE, gone.iter().collect()), (WIDE, wide.iter().collect())];
        for (name, keys) in listed {
            query = keys
                .into_iter()
                .take(limits::CHARTS_PLACED_MAX)
                .fold(query, |query, key| query.and(name, key));
        }
        for (axis, word, _) in AXES {
            if let Some((from, to)) = self.zooms.get(&axis) {
                // A thousandth of a step or of a millisecond is nothing; of a metric it may be all.
                let round = |edge: f64| if axis == Axis::Metric { edge } else { (edge * 1e3).round() / 1e3 };
                query = query.and(ZOOM, format!("{word}:{}:{}", round(*from), round(*to)));
            }
        }
        for id in self.hidden.iter().take(limits::LINES_HIDDEN_MAX) {
            query = query.and(HIDDEN, id);
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> State {
        let look = Look { x: Kind::Log, y: Kind::Symlog, ignores_outliers: true, band: true };
        let all = Settings { axis: Axis::Wall, smoothing: Smoothing::TimeWeightedEma, weight: 0.75, look };
        State {
            setup: Setup {
                all,
                over: "epoch".into(),
                panels: [("val/a:b,c".to_owned(), Settings::default()), ("x".to_owned(), all)].into(),
                together: true,
                spread: Spread { center: Center::Median, band: Band::MinMax },
                computed: vec![
                    Computed { name: "a gap".into(), expression: "`val/loss` - a".into() },
                    Computed { name: String::new(), expression: "a / b".into() },
                ],
                placed: ["z", "a/b", "=a / b"].map(ToOwned::to_owned).to_vec(),
                gone: ["lr".to_owned()].into(),
                wide: ["z".to_owned()].into(),
                without_events: true,
            },
            zooms: [(Axis::Step, (-1.5, 20.0)), (Axis::Metric, (1e-9, 2e-9))].into(),
            hidden: ["0123 subset=val".to_owned()].into(),
        }
    }

    #[test]
    fn a_chart_that_computes_something_else_keeps_its_place() {
        let mut setup = Setup {
            placed: vec!["a".into(), "=x".into()],
            wide: ["=x".into()].into(),
            panels: [("=x".into(), Settings::default())].into(),
            ..Setup::default()
        };
        setup.rekey("=x", Some("=y"));
        assert_eq!(setup.placed, ["a", "=y"]);
        assert!(setup.wide.contains("=y") && setup.panels.contains_key("=y") && setup.panels.len() == 1);
        setup.rekey("=y", None);
        assert!(setup.placed == ["a"] && setup.wide.is_empty() && setup.panels.is_empty());
    }

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        let href = example()
            .write(Query::parse("tab=metrics&chart=y-log&zoom=step:1:2"), Axis::Step)
            .href("/runs/1");
        assert!(href.contains("tab=metrics") && !href.contains("step:1:2"), "{href}");
        let read = State::of(&Query::parse(href.split_once('?').expect("has a query").1), Axis::Step);
        assert_eq!(read, example());
    }

    #[test]
    fn charts_that_usually_stand_over_another_axis_say_when_they_do_not() {
        let usual = Axis::Relative;
        let state = State::of(&Query::parse("panel=:x"), usual);
        assert_eq!((state.setup.all.axis, state.setup.panels["x"].axis), (usual, usual));
        assert_eq!(state.write(Query::default(), usual).href("/r"), "/r?panel=:x");
        let by_step = State { setup: Setup::default(), ..state };
        let href = by_step.write(Query::default(), usual).href("/r");
        assert_eq!(href, "/r?chart=x-step");
        assert_eq!(State::of(&Query::parse("chart=x-step"), usual).setup.all, Settings::default());
    }

    #[test]
    fn the_usual_leaves_the_address_as_it_is() {
        assert_eq!(
            State::default().write(Query::parse("tab=metrics"), Axis::Step).href("/r"),
            "/r?tab=metrics"
        );
    }

    #[test]
    fn nonsense_in_an_address_is_left_out() {
        let of = |text: &str| State::of(&Query::parse(text), Axis::Step);
        let state = of("chart=x-moon,smooth-ema-7,y-log,zzz&zoom=step:5:1&zoom=step:NaN:2&panel=y-log");
        let look = Look { y: Kind::Log, ..Look::default() };
        assert_eq!(state.setup.all, Settings { look, ..Settings::default() });
        assert!(state.zooms.is_empty() && state.setup.panels.is_empty());
        let state = of("expr=a&expr=b=a%2B&expr=c=a&expr=d=a&place=x&place=x");
        assert_eq!(state.setup.computed.len(), 1, "what cannot be read, or is there already");
        assert_eq!(state.setup.computed_as("=a").map(Computed::title), Some("c"));
        assert_eq!(state.setup.placed, ["x"]);
    }

    #[test]
    fn an_axis_without_its_metric_is_that_of_steps() {
        let all = Settings { axis: Axis::Metric, ..Settings::default() };
        let mut setup = Setup { all, ..Setup::default() };
        assert_eq!(setup.of_panel("loss").axis, Axis::Step);
        setup.over = "epoch".into();
        assert_eq!(setup.of_panel("loss").axis, Axis::Metric);
    }
}
