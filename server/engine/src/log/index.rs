//! The lines of one run in memory, without their texts: in order of time, so that a page of them is found by its place. Read
//! from the database when somebody looks, and then what has come since.

use super::read as texts;
use crate::{Base, Result};
use model::{
    RunId, limits,
    log::{Level, Levels, LogFilter, LogSource, Stream},
    metric::Kind,
};
use std::{collections::VecDeque, sync::Arc};
use store::{Snapshot, metric::FoundSeries};
use tokio::sync::Semaphore;

/// A line without its text. Its series, step and time find it in the database, wherever its segment went; `nth` tells it
/// from lines that have all of them in common.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub time_ms: i64,
    pub step: i64,
    pub source: u16,
    pub nth: u16,
    pub level: Option<Level>,
}

impl Line {
    pub fn key(&self) -> (i64, u16, i64) {
        (self.time_ms, self.source, self.step)
    }
}

#[derive(Clone, Debug)]
pub struct Source {
    pub found: FoundSeries,
    pub stream: Stream,
    label: String,
    /// The highest step that is here.
    last_step: Option<i64>,
    /// The level that a line would go on with.
    above: Option<Level>,
}

impl Source {
    pub fn shown(&self) -> LogSource {
        LogSource { stream: self.stream, context: self.label.clone() }
    }
}

/// Answers that earlier versions of the index gave are told what has changed since, when they are so recent.
const GROWTHS: usize = 64;

#[derive(Clone, Debug, Default)]
pub struct Index {
    pub sources: Vec<Source>,
    pub lines: Vec<Line>,
    pub left_out: u64,
    /// How many lines there were before each of the last growths, and the first place at which it changed something.
    growths: VecDeque<(u64, usize)>,
}

impl Index {
    /// What a person calls the line at a position.
    pub fn number(&self, position: usize) -> u64 {
        self.left_out + position as u64 + 1
    }

    /// The position up to which lines are as they were when there were so many.
    pub fn changed_from(&self, known: Option<u64>) -> usize {
        let Some(known) = known else { return 0 };
        if known + 1 == self.number(self.lines.len()) {
            return self.lines.len();
        }
        let since = self.growths.iter().position(|(before, _)| *before == known);
        let places = since.map(|since| self.growths.iter().skip(since).map(|(_, first)| *first).min());
        places.flatten().unwrap_or(0)
    }

    /// Puts new lines where they belong by their time.
    fn add(&mut self, mut new: Vec<Line>) {
        let Some(earliest) = new.iter().map(Line::key).min() else { return };
        let before = self.number(self.lines.len()) - 1;
        let first = self.lines.partition_point(|line| line.key() <= earliest);
        self.lines.append(&mut new);
        // Stable, and quick where two parts are in order already.
        self.lines[first..].sort_by_key(Line::key);
        for position in first.max(1)..self.lines.len() {
            let (line, above) = (self.lines[position], self.lines[position - 1]);
            self.lines[position].nth =
                if line.key() == above.key() { above.nth.saturating_add(1) } else { 0 };
        }
        self.growths.push_back((before, first));
        if self.growths.len() > GROWTHS {
            self.growths.pop_front();
        }
    }
}

/// Reads what has come since. Whoever asked may go meanwhile: the index changes only when everything is here.
pub async fn refresh(base: &Base, reads: &Semaphore, run_id: &RunId, index: &mut Arc<Index>) -> Result<()> {
    let found = sources(base, run_id).await?;
    let count = |found: &FoundSeries| {
        index.sources.iter().find(|one| one.found.id == found.id).map_or(0, |one| one.found.count)
    };
    if found.iter().all(|(_, found)| count(found) == found.count) {
        return Ok(());
    }
    let grown = found.iter().all(|(_, found)| count(found) <= found.count);
    let _turn = reads.acquire().await.map_err(|_| super::ended())?;
    let mut snapshot = Snapshot::begin(&base.db).await?;
    let room = limits::LOG_LINES_MAX + limits::LOG_LINES_MAX / 8;
    let all: i64 = found.iter().map(|(_, found)| found.count).sum();
    let fits = all.saturating_sub(index.left_out.cast_signed()) <= room as i64;
    let behind =
        if grown && fits { Some(read(&mut snapshot, index, &found, usize::MAX).await?) } else { None };
    // What came with lower steps than are here is nowhere to be found by them.
    if let Some(behind) = behind.filter(|behind| behind.whole) {
        let index = Arc::make_mut(index);
        index.sources = behind.sources;
        index.add(behind.lines);
    } else {
        let mut fresh = Index::default();
        let share = limits::LOG_LINES_MAX / found.len().max(1);
        let room = if all > limits::LOG_LINES_MAX as i64 { share } else { usize::MAX };
        let all_of_it = read(&mut snapshot, &fresh, &found, room).await?;
        fresh.sources = all_of_it.sources;
        fresh.add(all_of_it.lines);
        fresh.left_out = all.saturating_sub(fresh.lines.len() as i64).max(0).cast_unsigned();
        fresh.growths.clear();
        *index = Arc::new(fresh);
    }
    snapshot.end().await.map_err(Into::into)
}

