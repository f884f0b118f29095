//! What runs are grouped by, and in what order groups come.

use super::{Attribute, Field};
use std::fmt::{Display, Formatter, Result};

/// Runs that have the same in all of these belong together. As text: `params.lr, tags.phase`, `all but params.seed`,
/// `all params`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// These, at least one, each once.
    By(Vec<Field>),
    /// Every param of the experiment but those of these keys; of no keys: every param.
    AllBut(Vec<String>),
}

impl Grouping {
    /// Whether groups may be told apart by a field.
    pub fn has(&self, field: &Field) -> bool {
        match (self, field) {
            (Self::By(fields), field) => fields.contains(field),
            (Self::AllBut(keys), Field::Param(key)) => !keys.contains(key),
            (Self::AllBut(_), _) => false,
        }
    }

    /// Why runs are not grouped by a field; none when they may be.
    pub fn refusal(field: &Field) -> Option<String> {
        const EXPECTED: &str = "expected params.…, tags.…, status, user, name or parent";
        match field {
            Field::Param(_)
            | Field::Tag(_)
            | Field::Attribute(Attribute::Name | Attribute::Status | Attribute::User | Attribute::Parent) => {
                None
            }
            Field::Metric { .. } => Some(format!("metrics are what groups have means of: {EXPECTED}")),
            Field::Dataset(_) => Some(format!("a run may have many datasets: {EXPECTED}")),
            Field::Attribute(Attribute::Archived) => {
                Some(format!("runs that are archived make no group: {EXPECTED}"))
            }
            Field::Attribute(attribute) => {
                Some(format!("nearly every run has a {} of its own: {EXPECTED}", attribute.name()))
            }
        }
    }
}

impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let joined = |fields: &mut dyn Iterator<Item = Field>| {
            fields.map(|field| field.to_string()).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::By(fields) => f.write_str(&joined(&mut fields.iter().cloned())),
            Self::AllBut(keys) if keys.is_empty() => f.write_str("all params"),
            Self::AllBut(keys) => {
                write!(f, "all but {}", joined(&mut keys.iter().cloned().map(Field::Param)))
            }
        }
    }
}

/// One of the things that groups are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOrder {
    pub by: GroupSort,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupSort {
    /// How many runs they have: `n`.
    Count,
    /// What they have in common in a field that runs are grouped by, or else their mean of one that they have means of.
    Field(Field),
}

impl Display for GroupOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.by {
            GroupSort::Count => f.write_str("n")?,
            GroupSort::Field(field) => field.fmt(f)?,
        }
        f.write_str(if self.descending { " desc" } else { "" })
    }
}
