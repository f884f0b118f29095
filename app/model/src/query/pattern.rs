//! Regular expressions of queries: checked where they are written, matched in time linear in the text.
//!
//! One dialect, that of the `regex` crate without `\p{…}`: what is left of it can be checked without tables of Unicode, so
//! that the browser, which has none, finds the same mistakes at the same places as the server.

use crate::limits;
use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ClassSetItem, Flag, FlagsItemKind, Span, Visitor};
use std::{ops::Range, sync::OnceLock};

/// A regular expression that can be read. Two are equal when their texts are.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// Reads one, or says what is wrong with which of its bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, (Range<usize>, String)> {
        let text = text.into();
        let whole = 0..text.len();
        if text.len() > limits::PATTERN_BYTES_MAX {
            let most = limits::PATTERN_BYTES_MAX;
            return Err((whole, format!("a regular expression has at most {most} bytes")));
        }
        let mut parser = ast::parse::ParserBuilder::new().nest_limit(limits::PATTERN_DEPTH_MAX).build();
        let wrong = |span: &Span, kind: String| (span.start.offset..span.end.offset, kind);
        let read = parser.parse(&text).map_err(|error| wrong(error.span(), error.kind().to_string()))?;
        ast::visit(&read, Refused).map_err(|(span, message)| wrong(&span, message.to_owned()))?;
        let pattern = Self { text, compiled: OnceLock::new() };
        // Where nothing is ever matched, as in the browser so far, the machinery is left out of the program.
        if cfg!(not(target_arch = "wasm32")) && pattern.compiled().is_none() {
            return Err((whole, "this regular expression is too large".to_owned()));
        }
        Ok(pattern)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it describes any part of the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled().is_some_and(|compiled| compiled.is_match(text))
    }

    fn compiled(&self) -> Option<&Regex> {
        let compile = || {
            RegexBuilder::new(&self.text)
                .nest_limit(limits::PATTERN_DEPTH_MAX)
                .size_limit(limits::PATTERN_COMPILED_BYTES_MAX)
                .dfa_size_limit(limits::PATTERN_CACHE_BYTES_MAX)
                .build()
                .ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// Finds what the dialect has and we have not.
struct Refused;

impl Refused {
    const CLASS: &str = "classes of Unicode are not supported: expected \\w, \\d, \\s or a class in brackets";
    const FLAG: &str = "the flag u is not supported";

    fn flags(flags: &ast::Flags) -> Result<(), (Span, &'static str)> {
        let refused = flags.items.iter().find(|one| one.kind == FlagsItemKind::Flag(Flag::Unicode));
        refused.map_or(Ok(()), |one| Err((one.span, Self::FLAG)))
    }
}

impl Visitor for Refused {
    type Output = ();
    type Err = (Span, &'static str);

    fn finish(self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn visit_pre(&mut self, part: &Ast) -> Result<(), Self::Err> {
        match part {
            Ast::ClassUnicode(class) => Err((class.span, Self::CLASS)),
            Ast::Flags(set) => Self::flags(&set.flags),
            Ast::Group(group) => group.flags().map_or(Ok(()), Self::flags),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Unicode(class) => Err((class.span, Self::CLASS)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_says_where() {
        for (pattern, text, fits) in [
            ("bert", "a-bert-b", true),
            ("^bert-", "bert-large", true),
            ("^bert-", "a-bert-b", false),
            ("(?i)BERT$", "bert", true),
            ("(?i)ÄRGER", "ärger", true),
            (r"^\w+$", "größe_1", true),
            (r"seed=\d{2,}\b", "seed=17,", true),
            ("[a-c&&[^b]]x", "bx", false),
            ("^.$", "ä", true),
            ("", "", true),
            ("a.b", "a\nb", false),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().is_match(text), fits, "{pattern} in {text}");
        }
    }

    #[test]
    fn a_mistake_has_its_place() {
        for (pattern, at, message) in [
            ("a(b", "(", "unclosed group"),
            ("ab)c", ")", "unopened group"),
            ("[a-", "[", "unclosed character class"),
            ("a{3", "{3", "unclosed counted repetition"),
            ("a{3,1}", "{3,1}", "invalid repetition count range"),
            ("x+|*?", "", "repetition operator missing expression"),
            (r"ä\q", r"\q", "unrecognized escape sequence"),
            (r"a\pL", r"\pL", "classes of Unicode"),
            (r"[^x\p{Greek}]", r"\p{Greek}", "classes of Unicode"),
            ("(?i-u:a)", "u", "the flag u"),
            ("a(?u)", "u", "the flag u"),
            ("a(?=b)", "(?=", "look-around"),
            (r"(a)\1", r"\1", "backreferences"),
            (r"(?i)\w{900}", r"(?i)\w{900}", "this regular expression is too large"),
            ("x{9}{9}{9}{9}{9}", "x{9}{9}{9}{9}{9}", "this regular expression is too large"),
        ] {
            let (range, said) = Pattern::new(pattern).expect_err(pattern);
            assert_eq!(pattern.get(range), Some(at), "{pattern}: {said}");
            assert!(said.starts_with(message), "{pattern}: {said}");
        }
        assert!(Pattern::new("(".repeat(900)).is_err());
        assert!(Pattern::new(format!("{}a{}", "(".repeat(400), ")".repeat(400))).is_err());
        assert!(Pattern::new("a".repeat(limits::PATTERN_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn patterns_that_people_write_fit() {
        for pattern in [r"^[\w.+-]+@[\w-]+\.[\w.]+$", r"(?i)^(resnet|bert|gpt)[-_]?\w*\s\d+$", r"\b\w{1,8}\b"]
        {
            Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}"));
        }
    }

    #[test]
    fn a_pattern_that_others_choke_on_ends_soon() {
        let pattern = Pattern::new("^(a+)+$|(a|aa)+b|(.*)(.*)(.*)x").unwrap();
        assert!(!pattern.is_match(&format!("{}!", "a".repeat(50_000))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        /// So the browser, which only checks, and the server, which compiles, find the same.
        #[test]
        fn what_passes_the_check_compiles_or_is_too_large(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "ß", "(", ")", "(?i)", "(?x: ", "(?-s:", "(?P<n>", "[", "]", "[^", "-", "&&", "~~", "[:alpha:]", "\\w",
                "\\D", "\\s", "\\b", "\\B", "\\b{start}", "\\<", "^", "$", "\\A", "\\z", ".", "|", "*", "+?", "{2,3}", "{9}",
                "\\x{61}", "\\n", "\\pL", "(?u)", "(?R)", "(?U)", "\\-", "\\xFF",
            ]), 0..12),
        ) {
            let text = parts.concat();
            match Pattern::new(text.as_str()) {
                Ok(pattern) => { pattern.is_match("aßa b"); }
                Err((at, message)) => {
                    prop_assert!(text.get(at).is_some(), "{text}: {message}");
                    if message.ends_with("too large") {
                        let error = RegexBuilder::new(&text).size_limit(limits::PATTERN_COMPILED_BYTES_MAX).build();
                        prop_assert!(matches!(error, Err(regex::Error::CompiledTooBig(_))), "{text}: {error:?}");
                    }
                }
            }
        }
    }
}
