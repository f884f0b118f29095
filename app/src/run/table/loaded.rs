//! The rows of the table that are here: some of those that match, each at its place in the order. Knows nothing of the
//! browser, and asks for nothing.

use model::{RunId, limits, run::RunRow};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

/// Rows that are asked for together.
pub const CHUNK: u32 = limits::PAGE_DEFAULT;

/// What stands at a place: a run, or nothing yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Run(RunId),
    Blank(u32),
}

#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// How many match in all.
    pub total: u32,
    order: BTreeMap<u32, RunId>,
    rows: HashMap<RunId, (u32, Arc<RunRow>)>,
}

impl Loaded {
    pub fn new(offset: u32, rows: Vec<RunRow>, total: i64) -> Self {
        let mut loaded = Self::default();
        loaded.put(offset, rows, total);
        loaded
    }

    /// Takes rows in, those that stand from `offset` on.
    pub fn put(&mut self, offset: u32, rows: Vec<RunRow>, total: i64) {
        self.total = u32::try_from(total).unwrap_or(u32::MAX).min(limits::TABLE_ROWS_MAX);
        for (place, row) in (offset..).zip(rows) {
            let id = row.run.id.clone();
            if let Some(before) = self.order.insert(place, id.clone())
                && before != id
            {
                self.rows.remove(&before);
            }
            // A run stands at one place only: the newest answer knows which.
            if let Some((before, _)) = self.rows.insert(id.clone(), (place, Arc::new(row)))
                && before != place
                && self.order.get(&before) == Some(&id)
            {
                self.order.remove(&before);
            }
        }
        let beyond = self.order.split_off(&self.total);
        for id in beyond.values() {
            self.rows.remove(id);
        }
    }

    /// Lets all rows outside of these places go.
    pub fn keep(&mut self, places: Range<u32>) {
        let (order, rows) = (&mut self.order, &mut self.rows);
        order.retain(|place, id| {
            let kept = places.contains(place);
            if !kept {
                rows.remove(id);
            }
            kept
        });
    }

    /// Shows a run as it is now.
    pub fn update(&mut self, id: &RunId, change: impl FnOnce(&mut RunRow)) {
        if let Some((_, row)) = self.rows.get_mut(id) {
            change(Arc::make_mut(row));
        }
    }

    pub fn get(&self, id: &RunId) -> Option<Arc<RunRow>> {
        self.rows.get(id).map(|(_, row)| row.clone())
    }

    pub fn place(&self, id: &RunId) -> Option<u32> {
        self.rows.get(id).map(|(place, _)| *place)
    }

    pub fn rows(&self) -> impl Iterator<Item = &RunRow> + Clone {
        self.rows.values().map(|(_, row)| &**row)
    }

    /// What stands at these places.
    pub fn slots(&self, places: Range<u32>) -> Vec<Slot> {
        let end = places.end.min(self.total);
        let slot = |place| self.order.get(&place).map_or(Slot::Blank(place), |id| Slot::Run(id.clone()));
        (places.start.min(end)..end).map(slot).collect()
    }

    /// The part of these places that must be asked for, in whole chunks; none when all of them are here.
    pub fn missing(&self, places: Range<u32>) -> Option<Range<u32>> {
        let end = places.end.min(self.total);
        let absent = |place: &u32| !self.order.contains_key(place);
        let first = (places.start..end).find(absent)?;
        let last = (first..end).rev().find(absent)?;
        Some(first - first % CHUNK..(last + 1).next_multiple_of(CHUNK).min(self.total.max(last + 1)))
    }

    /// The ids that stand without a gap around a run, in order.
    pub fn stretch(&self, id: &RunId) -> Vec<RunId> {
        let Some(place) = self.place(id) else { return Vec::new() };
        let here = |place: &u32| self.order.contains_key(place);
        let first = (0..place).rev().take_while(here).last().unwrap_or(place);
        (first..self.total).map_while(|place| self.order.get(&place).cloned()).collect()
    }

    /// All ids, when every run that matches is here.
    pub fn all(&self) -> Option<Vec<RunId>> {
        (self.order.len() == self.total as usize).then(|| self.order.values().cloned().collect())
    }

    /// By how many places the runs at these places have moved, given rows that stand from `offset` on now: those at the
    /// top decide, but not one that went elsewhere by itself. None when none of them is among those rows.
    pub fn moved(&self, seen: Range<u32>, offset: u32, rows: &[RunRow]) -> Option<i64> {
        let now: HashMap<&RunId, u32> = rows.iter().map(|row| &row.run.id).zip(offset..).collect();
        let way = |(place, id): (&u32, &RunId)| Some(i64::from(*now.get(id)?) - i64::from(*place));
        let ways: Vec<i64> = self.order.range(seen).filter_map(way).collect();
        let count = |way: i64| ways.iter().filter(|other| **other == way).count();
        let most = ways.iter().map(|way| count(*way)).max()?;
        ways.iter().copied().find(|way| count(*way) * 4 >= most)
    }

