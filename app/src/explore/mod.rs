//! Pictures over many runs, of an experiment or of a comparison: parallel coordinates, scatter, bars, boxes, importance. They share the query, the
//! brushes and the runs chosen.

#![expect(
    clippy::large_types_passed_by_value,
    reason = "the stage is some dozens of handles, and closures capture only those that they use"
)]

mod api;
mod axis;
mod bars;
mod brush;
mod choice;
mod chosen;
mod export;
mod importance;
mod parallel;
mod pointer;
mod query;
mod scatter;

pub use query::Picture;

use self::{axis::Axis, brush::Brush, chosen::Chosen};
use crate::{
    feed::Feed,
    link::{self, Query},
    metric::charts::CHARTS,
    run::{
        self,
        api::Runs,
        query::{VIEW, joined, parse},
    },
    ui::{
        erase::{Show, drawn, effect, handler, memo, view, watch},
        icon::Icon,
        notice::{Empty, Problem},
    },
};
use leptos::{prelude::*, task::spawn_local};
use model::{
    ExperimentId, RunId,
    experiment::GoalMetric,
    explore::RunColumns,
    limits,
    metric::Goal,
    query::{Attribute, Clause, Field, Stat, Test},
    run::{RunFieldQuery, RunQuery},
};
use std::{collections::BTreeSet, sync::Arc};

type Go = Arc<dyn Fn(&str) + Send + Sync>;

/// What the parts of a picture share.
#[derive(Clone, Copy)]
struct Stage {
    picture: Picture,
    search: Memo<Query>,
    path: StoredValue<String>,
    data: Feed<RunColumns>,
    /// What is shown when nobody says otherwise: the table's columns, or what compared runs have.
    columns: Memo<Vec<Field>>,
    goal: Memo<Option<GoalMetric>>,
    whose: Whose,
    /// Fields to choose from: those that fit what is `wanted`.
    options: RwSignal<Vec<Field>>,
    /// What somebody looks for among the fields, as they typed it.
    wanted: RwSignal<String>,
    /// There were more fields once than anybody looks through.
    many: RwSignal<bool>,
    /// The brush that is being drawn.
    draft: RwSignal<Option<Brush>>,
    brushes: Memo<Vec<Brush>>,
    /// Runs that somebody drew a line around.
    lasso: RwSignal<Option<BTreeSet<RunId>>>,
    /// By run; none when none was chosen.
    chosen: Memo<Option<Arc<Vec<bool>>>>,
    /// The run under the pointer.
    hover: RwSignal<Option<usize>>,
    go: StoredValue<Go>,
    rewrite: StoredValue<Go>,
}

/// Whose picture it is.
#[derive(Clone, Copy)]
pub struct Subject {
    columns: Memo<Vec<Field>>,
    goal: Memo<Option<GoalMetric>>,
    whose: Whose,
}

#[derive(Clone, Copy)]
enum Whose {
    /// Of the runs that the table's query means.
    Table(Feed<Runs>),
    /// Of these runs of several experiments; the number counts news of them.
    Compared(Memo<Vec<(ExperimentId, Vec<RunId>)>>, RwSignal<u32>),
}

impl Subject {
    pub fn table(feed: Feed<Runs>) -> Self {
        Self {
            columns: memo(move || feed.current.with(|runs| runs.columns.clone())),
            goal: memo(move || feed.current.with(|runs| runs.experiment.goal.clone())),
            whose: Whose::Table(feed),
        }
    }

    /// Runs that are compared, and what they have; `news` counts what was logged.
    pub fn compared(
        runs: Memo<Vec<(ExperimentId, Vec<RunId>)>>,
        columns: Memo<Vec<Field>>,
        news: RwSignal<u32>,
    ) -> Self {
        Self { columns, goal: memo(|| None), whose: Whose::Compared(runs, news) }
    }
}

impl Whose {
    /// What to ask for these fields of the runs: a query an experiment.
    fn queries(self, search: Memo<Query>, fields: &[Field]) -> Vec<RunQuery> {
        let of = |query: RunQuery| RunQuery { fields: joined(fields), offset: 0, limit: None, ..query };
        match self {
            _ if fields.is_empty() => Vec::new(),
            Self::Table(feed) => {
                let id = feed.current.with_untracked(|runs| runs.experiment.id);
                vec![of(search.with(|search| parse(id, search)))]
            }
            Self::Compared(runs, _) => runs.with(|runs| {
                let query = |(experiment_id, ids): &(ExperimentId, Vec<RunId>)| {
                    let ids = ids.iter().map(ToString::to_string).collect();
                    let filter = Clause { field: Field::Attribute(Attribute::Id), test: Test::In(ids) };
                    of(RunQuery {
                        filter: filter.to_string(),
                        archived: true,
                        ..RunQuery::new(*experiment_id)
                    })
                };
                runs.iter().map(query).collect()
            }),
        }
    }

