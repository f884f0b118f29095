//! What of the table is in view, and the fetching of it: only rows and columns near the viewport are in the document.
//! What is read stays under the eye, whatever comes above it.

use super::{
    grid::Widths,
    loaded::{CHUNK, Loaded, Slot, each_once},
};
use crate::ui::erase::{effect, watch};
use crate::{
    browser,
    feed::Feed,
    link::Query,
    run::{
        api::{self, Runs},
        query,
    },
};
use leptos::{html, prelude::*, task::spawn_local};
use model::{
    ExperimentId, limits,
    query::Field,
    run::{RunQuery, RunRow},
};
use std::{ops::Range, time::Duration};

/// The height of a row in pixels, as the style sheet has it: `--row`.
pub const ROW: i32 = 32;
/// Rows above and below those in view that are in the document: a turn of the wheel shows no gap.
const AROUND: u32 = 8;
/// The document's rows change by so many at a time: most turns of a slow wheel change nothing.
const STEP: u32 = 4;
/// Pixels at each side of the view in which columns are in the document.
const ASIDE: i32 = 400;
/// Up to so many columns are all in the document.
const COLUMNS_FEW: usize = 24;
/// Rows beyond those in the document that are fetched with them.
const AHEAD: u32 = 30;
/// Requests for rows come at most so often while somebody scrolls.
const PAUSE_MILLIS: f64 = 60.0;
/// Nobody has scrolled for so long: the URL is told where the table stands.
const REST: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
pub struct Window {
    feed: Feed<Runs>,
    search: Memo<Query>,
    id: ExperimentId,
    pub scroller: NodeRef<html::Div>,
    pub loaded: RwSignal<Loaded>,
    /// The script is awake: before, the table shows the page that the server rendered.
    pub awake: RwSignal<bool>,
    /// The rows in the document.
    pub rows: RwSignal<(u32, u32)>,
    /// Pixels of the scrolled area between which columns are in the document.
    pub across: RwSignal<(i32, i32)>,
    /// Rows that a person sees.
    pub seen: RwSignal<(u32, u32)>,
    /// Runs that came above what is read, since somebody was at the top.
    pub fresh: RwSignal<u32>,
    /// What the rows that are here were asked with, and where they began.
    asked: StoredValue<RunQuery>,
    columns: StoredValue<Vec<Field>>,
    /// Counts what makes answers under way useless.
    era: StoredValue<u32>,
    /// The newest request, its chunks and when it was sent.
    sent: StoredValue<Option<(u32, Range<u32>)>>,
    sent_at: StoredValue<f64>,
    waiting: StoredValue<bool>,
    resting: StoredValue<Option<TimeoutHandle>>,
    drawing: StoredValue<bool>,
}

impl Window {
    pub fn new(feed: Feed<Runs>, search: Memo<Query>) -> Self {
        let id = feed.current.with_untracked(|runs| runs.experiment.id);
        let asked = search.with_untracked(|search| query::parse(id, search));
        let loaded = feed
            .current
            .with_untracked(|runs| Loaded::new(asked.offset, runs.page.items.clone(), runs.page.total));
        let last = asked.offset + feed.current.with_untracked(|runs| runs.page.items.len() as u32);
        Self {
            feed,
            search,
            id,
            scroller: NodeRef::new(),
            loaded: RwSignal::new(loaded),
            awake: RwSignal::new(false),
            rows: RwSignal::new((asked.offset, last)),
            across: RwSignal::new((i32::MIN, i32::MAX)),
            seen: RwSignal::new((asked.offset, last)),
            fresh: RwSignal::new(0),
            asked: StoredValue::new(asked),
            columns: StoredValue::new(feed.current.with_untracked(|runs| runs.columns.clone())),
            era: StoredValue::new(0),
            sent: StoredValue::new(None),
            sent_at: StoredValue::new(0.0),
            waiting: StoredValue::new(false),
            resting: StoredValue::new(None),
            drawing: StoredValue::new(false),
        }
    }

    /// What is drawn, from top to bottom.
    pub fn slots(self) -> Vec<Slot> {
        let (first, last) = self.rows.get();
        self.loaded.with(|loaded| each_once(loaded.slots(first..last), first))
    }

