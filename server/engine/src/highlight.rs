//! Code as HTML with classes for comments, strings, numbers and keywords: one pass over the text, in a handful of spans a
//! line, good enough to read by. Every letter of the author's is escaped.

/// What tells the parts of a language apart.
struct Language {
    /// Ends of file names, and words behind the fence of a code block.
    names: &'static [&'static str],
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    /// Strings that end on their line, and those that may go on.
    quotes: &'static str,
    long_quotes: &'static [&'static str],
    keywords: &'static [&'static str],
    /// Keywords are such in any case.
    folds: bool,
    /// A word or string before this sign is a key.
    key_sign: Option<char>,
}

const PLAIN: Language = Language {
    names: &[],
    line_comments: &[],
    block_comment: None,
    quotes: "\"",
    long_quotes: &[],
    keywords: &[],
    folds: false,
    key_sign: None,
};

const C_LIKE: Language =
    Language { line_comments: &["//"], block_comment: Some(("/*", "*/")), quotes: "\"'", ..PLAIN };

const LANGUAGES: [Language; 12] = [
    Language {
        names: &["py", "pyi", "python", "ipynb-cell"],
        line_comments: &["#"],
        quotes: "\"'",
        long_quotes: &["\"\"\"", "'''"],
        keywords: &[
            "False", "None", "True", "and", "as", "assert", "async", "await", "break", "case", "class",
            "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if",
            "import", "in", "is", "lambda", "match", "nonlocal", "not", "or", "pass", "raise", "return",
            "self", "try", "while", "with", "yield",
        ],
        ..PLAIN
    },
    Language {
        names: &["json", "jsonl", "ndjson", "ipynb"],
        keywords: &["true", "false", "null", "NaN", "Infinity"],
        key_sign: Some(':'),
        ..PLAIN
    },
    Language {
        names: &["yaml", "yml", "mlmodel", "mlproject"],
        line_comments: &["#"],
        quotes: "\"'",
        keywords: &["true", "false", "null", "yes", "no", "on", "off"],
        key_sign: Some(':'),
        ..PLAIN
    },
    Language {
        names: &["toml", "ini", "cfg", "conf", "env", "properties"],
        line_comments: &["#", ";"],
        quotes: "\"'",
        long_quotes: &["\"\"\"", "'''"],
        keywords: &["true", "false"],
        key_sign: Some('='),
        ..PLAIN
    },
    Language {
        names: &["rs", "rust"],
        // A quote may begin a lifetime.
        quotes: "\"",
        keywords: &[
            "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
            "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
            "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true", "type", "unsafe",
            "use", "where", "while",
        ],
        ..C_LIKE
    },
    Language {
        names: &["sh", "bash", "zsh", "shell", "console", "dockerfile", "makefile", "mk"],
        line_comments: &["#"],
        quotes: "\"'",
        keywords: &[
            "case",
            "do",
            "done",
            "elif",
            "else",
            "esac",
            "exit",
            "export",
            "fi",
            "for",
            "function",
            "if",
            "in",
            "local",
            "return",
            "set",
            "source",
            "then",
            "until",
            "while",
            "FROM",
            "RUN",
            "COPY",
            "ENV",
            "ARG",
            "WORKDIR",
            "ENTRYPOINT",
            "CMD",
        ],
        ..PLAIN
    },
    Language {
        names: &["js", "mjs", "cjs", "jsx", "ts", "tsx", "javascript", "typescript"],
        long_quotes: &["`"],
        keywords: &[
            "async",
            "await",
            "break",
            "case",
            "catch",
            "class",
            "const",
            "continue",
            "default",
            "delete",
            "do",
            "else",
            "export",
            "extends",
            "false",
            "finally",
            "for",
            "from",
            "function",
            "if",
            "import",
            "in",
            "instanceof",
            "interface",
            "let",
            "new",
            "null",
            "of",
            "return",
            "static",
            "super",
            "switch",
            "this",
            "throw",
            "true",
            "try",
            "type",
            "typeof",
            "undefined",
            "var",
            "void",
            "while",
            "yield",
        ],
        ..C_LIKE
    },
    Language {
        names: &["sql"],
        line_comments: &["--"],
        quotes: "'\"",
        keywords: &[
            "all",
            "alter",
            "and",
            "as",
            "asc",
            "between",
            "by",
            "case",
            "create",
            "delete",
            "desc",
            "distinct",
            "drop",
            "else",
            "end",
            "exists",
            "from",
            "full",
            "group",
            "having",
            "in",
            "index",
            "inner",
            "insert",
            "into",
            "is",
            "join",
            "left",
            "like",
            "limit",
            "not",
            "null",
            "offset",
            "on",
            "or",
            "order",
            "outer",
            "over",
            "partition",
            "primary",
            "right",
            "select",
            "set",
            "table",
            "then",
            "union",
            "update",
            "values",
            "when",
            "where",
            "with",
        ],
        folds: true,
        ..C_LIKE
    },
    Language {
        names: &[
            "c", "h", "cc", "cpp", "cxx", "hpp", "cu", "cuh", "java", "kt", "go", "cs", "swift", "scala",
        ],
        keywords: &[
            "auto",
            "bool",
            "break",
            "case",
            "catch",
            "char",
            "class",
            "const",
            "continue",
            "default",
            "do",
            "double",
            "else",
            "enum",
            "extends",
            "extern",
            "false",
            "final",
            "float",
            "for",
            "func",
            "go",
            "if",
            "import",
            "int",
            "interface",
            "long",
            "namespace",
            "new",
            "null",
            "nullptr",
            "override",
            "package",
            "private",
            "protected",
            "public",
            "return",
            "short",
            "sizeof",
            "static",
            "struct",
            "switch",
            "template",
            "this",
            "throw",
            "true",
            "try",
            "typedef",
            "typename",
            "union",
            "unsigned",
            "using",
            "val",
            "var",
            "virtual",
            "void",
            "while",
        ],
        ..C_LIKE
    },
    Language { names: &["css", "scss", "less"], block_comment: Some(("/*", "*/")), quotes: "\"'", ..PLAIN },
    Language {
        names: &["r", "jl", "julia", "rb", "ruby", "pl"],
        line_comments: &["#"],
        quotes: "\"'",
        keywords: &[
            "FALSE", "NULL", "TRUE", "begin", "break", "def", "do", "else", "elseif", "end", "false", "for",
            "function", "if", "in", "let", "library", "module", "next", "nil", "nothing", "repeat", "return",
            "struct", "true", "using", "while",
        ],
        ..PLAIN
    },
    Language {
        names: &["html", "htm", "xml", "svg", "xhtml"],
        block_comment: Some(("<!--", "-->")),
        quotes: "\"'",
        ..PLAIN
    },
];

