//! A series from its first step to its last, a window at a time, so that memory is bounded by a window.

use super::join::Join;
use crate::Result;
use model::{limits, series::Points};
use std::collections::VecDeque;
use store::{Snapshot, metric::SegmentPlace};

/// What is logged, or computed from what is logged.
#[derive(Debug)]
pub(super) enum Scan {
    Logged(Windows),
    Computed(Join),
}

impl Scan {
    /// The next points, in order of step; equal steps in the order of writing. `None` at the end.
    pub async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<Points>> {
        match self {
            Self::Logged(windows) => windows.next(snapshot).await,
            Self::Computed(join) => join.next(snapshot).await,
        }
    }

    /// Of what is computed: the steps so far at which any of its metrics has a value.
    pub fn seen(&self) -> Option<u64> {
        match self {
            Self::Logged(_) => None,
            Self::Computed(join) => Some(join.seen()),
        }
    }
}

/// Windows yet to be read, in order of step.
#[derive(Debug)]
pub(super) struct Windows(VecDeque<Vec<SegmentPlace>>);

impl Windows {
    pub fn new(places: &[SegmentPlace]) -> Self {
        Self(windows(places, limits::SEGMENT_POINTS_MAX).into())
    }

    pub async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<Points>> {
        match self.0.pop_front() {
            Some(window) => Ok(Some(snapshot.points(&window).await?)),
            None => Ok(None),
        }
    }
}

/// Divides segments, given in the order of writing, into windows that follow each other in order of step. Segments that
/// overlap share a window, and neighbours with no more points than these do, to save requests.
pub(crate) fn windows(places: &[SegmentPlace], points_max: usize) -> Vec<Vec<SegmentPlace>> {
    let mut by_step = places.to_vec();
    by_step.sort_by_key(|place| (place.step_min, place.id));
    let mut windows: Vec<Vec<SegmentPlace>> = Vec::new();
    // Of the last window: its highest step, the newest segment with it, and its points.
    let (mut high, mut newest, mut points) = (i64::MIN, 0, 0);
    for place in by_step {
        // Segments that only touch keep their order when the later one was written later.
        let apart = place.step_min > high || (place.step_min == high && place.id > newest);
        let small = points + place.count <= points_max as i64;
        match windows.last_mut() {
            Some(window) if !apart || small => window.push(place),
            _ => {
                windows.push(vec![place]);
                points = 0;
                high = i64::MIN;
            }
        }
        points += place.count;
        if place.step_max >= high {
            newest = if place.step_max == high { newest.max(place.id) } else { place.id };
            high = place.step_max;
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: i64, count: i64, step_min: i64, step_max: i64) -> SegmentPlace {
        SegmentPlace { id, count, step_min, step_max, has_blocks: false }
    }

    fn ids(places: &[SegmentPlace]) -> Vec<Vec<i64>> {
        windows(places, limits::SEGMENT_POINTS_MAX)
            .iter()
            .map(|window| window.iter().map(|place| place.id).collect())
            .collect()
    }

    const LARGE: i64 = limits::SEGMENT_POINTS_MAX as i64;

    #[test]
    fn large_segments_in_order_are_read_one_by_one() {
        let places = [place(1, LARGE, 0, 9), place(2, LARGE, 9, 20), place(3, LARGE, 21, 30)];
        assert_eq!(ids(&places), [[1], [2], [3]]);
    }

    #[test]
    fn small_neighbours_share_a_window() {
        let places = [place(1, 10, 0, 9), place(2, 10, 10, 19), place(3, LARGE, 20, 30), place(4, 1, 31, 31)];
        assert_eq!(ids(&places), [vec![1, 2], vec![3], vec![4]]);
    }

    #[test]
    fn what_overlaps_is_put_in_order_together() {
        let places = [place(1, LARGE, 0, 100), place(2, LARGE, 50, 60), place(3, LARGE, 101, 200)];
        assert_eq!(ids(&places), [vec![1, 2], vec![3]]);
        // Written later, but ending where the earlier one begins: the equal step must come in the order of writing.
        let places = [place(1, LARGE, 10, 20), place(2, LARGE, 0, 10)];
        assert_eq!(ids(&places), [[2, 1]]);
    }
}