    /// Whether these rows are what stands from `offset` on: the same runs in the same order.
    pub fn agrees(&self, offset: u32, rows: &[RunRow], total: i64) -> bool {
        let same = |(place, row): (u32, &RunRow)| self.order.get(&place).is_none_or(|id| *id == row.run.id);
        i64::from(self.total) == total && (offset..).zip(rows).all(same)
    }
}

/// The slots to draw: no run twice, should two answers have met on the way.
pub fn each_once(slots: Vec<Slot>, first: u32) -> Vec<Slot> {
    let mut seen = BTreeSet::new();
    let once = |(place, slot): (u32, Slot)| match slot {
        Slot::Run(id) if !seen.insert(id.clone()) => Slot::Blank(place),
        slot => slot,
    };
    (first..).zip(slots).map(once).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::columns::tests::row;

    fn id(number: u32) -> RunId {
        format!("{number:032x}").parse().expect("32 hex digits")
    }

    fn rows(numbers: impl IntoIterator<Item = u32>) -> Vec<RunRow> {
        let one = |number| {
            let mut row = row(&[], &[]);
            row.run.id = id(number);
            row
        };
        numbers.into_iter().map(one).collect()
    }

    #[test]
    fn only_what_is_absent_is_asked_for_in_whole_chunks() {
        let mut loaded = Loaded::new(0, rows(0..100), 1_050);
        assert_eq!(loaded.missing(0..100), None);
        assert_eq!(loaded.missing(90..130), Some(100..200));
        loaded.put(200, rows(200..300), 1_050);
        assert_eq!(loaded.missing(90..310), Some(100..400));
        assert_eq!(loaded.missing(1_020..1_100), Some(1_000..1_050), "the end is known");
        assert_eq!(Loaded::new(0, Vec::new(), 0).missing(0..50), None);
    }

    #[test]
    fn far_rows_are_let_go() {
        let mut loaded = Loaded::new(0, rows(0..300), 300);
        loaded.keep(100..200);
        assert_eq!(
            (loaded.rows().count(), loaded.place(&id(150)), loaded.place(&id(99))),
            (100, Some(150), None)
        );
        assert_eq!(
            loaded.slots(198..202),
            [Slot::Run(id(198)), Slot::Run(id(199)), Slot::Blank(200), Slot::Blank(201)]
        );
        assert_eq!(loaded.all(), None);
        assert_eq!((loaded.stretch(&id(150)).len(), loaded.stretch(&id(1)).len()), (100, 0));
    }

    #[test]
    fn a_run_stands_at_one_place_only() {
        let mut loaded = Loaded::new(0, rows(0..10), 10);
        loaded.put(5, rows([2, 50]), 10);
        assert_eq!(
            (loaded.place(&id(2)), loaded.place(&id(5)), loaded.place(&id(50))),
            (Some(5), None, Some(6))
        );
        assert_eq!(loaded.slots(2..3), [Slot::Blank(2)]);
        loaded.put(0, rows(0..3), 3);
        assert_eq!(
            (loaded.total, loaded.place(&id(50)), loaded.all().map(|all| all.len())),
            (3, None, Some(3))
        );
        assert_eq!(
            each_once(vec![Slot::Run(id(1)), Slot::Run(id(1))], 7),
            [Slot::Run(id(1)), Slot::Blank(8)]
        );
    }

    #[test]
    fn the_rows_at_the_top_of_the_view_tell_how_it_moved() {
        let loaded = Loaded::new(100, rows(100..200), 1_000);
        // Twelve new runs came above, and two of those in view are gone.
        let now = rows((100..200).filter(|number| *number != 120 && *number != 125));
        assert_eq!(loaded.moved(110..140, 112, &now), Some(12));
        assert_eq!(loaded.moved(110..140, 100, &rows(100..200)), Some(0));
        // The first one alone has moved to the end.
        let now = rows((101..200).chain([100]));
        assert_eq!(loaded.moved(100..130, 100, &now), Some(-1));
        assert_eq!(loaded.moved(110..140, 0, &rows(0..100)), None);
        assert!(loaded.agrees(100, &rows(100..130), 1_000) && !loaded.agrees(100, &rows(101..130), 1_000));
    }
}
