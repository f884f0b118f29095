//! The footer of a Parquet file: its columns, and where the first group of rows has its pages.

use super::{
    Stop, stop,
    thrift::{BOOL_TRUE, Field, Reader},
};
use model::limits;

/// What the footer tells, as far as a preview needs it.
#[derive(Debug, Default)]
pub struct Footer {
    pub row_count: i64,
    pub created_by: String,
    /// The first columns that hold values, in the file's order, and how many there are.
    pub leaves: Vec<Leaf>,
    pub leaf_count: i64,
    pub group_count: i64,
    /// Rows of the first group that has any.
    pub group_rows: i64,
    /// The chunks of that group, of the first columns.
    pub chunks: Vec<Chunk>,
}

/// A column that holds values; those inside lists and records are columns of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Its place: `point.x`. What only makes a list a list is left out.
    pub name: String,
    pub physical: Physical,
    pub meaning: Meaning,
    /// The definition level from which on there is a value.
    pub defined: u16,
    /// For each list around it, outermost first: the level from which on the list has an entry here.
    pub lists: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Physical {
    Boolean,
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    Bytes,
    Fixed(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    Plain,
    Text,
    Json,
    Decimal { scale: u32, precision: u32 },
    Date,
    Time(Unit),
    Timestamp { unit: Unit, utc: bool },
    Whole { bits: u32, signed: bool },
    Uuid,
    Half,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// The values of one column in one group of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chunk {
    pub codec: i64,
    /// Where its pages begin, and their bytes.
    pub start: u64,
    pub length: u64,
    /// In another file, or encrypted.
    pub away: bool,
}

/// Columns inside each other: no table is nested deeper, and levels are counted in sixteen bits.
const DEPTH_MAX: usize = 64;

/// Reads the footer without its length and mark.
pub fn read(bytes: &[u8]) -> Result<Footer, Stop> {
    let mut footer = Footer::default();
    let mut nodes = Vec::new();
    Reader::new(bytes).record(|reader, field| {
        match field.id {
            2 => {
                let (count, _) = reader.list()?;
                let most = limits::PARQUET_SCHEMA_MAX;
                if count > most {
                    return Err(stop(format!(
                        "it has {count} columns and groups of columns; at most {most} are read"
                    )));
                }
                for _ in 0..count {
                    nodes.push(node(reader)?);
                }
            }
            3 => footer.row_count = reader.int()?,
            4 => {
                let (count, _) = reader.list()?;
                footer.group_count = count as i64;
                for _ in 0..count {
                    row_group(reader, &mut footer)?;
                }
            }
            6 => footer.created_by = text(reader.binary()?),
            _ => reader.skip(field.kind)?,
        }
        Ok(())
    })?;
    (footer.leaves, footer.leaf_count) = leaves(&nodes)?;
    Ok(footer)
}

/// Of what is in the footer, only names are texts; what is no UTF-8 in them is marked.
fn text(bytes: &[u8]) -> String {
    let most = limits::TABLE_CELL_CHARACTERS_MAX;
    String::from_utf8_lossy(&bytes[..bytes.len().min(4 * most)]).chars().take(most).collect()
}

fn row_group(reader: &mut Reader, footer: &mut Footer) -> Result<(), Stop> {
    let wanted = footer.group_rows == 0;
    let (mut rows, mut chunks) = (0, Vec::new());
    reader.record(|reader, field| {
        match field.id {
            1 if wanted => {
                let (count, kind) = reader.list()?;
                for index in 0..count {
                    if index < limits::PARQUET_COLUMNS_MAX {
                        chunks.push(chunk(reader)?);
                    } else {
                        reader.skip(kind)?;
                    }
                }
            }
            3 => rows = reader.int()?,
            _ => reader.skip(field.kind)?,
        }
        Ok(())
    })?;
    if wanted && rows > 0 {
        (footer.group_rows, footer.chunks) = (rows, chunks);
    }
    Ok(())
}

fn chunk(reader: &mut Reader) -> Result<Chunk, Stop> {
    let mut chunk = Chunk::default();
    let (mut data, mut dictionary) = (0, 0);
    reader.record(|reader, field| {
        match field.id {
            // A file's name; what encrypted it.
            1 | 8 | 9 => {
                chunk.away = true;
                reader.skip(field.kind)?;
            }
            3 => reader.record(|reader, field| {
                match field.id {
                    4 => chunk.codec = reader.int()?,
                    7 => chunk.length = reader.int()?.try_into().map_err(|_| misplaced())?,
                    9 => data = reader.int()?,
                    11 => dictionary = reader.int()?,
                    _ => reader.skip(field.kind)?,
                }
                Ok(())
            })?,
            _ => reader.skip(field.kind)?,
        }
        Ok(())
    })?;
    // Some writers say 0 where there is no dictionary.
    let start = if dictionary > 0 { data.min(dictionary) } else { data };
    chunk.start = start.try_into().map_err(|_| misplaced())?;
    Ok(chunk)
}

fn misplaced() -> Stop {
    stop("a column of it lies nowhere")
}

/// A column, or a group of columns, as the footer lists it.
#[derive(Default)]
struct Node {
    physical: Option<i64>,
    length: i64,
    repetition: i64,
    name: String,
    children: i64,
    converted: Option<i64>,
    scale: i64,
    precision: i64,
    logical: Option<Logical>,
}

#[derive(Clone, Copy)]
struct Logical {
    id: i16,
    unit: Unit,
    utc: bool,
    bits: i64,
    signed: bool,
    scale: i64,
    precision: i64,
}

fn node(reader: &mut Reader) -> Result<Node, Stop> {
    let mut node = Node::default();
    reader.record(|reader, field| {
        match field.id {
            1 => node.physical = Some(reader.int()?),
            2 => node.length = reader.int()?,
            3 => node.repetition = reader.int()?,
            4 => node.name = text(reader.binary()?),
            5 => node.children = reader.int()?,
            6 => node.converted = Some(reader.int()?),
            7 => node.scale = reader.int()?,
            8 => node.precision = reader.int()?,
            10 => reader.record(|reader, field| {
                node.logical = Some(logical(reader, field)?);
                Ok(())
            })?,
            _ => reader.skip(field.kind)?,
        }
        Ok(())
    })?;
    Ok(node)
}

fn logical(reader: &mut Reader, Field { id, kind }: Field) -> Result<Logical, Stop> {
    let mut told =
        Logical { id, unit: Unit::Millis, utc: false, bits: 0, signed: false, scale: 0, precision: 0 };
    if !matches!(id, 5 | 7 | 8 | 10) {
        reader.skip(kind)?;
        return Ok(told);
    }
    reader.record(|reader, field| {
        match (id, field.id) {
            (5, 1) => told.scale = reader.int()?,
            (5, 2) => told.precision = reader.int()?,
            (7 | 8, 1) => told.utc = field.kind == BOOL_TRUE,
            (7 | 8, 2) => reader.record(|reader, field| {
                told.unit = match field.id {
                    1 => Unit::Millis,
                    2 => Unit::Micros,
                    _ => Unit::Nanos,
                };
                reader.skip(field.kind)
            })?,
            (10, 1) => told.bits = reader.small()?,
            (10, 2) => told.signed = field.kind == BOOL_TRUE,
            _ => reader.skip(field.kind)?,
        }
        Ok(())
    })?;
    Ok(told)
}

/// What a group of columns stands for, by what it is called.
#[derive(Clone, Copy, PartialEq)]
enum Group {
    Record,
    List,
    Map,
    /// The repeated group that makes a list a list, whose only column are the entries.
    Entries,
}

impl Node {
    fn group(&self, above: Group) -> Group {
        if self.repetition == REPEATED && above == Group::List && self.children == 1 {
            return Group::Entries;
        }
        match (self.logical.map(|logical| logical.id), self.converted) {
            (Some(3), _) | (None, Some(3)) => Group::List,
            (Some(2), _) | (None, Some(1 | 2)) => Group::Map,
            _ => Group::Record,
        }
    }

    fn physical(&self) -> Result<Physical, Stop> {
        Ok(match self.physical {
            Some(0) => Physical::Boolean,
            Some(1) => Physical::Int32,
            Some(2) => Physical::Int64,
            Some(3) => Physical::Int96,
            Some(4) => Physical::Float,
            Some(5) => Physical::Double,
            Some(6) => Physical::Bytes,
            Some(7) if self.length > 0 => Physical::Fixed(self.length.unsigned_abs() as usize),
            _ => return Err(stop("a column of it is of no known type")),
        })
    }

    fn meaning(&self) -> Meaning {
        let decimal = |scale: i64, precision: i64| Meaning::Decimal {
            scale: u32::try_from(scale).unwrap_or_default(),
            precision: u32::try_from(precision).unwrap_or_default(),
        };
        if let Some(Logical { id, unit, utc, bits, signed, scale, precision }) = self.logical {
            return match id {
                1 | 4 => Meaning::Text,
                5 => decimal(scale, precision),
                6 => Meaning::Date,
                7 => Meaning::Time(unit),
                8 => Meaning::Timestamp { unit, utc },
                10 => Meaning::Whole { bits: bits.unsigned_abs() as u32, signed },
                12 => Meaning::Json,
                14 => Meaning::Uuid,
                15 => Meaning::Half,
                _ => Meaning::Plain,
            };
        }
        match self.converted {
            Some(0 | 4) => Meaning::Text,
            Some(5) => decimal(self.scale, self.precision),
            Some(6) => Meaning::Date,
            Some(7) => Meaning::Time(Unit::Millis),
            Some(8) => Meaning::Time(Unit::Micros),
            Some(9) => Meaning::Timestamp { unit: Unit::Millis, utc: true },
            Some(10) => Meaning::Timestamp { unit: Unit::Micros, utc: true },
            Some(bits @ 11..=14) => Meaning::Whole { bits: 8 << (bits - 11), signed: false },
            Some(bits @ 15..=18) => Meaning::Whole { bits: 8 << (bits - 15), signed: true },
            Some(19) => Meaning::Json,
            _ => Meaning::Plain,
        }
    }
}

const OPTIONAL: i64 = 1;
const REPEATED: i64 = 2;

/// Where the walk over the list of columns stands: inside this group.
struct Inside {
    left: i64,
    name: String,
    group: Group,
    defined: u16,
    lists: Vec<u16>,
}

/// The columns that hold values. The footer lists them as a tree, each group before what is in it.
fn leaves(nodes: &[Node]) -> Result<(Vec<Leaf>, i64), Stop> {
    let Some((root, nodes)) = nodes.split_first() else { return Err(stop("it has no columns")) };
    let (mut leaves, mut count) = (Vec::new(), 0);
    let mut inside = vec![Inside {
        left: root.children,
        name: String::new(),
        group: Group::Record,
        defined: 0,
        lists: Vec::new(),
    }];
    for node in nodes {
        while inside.last().is_some_and(|group| group.left <= 0) {
            inside.pop();
        }
        let Some(above) = inside.last_mut() else { return Err(stop("its columns are in no order")) };
        above.left -= 1;
        let is_entry = above.group == Group::Entries && above.left == 0;
        let pair = above.group == Group::Map && node.repetition == REPEATED;
        let group = node.group(above.group);
        let name = match (is_entry || pair || group == Group::Entries, above.name.is_empty()) {
            (true, _) => above.name.clone(),
            (false, true) => node.name.clone(),
            (false, false) => text(format!("{}.{}", above.name, node.name).as_bytes()),
        };
        let defined = above.defined + u16::from(matches!(node.repetition, OPTIONAL | REPEATED));
        let mut lists = above.lists.clone();
        if node.repetition == REPEATED {
            lists.push(defined);
        }
        if node.children > 0 {
            if inside.len() >= DEPTH_MAX {
                return Err(stop(format!("its columns lie more than {DEPTH_MAX} deep")));
            }
            inside.push(Inside { left: node.children, name, group, defined, lists });
        } else if node.physical.is_some() {
            count += 1;
            if leaves.len() < limits::PARQUET_COLUMNS_MAX {
                let (physical, meaning) = (node.physical()?, node.meaning());
                leaves.push(Leaf { name, physical, meaning, defined, lists });
            }
        }
    }
    Ok((leaves, count))
}
