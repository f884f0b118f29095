//! Parts of axes that somebody chose, and which runs they mean. As text a brush is the condition of the query language that
//! means the same runs, so that the picture, the address and the table's filter agree.

use super::axis::Span;
use model::{
    explore::{FieldColumn, FieldValues, RunColumns},
    query::{self, Bound, Clause, Expr, Field, Likeness, Order, Test},
};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub struct Brush {
    pub field: Field,
    pub span: Span,
}

impl Brush {
    /// The condition that means the same runs.
    pub fn condition(&self) -> String {
        let clause = |test: Test| Clause { field: self.field.clone(), test }.to_string();
        match &self.span {
            Span::Numbers(low, high) if low == high => {
                clause(Test::Number { is: Order::Equal, than: Bound::Number(*low) })
            }
            Span::Numbers(low, high) => {
                let above = clause(Test::Number { is: Order::GreaterOrEqual, than: Bound::Number(*low) });
                let below = clause(Test::Number { is: Order::LessOrEqual, than: Bound::Number(*high) });
                format!("{above} and {below}")
            }
            Span::Texts(texts) => clause(Test::In(texts.clone())),
        }
    }

    /// The brush of a condition; none of one that no brush writes.
    pub fn parse(text: &str) -> Option<Self> {
        match query::parse(text).ok()?? {
            Expr::Clause(Clause { field, test }) => match test {
                Test::In(texts) => Some(Self { field, span: Span::Texts(texts) }),
                Test::Text { is: Likeness::Equal, text } => {
                    Some(Self { field, span: Span::Texts(vec![text]) })
                }
                Test::Number { is: Order::Equal, than: Bound::Number(one) } => {
                    Some(Self { field, span: Span::Numbers(one, one) })
                }
                _ => None,
            },
            Expr::And(parts) => match &parts[..] {
                [
                    Expr::Clause(Clause {
                        field,
                        test: Test::Number { is: Order::GreaterOrEqual, than: Bound::Number(low) },
                    }),
                    Expr::Clause(Clause {
                        field: same,
                        test: Test::Number { is: Order::LessOrEqual, than: Bound::Number(high) },
                    }),
                ] if field == same => Some(Self { field: field.clone(), span: Span::Numbers(*low, *high) }),
                _ => None,
            },
            Expr::Or(_) | Expr::Not(_) => None,
        }
    }

    fn holds(&self, column: &FieldColumn, row: usize) -> bool {
        match (&self.span, &column.values) {
            (Span::Numbers(low, high), FieldValues::Numbers { numbers }) => {
                numbers[row].is_some_and(|number| (*low..=*high).contains(&number.0))
            }
            (Span::Texts(wanted), FieldValues::Texts { texts, places }) => {
                places[row].is_some_and(|place| wanted.contains(&texts[place as usize]))
            }
            _ => false,
        }
    }
}

/// Which runs are chosen: those that any brush of every brushed field holds. None when there is no brush. A field that is
/// not among the columns says nothing.
pub fn chosen(data: &RunColumns, brushes: &[Brush]) -> Option<Vec<bool>> {
    let mut by_field: BTreeMap<&Field, Vec<&Brush>> = BTreeMap::new();
    for brush in brushes {
        by_field.entry(&brush.field).or_default().push(brush);
    }
    let mut chosen = None;
    for (field, brushes) in by_field {
        let Some(column) = data.columns.iter().find(|column| column.field == *field) else { continue };
        let mask: &mut Vec<bool> = chosen.get_or_insert_with(|| vec![true; data.ids.len()]);
        for (row, chosen) in mask.iter_mut().enumerate() {
            *chosen &= brushes.iter().any(|brush| brush.holds(column, row));
        }
    }
    chosen
}

