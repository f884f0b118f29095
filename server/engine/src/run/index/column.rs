//! One field of all runs.

use super::{Read, number_of};
use crate::Result;
use model::{ExperimentId, query::Field};
use rustc_hash::FxHashMap;
use std::{
    collections::HashMap,
    mem::size_of,
    sync::{Arc, OnceLock},
};
use store::{
    Db,
    column::{Numbers, Which},
};

/// NaNs of these bits stand for no series, and for a series without such a number. A NaN that was logged is `f64::NAN`.
const ABSENT: u64 = 0x7ff8_0000_0000_0001;
const NO_NUMBER: u64 = 0x7ff8_0000_0000_0002;
/// Up to here a double holds every whole number: 2⁵³.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// In place of a text.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Column {
    pub read: Read,
    pub values: Values,
}

/// Reads the values of runs into some columns, those of a kind in one go: each goes through all runs. A run that is not
/// known yet is passed over: it began just now, so the next search reads it.
pub(super) async fn fill(
    db: &Db,
    experiment_id: ExperimentId,
    which: Which<'_>,
    columns: &mut [(Field, Column)],
    places: &HashMap<u128, u32>,
) -> Result<()> {
    let place = |id: &str| places.get(&number_of(id)?).copied();
    let (mut params, mut tags, mut metrics) = (HashMap::new(), HashMap::new(), HashMap::new());
    for (field, column) in columns {
        match field {
            Field::Param(key) => drop(params.insert(key.as_str(), column)),
            Field::Tag(key) => drop(tags.insert(key.as_str(), column)),
            Field::Metric { key, stat } => {
                metrics.entry(key.as_str()).or_insert_with(Vec::new).push((*stat, column));
            }
            Field::Attribute(_) | Field::Dataset(_) => {}
        }
    }
    if !metrics.is_empty() {
        let keys: Vec<&str> = metrics.keys().copied().collect();
        let set = |id: &str, key: &str, numbers: Numbers| {
            if let (Some(row), Some(columns)) = (place(id), metrics.get_mut(key)) {
                for (stat, column) in columns {
                    column.set_number(row, numbers.get(*stat));
                }
            }
        };
        store::column::metrics(db, experiment_id, which, &keys, set).await?;
    }
    if !params.is_empty() {
        let keys: Vec<&str> = params.keys().copied().collect();
        let set = |id: &str, key: &str, text: String, number: Option<f64>| {
            if let (Some(row), Some(column)) = (place(id), params.get_mut(key)) {
                column.set_text(row, text, number);
            }
        };
        store::column::params(db, experiment_id, which, &keys, set).await?;
    }
    if !tags.is_empty() {
        let keys: Vec<&str> = tags.keys().copied().collect();
        let set = |id: &str, key: &str, text: String| {
            if let (Some(row), Some(column)) = (place(id), tags.get_mut(key)) {
                column.set_text(row, text, None);
            }
        };
        store::column::tags(db, experiment_id, which, &keys, set).await?;
    }
    Ok(())
}

/// By run.
#[derive(Debug)]
pub(super) enum Values {
    Numbers(Vec<f64>),
    Texts(Texts),
}

/// Texts, of which many are the same: each once, and for each run its place.
#[derive(Debug, Default)]
pub(super) struct Texts {
    places: Vec<u32>,
    pub dictionary: Vec<Arc<Text>>,
    known: HashMap<Arc<Text>, u32>,
    bytes: usize,
    ranks: OnceLock<Vec<u32>>,
    same: OnceLock<Vec<u32>>,
}

/// A param or tag: its text, and for a param the bits of the number behind it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Text {
    pub text: Box<str>,
    number: Option<u64>,
}

impl Text {
    pub fn number(&self) -> Option<f64> {
        self.number.map(f64::from_bits)
    }

    /// The number that it is as good as: of larger ones a double does not hold every digit that was written.
    pub fn plain_number(&self) -> Option<f64> {
        self.number().filter(|number| number.abs() < EXACT_MAX).map(|number| number + 0.0)
    }
}

/// What a run has in a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    Absent,
    NoNumber,
    Number(f64),
}

impl From<f64> for Cell {
    fn from(held: f64) -> Self {
        match held.to_bits() {
            ABSENT => Self::Absent,
            NO_NUMBER => Self::NoNumber,
            _ => Self::Number(held),
        }
    }
}

impl Texts {
    /// The place of a run's text in the dictionary.
    pub fn place(&self, row: usize) -> Option<usize> {
        self.places.get(row).filter(|&&place| place != NONE).map(|&place| place as usize)
    }

