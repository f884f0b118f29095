//! The text of a line as it is seen: escape sequences become styles or nothing, what was drawn over itself shows its last
//! state, and words are found in what is left.

use std::{borrow::Cow, ops::Range};

/// The eight colours of a terminal; finer ones become the nearest of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    Black,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    White,
}

impl Color {
    const ALL: [Self; 8] = [
        Self::Black,
        Self::Red,
        Self::Green,
        Self::Yellow,
        Self::Blue,
        Self::Magenta,
        Self::Cyan,
        Self::White,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Red => "red",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Blue => "blue",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
            Self::White => "white",
        }
    }

    fn of_number(number: u16) -> Self {
        Self::ALL[usize::from(number % 8)]
    }

    /// One of the 256 colours: the 16 of old, a cube of 6 × 6 × 6, a row of greys.
    fn of_table(number: u16) -> Self {
        match number {
            0..=15 => Self::of_number(number),
            16..=231 => {
                let part = |unit: u16| (number - 16) / unit % 6 * 51;
                Self::nearest(part(36), part(6), part(1))
            }
            _ => {
                let grey = (number.min(255) - 232) * 10 + 8;
                Self::nearest(grey, grey, grey)
            }
        }
    }

    /// By which of red, green and blue are as strong as the strongest, or nearly so.
    fn nearest(red: u16, green: u16, blue: u16) -> Self {
        let most = red.max(green).max(blue);
        if most < 64 {
            return Self::Black;
        }
        let strong = |one: u16| u16::from(u32::from(one) * 3 >= u32::from(most) * 2);
        Self::of_number(strong(red) | strong(green) << 1 | strong(blue) << 2)
    }
}

/// How a part of a line is drawn.
#[expect(clippy::struct_excessive_bools, reason = "each is on or off, whatever the others are")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub color: Option<Color>,
    pub ground: Option<Color>,
    pub bold: bool,
    pub dim: bool,
    pub italic: bool,
    pub underlined: bool,
    pub struck: bool,
    pub inverse: bool,
}

impl Style {
    /// Applies the numbers of one SGR sequence; those that mean nothing here are passed over.
    fn apply(&mut self, parameters: &str) {
        let mut numbers = parameters.split([';', ':']).map(|one| match one {
            "" => Some(0),
            digits => digits.parse::<u16>().ok(),
        });
        while let Some(number) = numbers.next() {
            let Some(number) = number else { continue };
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underlined = true,
                7 => self.inverse = true,
                9 => self.struck = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underlined = false,
                27 => self.inverse = false,
                29 => self.struck = false,
                30..=37 | 90..=97 => self.color = Some(Color::of_number(number % 10)),
                40..=47 | 100..=107 => self.ground = Some(Color::of_number(number % 10)),
                39 => self.color = None,
                49 => self.ground = None,
                38 | 48 => {
                    let mut part = || numbers.next().flatten().unwrap_or_default();
                    let color = match part() {
                        5 => Color::of_table(part()),
                        2 => Color::nearest(part().min(255), part().min(255), part().min(255)),
                        _ => continue,
                    };
                    *(if number == 38 { &mut self.color } else { &mut self.ground }) = Some(color);
                }
                _ => {}
            }
        }
    }
}

/// A part of a line that is drawn in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub style: Style,
    pub text: String,
}

/// The parts of a line. Of escape sequences only those for colours and the like count; all others and control characters
/// are left out, whatever their end looks like.
pub fn spans(line: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut style = Style::default();
    for piece in Pieces(line) {
        match piece {
            Piece::Style(parameters) => style.apply(parameters),
            Piece::Text(text) => match spans.last_mut() {
                Some(last) if last.style == style => last.text.push_str(text),
                _ => spans.push(Span { style, text: text.to_owned() }),
            },
        }
    }
    spans
}

/// The line without any of that.
pub fn plain(line: &str) -> Cow<'_, str> {
    if !line.bytes().any(is_control) {
        return Cow::Borrowed(line);
    }
    let texts = Pieces(line).filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Style(_) => None,
    });
    Cow::Owned(texts.collect())
}

