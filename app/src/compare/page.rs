//! The comparison page: its views, each with its own address.

use super::{
    api::{self, Look, Shown},
    change,
    choice::{self, Named},
    diff,
    export::Export,
    file, group, images, metrics, note, summary, table,
    wanted::{View, Wanted},
};
use crate::{
    error::AppError,
    explore::{Picture, Subject},
    feed::Feed,
    frame::crumbs::Crumbs,
    json,
    link::{self, Query},
    live,
    metric::{Board, BoardRun, Entry, EventNews, Roster, Sections},
    pages::{self, Drawing, Pictured},
    ui::{
        erase::{drawn, memo, memo_after, view},
        filter::{FilterForm, Hidden},
        notice::{AllExperiments, Empty, Failure, Problem},
        title::Title,
    },
};
use leptos::prelude::*;
use model::{
    ExperimentId, RunId,
    compare::{ComparedRun, Row, Section},
    event::Event,
};

#[component]
pub fn Page() -> impl IntoView {
    let search = link::use_search();
    // Another view of the same runs is fetched in place; other runs are another page.
    let runs = memo(move || search.with(Wanted::parse).map(|wanted| wanted.runs));
    let first = json::resource(move || runs.get(), move |_| load(search.get_untracked()));
    view! {
        <Title text="Compare runs" />
        <Suspense fallback=|| view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(Some(look)) => view! { <Side look search /> },
                    Ok(None) => view! { <Nothing /> },
                    Err(error) => view! { <Failure error /> },
                }
            })}
        </Suspense>
    }
}

async fn load(query: Query) -> Result<Option<Look>, AppError> {
    let wanted = Wanted::parse(&query).map_err(refused)?;
    if wanted.runs.is_empty() {
        return Ok(None);
    }
    api::compare(wanted).await.map(Some)
}

/// An address that cannot be an id names nothing, and says so as the server would.
fn refused(error: model::Error) -> AppError {
    #[cfg(feature = "ssr")]
    crate::remote::set_status(error.kind);
    error.into()
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Crumbs steps=vec![("Experiments".to_owned(), "/experiments".to_owned())] here="Compare".to_owned() />
        <Empty icon="compare" title="Nothing to compare yet" alone=true>
            <p>"Open an experiment, select two or more runs, then choose Compare."</p>
            <p>
                <AllExperiments />
            </p>
        </Empty>
    }
}

#[component]
fn Side(look: Look, search: Memo<Query>) -> impl IntoView {
    let ids = look.wanted.runs.clone();
    let last = look.wanted.clone();
    // While the person leaves for other runs, what was asked last is good enough.
    let input = memo_after(move |known: Option<&Wanted>| {
        let wanted = search.with(Wanted::parse).ok().filter(|wanted| !wanted.runs.is_empty());
        wanted.or_else(|| known.cloned()).unwrap_or_else(|| last.clone())
    });
    let feed = Feed::new(look, input, api::compare);
    let logged = RwSignal::new(0);
    let happened = EventNews::provide();
    // The stream tells of all runs; only these matter here.
    live::watch("/api/v1/events".to_owned(), move |events| {
        let ours =
            |event: &Event| *event == Event::Lagged || event.run_id().is_some_and(|id| ids.contains(id));
        happened.hear(events.iter().filter(|event| ours(event)));
        if events.iter().any(ours) {
            logged.update(|count| *count += 1);
            feed.refresh();
        }
    });
    let look = memo(move || feed.current.get());
    let runs = memo(move || look.with(|look| look.runs.clone()));
    let title = move || format!("Compare {} runs", runs.with(Vec::len));
    let busy = move || feed.busy.get().to_string();
    // What one types into stays while answers come and go.
    let named = memo(move || {
        let named = |one: &ComparedRun| (one.run.id.clone(), one.run.name.clone());
        look.with(|look| (look.wanted.view, look.runs.iter().map(named).collect::<Vec<_>>()))
    });
    let tools = move || named.with(|(view, runs)| tools(*view, runs, search));
    let told = move || look.with(|look| shown(look, search));
    // Curves stay as they are when news arrive; everything else is drawn anew.
    let picked = memo(move || look.with(whose));
    let keys = memo(move || {
        look.with(|look| match &look.shown {
            Shown::Curves(keys) => keys.clone(),
            Shown::Changes(Some(found)) => {
                let mut keys: Vec<String> = Vec::new();
                for one in &found.metrics {
                    // Curves of one metric in several contexts share a chart.
                    if !keys.contains(&one.key) {
                        keys.push(one.key.clone());
                    }
                }
                keys
            }
            _ => Vec::new(),
        })
    });
    let fields = memo(move || {
        look.with(|look| match &look.shown {
            Shown::Picture(fields) => fields.clone(),
            _ => Vec::new(),
        })
    });
    let curves = move || {
        let runs = match picked.get()? {
            Whose::Picture(picture) => {
                let subject = Subject::compared(by_experiment(runs), fields, logged);
                let path = "/compare".to_owned();
                return Some(pages::later(pages::picture(Pictured { picture, subject, search, path })));
            }
            Whose::All => runs,
            Whose::Of(ends) => memo(move || {
                let is_end = |one: &&ComparedRun| ends.contains(&one.run.id);
                runs.with(|runs| runs.iter().filter(is_end).cloned().collect::<Vec<_>>())
            }),
        };
        let drawn = Drawn { runs, keys: keys.into(), logged };
        Some(pages::later(pages::drawing(Drawing::Compared(drawn))))
    };
    view! {
        <Crumbs steps=steps(&runs.get_untracked()) here="Compare".to_owned() />
        <div class="page-head">
            <h1>{move || title()}</h1>
            <div class="page-head__actions">
                <Export look=look.into() />
            </div>
        </div>
        <Tabs search />
        <Problem error=feed.failed />
        {move || tools()}
        <div class="area compare-view" data-busy=drawn(busy)>
            {move || told()}
            {move || curves()}
        </div>
    }
}

