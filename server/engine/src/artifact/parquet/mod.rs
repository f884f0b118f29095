//! The first rows of a Parquet file, read by ranges: its footer and the first pages of each column, and never more than bounds.
//!
//! What a file claims is checked before anything is made room for. Ours and not a library's reader, because those believe what
//! a page's head says of its size; only the unpacking of Snappy, gzip and Zstandard is theirs.

mod footer;
mod page;
#[cfg(test)]
mod tests;
mod text;
mod thrift;
mod value;

use bytes::Bytes;
use model::{
    artifact::{Parquet, ParquetColumn},
    limits,
};
use std::ops::Range;

/// Why a file, or a column of it, is not shown.
#[derive(Debug)]
pub enum Stop {
    /// It is what it is: words for the person who looks.
    Told(String),
    /// The artifact store failed.
    Failed(crate::Error),
}

fn stop(words: impl Into<String>) -> Stop {
    Stop::Told(words.into())
}

/// Answers a range of the file, which lies within it.
pub type Fetch<'a> = dyn Fn(Range<u64>) -> Result<Bytes, Stop> + 'a;

/// How a file begins and ends; how it ends when its footer is encrypted.
const MARK: &[u8] = b"PAR1";
const ENCRYPTED: &[u8] = b"PARE";
/// The footer's length and the mark behind it.
const TAIL: u64 = 8;

/// Reads what is shown of a file of so many bytes.
pub fn read(fetch: &Fetch, size: u64) -> Result<Parquet, Stop> {
    let no_parquet = || stop("It does not end as a Parquet file does.");
    let end = size.checked_sub(TAIL).ok_or_else(no_parquet)?;
    let tail = fetch(end..size)?;
    let (length, mark) = tail.split_first_chunk().ok_or_else(no_parquet)?;
    if mark == ENCRYPTED {
        return Err(stop("It is encrypted."));
    }
    let length = u64::from(u32::from_le_bytes(*length));
    let start = end.checked_sub(length).filter(|_| mark == MARK).ok_or_else(no_parquet)?;
    let most = limits::PARQUET_FOOTER_BYTES_MAX;
    if length > most {
        return Err(stop(format!("Its footer has {length} bytes; at most {most} are read.")));
    }
    let footer = footer::read(&fetch(start..end)?).map_err(|fault| match fault {
        Stop::Told(words) => stop(format!("Its footer cannot be read: {words}.")),
        failed @ Stop::Failed(_) => failed,
    })?;
    let rows = usize::try_from(footer.group_rows).unwrap_or_default().min(limits::PARQUET_ROWS_MAX);
    let mut room = limits::PARQUET_BYTES_MAX;
    let mut columns = Vec::new();
    for (index, leaf) in footer.leaves.iter().enumerate() {
        let mut cells = text::Cells::default();
        let told = match footer.chunks.get(index) {
            _ if rows == 0 => Ok(0),
            None => Err(stop("the footer does not say where it lies")),
            Some(chunk) => page::Pages::new(fetch, chunk, size, &mut room).and_then(|mut pages| {
                value::entries(leaf, &mut pages, rows, |list, level, value| {
                    cells.add(leaf, list, level, value);
                })
            }),
        };
        cells.finish();
        let problem = match told {
            Ok(_) => None,
            Err(Stop::Told(words)) => Some(words),
            Err(failed) => return Err(failed),
        };
        columns.push(ParquetColumn {
            name: leaf.name.clone(),
            kind: text::kind(leaf),
            cells: if problem.is_none() { cells.done } else { Vec::new() },
            problem,
        });
    }
    Ok(Parquet {
        row_count: footer.row_count,
        row_group_count: footer.group_count,
        column_count: footer.leaf_count,
        created_by: footer.created_by,
        columns,
    })
}