/// What was drawn last where a line went back to its start and was drawn anew, as progress bars are.
pub fn last_drawn(line: &str) -> &str {
    if !line.contains('\r') {
        return line;
    }
    line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or("")
}

/// Control characters in one byte, but the tab; those of two bytes begin with 0xC2 and are rare enough to be drawn.
fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

enum Piece<'a> {
    Text(&'a str),
    /// What stands between `ESC [` and `m`.
    Style(&'a str),
}

struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = self.0;
            if text.is_empty() {
                return None;
            }
            let end = text.bytes().position(is_control).unwrap_or(text.len());
            if end > 0 {
                self.0 = &text[end..];
                return Some(Piece::Text(&text[..end]));
            }
            let Some(rest) = text.strip_prefix('\u{1b}') else {
                self.0 = &text[1..];
                continue;
            };
            if let Some(rest) = rest.strip_prefix('[') {
                // Parameters and what stands between them and the last byte; a sequence without an end has none of it.
                let end = rest.bytes().position(|byte| !(0x20..=0x3f).contains(&byte)).unwrap_or(rest.len());
                let (parameters, rest) = rest.split_at(end);
                if let Some(rest) = rest.strip_prefix('m') {
                    self.0 = rest;
                    return Some(Piece::Style(parameters));
                }
                let last = rest.bytes().next().is_some_and(|byte| (0x40..=0x7e).contains(&byte));
                self.0 = &rest[usize::from(last)..];
            } else if let Some(inner) = rest.strip_prefix([']', 'P', 'X', '^', '_']) {
                // Titles, links and the like, up to their end; without one they hide nothing of what follows.
                let end = inner.find(['\u{7}', '\u{1b}']);
                self.0 = match end {
                    Some(end) => inner[end..].strip_prefix('\u{7}').unwrap_or(&inner[end..]),
                    None => inner,
                };
            } else {
                // Two bytes, or three with one between them.
                let between = rest.bytes().take_while(|byte| (0x20..=0x2f).contains(byte)).count();
                let last = rest.as_bytes().get(between).is_some_and(|byte| (0x30..=0x7e).contains(byte));
                self.0 = &rest[between + usize::from(last)..];
            }
        }
    }
}

/// What is looked for in lines, in capitals or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    folded: Vec<char>,
    /// In bytes, when all are of one.
    bytes: Option<Vec<u8>>,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        let folded: Vec<char> = text.chars().map(fold).collect();
        let bytes = text.is_ascii().then(|| text.to_ascii_lowercase().into_bytes());
        Self { folded, bytes }
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.next_in(text, 0).is_some()
    }

    /// Where it is in a text: in order, none within another.
    pub fn all_in(&self, text: &str) -> Vec<Range<usize>> {
        let mut all = Vec::new();
        let mut at = 0;
        while let Some(found) = self.next_in(text, at) {
            at = found.end;
            all.push(found);
        }
        all
    }

    fn next_in(&self, text: &str, from: usize) -> Option<Range<usize>> {
        if self.folded.is_empty() {
            return None;
        }
        if let Some(bytes) = &self.bytes {
            let (low, high) = (bytes[0], bytes[0].to_ascii_uppercase());
            let text = text.as_bytes();
            let last = text.len().checked_sub(bytes.len())?;
            let found = (from..=last).find(|&at| {
                (text[at] == low || text[at] == high)
                    && text[at..at + bytes.len()].eq_ignore_ascii_case(bytes)
            })?;
            return Some(found..found + bytes.len());
        }
        let starts = text.get(from..)?.char_indices().map(|(at, _)| from + at);
        for start in starts {
            let mut rest = text[start..].char_indices();
            if self.folded.iter().all(|wanted| rest.next().is_some_and(|(_, one)| fold(one) == *wanted)) {
                return Some(start..start + rest.offset());
            }
        }
        None
    }
}

