//! Clocks of machines that differ from the server's: their times are wrong by that much.

use crate::{
    chart::format,
    run::RunView,
    ui::{
        erase::{drawn, memo, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use model::{limits, process::Process};
use std::collections::BTreeMap;

/// Says which machines of the newest attempt have a wrong clock; nothing when none has.
#[component]
pub fn Skew(view: RunView) -> impl IntoView {
    let said = memo(move || view.detail.current.with(|detail| said(&detail.processes)));
    drawn(move || {
        let notice = |words: String| {
            view! {
                <p class="notice">
                    <Icon name="clock" />
                    <span>{words}</span>
                </p>
            }
        };
        said.get().into_iter().map(notice).collect_view()
    })
}

/// One line a machine.
fn said(processes: &[Process]) -> Vec<String> {
    let newest = processes.iter().map(|process| process.attempt).max();
    let mut hosts = BTreeMap::new();
    for process in processes.iter().filter(|process| Some(process.attempt) == newest) {
        if let Some(skew) = process.skew_ms.filter(|skew| skew.unsigned_abs() > LIMIT) {
            hosts.entry(process.host.as_str()).or_insert(skew);
        }
    }
    let line = |(host, skew): (&str, i64)| {
        let much = format::duration(skew.saturating_abs());
        let way = if skew < 0 { "behind" } else { "ahead of" };
        format!("The clock of {host} is {much} {way} the server's: times that it tells are wrong by that.")
    };
    hosts.into_iter().map(line).collect()
}

const LIMIT: u64 = limits::CLOCK_SKEW_MILLIS.unsigned_abs();

#[cfg(test)]
mod tests {
    use super::super::card::tests::process;
    use super::*;
    use model::run::RunStatus;

    #[test]
    fn a_machine_is_named_once_and_only_when_its_clock_is_far_off() {
        let with = |host: &str, attempt, skew_ms| Process {
            host: host.into(),
            attempt,
            skew_ms,
            ..process(RunStatus::Running)
        };
        let processes = [
            with("a", 2, Some(-180_000)),
            with("a", 2, Some(-181_000)),
            with("b", 2, Some(9_000)),
            with("c", 1, Some(60_000)),
            with("d", 2, Some(i64::MIN)),
            with("e", 2, None),
            with("f", 2, Some(11_000)),
        ];
        let said = said(&processes);
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(
            said[0],
            "The clock of a is 3m 00s behind the server's: times that it tells are wrong by that."
        );
        assert!(said[2].starts_with("The clock of f is 11"), "{}", said[2]);
    }
}
