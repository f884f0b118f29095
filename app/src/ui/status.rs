//! Status: colour, shape and word together, never colour alone.

use super::{
    erase::{drawn, view},
    icon::Icon,
};
use leptos::prelude::*;
use model::{
    experiment::{ExperimentStatus, RunCounts},
    run::RunStatus,
};

#[component]
pub fn RunState(#[prop(into)] status: Signal<RunStatus>) -> impl IntoView {
    drawn(move || {
        let status = status.get();
        let shape = match status {
            RunStatus::Queued => "ring",
            RunStatus::Running => "dot",
            RunStatus::Completed => "check",
            RunStatus::Failed => "cross",
            RunStatus::Killed => "square",
            RunStatus::Lost => "lost",
        };
        badge(status.as_str(), shape)
    })
}

#[component]
pub fn ExperimentState(#[prop(into)] status: Signal<ExperimentStatus>) -> impl IntoView {
    drawn(move || {
        let status = status.get();
        let shape = match status {
            ExperimentStatus::Active => "ring",
            ExperimentStatus::Completed => "check",
            ExperimentStatus::Archived => "archive",
        };
        badge(status.as_str(), shape)
    })
}

fn badge(word: &'static str, shape: &'static str) -> impl IntoView {
    view! {
        <span class=format!("status status--{word}")>
            <Icon name=shape />
            {word}
        </span>
    }
}

/// How the runs of an experiment ended, as a bar a glance wide. The label says the numbers.
#[component]
pub fn StatusBar(#[prop(into)] counts: Signal<RunCounts>) -> impl IntoView {
    let label = move || {
        let parts: Vec<_> =
            parts(counts.get()).into_iter().map(|(word, count)| format!("{count} {word}")).collect();
        if parts.is_empty() { "no runs".to_owned() } else { parts.join(", ") }
    };
    view! {
        <svg
            class="status-bar"
            viewBox="0 0 100 6"
            preserveAspectRatio="none"
            role="img"
            aria-label=drawn(label)
        >
            {move || bars(counts.get())}
        </svg>
    }
}

fn parts(counts: RunCounts) -> Vec<(&'static str, i64)> {
    let mut parts = vec![
        (RunStatus::Completed.as_str(), counts.completed),
        (RunStatus::Running.as_str(), counts.running),
        (RunStatus::Queued.as_str(), counts.queued),
        (RunStatus::Lost.as_str(), counts.lost),
        (RunStatus::Killed.as_str(), counts.killed),
        (RunStatus::Failed.as_str(), counts.failed),
    ];
    parts.retain(|(_, count)| *count > 0);
    parts
}

fn bars(counts: RunCounts) -> Vec<impl IntoView> {
    let total = counts.total().max(1) as f64;
    let mut x = 0.0;
    let mut bars = Vec::new();
    for (word, count) in parts(counts) {
        let width = 100.0 * count as f64 / total;
        bars.push(view! {
            <rect
                class=format!("status-bar__part status-bar__part--{word}")
                x=format!("{x:.2}")
                width=format!("{width:.2}")
                height="6"
            ></rect>
        });
        x += width;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_a_part_for_each_status_that_occurs() {
        let counts = RunCounts { completed: 8, failed: 2, ..RunCounts::default() };
        assert_eq!(parts(counts), [("completed", 8), ("failed", 2)]);
    }
}
