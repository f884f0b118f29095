//! What may come next in a query that somebody is typing: where the cursor stands, and what belongs there.

use super::{
    Attribute, AttributeKind, Field,
    parse::parse_fields,
    token::{Spanned, Token, tokens},
};
use std::ops::Range;

/// What belongs where the cursor stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Bytes of the text that the choice replaces: the word that is being typed, or nothing.
    pub at: Range<usize>,
    pub wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A field whose name begins or contains this.
    Field(String),
    /// One of these words.
    Word(Vec<&'static str>),
    /// A value of a field, as far as it is typed, without quotes.
    Value { field: Field, typed: String },
}

/// What stands before the cursor, as far as it matters for what comes next.
enum State {
    Field,
    Operator(Field),
    Value(Field),
    /// Inside the parentheses of `in`.
    List(Field),
    Pattern,
    Bound,
    Null,
    Join,
}

/// What may stand at the cursor, a byte of the text. None where nothing can be offered: in the middle of a number, or when
/// what stands before it cannot be read.
pub fn complete(text: &str, cursor: usize) -> Option<Completion> {
    let head = text.get(..cursor)?;
    let (before, typed, start) = split(head)?;
    let mut state = State::Field;
    let read = tokens(before).ok()?;
    let mut next = 0;
    while next < read.len() {
        (state, next) = step(before, &read, next, state)?;
    }
    let word = typed.to_ascii_lowercase();
    let matching = |words: &[&'static str]| {
        words.iter().copied().filter(|one| one.starts_with(&word)).collect::<Vec<_>>()
    };
    let wanted = match state {
        State::Field => Wanted::Field(typed.to_owned()),
        State::Operator(field) => Wanted::Word(matching(&operators(&field))),
        State::Value(field) | State::List(field) => {
            let typed = typed.trim_start_matches(['\'', '"', '(']).to_owned();
            Wanted::Value { field, typed }
        }
        State::Null => Wanted::Word(matching(&["null", "not null", "nan"])),
        State::Join => Wanted::Word(matching(&["and", "or"])),
        State::Bound | State::Pattern => return None,
    };
    Some(Completion { at: start..cursor, wanted })
}

/// What is finished before the cursor, the word that is not, and where that begins. A text in quotes that is still open is
/// such a word.
fn split(head: &str) -> Option<(&str, &str, usize)> {
    let mut open: Option<(usize, char)> = None;
    let mut word = 0;
    for (at, sign) in head.char_indices() {
        match open {
            Some((_, quote)) if sign == quote => open = None,
            None if matches!(sign, '\'' | '"' | '`') => {
                // A quote after a dot belongs to the key that began before it.
                if !head[..at].ends_with('.') {
                    word = at;
                }
                open = Some((at, sign));
            }
            None if sign.is_whitespace() || "(),=<>!~".contains(sign) => word = at + sign.len_utf8(),
            Some(_) | None => {}
        }
    }
    Some((head.get(..word)?, head.get(word..)?, word))
}

fn step(text: &str, tokens: &[Spanned], next: usize, state: State) -> Option<(State, usize)> {
    let Spanned { token, at } = &tokens[next];
    let is = |word: &str| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word));
    let after = next + 1;
    Some(match state {
        State::Field if is("not") || *token == Token::Open => (State::Field, after),
        State::Field => {
            // A field is one word, or several without a blank between them.
            let mut end = after;
            while end < tokens.len() && tokens[end].at.start == tokens[end - 1].at.end {
                if matches!(tokens[end].token, Token::Operator(_) | Token::Open | Token::Close | Token::Comma)
                {
                    break;
                }
                end += 1;
            }
            let name = text.get(at.start..tokens[end - 1].at.end)?;
            let [field] = <[Field; 1]>::try_from(parse_fields(name).ok()?).ok()?;
            (State::Operator(field), end)
        }
        State::Operator(field) => match token {
            Token::Operator("~" | "!~") => (State::Pattern, after),
            Token::Operator(_) => (State::Value(field), after),
            _ if is("not") => (State::Operator(field), after),
            _ if is("is") => (State::Null, after),
            _ if is("between") => (State::Bound, after),
            _ if is("like") || is("ilike") => (State::Value(field), after),
            _ if is("in") => (State::List(field), after),
            _ => return None,
        },
        State::List(field) => match token {
            Token::Close => (State::Join, after),
            _ => (State::List(field), after),
        },
        // Two numbers with an "and" between them.
        State::Bound => (if is("and") { State::Null } else { State::Bound }, after),
        State::Null if is("not") => (State::Null, after),
        State::Value(_) | State::Pattern | State::Null => (State::Join, after),
        State::Join => match token {
            Token::Close => (State::Join, after),
            _ if is("and") || is("or") => (State::Field, after),
            _ => return None,
        },
    })
}

