//! A logged table, read whole within bounds, sorted, and shown a page at a time.

use model::{
    Error, limits,
    table::{TableFile, TableFileQuery},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::{cmp::Ordering, fmt};

/// As the client writes it; MLflow's clients call the rows `data`. Cells stay the bytes that they are, so that what is
/// nested in one costs nothing more.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    columns: Vec<&'a RawValue>,
    #[serde(alias = "data", borrow)]
    rows: Rows<'a>,
}

/// Rows of all cells together within the bound, whatever the bytes say.
struct Rows<'a>(Vec<Vec<&'a RawValue>>);

impl<'de: 'a, 'a> Deserialize<'de> for Rows<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Bounded).map(Self)
    }
}

struct Bounded;

impl<'de> Visitor<'de> for Bounded {
    type Value = Vec<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows, each a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (mut rows, mut cells) = (Vec::new(), 0);
        while let Some(row) = seq.next_element::<Vec<&RawValue>>()? {
            // An empty row costs something, too.
            cells += row.len().max(1);
            if cells > limits::TABLE_CELLS_MAX {
                return Err(A::Error::custom(TOO_MANY));
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

const TOO_MANY: &str = "more cells than are shown";

/// A page of the table that these bytes are.
pub(super) fn page(content: &[u8], query: &TableFileQuery) -> Result<TableFile, Error> {
    let Written { columns, rows: Rows(mut rows) } = serde_json::from_slice(content).map_err(|error| {
        if error.to_string().starts_with(TOO_MANY) {
            let most = limits::TABLE_CELLS_MAX;
            return Error::too_large("path", format!("the table has more than {most} cells; download it"));
        }
        let expected = "expected a table as {\"columns\": [names], \"rows\": [[values]]}";
        Error::invalid("path", format!("{expected}; line {}, column {}", error.line(), error.column()))
    })?;
    if columns.len() > limits::TABLE_CELLS_MAX {
        return Err(Error::invalid("path", "expected fewer columns than cells"));
    }
    if let Some(sort) = query.sort {
        let column = sort as usize;
        if column >= columns.len() {
            return Err(Error::invalid(
                "sort",
                format!("expected a column from 0 to {}", columns.len().max(1) - 1),
            ));
        }
        let mut keyed: Vec<_> = rows.into_iter().map(|row| keyed(row, column)).collect();
        keyed.sort_by(|(a, _), (b, _)| in_order(a, b, query.descending));
        rows = keyed.into_iter().map(|(_, row)| row).collect();
    }
    let shown = columns.len().min(limits::TABLE_COLUMNS_MAX);
    let (total, columns_total) = (rows.len() as i64, columns.len() as i64);
    let limit = query.limit.unwrap_or(limits::TABLE_PAGE_MAX) as usize;
    let page = rows.into_iter().skip(query.offset as usize).take(limit);
    let cell = |row: &[&RawValue], column: usize| row.get(column).map(|cell| text(cell)).unwrap_or_default();
    Ok(TableFile {
        columns: columns.iter().take(shown).map(|name| text(name)).collect(),
        rows: page.map(|row| (0..shown).map(|column| cell(&row, column)).collect()).collect(),
        total,
        columns_total,
    })
}

fn keyed(row: Vec<&RawValue>, column: usize) -> (Key<'_>, Vec<&RawValue>) {
    (row.get(column).copied().map_or(Key::None, Key::of), row)
}

/// What a cell is sorted by.
enum Key<'a> {
    Number(f64),
    Text(String),
    Other(&'a str),
    None,
}

impl<'a> Key<'a> {
    fn of(cell: &'a RawValue) -> Self {
        match scalar(cell) {
            Some(Value::Null) => Self::None,
            Some(Value::Number(found)) => Self::Number(found.as_f64().unwrap_or(f64::NAN)),
            Some(Value::String(text)) => number(&text).map_or(Self::Text(text), Self::Number),
            _ => Self::Other(cell.get()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Text(_) => 1,
            Self::Other(_) => 2,
            Self::None => 3,
        }
    }
}

/// Numbers before texts and those before the rest; what is not there is last in either direction.
fn in_order(a: &Key<'_>, b: &Key<'_>, descending: bool) -> Ordering {
    let order = match (a, b) {
        (Key::None, _) | (_, Key::None) => return a.rank().cmp(&b.rank()),
        (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
        (Key::Text(a), Key::Text(b)) => a.cmp(b),
        (Key::Other(a), Key::Other(b)) => a.cmp(b),
        (a, b) => a.rank().cmp(&b.rank()),
    };
    if descending { order.reverse() } else { order }
}

/// A cell that nothing is nested in.
fn scalar(cell: &RawValue) -> Option<Value> {
    let nests = cell.get().starts_with(['[', '{']);
    (!nests).then(|| serde_json::from_str(cell.get()).ok()).flatten()
}

/// Numbers that JSON has no word for are logged by their names.
fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn text(cell: &RawValue) -> String {
    match scalar(cell) {
        Some(Value::Null) => String::new(),
        Some(Value::String(text)) => shortened(&text),
        _ => shortened(cell.get()),
    }
}

/// What is shown of a value.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(limits::TABLE_CELL_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ErrorKind;

    fn query() -> TableFileQuery {
        let path = "table/x/1.json".parse().expect("a path");
        TableFileQuery { path, sort: None, descending: false, offset: 0, limit: None }
    }

    fn first_column(table: &TableFile) -> Vec<&str> {
        table.rows.iter().map(|row| row[0].as_str()).collect()
    }

    #[test]
    fn rows_are_sorted_by_value_and_shown_a_page_at_a_time() {
        let table = br#"{"columns": ["a", "b"], "rows": [[10, "x"], ["word"], [null, 1], [9.5, {"k": [1]}], ["NaN", true]]}"#;
        let found = page(table, &query()).expect("a table");
        assert_eq!(
            (found.total, found.columns_total, &found.columns[..]),
            (5, 2, &["a".to_owned(), "b".into()][..])
        );
        assert_eq!(found.rows[1], ["word", ""]);
        assert_eq!(found.rows[3], ["9.5", "{\"k\": [1]}"]);
        let by = |descending| TableFileQuery { sort: Some(0), descending, ..query() };
        assert_eq!(
            first_column(&page(table, &by(false)).expect("a table")),
            ["9.5", "10", "NaN", "word", ""]
        );
        assert_eq!(first_column(&page(table, &by(true)).expect("a table")), ["word", "NaN", "10", "9.5", ""]);
        let second = TableFileQuery { offset: 1, limit: Some(2), ..by(false) };
        assert_eq!(first_column(&page(table, &second).expect("a table")), ["10", "NaN"]);
        let beyond = page(table, &TableFileQuery { sort: Some(2), ..query() });
        assert_eq!(beyond.map_err(|error| error.field), Err(Some("sort".to_owned())));
    }

    #[test]
    fn tables_of_mlflow_are_read_too() {
        let found = page(br#"{"columns": ["a"], "data": [[1]]}"#, &query()).expect("a table");
        assert_eq!(found.rows, [["1"]]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_words() {
        let nested = format!(r#"{{"columns":[],"rows":[[{}"#, "[".repeat(10_000));
        for other in
            ["", "[]", "{}", r#"{"columns": 3}"#, r#"{"columns": ["a"], "rows": [1]}"#, &nested, "\u{0}"]
        {
            let error = page(other.as_bytes(), &query()).expect_err("no table");
            assert_eq!(
                (error.kind, error.field.as_deref()),
                (ErrorKind::Invalid, Some("path")),
                "{other:.30}"
            );
        }
    }

    #[test]
    fn a_table_of_too_many_cells_is_refused() {
        let rows = "[],".repeat(limits::TABLE_CELLS_MAX) + "[]";
        let error = page(format!(r#"{{"columns":["a"],"rows":[{rows}]}}"#).as_bytes(), &query())
            .expect_err("too large");
        assert_eq!(error.kind, ErrorKind::TooLarge);
    }

    #[test]
    fn a_wide_table_and_a_long_text_are_cut() {
        let names: Vec<String> = (0..300).map(|index| format!("\"c{index}\"")).collect();
        let long = "ü".repeat(2_000);
        let content = format!(r#"{{"columns":[{}],"rows":[["{long}"]]}}"#, names.join(","));
        let found = page(content.as_bytes(), &query()).expect("a table");
        assert_eq!((found.columns.len(), found.columns_total), (limits::TABLE_COLUMNS_MAX, 300));
        assert_eq!(found.rows[0][0].chars().count(), limits::TABLE_CELL_CHARACTERS_MAX + 1);
    }
}
