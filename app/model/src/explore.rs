//! Columns of chosen fields over many runs, and which params a metric depends on. Columns travel as JSON, or as bytes that a
//! browser reads without parsing text: [`RunColumns::encode`].

use crate::{Error, Float64, RunId, query::Field};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The type of columns as bytes.
pub const MIME: &str = "application/vnd.trackway.columns";
const MAGIC: [u8; 4] = *b"TWC1";
/// The bits that stand for no number: those of a NaN that nothing computes.
const ABSENT: u64 = 0x7ff8_0000_0000_0001;
/// The place that stands for no text, and the colour that stands for none.
const NO_TEXT: u32 = u32::MAX;
const NO_COLOR: u8 = u8::MAX;

/// Chosen fields of the runs that a query means: one value a run in every column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunColumns {
    /// How many runs the query means; more than there are here where that is too many.
    pub total: i64,
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub ids: Vec<RunId>,
    pub names: Vec<String>,
    /// What each counts up to inside its experiment.
    pub numbers: Vec<i64>,
    /// Colours that somebody chose.
    pub colors: Vec<Option<u8>>,
    pub columns: Vec<FieldColumn>,
}

/// One field of all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldColumn {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Field,
    #[serde(flatten)]
    pub values: FieldValues,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FieldValues {
    /// Metrics, times in milliseconds, durations in seconds, and params that are numbers in all runs that have them.
    Numbers { numbers: Vec<Option<Float64>> },
    /// Each text once, numbers before others, and for each run the place of its own.
    Texts { texts: Vec<String>, places: Vec<Option<u32>> },
}

impl FieldValues {
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers { numbers } => numbers.len(),
            Self::Texts { places, .. } => places.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values of so many runs each, one after another; those of an answer that lacks the field are absent.
    fn joined(parts: Vec<(usize, Option<&Self>)>) -> Self {
        let is_text = |(_, values): &(usize, Option<&Self>)| matches!(values, Some(Self::Texts { .. }));
        if !parts.iter().any(is_text) {
            let numbers = parts.into_iter().flat_map(|(rows, values)| match values {
                Some(Self::Numbers { numbers }) => numbers.clone(),
                _ => vec![None; rows],
            });
            return Self::Numbers { numbers: numbers.collect() };
        }
        let values: Vec<Option<String>> = parts
            .into_iter()
            .flat_map(|(rows, values)| match values {
                None => vec![None; rows],
                Some(Self::Numbers { numbers }) => {
                    numbers.iter().map(|one| one.map(|number| number.0.to_string())).collect()
                }
                Some(Self::Texts { texts, places }) => {
                    places.iter().map(|place| texts.get((*place)? as usize).cloned()).collect()
                }
            })
            .collect();
        let mut texts: Vec<String> = values.iter().flatten().cloned().collect();
        let number = |text: &String| text.parse::<f64>().ok();
        texts.sort_by(|a, b| {
            let by_number = match (number(a), number(b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            };
            by_number.then_with(|| a.cmp(b))
        });
        texts.dedup();
        let known: HashMap<&String, u32> = texts.iter().zip(0..).collect();
        let places = values.iter().map(|value| value.as_ref().and_then(|text| known.get(text).copied()));
        let places = places.collect();
        Self::Texts { places, texts }
    }
}

/// What stands before the bytes of the columns.
#[derive(Serialize, Deserialize)]
struct Head {
    total: i64,
    names: Vec<String>,
    /// The field of each column, and of texts the texts.
    columns: Vec<(Field, Option<Vec<String>>)>,
}

impl RunColumns {
    /// `TWC1`, the length of a head of JSON and the head; then for all runs ids of 16 bytes, numbers as signed integers of 8,
    /// colours of one byte, and column by column doubles or places of 4 bytes. All are little-endian.
    pub fn encode(&self) -> Vec<u8> {
        let texts = |values: &FieldValues| match values {
            FieldValues::Numbers { .. } => None,
            FieldValues::Texts { texts, .. } => Some(texts.clone()),
        };
        let columns = self.columns.iter().map(|column| (column.field.clone(), texts(&column.values)));
        let head = Head { total: self.total, names: self.names.clone(), columns: columns.collect() };
        // A struct of texts and numbers is always JSON.
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let mut out = Vec::with_capacity(8 + head.len() + self.ids.len() * (25 + 8 * self.columns.len()));
        out.extend(MAGIC);
        out.extend((head.len() as u32).to_le_bytes());
        out.extend(head);
        out.extend(self.ids.iter().flat_map(RunId::to_bytes));
        out.extend(self.numbers.iter().flat_map(|number| number.to_le_bytes()));
        out.extend(self.colors.iter().map(|color| color.unwrap_or(NO_COLOR)));
        for column in &self.columns {
            match &column.values {
                FieldValues::Numbers { numbers } => {
                    let bits = |one: &Option<Float64>| match one {
                        None => ABSENT,
                        Some(number) if number.0.is_nan() => f64::NAN.to_bits(),
                        Some(number) => number.0.to_bits(),
                    };
                    out.extend(numbers.iter().flat_map(|one| bits(one).to_le_bytes()));
                }
                FieldValues::Texts { places, .. } => {
                    out.extend(places.iter().flat_map(|place| place.unwrap_or(NO_TEXT).to_le_bytes()));
                }
            }
        }
        out
    }

