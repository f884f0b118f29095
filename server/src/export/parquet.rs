//! Parquet: typed columns, a group of rows at a time. The crate's own writer takes columns as they are, so that nothing
//! of arrow is needed.

use super::{Format, Source, csv};
use crate::error::Problem;
use ::parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};
use anyhow::bail;
use engine::run::{Cell, CellKind};
use model::{Error, ErrorKind};
use std::{mem::size_of, sync::Arc};

/// A group of rows is written when it has so many bytes: few enough to hold, many enough that the list of groups at the
/// end of the file stays short.
const GROUP_BYTES: usize = 16 * 1024 * 1024;

pub(crate) struct Parquet {
    writer: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Column>,
}

/// A column of the rows that wait to be written.
struct Column {
    name: String,
    kind: CellKind,
    /// For each row whether it has a value.
    has: Vec<i16>,
    values: Values,
    bytes: usize,
}

enum Values {
    Texts(Vec<ByteArray>),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
}

impl Format for Parquet {
    const MIME: &str = "application/vnd.apache.parquet";
    const EXTENSION: &str = "parquet";

    async fn begin(source: &impl Source) -> Result<Self, Problem> {
        let kinds = source.kinds().await?;
        let columns = Self::of_columns(source.columns().into_iter().zip(kinds).collect());
        columns.map_err(|error| Error::new(ErrorKind::Internal, format!("no Parquet file: {error}")).into())
    }

    fn write(&mut self, rows: Vec<Vec<Cell>>) -> anyhow::Result<Vec<u8>> {
        for row in rows {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.push(cell)?;
            }
        }
        if self.columns.iter().map(|column| column.bytes).sum::<usize>() >= GROUP_BYTES {
            self.write_group()?;
        }
        self.writer.flush()?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    fn end(mut self) -> anyhow::Result<Vec<u8>> {
        self.write_group()?;
        Ok(self.writer.into_inner()?)
    }
}

impl Parquet {
    fn of_columns(columns: Vec<(String, CellKind)>) -> anyhow::Result<Self> {
        let fields = columns.iter().map(|(name, kind)| Ok(Arc::new(field(name, *kind)?)));
        let fields = fields.collect::<anyhow::Result<_>>()?;
        let schema = Type::group_type_builder("run").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            // Of a column of a group, and not of its pages: they would be most of the end of the file.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(concat!("trackway ", env!("CARGO_PKG_VERSION")).to_owned());
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()))?;
        Ok(Self { writer, columns: columns.into_iter().map(Column::new).collect() })
    }

    fn write_group(&mut self) -> anyhow::Result<()> {
        if self.columns.first().is_none_or(|column| column.has.is_empty()) {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut writer) = group.next_column()? {
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        Ok(())
    }
}