/// The series that hold what a run printed, stdout first.
pub async fn sources(base: &Base, run_id: &RunId) -> Result<Vec<(Stream, FoundSeries)>> {
    let keys = Stream::ALL.map(Stream::key);
    let most = limits::LOG_SOURCES_MAX as i64;
    let found = store::metric::find_series(&base.db, std::slice::from_ref(run_id), &keys, most).await?;
    let texts = found.into_iter().filter(|one| one.kind == Kind::Text);
    let mut sources: Vec<_> = texts.filter_map(|one| Some((Stream::of_key(&one.key)?, one))).collect();
    sources.sort_by(|(a, one), (b, other)| (a, &one.context).cmp(&(b, &other.context)));
    Ok(sources)
}

/// What an index does not have yet.
struct Behind {
    sources: Vec<Source>,
    lines: Vec<Line>,
    /// Whether these are all.
    whole: bool,
}

/// Reads the lines behind the last step of each source, of each at most so many, the last ones.
async fn read(
    snapshot: &mut Snapshot,
    index: &Index,
    found: &[(Stream, FoundSeries)],
    room: usize,
) -> Result<Behind> {
    let (mut sources, mut new, mut whole) = (index.sources.clone(), Vec::new(), true);
    for (stream, found) in found {
        let place = sources.iter().position(|one| one.found.id == found.id);
        let place = place.unwrap_or_else(|| {
            let label = found.context.label();
            let none = FoundSeries { count: 0, ..found.clone() };
            sources.push(Source { found: none, stream: *stream, label, last_step: None, above: None });
            sources.len() - 1
        });
        let source = &mut sources[place];
        if source.found.count == found.count {
            continue;
        }
        let before = new.len();
        let low = source.last_step.map_or(i64::MIN, |step| step.saturating_add(1));
        let mut windows = texts::windows(snapshot, found, low, i64::MAX).await?;
        let mut held = 0;
        let kept = windows.iter().rev().take_while(|window| {
            held += window.iter().map(|place| place.count as usize).sum::<usize>();
            held <= room
        });
        let kept = kept.count().max(1).min(windows.len());
        for window in windows.split_off(windows.len() - kept) {
            let read = snapshot.texts(&window, false).await?;
            for (row, text) in read.values.iter().enumerate().filter(|(row, _)| read.steps[*row] >= low) {
                let text = String::from_utf8_lossy(text);
                let level = Level::following(model::log::last_drawn(&text), &mut source.above);
                let (time_ms, step) = (read.times_ms[row], read.steps[row]);
                new.push(Line { time_ms, step, source: place as u16, nth: 0, level });
                source.last_step = source.last_step.max(Some(step));
            }
        }
        let count = source.found.count + (new.len() - before) as i64;
        whole &= count >= found.count;
        // More than were counted when others came before the reading began.
        source.found = FoundSeries { count: count.max(found.count), ..found.clone() };
    }
    Ok(Behind { sources, lines: new, whole })
}

/// The lines of an index that are meant: all, or those at these positions.
pub struct View<'a> {
    index: &'a Index,
    positions: Option<Vec<u32>>,
    pub levels: Levels,
}

impl<'a> View<'a> {
    pub fn of(index: &'a Index, filter: &LogFilter) -> Self {
        let level = &filter.level;
        let fits: Vec<bool> =
            index.sources.iter().map(|source| filter.takes(source.stream, &source.label)).collect();
        let all = level.is_none() && fits.iter().all(|fits| *fits);
        let (mut levels, mut positions) = (Levels::default(), Vec::new());
        for (position, line) in index.lines.iter().enumerate() {
            if !fits[usize::from(line.source)] {
                continue;
            }
            if let Some(level) = line.level {
                levels.add(level);
            }
            if !all && (level.is_none() || line.level >= *level) {
                positions.push(position as u32);
            }
        }
        Self { index, positions: (!all).then_some(positions), levels }
    }