/// What a file is called, or what stands behind a fence, after its last dot: `train.py`, `Python`, `Dockerfile`.
fn language(name: &str) -> Option<&'static Language> {
    let name = name.to_lowercase();
    let name = name.rsplit(['/', '.']).next().unwrap_or_default();
    LANGUAGES.iter().find(|language| language.names.contains(&name))
}

/// The text as HTML, by the language that a name stands for. Text of no known language is only escaped.
pub(crate) fn html(text: &str, name: &str) -> String {
    let end = name.to_lowercase();
    if [".diff", ".patch"].iter().any(|known| end.ends_with(known))
        || ["diff", "patch"].contains(&end.as_str())
    {
        return difference(text);
    }
    let mut out = String::with_capacity(text.len() * 5 / 4);
    if let Some(language) = language(name) {
        return Scanner { text, at: 0, language, out }.run();
    }
    escape(text, &mut out);
    out
}

/// Letters that HTML gives a meaning, written so that they have none.
pub(crate) fn escape(text: &str, out: &mut String) {
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            one => out.push(one),
        }
    }
}

fn span(class: &str, text: &str, out: &mut String) {
    out.push_str("<span class=\"code-");
    out.push_str(class);
    out.push_str("\">");
    escape(text, out);
    out.push_str("</span>");
}

