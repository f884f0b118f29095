//! How serious a line is, read from how programs write it.

use super::text::plain;
use serde::{Deserialize, Serialize};

/// From harmless to serious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// The words of levels, as loggers write them.
const WORDS: [(&str, Level); 13] = [
    ("ERROR", Level::Error),
    ("ERR", Level::Error),
    ("CRITICAL", Level::Error),
    ("FATAL", Level::Error),
    ("SEVERE", Level::Error),
    ("PANIC", Level::Error),
    ("WARNING", Level::Warning),
    ("WARN", Level::Warning),
    ("NOTICE", Level::Info),
    ("INFO", Level::Info),
    ("DEBUG", Level::Debug),
    ("TRACE", Level::Debug),
    ("VERBOSE", Level::Debug),
];
/// A level stands behind a time and a name, not in the midst of a sentence.
const HEAD_BYTES: usize = 120;
const TRACEBACK: &str = "Traceback (most recent call last):";

impl Level {
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warning, Self::Error];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level that a line tells by itself.
    pub fn of(line: &str) -> Option<Self> {
        let end = line.floor_char_boundary(4 * HEAD_BYTES);
        let head = plain(&line[..end]);
        let head = &head[..head.floor_char_boundary(HEAD_BYTES)];
        if head.contains(TRACEBACK) || head.contains("During handling of the above exception") {
            return Some(Self::Error);
        }
        in_capitals(head)
            .or_else(|| named(head))
            .or_else(|| at_the_start(head))
            .or_else(|| glog(head))
            .or_else(|| exception(head))
    }

    /// The level of a line behind others of its source: what is indented belongs to what stands above it. `above` is what
    /// the line before came to, and becomes that of this one.
    pub fn following(line: &str, above: &mut Option<Self>) -> Option<Self> {
        let own = Self::of(line);
        if own.is_some() {
            *above = own;
        } else if !line.trim().is_empty() && !line.starts_with([' ', '\t']) {
            *above = None;
        }
        if line.trim().is_empty() { None } else { *above }
    }
}

fn of_word(word: &str) -> Option<Level> {
    WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
}

/// `WARNING:root:…`, `2026-01-15 09:00:00 - train - ERROR - …`, `[INFO] …`, `… | WARNING | …`: a word of its own in
/// capitals, with nothing but times, names and signs before it.
fn in_capitals(head: &str) -> Option<Level> {
    let is_letter = |one: char| one.is_alphanumeric() || one == '_';
    let mut words = 0;
    for word in head.split(|one: char| !is_letter(one)).filter(|word| !word.is_empty()) {
        if let Some((_, level)) = WORDS.iter().find(|(known, _)| *known == word) {
            return Some(*level);
        }
        // A time has seven numbers at most; after some words the line speaks of something.
        words += usize::from(!word.starts_with(|one: char| one.is_ascii_digit()));
        if words > 6 {
            return None;
        }
    }
    None
}

/// `level=warn`, `"levelname": "ERROR"`.
fn named(head: &str) -> Option<Level> {
    let lower = head.to_ascii_lowercase();
    ["levelname", "level", "severity", "lvl"].into_iter().find_map(|name| {
        let rest = &lower[lower.find(name)? + name.len()..];
        let rest = rest.trim_start_matches(['"', '\'', ' ']).strip_prefix(['=', ':'])?;
        let rest = rest.trim_start_matches(['"', '\'', ' ']);
        of_word(&rest[..rest.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(rest.len())])
    })
}

/// `error: …`, `Warning: …`, `error[E0308]: …`, and what Python's warnings say behind a file and a line.
fn at_the_start(head: &str) -> Option<Level> {
    let trimmed = head.trim_start();
    let word = &trimmed[..trimmed.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(trimmed.len())];
    let rest = &trimmed[word.len()..];
    if rest.starts_with([':', '['])
        && rest.contains(':')
        && let Some(level) = of_word(word)
    {
        return Some(level);
    }
    (head.contains("Warning: ") && head.contains(".py:")).then_some(Level::Warning)
}

