//! The summary: who is compared, how much differs where, and who did best.

use super::{metrics, wanted::Wanted};
use crate::{
    link::Query,
    ui::{
        erase::view,
        icon::Icon,
        run_color,
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::prelude::*;
use model::{
    RunId,
    compare::{ComparedRun, Count, MetricTable},
};

pub fn summary(
    counts: &[Count],
    found: &MetricTable,
    runs: &[ComparedRun],
    wanted: &Wanted,
    search: Memo<Query>,
) -> AnyView {
    let best = (!found.rows.is_empty()).then(|| {
        let more = search.get_untracked().with("view", "metrics").href("/compare");
        let link = (found.all > found.rows.len() as i64)
            .then(|| view! { <a href=more data-noscroll="">{format!("All {} metrics", found.all)}</a> });
        view! {
            <section aria-labelledby="compare-best">
                <h2 class="section-title" id="compare-best">"Best values"</h2>
                {metrics::rows(&found.rows, runs, found.base as usize)}
                <p class="section-text">{link}</p>
            </section>
        }
    });
    view! {
        {who(runs, wanted, search)}
        <section aria-labelledby="compare-where">
            <h2 class="section-title" id="compare-where">"Where they differ"</h2>
            <ul class="compare-counts">{counts.iter().map(|one| count(*one, search)).collect_view()}</ul>
        </section>
        {best}
    }
}

fn count(one: Count, search: Memo<Query>) -> impl IntoView {
    let word = one.section.as_str();
    let href = search.get_untracked().with("view", word).href("/compare");
    let title = word[..1].to_uppercase() + &word[1..];
    let (number, words) = match (one.all, one.differing) {
        (0, _) => ("–".to_owned(), "none recorded".to_owned()),
        (all, 0) => ("0".to_owned(), format!("of {all}, all the same")),
        (all, differing) => (differing.to_string(), format!("of {all} differ")),
    };
    view! {
        <li>
            <a class="compare-count" class=("compare-count--differs", one.differing > 0) href=href data-noscroll="">
                <span class="compare-count__title">{title}</span>
                <span class="compare-count__number num">{number}</span>
                <span class="muted">{words}</span>
            </a>
        </li>
    }
}

/// Who is compared: the legend of everything else.
fn who(runs: &[ComparedRun], wanted: &Wanted, search: Memo<Query>) -> AnyView {
    let without = |id: &RunId| {
        let left = |ids: &[RunId]| {
            ids.iter().filter(|one| *one != id).map(RunId::as_str).collect::<Vec<_>>().join(",")
        };
        let query = search.get_untracked().without("run").with("runs", left(&wanted.runs));
        query.with("a", left(&wanted.a)).with("b", left(&wanted.b)).href("/compare")
    };
    let base = wanted.base_place();
    let one = |(place, one): (usize, &ComparedRun)| {
        let run = one.run.clone();
        let remove = format!("Remove {} from the comparison", run.name);
        let is_base = place == base;
        let href = search.get_untracked().with("base", run.id.as_str()).href("/compare");
        let standing = if is_base {
            view! { <span class="mark mark--base">"base"</span> }
        } else {
            let label = format!("Make base: {}", run.name);
            view! { <a class="compared-run__base" href=href aria-label=label data-noscroll="">"Make base"</a> }
        };
        view! {
            <li class="compared-run">
                <span class=format!("swatch {}", run_color(&run))></span>
                <a class="compared-run__name" href=format!("/runs/{}", run.id) title=run.name.clone()>
                    {run.name.clone()}
                </a>
                <RunState status=run.status />
                <span class="muted">{one.experiment_name.clone()}</span>
                <Took from=run.started_at_ms to=run.ended_at_ms />
                <Ago at=run.started_at_ms.unwrap_or(run.created_at_ms) />
                {standing}
                <a class="button button--icon" href=without(&run.id) aria-label=remove title="Remove">
                    <Icon name="cross" />
                </a>
            </li>
        }
    };
    view! {
        <ol class="compared-runs" aria-label="Compared runs">
            {runs.iter().enumerate().map(one).collect_view()}
        </ol>
    }
}
