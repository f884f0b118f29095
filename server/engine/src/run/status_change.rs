//! The history of a run's status, also of runs that are older than its records.

use model::{
    run::{Run, RunStatus},
    status_change::{StatusCause, StatusChange, StatusHistory},
};

/// What is recorded, after what the run itself tells of the time before: how it began, and how it ended.
pub(super) fn history(recorded: StatusHistory, run: &Run) -> StatusHistory {
    let first = recorded.changes.first();
    if first.is_some_and(|first| first.from.is_none()) {
        return recorded;
    }
    let bare = |at_ms, from, to, cause| StatusChange {
        at_ms,
        from,
        to,
        cause,
        user: None,
        via: None,
        process: None,
        since_ms: None,
    };
    let began = match first.and_then(|first| first.from).unwrap_or(run.status) {
        status if status.ended() => RunStatus::Running,
        status => status,
    };
    let user = Some(run.user.clone());
    let mut changes =
        vec![StatusChange { user, ..bare(run.created_at_ms, None, began, StatusCause::Created) }];
    if let (None, Some(at)) = (first, run.ended_at_ms) {
        changes.push(bare(at, Some(began), run.status, StatusCause::Unrecorded));
    }
    changes.extend(recorded.changes);
    StatusHistory { changes, ..recorded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ExperimentId, RunId, Tags, UnixMillis};

    fn run(status: RunStatus, ended: Option<i64>) -> Run {
        Run {
            id: RunId::from_bytes([1; 16]),
            experiment_id: ExperimentId(0),
            parent_id: None,
            name: "old".into(),
            number: 1,
            color: None,
            status,
            user: "ada".into(),
            created_at_ms: UnixMillis(10),
            started_at_ms: None,
            ended_at_ms: ended.map(UnixMillis),
            updated_at_ms: UnixMillis(10),
            late_at_ms: None,
            trashed_at_ms: None,
            archived_at_ms: None,
            stop_requested: false,
            tags: Tags::default(),
        }
    }

    fn told(recorded: &[StatusChange], run: &Run) -> Vec<(i64, RunStatus, StatusCause)> {
        let recorded = StatusHistory { changes: recorded.to_vec(), left_out: 0 };
        let changes = history(recorded, run).changes;
        changes.into_iter().map(|one| (one.at_ms.0, one.to, one.cause)).collect()
    }

    #[test]
    fn a_run_that_is_older_than_the_records_tells_how_it_began_and_ended() {
        use RunStatus::{Failed, Killed, Queued, Running};
        use StatusCause::{Created, Request, Unrecorded};
        assert_eq!(told(&[], &run(Queued, None)), [(10, Queued, Created)]);
        assert_eq!(told(&[], &run(Failed, Some(20))), [(10, Running, Created), (20, Failed, Unrecorded)]);
        let change = |from, to, cause| StatusChange {
            at_ms: UnixMillis(30),
            from,
            to,
            cause,
            user: None,
            via: None,
            process: None,
            since_ms: None,
        };
        let later = change(Some(Running), Killed, Request);
        assert_eq!(told(&[later], &run(Killed, Some(30))), [(10, Running, Created), (30, Killed, Request)]);
        let whole = change(None, Queued, Created);
        assert_eq!(told(&[whole], &run(Queued, None)), [(30, Queued, Created)]);
    }
}
