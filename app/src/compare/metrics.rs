//! Metrics side by side: last values, the best marked, the distance to the first run.

use super::table::{self, Words, row_head};
use crate::{
    chart::format,
    feed::Feed,
    metric::goal::{Goal, best, goal},
    ui::number::Number,
};
use leptos::prelude::*;
use model::{
    compare::{ComparedMetric, Comparison},
    metric::MetricSummary,
};

#[component]
pub fn Metrics(feed: Feed<Comparison>, only: Memo<bool>) -> impl IntoView {
    let any = Memo::new(move |_| feed.current.with(|all| !all.metrics.is_empty()));
    let rows = Memo::new(move |_| {
        let only = only.get();
        feed.current.with(|all| all.metrics.iter().filter(|row| row.differs || !only).cloned().collect())
    });
    table::section(
        Words {
            title: "Metrics",
            row: "Metric",
            hint: "Last values; the smaller figure is the distance to the first run.",
            none: "These runs logged no metrics.",
            equal: "All last values are the same in these runs.",
        },
        feed,
        any,
        rows,
        row,
    )
}

fn row(row: ComparedMetric) -> impl IntoView {
    let goal = goal(&row.key);
    let last = |cell: &Option<MetricSummary>| cell.as_ref().map(|one| one.last.0);
    let values: Vec<Option<f64>> = row.cells.iter().map(last).collect();
    let best = goal.and_then(|goal| best(goal, values.iter().flatten().copied()));
    let first = values.first().copied().flatten();
    let cells = values
        .into_iter()
        .enumerate()
        .map(|(index, value)| cell(value, best, first.filter(|_| index > 0), goal))
        .collect_view();
    view! {
        <tr class:row-differs=row.differs>
            {row_head(row.key, row.differs)}
            {cells}
        </tr>
    }
}

fn cell(value: Option<f64>, best: Option<f64>, first: Option<f64>, goal: Option<Goal>) -> AnyView {
    let Some(value) = value else {
        return view! { <td class="cell-num none">"–"</td> }.into_any();
    };
    let is_best = Some(value) == best;
    let distance = first.filter(|first| (value - first).is_finite()).map(|first| value - first);
    let delta = distance.map(|distance| {
        let class = format!("delta delta--{}", verdict(distance, goal));
        view! { <span class=class>{format::delta(distance)}</span> }
    });
    view! {
        <td class="cell-num" class=("cell-best", is_best)>
            <Number value />
            {is_best.then(|| view! { <span class="hidden">" best"</span> })}
            {delta}
        </td>
    }
    .into_any()
}

/// Whether a distance is for the better; the sign says the direction, so colour is not alone.
fn verdict(distance: f64, goal: Option<Goal>) -> &'static str {
    match goal {
        Some(Goal::Min) if distance < 0.0 => "good",
        Some(Goal::Max) if distance > 0.0 => "good",
        Some(_) if distance != 0.0 => "bad",
        _ => "even",
    }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use crate::metric::goal::Goal;

    #[test]
    fn better_depends_on_the_goal() {
        assert_eq!(verdict(-0.1, Some(Goal::Min)), "good");
        assert_eq!(verdict(-0.1, Some(Goal::Max)), "bad");
        assert_eq!(verdict(0.0, Some(Goal::Max)), "even");
        assert_eq!(verdict(0.3, None), "even");
    }
}