    /// Begins to follow the feed, also while another view is shown in place of the rows.
    pub fn listen(self) {
        watch(move || self.feed.current.track(), move |(), _| self.told());
    }

    /// Begins to follow the person; called where the table is drawn.
    pub fn follow(self) {
        effect(move || {
            // Again whenever the table is drawn anew, because nothing matched before or another view was in its place.
            if self.scroller.get().is_some() {
                self.awake.set(true);
                self.stand_at(self.seen.get_untracked().0);
            }
        });
        let resized = move |_| self.measure();
        effect(move || {
            let handle = window_event_listener(leptos::ev::resize, resized);
            on_cleanup(move || handle.remove());
        });
    }

    /// Somebody scrolled.
    pub fn scrolled(self) {
        if self.drawing.get_value() {
            return;
        }
        self.drawing.set_value(true);
        request_animation_frame(move || {
            self.drawing.try_set_value(false);
            self.measure();
        });
        if let Some(timer) = self.resting.get_value() {
            timer.clear();
        }
        self.resting.set_value(set_timeout_with_handle(move || self.remember(), REST).ok());
    }

    /// Looks what is in view, draws that, and asks for what is not here.
    pub fn measure(self) {
        let Some(Some(scroller)) = self.scroller.try_get_untracked() else { return };
        let top = scroller.scroll_top().max(0);
        let head = browser::find(".run-table__head").map_or(0, |head| head.offset_height());
        let pinned = browser::find(".run-table__pinned").map_or(0, |rows| rows.offset_height());
        let room = (scroller.client_height() - head - pinned).max(ROW);
        let total = self.loaded.with_untracked(|loaded| loaded.total);
        let first = ((top / ROW) as u32).min(total);
        let last = (((top + room) / ROW) as u32 + 1).min(total);
        if top < ROW / 2 {
            set_if_new(self.fresh, 0);
        }
        set_if_new(self.seen, (first, last));
        let begin = first.saturating_sub(AROUND) / STEP * STEP;
        let end = (last + AROUND).next_multiple_of(STEP).min(total.max(last));
        // What fits one page is there whole: a browser finds text in it, and little is saved.
        let all = total <= CHUNK;
        set_if_new(self.rows, if all { (0, total) } else { (begin, end) });
        let left = scroller.scroll_left();
        let across = (left - ASIDE, left + scroller.client_width() + ASIDE);
        // In steps of a quarter of what is drawn aside.
        let step = ASIDE / 4;
        set_if_new(self.across, (across.0.div_euclid(step) * step, across.1.div_euclid(step) * step + step));
        self.fetch();
    }

    /// Shows the rows from this place on; once they are drawn, because before there is nothing to scroll.
    pub fn stand_at(self, place: u32) {
        request_animation_frame(move || {
            if let Some(Some(scroller)) = self.scroller.try_get_untracked() {
                scroller.set_scroll_top(place.min(limits::TABLE_ROWS_MAX) as i32 * ROW);
                self.measure();
            }
        });
    }

    /// To the newest, or whatever comes first.
    pub fn to_top(self) {
        self.fresh.set(0);
        self.stand_at(0);
        self.feed.refresh();
    }

