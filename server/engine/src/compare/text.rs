//! Differences of texts: of long values word by word, of files line by line.

use model::{
    compare::{DiffLine, Hunk, LineKind, Piece, TextDiff},
    limits,
};
use similar::{Algorithm, ChangeTag, TextDiff as Differ};
use std::time::Duration;

/// Texts this short are read at a glance.
const LONG_CHARACTERS: usize = 24;
/// A comparison of texts that have nothing in common gives up the best answer after this and takes a good one.
const TIME_MAX: Duration = Duration::from_millis(300);
/// Lines shown around a change, as `diff -u` does.
const LINES_AROUND: usize = 3;
/// What two values share is shortened only where there is more of it than a cell shows well.
const SHARED_CHARACTERS: usize = 120;
/// Of what two long values share, this much stays beside each change.
const CHARACTERS_AROUND: usize = 30;

/// What was taken from `old` and put in its place, when one of them is too long to see it at once.
pub(super) fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let is_long = |text: &str| text.chars().nth(LONG_CHARACTERS).is_some();
    if old == new || !(is_long(old) && is_long(new)) {
        return Vec::new();
    }
    let (old, new) = (cut(old, limits::COMPARE_VALUE_BYTES_MAX), cut(new, limits::COMPARE_VALUE_BYTES_MAX));
    let (old, new) = (parts(old), parts(new));
    let diff = Differ::configure().timeout(TIME_MAX).diff_slices(&old, &new);
    let mut pieces: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = kind(change.tag());
        match pieces.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(change.value()),
            _ => pieces.push(Piece { kind, text: change.value().to_owned() }),
        }
    }
    let count = pieces.len();
    for (place, piece) in pieces.iter_mut().enumerate() {
        if piece.kind == LineKind::Same {
            piece.text = shortened(&piece.text, place > 0, place + 1 < count);
        }
    }
    bounded(pieces)
}

/// Words and what stands between them, each on its own: paths and configurations change in parts of words.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (at, one) in text.char_indices() {
        // Numbers and versions stay whole.
        let is_word = one.is_alphanumeric() || one == '.';
        if at > start && !(is_word && in_word) {
            parts.push(&text[start..at]);
            start = at;
        }
        in_word = is_word;
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

/// What both texts have, without its middle, or its end that no change is near to.
fn shortened(text: &str, change_before: bool, change_after: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (head, tail) =
        (if change_before { CHARACTERS_AROUND } else { 0 }, if change_after { CHARACTERS_AROUND } else { 0 });
    if letters.len() <= SHARED_CHARACTERS {
        return text.to_owned();
    }
    let begin: String = letters[..head].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{begin}…{end}")
}

/// As many pieces as a cell shows.
fn bounded(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut room = limits::COMPARE_CELL_CHARACTERS_MAX;
    let mut kept = Vec::new();
    for piece in pieces {
        let length = piece.text.chars().count();
        if length > room {
            let text = piece.text.chars().take(room).chain(['…']).collect();
            kept.push(Piece { text, ..piece });
            break;
        }
        room -= length;
        kept.push(piece);
    }
    kept
}

fn kind(tag: ChangeTag) -> LineKind {
    match tag {
        ChangeTag::Equal => LineKind::Same,
        ChangeTag::Delete => LineKind::Removed,
        ChangeTag::Insert => LineKind::Added,
    }
}

