//! What searches that are decided in memory have in common: order and pages; and of those of the registry the filters,
//! which leave prompts out.

use super::{
    convert::{self, Input, page_token},
    error::{Answer, Failure},
};
use engine::Services;
use model::{
    Tags,
    query::{Attribute, Bound, Clause, Expr, Facts, Field, Likeness, OrderBy, Test, evaluate},
};
use serde_json::json;
use std::cmp::Ordering;

/// The tag by which MLflow tells its prompts from models.
const PROMPT: &str = "mlflow.prompt.is_prompt";

/// Whether these are the tags of a prompt.
pub(super) fn is_prompt(tags: &Tags) -> bool {
    tags.0.get(PROMPT).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// What a filter of the registry holds.
pub(super) struct Filter {
    clauses: Vec<Expr>,
    /// Whether prompts are asked for; otherwise they are left out.
    prompts: bool,
}

impl Filter {
    /// `lists`: attributes that `IN` may compare.
    pub fn read(text: &str, attribute: fn(&str) -> Option<Attribute>, lists: &[Attribute]) -> Answer<Self> {
        let mut clauses = match convert::plain_filter(text, convert::rules(attribute, &[]))? {
            Some(Expr::And(all)) => all,
            one => one.into_iter().collect(),
        };
        for expr in &clauses {
            check_clause(expr, lists)?;
        }
        let prompts = clauses.iter().find_map(asks_for_prompts).unwrap_or(false);
        if !prompts {
            clauses.retain(|expr| asks_for_prompts(expr).is_none());
        }
        Ok(Self { clauses, prompts })
    }

    /// The text that an attribute must be equal to, if the filter says so in a way that a database can be asked.
    pub fn equal(&self, attribute: Attribute) -> Option<&str> {
        self.clauses.iter().find_map(|expr| match expr {
            Expr::Clause(Clause { field, test: Test::Text { is: Likeness::Equal, text } })
                if *field == Field::Attribute(attribute) && !text.contains('\0') =>
            {
                Some(text.as_str())
            }
            _ => None,
        })
    }

    pub fn fits(&self, tags: &Tags, facts: &impl Facts, services: &Services) -> bool {
        let now = services.now();
        (self.prompts || !is_prompt(tags)) && self.clauses.iter().all(|expr| evaluate(expr, facts, now))
    }
}

fn check_clause(expr: &Expr, lists: &[Attribute]) -> Answer<()> {
    let clause = match expr {
        Expr::Clause(clause) => Some(clause),
        Expr::Not(one) => match one.as_ref() {
            Expr::Clause(clause) => Some(clause),
            _ => None,
        },
        Expr::And(_) | Expr::Or(_) => None,
    };
    let wrong = |reason: &str| Failure::invalid(format!("Invalid clause(s) in filter string: {reason}"));
    let Some(Clause { field, test }) = clause else { return Err(wrong("only AND joins clauses")) };
    match (field, test) {
        (Field::Attribute(_) | Field::Tag(_), Test::Text { .. }) => Ok(()),
        (Field::Attribute(attribute), Test::In(_)) if lists.contains(attribute) => Ok(()),
        (Field::Attribute(_), Test::Number { than: Bound::Number(number), .. }) if number.fract() == 0.0 => {
            Ok(())
        }
        (Field::Attribute(_), Test::Number { .. }) => {
            Err(Failure::invalid("Invalid value for numeric attribute: expected an integer"))
        }
        (Field::Attribute(_) | Field::Tag(_), Test::In(_)) => Err(wrong("this field has no IN")),
        _ => Err(wrong("the registry compares attributes and tags with values only")),
    }
}

/// Whether a clause on the tag of prompts wants them; none for other clauses.
fn asks_for_prompts(expr: &Expr) -> Option<bool> {
    let Expr::Clause(Clause { field: Field::Tag(key), test: Test::Text { is, text } }) = expr else {
        return None;
    };
    let wanted = match is {
        Likeness::Equal => text.eq_ignore_ascii_case("true"),
        Likeness::NotEqual => text.eq_ignore_ascii_case("false"),
        Likeness::Like | Likeness::ILike => false,
    };
    (key == PROMPT).then_some(wanted)
}

/// How many results are asked for.
pub(super) fn results(input: &Input, default: i64, most: i64) -> Answer<usize> {
    let count = input.int("max_results")?.unwrap_or(default);
    if count < 1 {
        let reason = format!("It must be a positive integer, but got {count}");
        return Err(Failure::wrong_value("max_results", &json!(count), &reason));
    }
    if count > most {
        let reason = format!("It must be at most {most}, but got value {count}");
        return Err(Failure::wrong_value("max_results", &json!(count), &reason));
    }
    Ok(count as usize)
}

/// One page of what was found, and the token of the next.
pub(super) fn page<T>(found: &[T], offset: u32, count: usize) -> (&[T], Option<String>) {
    let start = found.len().min(offset as usize);
    let end = found.len().min(start + count);
    (&found[start..end], (end < found.len()).then(|| page_token(end)))
}

/// Sorts by what is asked for, then by `ties`.
pub(super) fn sort<T>(
    found: &mut [T],
    order: &[OrderBy],
    compare: impl Fn(&T, &T, &Field) -> Ordering,
    ties: impl Fn(&T, &T) -> Ordering,
) {
    found.sort_by(|a, b| {
        let mut asked = order.iter().map(|one| {
            let ordering = compare(a, b, &one.field);
            if one.descending { ordering.reverse() } else { ordering }
        });
        asked.find(|ordering| ordering.is_ne()).unwrap_or_else(|| ties(a, b))
    });
}

/// What a search is ordered by: attributes only.
pub(super) fn order(input: &Input, attribute: fn(&str) -> Option<Attribute>) -> Answer<Vec<OrderBy>> {
    let order = convert::orders(&input.texts("order_by")?, convert::rules(attribute, &[]))?;
    if order.iter().any(|one| one.field.attribute().is_none()) {
        return Err(Failure::invalid("Invalid order by key: only attributes are an order here"));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_name(name: &str) -> Option<Attribute> {
        (name == "name").then_some(Attribute::Name)
    }

    #[test]
    fn prompts_are_found_only_when_they_are_asked_for() {
        let read = |text: &str| Filter::read(text, by_name, &[Attribute::Name]);
        for (text, prompts, clauses) in [
            ("", false, 0),
            ("name = 'a'", false, 1),
            ("tags.`mlflow.prompt.is_prompt` = 'true' AND name = 'a'", true, 2),
            ("tag.`mlflow.prompt.is_prompt` != 'true'", false, 0),
            ("tag.`mlflow.prompt.is_prompt` = 'false' AND name LIKE 'a%'", false, 1),
        ] {
            let filter = read(text).unwrap();
            assert_eq!((filter.prompts, filter.clauses.len()), (prompts, clauses), "{text}");
        }
        for bad in [
            "params.a = 'x'",
            "run_id = 'x'",
            "tags.a IS NULL",
            "tags.a IN ('x')",
            "name = 'a' OR name = 'b'",
            "name > 'a'",
            "name = a",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_end_with_what_was_found() {
        let all = [1, 2, 3];
        assert_eq!(page(&all, 0, 2), (&all[..2], Some("o2".to_owned())));
        assert_eq!(page(&all, 2, 2), (&all[2..], None));
        assert_eq!(page(&all, 9, 2), (&all[..0], None));
    }
}
