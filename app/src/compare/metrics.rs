//! Metrics side by side: the last, the best or those at a step; the distance to the base, and a bar.

use super::{choice, table, wanted::Wanted};
use crate::{
    chart::format,
    link::{self, Query},
    metric::goal::{Goal, best},
    ui::{
        erase::{drawn, handler, memo, view},
        filter::Hidden,
        form::Apply,
        number::Number,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use model::compare::{ComparedRun, MetricCell, MetricRow, MetricTable, MetricValue};

/// Which number of the series; at which step.
pub fn choices(search: Memo<Query>) -> AnyView {
    let asked =
        move || search.with(|query| query.get("value").and_then(MetricValue::named)).unwrap_or_default();
    let option = |value: MetricValue| {
        let words = match value {
            MetricValue::Last => "Last",
            MetricValue::Best => "Best by goal",
            MetricValue::Step => "At a step",
        };
        (value.as_str().to_owned(), words.to_owned())
    };
    let options = MetricValue::ALL.map(option).to_vec();
    let at_step = memo(move || asked() == MetricValue::Step);
    // What the address says, also while no step is chosen yet and the last values are shown.
    let chosen = move |_: &Wanted| asked().as_str().to_owned();
    view! {
        {choice::select(search, &["value"], "Value", options, chosen)}
        {move || at_step.get().then(|| step(search))}
    }
}

fn step(search: Memo<Query>) -> AnyView {
    let field = NodeRef::<html::Input>::new();
    let go = link::use_go();
    let apply = move || {
        let Some(field) = field.get_untracked() else { return };
        let (now, next) = (search.get_untracked(), search.get_untracked().with("step", field.value()));
        // Enter changes the field and sends the form.
        if now != next {
            go(&next.href("/compare"));
        }
    };
    let submit = {
        let apply = apply.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            apply();
        }
    };
    let value = move || search.with(|query| query.get("step").unwrap_or_default().to_owned());
    view! {
        <form class="compare-choice" method="get" action="/compare" on:submit=handler(submit)>
            <label class="field field--inline">
                <span class="field__label">"Step"</span>
                <input
                    type="number"
                    class="compare-step"
                    name="step"
                    value=drawn(value)
                    prop:value=drawn(value)
                    node_ref=field
                    on:change=handler(move |_| apply())
                />
            </label>
            <Hidden search except=&["step"] />
            <Apply />
        </form>
    }
}

/// The table itself.
pub fn metrics(found: &MetricTable, wanted: &Wanted, search: Memo<Query>) -> AnyView {
    if found.rows.is_empty() {
        let said = match (found.all, wanted.search.is_empty(), found.differing) {
            (0, ..) => "These runs logged no metrics.",
            (_, true, 0) => "All values are the same in these runs.",
            _ => "No metric has that in its name.",
        };
        return view! { <p class="muted">{said}</p> };
    }
    let steps = found.first_step.zip(found.last_step).map(|(first, last)| {
        let words = match wanted.step {
            Some(step) => {
                format!("The last values at or before step {step}; the runs have steps {first} to {last}.")
            }
            None => format!("The runs have steps {first} to {last}."),
        };
        view! { <p class="muted section-text">{words}</p> }
    });
    view! {
        {rows(&found.rows, &found.runs, found.base as usize)}
        {steps}
        {choice::pages(search, wanted, found.total)}
    }
}

/// Rows under the heads of the runs.
pub fn rows(rows: &[MetricRow], runs: &[ComparedRun], base: usize) -> AnyView {
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Metrics side by side">
            <table class="table compare-table compare-table--metrics">
                <caption class="hidden">"Metrics side by side"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Metric"</th>
                        {table::heads(runs, base)}
                    </tr>
                </thead>
                <tbody>{rows.iter().map(|one| row(one, base)).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn row(row: &MetricRow, base: usize) -> AnyView {
    let values: Vec<Option<f64>> = row.cells.iter().map(|cell| cell.map(|cell| cell.value.0)).collect();
    let best = row.goal.and_then(|goal| best(goal, values.iter().flatten().copied()));
    let there = values.get(base).copied().flatten();
    let span = span(values.iter().flatten().copied());
    let cells = row.cells.iter().enumerate().map(|(place, one)| match one {
        Some(one) => cell(*one, best, there.filter(|_| place != base), row.goal, span),
        None => view! { <td class="cell-num none">"–"</td> },
    });
    view! {
        <tr class:row-differs=row.differs>
            <th scope="row" class="mono" title=row.name()>
                {row.name()}
                {row.goal.map(better)}
            </th>
            {cells.collect_view()}
        </tr>
    }
}

/// Which way a metric is better, as a sign.
pub fn better(goal: Goal) -> impl IntoView {
    let (sign, words) = match goal {
        Goal::Min => ("↓", "less is better"),
        Goal::Max => ("↑", "more is better"),
    };
    view! { <span class="compare-goal" title=words aria-label=words role="img">{sign}</span> }
}

fn cell(
    one: MetricCell,
    best: Option<f64>,
    base: Option<f64>,
    goal: Option<Goal>,
    span: Option<(f64, f64)>,
) -> AnyView {
    let value = one.value.0;
    let is_best = Some(value) == best;
    let distance = base.map(|base| value - base).filter(|distance| distance.is_finite());
    let verdict = distance.map_or("even", |distance| verdict(distance, goal));
    let delta = distance.map(|distance| {
        view! { <span class=format!("delta delta--{verdict}")>{format::delta(distance)}</span> }
    });
    let bar = span.filter(|_| value.is_finite()).map(|span| {
        let (x, width) = bar(value, span);
        view! {
            <svg class="compare-bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">
                <rect class="compare-bar__all" x="0" y="0" width="100" height="3" />
                <rect class=format!("compare-bar__value compare-bar__value--{verdict}") x=x y="0" width=width height="3" />
            </svg>
        }
    });
    let step = format!("at step {}", one.step);
    view! {
        <td class="cell-num" class=("cell-best", is_best) title=step>
            <span class="compare-value">
                {delta}
                <Number value />
            </span>
            {is_best.then(|| view! { <span class="hidden">" best"</span> })}
            {bar}
        </td>
    }
}

/// Whether a distance is for the better; the sign says the direction, so colour is not alone.
pub fn verdict(distance: f64, goal: Option<Goal>) -> &'static str {
    match goal {
        Some(Goal::Min) if distance < 0.0 => "good",
        Some(Goal::Max) if distance > 0.0 => "good",
        Some(_) if distance != 0.0 => "bad",
        _ => "even",
    }
}

/// What the bars of a row stand on: from the lowest value to the highest, and always with 0, so that lengths compare.
fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let span = values
        .filter(|value| value.is_finite())
        .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    (span.1 - span.0 > 0.0 && (span.1 - span.0).is_finite()).then_some(span)
}

/// Where a bar begins and how long it is, in percent.
fn bar(value: f64, (low, high): (f64, f64)) -> (f64, f64) {
    let place = |value: f64| (value - low) / (high - low) * 100.0;
    let (from, to) = (place(value.min(0.0)), place(value.max(0.0)));
    (from, to - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_depends_on_the_goal() {
        assert_eq!(verdict(-0.1, Some(Goal::Min)), "good");
        assert_eq!(verdict(-0.1, Some(Goal::Max)), "bad");
        assert_eq!(verdict(0.0, Some(Goal::Max)), "even");
        assert_eq!(verdict(0.3, None), "even");
    }

    #[test]
    fn bars_stand_on_zero() {
        assert_eq!(span([2.0, 4.0, f64::NAN].into_iter()), Some((0.0, 4.0)));
        assert_eq!(bar(2.0, (0.0, 4.0)), (0.0, 50.0));
        assert_eq!(span([-1.0, 3.0].into_iter()), Some((-1.0, 3.0)));
        assert_eq!(bar(-1.0, (-1.0, 3.0)), (0.0, 25.0));
        assert_eq!(bar(3.0, (-1.0, 3.0)), (25.0, 75.0));
        assert_eq!(span([0.0, 0.0].into_iter()), None);
        assert_eq!(span([f64::MAX, f64::MIN].into_iter()), None);
    }
}
