//! What of the lines is in view, and the fetching of it: only lines near the viewport are in the document, whatever their
//! number. New lines are followed while the person stands at the end.

use super::{
    held::{CHUNK, Frame, Held, ROW, WHOLE_MAX},
    query::{self, Place},
};
use crate::ui::erase::{effect, memo, watch};
use crate::{browser, error::AppError, link::Query, metric, run::RunView};
use leptos::{html, prelude::*, task::spawn_local};
use model::log::{LogFilter, LogHits, LogLine, LogPage, Needle};
use std::{ops::Range, sync::Arc, time::Duration};
use web_sys::HtmlElement;

/// Lines above and below those in view that are in the document: a turn of the wheel shows no gap.
const AROUND: u64 = 24;
/// Lines beyond those in the document that are fetched with them.
const AHEAD: u64 = 120;
/// Nobody has scrolled for so long: the address is told where the person stands.
const REST: Duration = Duration::from_millis(300);
/// News are asked for at most so often: what is printed is seen at once, and a flood of it leaves time to draw.
const PACE_MILLIS: f64 = 40.0;
/// Pixels that are no distance from the end.
const NEAR: f64 = 4.0;

#[derive(Clone, Copy)]
pub struct Window {
    pub path: StoredValue<String>,
    pub started_ms: i64,
    pub search: Memo<Query>,
    pub filter: Memo<LogFilter>,
    pub scroller: NodeRef<html::Div>,
    pub block: NodeRef<html::Div>,
    pub held: RwSignal<Held>,
    /// The last answer, without its lines.
    pub told: RwSignal<LogPage>,
    pub loaded: RwSignal<bool>,
    pub failed: RwSignal<Option<AppError>>,
    /// The lines in the document.
    pub rows: RwSignal<(u64, u64)>,
    /// The line that is pointed at, by its place.
    pub here: RwSignal<Option<u64>>,
    /// The same by its number and time, whatever the filter.
    pub picked: RwSignal<Option<(u64, i64)>>,
    pub follow: RwSignal<bool>,
    /// Lines that came since the person left the end.
    pub fresh: RwSignal<u64>,
    pub wraps: Memo<bool>,
    pub relative: Memo<bool>,
    pub needle: RwSignal<Option<Needle>>,
    pub hits: RwSignal<Option<LogHits>>,
    /// Counts what makes lines and answers under way useless.
    era: RwSignal<u64>,
    /// Counts what is looked for: rows that are drawn mark it.
    marks: RwSignal<u64>,
    /// A search is under way; and the first place at which lines have changed since it was asked for.
    looking: StoredValue<bool>,
    changed: StoredValue<Option<u64>>,
    asking: StoredValue<bool>,
    news_waiting: StoredValue<bool>,
    news_at: StoredValue<f64>,
    last_top: StoredValue<f64>,
    drawing: StoredValue<bool>,
    resting: StoredValue<Option<TimeoutHandle>>,
}

/// A line to draw: its place, and what tells it from others that were there.
pub type Slot = (u64, u64, u64, Option<Arc<LogLine>>);

impl Window {
    pub fn new(view: RunView, search: Memo<Query>) -> Self {
        let started_ms = view
            .detail
            .current
            .with_untracked(|detail| detail.run.started_at_ms.unwrap_or(detail.run.created_at_ms).0);
        let word = move |key: &'static str, word: &'static str| {
            memo(move || search.with(|query| query.get(key) == Some(word)))
        };
        Self {
            path: StoredValue::new(view.path()),
            started_ms,
            search,
            filter: memo(move || search.with(query::filter)),
            scroller: NodeRef::new(),
            block: NodeRef::new(),
            held: RwSignal::default(),
            told: RwSignal::default(),
            loaded: RwSignal::new(false),
            failed: RwSignal::new(None),
            rows: RwSignal::new((0, 0)),
            here: RwSignal::new(None),
            picked: RwSignal::new(None),
            follow: RwSignal::new(true),
            fresh: RwSignal::new(0),
            wraps: word(query::WRAP, "1"),
            relative: word(query::TIME, query::RELATIVE),
            needle: RwSignal::new(None),
            hits: RwSignal::new(None),
            era: RwSignal::new(0),
            marks: RwSignal::new(0),
            looking: StoredValue::new(false),
            changed: StoredValue::new(None),
            asking: StoredValue::new(false),
            news_waiting: StoredValue::new(false),
            news_at: StoredValue::new(0.0),
            last_top: StoredValue::new(0.0),
            drawing: StoredValue::new(false),
            resting: StoredValue::new(None),
        }
    }