    /// Makes a row visible whole, if it is not.
    pub fn show(self, place: u32) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let (first, last) = self.seen.get_untracked();
        let whole = last.saturating_sub(2).max(first);
        let top = place as i32 * ROW;
        if place <= first {
            scroller.set_scroll_top(top);
        } else if place > whole {
            scroller.set_scroll_top(top - (whole - first) as i32 * ROW);
        }
        self.measure();
    }

    /// The URL says where the table stands, so that Back and a copied link come here again.
    fn remember(self) {
        let Some((first, _)) = self.seen.try_get_untracked() else { return };
        let location = window().location();
        let (Ok(path), Ok(search)) = (location.pathname(), location.search()) else { return };
        let (query, place) = (Query::parse(&search), (first > 0).then_some(first));
        if query.number("offset").filter(|offset| *offset > 0) != place {
            let word = place.map(|place| place.to_string()).unwrap_or_default();
            browser::rename_entry(&query.with("offset", word).href(&path));
        }
    }

    /// Asks for the rows that are missing.
    fn fetch(self) {
        let (first, last) = self.rows.get_untracked();
        let wanted = first.saturating_sub(AHEAD)..last + AHEAD;
        let Some(missing) = self.loaded.with_untracked(|loaded| loaded.missing(wanted)) else { return };
        let under_way = |sent: &Option<(u32, Range<u32>)>| {
            sent.as_ref().is_some_and(|(_, sent)| sent.start <= missing.start && missing.end <= sent.end)
        };
        if self.sent.with_value(under_way) {
            return;
        }
        let wait = self.sent_at.get_value() + PAUSE_MILLIS - js_sys::Date::now();
        if wait > 0.0 {
            if !self.waiting.get_value() {
                self.waiting.set_value(true);
                let again = move || {
                    if self.waiting.try_set_value(false).is_none() {
                        self.fetch();
                    }
                };
                set_timeout(again, Duration::from_millis(wait as u64 + 1));
            }
            return;
        }
        self.sent_at.set_value(js_sys::Date::now());
        let (era, number) = (
            self.era.get_value(),
            self.sent.with_value(|sent| sent.as_ref().map_or(0, |(number, _)| number + 1)),
        );
        self.sent.set_value(Some((number, missing.clone())));
        let query = self.query(missing);
        spawn_local(async move {
            let offset = query.offset;
            let answer = api::rows(query).await;
            if self.era.try_get_value() != Some(era) {
                return;
            }
            let newest = self.sent.with_value(|sent| sent.as_ref().is_some_and(|(sent, _)| *sent == number));
            if newest {
                self.sent.set_value(None);
            }
            match answer {
                Ok(page) => {
                    self.feed.failed.set(None);
                    // An answer to a request that was overtaken still shows what is in view meanwhile.
                    self.loaded.update(|loaded| {
                        loaded.put(offset, page.items, page.total);
                        loaded.keep(self.kept());
                    });
                    self.measure();
                }
                Err(error) => self.feed.failed.set(Some(error)),
            }
        });
    }

    fn kept(self) -> Range<u32> {
        let (first, last) = self.rows.get_untracked();
        first.saturating_sub(limits::TABLE_ROWS_KEPT)..last + limits::TABLE_ROWS_KEPT
    }

    /// What asks for these rows with the columns that are shown.
    fn query(self, rows: Range<u32>) -> RunQuery {
        let fields = self.feed.current.with_untracked(|runs| query::joined(&runs.columns));
        RunQuery {
            fields,
            offset: rows.start,
            limit: Some((rows.end - rows.start).clamp(1, limits::PAGE_MAX)),
            ..self.asked.get_value()
        }
    }

    /// The feed has something new: another question's answer, or the same one's after something changed.
    fn told(self) {
        let now = self.search.with_untracked(|search| query::parse(self.id, search));
        let before = self.asked.get_value();
        let bare = |query: &RunQuery| RunQuery { fields: String::new(), ..query.clone() };
        self.asked.set_value(now.clone());
        // What was fetched before has no values of columns that are new.
        let columns = self.feed.current.with_untracked(|runs| runs.columns.clone());
        let anew = self.columns.with_value(|before| *before != columns);
        self.columns.set_value(columns);
        let (rows, total) =
            self.feed.current.with_untracked(|runs| (runs.page.items.clone(), runs.page.total));
        if bare(&now) != bare(&before) {
            self.end_era();
            self.fresh.set(0);
            let last = now.offset + rows.len() as u32;
            self.loaded.set(Loaded::new(now.offset, rows, total));
            self.seen.set((now.offset, last));
            self.rows.set((now.offset, last));
            self.stand_at(now.offset);
            return;
        }
        let (first, last) = self.rows.get_untracked();
        let end = now.offset + rows.len() as u32;
        let whole = now.offset <= first && (last <= end || i64::from(end) >= total);
        if whole {
            self.take(now.offset, rows, total, anew);
        } else {
            self.refresh(anew);
        }
    }

    fn end_era(self) {
        self.era.update_value(|era| *era += 1);
        self.sent.set_value(None);
    }

    /// Asks again for what is in view, and for enough around it to find it should it have moved.
    fn refresh(self, anew: bool) {
        let (first, last) = self.rows.get_untracked();
        self.end_era();
        let era = self.era.get_value();
        let query = self.query(first.saturating_sub(CHUNK)..last + CHUNK);
        spawn_local(async move {
            let offset = query.offset;
            let answer = api::rows(query).await;
            if self.era.try_get_value() != Some(era) {
                return;
            }
            match answer {
                Ok(page) => self.take(offset, page.items, page.total, anew),
                Err(error) => self.feed.failed.set(Some(error)),
            }
        });
    }

    /// Shows rows as they are now. What is in view stays where it is on the screen, unless the table is at its top.
    fn take(self, offset: u32, rows: Vec<RunRow>, total: i64, anew: bool) {
        let Some(Some(scroller)) = self.scroller.try_get_untracked() else {
            self.loaded.set(Loaded::new(offset, rows, total));
            return;
        };
        let at_top = scroller.scroll_top() < ROW / 2;
        let (first, last) = self.seen.get_untracked();
        let moved = self.loaded.with_untracked(|loaded| loaded.moved(first..last, offset, &rows));
        let moved = if at_top { 0 } else { moved.unwrap_or(0) };
        let agrees =
            !anew && moved == 0 && self.loaded.with_untracked(|loaded| loaded.agrees(offset, &rows, total));
        self.loaded.update(|loaded| {
            if !agrees {
                *loaded = Loaded::default();
            }
            loaded.put(offset, rows, total);
        });
        if moved == 0 {
            self.measure();
            return;
        }
        self.end_era();
        if moved > 0 {
            self.fresh.update(|fresh| *fresh = fresh.saturating_add(moved as u32));
        }
        let shifted = |(from, to): (u32, u32)| {
            let shift = |place: u32| u32::try_from(i64::from(place) + moved).unwrap_or(0);
            (shift(from), shift(to))
        };
        self.rows.update(|rows| *rows = shifted(*rows));
        self.seen.update(|seen| *seen = shifted(*seen));
        // Drawn first, then scrolled, and both before anybody sees it.
        let by = i32::try_from(moved).unwrap_or(0) * ROW;
        request_animation_frame(move || {
            scroller.set_scroll_top(scroller.scroll_top() + by);
            self.measure();
        });
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|held| *held != value) {
        signal.set(value);
    }
}

