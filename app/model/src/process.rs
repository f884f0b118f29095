//! Processes: who logs to a run, and whether they are alive. A run's status follows from theirs.

use crate::{Error, ProcessId, RunId, UnixMillis, limits, param, run::RunStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A process as it introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProcessNew {
    pub id: ProcessId,
    /// The machine's name.
    pub host: String,
    pub pid: i64,
    /// Its place among the processes that train together.
    #[serde(default)]
    pub rank: Option<i64>,
}

impl ProcessNew {
    /// `field` is where it stands in the request.
    pub fn check(&self, field: &str) -> Result<(), Error> {
        param::check_text(&format!("{field}.host"), &self.host, limits::HOST_BYTES_MAX)
    }
}

/// A process of a run. Its status is never `queued`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Process {
    pub id: ProcessId,
    pub host: String,
    pub pid: i64,
    pub rank: Option<i64>,
    pub status: RunStatus,
    /// Counts up each time that an ended run is set running again; those of the newest decide on the run's status.
    pub attempt: i64,
    pub started_at_ms: UnixMillis,
    /// The last sign of life.
    pub seen_at_ms: UnixMillis,
    pub ended_at_ms: Option<UnixMillis>,
    /// How far its machine's clock was before the server's at the last heartbeat that told its time; behind when
    /// negative. The way of the heartbeat is in it.
    pub skew_ms: Option<i64>,
}

/// The process that says how its run is doing: one that runs; else one of those that ended in the worst way. `None` when
/// there is no process.
///
/// A process whose place another took does not count: whoever starts with the same rank after it was last seen, and for
/// a lost one without a rank whoever starts without one. So a script that was killed and started again at once, before
/// anybody missed it, is judged by its second try.
pub fn decisive(processes: &[Process]) -> Option<&Process> {
    let mut last_start = BTreeMap::new();
    for process in processes {
        let start = last_start.entry(process.rank).or_insert(process.started_at_ms);
        *start = (*start).max(process.started_at_ms);
    }
    let replaced = |process: &&Process| {
        let replaceable = process.rank.is_some() || process.status == RunStatus::Lost;
        replaceable && last_start.get(&process.rank).is_some_and(|start| *start > process.seen_at_ms)
    };
    // What needs a person's eye comes first. A lost process may have done its work, a killed one has not.
    let precedence = |process: &&Process| match process.status {
        RunStatus::Running | RunStatus::Queued => 4,
        RunStatus::Failed => 3,
        RunStatus::Killed => 2,
        RunStatus::Lost => 1,
        RunStatus::Completed => 0,
    };
    let counted = processes.iter().filter(|process| !replaced(process));
    counted.max_by_key(precedence)
}

/// Signs of life of one process, for each run that it logs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Heartbeats {
    pub runs: Vec<Heartbeat>,
    /// The sender's clock as it sends this.
    #[serde(default)]
    pub sent_at_ms: Option<UnixMillis>,
}

/// A process that is new to the run is registered with it; a lost one runs again, and the run with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    pub run_id: RunId,
    pub process: ProcessNew,
}

impl Heartbeats {
    pub fn check(&self) -> Result<(), Error> {
        if self.runs.len() > limits::HEARTBEATS_MAX {
            return Err(Error::too_large("runs", format!("at most {} at once", limits::HEARTBEATS_MAX)));
        }
        let mut beats = self.runs.iter().enumerate();
        beats.try_for_each(|(place, beat)| beat.process.check(&format!("runs[{place}].process")))
    }
}

/// One answer a heartbeat, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatAnswers {
    pub runs: Vec<HeartbeatAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatAnswer {
    pub run_id: RunId,
    pub status: HeardStatus,
    /// Somebody asked the run to stop: end it, as killed.
    pub stop: bool,
}

/// The status of a run that may not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeardStatus {
    /// There is no such run.
    Unknown,
    #[serde(untagged)]
    Known(RunStatus),
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for HeardStatus {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let words = RunStatus::ALL.into_iter().map(RunStatus::as_str).chain(["unknown"]);
        let object = utoipa::openapi::schema::Object::builder()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(words));
        object.build().into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for HeardStatus {}

#[cfg(test)]
mod tests {
    use super::*;
    use RunStatus::{Completed, Failed, Killed, Lost, Running};

    fn process(status: RunStatus, rank: Option<i64>, started: i64, seen: i64) -> Process {
        Process {
            id: ProcessId::from_bytes([1; 16]),
            host: "node".into(),
            pid: 1,
            rank,
            status,
            attempt: 1,
            started_at_ms: UnixMillis(started),
            seen_at_ms: UnixMillis(seen),
            ended_at_ms: None,
            skew_ms: None,
        }
    }

    fn status_of(processes: &[Process]) -> Option<RunStatus> {
        decisive(processes).map(|process| process.status)
    }

    #[test]
    fn a_run_runs_while_one_process_runs_and_then_ends_as_the_worst() {
        let of = |statuses: &[RunStatus]| {
            let processes = (0..).zip(statuses).map(|(rank, status)| process(*status, Some(rank), 0, 9));
            status_of(&processes.collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Completed, Running, Failed]), Some(Running));
        assert_eq!(of(&[Completed, Killed, Failed, Lost]), Some(Failed));
        assert_eq!(of(&[Lost, Killed, Completed]), Some(Killed));
        assert_eq!(of(&[Completed, Lost]), Some(Lost));
        assert_eq!(of(&[Completed, Completed]), Some(Completed));
    }

    #[test]
    fn who_took_the_place_of_another_counts_instead() {
        let after = |status, rank| [process(status, rank, 0, 5), process(Completed, rank, 6, 9)];
        assert_eq!(status_of(&after(Lost, None)), Some(Completed));
        assert_eq!(status_of(&after(Lost, Some(0))), Some(Completed));
        assert_eq!(status_of(&after(Failed, Some(0))), Some(Completed));
        assert_eq!(status_of(&after(Failed, None)), Some(Failed), "without a rank it may be anybody");
        let together = [process(Lost, Some(0), 0, 5), process(Completed, Some(0), 4, 9)];
        assert_eq!(status_of(&together), Some(Lost), "both ran at one time");
        let others = [process(Lost, Some(0), 0, 5), process(Completed, Some(1), 6, 9)];
        assert_eq!(status_of(&others), Some(Lost), "that is the place of another");
        assert_eq!(status_of(&[process(Lost, None, 5, 5)]), Some(Lost), "nobody takes the own place");
    }

    #[test]
    fn an_unknown_run_is_told_from_one_with_a_status() {
        for (json, status) in [("\"unknown\"", HeardStatus::Unknown), ("\"lost\"", HeardStatus::Known(Lost))]
        {
            assert_eq!(serde_json::to_string(&status).unwrap(), json);
            assert_eq!(serde_json::from_str::<HeardStatus>(json).unwrap(), status);
        }
    }
}
