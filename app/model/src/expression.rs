//! Expressions over metrics: `train_loss - val_loss`, read with the place of every mistake, and computed point by point.

use crate::{
    limits, param,
    query::{Input, QueryError, between, each, unquoted},
};
use std::{fmt, ops::Range};
use winnow::{
    Parser as _,
    ascii::digit1,
    combinator::{alt, opt},
    token::{one_of, take_while},
};

/// What is computed from metrics, step by step. Only reading a text makes one, so it is never too long or too deep.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
    keys: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    /// Of the keys, by its place.
    Metric(usize),
    Negated(Box<Node>),
    Pair(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Operator {
    fn of(sign: char) -> Option<Self> {
        Some(match sign {
            '+' => Self::Add,
            '-' => Self::Subtract,
            '*' => Self::Multiply,
            '/' => Self::Divide,
            '^' => Self::Power,
            _ => return None,
        })
    }

    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Power => a.powf(b),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Log,
    Log10,
    Exp,
    Sqrt,
    Abs,
    Min,
    Max,
    Ratio,
}

/// What may be called.
pub const FUNCTIONS: [&str; 8] = ["log", "log10", "exp", "sqrt", "abs", "min", "max", "ratio"];

impl Function {
    const ALL: [Self; 8] =
        [Self::Log, Self::Log10, Self::Exp, Self::Sqrt, Self::Abs, Self::Min, Self::Max, Self::Ratio];

    fn named(name: &str) -> Option<Self> {
        FUNCTIONS.iter().position(|known| *known == name).map(|place| Self::ALL[place])
    }

    /// How many values it takes.
    fn takes(self) -> (usize, usize, &'static str) {
        match self {
            Self::Min | Self::Max => (2, usize::MAX, "two values or more"),
            Self::Ratio => (2, 2, "two values"),
            _ => (1, 1, "one value"),
        }
    }

    /// What is no number stays none: a minimum that passed over NaN would hide it.
    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Log => a.ln(),
            Self::Log10 => a.log10(),
            Self::Exp => a.exp(),
            Self::Sqrt => a.sqrt(),
            Self::Abs => a.abs(),
            Self::Min | Self::Max if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Min => a.min(b),
            Self::Max => a.max(b),
            Self::Ratio => a / b,
        }
    }
}

impl Expression {
    /// Reads it, or says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        read(text).map_err(|error| error.counted(text))
    }

    /// The metrics that it is computed from, each once, in the order in which they are named.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The values of `rows` steps; a column for each key, in their order.
    pub fn values(&self, columns: &[Vec<f64>], rows: usize) -> Vec<f64> {
        compute(&self.root, columns, rows)
    }
}

fn compute(node: &Node, columns: &[Vec<f64>], rows: usize) -> Vec<f64> {
    let pair = |values: &mut Vec<f64>, other: &Node, apply: &dyn Fn(f64, f64) -> f64| {
        for (value, other) in values.iter_mut().zip(compute(other, columns, rows)) {
            *value = apply(*value, other);
        }
    };
    match node {
        Node::Number(number) => vec![*number; rows],
        Node::Metric(place) => columns[*place].clone(),
        Node::Negated(inner) => {
            let mut values = compute(inner, columns, rows);
            for value in &mut values {
                *value = -*value;
            }
            values
        }
        Node::Pair(operator, left, right) => {
            let mut values = compute(left, columns, rows);
            pair(&mut values, right, &|a, b| operator.apply(a, b));
            values
        }
        Node::Call(function, given) => {
            let mut values = given.first().map_or_else(Vec::new, |first| compute(first, columns, rows));
            if given.len() == 1 {
                for value in &mut values {
                    *value = function.apply(*value, 0.0);
                }
            }
            for other in given.iter().skip(1) {
                pair(&mut values, other, &|a, b| function.apply(a, b));
            }
            values
        }
    }
}

/// A metric's key as an expression names it: in backticks where it would read as something else.
pub fn quoted(key: &str) -> Quoted<'_> {
    Quoted(key)
}