/// Those of these columns that are in view, and the pixels before and after them.
pub fn across(columns: &[Field], widths: &Widths, begin: i32, view: (i32, i32)) -> (i32, Range<usize>, i32) {
    let (mut before, mut after, mut shown) = (0, 0, None::<Range<usize>>);
    if columns.len() <= COLUMNS_FEW {
        return (0, 0..columns.len(), 0);
    }
    let mut x = begin;
    for (place, column) in columns.iter().enumerate() {
        let width = widths.of(column);
        if x + width < view.0 {
            before += width;
        } else if x > view.1 {
            after += width;
        } else {
            shown = Some(shown.map_or(place, |shown| shown.start)..place + 1);
        }
        x += width;
    }
    (before, shown.unwrap_or(0..0), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_in_view_are_drawn_and_the_others_leave_their_room() {
        let columns: Vec<Field> = (0..200).map(|number| Field::metric(format!("m{number:03}"))).collect();
        let widths = Widths::default();
        let one = widths.of(&columns[0]);
        let (before, shown, after) = across(&columns, &widths, 500, (500 + one * 50, 500 + one * 60));
        assert_eq!((before, after), (one * 49, one * (200 - 61)));
        assert_eq!(shown, 49..61);
        assert_eq!(across(&columns, &widths, 500, (i32::MIN, i32::MAX)), (0, 0..200, 0));
        assert_eq!(across(&columns, &widths, 500, (-1_000, 100)), (0, 0..0, one * 200));
        assert_eq!(across(&columns[..12], &widths, 500, (-1_000, 100)), (0, 0..12, 0), "few are drawn all");
    }
}
