//! The Overview tab: what a person asks first of a run.

use super::{
    RunView,
    family::{Children, Link},
    status_history::History,
    tags,
};
use crate::{
    asset,
    chart::format,
    environment::{self, Told},
    frame::session::Session,
    metric::Sparks,
    process,
    ui::{
        erase::{drawn, memo, view},
        icon::Icon,
        number::{MaybeNumber, Number},
        status::RunState,
        time::{Ago, Took},
    },
};
use leptos::prelude::*;
use model::{
    UnixMillis,
    metric::{self, Kind, MetricSummary},
    param::Param,
    run::{RunDetail, RunStatus},
};

/// Rows of a summary before it points to the whole.
const ROWS_MAX: usize = 12;

#[component]
pub fn Overview(view: RunView, first: Option<Told>) -> impl IntoView {
    let detail = view.detail.current;
    let metrics = memo(move || {
        let numbers = |one: &&MetricSummary| one.kind == Kind::Number && !metric::of_system(&one.key);
        detail.with(|detail| detail.metrics.iter().filter(numbers).cloned().collect::<Vec<_>>())
    });
    let keys = memo(move || {
        let mut keys: Vec<String> =
            metrics.with(|metrics| metrics.iter().take(ROWS_MAX).map(|one| one.key.clone()).collect());
        keys.dedup();
        keys
    });
    let sparks = Sparks::new(view, keys);
    let params = memo(move || detail.with(|detail| detail.params.clone()));
    view! {
        <div class="overview">
            <section class="card" aria-labelledby="overview-run">
                <h2 class="card__title" id="overview-run">"Run"</h2>
                <Facts view first />
            </section>
            <History view />
            <process::Card view />
            <asset::Card view />
            <Children view />
            <section class="card" aria-labelledby="overview-metrics">
                <h2 class="card__title" id="overview-metrics">"Metrics"</h2>
                {move || metric_table(view, sparks, &metrics.get())}
            </section>
            <section class="card" aria-labelledby="overview-params">
                <h2 class="card__title" id="overview-params">"Params"</h2>
                {move || param_list(view, &params.get())}
            </section>
            <section class="card" aria-labelledby="overview-note">
                <h2 class="card__title" id="overview-note">"Note"</h2>
                <NoteExcerpt view />
            </section>
        </div>
    }
}

#[component]
fn Facts(view: RunView, first: Option<Told>) -> impl IntoView {
    let detail = view.detail.current;
    let time = move |read: fn(&RunDetail) -> Option<UnixMillis>| {
        move || match detail.with(read) {
            Some(at) => view! {
                <Ago at />
                <span class="muted">{format!(" · {}", format::utc(at.0))}</span>
            },
            None => view! { <span class="none">"–"</span> },
        }
    };
    let artifacts = move || {
        detail.with(|detail| {
            let count = format::counted(detail.artifact_count, "file", "files");
            format!("{count}, {}", format::bytes(detail.artifact_bytes))
        })
    };
    let late = move || {
        detail.with(|detail| detail.run.late_at_ms).map(|at| {
            view! {
                <p class="notice">
                    <Icon name="alert" />
                    <span>"Something was logged after the run had ended: " <Ago at /></span>
                </p>
            }
        })
    };
    // A lost run ended, as far as anybody knows, when it was last heard of.
    let ended = move || match detail.with(|detail| detail.run.status) {
        RunStatus::Lost => "Last seen",
        _ => "Ended",
    };
    let parent = move || {
        let parent = detail.with(|detail| detail.parent.clone())?;
        Some(view! {
            <dt>"Part of"</dt>
            <dd>
                <Link run=parent />
            </dd>
        })
    };
    view! {
        <dl class="facts">
            <dt>"Status"</dt>
            <dd>
                <RunState status=Signal::derive(move || detail.with(|detail| detail.run.status)) />
            </dd>
            <dt>"Duration"</dt>
            <dd>
                <Took
                    from=Signal::derive(move || detail.with(|detail| detail.run.started_at_ms))
                    to=Signal::derive(move || detail.with(|detail| detail.run.ended_at_ms))
                />
            </dd>
            <dt>"Started"</dt>
            <dd>{time(|detail| detail.run.started_at_ms)}</dd>
            <dt>{move || ended()}</dt>
            <dd>{time(|detail| detail.run.ended_at_ms)}</dd>
            {move || parent()}
            <dt>"User"</dt>
            <dd>{move || detail.with(|detail| detail.run.user.clone())}</dd>
            <dt>"Tags"</dt>
            <dd>
                <tags::Editor view />
            </dd>
            <environment::Summary view first />
            <dt>"Run"</dt>
            <dd class="num">{move || format!("number {} of its experiment", detail.with(|detail| detail.run.number))}</dd>
            <dt>"Artifacts"</dt>
            <dd>
                <a href=format!("{}?tab=artifacts", view.path())>{move || artifacts()}</a>
            </dd>
        </dl>
        <process::Skew view />
        {move || late()}
    }
}

