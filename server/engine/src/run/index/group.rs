//! Runs in groups: those that have the same in some fields, with means of others. Groups are told apart column by column,
//! by small numbers that stand for what a run has; texts are looked at only for the page of groups that is answered.

use super::{
    Head, RunIndex,
    column::{Cell, Texts, Values},
    order, run_id,
    tally::{Tally, tallies},
};
use model::{
    Page, UnixMillis, limits,
    query::{self, Attribute, Clause, Expr, Field, GroupOrder, GroupSort, Test},
    run::{
        RunStatus,
        group::{GroupKey, RunGroup},
    },
};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, cmp::Ordering, collections::HashMap, hash::Hash};

/// What is asked of the groups.
#[derive(Debug)]
pub(in crate::run) struct Wanted<'a> {
    pub keys: &'a [Field],
    /// Leaves out of each group the keys in which all runs are equal.
    pub telling_only: bool,
    pub fields: &'a [Field],
    pub order: &'a [GroupOrder],
    /// The query that narrows the runs: of its text every group's filter is made.
    pub filter: &'a str,
    pub offset: u32,
    pub limit: u32,
}

/// One page of the groups of these rows.
pub(super) fn page(index: &RunIndex, rows: &[u32], wanted: &Wanted<'_>, now: UnixMillis) -> Page<RunGroup> {
    let split = Split::of(index, rows, wanted.keys);
    let shown = in_order(index, rows, &split, wanted, now);
    let keys: Vec<Key<'_>> = wanted
        .keys
        .iter()
        .enumerate()
        .filter(|(place, _)| !wanted.telling_only || split.telling.contains(place))
        .map(|(_, field)| Key { field, name: field.to_string() })
        .collect();
    let mut places = vec![NOWHERE; split.groups.len()];
    for (place, &group) in shown.iter().enumerate() {
        places[group as usize] = place as u32;
    }
    // By member: which group of the page it is in.
    let places: Vec<u32> = split.of_member.iter().map(|&group| places[group as usize]).collect();
    let columns: Vec<Vec<Tally>> = wanted
        .fields
        .iter()
        .map(|field| {
            let cells = rows.iter().map(|&row| number(index, row as usize, field, now));
            tallies(cells, &places, shown.len())
        })
        .collect();
    let filters = Filters::new(wanted.filter);
    let groups = shown.iter().enumerate().map(|(place, &group)| {
        let Group { first, n } = split.groups[group as usize];
        let filter = filters.of(index, first as usize, &keys).or_else(|| {
            let members = rows.iter().zip(&places).filter(|(_, at)| **at == place as u32);
            (n as usize <= limits::GROUP_FILTER_IDS_MAX)
                .then(|| by_ids(members.map(|(&row, _)| run_id(index.heads[row as usize].id).to_string())))
        });
        RunGroup {
            keys: keys.iter().map(|key| key.of(index, first as usize)).collect(),
            n: i64::from(n),
            stats: wanted
                .fields
                .iter()
                .zip(&columns)
                .map(|(field, column)| column[place].stat(field))
                .collect(),
            filter,
        }
    });
    Page::new(groups.collect(), split.groups.len() as i64, wanted.offset)
}

/// In place of a group that is on another page.
pub(super) const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Group {
    /// The row of a member: it stands for all in what they have in common.
    first: u32,
    n: u32,
}

struct Split {
    groups: Vec<Group>,
    of_member: Vec<u32>,
    /// Places of the keys in which not all members are equal.
    telling: Vec<usize>,
}

