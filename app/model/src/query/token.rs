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

pub(crate) type Input<'a> = LocatingSlice<&'a str>;

/// The tokens of a text, or where it stops making sense.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned<'_>>, QueryError> {
    Ok(each(text, token)?.into_iter().map(|(token, at)| Spanned { token, at }).collect())
}

/// What follows each other in a text with blanks between, each with its place, or where none of them begins.
pub(crate) fn each<'a, T>(
    text: &'a str,
    one: fn(&mut Input<'a>) -> winnow::ModalResult<T>,
) -> Result<Vec<(T, Range<usize>)>, QueryError> {
    let mut input = LocatingSlice::new(text);
    let mut found = Vec::new();
    loop {
        let blank: winnow::ModalResult<&str> = multispace0.parse_next(&mut input);
        blank.map_err(|_| QueryError::new(0..text.len(), "cannot be read"))?;
        if input.is_empty() {
            return Ok(found);
        }
        let start = text.len() - input.len();
        found.push(one.with_span().parse_next(&mut input).map_err(|_| unreadable(text, start))?);
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

fn quoted<'a>(
    quote: char,
) -> impl winnow::Parser<Input<'a>, Token<'a>, winnow::error::ErrMode<winnow::error::ContextError>> {
    between(quote).map(move |inner| Token::Quoted { quote, inner })
}

/// Text between two quotes, as written; two quotes in it are one of them.
pub(crate) fn between<'a>(
    quote: char,
) -> impl winnow::Parser<Input<'a>, &'a str, winnow::error::ErrMode<winnow::error::ContextError>> {
    let double = (one_of(quote), one_of(quote)).void();
    let plain = take_till(1.., quote).void();
    let inner = repeat::<_, _, (), _, _>(0.., alt((plain, double))).take();
    delimited(one_of(quote), inner, one_of(quote))
}

/// Letters and digits of all scripts, and what keys and numbers hold beside them.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_./:-+@#$".contains(character)
}