fn metric_table(view: RunView, sparks: Sparks, metrics: &[MetricSummary]) -> AnyView {
    if metrics.is_empty() {
        return view! { <p class="muted">"Nothing logged yet."</p> };
    }
    let row = |one: &MetricSummary| {
        view! {
            <tr>
                <th scope="row" class="mono">
                    {one.key.clone()}
                    {(!one.context.is_empty())
                        .then(|| view! { <span class="muted">{format!(" {}", one.context.label())}</span> })}
                    {sparks.draw(one.key.clone(), &one.context)}
                </th>
                <td class="cell-num">
                    <Number value=one.last.0 />
                </td>
                <td class="cell-num">
                    <MaybeNumber value=one.min.map(|value| value.0) />
                </td>
                <td class="cell-num">
                    <MaybeNumber value=one.max.map(|value| value.0) />
                </td>
            </tr>
        }
    };
    view! {
        <table class="table table--plain">
            <caption class="hidden">"Key metrics"</caption>
            <thead>
                <tr>
                    <th scope="col">"Metric"</th>
                    <th scope="col" class="cell-num">"Last"</th>
                    <th scope="col" class="cell-num">"Lowest"</th>
                    <th scope="col" class="cell-num">"Highest"</th>
                </tr>
            </thead>
            <tbody>{metrics.iter().take(ROWS_MAX).map(row).collect_view()}</tbody>
        </table>
        {more(view, "metrics", metrics.len())}
    }
}

fn param_list(view: RunView, params: &[Param]) -> AnyView {
    if params.is_empty() {
        return view! { <p class="muted">"None recorded."</p> };
    }
    let pair = |one: &Param| {
        view! {
            <dt class="mono">{one.key.clone()}</dt>
            <dd class="mono">{one.value.to_string()}</dd>
        }
    };
    view! {
        <dl class="facts facts--params">{params.iter().take(ROWS_MAX).map(pair).collect_view()}</dl>
        {more(view, "params", params.len())}
    }
}

/// The way to the rest, when there is one.
fn more(view: RunView, tab: &'static str, count: usize) -> Option<impl IntoView> {
    (count > ROWS_MAX).then(|| {
        view! {
            <p class="card__more">
                <a href=format!("{}?tab={tab}", view.path())>{format!("All {count} {tab}")}</a>
            </p>
        }
    })
}

#[component]
fn NoteExcerpt(view: RunView) -> impl IntoView {
    let note = memo(move || view.detail.current.with(|detail| detail.note.clone()));
    let href = format!("{}?tab=notes", view.path());
    let may = Session::current().may_edit();
    drawn(move || {
        let href = href.clone();
        match note.get() {
            Some(note) if !note.body.trim().is_empty() => view! {
                <div class="prose prose--excerpt" inner_html=note.html></div>
                <p class="card__more">
                    <a href=href>{if may { "Read or edit" } else { "Read" }}</a>
                </p>
            },
            _ => view! {
                <p class="muted">
                    "No note yet. "
                    {may.then(|| view! { <a href=href>"Write one"</a> })}
                </p>
            },
        }
    })
}
