//! The order of runs, as `store::run::search` has it in SQL: what is absent comes last, whichever way.

use super::{
    Head, RunIndex,
    column::{Cell, Texts, Values},
};
use model::{
    UnixMillis,
    query::{Attribute, Field, OrderBy, Stat},
    run::RunStatus,
};
use std::cmp::Ordering;

/// Greater than every key of a value: the bits of an infinity are below.
const ABSENT: u64 = u64::MAX;
const NO_NUMBER: u64 = u64::MAX - 1;

/// By run: the smaller comes first.
enum Keys<'a> {
    Numbers(Vec<u64>),
    // Most rows are compared once: their keys are made only then.
    Times { times: &'a [i64], descending: bool },
    Metric { numbers: &'a [f64], is_last: bool, descending: bool },
    Names { descending: bool },
    Ids { descending: bool },
    Parents { descending: bool },
}

/// Where a page begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Offset(usize),
    /// After this row, which need not be among those of which the page is made.
    After(u32),
}

/// Leaves of these rows those of one page, in order; rows that are equal in all else go by id. Answers how many come
/// before the page.
pub(super) fn page(
    index: &RunIndex,
    rows: &mut Vec<u32>,
    order: &[OrderBy],
    (start, count): (Start, usize),
    now: UnixMillis,
) -> usize {
    let keys: Vec<Keys<'_>> = order.iter().flat_map(|order| keys(index, order, now)).collect();
    let compare = |a: &u32, b: &u32| compare(index, &keys, *a as usize, *b as usize);
    let start = match start {
        Start::Offset(offset) => offset,
        Start::After(anchor) => rows.iter().filter(|row| compare(row, &anchor).is_le()).count(),
    };
    let end = start.saturating_add(count).min(rows.len());
    keep_first(rows, end, compare);
    rows.sort_unstable_by(compare);
    rows.drain(..start.min(end));
    start
}

/// Leaves the first `count` of these rows, in no order. When they are few of many, most rows are compared once, with the
/// last that would be kept so far.
fn keep_first(rows: &mut Vec<u32>, count: usize, compare: impl Fn(&u32, &u32) -> Ordering + Copy) {
    let room = (2 * count).max(KEPT_ROOM_MIN);
    if count > 0 && room < rows.len() {
        let (mut kept, mut bar) = (Vec::with_capacity(room), None);
        // The newest run stands last and mostly comes first.
        for row in rows.drain(..).rev() {
            if bar.is_some_and(|bar| compare(&row, &bar).is_gt()) {
                continue;
            }
            kept.push(row);
            if kept.len() == room {
                let (_, last, _) = kept.select_nth_unstable_by(count - 1, compare);
                bar = Some(*last);
                kept.truncate(count);
            }
        }
        *rows = kept;
    }
    if count < rows.len() {
        rows.select_nth_unstable_by(count, compare);
        rows.truncate(count);
    }
}

/// Rows that are gathered before the first of them are told apart.
const KEPT_ROOM_MIN: usize = 1_024;

fn compare(index: &RunIndex, keys: &[Keys<'_>], a: usize, b: usize) -> Ordering {
    let (left, right) = (&index.heads[a], &index.heads[b]);
    let turned = |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
    let by_key = keys.iter().map(|keys| match keys {
        Keys::Numbers(numbers) => numbers[a].cmp(&numbers[b]),
        Keys::Times { times, descending } => turned(times[a].cmp(&times[b]), *descending),
        Keys::Metric { numbers, is_last, descending } => {
            let key = |row: usize| metric_key(numbers[row], *is_last, *descending);
            key(a).cmp(&key(b))
        }
        Keys::Names { descending } => turned(left.folded.cmp(&right.folded), *descending),
        Keys::Ids { descending } => turned(left.id.cmp(&right.id), *descending),
        Keys::Parents { descending } => match (left.parent, right.parent) {
            (Some(left), Some(right)) => turned(left.cmp(&right), *descending),
            (left, right) => left.is_none().cmp(&right.is_none()),
        },
    });
    by_key.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| left.id.cmp(&right.id))
}

