//! CSV as RFC 4180 has it: UTF-8, a head, lines that end in CR LF, quotes where they are needed.
//!
//! Values are written as they are, also those that a spreadsheet would take for a formula (`=1+1`, `-3`, `@x`). A sign
//! before them would change the data for every program that reads the file, and no sign is safe in every spreadsheet.

use super::{Format, Source};
use crate::error::Problem;
use ::csv::{Terminator, WriterBuilder};
use chrono::{DateTime, SecondsFormat};
use engine::run::Cell;
use model::Float64;
use std::borrow::Cow;

pub(crate) struct Csv {
    /// Until it is written.
    head: Option<Vec<String>>,
}

impl Format for Csv {
    const MIME: &str = "text/csv; charset=utf-8; header=present";
    const EXTENSION: &str = "csv";

    async fn begin(source: &impl Source) -> Result<Self, Problem> {
        Ok(Self { head: Some(source.columns()) })
    }

    fn write(&mut self, rows: Vec<Vec<Cell>>) -> anyhow::Result<Vec<u8>> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        if let Some(head) = self.head.take() {
            writer.write_record(head)?;
        }
        for row in rows {
            for cell in &row {
                writer.write_field(text(cell).as_bytes())?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(writer.into_inner().map_err(::csv::IntoInnerError::into_error)?)
    }

    fn end(mut self) -> anyhow::Result<Vec<u8>> {
        self.write(Vec::new())
    }
}

/// A small table as a whole file.
pub(crate) fn whole(head: &[String], rows: &[Vec<String>]) -> anyhow::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(head)?;
    for row in rows {
        writer.write_record(row)?;
    }
    Ok(writer.into_inner().map_err(::csv::IntoInnerError::into_error)?)
}

/// A cell as text: numbers as short as they read back the same, times in UTC.
pub(super) fn text(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Absent => Cow::Borrowed(""),
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Int(value) => Cow::Owned(value.to_string()),
        Cell::Float(value) => match Float64::non_finite_name(*value) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("{value:?}")),
        },
        Cell::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Cell::Time(at) => match DateTime::from_timestamp_millis(at.0) {
            Some(time) => Cow::Owned(time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            // Beyond the years that the notation has.
            None => Cow::Owned(at.0.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::UnixMillis;

    #[test]
    fn cells_read_back_as_they_were() {
        let cells = vec![
            Cell::Text("a,\"b\"\r\nc".into()),
            Cell::Text("=1+1".into()),
            Cell::Absent,
            Cell::Float(0.1),
            Cell::Float(1e300),
            Cell::Float(-0.0),
            Cell::Float(f64::NAN),
            Cell::Float(f64::NEG_INFINITY),
            Cell::Int(i64::MIN),
            Cell::Bool(true),
            Cell::Time(UnixMillis(1_769_882_400_123)),
        ];
        let written = Csv { head: None }.write(vec![cells.clone(), cells]).unwrap();
        let line = concat!(
            "\"a,\"\"b\"\"\r\nc\",=1+1,,0.1,1e300,-0.0,NaN,-Infinity,-9223372036854775808,true,",
            "2026-01-31T18:00:00.123Z\r\n"
        );
        assert_eq!(String::from_utf8(written).unwrap(), line.repeat(2));
    }

    #[test]
    fn an_export_of_nothing_has_its_head() {
        let csv = Csv { head: Some(vec!["id".into(), "metrics.\"a b\"".into()]) };
        assert_eq!(csv.end().unwrap(), b"id,\"metrics.\"\"a b\"\"\"\r\n");
        assert_eq!(Csv { head: None }.end().unwrap(), b"");
    }
}
