//! The query language in SQL: a condition on the rows of `run`, with every value bound. It decides as
//! `model::query::evaluate` does; a test holds one against the other.
//!
//! SQL knows a third truth value and the language does not, so every piece here is true or false: EXISTS is, and a
//! column that may be NULL is asked for that first.

use crate::{Dialect, sql::Statement};
use model::{
    UnixMillis,
    query::{Attribute, AttributeKind, Clause, DatasetField, Expr, Field, Likeness, Order, Stat, Test},
};

/// Adds the condition, in parentheses where it needs them.
pub(crate) fn push(statement: &mut Statement, expr: &Expr, dialect: Dialect, now: UnixMillis) {
    match expr {
        Expr::And(all) => push_joined(statement, all, " AND ", dialect, now),
        Expr::Or(any) => push_joined(statement, any, " OR ", dialect, now),
        Expr::Not(one) => {
            statement.push("NOT (");
            push(statement, one, dialect, now);
            statement.push(")");
        }
        Expr::Clause(clause) => push_clause(statement, clause, dialect, now),
    }
}

fn push_joined(
    statement: &mut Statement,
    parts: &[Expr],
    word: &'static str,
    dialect: Dialect,
    now: UnixMillis,
) {
    for (place, part) in parts.iter().enumerate() {
        statement.push(if place == 0 { "(" } else { word });
        push(statement, part, dialect, now);
    }
    statement.push(")");
}

fn push_clause(
    statement: &mut Statement,
    Clause { field, test }: &Clause,
    dialect: Dialect,
    now: UnixMillis,
) {
    let (table, key) = match field {
        Field::Attribute(attribute) => return push_attribute(statement, *attribute, test, dialect, now),
        Field::Param(key) => ("EXISTS (SELECT 1 FROM param k WHERE k.run_id = run.id AND k.key = ", key),
        Field::Tag(key) => ("EXISTS (SELECT 1 FROM run_tag k WHERE k.run_id = run.id AND k.key = ", key),
        Field::Metric { key, .. } => {
            ("EXISTS (SELECT 1 FROM series k WHERE k.run_id = run.id AND k.context = '' AND k.key = ", key)
        }
        Field::Dataset(field) => return push_dataset(statement, *field, test, dialect),
    };
    if *test == Test::IsNull {
        statement.push("NOT ");
    }
    statement.push(table).bind(key.as_str());
    match (field, test) {
        (_, Test::IsNull) => {}
        (Field::Metric { .. }, Test::IsNan) => {
            statement.push(" AND k.kind = 'number' AND ").push(IS_NAN);
        }
        (Field::Metric { stat, .. }, Test::Number { is, than }) => {
            statement.push(" AND k.kind = 'number' AND ");
            push_stat(statement, *stat, *is, than.at(now));
        }
        (_, Test::Number { is, than }) => {
            statement.push(" AND k.number IS NOT NULL AND k.number").push(order(*is)).bind(than.at(now));
        }
        (_, test) => {
            statement.push(" AND ");
            push_text(statement, "k.value", test, dialect);
        }
    }
    statement.push(")");
}

fn push_dataset(statement: &mut Statement, field: DatasetField, test: &Test, dialect: Dialect) {
    let column = match field {
        DatasetField::Name => "d.name",
        DatasetField::Digest => "d.digest",
        DatasetField::Context => "k.context",
    };
    if *test == Test::IsNull {
        statement.push("NOT ");
    }
    statement
        .push("EXISTS (SELECT 1 FROM asset_use k JOIN asset d ON d.id = k.asset_id AND d.kind = 'dataset' ")
        .push("WHERE k.run_id = run.id AND ")
        .push(column)
        .push(" <> ''");
    if *test != Test::IsNull {
        statement.push(" AND ");
        push_text(statement, column, test, dialect);
    }
    statement.push(")");
}

/// Bits of the doubles that `last_value` lacks.
const INFINITE: i64 = f64::INFINITY.to_bits().cast_signed();
const NEGATIVE_INFINITE: i64 = f64::NEG_INFINITY.to_bits().cast_signed();
/// Of a column `last_bits`, whose table stands before it.
pub(crate) const NOT_INFINITE: &str = "last_bits NOT IN (9218868437227405312, -4503599627370496)";
/// The rest of a CASE that puts infinities where they belong among numbers.
pub(crate) const WHEN_INFINITE: &str =
    "last_bits WHEN 9218868437227405312 THEN 1 WHEN -4503599627370496 THEN -1 ELSE 0 END";
const IS_NAN: &str = "k.last_value IS NULL AND k.last_bits NOT IN (9218868437227405312, -4503599627370496)";

fn push_stat(statement: &mut Statement, stat: Stat, is: Order, than: f64) {
    match stat {
        Stat::Min => push_number(statement, "k.min_value", is, than),
        Stat::Max => push_number(statement, "k.max_value", is, than),
        Stat::Mean => push_number(statement, "k.mean_value", is, than),
        Stat::Last => {
            statement.push("(");
            push_number(statement, "k.last_value", is, than);
            for (bits, value) in [(INFINITE, f64::INFINITY), (NEGATIVE_INFINITE, f64::NEG_INFINITY)] {
                if is.holds(value, than) {
                    statement.push(" OR k.last_bits = ").bind(bits);
                }
            }
            if is == Order::NotEqual {
                statement.push(" OR (").push(IS_NAN).push(")");
            }
            statement.push(")");
        }
    }
}