    fn set(&mut self, row: u32, text: String, number: Option<f64>) {
        let text = Text { text: text.into(), number: number.map(f64::to_bits) };
        let place = if let Some(&place) = self.known.get(&text) {
            place
        } else {
            let (place, text) = (self.dictionary.len() as u32, Arc::new(text));
            self.bytes += text.text.len() + size_of::<Text>() + 64;
            self.dictionary.push(text.clone());
            self.known.insert(text, place);
            self.ranks.take();
            self.same.take();
            place
        };
        self.places[row as usize] = place;
    }

    /// For each text of the dictionary its place in the order of texts; equal texts have equal ranks.
    pub fn ranks(&self) -> &[u32] {
        self.ranks.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.dictionary.len() as u32).collect();
            let text = |place: u32| &self.dictionary[place as usize].text;
            order.sort_unstable_by(|&a, &b| text(a).cmp(text(b)));
            let mut ranks = vec![0; order.len()];
            let mut rank = 0;
            for (at, &place) in order.iter().enumerate() {
                if at > 0 && text(order[at - 1]) != text(place) {
                    rank += 1;
                }
                ranks[place as usize] = rank;
            }
            ranks
        })
    }

    /// For each text of the dictionary the place of the first that is the same: the same number, or else the same text.
    pub fn same(&self) -> &[u32] {
        self.same.get_or_init(|| {
            let (mut numbers, mut texts) = (FxHashMap::default(), FxHashMap::default());
            let texts = self.dictionary.iter().zip(0..).map(|(one, place)| match one.plain_number() {
                Some(number) => *numbers.entry(number.to_bits()).or_insert(place),
                None => *texts.entry(&*one.text).or_insert(place),
            });
            texts.collect()
        })
    }
}

impl Column {
    pub fn new(field: &Field) -> Self {
        let values = match field {
            Field::Metric { .. } => Values::Numbers(Vec::new()),
            _ => Values::Texts(Texts::default()),
        };
        Self { read: Read::default(), values }
    }

    /// Makes room for so many runs.
    pub fn resize(&mut self, runs: usize) {
        match &mut self.values {
            Values::Numbers(numbers) => numbers.resize(runs, f64::from_bits(ABSENT)),
            Values::Texts(texts) => texts.places.resize(runs, NONE),
        }
    }

    /// Takes the value of a run away.
    pub fn clear(&mut self, row: u32) {
        match &mut self.values {
            Values::Numbers(numbers) => numbers[row as usize] = f64::from_bits(ABSENT),
            Values::Texts(texts) => texts.places[row as usize] = NONE,
        }
    }

    /// Sets the number of a run.
    fn set_number(&mut self, row: u32, number: Option<f64>) {
        if let Values::Numbers(numbers) = &mut self.values {
            numbers[row as usize] = match number {
                None => f64::from_bits(NO_NUMBER),
                Some(number) if number.is_nan() => f64::NAN,
                Some(number) => number,
            };
        }
    }

    /// Sets the text of a run, with the number behind it.
    fn set_text(&mut self, row: u32, text: String, number: Option<f64>) {
        if let Values::Texts(texts) = &mut self.values {
            texts.set(row, text, number);
        }
    }

    /// Whether it tells these runs apart. What is absent is a value of its own.
    pub fn differs(&self, rows: &[u32]) -> bool {
        fn vary<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
            let first = values.next();
            values.any(|value| Some(value) != first)
        }
        let rows = rows.iter().map(|&row| row as usize);
        match &self.values {
            // Both zeros read the same.
            Values::Numbers(numbers) => {
                vary(rows.map(|row| numbers.get(row).map(|one| (one + 0.0).to_bits())))
            }
            Values::Texts(texts) => {
                vary(rows.map(|row| texts.place(row).map(|place| &*texts.dictionary[place].text)))
            }
        }
    }

    /// How many runs have each text.
    pub fn counts(&self) -> Vec<(&str, usize)> {
        let Values::Texts(texts) = &self.values else { return Vec::new() };
        let mut counts = vec![0; texts.dictionary.len()];
        for &place in texts.places.iter().filter(|&&place| place != NONE) {
            counts[place as usize] += 1;
        }
        let texts = texts.dictionary.iter().map(|text| &*text.text);
        texts.zip(counts).filter(|(_, count)| *count > 0).collect()
    }

    /// About what it takes.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len() * size_of::<f64>(),
            Values::Texts(texts) => texts.places.len() * size_of::<u32>() + texts.bytes,
        }
    }
}
