//! Group A against group B: who is in which, and what every metric says of it.

use super::{change::found_by, choice, metrics::better, wanted::Wanted};
use crate::{
    chart::format,
    link::Query,
    ui::{erase::view, notice::Empty, number::Number, run_color},
};
use leptos::prelude::*;
use model::{
    RunId,
    compare::{ComparedRun, GroupComparison, GroupRow, GroupStat, MetricValue, Pairing, Split},
};

/// Which values; pairs or not.
pub fn choices(search: Memo<Query>) -> AnyView {
    let text = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    let values = vec![text("last", "Last"), text("best", "Best by goal")];
    let value = |wanted: &Wanted| if wanted.value == MetricValue::Best { "best" } else { "last" }.to_owned();
    let mut pairs = vec![text("", "Same seed, if there is one"), text("none", "No pairs")];
    let pair = search.with_untracked(|query| query.get("pair").map(str::to_owned));
    if let Some(pair) = pair.as_deref().filter(|pair| *pair != "none") {
        pairs.push(text(pair, pair));
    }
    view! {
        {choice::select(search, &["value"], "Value", values, value)}
        {choice::select(search, &["pair"], "Pairs", pairs, |wanted| wanted.pair.clone().unwrap_or_default())}
    }
}

pub fn groups(
    splits: &[Split],
    found: Option<&GroupComparison>,
    runs: &[ComparedRun],
    wanted: &Wanted,
    search: Memo<Query>,
) -> AnyView {
    let (a, b): (Vec<RunId>, Vec<RunId>) = match found {
        Some(found) => {
            let ids = |runs: &[ComparedRun]| runs.iter().map(|one| one.run.id.clone()).collect();
            (ids(&found.a), ids(&found.b))
        }
        None => (wanted.a.clone(), wanted.b.clone()),
    };
    let sides = Sides { a: &a, b: &b };
    let result = match found {
        Some(found) if found.rows.is_empty() => {
            view! { <p class="muted">"The groups have no metric in common."</p> }
        }
        Some(found) => result(found),
        None => view! {
            <Empty icon="compare" title="Put runs into two groups">
                <p>"Choose a side for each run, or part them by a param that has two values."</p>
            </Empty>
        },
    };
    view! {
        {offer(splits, &sides, search)}
        <ul class="compare-sides" aria-label="Groups">
            {runs.iter().map(|run| member(run, &sides, search)).collect_view()}
        </ul>
        {result}
    }
}

/// Who is on which side.
struct Sides<'a> {
    a: &'a [RunId],
    b: &'a [RunId],
}

fn href(search: Memo<Query>, a: &[RunId], b: &[RunId]) -> String {
    let list = |ids: &[RunId]| ids.iter().map(RunId::as_str).collect::<Vec<_>>().join(",");
    search.get_untracked().with("a", list(a)).with("b", list(b)).href("/compare")
}

/// The end of a value: paths differ there.
fn short(value: &str) -> String {
    let count = value.chars().count();
    if count <= VALUE_CHARACTERS {
        return value.to_owned();
    }
    std::iter::once('…').chain(value.chars().skip(count - VALUE_CHARACTERS + 1)).collect()
}

/// Characters of a value on a button.
const VALUE_CHARACTERS: usize = 16;

/// Ways to part the runs that their params offer.
fn offer(splits: &[Split], sides: &Sides, search: Memo<Query>) -> Option<AnyView> {
    if splits.is_empty() {
        return None;
    }
    let one = |split: &Split| {
        let here = (split.a == sides.a && split.b == sides.b).then_some("true");
        let words = format!("{}: {} / {}", split.param, short(&split.a_value), short(&split.b_value));
        let title = format!("A: {}\nB: {}", split.a_value, split.b_value);
        view! {
            <a class="tag" class=("tag--chosen", here.is_some()) aria-current=here
                title=title href=href(search, &split.a, &split.b) data-noscroll="">
                {words}
            </a>
        }
    };
    Some(view! {
        <p class="compare-splits">
            <span class="muted">"Part by"</span>
            {splits.iter().map(one).collect_view()}
        </p>
    })
}

