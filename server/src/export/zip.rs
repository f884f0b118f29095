//! Files of a run as a ZIP archive (PKWARE's APPNOTE 6.3), written while they are read. Contents are stored as they are,
//! so the archive's length is known before its first byte; sums follow each content (a data descriptor), and sizes and
//! places beyond 4 GiB are told in ZIP64's extra fields.

use super::disposition;
use crate::error::Problem;
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Datelike as _, Timelike as _};
use engine::artifact::Archive;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use model::{Error, ErrorKind, artifact::Artifact};
use std::collections::{HashMap, HashSet};

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const DIRECTORY_END_64: u32 = 0x0606_4b50;
const DIRECTORY_LOCATOR_64: u32 = 0x0706_4b50;
const DIRECTORY_END: u32 = 0x0605_4b50;
/// Version 2.0 knows folders, 4.5 ZIP64.
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;
/// The sum and the sizes follow the content; names are UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
/// The content is stored as it is.
const STORED: u16 = 0;
/// Where a field of 32 or 16 bits says that the value is in a ZIP64 field.
const FULL_32: u32 = u32::MAX;
const FULL_16: u16 = u16::MAX;
/// What file systems allow for one part of a path.
const PART_BYTES_MAX: usize = 255;
/// What may stand behind a name's last dot to be taken for its ending.
const ENDING_BYTES_MAX: usize = 32;
/// Room for ` (2)`, whatever the number.
const NUMBER_BYTES_MAX: usize = 24;
/// Names that Windows takes for devices, whatever follows their first dot.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The archive as an answer. What goes wrong while it is written breaks the transfer off, so that nobody takes a part for
/// the whole.
pub(crate) async fn answer(archive: Archive) -> Result<Response, Problem> {
    // Off the threads that answer others: there may be a hundred thousand names.
    let made = tokio::task::spawn_blocking(move || {
        let names = names(archive.files());
        let files = archive.files().iter().zip(names);
        let entries: Vec<Entry> = files.map(|(file, name)| Entry::new(file, name)).collect();
        (archive, entries)
    });
    let (archive, entries) =
        made.await.map_err(|_| Error::new(ErrorKind::Internal, "the names could not be made"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, length(&entries).to_string()),
        (header::CONTENT_DISPOSITION, disposition(archive.name(), "artifacts", ".zip")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    let body = stream::try_unfold(Some(Writer::new(archive, entries)), async |writer| {
        let Some(mut writer) = writer else { return Ok(None) };
        let block = writer.next().await;
        let block = block.inspect_err(|error| tracing::warn!("an archive broke off: {error:#}"))?;
        let is_last = writer.is_done;
        anyhow::Ok(Some((block, (!is_last).then_some(writer))))
    });
    Ok((headers, Body::from_stream(body)).into_response())
}

/// What the directory says of a file.
struct Entry {
    name: String,
    size: u64,
    date: u16,
    time: u16,
    /// Known when the content was written.
    sum: u32,
    place: u64,
}

impl Entry {
    fn new(file: &Artifact, name: String) -> Self {
        let at = DateTime::from_timestamp_millis(file.created_at_ms.0).unwrap_or_default();
        // Years are counted from 1980, in seven bits.
        let year = (at.year() - 1980).clamp(0, 127) as u16;
        Self {
            name,
            size: file.size_bytes.cast_unsigned(),
            date: year << 9 | (at.month() as u16) << 5 | at.day() as u16,
            time: (at.hour() as u16) << 11 | (at.minute() as u16) << 5 | (at.second() / 2) as u16,
            sum: 0,
            place: 0,
        }
    }

    /// Its sizes do not fit into 32 bits.
    fn is_large(&self) -> bool {
        self.size >= u64::from(FULL_32)
    }

    fn version(&self) -> u16 {
        if self.is_large() { VERSION_64 } else { VERSION }
    }

    fn header(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(50 + self.name.len());
        put_32(&mut out, LOCAL_HEADER);
        for value in [self.version(), FLAGS, STORED, self.time, self.date] {
            put_16(&mut out, value);
        }
        // Sum and sizes follow; ZIP64 says so by its full fields.
        let size = if self.is_large() { FULL_32 } else { 0 };
        for value in [0, size, size] {
            put_32(&mut out, value);
        }
        put_16(&mut out, self.name.len() as u16);
        put_16(&mut out, if self.is_large() { 20 } else { 0 });
        out.extend(self.name.as_bytes());
        if self.is_large() {
            put_16(&mut out, 1);
            put_16(&mut out, 16);
            put_64(&mut out, 0);
            put_64(&mut out, 0);
        }
        out
    }

    fn descriptor(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(24);
        put_32(&mut out, DESCRIPTOR);
        put_32(&mut out, self.sum);
        for _ in 0..2 {
            if self.is_large() {
                put_64(&mut out, self.size);
            } else {
                put_32(&mut out, self.size as u32);
            }
        }
        out
    }

    /// Its line in the directory.
    fn line(&self) -> Vec<u8> {
        let is_far = self.place >= u64::from(FULL_32);
        let mut extra = Vec::new();
        if self.is_large() {
            put_64(&mut extra, self.size);
            put_64(&mut extra, self.size);
        }
        if is_far {
            put_64(&mut extra, self.place);
        }
        let mut out = Vec::with_capacity(80 + self.name.len());
        put_32(&mut out, DIRECTORY_HEADER);
        let version = if extra.is_empty() { VERSION } else { VERSION_64 };
        // The upper byte of the first says Unix, so that the rights below are read.
        for value in [version | 3 << 8, version, FLAGS, STORED, self.time, self.date] {
            put_16(&mut out, value);
        }
        put_32(&mut out, self.sum);
        let size = if self.is_large() { FULL_32 } else { self.size as u32 };
        put_32(&mut out, size);
        put_32(&mut out, size);
        put_16(&mut out, self.name.len() as u16);
        put_16(&mut out, if extra.is_empty() { 0 } else { 4 + extra.len() as u16 });
        // No comment, the first disk, no inner attributes.
        for value in [0, 0, 0] {
            put_16(&mut out, value);
        }
        // A regular file, rw-r--r--: no link, nothing to run.
        put_32(&mut out, 0o100_644 << 16);
        put_32(&mut out, if is_far { FULL_32 } else { self.place as u32 });
        out.extend(self.name.as_bytes());
        if !extra.is_empty() {
            put_16(&mut out, 1);
            put_16(&mut out, extra.len() as u16);
            out.extend(extra);
        }
        out
    }
}

/// What stands behind the directory.
fn end(count: u64, start: u64, size: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let full = u64::from(FULL_32);
    if count >= u64::from(FULL_16) || start >= full || size >= full {
        put_32(&mut out, DIRECTORY_END_64);
        put_64(&mut out, 44);
        put_16(&mut out, VERSION_64 | 3 << 8);
        put_16(&mut out, VERSION_64);
        put_32(&mut out, 0);
        put_32(&mut out, 0);
        for value in [count, count, size, start] {
            put_64(&mut out, value);
        }
        put_32(&mut out, DIRECTORY_LOCATOR_64);
        put_32(&mut out, 0);
        put_64(&mut out, start + size);
        put_32(&mut out, 1);
    }
    put_32(&mut out, DIRECTORY_END);
    put_16(&mut out, 0);
    put_16(&mut out, 0);
    let short = count.min(u64::from(FULL_16)) as u16;
    put_16(&mut out, short);
    put_16(&mut out, short);
    put_32(&mut out, size.min(full) as u32);
    put_32(&mut out, start.min(full) as u32);
    put_16(&mut out, 0);
    out
}

/// The bytes of the whole archive.
fn length(entries: &[Entry]) -> u64 {
    let mut place = 0;
    let mut directory = 0;
    for entry in entries {
        let placed = Entry { name: entry.name.clone(), place, ..*entry };
        directory += placed.line().len() as u64;
        place += (placed.header().len() + placed.descriptor().len()) as u64 + entry.size;
    }
    place + directory + end(entries.len() as u64, place, directory).len() as u64
}

/// An archive under way: one file is open at a time.
struct Writer {
    archive: Archive,
    entries: Vec<Entry>,
    /// The file that is next, or that is being written.
    index: usize,
    content: Option<Content>,
    place: u64,
    /// Lines of the directory that were written, and their bytes.
    listed: usize,
    directory_bytes: u64,
    is_done: bool,
}

struct Content {
    bytes: BoxStream<'static, std::io::Result<Bytes>>,
    sum: crc32fast::Hasher,
    written: u64,
}

/// Bytes of the directory that are handed over together.
const DIRECTORY_BLOCK_BYTES: usize = 64 * 1024;

impl Writer {
    fn new(archive: Archive, entries: Vec<Entry>) -> Self {
        Self {
            archive,
            entries,
            index: 0,
            content: None,
            place: 0,
            listed: 0,
            directory_bytes: 0,
            is_done: false,
        }
    }

    /// The next bytes; never none before the end.
    async fn next(&mut self) -> anyhow::Result<Bytes> {
        let Some(entry) = self.entries.get_mut(self.index) else {
            return Ok(self.directory());
        };
        let Some(content) = &mut self.content else {
            entry.place = self.place;
            let bytes = self.archive.open(self.index).await.map_err(engine::Error::into_public)?;
            self.content = Some(Content { bytes, sum: crc32fast::Hasher::new(), written: 0 });
            let header = entry.header();
            return Ok(self.handed(header.into()));
        };
        if let Some(chunk) = content.bytes.next().await.transpose()? {
            content.sum.update(&chunk);
            content.written += chunk.len() as u64;
            anyhow::ensure!(content.written <= entry.size, "a file is longer than it is listed");
            return Ok(self.handed(chunk));
        }
        anyhow::ensure!(content.written == entry.size, "a file is shorter than it is listed");
        let sum = self.content.take().map(|content| content.sum.finalize()).unwrap_or_default();
        entry.sum = sum;
        let descriptor = entry.descriptor();
        self.index += 1;
        Ok(self.handed(descriptor.into()))
    }

    fn handed(&mut self, bytes: Bytes) -> Bytes {
        self.place += bytes.len() as u64;
        bytes
    }

    /// The next lines of the directory, the last of them with the archive's end.
    fn directory(&mut self) -> Bytes {
        let mut out = Vec::new();
        while out.len() < DIRECTORY_BLOCK_BYTES
            && let Some(entry) = self.entries.get(self.listed)
        {
            out.extend(entry.line());
            self.listed += 1;
        }
        self.directory_bytes += out.len() as u64;
        if self.listed == self.entries.len() {
            out.extend(end(self.entries.len() as u64, self.place, self.directory_bytes));
            self.is_done = true;
        }
        out.into()
    }
}

/// Names that every system can extract, and no two that it takes for one. Paths of artifacts are relative and hold no `..`
/// already; here goes what only some systems mind.
fn names(files: &[Artifact]) -> Vec<String> {
    let names: Vec<String> = files.iter().map(|file| safe(file.path.as_str())).collect();
    let mut sorted: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    sorted.sort_unstable();
    let mut given = Given { sorted, taken: HashSet::new(), numbers: HashMap::new() };
    names.into_iter().map(|name| given.free(name)).collect()
}

fn safe(path: &str) -> String {
    path.split('/').map(safe_part).collect::<Vec<_>>().join("/")
}

fn safe_part(part: &str) -> String {
    let letter = |one: char| {
        // Marks that turn the direction of writing make a name look like another one.
        let turns =
            matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if one.is_control() || turns || "<>:\"\\|?*".contains(one) { '_' } else { one }
    };
    let mut part: String = part.chars().map(letter).collect();
    let stem = part.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |word: &str| {
        let number = stem
            .strip_prefix(word)
            .and_then(|rest| rest.chars().next().filter(|_| rest.chars().count() == 1));
        number.is_some_and(|number| "0123456789¹²³".contains(number))
    };
    if DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt") {
        part.insert(0, '_');
    }
    part.truncate(part.floor_char_boundary(PART_BYTES_MAX));
    // Windows drops dots and spaces at the end, which makes two names one.
    if part.ends_with(['.', ' ']) {
        part.pop();
        part.push('_');
    }
    part
}

/// Names as they are given out, in small letters.
struct Given {
    /// All that are asked for, in order: a file may not have a folder's name either.
    sorted: Vec<String>,
    taken: HashSet<String>,
    /// The last number behind each stem, so that many of one name do not search through all before them.
    numbers: HashMap<String, u64>,
}

impl Given {
    /// The name, or the name with a number where another has it, be that in other letters.
    fn free(&mut self, name: String) -> String {
        if self.take(&name) {
            return name;
        }
        let at = name.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, file) = name.split_at(at);
        let (stem, end) = match file.rfind('.') {
            Some(at) if at > 0 && file.len() - at <= ENDING_BYTES_MAX => file.split_at(at),
            _ => (file, ""),
        };
        let room = PART_BYTES_MAX - end.len() - NUMBER_BYTES_MAX;
        let stem = &stem[..stem.floor_char_boundary(room.min(stem.len()))];
        let place = format!("{folder}{stem}/{end}").to_lowercase();
        let mut number = self.numbers.get(&place).copied().unwrap_or(1);
        loop {
            number += 1;
            let other = format!("{folder}{stem} ({number}){end}");
            if self.take(&other) {
                self.numbers.insert(place, number);
                return other;
            }
        }
    }

    /// Takes a name, unless it is a file's or a folder's.
    fn take(&mut self, name: &str) -> bool {
        let name = name.to_lowercase();
        let below = format!("{name}/");
        let next = self.sorted.partition_point(|one| *one < below);
        let is_folder = self.sorted.get(next).is_some_and(|one| one.starts_with(&below));
        !is_folder && self.taken.insert(name)
    }
}