fn field(name: &str, kind: CellKind) -> anyhow::Result<Type> {
    let (physical, logical) = match kind {
        CellKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        CellKind::Int => (Physical::INT64, None),
        CellKind::Float => (Physical::DOUBLE, None),
        CellKind::Bool => (Physical::BOOLEAN, None),
        CellKind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
    Ok(field.with_logical_type(logical).build()?)
}

impl Column {
    fn new((name, kind): (String, CellKind)) -> Self {
        let values = match kind {
            CellKind::Text => Values::Texts(Vec::new()),
            CellKind::Int | CellKind::Time => Values::Ints(Vec::new()),
            CellKind::Float => Values::Floats(Vec::new()),
            CellKind::Bool => Values::Bools(Vec::new()),
        };
        Self { name, kind, has: Vec::new(), values, bytes: 0 }
    }

    fn push(&mut self, cell: Cell) -> anyhow::Result<()> {
        self.bytes += size_of::<i16>();
        if cell == Cell::Absent {
            self.has.push(0);
            return Ok(());
        }
        self.has.push(1);
        self.bytes += match (&mut self.values, self.kind, cell) {
            (Values::Texts(texts), _, cell) => {
                let text = csv::text(&cell).into_owned().into_bytes();
                let bytes = text.len() + size_of::<ByteArray>();
                texts.push(text.into());
                bytes
            }
            (Values::Ints(ints), CellKind::Time, Cell::Time(at)) => put(ints, at.0),
            (Values::Ints(ints), CellKind::Int, Cell::Int(value)) => put(ints, value),
            (Values::Floats(floats), _, Cell::Float(value)) => put(floats, value),
            (Values::Floats(floats), _, Cell::Int(value)) => put(floats, value as f64),
            (Values::Bools(bools), _, Cell::Bool(value)) => put(bools, value),
            // Its type stands at the head of what was sent.
            (_, kind, cell) => bail!("{} changed while it was exported: {cell:?} is no {kind:?}", self.name),
        };
        Ok(())
    }

    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> anyhow::Result<()> {
        let has = std::mem::take(&mut self.has);
        self.bytes = 0;
        match &mut self.values {
            Values::Texts(texts) => {
                writer.typed::<ByteArrayType>().write_batch(&std::mem::take(texts), Some(&has), None)?
            }
            Values::Ints(ints) => {
                writer.typed::<Int64Type>().write_batch(&std::mem::take(ints), Some(&has), None)?
            }
            Values::Floats(floats) => {
                writer.typed::<DoubleType>().write_batch(&std::mem::take(floats), Some(&has), None)?
            }
            Values::Bools(bools) => {
                writer.typed::<BoolType>().write_batch(&std::mem::take(bools), Some(&has), None)?
            }
        };
        Ok(())
    }
}

fn put<T>(values: &mut Vec<T>, value: T) -> usize {
    values.push(value);
    size_of::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::{
        file::reader::{FileReader as _, SerializedFileReader},
        record::RowAccessor as _,
    };
    use bytes::Bytes;
    use model::UnixMillis;

    #[test]
    fn rows_read_back_from_several_groups() {
        let kinds = [CellKind::Text, CellKind::Float, CellKind::Int, CellKind::Bool, CellKind::Time];
        let columns = kinds.map(|kind| (format!("params.{kind:?}"), kind));
        let mut parquet = Parquet::of_columns(columns.to_vec()).unwrap();
        let row = |number: i64| {
            vec![
                if number % 3 == 0 { Cell::Int(number) } else { Cell::Text("ü".repeat(50_000)) },
                if number % 5 == 0 { Cell::Int(number) } else { Cell::Float(number as f64 / 3.0) },
                if number % 7 == 0 { Cell::Absent } else { Cell::Int(i64::MAX - number) },
                Cell::Bool(number % 2 == 0),
                Cell::Time(UnixMillis(number)),
            ]
        };
        let mut file = Vec::new();
        let mut sent = 0;
        for start in (0..500).step_by(100) {
            let block = parquet.write((start..start + 100).map(row).collect()).unwrap();
            sent += usize::from(!block.is_empty());
            file.extend(block);
        }
        file.extend(parquet.end().unwrap());
        assert!(sent > 1, "it is sent as it grows");
        let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
        assert!(reader.num_row_groups() > 1);
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 500);
        for (number, row) in (0_i64..).zip(&rows) {
            let text = row.get_string(0).unwrap();
            assert_eq!(*text, if number % 3 == 0 { number.to_string() } else { "ü".repeat(50_000) });
            let float = row.get_double(1).unwrap();
            assert_eq!(float, if number % 5 == 0 { number as f64 } else { number as f64 / 3.0 });
            assert_eq!(row.get_long(2).ok(), (number % 7 != 0).then(|| i64::MAX - number));
            assert_eq!(row.get_bool(3).unwrap(), number % 2 == 0);
            assert_eq!(row.get_timestamp_millis(4).unwrap(), number);
        }
    }

    #[test]
    fn a_value_of_another_kind_breaks_off() {
        let mut parquet = Parquet::of_columns(vec![("params.a".into(), CellKind::Int)]).unwrap();
        assert!(parquet.write(vec![vec![Cell::Int(1)], vec![Cell::Absent]]).is_ok());
        let error = parquet.write(vec![vec![Cell::Text("x".into())]]).unwrap_err().to_string();
        assert!(error.starts_with("params.a changed while it was exported"), "{error}");
    }

    #[test]
    fn an_export_of_nothing_is_a_file() {
        let parquet = Parquet::of_columns(vec![("id".into(), CellKind::Text)]).unwrap();
        let reader = SerializedFileReader::new(Bytes::from(parquet.end().unwrap())).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