impl Split {
    fn of(index: &RunIndex, rows: &[u32], keys: &[Field]) -> Self {
        let mut of_member = vec![0; rows.len()];
        let mut count = rows.len().min(1);
        let mut columns = Vec::new();
        let mut bare = vec![true; rows.len()];
        for (place, key) in keys.iter().enumerate() {
            let kinds = kinds(index, rows, key);
            bare.iter_mut().zip(&kinds).for_each(|(bare, kind)| *bare &= *kind == ABSENT);
            columns.push(Told::by(&kinds));
            if columns[place].differs() && count < rows.len() {
                count = refine(&mut of_member, count, &kinds);
            }
        }
        let mut groups = vec![Group { first: 0, n: 0 }; count];
        for (&row, &group) in rows.iter().zip(&of_member) {
            let group = &mut groups[group as usize];
            if group.n == 0 {
                group.first = row;
            }
            group.n += 1;
        }
        // A run that just began has none of the keys, and must not make all of them differ.
        let bare = bare.iter().filter(|bare| **bare).count();
        let places = |told: &dyn Fn(&Told) -> bool| {
            (0..keys.len()).filter(|&place| told(&columns[place])).collect::<Vec<_>>()
        };
        let mut telling = places(&|told| told.differs_but_for(bare));
        let has = |group: &Group, place: usize| kinds(index, &[group.first], &keys[place]) != [ABSENT];
        let nameless = groups.iter().filter(|group| !telling.iter().any(|&place| has(group, place)));
        if bare > 0 && nameless.count() > 1 {
            telling = places(&Told::differs);
        }
        Self { groups, of_member, telling }
    }
}

/// What a column tells of its rows.
struct Told {
    absent: usize,
    /// Rows that have anything.
    present: usize,
    /// Not all that have anything have the same.
    several: bool,
}

impl Told {
    fn by(kinds: &[u32]) -> Self {
        let mut present = kinds.iter().filter(|kind| **kind != ABSENT);
        let several = present.clone().next().is_some_and(|first| present.any(|kind| kind != first));
        let absent = kinds.iter().filter(|kind| **kind == ABSENT).count();
        Self { absent, present: kinds.len() - absent, several }
    }

    fn differs(&self) -> bool {
        self.differs_but_for(0)
    }

    /// The same without so many rows that have nothing.
    fn differs_but_for(&self, bare: usize) -> bool {
        self.several || (self.absent > bare && self.present > 0)
    }
}

/// Splits groups by one more column; answers how many there are then.
fn refine(of_member: &mut [u32], count: usize, kinds: &[u32]) -> usize {
    let width = kinds.iter().max().map_or(0, |&kind| kind as usize + 1);
    let mut found = 0;
    let mut numbered = |place: &mut u32| {
        if *place == NOWHERE {
            *place = found;
            found += 1;
        }
        *place
    };
    // A table is faster than hashing as long as it stays in the processor's cache with the members.
    if count * width <= 4 * of_member.len() {
        let mut table = vec![NOWHERE; count * width];
        for (group, &kind) in of_member.iter_mut().zip(kinds) {
            *group = numbered(&mut table[*group as usize * width + kind as usize]);
        }
    } else {
        let mut table = FxHashMap::default();
        for (group, &kind) in of_member.iter_mut().zip(kinds) {
            *group = numbered(table.entry((*group, kind)).or_insert(NOWHERE));
        }
    }
    found as usize
}

/// In place of a kind: the row lacks the field.
const ABSENT: u32 = 0;

/// For each of these rows a number that stands for what it has in a field: small, and equal where that is.
fn kinds(index: &RunIndex, rows: &[u32], field: &Field) -> Vec<u32> {
    let heads = || rows.iter().map(|&row| &index.heads[row as usize]);
    match field {
        Field::Attribute(Attribute::Status) => heads().map(|head| head.status as u32 + 1).collect(),
        Field::Attribute(Attribute::User) => counted(heads().map(|head| Some(&*head.user))),
        Field::Attribute(Attribute::Name) => counted(heads().map(|head| Some(&*head.name))),
        Field::Attribute(Attribute::Parent) => counted(heads().map(|head| head.parent)),
        field => {
            let Some(texts) = texts(index, field) else { return vec![ABSENT; rows.len()] };
            let same = texts.same();
            let kind = |&row: &u32| texts.place(row as usize).map_or(ABSENT, |place| same[place] + 1);
            rows.iter().map(kind).collect()
        }
    }
}

fn counted<T: Hash + Eq>(values: impl Iterator<Item = Option<T>>) -> Vec<u32> {
    let mut known = HashMap::new();
    let mut kind = |value: T| {
        let next = known.len() as u32 + 1;
        *known.entry(value).or_insert(next)
    };
    values.map(|value| value.map_or(ABSENT, &mut kind)).collect()
}

fn texts<'a>(index: &'a RunIndex, field: &Field) -> Option<&'a Texts> {
    match &index.columns.get(field)?.values {
        Values::Texts(texts) => Some(texts),
        Values::Numbers(_) => None,
    }
}