fn member(run: &ComparedRun, sides: &Sides, search: Memo<Query>) -> impl IntoView {
    let id = &run.run.id;
    let without = |ids: &[RunId]| ids.iter().filter(|one| *one != id).cloned().collect::<Vec<_>>();
    let with = |ids: &[RunId]| without(ids).into_iter().chain([id.clone()]).collect::<Vec<_>>();
    let part = |word: &'static str, here: bool, to: String| {
        let label = match word {
            "–" => format!("{} in no group", run.run.name),
            word => format!("{} in group {word}", run.run.name),
        };
        view! {
            <a class="switch__part" href=to aria-current=here.then_some("true") aria-label=label data-noscroll="">
                {word}
            </a>
        }
    };
    let (in_a, in_b) = (sides.a.contains(id), sides.b.contains(id));
    let none = href(search, &without(sides.a), &without(sides.b));
    view! {
        <li class="compare-side">
            <span class=format!("swatch {}", run_color(&run.run))></span>
            <a class="compare-side__name" href=format!("/runs/{id}") title=run.run.name.clone()>{run.run.name.clone()}</a>
            <span class="switch">
                {part("A", in_a, href(search, &with(sides.a), &without(sides.b)))}
                {part("B", in_b, href(search, &without(sides.a), &with(sides.b)))}
                {part("–", !in_a && !in_b, none)}
            </span>
        </li>
    }
}

fn result(found: &GroupComparison) -> AnyView {
    let pairing = match &found.pairing {
        Pairing::Paired { param } => format!("Paired by {param}."),
        Pairing::Unpaired { reason } => format!("Not paired: {reason}."),
    };
    let cut = (found.total > found.rows.len() as i64)
        .then(|| format!(" The first {} of {} metrics.", found.rows.len(), found.total));
    view! {
        <p class="section-text muted">{pairing} {cut}</p>
        <div class="table-scroll" tabindex="0" role="region" aria-label="Group A against group B">
            <table class="table compare-table">
                <caption class="hidden">"Group A against group B"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Metric"</th>
                        <th scope="col">"Verdict"</th>
                        <th scope="col" class="cell-num">{format!("A, mean of {}", found.a.len())}</th>
                        <th scope="col" class="cell-num">{format!("B, mean of {}", found.b.len())}</th>
                        <th scope="col" class="cell-num">"B − A"</th>
                        <th scope="col">"95 % interval"</th>
                        <th scope="col" class="cell-num">"Effect g"</th>
                        <th scope="col" class="cell-num">"p"</th>
                    </tr>
                </thead>
                <tbody>{found.rows.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        {found_by(&found.method)}
    }
}

fn row(row: &GroupRow) -> impl IntoView {
    let class = format!("compare-verdict compare-verdict--{}", row.verdict.as_str());
    view! {
        <tr>
            <th scope="row" class="mono">
                {row.name()}
                {row.goal.map(better)}
            </th>
            <td class=class>{row.words.clone()}</td>
            {stat(row.a)}
            {stat(row.b)}
            <td class="cell-num num" title=format::full(row.difference.0)>{format::delta(row.difference.0)}</td>
            <td title=said_interval(row)>{interval(row)}</td>
            <td class="cell-num num">{row.effect.map(|effect| format!("{:.2}", effect.0))}</td>
            <td class="cell-num num">{row.p.map(|p| format!("{:.4}", p.0))}</td>
        </tr>
    }
}

fn stat(of: GroupStat) -> impl IntoView {
    let ci =
        of.ci.map(|ci| view! { <span class="muted num">{format!(" ± {}", format::number(ci.0))}</span> });
    view! {
        <td class="cell-num">
            <Number value=of.mean.0 />
            {ci}
        </td>
    }
}

fn said_interval(row: &GroupRow) -> Option<String> {
    Some(format!("from {} to {}", format::delta(row.low?.0), format::delta(row.high?.0)))
}

/// The interval of the difference as a line, with 0 in the middle: one that does not touch 0 is a clear difference.
fn interval(row: &GroupRow) -> Option<AnyView> {
    let (low, high) = (row.low?.0, row.high?.0);
    let reach = low.abs().max(high.abs());
    if reach == 0.0 || !reach.is_finite() {
        return None;
    }
    let place = |value: f64| 50.0 + value / reach * 46.0;
    let (from, middle, to) = (place(low), place(row.difference.0), place(high));
    let words = said_interval(row);
    let class = format!("compare-interval compare-interval--{}", row.verdict.as_str());
    Some(view! {
        <svg class=class viewBox="0 0 100 12" role="img" aria-label=words>
            <line class="compare-interval__zero" x1="50" x2="50" y1="0" y2="12" />
            <line class="compare-interval__line" x1=from x2=to y1="6" y2="6" />
            <circle class="compare-interval__point" cx=middle cy="6" r="2.5" />
        </svg>
    })
}
