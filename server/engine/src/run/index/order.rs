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
enum Keys {
    Numbers(Vec<u64>),
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
    let keys: Vec<Keys> = order.iter().flat_map(|order| keys(index, order, now)).collect();
    let compare = |a: &u32, b: &u32| compare(index, &keys, *a as usize, *b as usize);
    let start = match start {
        Start::Offset(offset) => offset,
        Start::After(anchor) => rows.iter().filter(|row| compare(row, &anchor).is_le()).count(),
    };
    let end = start.saturating_add(count).min(rows.len());
    if end < rows.len() {
        rows.select_nth_unstable_by(end, compare);
        rows.truncate(end);
    }
    rows.sort_unstable_by(compare);
    rows.drain(..start.min(end));
    start
}

fn compare(index: &RunIndex, keys: &[Keys], a: usize, b: usize) -> Ordering {
    let (left, right) = (&index.heads[a], &index.heads[b]);
    let turned = |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
    let by_key = keys.iter().map(|keys| match keys {
        Keys::Numbers(numbers) => numbers[a].cmp(&numbers[b]),
        Keys::Names { descending } => turned(left.folded.cmp(&right.folded), *descending),
        Keys::Ids { descending } => turned(left.id.cmp(&right.id), *descending),
        Keys::Parents { descending } => match (left.parent, right.parent) {
            (Some(left), Some(right)) => turned(left.cmp(&right), *descending),
            (left, right) => left.is_none().cmp(&right.is_none()),
        },
    });
    by_key.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| left.id.cmp(&right.id))
}

fn keys(index: &RunIndex, OrderBy { field, descending }: &OrderBy, now: UnixMillis) -> Vec<Keys> {
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
            Attribute::Created => of_heads(&|head| Some(head.created)),
            Attribute::Started => of_heads(&|head| head.started),
            Attribute::Ended => of_heads(&|head| head.ended),
            Attribute::Updated => of_heads(&|head| Some(head.updated)),
            Attribute::Duration => of_heads(&|head| duration(head, now)),
            Attribute::Type | Attribute::Source | Attribute::Run => Vec::new(),
        },
        field => match index.columns.get(field).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => {
                let last = matches!(field, Field::Metric { stat: Stat::Last, .. });
                let key = |&held: &f64| match Cell::from(held) {
                    Cell::Number(number) if !number.is_nan() => turned(of_float(number), descending),
                    Cell::Absent if last => ABSENT,
                    _ => NO_NUMBER,
                };
                vec![Keys::Numbers(numbers.iter().map(key).collect())]
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
