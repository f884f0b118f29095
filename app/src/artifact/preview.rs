//! What a file looks like: a picture, a table, text. Decided by its name and type; shown from at most its beginning.

use model::{artifact::Artifact, limits};

/// How a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A drawing in SVG too: as a picture it runs nothing.
    Image,
    Audio,
    Video,
    Pdf,
    /// In a frame that runs nothing, with its source.
    Page,
    /// Rows of values, parted by this character.
    Table(char),
    /// The first rows, by name and type of their columns.
    Parquet,
    Json,
    Markdown,
    Text,
}

/// By the file's type; whatever is none of the known ones is tried as text.
pub fn kind(artifact: &Artifact) -> Kind {
    let name = artifact.path.file_name().to_lowercase();
    let ends = |end: &str| name.ends_with(end);
    match artifact.mime.as_str() {
        mime if mime.starts_with("image/") => Kind::Image,
        mime if mime.starts_with("audio/") => Kind::Audio,
        // TypeScript has the ending of a kind of video.
        mime if mime.starts_with("video/") && !ends(".ts") => Kind::Video,
        "application/pdf" => Kind::Pdf,
        "text/html" => Kind::Page,
        _ if ends(".csv") => Kind::Table(','),
        _ if ends(".tsv") => Kind::Table('\t'),
        _ if ends(".parquet") || ends(".parq") || ends(".pq") => Kind::Parquet,
        _ if ends(".json") || ends(".ipynb") => Kind::Json,
        _ if ends(".md") || ends(".markdown") => Kind::Markdown,
        _ => Kind::Text,
    }
}

/// Whether the preview holds only the beginning; of a Parquet file it says itself how much it shows.
pub fn cut(artifact: &Artifact) -> bool {
    kind(artifact) != Kind::Parquet && artifact.size_bytes > limits::PREVIEW_BYTES_MAX as i64
}

/// Rows shown of a table: a screen or five.
pub const ROWS_MAX: usize = 200;

/// The rows of a CSV or TSV file, quotes undone (RFC 4180).
pub fn rows(text: &str, part: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            _ if quoted => cell.push(letter),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
                if rows.len() > ROWS_MAX {
                    return rows;
                }
            }
            _ if letter == part => row.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::artifact;
    use super::*;

    #[test]
    fn a_file_is_shown_by_what_it_is() {
        let image = Artifact { mime: "image/png".into(), ..artifact("a.png") };
        assert_eq!(kind(&image), Kind::Image);
        assert_eq!(kind(&artifact("a/B.CSV")), Kind::Table(','));
        assert_eq!(kind(&artifact("part-0.snappy.parquet")), Kind::Parquet);
        assert_eq!(kind(&artifact("m.json")), Kind::Json);
        assert_eq!(kind(&artifact("README.md")), Kind::Markdown);
        assert_eq!(kind(&artifact("train.py")), Kind::Text);
        let of = |mime: &str, path: &str| kind(&Artifact { mime: mime.into(), ..artifact(path) });
        assert_eq!(of("image/svg+xml", "a.svg"), Kind::Image);
        assert_eq!(of("video/mp4", "a.mp4"), Kind::Video);
        assert_eq!(of("video/vnd.dlna.mpeg-tts", "a.ts"), Kind::Text);
        assert_eq!(of("application/pdf", "a.pdf"), Kind::Pdf);
        assert_eq!(of("text/html", "a.html"), Kind::Page);
    }

    #[test]
    fn quoted_cells_may_hold_parts_lines_and_quotes() {
        let text = "a,\"b, \"\"c\"\"\nd\"\r\n1,2";
        assert_eq!(rows(text, ','), [vec!["a", "b, \"c\"\nd"], vec!["1", "2"]]);
        assert_eq!(rows("a\tb\n", '\t'), [vec!["a", "b"]]);
        assert!(rows("", ',').is_empty());
    }

    #[test]
    fn a_long_table_is_cut() {
        assert_eq!(rows(&"1,2\n".repeat(10_000), ',').len(), ROWS_MAX + 1);
    }
}
