//! The query language: which runs a person means. One grammar for the run table, the API, the command line and MLflow's
//! filters, of which it is a superset.
//!
//! ```text
//! metrics.val_f1 > 0.85 and (params.optimizer = 'adam' or params.lr between 1e-4 and 1e-2)
//! not tags.phase in ('debug', 'smoke') and started > -7d and duration < 2h and name ilike '%resnet%'
//! dataset.name = 'mnist' and dataset.version = '2.1'
//! metrics."val loss".min <= 0.1 and metrics.loss is not nan and tags.owner is null and name !~ '^(debug|tmp)-'
//! ```
//!
//! `parse` makes the text into an [`Expr`] or an [`QueryError`] that points at what is wrong; what was parsed makes sense:
//! no later step can refuse it. `evaluate` decides in memory whether a run is meant; the database decides the same in
//! SQL (`store::query`). Comparisons are two-valued: a run without the key is not meant by any comparison, `!=`
//! included, and `not` of that is true.

mod complete;
mod evaluate;
mod group;
mod parse;
mod pattern;
mod print;
mod token;

pub use complete::{Completion, Wanted, complete};
pub use evaluate::{Facts, evaluate, like};
pub use group::{GroupOrder, GroupSort, Grouping};
pub use parse::{
    Part, Rules, parse, parse_fields, parse_group, parse_group_orders, parse_order, parse_orders, parse_with,
};
pub use pattern::Pattern;
pub(crate) use {
    parse::unquoted,
    token::{Input, between, each},
};

use crate::{Error, UnixMillis};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Range};

/// A condition on runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All of these, at least two.
    And(Vec<Self>),
    /// Any of these, at least two.
    Or(Vec<Self>),
    Not(Box<Self>),
    Clause(Clause),
}

impl Expr {
    /// Whether any comparison is of this field.
    pub fn names(&self, field: &Field) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.names(field)),
            Self::Not(part) => part.names(field),
            Self::Clause(clause) => clause.field == *field,
        }
    }
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    pub field: Field,
    pub test: Test,
}

/// What of a run is compared, sorted by or shown. As text it is what a query calls it: `metrics.loss.min`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Field {
    Attribute(Attribute),
    Param(String),
    /// A metric without context.
    Metric {
        key: String,
        stat: Stat,
    },
    Tag(String),
    /// Of any dataset that the run read or wrote.
    Dataset(DatasetField),
}

impl Field {
    /// A metric's last value.
    pub fn metric(key: impl Into<String>) -> Self {
        Self::Metric { key: key.into(), stat: Stat::Last }
    }

    /// The key that was logged; none of an attribute or a dataset.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Param(key) | Self::Tag(key) | Self::Metric { key, .. } => Some(key),
            Self::Attribute(_) | Self::Dataset(_) => None,
        }
    }
}

impl TryFrom<String> for Field {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        let [field] = <[Self; 1]>::try_from(parse_fields(&text).map_err(|error| error.into_error("field"))?)
            .map_err(|_| Error::invalid("field", "expected one field"))?;
        Ok(field)
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.to_string()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatasetField {
    Name,
    /// What its maker computed of its content, or calls its version.
    Digest,
    /// What the run used it for.
    Context,
}

impl DatasetField {
    pub const ALL: [Self; 3] = [Self::Name, Self::Digest, Self::Context];

    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Digest => "digest",
            Self::Context => "context",
        }
    }

    /// `version` is another word for the digest.
    pub fn named(name: &str) -> Option<Self> {
        let name = if name == "version" { "digest" } else { name };
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What every run has by itself; the last three are of other things that are searched, and no run has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    Id,
    Name,
    /// Counts up inside the experiment.
    Number,
    Status,
    User,
    /// The id of the run that it is a part of.
    Parent,
    Created,
    Started,
    Ended,
    Updated,
    /// From the start until the end, or until now.
    Duration,
    /// Whether it was put aside: `true` or `false`.
    Archived,
    Type,
    Source,
    Run,
}