    /// Several answers about the same fields as one, their runs one after another. What is a number in all of them stays
    /// one.
    pub fn joined(mut parts: Vec<Self>) -> Self {
        if parts.len() < 2 {
            return parts.pop().unwrap_or_default();
        }
        let mut fields: Vec<Field> = Vec::new();
        for column in parts.iter().flat_map(|part| &part.columns) {
            if !fields.contains(&column.field) {
                fields.push(column.field.clone());
            }
        }
        let columns = fields.into_iter().map(|field| {
            let held = parts.iter().map(|part| {
                let column = part.columns.iter().find(|column| column.field == field);
                (part.ids.len(), column.map(|column| &column.values))
            });
            FieldColumn { values: FieldValues::joined(held.collect()), field }
        });
        let mut all = Self { columns: columns.collect(), ..Self::default() };
        for part in parts {
            all.total += part.total;
            all.ids.extend(part.ids);
            all.names.extend(part.names);
            all.numbers.extend(part.numbers);
            all.colors.extend(part.colors);
        }
        all
    }

    /// The inverse of [`Self::encode`]; none of bytes that are no columns.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&MAGIC)?;
        let size = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?) as usize;
        let head: Head = serde_json::from_slice(rest.split_off(..size)?).ok()?;
        let rows = head.names.len();
        let mut taken = |width: usize| rest.split_off(..rows.checked_mul(width)?);
        let ids = taken(16)?.as_chunks().0.iter().map(|id| RunId::from_bytes(*id)).collect();
        let numbers = taken(8)?.as_chunks().0.iter().map(|one| i64::from_le_bytes(*one)).collect();
        let colors = taken(1)?.iter().map(|&one| (one != NO_COLOR).then_some(one)).collect();
        let mut columns = Vec::with_capacity(head.columns.len());
        for (field, texts) in head.columns {
            let values = match texts {
                None => {
                    let bits = taken(8)?.as_chunks().0.iter().map(|one| u64::from_le_bytes(*one));
                    let number = |bits| (bits != ABSENT).then(|| Float64(f64::from_bits(bits)));
                    FieldValues::Numbers { numbers: bits.map(number).collect() }
                }
                Some(texts) => {
                    let count = texts.len() as u32;
                    let places = taken(4)?.as_chunks().0.iter().map(|one| u32::from_le_bytes(*one));
                    let place = |place: u32| (place < count).then_some(place);
                    FieldValues::Texts { places: places.map(place).collect(), texts }
                }
            };
            columns.push(FieldColumn { field, values });
        }
        let complete = rest.is_empty();
        complete.then_some(Self { total: head.total, ids, names: head.names, numbers, colors, columns })
    }
}

/// How much a metric depends on each of some params, as far as these runs tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Importance {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub metric: Field,
    /// Runs that have a finite value of it.
    pub runs: i64,
    /// Those of them, chosen evenly, of which the forest was grown.
    pub sampled: i64,
    /// How much of the metric's variance the forest explains in runs that it has not seen: 1 is all, 0 or less is nothing.
    /// Absent where there are too few runs to grow one.
    pub score: Option<Float64>,
    /// The most important first. What is the same in all runs is left out.
    pub params: Vec<ParamImportance>,
    /// Params that were not looked at, because there are too many.
    pub left_out: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParamImportance {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Field,
    /// Spearman's rank correlation with the metric over the runs that have both; absent where the values are no numbers or
    /// all the same.
    pub correlation: Option<Float64>,
    /// How much less of the variance the forest explains when this param's values are dealt out among the runs by chance.
    pub importance: Option<Float64>,
    /// The standard deviation of that over the parts of the runs and the deals.
    pub deviation: Option<Float64>,
}

