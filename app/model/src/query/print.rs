//! A condition as text that reads back as the same condition.

use super::{AttributeKind, Bound, Clause, Expr, Field, Stat, Test, parse};
use std::fmt::{Display, Formatter, Result};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And(all) => joined(f, all, " and ", |one| matches!(one, Self::And(_) | Self::Or(_))),
            Self::Or(any) => joined(f, any, " or ", |one| matches!(one, Self::Or(_))),
            Self::Not(one) => match one.as_ref() {
                Self::And(_) | Self::Or(_) => write!(f, "not ({one})"),
                Self::Not(_) | Self::Clause(_) => write!(f, "not {one}"),
            },
            Self::Clause(clause) => clause.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expr], word: &str, wrap: impl Fn(&Expr) -> bool) -> Result {
    for (place, part) in parts.iter().enumerate() {
        f.write_str(if place == 0 { "" } else { word })?;
        if wrap(part) { write!(f, "({part})") } else { write!(f, "{part}") }?;
    }
    Ok(())
}

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { field, test } = self;
        match test {
            Test::Number { is, than } => {
                let is_duration = field.attribute().is_some_and(|one| one.kind() == AttributeKind::Duration);
                write!(f, "{field} {} ", is.name())?;
                match than {
                    Bound::Number(number) if is_duration && *number >= 0.0 => write!(f, "{number:?}s"),
                    Bound::Number(number) => write!(f, "{number:?}"),
                    Bound::Ago(millis) => write!(f, "-{millis}ms"),
                }
            }
            Test::Text { is, text } => write!(f, "{field} {} {}", is.name(), Quoted('\'', text)),
            Test::In(texts) => {
                write!(f, "{field} in (")?;
                for (place, text) in texts.iter().enumerate() {
                    write!(f, "{}{}", if place == 0 { "" } else { ", " }, Quoted('\'', text))?;
                }
                f.write_str(")")
            }
            Test::Matches { pattern, negated } => {
                write!(f, "{field} {} {}", if *negated { "!~" } else { "~" }, Quoted('\'', pattern.as_str()))
            }
            Test::IsNull => write!(f, "{field} is null"),
            Test::IsNan => write!(f, "{field} is nan"),
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (entity, key) = match self {
            Self::Attribute(attribute) => return f.write_str(attribute.name()),
            Self::Param(key) => ("params", key),
            Self::Metric { key, .. } => ("metrics", key),
            Self::Tag(key) => ("tags", key),
            Self::Dataset(field) => return write!(f, "dataset.{}", field.name()),
        };
        if reads_back(self, entity, key) {
            write!(f, "{entity}.{key}")?;
        } else {
            write!(f, "{entity}.{}", Quoted('"', key))?;
        }
        match self {
            Self::Metric { stat, .. } if *stat != Stat::Last => write!(f, ".{}", stat.name()),
            _ => Ok(()),
        }
    }
}

/// Whether the key needs no quotes.
fn reads_back(field: &Field, entity: &str, key: &str) -> bool {
    let plain = match field {
        Field::Metric { key, .. } => Field::Metric { key: key.clone(), stat: Stat::Last },
        other => other.clone(),
    };
    let read = parse(&format!("{entity}.{key} is null"));
    matches!(read, Ok(Some(Expr::Clause(Clause { field, test: Test::IsNull }))) if field == plain)
}

