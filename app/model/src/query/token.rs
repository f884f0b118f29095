//! From text to tokens, each with its place.

use super::QueryError;
use std::ops::Range;
use winnow::{
    Parser as _,
    ascii::multispace0,
    combinator::{alt, delimited, repeat},
    stream::LocatingSlice,
    token::{one_of, take_till, take_while},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a path, a number, a duration: everything without quotes and blanks.
    Word(&'a str),
    /// What stands between quotes, as written: a doubled quote is still doubled.
    Quoted {
        quote: char,
        inner: &'a str,
    },
    /// `= == != <> < <= > >= ~ !~`
    Operator(&'a str),
    Open,
    Close,
    Comma,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spanned<'a> {
    pub token: Token<'a>,
    pub at: Range<usize>,
}

type Input<'a> = LocatingSlice<&'a str>;

/// The tokens of a text, or where it stops making sense.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned<'_>>, QueryError> {
    let mut input = LocatingSlice::new(text);
    let mut tokens = Vec::new();
    loop {
        let blank: winnow::ModalResult<&str> = multispace0.parse_next(&mut input);
        blank.map_err(|_| QueryError::new(0..text.len(), "cannot be read"))?;
        if input.is_empty() {
            return Ok(tokens);
        }
        let start = text.len() - input.len();
        let Ok((token, at)) = token.with_span().parse_next(&mut input) else {
            return Err(unreadable(text, start));
        };
        tokens.push(Spanned { token, at });
    }
}

/// What is wrong at a place where no token begins.
fn unreadable(text: &str, start: usize) -> QueryError {
    let wrong = text[start..].chars().next().unwrap_or_default();
    match wrong {
        '\'' | '"' | '`' => QueryError::new(start..text.len(), format!("this {wrong} is never closed")),
        _ => QueryError::new(start..start + wrong.len_utf8(), format!("\"{wrong}\" is not expected here")),
    }
}

fn token<'a>(input: &mut Input<'a>) -> winnow::ModalResult<Token<'a>> {
    alt((
        "(".value(Token::Open),
        ")".value(Token::Close),
        ",".value(Token::Comma),
        alt((alt(("!~", "~")), alt(("==", "!=", "<>", "<=", ">=", "=", "<", ">")))).map(Token::Operator),
        quoted('\''),
        quoted('"'),
        quoted('`'),
        take_while(1.., is_word).map(Token::Word),
    ))
    .parse_next(input)
}

/// Text between two quotes; two quotes in it are one of them.
fn quoted<'a>(
    quote: char,
) -> impl winnow::Parser<Input<'a>, Token<'a>, winnow::error::ErrMode<winnow::error::ContextError>> {
    let double = (one_of(quote), one_of(quote)).void();
    let plain = take_till(1.., quote).void();
    let inner = repeat::<_, _, (), _, _>(0.., alt((plain, double))).take();
    delimited(one_of(quote), inner, one_of(quote)).map(move |inner| Token::Quoted { quote, inner })
}

/// Letters and digits of all scripts, and what keys and numbers hold beside them.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_./:-+@#$".contains(character)
}