/// `E0115 09:00:00.000 …`.
fn glog(head: &str) -> Option<Level> {
    let (first, rest) = head.split_at_checked(1)?;
    let bytes = rest.as_bytes();
    let digits = bytes.len() > 6 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b' ';
    if !digits || !bytes[5].is_ascii_digit() {
        return None;
    }
    match first {
        "E" | "F" => Some(Level::Error),
        "W" => Some(Level::Warning),
        "I" => Some(Level::Info),
        _ => None,
    }
}

/// The last line of a traceback: `torch.cuda.OutOfMemoryError: …`.
fn exception(head: &str) -> Option<Level> {
    let end =
        head.find(|one: char| !(one.is_ascii_alphanumeric() || "._".contains(one))).unwrap_or(head.len());
    let (name, rest) = head.split_at(end);
    let is_end = rest.is_empty() || rest.starts_with(':');
    let ends = ["Error", "Exception", "KeyboardInterrupt", "SystemExit"];
    let is_name =
        name.starts_with(|one: char| one.is_ascii_alphabetic()) && ends.iter().any(|end| name.ends_with(end));
    (is_end && is_name).then_some(Level::Error)
}

/// How many lines there are of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Levels {
    pub debug: u64,
    pub info: u64,
    pub warning: u64,
    pub error: u64,
}

impl Levels {
    pub fn add(&mut self, level: Level) {
        *match level {
            Level::Debug => &mut self.debug,
            Level::Info => &mut self.info,
            Level::Warning => &mut self.warning,
            Level::Error => &mut self.error,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_formats_tell_their_level() {
        for (line, level) in [
            ("WARNING:root:no GPU", Level::Warning),
            ("2026-01-15 09:00:00,123 - train.loop - ERROR - loss is NaN", Level::Error),
            ("[2026-01-15 09:00:00] [INFO] epoch 3", Level::Info),
            ("2026-01-15 09:00:00.123 | WARNING  | __main__:fit:12 - slow", Level::Warning),
            ("2026-01-15T09:00:00.123456Z  WARN server::http: late", Level::Warning),
            ("\u{1b}[2m2026-01-15T09:00:00Z\u{1b}[0m \u{1b}[31mERROR\u{1b}[0m x", Level::Error),
            ("[rank3]:[E115 09:00:00 NCCL.cpp:12] CRITICAL timeout", Level::Error),
            ("time=\"2026-01-15\" level=warn msg=\"disk\"", Level::Warning),
            ("{\"time\": 1, \"levelname\": \"ERROR\", \"msg\": \"x\"}", Level::Error),
            ("error[E0308]: mismatched types", Level::Error),
            ("Warning: slow", Level::Warning),
            ("/a/b.py:12: UserWarning: lr_scheduler", Level::Warning),
            ("W0115 09:00:00.123 12 cuda.cc:4] driver", Level::Warning),
            ("torch.cuda.OutOfMemoryError: CUDA out of memory", Level::Error),
            ("KeyboardInterrupt", Level::Error),
            ("Traceback (most recent call last):", Level::Error),
            ("DEBUG:x:y", Level::Debug),
        ] {
            assert_eq!(Level::of(line), Some(level), "{line}");
        }
    }

    #[test]
    fn what_only_speaks_of_levels_has_none() {
        for line in [
            "epoch 3: loss 0.25, error 0.01",
            "no errors found",
            "mean squared error: 0.2",
            "ERRORS_TOTAL 3",
            "the number of lines that the parser said ERROR to",
            "E0115",
            "",
            "Wörter: größer",
            "reading info.json",
            "W1234 x",
        ] {
            assert_eq!(Level::of(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_indented_belongs_to_the_line_above() {
        let mut above = None;
        let lines = [
            ("Traceback (most recent call last):", Some(Level::Error)),
            ("  File \"train.py\", line 3, in <module>", Some(Level::Error)),
            ("    step(batch)", Some(Level::Error)),
            ("ValueError: bad", Some(Level::Error)),
            ("", None),
            ("epoch 4", None),
            ("  detail of epoch 4", None),
        ];
        for (line, level) in lines {
            assert_eq!(Level::following(line, &mut above), level, "{line}");
        }
    }

    #[test]
    fn a_long_line_is_read_at_its_head_only() {
        assert_eq!(Level::of(&("ü".repeat(500_000) + " ERROR")), None);
        assert_eq!(Level::of(&("ERROR ".to_owned() + &"x".repeat(1_000_000))), Some(Level::Error));
    }
}