/// The query that means a query's runs as far as the brushes choose them.
pub fn narrowed(filter: &str, brushes: &[Brush]) -> String {
    let mut by_field: BTreeMap<&Field, Vec<String>> = BTreeMap::new();
    for brush in brushes {
        by_field.entry(&brush.field).or_default().push(brush.condition());
    }
    let mut parts = Vec::new();
    let filter = filter.trim();
    if !filter.is_empty() {
        let several = matches!(query::parse(filter), Ok(Some(Expr::Or(_))));
        parts.push(if several { format!("({filter})") } else { filter.to_owned() });
    }
    for conditions in by_field.into_values() {
        parts.push(match &conditions[..] {
            [only] => only.clone(),
            several => {
                let each: Vec<String> = several.iter().map(|one| format!("({one})")).collect();
                format!("({})", each.join(" or "))
            }
        });
    }
    parts.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Float64, RunId};

    fn brush(key: &str, span: Span) -> Brush {
        Brush { field: Field::Param(key.into()), span }
    }

    fn data() -> RunColumns {
        let numbers = [Some(0.1), Some(0.5), Some(0.9), None].map(|one| one.map(Float64)).to_vec();
        let texts = ["adam".to_owned(), "sgd".to_owned()].to_vec();
        let places = vec![Some(0), Some(1), Some(1), Some(0)];
        RunColumns {
            total: 4,
            ids: (0..4).map(|one| RunId::from_bytes([one; 16])).collect(),
            columns: vec![
                FieldColumn { field: Field::Param("lr".into()), values: FieldValues::Numbers { numbers } },
                FieldColumn {
                    field: Field::Param("opt".into()),
                    values: FieldValues::Texts { texts, places },
                },
            ],
            ..RunColumns::default()
        }
    }

    #[test]
    fn a_brush_is_its_condition_and_comes_back_from_it() {
        for (one, text) in [
            (brush("lr", Span::Numbers(1e-5, 0.1)), "params.lr >= 0.00001 and params.lr <= 0.1"),
            (brush("a b", Span::Numbers(3.0, 3.0)), "params.\"a b\" = 3"),
            (brush("opt", Span::Texts(vec!["it's".into(), "b".into()])), "params.opt in ('it''s', 'b')"),
        ] {
            assert_eq!(Brush::parse(&one.condition()), Some(one.clone()), "{}", one.condition());
            assert_eq!(query::parse(&one.condition()), query::parse(text), "{}", one.condition());
        }
        assert_eq!(Brush::parse("params.lr > 1"), None);
        assert_eq!(Brush::parse("nonsense ("), None);
        assert_eq!(Brush::parse(""), None);
    }

    #[test]
    fn several_brushes_of_a_field_add_up_and_fields_narrow_each_other() {
        let data = data();
        assert_eq!(chosen(&data, &[]), None);
        let low = brush("lr", Span::Numbers(0.0, 0.2));
        let high = brush("lr", Span::Numbers(0.8, 0.9));
        let sgd = brush("opt", Span::Texts(vec!["sgd".into()]));
        let of = |brushes: &[Brush]| chosen(&data, brushes).unwrap();
        assert_eq!(of(std::slice::from_ref(&low)), [true, false, false, false]);
        assert_eq!(of(&[low.clone(), high.clone()]), [true, false, true, false]);
        assert_eq!(of(&[low, high, sgd]), [false, false, true, false]);
        assert_eq!(chosen(&data, &[brush("gone", Span::Numbers(0.0, 1.0))]), None);
    }

    #[test]
    fn the_filter_means_what_was_brushed() {
        let brushes = [
            brush("lr", Span::Numbers(0.0, 0.2)),
            brush("lr", Span::Numbers(0.8, 0.9)),
            brush("opt", Span::Texts(vec!["sgd".into()])),
        ];
        let filter = narrowed("status = 'failed' or number > 3", &brushes);
        assert_eq!(
            filter,
            "(status = 'failed' or number > 3) and ((params.lr >= 0.0 and params.lr <= 0.2) or \
             (params.lr >= 0.8 and params.lr <= 0.9)) and params.opt in ('sgd')"
        );
        assert!(query::parse(&filter).is_ok());
        assert_eq!(narrowed("", &[]), "");
    }
}