/// The groups of the page, in order. Those that are equal in all that is asked for go by their keys.
fn in_order(index: &RunIndex, rows: &[u32], split: &Split, wanted: &Wanted<'_>, now: UnixMillis) -> Vec<u32> {
    let largest = [GroupOrder { by: GroupSort::Count, descending: true }];
    let asked = if wanted.order.is_empty() { &largest } else { wanted.order };
    let mut orders: Vec<(By<'_>, bool)> = asked
        .iter()
        .map(|GroupOrder { by, descending }| {
            let by = match by {
                GroupSort::Count => By::Count,
                GroupSort::Field(field) if wanted.keys.contains(field) => By::Key(field),
                GroupSort::Field(field) => {
                    let cells = rows.iter().map(|&row| number(index, row as usize, field, now));
                    let tallies = tallies(cells, &split.of_member, split.groups.len());
                    By::Mean(tallies.iter().map(Tally::mean).collect())
                }
            };
            (by, *descending)
        })
        .collect();
    orders.extend(split.telling.iter().map(|&place| (By::Key(&wanted.keys[place]), false)));
    let compare = |&a: &u32, &b: &u32| {
        let (left, right) = (split.groups[a as usize], split.groups[b as usize]);
        let by = |(by, descending): &(By<'_>, bool)| match by {
            By::Count => turned(left.n.cmp(&right.n), *descending),
            By::Key(field) => {
                compare_in(index, field, left.first as usize, right.first as usize, *descending)
            }
            By::Mean(means) => last(means[a as usize], means[b as usize], |left, right| {
                turned(left.total_cmp(&right), *descending)
            }),
        };
        orders.iter().map(by).find(|order| order.is_ne()).unwrap_or_else(|| a.cmp(&b))
    };
    let mut groups: Vec<u32> = (0..split.groups.len() as u32).collect();
    let start = (wanted.offset as usize).min(groups.len());
    let end = start.saturating_add(wanted.limit as usize).min(groups.len());
    if end < groups.len() {
        groups.select_nth_unstable_by(end, compare);
        groups.truncate(end);
    }
    groups.sort_unstable_by(compare);
    groups.drain(..start);
    groups
}

enum By<'a> {
    Count,
    Key(&'a Field),
    /// By group.
    Mean(Vec<Option<f64>>),
}

fn turned(order: Ordering, descending: bool) -> Ordering {
    if descending { order.reverse() } else { order }
}

/// What is absent comes last, whichever way.
fn last<T>(left: Option<T>, right: Option<T>, compare: impl FnOnce(T, T) -> Ordering) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => compare(left, right),
        (left, right) => left.is_none().cmp(&right.is_none()),
    }
}

/// Two rows by what they have in a field: of params numbers come before other texts.
fn compare_in(index: &RunIndex, field: &Field, a: usize, b: usize, descending: bool) -> Ordering {
    let (left, right) = (&index.heads[a], &index.heads[b]);
    let order = match field {
        Field::Attribute(Attribute::Status) => left.status.as_str().cmp(right.status.as_str()),
        Field::Attribute(Attribute::User) => left.user.cmp(&right.user),
        Field::Attribute(Attribute::Name) => {
            left.folded.cmp(&right.folded).then_with(|| left.name.cmp(&right.name))
        }
        Field::Attribute(Attribute::Parent) => {
            return last(left.parent, right.parent, |left, right| turned(left.cmp(&right), descending));
        }
        field => {
            let Some(texts) = texts(index, field) else { return Ordering::Equal };
            return last(texts.place(a), texts.place(b), |left, right| {
                if texts.same()[left] == texts.same()[right] {
                    return Ordering::Equal;
                }
                let number = |place: usize| texts.dictionary[place].number();
                let by_number = last(number(left), number(right), |left, right| {
                    turned((left + 0.0).total_cmp(&(right + 0.0)), descending)
                });
                by_number.then_with(|| turned(texts.ranks()[left].cmp(&texts.ranks()[right]), descending))
            });
        }
    };
    turned(order, descending)
}

