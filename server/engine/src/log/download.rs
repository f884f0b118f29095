//! All lines of a run as a text, in order of time: of each source a window is in memory, however long its console is.

use super::{index, read};
use crate::{Base, Result};
use model::{
    UnixMillis,
    log::{Level, LogFilter, Stream, last_drawn, plain},
    run::Run,
    series::Texts,
};
use std::sync::Arc;
use store::{Snapshot, metric::FoundSeries};
use tokio::sync::OwnedSemaphorePermit;

/// What is read for one answer of [`LogDownload::next`].
const BYTES_AT_ONCE: usize = 256 * 1024;

/// A line as it was seen on the terminal, without colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedLine {
    pub time_ms: UnixMillis,
    pub stream: Stream,
    /// Which process of several; mostly empty.
    pub context: String,
    pub text: String,
}

/// A download that is under way. Whoever drops it ends it.
#[derive(Debug)]
pub struct LogDownload {
    base: Arc<Base>,
    run_name: String,
    level: Option<Level>,
    rest: Vec<Rest>,
    _place: OwnedSemaphorePermit,
}

/// What is left of one source.
#[derive(Debug)]
struct Rest {
    stream: Stream,
    found: FoundSeries,
    label: String,
    above: Option<Level>,
    /// The step from which on nothing was read yet; none at the end.
    next: Option<i64>,
    texts: Texts,
    row: usize,
}

impl LogDownload {
    pub(super) async fn begin(base: Arc<Base>, run: Run, filter: LogFilter) -> Result<Self> {
        let place = base.place_for_export()?;
        let rest = index::sources(&base, &run.id).await?.into_iter().map(|(stream, found)| Rest {
            label: found.context.label(),
            stream,
            found,
            above: None,
            next: Some(i64::MIN),
            texts: Texts::default(),
            row: 0,
        });
        let rest = rest.filter(|rest| filter.takes(rest.stream, &rest.label)).collect();
        Ok(Self { base, run_name: run.name, level: filter.level, rest, _place: place })
    }

    pub fn run_name(&self) -> &str {
        &self.run_name
    }

    /// The next lines; none when there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<PrintedLine>>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while bytes < BYTES_AT_ONCE {
            for rest in &mut self.rest {
                rest.fill(&self.base).await?;
            }
            let next = self.rest.iter_mut().filter_map(|rest| Some((rest.time_ms()?, rest)));
            let Some((time_ms, rest)) = next.min_by_key(|(time_ms, _)| *time_ms) else { break };
            let text = String::from_utf8_lossy(&rest.texts.values[rest.row]);
            let drawn = last_drawn(&text);
            let level = Level::following(drawn, &mut rest.above);
            // What is left out counts as well, so that others have their turn.
            bytes += 64;
            if self.level.is_none() || level >= self.level {
                let text = plain(drawn).into_owned();
                bytes += text.len();
                let (time_ms, stream, context) = (UnixMillis(time_ms), rest.stream, rest.label.clone());
                lines.push(PrintedLine { time_ms, stream, context, text });
            }
            rest.row += 1;
        }
        Ok((bytes > 0).then_some(lines))
    }
}

impl Rest {
    fn time_ms(&self) -> Option<i64> {
        self.texts.times_ms.get(self.row).copied()
    }

    /// Reads the next window when the last one is used up.
    async fn fill(&mut self, base: &Base) -> Result<()> {
        while self.row == self.texts.steps.len()
            && let Some(next) = self.next
        {
            // Segments may be merged between two windows: each is found by its steps.
            let mut snapshot = Snapshot::begin(&base.db).await?;
            let window = read::windows(&mut snapshot, &self.found, next, i64::MAX).await?.into_iter().next();
            (self.texts, self.row, self.next) = (Texts::default(), 0, None);
            if let Some(window) = window {
                let high = window.iter().map(|place| place.step_max).max().unwrap_or(next);
                self.texts = snapshot.texts(&window, false).await?;
                self.row = self.texts.steps.partition_point(|step| *step < next);
                self.next = high.checked_add(1);
            }
            snapshot.end().await?;
        }
        Ok(())
    }
}