fn difference(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for line in text.split_inclusive('\n') {
        let is_head = ["+++", "---", "diff ", "index "].iter().any(|head| line.starts_with(head));
        match line.chars().next() {
            _ if is_head => span("keyword", line, &mut out),
            Some('@') => span("number", line, &mut out),
            Some('+') => span("added", line, &mut out),
            Some('-') => span("removed", line, &mut out),
            _ => escape(line, &mut out),
        }
    }
    out
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    language: &'a Language,
    out: String,
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> String {
        let language = self.language;
        while let Some(one) = self.rest().chars().next() {
            let rest = self.rest();
            if language.line_comments.iter().any(|sign| rest.starts_with(sign)) && self.may_begin_comment() {
                self.take("comment", rest.find('\n').unwrap_or(rest.len()));
            } else if let Some((begin, end)) = language.block_comment
                && rest.starts_with(begin)
            {
                let length = rest[begin.len()..].find(end).map(|at| begin.len() + at + end.len());
                self.take("comment", length.unwrap_or(rest.len()));
            } else if let Some(quote) = language.long_quotes.iter().find(|quote| rest.starts_with(**quote)) {
                let length = rest[quote.len()..].find(quote).map(|at| 2 * quote.len() + at);
                self.take("string", length.unwrap_or(rest.len()));
            } else if language.quotes.contains(one) {
                let length = string(rest, one);
                self.take(if self.is_key(length) { "key" } else { "string" }, length);
            } else if one.is_ascii_digit() {
                let more = |one: char| one.is_ascii_alphanumeric() || one == '.' || one == '_';
                self.take("number", rest.find(|one| !more(one)).unwrap_or(rest.len()));
            } else if one.is_alphabetic() || one == '_' {
                self.word();
            } else {
                let length = one.len_utf8();
                escape(&rest[..length], &mut self.out);
                self.at += length;
            }
        }
        self.out
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, class: &str, length: usize) {
        span(class, &self.rest()[..length], &mut self.out);
        self.at += length;
    }

    /// In shells and YAML a `#` inside of a word begins nothing.
    fn may_begin_comment(&self) -> bool {
        let is_hash = self.rest().starts_with(['#', ';']);
        !is_hash || self.text[..self.at].chars().next_back().is_none_or(char::is_whitespace)
    }

    fn word(&mut self) {
        let rest = self.rest();
        // Keys of data may have hyphens and dots.
        let is_data = self.language.key_sign.is_some();
        let more = |one: char| one.is_alphanumeric() || one == '_' || (is_data && (one == '-' || one == '.'));
        let length = rest.find(|one| !more(one)).unwrap_or(rest.len());
        let word = &rest[..length];
        let keywords = self.language.keywords;
        let is_keyword = if self.language.folds {
            keywords.contains(&word.to_lowercase().as_str())
        } else {
            keywords.contains(&word)
        };
        if self.is_key(length) {
            self.take("key", length);
        } else if is_keyword {
            self.take("keyword", length);
        } else {
            escape(word, &mut self.out);
            self.at += length;
        }
    }

    /// Whether what is so long stands before the sign that makes it a key.
    fn is_key(&self, length: usize) -> bool {
        let Some(sign) = self.language.key_sign else { return false };
        self.rest()[length..].trim_start_matches([' ', '\t']).starts_with(sign)
    }
}

/// Bytes of a string that ends on its line.
fn string(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, one) in text.char_indices().skip(1) {
        match one {
            '\n' => return at,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if one == quote => return at + one.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The HTML with its spans as brackets.
    fn marked(text: &str, name: &str) -> String {
        html(text, name).replace("<span class=\"code-", "[").replace("</span>", "]").replace("\">", " ")
    }

    #[test]
    fn words_strings_numbers_and_comments_are_told_apart() {
        assert_eq!(
            marked("def f(x):  # why\n    return 'a\\'b' + 0.5\n", "train.py"),
            "[keyword def] f(x):  [comment # why]\n    [keyword return] [string &#39;a\\&#39;b&#39;] + [number 0.5]\n"
        );
        assert_eq!(
            marked("\"\"\"two\nlines\"\"\" x", "a.py"),
            "[string &quot;&quot;&quot;two\nlines&quot;&quot;&quot;] x"
        );
        assert_eq!(
            marked("{\"a\": \"b\", \"n\": 1}", "x.JSON"),
            "{[key &quot;a&quot;]: [string &quot;b&quot;], [key &quot;n&quot;]: [number 1]}"
        );
        assert_eq!(
            marked("lr: 0.1 # slow\nname: a#b", "c.yml"),
            "[key lr]: [number 0.1] [comment # slow]\n[key name]: a#b"
        );
        assert_eq!(marked("Select 1 -- x", "sql"), "[keyword Select] [number 1] [comment -- x]");
        assert_eq!(marked("fn f<'a>() {}", "lib.rs"), "[keyword fn] f&lt;&#39;a&gt;() {}");
        assert_eq!(marked("+new\n-old\n same", "x.patch"), "[added +new\n][removed -old\n] same");
        assert_eq!(marked("# not a comment", "notes.txt"), "# not a comment");
    }

    #[test]
    fn nothing_of_the_authors_is_markup_and_nothing_gets_lost() {
        let hostile =
            "</span><script>alert('1')</script> \"<img onerror=x>\" # <b>\n/* <i> */ `<u>` é日\u{202e} 'open";
        for language in LANGUAGES.iter().flat_map(|language| language.names).chain(&["txt", "diff", ""]) {
            let html = html(hostile, language);
            let mut text = String::new();
            let mut rest = html.as_str();
            while let Some(at) = rest.find('<') {
                text.push_str(&rest[..at]);
                let end = rest[at..].find('>').expect("a tag ends") + at + 1;
                let tag = &rest[at..end];
                assert!(tag == "</span>" || tag.starts_with("<span class=\"code-"), "{language}: {tag}");
                rest = &rest[end..];
            }
            text.push_str(rest);
            let mut expected = String::new();
            escape(hostile, &mut expected);
            assert_eq!(text, expected, "{language}");
        }
    }

    #[test]
    fn brackets_and_unclosed_strings_are_passed_in_one_go() {
        for text in ["[".repeat(300_000), "\"".repeat(300_000), "/*".repeat(150_000), "é".repeat(100_000)] {
            for name in ["a.json", "a.js", "a.py"] {
                assert!(html(&text, name).len() >= text.len());
            }
        }
    }
}
