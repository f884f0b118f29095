//! Thrift's compact protocol, as far as Parquet's own records need it: read in place, nothing is made room for on trust.

use super::{Stop, stop};

/// Kinds of values as the protocol numbers them.
pub const BOOL_TRUE: u8 = 1;
const BOOL_FALSE: u8 = 2;
const I8: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// Records inside each other: Parquet's own have seven.
const DEPTH_MAX: usize = 16;

pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A field's number and the kind of its value.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub id: i16,
    pub kind: u8,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes that were read.
    pub fn position(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.bytes.get(self.at).ok_or_else(ended)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let end = self.at.checked_add(count).ok_or_else(ended)?;
        let taken = self.bytes.get(self.at..end).ok_or_else(ended)?;
        self.at = end;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Stop> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(stop("a number in it has no end"))
    }

    /// A whole number of any width but that of a byte.
    pub fn int(&mut self) -> Result<i64, Stop> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub fn small(&mut self) -> Result<i64, Stop> {
        Ok(i64::from(self.byte()?.cast_signed()))
    }

    pub fn binary(&mut self) -> Result<&'a [u8], Stop> {
        let length = self.varint()?;
        self.take(usize::try_from(length).map_err(|_| ended())?)
    }

    /// Calls `read` with each field of a record; a field that it does not want, it skips.
    pub fn record(&mut self, mut read: impl FnMut(&mut Self, Field) -> Result<(), Stop>) -> Result<(), Stop> {
        let mut id: i16 = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => i16::try_from(self.int()?).map_err(|_| stop("a field of it has no number"))?,
                more => id.checked_add(i16::from(more)).ok_or_else(|| stop("a field of it has no number"))?,
            };
            read(self, Field { id, kind: head & 0x0f })?;
        }
    }

    /// How many entries a list says it has, and their kind. Each is at least a byte, so a claim alone costs nothing.
    pub fn list(&mut self) -> Result<(usize, u8), Stop> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| ended())?,
            few => usize::from(few),
        };
        if count > self.bytes.len() - self.at {
            return Err(ended());
        }
        Ok((count, head & 0x0f))
    }

    pub fn skip(&mut self, kind: u8) -> Result<(), Stop> {
        self.skip_within(kind, DEPTH_MAX)
    }

    fn skip_within(&mut self, kind: u8, depth: usize) -> Result<(), Stop> {
        let Some(depth) = depth.checked_sub(1) else { return Err(stop("its records lie too deep")) };
        match kind {
            BOOL_TRUE | BOOL_FALSE => {}
            I8 => drop(self.byte()?),
            I16 | I32 | I64 => drop(self.varint()?),
            DOUBLE => drop(self.take(8)?),
            BINARY => drop(self.binary()?),
            LIST | SET => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.skip_entry(kind, depth)?;
                }
            }
            MAP => {
                let count = self.varint()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.skip_entry(kinds >> 4, depth)?;
                        self.skip_entry(kinds & 0x0f, depth)?;
                    }
                }
            }
            STRUCT => self.record(|reader, field| reader.skip_within(field.kind, depth))?,
            _ => return Err(stop("a field of it is of no known kind")),
        }
        Ok(())
    }

    /// In lists, a truth value is a byte; in records it is part of the field's head.
    fn skip_entry(&mut self, kind: u8, depth: usize) -> Result<(), Stop> {
        if matches!(kind, BOOL_TRUE | BOOL_FALSE) {
            self.byte().map(drop)
        } else {
            self.skip_within(kind, depth)
        }
    }
}

fn ended() -> Stop {
    stop("it ends too early")
}