/// How a query writes the attributes; the first name of each is the one that is shown.
const ATTRIBUTES: [(&str, Attribute); 22] = [
    ("id", Attribute::Id),
    ("run_id", Attribute::Id),
    ("name", Attribute::Name),
    ("run_name", Attribute::Name),
    ("number", Attribute::Number),
    ("status", Attribute::Status),
    ("user", Attribute::User),
    ("user_id", Attribute::User),
    ("parent", Attribute::Parent),
    ("parent_id", Attribute::Parent),
    ("created", Attribute::Created),
    ("created_at", Attribute::Created),
    ("started", Attribute::Started),
    ("started_at", Attribute::Started),
    ("start_time", Attribute::Started),
    ("ended", Attribute::Ended),
    ("ended_at", Attribute::Ended),
    ("end_time", Attribute::Ended),
    ("updated", Attribute::Updated),
    ("updated_at", Attribute::Updated),
    ("duration", Attribute::Duration),
    ("archived", Attribute::Archived),
];

impl Attribute {
    /// Those of runs.
    pub const ALL: [Self; 12] = [
        Self::Id,
        Self::Name,
        Self::Number,
        Self::Status,
        Self::User,
        Self::Parent,
        Self::Created,
        Self::Started,
        Self::Ended,
        Self::Updated,
        Self::Duration,
        Self::Archived,
    ];

    /// By any of its names, in any case.
    pub fn named(name: &str) -> Option<Self> {
        ATTRIBUTES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, attribute)| *attribute)
    }

    pub fn name(self) -> &'static str {
        ATTRIBUTES.iter().find(|(_, attribute)| *attribute == self).map_or("", |(name, _)| name)
    }

    /// What it is compared with.
    pub fn kind(self) -> AttributeKind {
        match self {
            Self::Id
            | Self::Name
            | Self::Status
            | Self::User
            | Self::Parent
            | Self::Archived
            | Self::Type
            | Self::Source
            | Self::Run => AttributeKind::Text,
            Self::Number => AttributeKind::Number,
            Self::Created | Self::Started | Self::Ended | Self::Updated => AttributeKind::Time,
            Self::Duration => AttributeKind::Duration,
        }
    }
}

/// What is or is not, as a query writes it.
pub fn word(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    Text,
    Number,
    Time,
    Duration,
}

/// Which number of a metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stat {
    /// The last value written; may be NaN or infinite. The other three are of the finite values.
    #[default]
    Last,
    Min,
    Max,
    Mean,
}

impl Stat {
    pub const ALL: [Self; 4] = [Self::Last, Self::Min, Self::Max, Self::Mean];

    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}

/// What a field is held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Number {
        is: Order,
        than: Bound,
    },
    Text {
        is: Likeness,
        text: String,
    },
    /// One of these texts.
    In(Vec<String>),
    /// The pattern describes a part of the text; or, turned around, none.
    Matches {
        pattern: Pattern,
        negated: bool,
    },
    IsNull,
    /// The last value of a metric is NaN.
    IsNan,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// IEEE 754: a NaN is unequal to everything and in no other relation.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// How texts compare. All but the last look at case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Likeness {
    Equal,
    NotEqual,
    /// `%` stands for any text, `_` for any one character; there is no escape.
    Like,
    /// The same, blind to the case of the letters A to Z.
    ILike,
}

impl Likeness {
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "like",
            Self::ILike => "ilike",
        }
    }
}

/// A number to compare with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// For times: milliseconds since 1970. For durations: seconds.
    Number(f64),
    /// So many milliseconds before now.
    Ago(i64),
}

impl Bound {
    pub fn at(self, now: UnixMillis) -> f64 {
        match self {
            Self::Number(number) => number,
            Self::Ago(millis) => now.0.saturating_sub(millis) as f64,
        }
    }
}

/// One of the fields that runs are ordered by. Runs that lack it come last, whichever way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderBy {
    pub field: Field,
    pub descending: bool,
}

impl OrderBy {
    pub fn ascending(field: Field) -> Self {
        Self { field, descending: false }
    }

    pub fn descending(field: Field) -> Self {
        Self { field, descending: true }
    }
}

/// What is wrong with a query, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// The character at which they begin, counted from 1.
    pub character: usize,
    /// Lower case, no full stop.
    pub message: String,
}

impl QueryError {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, character: 0, message: message.into() }
    }

    /// The same, with its character counted.
    pub(crate) fn counted(mut self, text: &str) -> Self {
        self.character = text[..self.at.start].chars().count() + 1;
        self
    }

    /// For clients that see no position.
    pub fn into_error(self, field: &str) -> crate::Error {
        crate::Error::invalid(field, self.to_string())
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at character {}", self.message, self.character)
    }
}