    /// Begins: asks for the first lines, and follows the address, the run and the window's size.
    pub fn start(self, printed: RwSignal<u32>) {
        let place = memo(move || self.search.with(Place::of));
        Effect::new(move |before: Option<LogFilter>| {
            let filter = self.filter.get();
            match before {
                None => self.begin(place.get_untracked()),
                // Another filter: the same lines stay in view, or those next to them.
                Some(before) if before != filter => {
                    let seen = self.seen_number();
                    self.begin(match (self.follow.get_untracked(), self.picked.get_untracked(), seen) {
                        (true, ..) => Place::End,
                        (_, Some((number, _)), _) => Place::Line(number),
                        (_, _, Some(number)) => Place::Top(number),
                        _ => Place::End,
                    });
                }
                Some(_) => {}
            }
            filter
        });
        let moved = move |place: &Place, _: Option<&Place>| {
            let is_here = match *place {
                Place::Line(number) => {
                    self.picked.get_untracked().is_some_and(|(picked, _)| picked == number)
                }
                Place::End | Place::From(_) | Place::Top(_) => true,
                Place::At(_) => false,
            };
            if !is_here {
                self.begin(*place);
            }
        };
        watch(move || place.get(), moved);
        watch(move || printed.get(), move |_, _| self.news());
        watch(move || self.wraps.get(), move |_, _| self.redraw());
        // Once the rows stand in the document, they are put where they belong.
        effect(move || {
            self.rows.track();
            self.held.track();
            self.loaded.track();
            request_animation_frame(move || self.put());
        });
        effect(move || {
            let handle = window_event_listener(leptos::ev::resize, move |_| self.redraw());
            on_cleanup(move || handle.remove());
        });
    }

    /// Forgets what is here and asks anew.
    fn begin(self, place: Place) {
        self.era.update(|era| *era += 1);
        self.asking.set_value(false);
        self.held.set(Held::default());
        self.here.set(None);
        self.picked.set(None);
        self.fresh.set(0);
        self.follow.set(place == Place::End);
        self.rows.set((0, 0));
        self.ask(place, CHUNK, None);
    }

    fn ask(self, place: Place, limit: u64, known: Option<u64>) {
        let (era, filter) = (self.era.get_untracked(), self.filter.get_untracked());
        let url = self.path.with_value(|path| query::page_url(path, &filter, place, limit, known));
        self.asking.set_value(true);
        spawn_local(async move {
            let answer = metric::json::<LogPage>(&url).await;
            if self.era.try_get_untracked() != Some(era) {
                return;
            }
            self.asking.set_value(false);
            match answer {
                Ok(page) => {
                    self.failed.set(None);
                    self.take(page, place);
                }
                Err(error) => {
                    self.loaded.set(true);
                    self.failed.set(Some(error));
                    return;
                }
            }
            // Levels are counted while the last lines are read already.
            if self.news_waiting.get_value() || self.told.with_untracked(|told| told.partial) {
                self.news_waiting.set_value(false);
                self.news();
            } else {
                self.fetch();
            }
        });
    }

    fn take(self, mut page: LogPage, place: Place) {
        let lines = std::mem::take(&mut page.lines);
        let (first, found, from) = (!self.loaded.get_untracked(), page.found, page.from);
        let before = self.held.with_untracked(|held| held.total);
        let picked = found
            .and_then(|found| lines.get((found - from) as usize))
            .map(|line| (line.number, line.time_ms.0));
        self.held.update(|held| {
            if page.changed_from < held.total {
                held.forget_from(page.changed_from);
            }
            held.total = page.total;
            held.put(from, lines);
            let (begin, end) = self.rows.get_untracked();
            let reads_above = matches!(place, Place::From(_)) && !self.follow.get_untracked();
            // What is fetched when it comes into view need not be held.
            if reads_above && from > end + CHUNK {
                held.keep(&(begin..end));
            } else {
                held.keep(&(begin.min(from)..end.max(from + CHUNK)));
            }
        });
        let came = page.total.saturating_sub(before);
        let changed_from = page.changed_from.min(before);
        self.told.set(page);
        if first {
            self.loaded.set(true);
        }
        match place {
            Place::Line(_) | Place::At(_) => {
                self.here.set(found);
                self.picked.set(picked);
                self.stand(found, Standing::Middle);
            }
            Place::Top(_) => self.stand(found, Standing::First),
            Place::End => self.stand(None, Standing::End),
            Place::From(_) => {
                if came > 0 && self.follow.get_untracked() {
                    self.stand(None, Standing::End);
                } else if came > 0 {
                    self.fresh.update(|fresh| *fresh += came);
                }
                if came > 0 {
                    self.search_on(changed_from);
                }
                if let (Some(here), None) = (self.here.get_untracked(), self.picked.get_untracked()) {
                    self.picked.set(self.known(here));
                }
                self.measure();
            }
        }
    }