fn keys<'a>(index: &'a RunIndex, OrderBy { field, descending }: &OrderBy, now: UnixMillis) -> Vec<Keys<'a>> {
    let descending = *descending;
    let of_heads = |key: &dyn Fn(&Head) -> Option<i64>| {
        let key = |head: &Head| key(head).map_or(ABSENT, |value| turned(of_int(value), descending));
        vec![Keys::Numbers(index.heads.iter().map(key).collect())]
    };
    match field {
        Field::Attribute(attribute) => match attribute {
            Attribute::Id => vec![Keys::Ids { descending }],
            Attribute::Name => vec![Keys::Names { descending }],
            Attribute::Number => of_heads(&|head| Some(head.number)),
            Attribute::Status => of_heads(&|head| Some(status_rank(head.status))),
            Attribute::User => {
                let mut users: Vec<&str> = index.users.iter().map(|user| &**user).collect();
                users.sort_unstable();
                of_heads(&|head| users.binary_search(&&*head.user).ok().map(|rank| rank as i64))
            }
            Attribute::Parent => vec![Keys::Parents { descending }],
            Attribute::Created => vec![Keys::Times { times: &index.created, descending }],
            Attribute::Started => of_heads(&|head| head.started),
            Attribute::Ended => of_heads(&|head| head.ended),
            Attribute::Updated => vec![Keys::Times { times: &index.updated, descending }],
            Attribute::Archived => {
                let key = |archived: &bool| turned(of_int(i64::from(*archived)), descending);
                vec![Keys::Numbers(index.archived.iter().map(key).collect())]
            }
            Attribute::Duration => of_heads(&|head| duration(head, now)),
            Attribute::Type | Attribute::Source | Attribute::Run => Vec::new(),
        },
        field => match index.columns.get(field).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => {
                let is_last = matches!(field, Field::Metric { stat: Stat::Last, .. });
                vec![Keys::Metric { numbers, is_last, descending }]
            }
            Some(Values::Texts(texts)) => {
                let rows = 0..index.heads.len();
                let text = Keys::Numbers(rows.clone().map(|row| text_key(texts, row, descending)).collect());
                if matches!(field, Field::Param(_)) {
                    let number = Keys::Numbers(rows.map(|row| number_key(texts, row, descending)).collect());
                    vec![number, text]
                } else {
                    vec![text]
                }
            }
            None => Vec::new(),
        },
    }
}

fn metric_key(held: f64, is_last: bool, descending: bool) -> u64 {
    match Cell::from(held) {
        Cell::Number(number) if !number.is_nan() => turned(of_float(number), descending),
        Cell::Absent if is_last => ABSENT,
        _ => NO_NUMBER,
    }
}

fn text_key(texts: &Texts, row: usize, descending: bool) -> u64 {
    let rank = |place: usize| turned(u64::from(texts.ranks()[place]), descending);
    texts.place(row).map_or(ABSENT, rank)
}

fn number_key(texts: &Texts, row: usize, descending: bool) -> u64 {
    let Some(place) = texts.place(row) else { return ABSENT };
    let number = texts.dictionary[place].number();
    number.map_or(NO_NUMBER, |number| turned(of_float(number), descending))
}

/// Milliseconds from the start until the end, or until now.
pub(super) fn duration(head: &Head, now: UnixMillis) -> Option<i64> {
    Some(head.ended.unwrap_or(now.0) - head.started?)
}

/// In the order of the words.
fn status_rank(status: RunStatus) -> i64 {
    RunStatus::ALL.iter().filter(|other| other.as_str() < status.as_str()).count() as i64
}

/// What falls is turned around; it stays below the keys of what is absent.
fn turned(key: u64, descending: bool) -> u64 {
    if descending { NO_NUMBER - 1 - key } else { key }
}

/// Integers in their order. The ends of their range, which no time or number reaches, are cut off.
fn of_int(value: i64) -> u64 {
    (value.clamp(-(i64::MAX / 2), i64::MAX / 2).cast_unsigned()) ^ (1 << 63)
}

/// Doubles that are no NaN in their order, both zeros equal: the bits of negative ones turned around, those of others
/// above them.
fn of_float(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_many_are_kept() {
        let keys: Vec<u32> = (0..20_000_u32).map(|row| row.wrapping_mul(2_654_435_761) % 5_000).collect();
        let compare = |a: &u32, b: &u32| (keys[*a as usize], a).cmp(&(keys[*b as usize], b));
        let mut sorted: Vec<u32> = (0..20_000).collect();
        sorted.sort_unstable_by(compare);
        for count in [0, 1, 100, 3_000, 19_999, 20_000] {
            let mut rows: Vec<u32> = (0..20_000).collect();
            keep_first(&mut rows, count, compare);
            rows.sort_unstable_by(compare);
            assert_eq!(rows, sorted[..count], "the first {count}");
        }
    }
}