/// Leads back to the experiment when all runs are of one.
fn steps(runs: &[ComparedRun]) -> Vec<(String, String)> {
    let mut steps = vec![("Experiments".to_owned(), "/experiments".to_owned())];
    if let Some(first) = runs.first()
        && runs.iter().all(|one| one.run.experiment_id == first.run.experiment_id)
    {
        steps.push((first.experiment_name.clone(), format!("/experiments/{}", first.run.experiment_id)));
    }
    steps
}

#[component]
fn Tabs(search: Memo<Query>) -> impl IntoView {
    let open = memo(move || search.with(Wanted::parse).map(|wanted| wanted.view).unwrap_or_default());
    let tab = move |view: View| {
        let here = move || (open.get() == view).then_some("page");
        // What one view was searched for is nothing to another.
        let href = move || {
            let query = search.get().without("search").without("offset").without("path");
            query.with("view", if view == View::default() { "" } else { view.word() }).href("/compare")
        };
        view! {
            <a class="tabs__tab" href=drawn(href) aria-current=drawn(here) data-noscroll="">
                {view.title()}
            </a>
        }
    };
    view! {
        <nav class="tabs" aria-label="Comparison" data-key="tabs">
            {View::ALL.map(tab).collect_view()}
        </nav>
    }
}

/// What stands above a view: what to find, what is held against what.
fn tools(view: View, runs: &[Named], search: Memo<Query>) -> Option<AnyView> {
    let find = match view {
        View::Params => Some("Find a param"),
        View::Packages => Some("Find a package"),
        View::Data => Some("Find a dataset"),
        View::Environment => Some("Find a fact"),
        View::Artifacts => Some("Find a file"),
        View::Metrics | View::Groups => Some("Find a metric"),
        View::Summary | View::Curves | View::Parallel | View::Scatter => return None,
        View::Changes | View::Code | View::Notes => None,
    };
    let find = find.map(|label| {
        view! {
            <FilterForm path="/compare".to_owned() search label>
                <Hidden search except=&["search", "offset"] />
            </FilterForm>
        }
    });
    let only = || view! { <choice::OnlyDifferences search /> };
    let more = match view {
        View::Groups => group::choices(search),
        View::Metrics => {
            view! { {choice::base(search, runs)} {metrics::choices(search)} {only()} }
        }
        View::Changes | View::Notes => choice::two(search, runs).into_any(),
        View::Code | View::Artifacts => view! { {choice::two(search, runs)} {only()} },
        _ => view! { {choice::base(search, runs)} {only()} },
    };
    Some(view! { <div class="toolbar compare-tools">{find} {more}</div> })
}

/// The runs by their experiments.
fn by_experiment(runs: Memo<Vec<ComparedRun>>) -> Memo<Vec<(ExperimentId, Vec<RunId>)>> {
    memo(move || {
        let mut found: Vec<(ExperimentId, Vec<RunId>)> = Vec::new();
        runs.with(|runs| {
            for ComparedRun { run, .. } in runs {
                match found.iter_mut().find(|(experiment, _)| *experiment == run.experiment_id) {
                    Some((_, ids)) => ids.push(run.id.clone()),
                    None => found.push((run.experiment_id, vec![run.id.clone()])),
                }
            }
        });
        found
    })
}

