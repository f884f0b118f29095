//! Lines that are here, by their place among those that are meant, and how places and pixels belong together.

use model::log::LogLine;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Lines are fetched in pieces of so many.
pub const CHUNK: u64 = 200;
/// Lines that are kept on each side of what is in the document.
const KEPT: u64 = 2_000;
/// The height of a line that is not wrapped, as the style sheet has it.
pub const ROW: f64 = 16.0;
/// Browsers draw nothing that is much higher. A million lines fit; of more, a pixel of the scroll bar is more than a pixel.
const HEIGHT_MAX: f64 = 16_000_000.0;
/// So few lines are all in the document, and scroll as any text does.
pub const WHOLE_MAX: u64 = 400;

#[derive(Clone, Debug, Default)]
pub struct Held {
    pub total: u64,
    lines: BTreeMap<u64, (u64, Arc<LogLine>)>,
    /// Tells a line from another that was at its place before.
    serial: u64,
}

impl Held {
    /// The line at a place, and what tells it from others that were there.
    pub fn get(&self, place: u64) -> Option<&(u64, Arc<LogLine>)> {
        self.lines.get(&place)
    }

    pub fn put(&mut self, from: u64, lines: Vec<LogLine>) {
        for (place, line) in (from..).zip(lines) {
            if self.lines.get(&place).is_some_and(|(_, known)| **known == line) {
                continue;
            }
            self.serial += 1;
            self.lines.insert(place, (self.serial, Arc::new(line)));
        }
    }

    /// Lines from here on are not what they were.
    pub fn forget_from(&mut self, place: u64) {
        self.lines.split_off(&place);
    }

    /// Lets go of what is far from these places.
    pub fn keep(&mut self, places: &Range<u64>) {
        let kept = places.start.saturating_sub(KEPT)..places.end + KEPT;
        self.lines.retain(|place, _| kept.contains(place));
    }

    /// What of these places must be asked for, in whole pieces.
    pub fn missing(&self, places: &Range<u64>) -> Option<Range<u64>> {
        let end = places.end.min(self.total);
        let absent = |place: &u64| !self.lines.contains_key(place);
        let first = (places.start..end).find(absent)?;
        let last = (first..end).rev().find(absent)?;
        Some(first / CHUNK * CHUNK..(last + 1).next_multiple_of(CHUNK).min(self.total))
    }
}

/// A view of so many lines, so many pixels high. The line at some share of the lines stands at the same share of the view when
/// the scroll bar stands there: that is right for the first and the last line, however high lines are, and for lines of
/// equal height it is what browsers do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub total: u64,
    pub room: f64,
}

impl Frame {
    /// The height of all that is scrolled.
    pub fn height(self) -> f64 {
        (self.total as f64 * ROW).min(HEIGHT_MAX)
    }

    /// How far the scroll bar is, from 0 to 1.
    fn share(self, top: f64) -> f64 {
        let span = self.height() - self.room;
        if span <= 0.0 { 0.0 } else { (top / span).clamp(0.0, 1.0) }
    }

    /// The line that stands at `1` pixels below the top of the view, in parts of a line.
    pub fn anchor(self, top: f64) -> (f64, f64) {
        let share = self.share(top);
        if self.height() <= self.room {
            return (0.0, 0.0);
        }
        (share * self.total as f64, share * self.room)
    }

    /// The lines in view, were they all of usual height.
    pub fn seen(self, top: f64) -> Range<u64> {
        let (anchor, below) = self.anchor(top);
        let first = (anchor - below / ROW).max(0.0);
        let last = (first + self.room / ROW).ceil() + 1.0;
        (first as u64).min(self.total)..(last as u64).min(self.total)
    }

    /// Where the scroll bar stands when a line is in the middle of the view, or as near to it as can be.
    pub fn top_for(self, place: u64) -> f64 {
        let span = (self.height() - self.room).max(0.0);
        if self.total as f64 * ROW <= HEIGHT_MAX {
            return (place as f64 * ROW - (self.room - ROW) / 2.0).clamp(0.0, span);
        }
        span * place as f64 / (self.total - 1) as f64
    }

    /// The same for lines of any height: wherever it is, it is in view.
    pub fn top_for_any(self, place: u64) -> f64 {
        let last = self.total.saturating_sub(1).max(1);
        (self.height() - self.room).max(0.0) * place.min(last) as f64 / last as f64
    }

    /// Where the scroll bar stands when a line is the first in view.
    pub fn top_from(self, place: u64) -> f64 {
        let whole = self.total as f64 * ROW;
        place as f64 * ROW * (self.height() - self.room).max(0.0) / (whole - self.room).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{UnixMillis, log::LogLine};

    fn lines(numbers: Range<u64>) -> Vec<LogLine> {
        let line = |number| LogLine {
            number,
            time_ms: UnixMillis(0),
            source: 0,
            level: None,
            text: String::new(),
            cut: None,
        };
        numbers.map(line).collect()
    }

    #[test]
    fn only_what_is_absent_is_asked_for() {
        let mut held = Held { total: 1_050, ..Held::default() };
        held.put(0, lines(0..200));
        assert_eq!(held.missing(&(0..200)), None);
        assert_eq!(held.missing(&(150..230)), Some(200..400));
        assert_eq!(held.missing(&(1_000..2_000)), Some(1_000..1_050));
        held.forget_from(100);
        assert_eq!(held.missing(&(0..120)), Some(0..200));
        held.put(0, lines(0..200));
        let serial = |held: &Held| held.get(5).map(|(serial, _)| *serial);
        let before = serial(&held);
        held.put(5, lines(5..6));
        assert_eq!(serial(&held), before, "the same line is not drawn anew");
        held.put(5, lines(6..7));
        assert_ne!(serial(&held), before);
        held.keep(&(5_000..5_100));
        assert!(held.get(5).is_none());
    }

    #[test]
    fn a_million_lines_are_scrolled_as_any_text() {
        let frame = Frame { total: 1_000_000, room: 640.0 };
        assert_eq!((frame.seen(0.0), frame.seen(1_600.0)), (0..41, 100..141));
        assert_eq!(frame.seen(frame.height() - 640.0), 999_960..1_000_000);
        let (anchor, below) = frame.anchor(8_000.0);
        assert!((anchor * ROW - below - 8_000.0).abs() < 1e-6, "line 500 is the first in view");
        assert_eq!(frame.seen(frame.top_for(777_777)), 777_757..777_799);
        assert_eq!(frame.seen(frame.top_from(777_777)).start, 777_777);
        assert_eq!((frame.top_for(0), frame.top_for(999_999)), (0.0, frame.height() - 640.0));
    }

    #[test]
    fn of_more_every_line_is_reached() {
        let frame = Frame { total: 4_000_000, room: 640.0 };
        assert_eq!(frame.height(), 16_000_000.0);
        assert_eq!(frame.seen(frame.height() - 640.0).end, 4_000_000);
        for place in [0, 1, 1_234_567, 3_999_999] {
            for top in [frame.top_for(place), frame.top_for_any(place), frame.top_from(place)] {
                let seen = frame.seen(top);
                assert!(seen.start <= place + 1 && place <= seen.end, "{place} in {seen:?}");
            }
        }
        let few = Frame { total: 3, room: 640.0 };
        assert_eq!((few.seen(0.0), few.top_for(2), few.top_for_any(9)), (0..3, 0.0, 0.0));
        assert_eq!(Frame { total: 0, room: 640.0 }.seen(0.0), 0..0);
    }
}