/// See [`quoted`].
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain =
            self.0.starts_with(begins_name) && self.0.chars().all(is_name) && !FUNCTIONS.contains(&self.0);
        if plain { f.write_str(self.0) } else { write!(f, "`{}`", self.0.replace('`', "``")) }
    }
}

fn begins_name(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Number(&'a str),
    Name(&'a str),
    Key(String),
    Sign(char),
}

type Parsed<T> = Result<T, QueryError>;

fn token<'a>(input: &mut Input<'a>) -> winnow::ModalResult<Token<'a>> {
    let fraction = ('.', opt(digit1)).void();
    let mantissa = alt(((digit1, opt(fraction)).void(), ('.', digit1).void()));
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    alt((
        (mantissa, opt(exponent)).take().map(Token::Number),
        (one_of(begins_name), take_while(0.., is_name)).take().map(Token::Name),
        between('`').map(|inner| Token::Key(unquoted('`', inner))),
        between('"').map(|inner| Token::Key(unquoted('"', inner))),
        between('\'').map(|inner| Token::Key(unquoted('\'', inner))),
        one_of(['+', '-', '*', '/', '^', '(', ')', ',']).map(Token::Sign),
    ))
    .parse_next(input)
}

fn read(text: &str) -> Parsed<Expression> {
    let most = limits::EXPRESSION_BYTES_MAX;
    if text.len() > most {
        return Err(QueryError::new(0..text.len(), format!("longer than {most} bytes")));
    }
    let mut reader =
        Reader { end: text.len(), tokens: each(text, token)?, next: 0, depth: 0, keys: Vec::new() };
    let root = reader.sum()?;
    match reader.tokens.get(reader.next) {
        None => {}
        Some((Token::Sign(')'), at)) => {
            return Err(QueryError::new(at.clone(), "this parenthesis was never opened"));
        }
        Some((Token::Sign(','), at)) => {
            return Err(QueryError::new(at.clone(), "commas stand between the values of a function only"));
        }
        Some((_, at)) => return Err(QueryError::new(at.clone(), "expected + - * / ^ or the end")),
    }
    if reader.keys.is_empty() {
        return Err(QueryError::new(0..text.len(), "names no metric"));
    }
    Ok(Expression { root, keys: reader.keys })
}

/// Recursive descent: a sum of products of powers.
struct Reader<'a> {
    tokens: Vec<(Token<'a>, Range<usize>)>,
    next: usize,
    end: usize,
    depth: usize,
    keys: Vec<String>,
}

