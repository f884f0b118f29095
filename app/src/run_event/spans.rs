//! Starts and finishes that belong together, and metadata in one line.

use model::{
    SpanId,
    run_event::{RunEvent, RunEventKind},
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The events of one kind that belong to spans; of several of one span the last.
pub(super) fn by_span<'a>(
    events: impl Iterator<Item = &'a RunEvent>,
    kind: RunEventKind,
) -> HashMap<&'a SpanId, &'a RunEvent> {
    events
        .filter(|event| event.kind == kind)
        .filter_map(|event| Some((event.span.as_ref()?, event)))
        .collect()
}

/// How long each span took in milliseconds, of those whose both ends are among the events.
pub fn durations(events: &[RunEvent]) -> HashMap<SpanId, i64> {
    let starts = by_span(events.iter(), RunEventKind::Start);
    by_span(events.iter(), RunEventKind::Finish)
        .into_iter()
        .filter_map(|(span, finish)| Some((span.clone(), finish.time_ms.0 - starts.get(span)?.time_ms.0)))
        .collect()
}

/// Each start with its finish, where both are among the events; what is alone is alone. In the order of the first of them.
pub fn pairs(events: &[RunEvent]) -> Vec<(&RunEvent, Option<&RunEvent>)> {
    // From the end, so that of several the first stays.
    let [starts, finishes] =
        [RunEventKind::Start, RunEventKind::Finish].map(|kind| by_span(events.iter().rev(), kind));
    let mut pairs = Vec::new();
    for event in events {
        match (event.kind, &event.span) {
            (RunEventKind::Start, Some(span)) => pairs.push((event, finishes.get(span).copied())),
            // It comes with its start.
            (RunEventKind::Finish, Some(span)) if starts.contains_key(span) => {}
            _ => pairs.push((event, None)),
        }
    }
    pairs
}

/// `path=a.pt bytes=12`: texts bare, everything else as JSON.
pub fn line(metadata: &Map<String, Value>) -> String {
    let pair = |(key, value): (&String, &Value)| match value {
        Value::String(text) => format!("{key}={text}"),
        other => format!("{key}={other}"),
    };
    metadata.iter().map(pair).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use model::{RunEventId, UnixMillis};
    use serde_json::json;

    pub fn event(kind: RunEventKind, span: Option<u8>, time_ms: i64) -> RunEvent {
        RunEvent {
            id: RunEventId::from_bytes([1; 16]),
            name: "evaluate".into(),
            source: String::new(),
            time_ms: UnixMillis(time_ms),
            metadata: Map::new(),
            kind,
            span: span.map(|byte| SpanId::from_bytes([byte; 16])),
        }
    }

    #[test]
    fn a_span_lasts_from_its_start_to_its_finish() {
        use RunEventKind::{Finish, Point, Start};
        let events = [
            event(Finish, Some(1), 90),
            event(Point, Some(1), 50),
            event(Start, Some(1), 40),
            event(Finish, Some(2), 10),
            event(Start, None, 5),
            event(Finish, None, 6),
        ];
        assert_eq!(durations(&events), HashMap::from([(SpanId::from_bytes([1; 16]), 50)]));
    }

    #[test]
    fn starts_come_with_their_finish_and_what_is_alone_alone() {
        use RunEventKind::{Finish, Point, Start};
        let events = [
            event(Finish, Some(1), 90),
            event(Point, None, 50),
            event(Start, Some(1), 40),
            event(Start, Some(2), 10),
            event(Finish, Some(3), 5),
        ];
        let times: Vec<_> = pairs(&events)
            .into_iter()
            .map(|(one, end)| (one.time_ms.0, end.map(|end| end.time_ms.0)))
            .collect();
        assert_eq!(times, [(50, None), (40, Some(90)), (10, None), (5, None)]);
    }

    #[test]
    fn metadata_reads_as_one_line() {
        let Value::Object(metadata) = json!({"path": "a.pt", "bytes": 12, "tags": ["x"]}) else {
            panic!("an object")
        };
        assert_eq!(line(&metadata), "bytes=12  path=a.pt  tags=[\"x\"]");
    }
}
