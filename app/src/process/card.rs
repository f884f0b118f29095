//! The card of a run's processes on its overview. One process says no more than the run does, so it has none.

use crate::{
    run::RunView,
    ui::{
        erase::{drawn, memo, view},
        status::RunState,
        time::Ago,
    },
};
use leptos::prelude::*;
use model::{process::Process, run::RunStatus};

#[component]
pub fn Card(view: RunView) -> impl IntoView {
    let processes = memo(move || view.detail.current.with(|detail| detail.processes.clone()));
    drawn(move || {
        let processes = processes.get();
        (processes.len() > 1).then(|| {
            let newest = processes.iter().map(|process| process.attempt).max().unwrap_or_default();
            let rows = processes.iter().cloned().map(|process| row(process, newest)).collect_view();
            view! {
                <section class="card" aria-labelledby="overview-processes">
                    <h2 class="card__title" id="overview-processes">
                        "Processes "
                        <span class="muted num">{processes.len()}</span>
                    </h2>
                    <p class="section-text muted">{summary(&processes)}</p>
                    <div class="process-list" tabindex="0" role="region" aria-label="Table of processes">
                        <table class="table table--plain">
                            <caption class="hidden">"Processes"</caption>
                            <thead>
                                <tr>
                                    <th scope="col" class="cell-num">"Rank"</th>
                                    <th scope="col">"Process"</th>
                                    <th scope="col">"Status"</th>
                                    <th scope="col">"Last seen"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                </section>
            }
        })
    })
}

/// How many are in each state, those that need an eye first.
fn summary(processes: &[Process]) -> String {
    let order =
        [RunStatus::Running, RunStatus::Failed, RunStatus::Killed, RunStatus::Lost, RunStatus::Completed];
    let count = |status: RunStatus| processes.iter().filter(|process| process.status == status).count();
    let parts = order.into_iter().map(|status| (status, count(status))).filter(|(_, count)| *count > 0);
    parts.map(|(status, count)| format!("{count} {}", status.as_str())).collect::<Vec<_>>().join(", ")
}

fn row(process: Process, newest: i64) -> impl IntoView {
    let earlier = (process.attempt < newest).then(|| format!(" attempt {}", process.attempt));
    view! {
        <tr>
            <td class="cell-num num">{process.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string())}</td>
            <td class="mono" title=process.id.to_string()>
                {format!("{}:{}", process.host, process.pid)}
                {earlier.map(|earlier| view! { <span class="muted">{earlier}</span> })}
            </td>
            <td>
                <RunState status=Signal::stored(process.status) />
            </td>
            <td>
                <Ago at=process.seen_at_ms />
            </td>
        </tr>
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use model::{ProcessId, UnixMillis};

    pub fn process(status: RunStatus) -> Process {
        Process {
            id: ProcessId::from_bytes([1; 16]),
            host: "node".into(),
            pid: 1,
            rank: None,
            status,
            attempt: 1,
            started_at_ms: UnixMillis(0),
            seen_at_ms: UnixMillis(0),
            ended_at_ms: None,
            skew_ms: None,
        }
    }

    #[test]
    fn a_summary_counts_each_state_that_occurs() {
        let processes =
            [RunStatus::Completed, RunStatus::Lost, RunStatus::Running, RunStatus::Lost].map(process);
        assert_eq!(summary(&processes), "1 running, 2 lost, 1 completed");
    }
}