/// What a row has in a field that groups have means of.
fn number(index: &RunIndex, row: usize, field: &Field, now: UnixMillis) -> Cell {
    match field {
        Field::Attribute(Attribute::Duration) => order::duration(&index.heads[row], now)
            .map_or(Cell::Absent, |millis| Cell::Number(millis as f64 / 1_000.0)),
        field => match index.columns.get(field).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => numbers.get(row).map_or(Cell::Absent, |&held| Cell::from(held)),
            Some(Values::Texts(texts)) => match texts.place(row) {
                Some(place) => texts.dictionary[place].number().map_or(Cell::NoNumber, Cell::Number),
                None => Cell::Absent,
            },
            None => Cell::Absent,
        },
    }
}

/// What the members of a group have in common in a field.
enum Held<'a> {
    Number(f64),
    Text(Cow<'a, str>),
}

impl Held<'_> {
    fn text(self) -> String {
        match self {
            // Whole numbers without a point, as people write them.
            Self::Number(number) if number.fract() == 0.0 => (number as i64).to_string(),
            Self::Number(number) => format!("{number:?}"),
            Self::Text(text) => text.into_owned(),
        }
    }
}

struct Key<'a> {
    field: &'a Field,
    /// As a query calls it: to find out whether that needs quotes is work.
    name: String,
}

impl Key<'_> {
    fn of(&self, index: &RunIndex, row: usize) -> GroupKey {
        GroupKey { field: self.field.clone(), value: self.held(index, row).map(Held::text) }
    }

    fn held<'a>(&self, index: &'a RunIndex, row: usize) -> Option<Held<'a>> {
        let head: &Head = &index.heads[row];
        let text = |text: &'a str| Some(Held::Text(Cow::Borrowed(text)));
        match self.field {
            Field::Attribute(Attribute::Status) => text(RunStatus::as_str(head.status)),
            Field::Attribute(Attribute::User) => text(&head.user),
            Field::Attribute(Attribute::Name) => text(&head.name),
            Field::Attribute(Attribute::Parent) => {
                head.parent.map(|id| Held::Text(Cow::Owned(run_id(id).to_string())))
            }
            field => {
                let texts = texts(index, field)?;
                let one = &texts.dictionary[texts.place(row)?];
                one.plain_number().map_or_else(|| text(&one.text), |number| Some(Held::Number(number)))
            }
        }
    }

    /// The comparison that means the runs that have the same as this one.
    fn clause(&self, index: &RunIndex, row: usize) -> String {
        let name = &self.name;
        match self.held(index, row) {
            None => format!("{name} is null"),
            Some(number @ Held::Number(_)) => format!("{name} = {}", number.text()),
            Some(Held::Text(text)) => format!("{name} = '{}'", text.replace('\'', "''")),
        }
    }
}

/// Makes the filters of groups.
struct Filters {
    /// What narrows all of them, and an `and`; none when nothing can be added to it.
    before: Option<String>,
    clauses: usize,
}

impl Filters {
    fn new(filter: &str) -> Self {
        let read = query::parse(filter).ok().flatten();
        let before = match &read {
            None => String::new(),
            Some(Expr::Or(_)) => format!("({}) and ", filter.trim()),
            Some(_) => format!("{} and ", filter.trim()),
        };
        // In parentheses it may be too deep.
        let before = query::parse(&format!("{before}id is null")).is_ok().then_some(before);
        Self { before, clauses: read.as_ref().map_or(0, clauses) }
    }

    /// The query for the group of this row, if it is not too long for one.
    fn of(&self, index: &RunIndex, row: usize, keys: &[Key<'_>]) -> Option<String> {
        let before =
            self.before.as_ref().filter(|_| self.clauses + keys.len() <= limits::QUERY_CLAUSES_MAX)?;
        if keys.is_empty() {
            return Some(before.strip_suffix(" and ").unwrap_or(before).to_owned());
        }
        let mut filter = before.clone();
        for (place, key) in keys.iter().enumerate() {
            filter.push_str(if place == 0 { "" } else { " and " });
            filter.push_str(&key.clause(index, row));
            if filter.len() > limits::GROUP_FILTER_BYTES_MAX {
                return None;
            }
        }
        Some(filter)
    }
}

fn clauses(expr: &Expr) -> usize {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().map(clauses).sum(),
        Expr::Not(part) => clauses(part),
        Expr::Clause(_) => 1,
    }
}

fn by_ids(ids: impl Iterator<Item = String>) -> String {
    let field = Field::Attribute(Attribute::Id);
    Clause { field, test: Test::In(ids.collect()) }.to_string()
}
