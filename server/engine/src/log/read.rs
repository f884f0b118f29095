//! The texts of lines: those of a page, and those in which something is looked for. A window of segments at a time.

use super::index::{Index, Line};
use crate::{Base, Result, metric};
use model::{
    UnixMillis, limits,
    log::{self, LogLine, LogPage, LogSource, Stream},
};
use std::collections::HashMap;
use store::{
    Snapshot,
    metric::{FoundSeries, SegmentPlace},
};

/// Lines that neighbouring segments share a window for: texts may be long, and the large segments are read one by one.
const WINDOW_LINES: usize = 1_024;

/// The segments of a series that may hold these steps, in windows that follow each other.
pub async fn windows(
    snapshot: &mut Snapshot,
    found: &FoundSeries,
    low: i64,
    high: i64,
) -> Result<Vec<Vec<SegmentPlace>>> {
    let places = snapshot.places(std::slice::from_ref(found), low, high).await?.remove(0);
    Ok(metric::windows(&places, WINDOW_LINES))
}

/// Where lines belong that have a step and a time in common: which of them goes to which slot.
type Slots = HashMap<(i64, i64), Vec<(u16, usize)>>;

/// What is shown of the lines at these positions: the text, and how long it is where that is not all.
pub async fn texts(base: &Base, index: &Index, positions: &[usize]) -> Result<Vec<(String, Option<u64>)>> {
    let mut texts = vec![(String::new(), None); positions.len()];
    let mut by_source: HashMap<u16, Slots> = HashMap::new();
    for (slot, &position) in positions.iter().enumerate() {
        let Line { time_ms, step, source, nth, .. } = index.lines[position];
        by_source.entry(source).or_default().entry((step, time_ms)).or_default().push((nth, slot));
    }
    let mut snapshot = Snapshot::begin(&base.db).await?;
    for (source, wanted) in by_source {
        let steps = || wanted.keys().map(|(step, _)| *step);
        let (low, high) = (steps().min().unwrap_or_default(), steps().max().unwrap_or_default());
        let mut seen: HashMap<(i64, i64), u16> = HashMap::new();
        for window in windows(&mut snapshot, &index.sources[usize::from(source)].found, low, high).await? {
            let holds =
                |step: i64| window.iter().any(|place| (place.step_min..=place.step_max).contains(&step));
            if !steps().any(holds) {
                continue;
            }
            let mut read = snapshot.texts(&window, false).await?;
            for row in 0..read.steps.len() {
                let key = (read.steps[row], read.times_ms[row]);
                let Some(slots) = wanted.get(&key) else { continue };
                let nth = seen.entry(key).or_default();
                if let Some((_, slot)) = slots.iter().find(|(wanted, _)| wanted == nth) {
                    texts[*slot] = shown(std::mem::take(&mut read.values[row]));
                }
                *nth = nth.saturating_add(1);
            }
        }
    }
    snapshot.end().await?;
    Ok(texts)
}

/// The last lines of a run, of which nothing else is read: of each source, as many as are asked for.
pub async fn tail(base: &Base, found: &[(Stream, FoundSeries)], limit: usize) -> Result<LogPage> {
    let mut lines = Vec::new();
    let mut snapshot = Snapshot::begin(&base.db).await?;
    for (source, (_, found)) in found.iter().enumerate() {
        let (mut last, mut held) = (Vec::new(), 0);
        for window in windows(&mut snapshot, found, i64::MIN, i64::MAX).await?.into_iter().rev() {
            let texts = snapshot.texts(&window, false).await?;
            held += texts.steps.len();
            last.push(texts);
            if held >= limit {
                break;
            }
        }
        let mut above = None;
        for texts in last.into_iter().rev() {
            for ((text, step), time_ms) in texts.values.into_iter().zip(texts.steps).zip(texts.times_ms) {
                let (text, cut) = shown(text);
                let level = log::Level::following(&text, &mut above);
                let line = LogLine {
                    number: 0,
                    time_ms: UnixMillis(time_ms),
                    source: source as u32,
                    level,
                    text,
                    cut,
                };
                lines.push((step, line));
            }
        }
    }
    snapshot.end().await?;
    lines.sort_by_key(|(step, line)| (line.time_ms, line.source, *step));
    let all: u64 = found.iter().map(|(_, found)| found.count.cast_unsigned()).sum();
    let mut lines: Vec<LogLine> =
        lines.drain(lines.len().saturating_sub(limit)..).map(|(_, line)| line).collect();
    let from = all.saturating_sub(lines.len() as u64);
    for (line, number) in lines.iter_mut().zip(from + 1..) {
        line.number = number;
    }
    let source = |(stream, found): &(Stream, FoundSeries)| LogSource {
        stream: *stream,
        context: found.context.label(),
    };
    let sources = found.iter().map(source).collect();
    Ok(LogPage { total: all, all, from, partial: true, sources, lines, ..LogPage::default() })
}

/// The last state of a line, cut where it is too long to be shown.
fn shown(text: Vec<u8>) -> (String, Option<u64>) {
    let text = String::from_utf8(text)
        .unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned());
    let drawn = log::last_drawn(&text);
    if drawn.len() > limits::LOG_LINE_BYTES_MAX {
        let end = drawn.floor_char_boundary(limits::LOG_LINE_BYTES_MAX);
        return (drawn[..end].to_owned(), Some(drawn.len() as u64));
    }
    if drawn.len() == text.len() { (text, None) } else { (drawn.to_owned(), None) }
}

/// In which lines a text is, of those from a position on.
pub async fn hits(base: &Base, index: &Index, first: usize, needle: &log::Needle) -> Result<Vec<bool>> {
    let mut hits = vec![false; index.lines.len()];
    let mut ranges: Vec<Option<(i64, i64)>> = vec![None; index.sources.len()];
    for line in &index.lines[first..] {
        let range = ranges[usize::from(line.source)].get_or_insert((line.step, line.step));
        *range = (range.0.min(line.step), range.1.max(line.step));
    }
    let mut snapshot = Snapshot::begin(&base.db).await?;
    for (source, range) in ranges.into_iter().enumerate() {
        let Some((low, high)) = range else { continue };
        let mut above = (None, 0);
        for window in windows(&mut snapshot, &index.sources[source].found, low, high).await? {
            let texts = snapshot.texts(&window, false).await?;
            for (row, text) in texts.values.iter().enumerate() {
                let key = (texts.times_ms[row], source as u16, texts.steps[row]);
                above = if above.0 == Some(key) { (above.0, above.1 + 1) } else { (Some(key), 0) };
                let text = String::from_utf8_lossy(text);
                if !needle.is_in(&log::plain(log::last_drawn(&text))) {
                    continue;
                }
                // Lines of the same key stand together.
                let position = index.lines.partition_point(|line| line.key() < key) + above.1;
                if index.lines.get(position).is_some_and(|line| line.key() == key) {
                    hits[position] = true;
                }
            }
            // Whoever looks through a long text lets others have their turn.
            tokio::task::yield_now().await;
        }
    }
    snapshot.end().await?;
    Ok(hits)
}