impl Reader<'_> {
    fn sign(&mut self, wanted: &[char]) -> Option<char> {
        match self.tokens.get(self.next) {
            Some((Token::Sign(sign), _)) if wanted.contains(sign) => {
                self.next += 1;
                Some(*sign)
            }
            _ => None,
        }
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.end..self.end, |(_, at)| at.clone())
    }

    fn expected<T>(&self, what: &str) -> Parsed<T> {
        Err(QueryError::new(self.here(), format!("expected {what}")))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > limits::EXPRESSION_DEPTH_MAX {
            return self.expected(&format!("at most {} levels", limits::EXPRESSION_DEPTH_MAX));
        }
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn sum(&mut self) -> Parsed<Node> {
        self.deeper(|reader| reader.joined(&['+', '-'], Self::product))
    }

    fn product(&mut self) -> Parsed<Node> {
        self.joined(&['*', '/'], Self::signed)
    }

    fn joined(&mut self, signs: &[char], one: fn(&mut Self) -> Parsed<Node>) -> Parsed<Node> {
        let mut left = one(self)?;
        while let Some(operator) = self.sign(signs).and_then(Operator::of) {
            let right = one(self)?;
            left = Node::Pair(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// `-a^2` is `-(a^2)`, and `a^-2` is what it looks like.
    fn signed(&mut self) -> Parsed<Node> {
        match self.sign(&['+', '-']) {
            Some('-') => self.deeper(|reader| Ok(Node::Negated(Box::new(reader.signed()?)))),
            Some(_) => self.deeper(Self::signed),
            None => self.power(),
        }
    }

    fn power(&mut self) -> Parsed<Node> {
        let base = self.one()?;
        if self.sign(&['^']).is_none() {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        Ok(Node::Pair(Operator::Power, Box::new(base), Box::new(exponent)))
    }

    fn one(&mut self) -> Parsed<Node> {
        let Some((token, at)) = self.tokens.get(self.next).cloned() else {
            return self.expected("a metric, a number, a function or (");
        };
        self.next += 1;
        match token {
            Token::Number(digits) => match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Node::Number(number)),
                _ => Err(QueryError::new(at, "is too large for a number")),
            },
            Token::Sign('(') => {
                let inner = self.sum()?;
                self.close(at)?;
                Ok(inner)
            }
            Token::Name(name) if matches!(self.tokens.get(self.next), Some((Token::Sign('('), _))) => {
                let Some(function) = Function::named(name) else {
                    let known = FUNCTIONS.join(", ");
                    return Err(QueryError::new(
                        at,
                        format!("there is no function {name}; expected {known}"),
                    ));
                };
                self.call(function, at)
            }
            Token::Name(name) => self.metric(name, at),
            Token::Key(key) => self.metric(&key, at),
            Token::Sign(_) => {
                self.next -= 1;
                self.expected("a metric, a number, a function or (")
            }
        }
    }

    fn close(&mut self, open: Range<usize>) -> Parsed<()> {
        if self.sign(&[')']).is_some() {
            return Ok(());
        }
        if self.next == self.tokens.len() {
            return Err(QueryError::new(open, "this parenthesis is never closed"));
        }
        self.expected("+ - * / ^ or )")
    }

    fn call(&mut self, function: Function, at: Range<usize>) -> Parsed<Node> {
        let open = self.here();
        self.next += 1;
        let mut given = vec![self.sum()?];
        while self.sign(&[',']).is_some() {
            given.push(self.sum()?);
        }
        self.close(open)?;
        let (least, most, words) = function.takes();
        if !(least..=most).contains(&given.len()) {
            return Err(QueryError::new(at, format!("takes {words}, and has {}", given.len())));
        }
        Ok(Node::Call(function, given))
    }

    fn metric(&mut self, key: &str, at: Range<usize>) -> Parsed<Node> {
        param::check_key("key", key).map_err(|error| QueryError::new(at.clone(), error.message))?;
        let place = self.keys.iter().position(|known| known == key).unwrap_or(self.keys.len());
        if place == limits::EXPRESSION_METRICS_MAX {
            let message = format!("more than {} metrics", limits::EXPRESSION_METRICS_MAX);
            return Err(QueryError::new(at, message));
        }
        if place == self.keys.len() {
            self.keys.push(key.to_owned());
        }
        Ok(Node::Metric(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, metrics: &[(&str, f64)]) -> f64 {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let of = |key: &String| metrics.iter().find(|(name, _)| name == key).map(|(_, value)| vec![*value]);
        let columns: Vec<Vec<f64>> = expression.keys().iter().map(|key| of(key).expect("a metric")).collect();
        let values = expression.values(&columns, 1);
        assert_eq!(values.len(), 1, "{text}");
        values[0]
    }

    fn wrong(text: &str) -> (usize, String) {
        let error = Expression::parse(text).expect_err(text);
        (error.character, error.message)
    }

    #[test]
    fn signs_bind_as_on_paper() {
        let a = [("a", 2.0), ("b", 3.0)];
        for (text, expected) in [
            ("a + b * 4", 14.0),
            ("(a + b) * 4", 20.0),
            ("a - b - 1", -2.0),
            ("12 / a / b", 2.0),
            ("-a ^ 2", -4.0),
            ("a ^ -1", 0.5),
            ("a ^ b ^ 2", 512.0),
            ("2*-a", -4.0),
            ("- -a", 2.0),
            (".5e1*a + 1.", 11.0),
            ("+a", 2.0),
        ] {
            assert_eq!(value(text, &a), expected, "{text}");
        }
    }

    #[test]
    fn functions_compute_what_they_are_called() {
        let a = [("a", 4.0), ("b", -3.0), ("c", 1.0)];
        for (text, expected) in [
            ("log(exp(c))", 1.0),
            ("log10(100 * c)", 2.0),
            ("sqrt(a)", 2.0),
            ("abs(b)", 3.0),
            ("min(a, b, c)", -3.0),
            ("max(a, b, c)", 4.0),
            ("ratio(a, b + 1)", -2.0),
        ] {
            assert_eq!(value(text, &a), expected, "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_no_number_and_never_a_panic() {
        let a = [("a", 0.0), ("n", f64::NAN), ("i", f64::INFINITY)];
        assert_eq!(value("1 / a", &a), f64::INFINITY);
        assert_eq!(value("-1 / a", &a), f64::NEG_INFINITY);
        for text in ["a / a", "sqrt(a - 1)", "log(a - 1)", "min(n, a)", "max(a, n)", "i - i", "ratio(a, a)"] {
            assert!(value(text, &a).is_nan(), "{text}");
        }
        assert_eq!(value("log(a)", &a), f64::NEG_INFINITY);
    }

    #[test]
    fn keys_are_named_once_each_and_quoted_where_they_must_be() {
        let keys = |text: &str| Expression::parse(text).expect(text).keys().to_vec();
        assert_eq!(keys("val.loss - a_1 + val.loss"), ["val.loss", "a_1"]);
        assert_eq!(keys("`train/loss` / \"a \"\"b\"\"\" - 'min'"), ["train/loss", "a \"b\"", "min"]);
        assert_eq!(keys("val/loss"), ["val", "loss"], "a slash divides");
        for key in ["loss", "train/loss", "a`b", "1st", "log", "größe", "a-b", ".x"] {
            assert_eq!(keys(&quoted(key).to_string()), [key]);
        }
        assert_eq!(quoted("train/loss").to_string(), "`train/loss`");
        assert_eq!(quoted("val_loss").to_string(), "val_loss");
    }

    #[test]
    fn mistakes_are_told_under_their_character() {
        for (text, character, word) in [
            ("", 1, "expected a metric"),
            ("a + ", 5, "expected a metric"),
            ("a b", 3, "expected + - * / ^ or the end"),
            ("(a + b", 1, "never closed"),
            ("a + b)", 6, "never opened"),
            ("a, b", 2, "commas"),
            ("a + `b", 5, "never closed"),
            ("a # b", 3, "\"#\" is not expected"),
            ("ü # b", 3, "\"#\" is not expected"),
            ("1 + 2", 1, "names no metric"),
            ("sin(a)", 1, "there is no function sin"),
            ("log(a, b)", 1, "takes one value, and has 2"),
            ("min(a)", 1, "two values or more"),
            ("a * 1e999", 5, "too large"),
            ("a ** b", 4, "expected a metric"),
            ("log()", 5, "expected a metric"),
        ] {
            let (at, message) = wrong(text);
            assert!(at == character && message.contains(word), "{text}: {message} at {at}");
        }
    }

    #[test]
    fn nothing_is_deeper_or_longer_than_its_bound() {
        let deep = |levels: usize| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
        assert!(Expression::parse(&deep(limits::EXPRESSION_DEPTH_MAX - 1)).is_ok());
        for text in [
            deep(limits::EXPRESSION_DEPTH_MAX),
            format!("{}a", "-".repeat(400)),
            format!("{}a", "a^".repeat(400)),
            format!("a{}", "+a".repeat(limits::EXPRESSION_BYTES_MAX)),
            (0..=limits::EXPRESSION_METRICS_MAX).map(|key| format!("m{key}")).collect::<Vec<_>>().join("+"),
        ] {
            assert!(Expression::parse(&text).is_err(), "{text}");
        }
        assert_eq!(value(&format!("a{}", "+a".repeat(400)), &[("a", 1.0)]), 401.0);
    }
}