    /// Something changed in the runs.
    fn track(self) {
        match self {
            Self::Table(feed) => feed.current.track(),
            Self::Compared(_, news) => news.track(),
        }
    }

    fn is_table(self) -> bool {
        matches!(self, Self::Table(_))
    }
}

impl Stage {
    fn href(self, query: &Query) -> String {
        self.path.with_value(|path| query.href(path))
    }

    /// Goes to another look at the same runs; Back returns.
    fn show(self, query: &Query) {
        let go = self.go.get_value();
        go(&self.href(query));
    }

    fn set_brushes(self, brushes: &[Brush]) {
        let rewrite = self.rewrite.get_value();
        rewrite(&self.href(&query::with_brushes(&self.search.get_untracked(), brushes)));
    }

    fn clear(self) {
        self.lasso.set(None);
        self.set_brushes(&[]);
    }

    fn main_metric(self) -> Option<Field> {
        self.columns.with(|columns| self.goal.with(|goal| query::main_metric(columns, goal.as_ref())))
    }

    fn direction(self, field: &Field) -> Option<Goal> {
        self.goal.with(|goal| query::direction(field, goal.as_ref()))
    }

    /// A field of the address, or what is shown without one.
    fn field(self, key: &str) -> Option<Field> {
        let named = self.search.with(|query| query::field(query, key));
        named.or_else(|| match key {
            "y" | "metric" => self.main_metric(),
            "x" => {
                let candidates = self.candidates();
                let telling = self.data.current.with(|data| query::telling(data, &candidates).cloned());
                telling.or_else(|| candidates.into_iter().next())
            }
            "by" => self.columns.with(|columns| {
                columns.iter().find(|one| matches!(one, Field::Param(_))).or(columns.first()).cloned()
            }),
            _ => None,
        })
    }

    /// Fields among which the scatter finds its first x: params, then metrics beside the main one.
    fn candidates(self) -> Vec<Field> {
        let main = self.main_metric();
        self.columns.with(|columns| query::candidates(columns, main.as_ref()))
    }

    /// The fields to ask for: those that the picture shows, and those among which it has yet to choose.
    fn asked(self) -> Vec<Field> {
        let mut fields = self.fields();
        let chosen = self.search.with(|query| query::field(query, "x").is_some());
        if self.picture == Picture::Scatter && !chosen {
            fields.extend(self.candidates());
            let mut seen = BTreeSet::new();
            fields.retain(|field| seen.insert(field.clone()));
            fields.truncate(limits::EXPLORE_FIELDS_MAX);
        }
        fields
    }

    /// The fields that the picture shows.
    fn fields(self) -> Vec<Field> {
        let named = |keys: &[&str]| keys.iter().filter_map(|key| self.field(key)).collect::<Vec<_>>();
        let mut fields = match self.picture {
            Picture::Parallel => {
                let axes = self.axes();
                axes.into_iter().chain(named(&["color"])).collect()
            }
            Picture::Scatter => named(&["x", "y", "color", "size"]),
            Picture::Bars => named(&["metric"]),
            Picture::Box => named(&["metric", "by"]),
            Picture::Importance => Vec::new(),
        };
        fields.extend(self.main_metric());
        fields.extend(self.brushes.get().into_iter().map(|brush| brush.field));
        let mut seen = BTreeSet::new();
        fields.retain(|field| seen.insert(field.clone()) && !matches!(field, Field::Dataset(_)));
        fields.truncate(limits::EXPLORE_FIELDS_MAX);
        fields
    }

    /// Lets these be chosen, and what the picture knows without asking.
    fn offer(self, fields: Vec<Field>) {
        let all = untrack(|| {
            self.goal.with(|goal| {
                self.columns
                    .with(|columns| self.wanted.with(|text| known(columns, fields, goal.as_ref(), text)))
            })
        });
        if all.len() > SEEN_AT_ONCE {
            self.many.set(true);
        }
        self.options.set(all);
    }

    fn axes(self) -> Vec<Field> {
        self.search.with(|search| {
            self.columns.with(|columns| self.goal.with(|goal| query::axes(search, columns, goal.as_ref())))
        })
    }

    /// A field of the data laid along an axis.
    fn axis(self, field: &Field) -> Option<Axis> {
        let (wish, flipped) =
            self.search.with(|query| (query::scale(query, field), query::flipped(query, field)));
        self.data.current.with(|data| {
            let column = data.columns.iter().find(|column| column.field == *field)?;
            Some(Axis::new(column, wish, flipped))
        })
    }

    /// The name of a run.
    fn name(self, row: usize) -> String {
        self.data.current.with(|data| data.names.get(row).cloned().unwrap_or_default())
    }

