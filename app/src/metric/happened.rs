//! What happened to runs besides their metrics: fetched when there are charts to mark it under.

use super::{board::BoardRun, fetch, lines::owner, setup::Setup};
use crate::ui::erase::memo;
use crate::{
    chart::{
        Events,
        lane::{Event, EventKind},
    },
    run_event,
};
use leptos::{prelude::*, task::spawn_local};
use model::{
    RunId,
    event::{self, RunChange},
    limits,
    run_event::{RunEvent, RunEventKind},
};
use std::{collections::HashMap, sync::Arc};

/// Counts what happened to the runs of a page since it was opened; the page that hears of it provides it.
#[derive(Clone, Copy)]
pub struct EventNews(RwSignal<u32>);

impl EventNews {
    pub fn provide() -> Self {
        let news = Self(RwSignal::new(0));
        provide_context(news);
        news
    }

    /// The page's, wherever its charts are.
    pub fn here() -> Signal<u32> {
        use_context::<Self>().map_or_else(|| Signal::stored(0), |Self(count)| count.into())
    }

    pub fn hear<'a>(self, mut news: impl Iterator<Item = &'a event::Event>) {
        let is_one = |news: &event::Event| match news {
            event::Event::Lagged => true,
            event::Event::RunChanged { change, .. } => *change == RunChange::Events,
            _ => false,
        };
        if news.any(is_one) {
            self.0.update(|count| *count += 1);
        }
    }
}

/// The events of a board's runs.
#[derive(Clone, Copy)]
pub struct Happened {
    known: RwSignal<HashMap<RunId, Vec<RunEvent>>>,
    /// Ready to be marked; nothing when there are none, or nobody wants to see them.
    pub events: Memo<Events>,
}

impl Happened {
    /// `news` counts what happened since.
    pub fn new(runs: Signal<Vec<BoardRun>>, setup: RwSignal<Setup>, news: Signal<u32>) -> Self {
        let known = RwSignal::new(HashMap::new());
        let wanted = memo(move || !setup.with(|setup| setup.without_events));
        let ids = memo(move || {
            let most = limits::CHART_EVENT_RUNS_MAX;
            runs.with(|runs| runs.iter().take(most).map(|run| run.id.clone()).collect::<Vec<_>>())
        });
        Effect::new(move |heard: Option<u32>| {
            let news = news.get();
            let ids = if wanted.get() { ids.get() } else { Vec::new() };
            // Runs that only changed places are known.
            let is_new =
                |id: &RunId| heard != Some(news) || known.with_untracked(|known| !known.contains_key(id));
            for id in ids.into_iter().filter(is_new) {
                spawn_local(async move {
                    // Charts without marks are better than none.
                    let Ok(events) = fetch::events(&id).await else { return };
                    let new = |known: &HashMap<RunId, Vec<RunEvent>>| known.get(&id) != Some(&events);
                    if known.try_with_untracked(new) == Some(true) {
                        known.update(|known| drop(known.insert(id, events)));
                    }
                });
            }
            news
        });
        let events = memo(move || {
            let marked = |known: &HashMap<RunId, Vec<RunEvent>>| runs.with(|runs| marked(runs, known));
            let events = if wanted.get() { known.with(marked) } else { Vec::new() };
            (!events.is_empty()).then(|| Arc::new(events))
        });
        Self { known, events }
    }

    /// Whether there is anything to mark, or was when somebody chose not to see it.
    pub fn is_there(self, setup: RwSignal<Setup>) -> bool {
        setup.with(|setup| setup.without_events)
            || self.known.with(|known| known.values().any(|events| !events.is_empty()))
    }

    /// Runs of which only the newest events are marked.
    pub fn is_cut(self) -> bool {
        self.known
            .with(|known| known.values().any(|events| events.len() >= limits::CHART_EVENTS_MAX as usize))
    }
}

/// The events of runs in their colours, starts with their finishes.
fn marked(runs: &[BoardRun], known: &HashMap<RunId, Vec<RunEvent>>) -> Vec<Event> {
    let mut events = Vec::new();
    for run in runs {
        let Some(of_run) = known.get(&run.id) else { continue };
        for (event, finish) in run_event::pairs(of_run) {
            let kind = match (event.kind, finish) {
                (_, Some(_)) => EventKind::Span,
                (RunEventKind::Point, None) => EventKind::Point,
                (RunEventKind::Start, None) => EventKind::Begun,
                (RunEventKind::Finish, None) => EventKind::Ended,
            };
            let from_ms = event.time_ms.0;
            events.push(Event {
                owner: owner(&run.id).to_owned(),
                color: run.color,
                who: run.name.clone(),
                name: event.name.clone(),
                source: event.source.clone(),
                from_ms,
                to_ms: finish.map_or(from_ms, |finish| finish.time_ms.0.max(from_ms)),
                kind,
                details: shortened(&run_event::line(&event.metadata)),
                started_ms: run.started_ms,
            });
        }
    }
    events
}

/// Letters of metadata that the pointer's box shows; the list of events has all.
const DETAILS_MAX: usize = 120;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DETAILS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{RunEventId, SpanId, UnixMillis};

    #[test]
    fn events_have_the_colour_of_their_run_and_spans_both_ends() {
        let run = BoardRun {
            id: "0123456789abcdef0123456789abcdef".parse().expect("32 hex digits"),
            name: "a".into(),
            color: 7,
            started_ms: 5,
        };
        let event = |kind: RunEventKind, span: Option<u8>, time_ms: i64| RunEvent {
            id: RunEventId::from_bytes([1; 16]),
            name: "evaluate".into(),
            source: "trainer".into(),
            time_ms: UnixMillis(time_ms),
            metadata: serde_json::Map::new(),
            kind,
            span: span.map(|byte| SpanId::from_bytes([byte; 16])),
        };
        let of_run = vec![
            event(RunEventKind::Finish, Some(1), 90),
            event(RunEventKind::Start, Some(1), 40),
            event(RunEventKind::Point, None, 30),
            event(RunEventKind::Start, Some(2), 20),
        ];
        let known = HashMap::from([(run.id.clone(), of_run)]);
        let events = marked(std::slice::from_ref(&run), &known);
        let found: Vec<_> = events.iter().map(|one| (one.kind, one.from_ms, one.to_ms, one.color)).collect();
        let expected =
            [(EventKind::Span, 40, 90, 7), (EventKind::Point, 30, 30, 7), (EventKind::Begun, 20, 20, 7)];
        assert_eq!(found, expected);
        assert_eq!((events[0].owner.as_str(), events[0].started_ms), ("0123456789ab", 5));
        assert_eq!(shortened(&"ü".repeat(200)).chars().count(), 121);
    }
}
