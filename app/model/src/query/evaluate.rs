//! Whether a run is meant, decided in memory. What SQL must agree with.

use super::{Attribute, Clause, DatasetField, Expr, Field, Likeness, Test};
use crate::UnixMillis;
use std::borrow::Cow;

/// What is known of a run.
pub trait Facts {
    /// The number behind a field: times in milliseconds since 1970, durations in seconds; of a param only when it is a
    /// finite number; of a metric as logged.
    fn number(&self, field: &Field) -> Option<f64>;
    /// The text of a text attribute, a param or a tag.
    fn text(&self, field: &Field) -> Option<Cow<'_, str>>;
    /// Whether there is anything, number or not. Datasets are not asked for here.
    fn exists(&self, field: &Field) -> bool;
    /// What the datasets of the run have for a field.
    fn datasets(&self, _: DatasetField) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
}

/// Whether the run is meant.
pub fn evaluate(expr: &Expr, facts: &impl Facts, now: UnixMillis) -> bool {
    match expr {
        Expr::And(all) => all.iter().all(|one| evaluate(one, facts, now)),
        Expr::Or(any) => any.iter().any(|one| evaluate(one, facts, now)),
        Expr::Not(one) => !evaluate(one, facts, now),
        Expr::Clause(clause) => holds(clause, facts, now),
    }
}

fn holds(Clause { field, test }: &Clause, facts: &impl Facts, now: UnixMillis) -> bool {
    let texts = || match field {
        Field::Dataset(field) => facts.datasets(*field).into_iter().filter(|text| !text.is_empty()).collect(),
        field => facts.text(field).into_iter().collect::<Vec<_>>(),
    };
    match test {
        Test::Number { .. } | Test::IsNan => {
            facts.number(field).is_some_and(|number| test.fits_number(number, now))
        }
        Test::Text { .. } | Test::In(_) | Test::Matches { .. } => {
            texts().iter().any(|found| test.fits_text(found))
        }
        Test::IsNull if matches!(field, Field::Dataset(_)) => texts().is_empty(),
        Test::IsNull => !facts.exists(field),
    }
}

impl Test {
    /// Whether a number passes; none passes a test of texts.
    pub fn fits_number(&self, number: f64, now: UnixMillis) -> bool {
        match self {
            Self::Number { is, than } => is.holds(number, than.at(now)),
            Self::IsNan => number.is_nan(),
            Self::Text { .. } | Self::In(_) | Self::Matches { .. } | Self::IsNull => false,
        }
    }

    /// Whether a text passes; none passes a test of numbers.
    pub fn fits_text(&self, found: &str) -> bool {
        match self {
            Self::Text { is, text } => match is {
                Likeness::Equal => found == text,
                Likeness::NotEqual => found != text,
                Likeness::Like => like(found, text),
                Likeness::ILike => like(&found.to_ascii_lowercase(), &text.to_ascii_lowercase()),
            },
            Self::In(wanted) => wanted.iter().any(|text| found == text),
            Self::Matches { pattern, negated } => pattern.is_match(found) != *negated,
            Self::Number { .. } | Self::IsNan | Self::IsNull => false,
        }
    }
}

/// SQL's LIKE without an escape: `%` for any text, `_` for any one character. Takes time linear in both for each `%`.
pub fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where the last `%` stood, and how much of the text it covers so far.
    let mut any: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(place) {
            Some('%') => {
                any = Some((place, at));
                place += 1;
            }
            Some(&one) if one == '_' || one == text[at] => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((percent, covered)) = any else { return false };
                any = Some((percent, covered + 1));
                (place, at) = (percent + 1, covered + 1);
            }
        }
    }
    pattern[place..].iter().all(|&rest| rest == '%')
}

impl Field {
    /// The attribute that this is.
    pub fn attribute(&self) -> Option<Attribute> {
        match self {
            Self::Attribute(attribute) => Some(*attribute),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_its_two_wildcards_and_nothing_else() {
        for (text, pattern, fits) in [
            ("resnet50", "resnet%", true),
            ("resnet50", "%50", true),
            ("resnet50", "r%t_0", true),
            ("resnet50", "Resnet50", false),
            ("", "%", true),
            ("", "_", false),
            ("a%b", "a%b", true),
            ("mississippi", "m%iss%ip%i", true),
            ("mississippi", "m%iss%ip%x", false),
            ("täg", "t_g", true),
            ("a\\b", "a\\b", true),
            ("abc", "abc%%", true),
            ("abc", "ab", false),
        ] {
            assert_eq!(like(text, pattern), fits, "{text} like {pattern}");
        }
    }

    #[test]
    fn a_pattern_full_of_wildcards_ends_soon() {
        assert!(!like(&"a".repeat(5_000), &format!("{}b", "%a".repeat(500))));
    }
}
