//! Which runs a condition means, decided column by column. It decides as `model::query::evaluate` does.

use super::{
    Head, RunIndex,
    column::{Cell, Values},
    run_id,
};
use model::{
    UnixMillis,
    query::{Attribute, Clause, Expr, Field, Test, word},
};

/// For each run whether it is meant.
pub(super) fn mask(index: &RunIndex, expr: &Expr, now: UnixMillis) -> Vec<bool> {
    match expr {
        Expr::And(parts) => joined(index, parts, now, |held, more| held & more),
        Expr::Or(parts) => joined(index, parts, now, |held, more| held | more),
        Expr::Not(part) => {
            let mut mask = mask(index, part, now);
            for meant in &mut mask {
                *meant = !*meant;
            }
            mask
        }
        Expr::Clause(clause) => of_clause(index, clause, now),
    }
}

fn joined(index: &RunIndex, parts: &[Expr], now: UnixMillis, join: fn(bool, bool) -> bool) -> Vec<bool> {
    let mut masks = parts.iter().map(|part| mask(index, part, now));
    let mut joined = masks.next().unwrap_or_default();
    for mask in masks {
        joined.iter_mut().zip(mask).for_each(|(held, more)| *held = join(*held, more));
    }
    joined
}

fn of_clause(index: &RunIndex, Clause { field, test }: &Clause, now: UnixMillis) -> Vec<bool> {
    let heads = &index.heads;
    match field {
        Field::Attribute(attribute) => {
            let times = match attribute {
                Attribute::Created => Some(&index.created),
                Attribute::Updated => Some(&index.updated),
                _ => None,
            };
            if *attribute == Attribute::Archived {
                let [yes, no] = [true, false].map(|is| test.fits_text(word(is)));
                return index.archived.iter().map(|&archived| if archived { yes } else { no }).collect();
            }
            match times {
                Some(times) => times.iter().map(|&at| test.fits_number(at as f64, now)).collect(),
                None => heads.iter().map(|head| of_attribute(head, *attribute, test, now)).collect(),
            }
        }
        field => match index.columns.get(field).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => numbers
                .iter()
                .map(|&held| match (Cell::from(held), test) {
                    (cell, Test::IsNull) => cell == Cell::Absent,
                    (Cell::Number(number), test) => test.fits_number(number, now),
                    (Cell::Absent | Cell::NoNumber, _) => false,
                })
                .collect(),
            Some(Values::Texts(texts)) => {
                let fits = texts.dictionary.iter().map(|one| {
                    test.fits_text(&one.text)
                        || one.number().is_some_and(|number| test.fits_number(number, now))
                });
                let fits: Vec<bool> = fits.collect();
                let meant = |row: usize| match texts.place(row) {
                    Some(place) => fits[place],
                    None => *test == Test::IsNull,
                };
                (0..heads.len()).map(meant).collect()
            }
            None => vec![false; heads.len()],
        },
    }
}

fn of_attribute(head: &Head, attribute: Attribute, test: &Test, now: UnixMillis) -> bool {
    let number = |number: Option<f64>| match number {
        Some(number) => test.fits_number(number, now),
        None => *test == Test::IsNull,
    };
    match attribute {
        Attribute::Id => test.fits_text(run_id(head.id).as_str()),
        Attribute::Name => test.fits_text(&head.name),
        Attribute::Status => test.fits_text(head.status.as_str()),
        Attribute::User => test.fits_text(&head.user),
        Attribute::Parent => match head.parent {
            Some(parent) => test.fits_text(run_id(parent).as_str()),
            None => *test == Test::IsNull,
        },
        Attribute::Number => number(Some(head.number as f64)),
        Attribute::Started => number(head.started.map(|at| at as f64)),
        Attribute::Ended => number(head.ended.map(|at| at as f64)),
        Attribute::Duration => {
            number(super::order::duration(head, now).map(|millis| millis as f64 / 1_000.0))
        }
        // Three are columns of their own; the others no run has.
        Attribute::Created
        | Attribute::Updated
        | Attribute::Archived
        | Attribute::Type
        | Attribute::Source
        | Attribute::Run => *test == Test::IsNull,
    }
}