    /// Number and time of a line that is here.
    fn known(self, place: u64) -> Option<(u64, i64)> {
        self.held.with_untracked(|held| held.get(place).map(|(_, line)| (line.number, line.time_ms.0)))
    }

    /// Something was logged: asks for what is behind the last line.
    fn news(self) {
        if self.asking.get_value() {
            self.news_waiting.set_value(true);
            return;
        }
        if !self.loaded.get_untracked() {
            return;
        }
        let wait = self.news_at.get_value() + PACE_MILLIS - js_sys::Date::now();
        if wait > 0.0 {
            if !self.news_waiting.get_value() {
                self.news_waiting.set_value(true);
                let again = move || {
                    if self.news_waiting.try_get_value() == Some(true) {
                        self.news_waiting.set_value(false);
                        self.news();
                    }
                };
                set_timeout(again, Duration::from_millis(wait as u64 + 1));
            }
            return;
        }
        self.news_at.set_value(js_sys::Date::now());
        let total = self.held.with_untracked(|held| held.total);
        let known = self.told.with_untracked(|told| told.all);
        self.ask(Place::From(total), CHUNK, Some(known));
    }

    /// Asks for the lines that are missing.
    fn fetch(self) {
        if self.asking.get_value() {
            return;
        }
        let (begin, end) = self.rows.get_untracked();
        let missing =
            self.held.with_untracked(|held| held.missing(&(begin.saturating_sub(AHEAD)..end + AHEAD)));
        if let Some(missing) = missing {
            let known = self.told.with_untracked(|told| told.all);
            let limit = (missing.end - missing.start).min(u64::from(model::limits::LOG_LINES_PER_PAGE_MAX));
            self.ask(Place::From(missing.start), limit, Some(known));
        }
    }

    /// What is drawn, from top to bottom.
    pub fn slots(self) -> Vec<Slot> {
        let (begin, end) = self.rows.get();
        let marks = self.marks.get();
        self.held.with(|held| {
            let slot = |place| match held.get(place) {
                Some((serial, line)) => (place, *serial, marks, Some(line.clone())),
                None => (place, 0, marks, None),
            };
            (begin..end.min(held.total)).map(slot).collect()
        })
    }

    /// So few lines that all of them are in the document.
    pub fn is_whole(self) -> bool {
        self.held.with(|held| held.total <= WHOLE_MAX)
    }

    /// The height of all lines, as the scroll bar shows it; none where they have their own.
    pub fn height(self) -> Option<f64> {
        let total = self.held.with(|held| held.total);
        (total > WHOLE_MAX).then(|| Frame { total, room: 0.0 }.height())
    }

    /// Somebody scrolled.
    pub fn scrolled(self) {
        if self.drawing.get_value() {
            return;
        }
        self.drawing.set_value(true);
        request_animation_frame(move || {
            if self.drawing.try_set_value(false).is_none() {
                self.measure();
            }
        });
        if let Some(timer) = self.resting.get_value() {
            timer.clear();
        }
        self.resting.set_value(set_timeout_with_handle(move || self.remember(), REST).ok());
    }

    fn frame(self) -> Option<(web_sys::HtmlDivElement, Frame, f64)> {
        let scroller = self.scroller.try_get_untracked()??;
        let total = self.held.try_with_untracked(|held| held.total)?;
        let frame = Frame { total, room: f64::from(scroller.client_height()) };
        let top = f64::from(scroller.scroll_top().max(0));
        Some((scroller, frame, top))
    }