struct Quoted<'a>(char, &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(quote, text) = self;
        write!(f, "{quote}{}{quote}", text.replace(*quote, &format!("{quote}{quote}")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Attribute, DatasetField, Likeness, Order, Pattern, word};
    use super::*;
    use proptest::prelude::*;

    fn field() -> impl Strategy<Value = Field> {
        let key =
            prop_oneof!["[a-z/_.]{1,8}", "\\PC{1,6}", Just("loss.min".to_owned()), Just("and".to_owned())];
        prop_oneof![
            prop::sample::select(Attribute::ALL.to_vec()).prop_map(Field::Attribute),
            prop::sample::select(DatasetField::ALL.to_vec()).prop_map(Field::Dataset),
            key.clone().prop_map(Field::Param),
            key.clone().prop_map(Field::Tag),
            (key, prop::sample::select(Stat::ALL.to_vec()))
                .prop_map(|(key, stat)| Field::Metric { key, stat }),
        ]
    }

    fn order() -> impl Strategy<Value = Order> {
        prop::sample::select(vec![
            Order::Equal,
            Order::NotEqual,
            Order::Less,
            Order::LessOrEqual,
            Order::Greater,
            Order::GreaterOrEqual,
        ])
    }

    fn clause() -> impl Strategy<Value = Expr> {
        let number =
            any::<f64>().prop_filter("a NaN is no number to compare with", |number| !number.is_nan());
        let text = "\\PC{0,8}";
        (field(), order(), number, text, 0_i64..1_000_000_000, 0_usize..6).prop_map(
            |(field, is, number, text, ago, kind)| {
                let is_text = match &field {
                    Field::Param(_) | Field::Tag(_) | Field::Dataset(_) => true,
                    Field::Metric { .. } => false,
                    Field::Attribute(attribute) => attribute.kind() == AttributeKind::Text,
                };
                let is_time = field.attribute().is_some_and(|one| one.kind() == AttributeKind::Time);
                let likeness =
                    [Likeness::Equal, Likeness::NotEqual, Likeness::Like, Likeness::ILike][kind % 4];
                let test = match (&field, kind) {
                    (_, 4) => Test::IsNull,
                    (Field::Attribute(Attribute::Status), _) => {
                        Test::In(vec!["running".into(), "failed".into()])
                    }
                    (Field::Attribute(Attribute::Archived), _) => {
                        let is = [Likeness::Equal, Likeness::NotEqual][kind % 2];
                        Test::Text { is, text: word(ago % 2 == 0).into() }
                    }
                    (Field::Param(_), 0) => Test::Number { is, than: Bound::Number(number) },
                    _ if is_text && kind == 5 => {
                        let pattern = Pattern::new(regex::escape(&text) + "|^[a-c']+$").expect("escaped");
                        Test::Matches { pattern, negated: ago % 2 == 0 }
                    }
                    _ if is_text && kind == 3 => Test::In(vec![text, "b".into()]),
                    _ if is_text => Test::Text { is: likeness, text },
                    _ if is_time && kind == 1 => Test::Number { is, than: Bound::Ago(ago) },
                    (Field::Attribute(Attribute::Duration), _) => {
                        Test::Number { is, than: Bound::Number((ago / 1_000) as f64) }
                    }
                    _ => Test::Number { is, than: Bound::Number(number) },
                };
                Expr::Clause(Clause { field, test })
            },
        )
    }

    fn expr() -> impl Strategy<Value = Expr> {
        clause().prop_recursive(4, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
                inner.prop_map(|one| Expr::Not(Box::new(one))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn what_is_printed_reads_back_as_the_same(expr in expr()) {
            let text = expr.to_string();
            let back = parse(&text);
            prop_assert_eq!(back.as_ref().ok().and_then(Option::as_ref), Some(&expr), "{} {:?}", text, back);
        }

        #[test]
        fn any_text_is_read_or_refused_at_a_place_in_it(text in "\\PC{0,60}") {
            if let Err(error) = parse(&text) {
                prop_assert!(error.at.start <= error.at.end && error.at.end <= text.len(), "{error:?}");
                prop_assert!(text.is_char_boundary(error.at.start) && text.is_char_boundary(error.at.end));
            }
        }

        #[test]
        fn any_words_are_read_or_refused_at_a_place_in_them(
            words in prop::collection::vec(prop::sample::select(vec![
                "and", "or", "not", "(", ")", "metrics.a", "params.\"b c\"", "tags.", "'x'", "1", "-7d", "=", ">", "like",
                "in", ",", "~", "!~", "'(a'", "is", "null", "nan", "between", "started", "status", "`metrics`.`a`", ".min", "duration", "2h",
            ]), 0..14),
        ) {
            let text = words.join(" ");
            match parse(&text) {
                Ok(Some(expr)) => prop_assert_eq!(parse(&expr.to_string()).unwrap(), Some(expr)),
                Ok(None) => prop_assert!(text.trim().is_empty()),
                Err(error) => prop_assert!(error.at.end <= text.len(), "{error:?}"),
            }
        }
    }
}
