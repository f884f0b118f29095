//! The pages of a column: their heads, checked before anything is made room for, and their content unpacked within bounds.

use super::{
    Bytes, Fetch, Stop,
    footer::Chunk,
    stop,
    thrift::{BOOL_TRUE, Reader},
};
use model::limits;
use std::io::Read as _;

/// What is fetched at once to find a page's head, and with small pages all of it.
const WINDOW: u64 = 64 * 1024;

/// A page, unpacked.
#[derive(Debug)]
pub enum Page {
    Dictionary { values: i64, bytes: Bytes },
    Data { values: i64, encoding: i64, levels: Levels, bytes: Bytes },
}

/// Where a page has its levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Levels {
    /// In front of the values, each list with its length.
    Ahead,
    /// Of so many bytes, first of lists and then of values.
    Measured { lists: usize, defined: usize },
    /// In an encoding that nobody has written for ten years.
    Old,
}

/// A page's head.
#[derive(Debug, Default)]
struct Head {
    kind: i64,
    packed: i64,
    unpacked: i64,
    values: i64,
    encoding: i64,
    /// Of the first form: how its levels are written.
    old_levels: bool,
    list_bytes: i64,
    defined_bytes: i64,
    is_packed: bool,
}

/// The pages of one column in one group of rows, in order.
pub struct Pages<'a> {
    fetch: &'a Fetch<'a>,
    codec: i64,
    at: u64,
    end: u64,
    /// Bytes that all columns together may still unpack.
    room: &'a mut u64,
}

impl<'a> Pages<'a> {
    /// `size`: bytes of the file.
    pub fn new(fetch: &'a Fetch<'a>, chunk: &Chunk, size: u64, room: &'a mut u64) -> Result<Self, Stop> {
        if chunk.away {
            return Err(stop("it lies in another file, or is encrypted"));
        }
        if let Some(codec) = unread(chunk.codec) {
            return Err(stop(format!("it is compressed with {codec}, which this server does not read")));
        }
        let end = chunk.start.checked_add(chunk.length).filter(|end| *end <= size);
        let end = end.ok_or_else(|| stop("it is said to lie beyond the end of the file"))?;
        Ok(Self { fetch, codec: chunk.codec, at: chunk.start, end, room })
    }

    /// The next page that holds values; none behind the last.
    pub fn next(&mut self) -> Result<Option<Page>, Stop> {
        while self.at < self.end {
            let window = self.end.min(self.at + WINDOW) - self.at;
            self.take_room(window)?;
            let window = (self.fetch)(self.at..self.at + window)?;
            let mut reader = Reader::new(&window);
            let head = head(&mut reader)?;
            let start = self.at + reader.position() as u64;
            let (packed, unpacked) = (bounded(head.packed)?, bounded(head.unpacked)?);
            let end = start + packed;
            if end > self.end {
                return Err(stop("one of its pages is said to be longer than all of them"));
            }
            let head_end = reader.position();
            self.at = end;
            if !matches!(head.kind, DATA | DICTIONARY | DATA_2) {
                continue;
            }
            self.take_room(packed + unpacked)?;
            let content = if window.len() - head_end >= packed as usize {
                window.slice(head_end..head_end + packed as usize)
            } else {
                (self.fetch)(start..end)?
            };
            return self.unpacked(head, &content, unpacked as usize).map(Some);
        }
        Ok(None)
    }

    /// Bytes that are about to be read or unpacked.
    fn take_room(&mut self, bytes: u64) -> Result<(), Stop> {
        let mib = limits::PARQUET_BYTES_MAX / (1024 * 1024);
        let left = self.room.checked_sub(bytes);
        *self.room = left.ok_or_else(|| stop(format!("a preview reads at most {mib} MiB of a file")))?;
        Ok(())
    }