    /// Looks what is in view, draws that, and asks for what is not here.
    pub fn measure(self) {
        let Some((scroller, frame, top)) = self.frame() else { return };
        let end = f64::from(scroller.scroll_height()) - frame.room;
        // Who goes down to the end follows; who goes up wants to read. Standing somewhere says nothing.
        let before = self.last_top.get_value();
        if top > before + 1.0 && top >= end - NEAR {
            self.set_follow(true);
        } else if top < before - 1.0 {
            self.set_follow(false);
        }
        self.last_top.set_value(top);
        let rows = if frame.total <= WHOLE_MAX {
            (0, frame.total)
        } else {
            let seen = frame.seen(top);
            // In steps, so that most turns of the wheel change nothing.
            (
                seen.start.saturating_sub(AROUND) / 8 * 8,
                (seen.end + AROUND).next_multiple_of(8).min(frame.total),
            )
        };
        if self.rows.get_untracked() != rows {
            self.rows.set(rows);
        }
        self.put();
        self.fetch();
    }

    fn redraw(self) {
        let follow = self.follow.get_untracked();
        let first = self.seen_place();
        request_animation_frame(move || {
            if follow {
                self.stand(None, Standing::End);
            } else {
                self.stand(first, Standing::First);
            }
        });
    }

    /// Puts the rows where the scroll bar says that they are.
    fn put(self) {
        let (Some((_, frame, top)), Some(Some(block))) = (self.frame(), self.block.try_get_untracked())
        else {
            return;
        };
        let style = HtmlElement::style(&block);
        if frame.total <= WHOLE_MAX {
            style.remove_property("transform").ok();
            return;
        }
        let (anchor, below) = frame.anchor(top);
        let (begin, end) = self.rows.get_untracked();
        let usual = (anchor - begin as f64) * ROW;
        let measured = || {
            let place = (anchor as u64).clamp(begin, end.saturating_sub(1));
            let row = Self::row(place)?;
            let share = (anchor - place as f64).clamp(0.0, 1.0);
            Some(f64::from(row.offset_top()) + share * f64::from(row.offset_height()))
        };
        let inside = if self.wraps.get_untracked() { measured().unwrap_or(usual) } else { usual };
        style.set_property("transform", &format!("translateY({}px)", top + below - inside)).ok();
    }

    fn row(place: u64) -> Option<HtmlElement> {
        browser::find(&format!(".log__line[data-place=\"{place}\"]"))
    }

    /// Scrolls, once what is there is drawn.
    fn stand(self, place: Option<u64>, standing: Standing) {
        let go = move || {
            let Some((scroller, frame, _)) = self.frame() else { return };
            let place = place.unwrap_or_default().min(frame.total.saturating_sub(1));
            let whole = frame.total <= WHOLE_MAX;
            let own =
                || Self::row(place).map(|row| (f64::from(row.offset_top()), f64::from(row.offset_height())));
            let top = match standing {
                Standing::End => f64::from(scroller.scroll_height()),
                Standing::First if whole => own().map_or(0.0, |(top, _)| top),
                Standing::Middle if whole => {
                    own().map_or(0.0, |(top, height)| top - (frame.room - height) / 2.0)
                }
                Standing::First => frame.top_from(place),
                Standing::Middle if self.wraps.get_untracked() => frame.top_for_any(place),
                Standing::Middle => frame.top_for(place),
            };
            scroller.set_scroll_top(top.round() as i32);
            // Not the person's doing.
            self.last_top.set_value(f64::from(scroller.scroll_top().max(0)));
            self.measure();
        };
        let Some(total) = self.held.try_with_untracked(|held| held.total) else { return };
        if total <= WHOLE_MAX {
            // Before they are drawn, there is nothing to scroll.
            self.rows.set((0, total));
        }
        request_animation_frame(go);
    }

    fn set_follow(self, on: bool) {
        if self.follow.get_untracked() != on {
            self.follow.set(on);
        }
        if on && self.fresh.get_untracked() > 0 {
            self.fresh.set(0);
        }
    }

    /// To the end, and along with it.
    pub fn to_end(self) {
        self.set_follow(true);
        self.stand(None, Standing::End);
    }

    /// Stays where it is, whatever comes.
    pub fn stop_following(self) {
        self.follow.set(false);
    }

    pub fn pick(self, place: u64, number: u64, time_ms: i64) {
        self.here.set(Some(place));
        self.picked.set(Some((number, time_ms)));
    }

    pub fn unpick(self) {
        self.here.set(None);
        self.picked.set(None);
    }

    /// Shows a line in the middle of the view and points at it.
    pub fn show(self, place: u64) {
        self.follow.set(false);
        self.here.set(Some(place));
        self.picked.set(self.known(place));
        self.stand(Some(place), Standing::Middle);
    }

    /// The first line in view, by its place.
    pub fn seen_place(self) -> Option<u64> {
        self.seen().map(|seen| seen.start)
    }