fn operators(field: &Field) -> Vec<&'static str> {
    const NUMBERS: [&str; 7] = ["=", "!=", "<", "<=", ">", ">=", "between"];
    const TEXTS: [&str; 8] = ["=", "!=", "in", "like", "ilike", "~", "!~", "not in"];
    let mut found: Vec<&str> = match field {
        Field::Metric { .. } => NUMBERS.into(),
        Field::Attribute(Attribute::Archived) => return vec!["=", "!="],
        Field::Attribute(Attribute::Status) => vec!["=", "!=", "in", "not in"],
        Field::Attribute(attribute) if attribute.kind() != AttributeKind::Text => NUMBERS.into(),
        Field::Param(_) => [&TEXTS[..2], &NUMBERS[2..], &TEXTS[2..]].concat(),
        Field::Attribute(_) | Field::Tag(_) | Field::Dataset(_) => TEXTS.into(),
    };
    found.extend(["is null", "is not null"]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is offered where `|` stands.
    fn offered(text: &str) -> Option<Completion> {
        let cursor = text.find('|').expect("a cursor");
        complete(&text.replace('|', ""), cursor)
    }

    fn field(text: &str) -> (Range<usize>, String) {
        match offered(text) {
            Some(Completion { at, wanted: Wanted::Field(typed) }) => (at, typed),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn words(text: &str) -> Vec<&'static str> {
        match offered(text) {
            Some(Completion { wanted: Wanted::Word(words), .. }) => words,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn value(text: &str) -> (String, String) {
        match offered(text) {
            Some(Completion { wanted: Wanted::Value { field, typed }, .. }) => (field.to_string(), typed),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_field_stands_at_the_start_and_after_every_joint() {
        assert_eq!(field("|"), (0..0, String::new()));
        assert_eq!(field("metr|"), (0..4, "metr".into()));
        assert_eq!(field("not (params.l|"), (5..13, "params.l".into()));
        assert_eq!(field("metrics.a > 1 and |"), (18..18, String::new()));
        assert_eq!(field("params.a in (1, 2) or ta|"), (22..24, "ta".into()));
        assert_eq!(field("metrics.\"val l|"), (0..14, "metrics.\"val l".into()));
        assert_eq!(field("lr between 1 and 2 and |".replace("lr", "params.lr").as_str()).1, "");
    }

    #[test]
    fn after_a_field_comes_how_it_compares_and_after_that_a_joint() {
        assert_eq!(words("metrics.a |")[..3], ["=", "!=", "<"]);
        assert_eq!(words("params.a l|"), ["like"]);
        assert_eq!(words("status n|"), ["not in"]);
        assert_eq!(words("name |")[5..7], ["~", "!~"]);
        assert_eq!(words("name ~ 'a (b' |"), ["and", "or"]);
        assert_eq!(words("metrics.\"val loss\".min i|"), ["is null", "is not null"]);
        assert_eq!(words("metrics.a is |"), ["null", "not null", "nan"]);
        assert_eq!(words("metrics.a > 1 |"), ["and", "or"]);
        assert_eq!(words("(name = 'a b') o|"), ["or"]);
    }

    #[test]
    fn values_are_of_the_field_before() {
        assert_eq!(value("params.opt = |"), ("params.opt".into(), String::new()));
        assert_eq!(value("params.opt = 'ad|"), ("params.opt".into(), "ad".into()));
        assert_eq!(value("status in ('failed', 'ru|"), ("status".into(), "ru".into()));
        assert_eq!(value("params.opt='ad|").1, "ad");
    }

    #[test]
    fn where_nothing_fits_nothing_is_offered() {
        assert_eq!(offered("metrics.a between |"), None);
        assert_eq!(offered("name ~ |"), None);
        assert_eq!(offered("name !~'a|"), None);
        assert_eq!(offered("metrics. > |"), None);
        assert_eq!(offered("metrics.a > 1 metrics.b |"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,40}", at in any::<prop::sample::Index>()) {
            let at = at.index(text.len() + 1);
            if let Some(found) = complete(&text, at) {
                prop_assert!(found.at.start <= found.at.end && found.at.end == at);
                prop_assert!(text.is_char_boundary(found.at.start));
            }
        }
    }
}