    pub fn len(&self) -> usize {
        self.positions.as_ref().map_or(self.index.lines.len(), Vec::len)
    }

    /// Where the line at a place stands among all.
    pub fn position(&self, place: usize) -> usize {
        self.positions.as_ref().map_or(place, |positions| positions[place] as usize)
    }

    /// How many of the lines that are meant stand before a position.
    pub fn place_of(&self, position: usize) -> usize {
        let before = |positions: &Vec<u32>| positions.partition_point(|one| (*one as usize) < position);
        self.positions.as_ref().map_or(position, before)
    }

    /// The line of this number, else the next one that is meant.
    pub fn nearest_number(&self, number: u64) -> Option<usize> {
        let position = number.saturating_sub(self.index.left_out + 1);
        let place = self.place_of(usize::try_from(position).unwrap_or(usize::MAX));
        Some(place.min(self.len().checked_sub(1)?))
    }

    pub fn nearest_time(&self, at_ms: i64) -> Option<usize> {
        let behind = self.place_of(self.index.lines.partition_point(|line| line.time_ms < at_ms));
        let away = |place: usize| self.index.lines[self.position(place)].time_ms.abs_diff(at_ms);
        let last = self.len().checked_sub(1)?;
        let before = behind.checked_sub(1);
        [Some(behind.min(last)), before].into_iter().flatten().min_by_key(|&place| away(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time_ms: i64, step: i64, level: Option<Level>) -> Line {
        Line { time_ms, step, source: 0, nth: 0, level }
    }

    fn times(index: &Index) -> Vec<i64> {
        index.lines.iter().map(|line| line.time_ms).collect()
    }

    #[test]
    fn lines_that_come_late_stand_where_they_belong_and_what_they_moved_is_known() {
        let mut index = Index::default();
        index.add(vec![line(10, 0, None), line(30, 1, None)]);
        index.add(vec![line(40, 2, None)]);
        index.add(vec![line(50, 4, None), line(20, 3, None)]);
        assert_eq!(times(&index), [10, 20, 30, 40, 50]);
        let changed = |known| index.changed_from(Some(known));
        assert_eq!((changed(5), changed(3), changed(2), changed(0)), (5, 1, 1, 0));
        assert_eq!((changed(4), index.changed_from(None)), (0, 0), "never were there four");
    }

    #[test]
    fn lines_that_have_all_in_common_are_told_apart() {
        let mut index = Index::default();
        index.add(vec![line(10, 0, None), line(10, 0, None)]);
        index.add(vec![line(10, 0, None), line(10, 1, None)]);
        assert_eq!(index.lines.iter().map(|line| line.nth).collect::<Vec<_>>(), [0, 1, 2, 0]);
    }

    #[test]
    fn a_view_finds_lines_by_number_and_time() {
        let mut index = Index { left_out: 100, ..Index::default() };
        let found: FoundSeries = FoundSeries {
            id: 1,
            run_id: RunId::from_bytes([1; 16]),
            key: Stream::Stdout.key(),
            context: model::metric::Context::default(),
            kind: Kind::Text,
            count: 4,
            first_step: 0,
            last_step: 3,
        };
        let (stream, label) = (Stream::Stdout, String::new());
        index.sources.push(Source { found, stream, label, last_step: Some(3), above: None });
        let error = Some(Level::Error);
        index.add(vec![line(10, 0, None), line(20, 1, error), line(30, 2, None), line(40, 3, error)]);
        let all = View::of(&index, &LogFilter::default());
        assert_eq!((all.len(), all.levels.error), (4, 2));
        assert_eq!(
            (all.nearest_number(103), all.nearest_number(1), all.nearest_number(999)),
            (Some(2), Some(0), Some(3))
        );
        let errors = View::of(&index, &LogFilter { level: error, ..LogFilter::default() });
        assert_eq!((errors.len(), errors.position(1), errors.place_of(2)), (2, 3, 1));
        assert_eq!(errors.nearest_number(103), Some(1), "the next that is meant");
        assert_eq!(
            (errors.nearest_time(29), errors.nearest_time(31), errors.nearest_time(0)),
            (Some(0), Some(1), Some(0))
        );
        let none = View::of(&index, &LogFilter { stream: Some(Stream::Stderr), ..LogFilter::default() });
        assert_eq!((none.len(), none.nearest_number(1), none.nearest_time(5)), (0, None, None));
    }
}