/// A comparison that is false where the column is NULL.
fn push_number(statement: &mut Statement, column: &'static str, is: Order, than: f64) {
    statement.push("(").push(column).push(" IS NOT NULL AND ").push(column);
    statement.push(order(is)).bind(than).push(")");
}

/// What the language calls true and false.
pub(crate) const IS_ARCHIVED: &str = "(CASE WHEN run.archived_at_ms IS NULL THEN 'false' ELSE 'true' END)";

fn push_attribute(
    statement: &mut Statement,
    attribute: Attribute,
    test: &Test,
    dialect: Dialect,
    now: UnixMillis,
) {
    let column = match attribute {
        Attribute::Id => "run.id",
        Attribute::Name => "run.name",
        Attribute::Number => "run.number",
        Attribute::Status => "run.status",
        Attribute::User => "run.user_name",
        Attribute::Parent => "run.parent_id",
        Attribute::Created => "run.created_at_ms",
        Attribute::Started | Attribute::Duration => "run.started_at_ms",
        Attribute::Ended => "run.ended_at_ms",
        Attribute::Updated => "run.updated_at_ms",
        Attribute::Archived => IS_ARCHIVED,
        // No run has these, and no query on runs asks for them.
        Attribute::Type | Attribute::Source | Attribute::Run => "NULL",
    };
    match test {
        Test::IsNull => {
            statement.push(column).push(" IS NULL");
        }
        Test::Number { is, than } if attribute.kind() == AttributeKind::Duration => {
            statement.push("(run.started_at_ms IS NOT NULL AND COALESCE(run.ended_at_ms, ").bind(now.0);
            statement.push(") - run.started_at_ms").push(order(*is)).bind(than.at(now) * 1_000.0).push(")");
        }
        Test::Number { is, than } => push_number(statement, column, *is, than.at(now)),
        test if attribute == Attribute::Parent => {
            statement.push("(run.parent_id IS NOT NULL AND ");
            push_text(statement, column, test, dialect);
            statement.push(")");
        }
        test => push_text(statement, column, test, dialect),
    }
}

/// Longer lists go as one value: SQLite takes 32 766 in a statement, and the runs that a pattern means may be more. An
/// empty one does too: `IN (NULL)` is neither true nor false, and `IN` an empty set is false.
const LISTED_MAX: usize = 20;

fn push_text(statement: &mut Statement, column: &'static str, test: &Test, dialect: Dialect) {
    match test {
        Test::Text { is: Likeness::Equal, text } => {
            statement.push(column).push(" = ").bind(text.as_str());
        }
        Test::Text { is: Likeness::NotEqual, text } => {
            statement.push(column).push(" <> ").bind(text.as_str());
        }
        Test::Text { is: Likeness::Like, text } => match dialect {
            // SQLite's LIKE does not look at case.
            Dialect::Sqlite => {
                statement.push(column).push(" GLOB ").bind(glob(text).as_str());
            }
            Dialect::Postgres => {
                statement.push(column).push(" LIKE ").bind(text.as_str()).push(" ESCAPE ''");
            }
        },
        Test::Text { is: Likeness::ILike, text } => match dialect {
            Dialect::Sqlite => {
                statement.push(column).push(" LIKE ").bind(text.as_str());
            }
            Dialect::Postgres => {
                statement.push("LOWER(").push(column).push(" COLLATE \"C\") LIKE ");
                statement.bind(text.to_ascii_lowercase().as_str()).push(" ESCAPE ''");
            }
        },
        Test::In(texts) if (1..=LISTED_MAX).contains(&texts.len()) => {
            statement.push(column).push(" IN ").bind_list(texts.iter().map(String::as_str));
        }
        Test::In(texts) => {
            let list = serde_json::json!(texts).to_string();
            statement.push(column).push(match dialect {
                Dialect::Sqlite => " IN (SELECT value FROM json_each(",
                Dialect::Postgres => " IN (SELECT jsonb_array_elements_text(CAST(",
            });
            statement.bind(list.as_str()).push(match dialect {
                Dialect::Sqlite => "))",
                Dialect::Postgres => " AS jsonb)))",
            });
        }
        // A text is no number, which the parser knows; and patterns are settled before.
        Test::Matches { .. } | Test::Number { .. } | Test::IsNan | Test::IsNull => {
            statement.push("1 = 0");
        }
    }
}

fn order(is: Order) -> &'static str {
    match is {
        Order::Equal => " = ",
        Order::NotEqual => " <> ",
        Order::Less => " < ",
        Order::LessOrEqual => " <= ",
        Order::Greater => " > ",
        Order::GreaterOrEqual => " >= ",
    }
}

/// LIKE's pattern in GLOB's words.
fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        match character {
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '*' | '?' | '[' => glob.extend(['[', character, ']']),
            other => glob.push(other),
        }
    }
    glob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_in_the_text_are_those_of_the_infinities() {
        assert!(IS_NAN.contains(&INFINITE.to_string()) && IS_NAN.contains(&NEGATIVE_INFINITE.to_string()));
    }

    #[test]
    fn globs_own_wildcards_are_plain() {
        assert_eq!(glob("a%b_c*?[]"), "a*b?c[*][?][[]]");
    }
}