/// Fields of which columns can be had.
pub fn check_fields(fields: &[Field], most: usize) -> Result<(), Error> {
    if fields.len() > most {
        return Err(Error::too_large("fields", format!("at most {most} fields")));
    }
    match fields.iter().find(|field| matches!(field, Field::Dataset(_))) {
        Some(field) => {
            let fault =
                format!("a run may have several {field}: expected params, metrics, tags or attributes");
            Err(Error::invalid("fields", fault))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Attribute;

    fn columns() -> RunColumns {
        let numbers = [Some(0.1), None, Some(f64::NAN), Some(f64::NEG_INFINITY)];
        RunColumns {
            total: 12_345,
            ids: (0..4).map(|one| RunId::from_bytes([one; 16])).collect(),
            names: ["a", "", "ü\n", "d"].map(str::to_owned).to_vec(),
            numbers: vec![1, 2, -3, i64::MAX],
            colors: vec![None, Some(0), Some(11), None],
            columns: vec![
                FieldColumn {
                    field: Field::metric("loss"),
                    values: FieldValues::Numbers { numbers: numbers.map(|one| one.map(Float64)).to_vec() },
                },
                FieldColumn {
                    field: Field::Attribute(Attribute::Status),
                    values: FieldValues::Texts {
                        texts: vec!["completed".into(), "failed".into()],
                        places: vec![Some(1), None, Some(0), Some(1)],
                    },
                },
            ],
        }
    }

    #[test]
    fn columns_come_back_from_bytes_and_from_json() {
        let columns = columns();
        assert_eq!(RunColumns::decode(&columns.encode()), Some(columns.clone()));
        let text = serde_json::to_string(&columns).unwrap();
        assert_eq!(serde_json::from_str::<RunColumns>(&text).unwrap(), columns);
        let none = RunColumns::default();
        assert_eq!(RunColumns::decode(&none.encode()), Some(none));
    }

    #[test]
    fn answers_are_joined_run_by_run_and_numbers_stay_numbers() {
        let part = |id: u8, columns: Vec<(&str, FieldValues)>| RunColumns {
            total: 1,
            ids: vec![RunId::from_bytes([id; 16])],
            names: vec![format!("run {id}")],
            numbers: vec![1],
            colors: vec![None],
            columns: columns
                .into_iter()
                .map(|(name, values)| FieldColumn { field: Field::Param(name.into()), values })
                .collect(),
        };
        let number = |number| FieldValues::Numbers { numbers: vec![Some(Float64(number))] };
        let text = |text: &str| FieldValues::Texts { texts: vec![text.into()], places: vec![Some(0)] };
        let joined = RunColumns::joined(vec![
            part(1, vec![("lr", number(0.1)), ("size", number(10.0))]),
            part(2, vec![("lr", number(0.2)), ("size", text("large"))]),
            part(3, vec![("size", text("2"))]),
        ]);
        assert_eq!((joined.total, joined.names.len(), joined.ids.len()), (3, 3, 3));
        let numbers = vec![Some(Float64(0.1)), Some(Float64(0.2)), None];
        assert_eq!(joined.columns[0].values, FieldValues::Numbers { numbers });
        let texts = vec!["2".to_owned(), "10".to_owned(), "large".to_owned()];
        let places = vec![Some(1), Some(2), Some(0)];
        assert_eq!(joined.columns[1].values, FieldValues::Texts { texts, places });
        assert_eq!(RunColumns::joined(Vec::new()), RunColumns::default());
    }

    #[test]
    fn bytes_that_are_cut_or_altered_are_no_columns_and_no_panic() {
        let bytes = columns().encode();
        for end in 0..bytes.len() {
            assert_eq!(RunColumns::decode(&bytes[..end]), None, "{end}");
        }
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 0x55;
            RunColumns::decode(&other);
        }
    }
}