/// Whose curves are drawn, or which picture of all.
#[derive(Clone, Debug, PartialEq)]
enum Whose {
    All,
    Of(Vec<RunId>),
    Picture(Picture),
}

fn whose(look: &Look) -> Option<Whose> {
    match &look.shown {
        Shown::Picture(_) if look.wanted.view == View::Parallel => Some(Whose::Picture(Picture::Parallel)),
        Shown::Picture(_) => Some(Whose::Picture(Picture::Scatter)),
        Shown::Curves(_) => Some(Whose::All),
        Shown::Changes(Some(found)) if !found.metrics.is_empty() => {
            Some(Whose::Of(found.runs.iter().map(|one| one.run.id.clone()).collect()))
        }
        _ => None,
    }
}

/// A view but for its curves.
fn shown(look: &Look, search: Memo<Query>) -> AnyView {
    let Look { wanted, runs, shown } = look;
    let name = |id: &RunId| runs.iter().find(|one| one.run.id == *id).map(|one| one.run.name.clone());
    let two =
        wanted.pair_of_runs().and_then(|(from, to)| Some((name(&from)?, name(&to)?))).unwrap_or_default();
    let two = (two.0.as_str(), two.1.as_str());
    let nowhere = |_: &Row| None;
    match shown {
        Shown::Summary { counts, metrics } => summary::summary(counts, metrics, runs, wanted, search),
        Shown::Table(found) => {
            table::table(wanted.view.section().unwrap_or_default(), found, wanted, search, nowhere)
        }
        Shown::Metrics(found) => metrics::metrics(found, wanted, search),
        Shown::Code { table: found, diff: lines } => {
            let lines = lines.as_ref().map(|lines| {
                view! {
                    <h2 class="section-title">"Uncommitted changes"</h2>
                    {diff::lines(lines, "uncommitted changes", two)}
                }
            });
            view! {
                {table::table(Section::Code, found, wanted, search, nowhere)}
                {lines}
            }
        }
        Shown::Files { table: found, file: looked_at, images } => {
            let link =
                |row: &Row| Some(search.get_untracked().with("path", row.key.as_str()).href("/compare"));
            view! {
                {images::images(images, runs, search)}
                {looked_at.as_ref().map(|looked_at| file::file(looked_at, runs, wanted, search, two))}
                {table::table(Section::Artifacts, found, wanted, search, link)}
            }
        }
        Shown::Notes { notes, diff } => note::notes(notes, diff.as_ref(), runs, two),
        Shown::Changes(None) => view! {
            <Empty icon="compare" title="What changed between two runs?">
                <p>"This comparison has one run only: choose another one beside it."</p>
            </Empty>
        },
        Shown::Changes(Some(found)) => change::changes(found),
        Shown::Groups { splits, found } => group::groups(splits, found.as_deref(), runs, wanted, search),
        Shown::Curves(_) | Shown::Picture(_) => ().into_any(),
    }
}

/// The module that an address needs besides the page's own.
pub fn needs(address: &Query) -> Option<&'static str> {
    match Wanted::parse(address).ok()?.view {
        View::Curves | View::Changes => Some("drawing"),
        View::Parallel | View::Scatter => Some("picture"),
        _ => None,
    }
}

/// What the curves are of.
pub struct Drawn {
    runs: Memo<Vec<ComparedRun>>,
    keys: Signal<Vec<String>>,
    /// Counts news of metrics.
    logged: RwSignal<u32>,
}

#[component]
pub fn Curves(drawn: Drawn) -> impl IntoView {
    let Drawn { runs, keys, logged } = drawn;
    let drawn = memo(move || {
        let board_run = |one: &ComparedRun| BoardRun::of(&one.run);
        runs.with(|runs| runs.iter().map(board_run).collect::<Vec<_>>())
    });
    let board = Board::new(drawn.into(), logged.into(), EventNews::here());
    let entries = memo(move || drawn.with(|runs| runs.iter().map(Entry::of).collect::<Vec<_>>()));
    view! {
        <section aria-labelledby="compare-curves">
            <h2 class="section-title" id="compare-curves">"Curves"</h2>
            <Roster board entries>
                <Sections board keys names=true />
            </Roster>
        </section>
    }
}