    fn run_link(self, row: usize) -> String {
        self.data.current.with(|data| data.ids.get(row).map(|id| format!("/runs/{id}")).unwrap_or_default())
    }

    fn color(self, row: usize) -> u8 {
        self.data.current.with(|data| {
            let (number, chosen) = (data.numbers.get(row), data.colors.get(row));
            crate::ui::run_color_place(number.copied().unwrap_or(1), chosen.copied().flatten())
        })
    }

    /// The runs chosen, or all.
    fn rows(self) -> Vec<usize> {
        let count = self.data.current.with(|data| data.ids.len());
        match self.chosen.get() {
            Some(mask) => (0..count).filter(|row| mask.get(*row) == Some(&true)).collect(),
            None => (0..count).collect(),
        }
    }

    /// What a run has in a field, as text.
    fn text(self, row: usize, field: &Field) -> String {
        self.data.current.with(|data| chosen::text(data, row, field))
    }
}

/// The ways to look at an experiment's runs.
#[component]
pub fn Pictures(search: Memo<Query>, path: String) -> impl IntoView {
    let path = StoredValue::new(path);
    let pictures = Picture::ALL.map(|(_, word, title)| (word, title));
    let known = move |word: &str| word == CHARTS || pictures.iter().any(|(known, _)| *known == word);
    let here = memo(move || {
        search.with(|query| query.get(VIEW).filter(|word| known(word)).unwrap_or_default().to_owned())
    });
    let tab = move |(word, title): (&'static str, &'static str)| {
        let href =
            move || search.with(|query| path.with_value(|path| query.clone().with(VIEW, word).href(path)));
        view! {
            <a
                class="tabs__tab"
                href=drawn(href)
                aria-current=move || (here.get() == word).then_some("page")
                data-noscroll=""
            >
                {title}
            </a>
        }
    };
    view! {
        <nav class="tabs explore-tabs" aria-label="Views of the runs" data-key="tabs">
            {tab(("", "Runs"))}
            {tab((CHARTS, "Charts"))}
            {pictures.map(tab).collect_view()}
        </nav>
    }
}

/// A picture of many runs.
#[component]
pub fn Explore(picture: Picture, subject: Subject, search: Memo<Query>, path: String) -> impl IntoView {
    let stage = stage(picture, subject, search, path);
    let count = memo(move || stage.data.current.with(|data| data.ids.len()));
    let total = memo(move || stage.data.current.with(|data| data.total));
    let awake = RwSignal::new(false);
    effect(move || awake.set(true));
    let cut = move || {
        let (shown, total) = (count.get() as i64, total.get());
        (shown < total).then(|| {
            let text = format!(
                "The first {} of {} runs are shown: filter or sort to choose which.",
                crate::chart::format::count(shown),
                crate::chart::format::count(total)
            );
            view! { <p class="explore__cut" role="status">{text}</p> }
        })
    };
    let picture = move || match picture {
        Picture::Parallel => view! { <parallel::Parallel stage /> },
        Picture::Scatter => view! { <scatter::Scatter stage /> },
        Picture::Bars => view! { <bars::Bars stage /> },
        Picture::Box => view! { <bars::Boxes stage /> },
        Picture::Importance => view! { <importance::Shares stage /> },
    };
    let listed = stage.picture != Picture::Importance;
    view! {
        <section class="explore" data-busy=move || stage.data.busy.get().to_string() aria-label="Picture of the runs">
            <noscript>
                <p class="explore__cut">"Pictures are drawn by a script. The table has the same numbers."</p>
            </noscript>
            <Problem error=stage.data.failed />
            {move || cut()}
            {move || picture()}
            <Show when=move || listed && awake.get() && (count.get() > 0)>
                <Chosen stage />
            </Show>
        </section>
    }
}