/// The beginning of a text, cut between two characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Line by line, with what changed inside of lines that resemble each other.
pub(crate) fn lines(old: &str, new: &str) -> TextDiff {
    let mut answer = TextDiff { from_present: true, to_present: true, ..TextDiff::default() };
    if old == new {
        return TextDiff { equal: true, ..answer };
    }
    let diff = Differ::configure().algorithm(Algorithm::Patience).timeout(TIME_MAX).diff_lines(old, new);
    let mut room = limits::COMPARE_DIFF_LINES_MAX;
    for group in diff.grouped_ops(LINES_AROUND) {
        let mut hunk = Hunk::default();
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let kind = kind(change.tag());
            match kind {
                LineKind::Added => answer.added += 1,
                LineKind::Removed => answer.removed += 1,
                LineKind::Same => {}
            }
            if room == 0 {
                answer.cut = true;
                continue;
            }
            room -= 1;
            let pieces = change.iter_strings_lossy().map(|(changed, text)| {
                let kind = if changed { kind } else { LineKind::Same };
                let text = cut(text.trim_end_matches(['\n', '\r']), limits::COMPARE_LINE_BYTES_MAX);
                Piece { kind, text: text.to_owned() }
            });
            let number = |index: Option<usize>| index.map(|index| index as u32 + 1);
            hunk.lines.push(DiffLine {
                kind,
                old: number(change.old_index()),
                new: number(change.new_index()),
                pieces: pieces.filter(|piece| !piece.text.is_empty()).collect(),
            });
        }
        if !hunk.lines.is_empty() {
            answer.hunks.push(hunk);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pieces: &[Piece]) -> String {
        let one = |piece: &Piece| match piece.kind {
            LineKind::Same => piece.text.clone(),
            LineKind::Removed => format!("[-{}]", piece.text),
            LineKind::Added => format!("[+{}]", piece.text),
        };
        pieces.iter().map(one).collect()
    }

    #[test]
    fn a_long_value_shows_the_words_that_changed() {
        let old = "s3://bucket/datasets/images-v1/train.parquet";
        let new = "s3://bucket/datasets/images-v2/train.parquet";
        assert_eq!(written(&pieces(old, new)), "s3://bucket/datasets/images-[-v1][+v2]/train.parquet");
    }

    #[test]
    fn what_is_far_from_a_change_is_left_out() {
        let shared = "layer: conv, ".repeat(100);
        let found = written(&pieces(&format!("{shared}end: relu"), &format!("{shared}end: gelu")));
        assert!(found.starts_with('…') && found.ends_with("end: [-relu][+gelu]"), "{found}");
        assert!(found.chars().count() < 80, "{found}");
    }

    #[test]
    fn short_and_equal_values_have_no_pieces() {
        assert!(pieces("adam", "sgd").is_empty());
        let long = "a long text that is the same twice";
        assert!(pieces(long, long).is_empty());
    }

    #[test]
    fn pieces_fit_into_a_cell() {
        let (old, new) = ("a b ".repeat(20_000), "c d ".repeat(20_000));
        let length: usize = pieces(&old, &new).iter().map(|piece| piece.text.chars().count()).sum();
        assert!(length <= limits::COMPARE_CELL_CHARACTERS_MAX + 1, "{length}");
    }

    #[test]
    fn lines_carry_their_numbers_and_the_words_that_changed() {
        let old = "one\ntwo\nlearning_rate = 0.1\nfour\n";
        let new = "one\ntwo\nlearning_rate = 0.2\nfour\nfive\n";
        let diff = lines(old, new);
        assert_eq!((diff.added, diff.removed, diff.equal, diff.cut), (2, 1, false, false));
        let shown: Vec<_> =
            diff.hunks[0].lines.iter().map(|line| (line.old, line.new, written(&line.pieces))).collect();
        assert_eq!(shown[0], (Some(1), Some(1), "one".to_owned()));
        assert_eq!(shown[2].0, Some(3));
        assert!(shown[2].2.contains("[-0.1]"), "{}", shown[2].2);
        assert!(shown[3].2.contains("[+0.2]"), "{}", shown[3].2);
        assert_eq!((shown[5].0, shown[5].1), (None, Some(5)));
    }

    #[test]
    fn far_lines_are_left_out_and_too_many_are_cut() {
        let old = (0..1_000).map(|line| line.to_string() + "\n").collect::<String>();
        let new = old.replace("500\n", "five hundred\n");
        let diff = lines(&old, &new);
        assert_eq!(diff.hunks.len(), 1);
        assert_eq!(diff.hunks[0].lines.len(), 8);
        let other = (0..100_000).map(|line| line.to_string() + "\n").collect::<String>();
        let diff = lines("", &other);
        assert!(diff.cut);
        assert_eq!(diff.added, 100_000);
        assert_eq!(diff.hunks[0].lines.len(), limits::COMPARE_DIFF_LINES_MAX);
        assert!(lines(&old, &old).equal);
    }
}