fn put_16(out: &mut Vec<u8>, value: u16) {
    out.extend(value.to_le_bytes());
}

fn put_32(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_le_bytes());
}

fn put_64(out: &mut Vec<u8>, value: u64) {
    out.extend(value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::UnixMillis;

    fn file(path: &str, size_bytes: i64) -> Artifact {
        Artifact {
            path: path.parse().unwrap(),
            size_bytes,
            sha256: "0".repeat(64),
            mime: "text/plain".into(),
            created_at_ms: UnixMillis(1_700_000_000_000),
            reference: None,
        }
    }

    fn named(paths: &[&str]) -> Vec<String> {
        names(&paths.iter().map(|path| file(path, 1)).collect::<Vec<_>>())
    }

    #[test]
    fn names_lead_nowhere_and_are_no_devices() {
        assert_eq!(
            named(&[
                "C:/x",
                "a/con",
                "a/Com1.txt",
                "a/dots...",
                "sp ",
                "q?*.txt",
                "..hidden",
                "\u{202e}gpj.exe"
            ]),
            ["C_/x", "a/_con", "a/_Com1.txt", "a/dots.._", "sp_", "q__.txt", "..hidden", "_gpj.exe"]
        );
        assert_eq!(named(&["computer", "console.log", "com10"]), ["computer", "console.log", "com10"]);
        let long = named(&["é".repeat(300).as_str()]);
        assert!(long[0].len() <= PART_BYTES_MAX);
    }

    #[test]
    fn names_that_differ_by_case_stay_apart() {
        assert_eq!(named(&["A.txt", "a.txt", "a (2).txt"]), ["A.txt", "a (2).txt", "a (2) (2).txt"]);
        assert_eq!(named(&["q?", "q*", "Q|"]), ["q_", "q_ (2)", "Q_ (3)"]);
        // A file where others have a folder.
        assert_eq!(named(&["model", "model/a"]), ["model (2)", "model/a"]);
        assert_eq!(named(&[".env", ".ENV"]), [".env", ".ENV (2)"]);
        // Long names that differ where they are cut: each finds its number at once, and all fit.
        let long: Vec<String> = (0..200)
            .flat_map(|one| ["A", "a"].map(|first| format!("{first}{}{one:03}", "x".repeat(250))))
            .collect();
        let names = named(&long.iter().map(String::as_str).collect::<Vec<_>>());
        let all: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(all.len(), 400);
        assert!(
            names.iter().all(|name| name.len() <= 255) && names[399].ends_with(" (201)"),
            "{}",
            names[399]
        );
    }

    #[test]
    fn the_length_is_known_beforehand_and_zip64_begins_where_it_must() {
        let four_gib = 1_i64 << 32;
        let entry = |size| Entry::new(&file("a", size), "a".into());
        assert!(!entry(four_gib - 2).is_large() && entry(four_gib - 1).is_large());
        assert_eq!(length(&[entry(5)]), 30 + 1 + 5 + 16 + 46 + 1 + 22);
        let large = 30 + 1 + 20 + 24 + 46 + 1 + 20 + four_gib.cast_unsigned();
        assert_eq!(length(&[entry(four_gib)]), large + 56 + 20 + 22);
        // The second begins beyond 4 GiB, though it is small.
        let far = Entry { place: 1 << 32, ..entry(1) };
        assert_eq!(far.line().len(), 46 + 1 + 12);
    }
}