    fn seen(self) -> Option<Range<u64>> {
        let (_, frame, top) = self.frame()?;
        if frame.total > WHOLE_MAX {
            return Some(frame.seen(top));
        }
        let is_above = |row: &HtmlElement| f64::from(row.offset_top() + row.offset_height()) <= top;
        let above = browser::find_all(".log__line").iter().take_while(|row| is_above(row)).count() as u64;
        Some(above..frame.total)
    }

    fn seen_number(self) -> Option<u64> {
        self.known(self.seen_place()?).map(|(number, _)| number)
    }

    /// The address says where the person stands, so that Back and a copied link come here again.
    fn remember(self) {
        let Some(follow) = self.follow.try_get_untracked() else { return };
        let number = if follow { None } else { self.seen_number() };
        let query = Query::parse(&browser::search());
        if query.get("tab") != Some("logs") {
            return;
        }
        let word = number.map(|number| number.to_string()).unwrap_or_default();
        if query.get(query::TOP).unwrap_or_default() != word {
            browser::rename_entry(&query.with(query::TOP, word).href(&browser::path()));
        }
    }

    /// Looks for a text in all lines, and shows the first hit from the top of the view on if that is wanted.
    pub fn find(self, text: &str, shows: bool) {
        self.needle.set((!text.is_empty()).then(|| Needle::new(text)));
        self.hits.set(None);
        self.marks.update(|marks| *marks += 1);
        self.looking.set_value(false);
        self.changed.set_value(None);
        if !text.is_empty() {
            self.look(text.to_owned(), 0, shows);
        }
    }

    /// Lines came: looks through those.
    fn search_on(self, changed_from: u64) {
        if self.looking.get_value() {
            let first = self.changed.get_value().map_or(changed_from, |first| first.min(changed_from));
            self.changed.set_value(Some(first));
            return;
        }
        let text = self.search.with_untracked(|query| query.get(query::FIND).map(ToOwned::to_owned));
        let end = self.hits.with_untracked(|hits| hits.as_ref().map(|hits| hits.end));
        if let (Some(text), Some(end)) = (text, end) {
            let from = if changed_from < end { 0 } else { end };
            self.look(text, from, false);
        }
    }

    fn look(self, text: String, from: u64, shows: bool) {
        let (marks, filter) = (self.marks.get_untracked(), self.filter.get_untracked());
        let url = self.path.with_value(|path| query::search_url(path, &filter, &text, from));
        self.looking.set_value(true);
        spawn_local(async move {
            let answer = metric::json::<LogHits>(&url).await;
            if self.marks.try_get_untracked() != Some(marks) {
                return;
            }
            self.looking.set_value(false);
            match answer {
                Ok(more) => {
                    self.hits.update(|hits| match hits {
                        Some(known) if from > 0 && known.end == from => {
                            known.total += more.total;
                            known.places.extend(more.places);
                            known.places.truncate(model::limits::LOG_HITS_MAX);
                            known.end = more.end;
                        }
                        // Of lines behind others than are known.
                        _ if from > 0 => {}
                        _ => *hits = Some(more),
                    });
                    if shows {
                        self.step(true, true);
                    }
                }
                Err(error) => self.failed.set(Some(error)),
            }
            if let Some(changed) = self.changed.get_value() {
                self.changed.set_value(None);
                self.search_on(changed);
            }
        });
    }

    /// To the next hit or the one before, around the end.
    pub fn step(self, forward: bool, from_view: bool) {
        let first = self.seen_place().unwrap_or_default();
        let here = self.here.get_untracked().filter(|_| !from_view);
        let next = self.hits.with_untracked(|hits| {
            let places = &hits.as_ref()?.places;
            let found = if forward {
                let from = here.map_or(first, |here| here + 1);
                places.get(places.partition_point(|place| *place < from)).or(places.first())
            } else {
                let before = places.partition_point(|place| *place < here.unwrap_or(first));
                before.checked_sub(1).and_then(|at| places.get(at)).or(places.last())
            };
            found.copied()
        });
        if let Some(place) = next {
            self.show(place);
        }
    }

    /// Which of the hits is pointed at, and how many there are.
    pub fn standing(self) -> Option<(Option<usize>, u64)> {
        let here = self.here.get();
        self.hits.with(|hits| {
            let hits = hits.as_ref()?;
            let at = here.and_then(|here| hits.places.binary_search(&here).ok());
            Some((at.map(|at| at + 1), hits.total))
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    First,
    Middle,
    End,
}
