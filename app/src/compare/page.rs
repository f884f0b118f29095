//! The comparison page: who is compared, their params, their metrics, their curves.

use super::{api, metrics::Metrics, params::Params};
use crate::{
    error::AppError,
    feed::Feed,
    frame::crumbs::Crumbs,
    link::{self, Query},
    live,
    metric::{Board, BoardRun, Sections},
    ui::{
        form::Apply,
        icon::Icon,
        notice::{AllExperiments, Empty, Failure, Problem},
        run_color, run_color_place,
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::prelude::*;
use leptos_meta::Title;
use model::{
    RunId,
    compare::{ComparedRun, Comparison},
    event::Event,
};

#[component]
pub fn Page() -> impl IntoView {
    let search = link::use_search();
    let ids = Memo::new(move |_| search.with(run_ids));
    let first = Resource::new_blocking(move || ids.get(), compare);
    view! {
        <Title text="Compare runs" />
        <Suspense fallback=|| view! { <div class="skeleton skeleton--page" aria-label="Loading"></div> }>
            {move || Suspend::new(async move {
                match first.await {
                    Ok(Some(comparison)) => view! { <Side comparison search /> }.into_any(),
                    Ok(None) => view! { <Nothing /> }.into_any(),
                    Err(error) => view! { <Failure error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// The runs that a URL names: `runs=a,b`, or `run` repeated as the run table sends it without wasm.
fn run_ids(query: &Query) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let listed = query.all("runs").flat_map(|all| all.split(',')).chain(query.all("run"));
    for id in listed.filter(|id| !id.is_empty()) {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

async fn compare(ids: Vec<String>) -> Result<Option<Comparison>, AppError> {
    if ids.is_empty() {
        return Ok(None);
    }
    let mut runs: Vec<RunId> = Vec::with_capacity(ids.len());
    for id in ids {
        runs.push(id.parse().map_err(|_| missing(&id))?);
    }
    api::compare(runs).await.map(Some)
}

/// An address that cannot be an id names nothing, and says so as the server would.
fn missing(id: &str) -> AppError {
    #[cfg(feature = "ssr")]
    crate::remote::set_status(model::ErrorKind::NotFound);
    model::Error::not_found("run", id).into()
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
fn Side(comparison: Comparison, search: Memo<Query>) -> impl IntoView {
    let ids: Vec<RunId> = comparison.runs.iter().map(|one| one.run.id.clone()).collect();
    let input = {
        let ids = ids.clone();
        Memo::new(move |_| ids.clone())
    };
    let feed = Feed::new(comparison, input, api::compare);
    let logged = RwSignal::new(0);
    // The stream tells of all runs; only these matter here.
    live::watch("/api/v1/events".to_owned(), move |events| {
        let ours =
            |event: &Event| *event == Event::Lagged || event.run_id().is_some_and(|id| ids.contains(id));
        if events.iter().any(ours) {
            logged.update(|count| *count += 1);
            feed.refresh();
        }
    });
    let runs = Memo::new(move |_| feed.current.with(|all| all.runs.clone()));
    let only = Memo::new(move |_| search.with(|query| query.get("only") == Some("differences")));
    let title = move || format!("Compare {} runs", runs.with(Vec::len));
    view! {
        <Crumbs steps=steps(&runs.get_untracked()) here="Compare".to_owned() />
        <div class="page-head">
            <h1>{title}</h1>
            <div class="page-head__actions">
                <OnlyDifferences search only />
            </div>
        </div>
        <Problem error=feed.failed />
        <Runs runs search />
        <Params feed only />
        <Metrics feed only />
        <Curves feed runs logged />
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

/// A form of one box, so that it works before wasm arrives.
#[component]
fn OnlyDifferences(search: Memo<Query>, only: Memo<bool>) -> impl IntoView {
    let go = link::use_go();
    let toggle = move |_| {
        let word = if only.get_untracked() { "" } else { "differences" };
        go(&search.get_untracked().with("only", word).href("/compare"));
    };
    view! {
        <form method="get" action="/compare">
            <label class="check">
                <input
                    type="checkbox"
                    name="only"
                    value="differences"
                    checked=only
                    prop:checked=only
                    on:change=toggle
                />
                "Only differences"
            </label>
            <crate::ui::filter::Hidden search except=&["only"] />
            <Apply />
        </form>
    }
}

/// Who is compared: the legend of everything below.
#[component]
fn Runs(runs: Memo<Vec<ComparedRun>>, search: Memo<Query>) -> impl IntoView {
    let without = move |id: &RunId| {
        let ids: Vec<_> = search.with(run_ids).into_iter().filter(|one| one != id.as_str()).collect();
        search.get().without("run").with("runs", ids.join(",")).href("/compare")
    };
    let one = move |one: ComparedRun| {
        let run = one.run;
        let remove = format!("Remove {} from the comparison", run.name);
        view! {
            <li class="compared-run">
                <span class=format!("swatch {}", run_color(&run))></span>
                <a class="compared-run__name" href=format!("/runs/{}", run.id) title=run.name.clone()>
                    {run.name.clone()}
                </a>
                <RunState status=run.status />
                <span class="muted">{one.experiment_name}</span>
                <Took from=run.started_at_ms to=run.ended_at_ms />
                <Ago at=run.started_at_ms.unwrap_or(run.created_at_ms) />
                <a class="button button--icon" href=without(&run.id) aria-label=remove title="Remove">
                    <Icon name="cross" />
                </a>
            </li>
        }
    };
    view! {
        <ol class="compared-runs" aria-label="Compared runs">
            {move || runs.get().into_iter().map(one).collect_view()}
        </ol>
    }
}

#[component]
fn Curves(feed: Feed<Comparison>, runs: Memo<Vec<ComparedRun>>, logged: RwSignal<u32>) -> impl IntoView {
    let drawn = Memo::new(move |_| {
        let board_run = |one: &ComparedRun| BoardRun {
            id: one.run.id.clone(),
            name: one.run.name.clone(),
            color: run_color_place(one.run.number, one.run.color),
        };
        runs.with(|runs| runs.iter().map(board_run).collect::<Vec<_>>())
    });
    let board = Board::new(drawn.into(), logged.into());
    // A curve that only one run has compares nothing.
    let shared = Memo::new(move |_| {
        feed.current.with(|all| {
            let several = |cells: usize| cells >= 2.min(all.runs.len());
            all.metrics
                .iter()
                .filter(|row| several(row.cells.iter().flatten().count()))
                .map(|row| row.key.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <section aria-labelledby="compare-curves">
            <h2 class="section-title" id="compare-curves">"Curves"</h2>
            <Sections board keys=shared names=true />
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_named_by_link_or_form_each_once() {
        assert_eq!(run_ids(&Query::parse("runs=b,a,,b&run=c&run=a")), ["b", "a", "c"]);
        assert!(run_ids(&Query::parse("runs=&x=1")).is_empty());
    }
}
