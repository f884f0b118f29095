//! Columns of some fields for the runs of a search.

use super::{
    Head, Members, RunIndex, RunIndexes,
    column::{Cell, Texts, Values},
    order::{self, Start},
    run_id,
};
use crate::{Base, Result};
use model::{
    ExperimentId, Float64, RunId, UnixMillis,
    explore::{FieldColumn, FieldValues},
    query::{Attribute, Field, word},
    run::RunSearch,
};
use std::collections::BTreeMap;

/// What runs have, one value a run in every column.
#[derive(Debug)]
pub struct FoundColumns {
    pub total: i64,
    pub ids: Vec<RunId>,
    pub names: Vec<String>,
    pub numbers: Vec<i64>,
    pub columns: Vec<FieldColumn>,
}

impl RunIndexes {
    /// Some fields of these runs, in the order of a search and at most as many as it has room for.
    pub(in crate::run) async fn values_of(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        runs: &Members<'_>,
        RunSearch { order, limit, .. }: &RunSearch,
        fields: &[Field],
    ) -> Result<FoundColumns> {
        let mut needed = runs.fields();
        needed.extend(fields.iter().cloned());
        needed.extend(order.iter().map(|order| order.field.clone()));
        let slot = self.slot(experiment_id);
        let index = self.refreshed(base, experiment_id, &slot, needed).await?;
        let now = base.world.now();
        let mut rows = index.rows(runs, now);
        let total = rows.len();
        order::page(&index, &mut rows, order, (Start::Offset(0), *limit as usize), now);
        let heads = || rows.iter().map(|&row| &index.heads[row as usize]);
        let column =
            |field: &Field| FieldColumn { field: field.clone(), values: index.column(&rows, field, now) };
        Ok(FoundColumns {
            total: total as i64,
            ids: heads().map(|head| run_id(head.id)).collect(),
            names: heads().map(|head| head.name.to_string()).collect(),
            numbers: heads().map(|head| head.number).collect(),
            columns: fields.iter().map(column).collect(),
        })
    }
}

impl RunIndex {
    fn column(&self, rows: &[u32], field: &Field, now: UnixMillis) -> FieldValues {
        let heads = || rows.iter().map(|&row| &self.heads[row as usize]);
        let numbers = |number: &dyn Fn(&Head) -> Option<f64>| FieldValues::Numbers {
            numbers: heads().map(|head| number(head).map(Float64)).collect(),
        };
        let millis = |time: i64| time as f64;
        match field {
            Field::Attribute(attribute) => match attribute {
                Attribute::Number => numbers(&|head| Some(head.number as f64)),
                Attribute::Created => times(rows, &self.created),
                Attribute::Started => numbers(&|head| head.started.map(millis)),
                Attribute::Ended => numbers(&|head| head.ended.map(millis)),
                Attribute::Updated => times(rows, &self.updated),
                Attribute::Duration => {
                    numbers(&|head| order::duration(head, now).map(|millis| millis as f64 / 1_000.0))
                }
                Attribute::Name => texts(heads().map(|head| Some(head.name.to_string()))),
                Attribute::Status => texts(heads().map(|head| Some(head.status.as_str().to_owned()))),
                Attribute::User => texts(heads().map(|head| Some(head.user.to_string()))),
                Attribute::Archived => {
                    texts(rows.iter().map(|&row| Some(word(self.archived[row as usize]).to_owned())))
                }
                Attribute::Id => texts(heads().map(|head| Some(run_id(head.id).to_string()))),
                Attribute::Parent => texts(heads().map(|head| Some(run_id(head.parent?).to_string()))),
                Attribute::Type | Attribute::Source | Attribute::Run => numbers(&|_| None),
            },
            field => match self.columns.get(field).map(|column| &column.values) {
                Some(Values::Numbers(held)) => FieldValues::Numbers {
                    numbers: rows
                        .iter()
                        .map(|&row| match held.get(row as usize).map(|&one| Cell::from(one)) {
                            Some(Cell::Number(number)) => Some(Float64(number)),
                            _ => None,
                        })
                        .collect(),
                },
                Some(Values::Texts(held)) => of_texts(held, rows),
                None => numbers(&|_| None),
            },
        }
    }
}

fn times(rows: &[u32], times: &[i64]) -> FieldValues {
    FieldValues::Numbers {
        numbers: rows.iter().map(|&row| Some(Float64(times[row as usize] as f64))).collect(),
    }
}

/// Params as numbers where all of these runs have numbers; texts otherwise.
fn of_texts(held: &Texts, rows: &[u32]) -> FieldValues {
    let one = |row: &u32| held.place(*row as usize).map(|place| &held.dictionary[place]);
    let mut present = rows.iter().filter_map(one).peekable();
    if present.peek().is_some() && present.all(|text| text.number().is_some()) {
        let number = |row: &u32| one(row).and_then(|text| text.number()).map(Float64);
        return FieldValues::Numbers { numbers: rows.iter().map(number).collect() };
    }
    // The dictionary is of all runs: each text is copied once, for those of these rows.
    let held_places: Vec<Option<usize>> = rows.iter().map(|&row| held.place(row as usize)).collect();
    let mut order: Vec<usize> = held_places.iter().flatten().copied().collect();
    order.sort_unstable();
    order.dedup();
    order.sort_by(|&a, &b| {
        let (a, b) = (&held.dictionary[a], &held.dictionary[b]);
        let by_number = match (a.number(), b.number()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        by_number.then_with(|| a.text.cmp(&b.text))
    });
    let places: BTreeMap<usize, u32> = order.iter().copied().zip(0..).collect();
    FieldValues::Texts {
        texts: order.iter().map(|&place| held.dictionary[place].text.to_string()).collect(),
        places: held_places.iter().map(|place| place.and_then(|place| places.get(&place).copied())).collect(),
    }
}

fn texts(values: impl Iterator<Item = Option<String>>) -> FieldValues {
    let values: Vec<Option<String>> = values.collect();
    let mut known: BTreeMap<&str, u32> = values.iter().flatten().map(|text| (text.as_str(), 0)).collect();
    known.values_mut().zip(0..).for_each(|(place, new)| *place = new);
    let place = |text: &Option<String>| text.as_deref().and_then(|text| known.get(text).copied());
    FieldValues::Texts {
        places: values.iter().map(place).collect(),
        texts: known.keys().map(|text| (*text).to_owned()).collect(),
    }
}