    fn unpacked(&self, head: Head, content: &Bytes, unpacked: usize) -> Result<Page, Stop> {
        let Head { kind, values, encoding, .. } = head;
        if kind == DICTIONARY {
            return Ok(Page::Dictionary { values, bytes: unpack(self.codec, content, unpacked)? });
        }
        if kind == DATA {
            let levels = if head.old_levels { Levels::Old } else { Levels::Ahead };
            let bytes = unpack(self.codec, content, unpacked)?;
            return Ok(Page::Data { values, encoding, levels, bytes });
        }
        let (lists, defined) = (bounded(head.list_bytes)? as usize, bounded(head.defined_bytes)? as usize);
        let ahead = lists + defined;
        if ahead > content.len() || ahead > unpacked {
            return Err(stop("the levels of one of its pages are longer than the page"));
        }
        let levels = Levels::Measured { lists, defined };
        if !head.is_packed || self.codec == UNCOMPRESSED || unpacked == ahead {
            return Ok(Page::Data { values, encoding, levels, bytes: content.clone() });
        }
        let rest = unpack(self.codec, &content.slice(ahead..), unpacked - ahead)?;
        let bytes = [&content[..ahead], &rest[..]].concat().into();
        Ok(Page::Data { values, encoding, levels, bytes })
    }
}

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;

fn bounded(bytes: i64) -> Result<u64, Stop> {
    let most = limits::PARQUET_PAGE_BYTES_MAX;
    match u64::try_from(bytes) {
        Ok(bytes) if bytes <= most => Ok(bytes),
        Ok(bytes) => {
            let (mib, most) = (bytes.div_ceil(1024 * 1024), most / (1024 * 1024));
            Err(stop(format!(
                "one of its pages has {mib} MiB; at most {most} MiB are unpacked for a preview"
            )))
        }
        Err(_) => Err(stop("one of its pages is said to have less than no bytes")),
    }
}

fn head(reader: &mut Reader) -> Result<Head, Stop> {
    let mut head = Head { is_packed: true, kind: -1, ..Head::default() };
    let rle = |encoding: i64| encoding == super::value::RLE;
    reader.record(|reader, field| {
        match field.id {
            1 => head.kind = reader.int()?,
            2 => head.unpacked = reader.int()?,
            3 => head.packed = reader.int()?,
            // Of data, of a dictionary, and of data in the second form.
            5 | 7 | 8 => {
                let form = field.id;
                reader.record(|reader, field| {
                    match (form, field.id) {
                        (_, 1) => head.values = reader.int()?,
                        (5 | 7, 2) | (8, 4) => head.encoding = reader.int()?,
                        (5, 3 | 4) => head.old_levels |= !rle(reader.int()?),
                        (8, 5) => head.defined_bytes = reader.int()?,
                        (8, 6) => head.list_bytes = reader.int()?,
                        (8, 7) => head.is_packed = field.kind == BOOL_TRUE,
                        _ => reader.skip(field.kind)?,
                    }
                    Ok(())
                })?;
            }
            _ => reader.skip(field.kind)?,
        }
        Ok(())
    })?;
    Ok(head)
}

const UNCOMPRESSED: i64 = 0;
const SNAPPY: i64 = 1;
const GZIP: i64 = 2;
const ZSTD: i64 = 6;

/// The name of a compression that is not read.
fn unread(codec: i64) -> Option<&'static str> {
    match codec {
        UNCOMPRESSED | SNAPPY | GZIP | ZSTD => None,
        3 => Some("LZO"),
        4 => Some("Brotli"),
        5 => Some("LZ4 (old form)"),
        7 => Some("LZ4"),
        _ => Some("something newer"),
    }
}

/// Exactly so many bytes, or nothing: whoever packed more than was said is not believed.
fn unpack(codec: i64, content: &Bytes, length: usize) -> Result<Bytes, Stop> {
    let broken = || stop("one of its pages cannot be unpacked");
    let bytes = match codec {
        UNCOMPRESSED => content.clone(),
        SNAPPY => {
            let said = snap::raw::decompress_len(content).map_err(|_| broken())?;
            if said != length {
                return Err(broken());
            }
            snap::raw::Decoder::new().decompress_vec(content).map_err(|_| broken())?.into()
        }
        GZIP => within(flate2::read::MultiGzDecoder::new(&content[..]), length).ok_or_else(broken)?,
        _ => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(&content[..]).map_err(|_| broken())?;
            within(decoder, length).ok_or_else(broken)?
        }
    };
    if bytes.len() == length { Ok(bytes) } else { Err(broken()) }
}

fn within(source: impl std::io::Read, length: usize) -> Option<Bytes> {
    let mut bytes = Vec::new();
    source.take(length as u64 + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes.into())
}