/// A letter in lower case; those that would become several stay.
fn fold(one: char) -> char {
    let mut lower = one.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn styled(line: &str) -> Vec<(Style, String)> {
        spans(line).into_iter().map(|span| (span.style, span.text)).collect()
    }

    #[test]
    fn colours_become_styles() {
        let red = Style { color: Some(Color::Red), bold: true, ..Style::default() };
        assert_eq!(
            styled("a\u{1b}[1;31mb\u{1b}[0mc"),
            [(Style::default(), "a".into()), (red, "b".into()), (Style::default(), "c".into())]
        );
        for (code, color) in [
            ("38;5;196", Color::Red),
            ("38;5;21", Color::Blue),
            ("38;5;250", Color::White),
            ("38;5;233", Color::Black),
            ("38;2;250;200;0", Color::Yellow),
            ("38:2:0:200:190", Color::Cyan),
            ("95", Color::Magenta),
        ] {
            assert_eq!(styled(&format!("\u{1b}[{code}mx"))[0].0.color, Some(color), "{code}");
        }
        let ground = styled("\u{1b}[7;44;4;9mx\u{1b}[27;49;24;29my");
        assert!(ground[0].0.inverse && ground[0].0.ground == Some(Color::Blue) && ground[0].0.struck);
        assert_eq!(ground[1].0, Style::default());
    }

    #[test]
    fn other_sequences_leave_nothing() {
        for line in [
            "\u{1b}[2Ka\u{1b}[1Ab",
            "\u{1b}]0;title\u{7}ab",
            "\u{1b}]8;;http://x\u{1b}\\ab\u{1b}]8;;\u{1b}\\",
            "a\u{8}b\u{0}",
            "\u{1b}(Bab",
            "\u{1b}cab",
            "\u{1b}[?25lab\u{1b}[?25h",
            "ab\u{1b}[38;5",
            "ab\u{1b}[",
            "ab\u{1b}",
        ] {
            assert_eq!(plain(line), "ab", "{line:?}");
            assert_eq!(spans(line).into_iter().map(|span| span.text).collect::<String>(), "ab", "{line:?}");
        }
        assert_eq!(plain("a\tb"), "a\tb");
        assert_eq!(plain("\u{1b}]0;never ends"), "0;never ends");
        assert_eq!(plain("<b>&lt;\u{1b}[31m<script>"), "<b>&lt;<script>");
    }

    #[test]
    fn of_a_progress_bar_the_last_state_is_left() {
        assert_eq!(last_drawn("  0%|  \r 50%|# \r100%|##"), "100%|##");
        assert_eq!(last_drawn("100%|##\r\r  \r"), "100%|##");
        assert_eq!(last_drawn("plain"), "plain");
        assert_eq!(last_drawn("\r\r"), "");
    }

    #[test]
    fn words_are_found_in_capitals_or_not() {
        assert_eq!(Needle::new("error").all_in("Error ERRORerror"), [0..5, 6..11, 11..16]);
        assert_eq!(Needle::new("ÜBER").all_in("x über Über"), [2..7, 8..13]);
        assert_eq!(Needle::new("aa").all_in("aaaaa"), [0..2, 2..4]);
        assert!(!Needle::new("").is_in("x") && !Needle::new("longer").is_in("short"));
        assert_eq!(Needle::new("b").all_in("üb b"), [2..3, 4..5]);
    }

    proptest! {
        #[test]
        fn any_text_is_safe(line in "[\\PC\\x00-\\x1f\u{1b}\\[\\]m;0-9]{0,60}", needle in "\\PC{0,3}") {
            let texts: String = spans(&line).into_iter().map(|span| span.text).collect();
            prop_assert_eq!(&texts, &plain(&line));
            prop_assert!(!texts.bytes().any(is_control));
            let _ = (last_drawn(&line), crate::log::Level::of(&line));
            for found in Needle::new(&needle).all_in(&line) {
                prop_assert!(line.get(found).is_some());
            }
        }
    }

    #[test]
    fn a_line_of_a_megabyte_of_escapes_is_read_once() {
        let line = "\u{1b}[31m\u{1b}]".repeat(150_000);
        assert!(spans(&line).is_empty());
        assert_eq!(plain(&"\u{1b}[".repeat(500_000)), "");
    }
}