fn stage(picture: Picture, subject: Subject, search: Memo<Query>, path: String) -> Stage {
    let (go, rewrite) = (link::use_go(), link::use_rewrite());
    let Subject { columns, goal, whose } = subject;
    let brushes = memo(move || search.with(query::brushes));
    // The stage is made before its data, which needs to know the fields.
    let (data, _) = Feed::soon(Some(RunColumns::default()), memo(Vec::new), api::columns);
    let draft = RwSignal::new(None::<Brush>);
    let lasso = RwSignal::new(None::<BTreeSet<RunId>>);
    let mut stage = Stage {
        picture,
        search,
        path: StoredValue::new(path),
        data,
        columns,
        goal,
        whose,
        options: RwSignal::new(Vec::new()),
        wanted: RwSignal::new(String::new()),
        many: RwSignal::new(false),
        draft,
        brushes,
        lasso,
        chosen: memo(|| None),
        hover: RwSignal::new(None),
        go: StoredValue::new(Arc::new(go)),
        rewrite: StoredValue::new(Arc::new(rewrite)),
    };
    let input = memo(move || whose.queries(search, &stage.asked()));
    let (data, _) = Feed::soon(None, input, api::columns);
    watch(move || whose.track(), move |(), _| data.refresh());
    stage.data = data;
    stage.chosen = memo(move || {
        let brushes: Vec<Brush> = brushes.get().into_iter().chain(draft.get()).collect();
        data.current.with(|data| {
            let mut mask = brush::chosen(data, &brushes);
            lasso.with(|lasso| {
                if let Some(lasso) = lasso {
                    let mask = mask.get_or_insert_with(|| vec![true; data.ids.len()]);
                    mask.iter_mut().zip(&data.ids).for_each(|(chosen, id)| *chosen &= lasso.contains(id));
                }
            });
            mask.map(Arc::new)
        })
    });
    stage.offer(Vec::new());
    effect(move || {
        let text = stage.wanted.get();
        // What compared runs have is all there is to choose from.
        let Whose::Table(feed) = whose else { return stage.offer(Vec::new()) };
        let experiment_id = feed.current.with_untracked(|runs| runs.experiment.id);
        spawn_local(async move {
            let query = RunFieldQuery { experiment_id, search: text.clone(), limit: Some(limits::PAGE_MAX) };
            if let Ok(fields) = run::api::fields(query).await
                && stage.wanted.try_get_untracked() == Some(text)
            {
                stage.offer(fields);
            }
        });
    });
    stage
}

/// A list of more fields than this is searched: about two windows of it.
const SEEN_AT_ONCE: usize = 60;

/// What can be chosen of the fields that fit a text: params, metrics, with their best values where it is known which are,
/// tags, and what every run has.
fn known(columns: &[Field], fields: Vec<Field>, goal: Option<&GoalMetric>, wanted: &str) -> Vec<Field> {
    let mut all: Vec<Field> = Vec::new();
    for field in columns.iter().cloned().chain(fields).chain(query::attributes()) {
        let best = match (&field, query::direction(&field, goal)) {
            (Field::Metric { key, stat: Stat::Last }, Some(way)) => {
                Some(Field::Metric { key: key.clone(), stat: way.stat() })
            }
            _ => None,
        };
        all.extend(std::iter::once(field).chain(best).filter(|one| !matches!(one, Field::Dataset(_))));
    }
    let rank = |field: &Field| match field {
        Field::Param(_) => 0,
        Field::Metric { .. } => 1,
        Field::Tag(_) => 2,
        Field::Attribute(_) | Field::Dataset(_) => 3,
    };
    let mut seen = BTreeSet::new();
    let wanted = wanted.to_lowercase();
    let fits = |field: &Field| field.to_string().to_lowercase().contains(&wanted);
    all.retain(|field| fits(field) && seen.insert(field.clone()));
    all.sort_by_key(rank);
    all
}

/// In place of a picture that has nothing to show.
#[component]
fn Nothing(stage: Stage, #[prop(into)] why: String) -> impl IntoView {
    let why = StoredValue::new(why);
    let busy = move || stage.data.busy.get();
    drawn(move || {
        if busy() {
            view! { <div class="skeleton explore__skeleton" aria-label="Loading"></div> }
        } else {
            view! {
                <Empty icon="search" title="Nothing to draw">
                    <p>{why.get_value()}</p>
                </Empty>
            }
        }
    })
}

/// What stands beside the pointer: a run's name and what the picture shows of it.
#[component]
fn Tip(
    stage: Stage,
    row: usize,
    fields: Vec<Field>,
    /// In CSS pixels of the picture, and whether there is more room at the left.
    at: (f64, f64, bool),
) -> impl IntoView {
    let (x, y, left) = at;
    let line = |field: &Field| {
        view! {
            <tr>
                <td class="tip__name">{run::columns::name(field)}</td>
                <td class="num">{stage.text(row, field)}</td>
            </tr>
        }
    };
    view! {
        <div
            class="tip explore__tip"
            class:explore__tip--left=left
            style:left=format!("{:.0}px", if left { x - 14.0 } else { x + 14.0 })
            style:top=format!("{y:.0}px")
        >
            <a href=stage.run_link(row)>
                <span class=format!("swatch run-color-{}", stage.color(row))></span>
                {stage.name(row)}
            </a>
            <table>
                <tbody>{fields.iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// Ends a choice of runs.
#[component]
fn Clear(stage: Stage) -> impl IntoView {
    view! {
        <button class="button" type="button" on:click=handler(move |_| stage.clear())>
            <Icon name="cross" />
            "Clear the choice"
        </button>
    }
}
