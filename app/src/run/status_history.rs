//! How the run's status came about, as a compact timeline on its overview.

use super::RunView;
use crate::{
    chart::format,
    ui::{
        erase::{drawn, handler, memo, view},
        status::RunState,
        time::Ago,
    },
};
use leptos::prelude::*;
use model::{
    limits,
    run::RunStatus,
    status_change::{StatusCause, StatusChange, StatusHistory, StatusProcess},
    user::Via,
};

/// Changes at either end that are shown before a person asks for all.
const ENDS: usize = 6;

#[component]
pub fn History(view: RunView) -> impl IntoView {
    let history = memo(move || view.detail.current.with(|detail| detail.status_history.clone()));
    let all = RwSignal::new(false);
    drawn(move || {
        let StatusHistory { changes, left_out } = history.get();
        let count = changes.len() as i64 + left_out;
        let hidden = if all.get() { 0..0 } else { hidden(changes.len()) };
        // What is not kept lies behind the first that are; what is hidden includes it, or lies before it.
        let kept_first = limits::STATUS_CHANGES_FIRST as usize;
        let lines = changes.into_iter().enumerate().map(|(place, change)| {
            let gap = (place == hidden.start && !hidden.is_empty()).then(|| {
                let count = hidden.len() as i64 + left_out;
                view! {
                    <li class="status-history__gap">
                        <button class="button" type="button" on:click=handler(move |_| all.set(true))>
                            {format!("Show {} between", format::counted(count, "change", "changes"))}
                        </button>
                    </li>
                }
            });
            let lost = (left_out > 0 && place == kept_first && hidden.is_empty()).then(|| {
                let words =
                    format!("{} between are not kept", format::counted(left_out, "change", "changes"));
                view! { <li class="status-history__gap muted">{words}</li> }
            });
            view! {
                {gap}
                {lost}
                {(!hidden.contains(&place)).then(|| line(&change))}
            }
        });
        view! {
            <section class="card" aria-labelledby="overview-history">
                <h2 class="card__title" id="overview-history">
                    "Status history "
                    <span class="muted num">{count}</span>
                </h2>
                <ol class="status-history">{lines.collect_view()}</ol>
            </section>
        }
    })
}

/// The changes in the middle of so many that are folded.
fn hidden(count: usize) -> std::ops::Range<usize> {
    if count <= 2 * ENDS + 1 { 0..0 } else { ENDS..count - ENDS }
}

fn line(change: &StatusChange) -> impl IntoView + use<> {
    let state = (change.from != Some(change.to)).then(|| {
        let from = change.from.map(|from| format!("{} to ", from.as_str()));
        view! {
            <span class="hidden">{from}</span>
            <RunState status=Signal::stored(change.to) />
        }
    });
    view! {
        <li class=format!("status-history__change status-history__change--{}", change.to.as_str())>
            <span class="status-history__what">
                {state}
                <span>{words(change)}</span>
            </span>
            <span class="status-history__when">
                <Ago at=change.at_ms />
            </span>
        </li>
    }
}

/// Who or what it was.
fn words(change: &StatusChange) -> String {
    let by = by(change);
    let process = change.process.as_ref().map_or_else(|| "a process".to_owned(), process);
    match change.cause {
        StatusCause::Created => format!("made{by}"),
        StatusCause::Resumed if change.from == Some(RunStatus::Queued) => format!("begun{by}"),
        StatusCause::Resumed => format!("resumed{by}"),
        StatusCause::Joined => format!("{process} began to log"),
        StatusCause::Process => format!("reported by {process}"),
        StatusCause::Request => format!("set{by}"),
        StatusCause::StopAsked => format!("asked to stop{by}"),
        StatusCause::Silence => match change.since_ms {
            Some(since) => format!("no heartbeat of {process} since {}", format::utc(since.0)),
            None => format!("no heartbeat of {process}"),
        },
        StatusCause::Returned => format!("heartbeat of {process} came back"),
        StatusCause::Unrecorded => "what changed it was not recorded then".to_owned(),
    }
}

fn by(change: &StatusChange) -> String {
    let way = match change.via {
        Some(Via::Page) => " on this page",
        Some(Via::Mlflow) => " through an MLflow client",
        Some(Via::Api) => " through the API",
        None => "",
    };
    match &change.user {
        Some(user) => format!(" by {user}{way}"),
        None => way.to_owned(),
    }
}

/// `node-1:77, rank 0`.
fn process(process: &StatusProcess) -> String {
    let StatusProcess { host, pid, rank, .. } = process;
    match rank {
        Some(rank) => format!("{host}:{pid}, rank {rank}"),
        None => format!("{host}:{pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ProcessId, UnixMillis};

    fn change(cause: StatusCause, from: Option<RunStatus>, to: RunStatus) -> StatusChange {
        let id = ProcessId::from_bytes([1; 16]);
        StatusChange {
            at_ms: UnixMillis(0),
            from,
            to,
            cause,
            user: Some("ada".into()),
            via: Some(Via::Page),
            process: Some(StatusProcess { id, host: "node".into(), pid: 7, rank: Some(0) }),
            since_ms: Some(UnixMillis(0)),
        }
    }

    #[test]
    fn a_change_says_who_or_what_it_was() {
        use RunStatus::{Failed, Killed, Lost, Queued, Running};
        let set = change(StatusCause::Request, Some(Running), Killed);
        assert_eq!(words(&set), "set by ada on this page");
        let mlflow = StatusChange { user: None, via: Some(Via::Mlflow), ..set };
        assert_eq!(words(&mlflow), "set through an MLflow client");
        assert_eq!(words(&change(StatusCause::Resumed, Some(Queued), Running)), "begun by ada on this page");
        assert_eq!(words(&change(StatusCause::Process, Some(Running), Failed)), "reported by node:7, rank 0");
        let silent = words(&change(StatusCause::Silence, Some(Running), Lost));
        assert!(silent.starts_with("no heartbeat of node:7, rank 0 since 1970-01-01"), "{silent}");
    }

    #[test]
    fn a_long_story_folds_its_middle() {
        assert!(hidden(13).is_empty());
        assert_eq!(hidden(14), 6..8);
        assert_eq!(hidden(200), 6..194);
    }
}
