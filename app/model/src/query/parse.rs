//! From tokens to a condition, by recursive descent. Checks on the way that every comparison makes sense, so that
//! whoever pointed at the place of a mistake while typing points at the same as the server.

use super::{
    Attribute, AttributeKind, Bound, Clause, DatasetField, Expr, Field, GroupOrder, GroupSort, Grouping,
    Likeness, Order, OrderBy, Pattern, QueryError, Stat, Test,
    token::{Spanned, Token, tokens},
};
use crate::{calendar, limits};
use std::ops::Range;

/// What a text may hold, and what its attributes are called.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule by itself: there are no states among them")]
pub struct Rules {
    /// `metrics.loss.min` is the minimum of "loss", and not the metric "loss.min".
    pub stats: bool,
    /// `status = running`: a text of one word needs no quotes, and a param without quotes is compared as a number.
    pub bare_words: bool,
    pub attribute: fn(&str) -> Option<Attribute>,
    /// As MLflow has it: an `and` without a comparison after it is passed over, and `==` is unknown.
    pub loose_ands: bool,
    /// `name ~ '^bert-'`: regular expressions.
    pub patterns: bool,
    /// What there is to ask for beside attributes and tags.
    pub parts: &'static [Part],
}

/// What a thing that is searched may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Metrics,
    Params,
    Datasets,
}

impl Rules {
    pub const OURS: Self = Self {
        stats: true,
        bare_words: true,
        loose_ands: false,
        patterns: true,
        attribute: Attribute::named,
        parts: &[Part::Metrics, Part::Params, Part::Datasets],
    };
}

/// Reads a query; `None` when the text is blank and means every run.
pub fn parse(text: &str) -> Result<Option<Expr>, QueryError> {
    parse_with(text, Rules::OURS)
}

/// The same under other rules.
pub fn parse_with(text: &str, rules: Rules) -> Result<Option<Expr>, QueryError> {
    condition(text, rules).map_err(|error| error.counted(text))
}

fn condition(text: &str, rules: Rules) -> Parsed<Option<Expr>> {
    let mut parser = Parser::over(text, rules)?;
    if parser.peek().is_none() {
        return Ok(None);
    }
    let expr = parser.any()?;
    match parser.peek() {
        None => Ok(Some(expr)),
        Some(Spanned { token: Token::Close, at }) => {
            Err(QueryError::new(at.clone(), "this parenthesis was never opened"))
        }
        Some(Spanned { at, .. }) => Err(QueryError::new(at.clone(), "expected and, or, or the end")),
    }
}

/// Reads what to order by: a field, and `asc` (the default) or `desc`.
pub fn parse_order(text: &str, rules: Rules) -> Result<OrderBy, QueryError> {
    let one = |parser: &mut Parser| {
        let order = parser.order()?;
        parser.end("expected asc, desc or the end")?;
        Ok(order)
    };
    Parser::over(text, rules).and_then(|mut parser| one(&mut parser)).map_err(|error| error.counted(text))
}

/// Reads several of these, the most important first, with commas between them.
pub fn parse_orders(text: &str) -> Result<Vec<OrderBy>, QueryError> {
    listed(text, Parser::order).map_err(|error| error.counted(text))
}

/// Reads fields with commas between them: `params.lr, metrics.loss.min, user`.
pub fn parse_fields(text: &str) -> Result<Vec<Field>, QueryError> {
    listed(text, Parser::field).map_err(|error| error.counted(text))
}

/// Reads what runs are grouped by: fields with commas between them, `all but params.seed` or `all params`; `None` when the
/// text is blank.
pub fn parse_group(text: &str) -> Result<Option<Grouping>, QueryError> {
    grouping(text).map_err(|error| error.counted(text))
}

fn grouping(text: &str) -> Parsed<Option<Grouping>> {
    let mut parser = Parser::over(text, Rules::OURS)?;
    if parser.peek().is_none() {
        return Ok(None);
    }
    if !parser.keyword("all") {
        return Ok(Some(Grouping::By(each_once(parser.listed(Parser::group_key)?))));
    }
    if parser.keyword("params") {
        parser.end("expected the end: all params are all")?;
        return Ok(Some(Grouping::AllBut(Vec::new())));
    }
    if !parser.keyword("but") || parser.peek().is_none() {
        return parser.expected("all params, or all but and the params to leave out");
    }
    let keys = parser.listed(|parser| match parser.spanned_field()? {
        (Field::Param(key), _) => Ok(key),
        (_, at) => Err(QueryError::new(at, "all but leaves out params: expected params.…")),
    })?;
    Ok(Some(Grouping::AllBut(each_once(keys))))
}

/// Reads what groups are ordered by: `n`, fields, each rising unless `desc` follows, with commas between them.
pub fn parse_group_orders(text: &str) -> Result<Vec<GroupOrder>, QueryError> {
    listed(text, Parser::group_order).map_err(|error| error.counted(text))
}

fn each_once<T: PartialEq>(found: Vec<T>) -> Vec<T> {
    let mut kept = Vec::new();
    for one in found {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

fn listed<'a, T>(text: &'a str, one: impl Fn(&mut Parser<'a>) -> Parsed<T>) -> Parsed<Vec<T>> {
    Parser::over(text, Rules::OURS)?.listed(one)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned<'a>>,
    next: usize,
    rules: Rules,
    depth: usize,
    clauses: usize,
    patterns: usize,
}

type Parsed<T> = Result<T, QueryError>;

const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "in", "like", "ilike", "between", "is", "null", "nan", "missing"];

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

impl<'a> Parser<'a> {
    fn over(text: &'a str, rules: Rules) -> Parsed<Self> {
        if text.len() > limits::QUERY_BYTES_MAX {
            let message = format!("longer than {} bytes", limits::QUERY_BYTES_MAX);
            return Err(QueryError::new(0..text.len(), message));
        }
        Ok(Self { text, tokens: tokens(text)?, next: 0, rules, depth: 0, clauses: 0, patterns: 0 })
    }

    /// What is left, with commas between.
    fn listed<T>(&mut self, one: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut found = Vec::new();
        while self.peek().is_some() {
            if found.len() >= limits::QUERY_CLAUSES_MAX {
                let message = format!("more than {} fields", limits::QUERY_CLAUSES_MAX);
                return Err(QueryError::new(0..self.text.len(), message));
            }
            found.push(one(self)?);
            if !self.comma() {
                self.end("expected a comma or the end")?;
            }
        }
        Ok(found)
    }

    fn spanned_field(&mut self) -> Parsed<(Field, Range<usize>)> {
        let start = self.next;
        let field = self.field()?;
        Ok((field, self.tokens[start].at.start..self.tokens[self.next - 1].at.end))
    }

    fn group_key(&mut self) -> Parsed<Field> {
        let (field, at) = self.spanned_field()?;
        Grouping::refusal(&field).map_or(Ok(field), |refusal| Err(QueryError::new(at, refusal)))
    }

    fn group_order(&mut self) -> Parsed<GroupOrder> {
        let by = if self.keyword("n") { GroupSort::Count } else { GroupSort::Field(self.field()?) };
        Ok(GroupOrder { by, descending: self.descending() })
    }

    fn descending(&mut self) -> bool {
        let descending = self.keyword("desc");
        if !descending {
            self.keyword("asc");
        }
        descending
    }

    fn order(&mut self) -> Parsed<OrderBy> {
        let start = self.peek().map_or(self.text.len(), |token| token.at.start);
        let field = self.field()?;
        if matches!(field, Field::Dataset(_)) {
            let message = "a run may have many datasets, so they are no order";
            return Err(QueryError::new(start..self.text.len(), message));
        }
        Ok(OrderBy { field, descending: self.descending() })
    }

    fn comma(&mut self) -> bool {
        let found = matches!(self.peek(), Some(Spanned { token: Token::Comma, .. }));
        self.next += usize::from(found);
        found
    }

    /// That nothing is left.
    fn end(&self, otherwise: &str) -> Parsed<()> {
        self.peek().map_or(Ok(()), |left| Err(QueryError::new(left.at.clone(), otherwise)))
    }

    fn peek(&self) -> Option<&Spanned<'a>> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Spanned<'a>> {
        let token = self.tokens.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }

    /// Takes the next token if it is this keyword.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Spanned { token: Token::Word(word), .. }) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    /// Takes the next token if it follows the last one without a blank.
    fn adjacent(&mut self) -> Option<Token<'a>> {
        let last = self.tokens.get(self.next.checked_sub(1)?)?;
        let next = self.peek()?;
        let is_key = matches!(next.token, Token::Word(_) | Token::Quoted { .. });
        let token = (next.at.start == last.at.end && is_key).then_some(next.token)?;
        self.next += 1;
        Some(token)
    }

    fn expected<T>(&self, what: impl Into<String>) -> Parsed<T> {
        let end = self.text.len();
        let at = self.peek().map_or(end..end, |token| token.at.clone());
        Err(QueryError::new(at, format!("expected {}", what.into())))
    }

    fn has(&self, part: Part) -> bool {
        self.rules.parts.contains(&part)
    }

    fn any(&mut self) -> Parsed<Expr> {
        let mut any = vec![self.all()?];
        while self.keyword("or") {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expr::Or(any) })
    }

    fn all(&mut self) -> Parsed<Expr> {
        let mut all = vec![self.one()?];
        while self.keyword("and") {
            if self.rules.loose_ands {
                while self.keyword("and") {}
                if self.peek().is_none() {
                    break;
                }
            }
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::And(all) })
    }

    fn one(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > limits::QUERY_DEPTH_MAX {
            return self.expected(format!("at most {} levels", limits::QUERY_DEPTH_MAX));
        }
        let expr = if self.keyword("not") {
            Expr::Not(Box::new(self.one()?))
        } else if matches!(self.peek(), Some(Spanned { token: Token::Open, .. })) {
            let open = self.take().map(|token| token.at).unwrap_or_default();
            let expr = self.any()?;
            match self.take() {
                Some(Spanned { token: Token::Close, .. }) => expr,
                None => return Err(QueryError::new(open, "this parenthesis is never closed")),
                Some(other) => return Err(QueryError::new(other.at, "expected and, or, or )")),
            }
        } else {
            self.clause()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn clause(&mut self) -> Parsed<Expr> {
        self.clauses += 1;
        if self.clauses > limits::QUERY_CLAUSES_MAX {
            return self.expected(format!("at most {} comparisons", limits::QUERY_CLAUSES_MAX));
        }
        let (field, at) = self.spanned_field()?;
        self.comparison(field, at)
    }

    fn field(&mut self) -> Parsed<Field> {
        let Some(first) = self.peek().cloned() else {
            return self.expected("a metric, param, tag or attribute");
        };
        let (prefix, rest) = match first.token {
            Token::Word(word) if !is_keyword(word) => match word.split_once('.') {
                Some((prefix, rest)) => (Some(prefix.to_owned()), rest),
                None => (None, word),
            },
            Token::Quoted { quote, inner } => (Some(unquoted(quote, inner)), ""),
            _ => return self.expected("a metric, param, tag or attribute"),
        };
        self.next += 1;
        let Some(prefix) = prefix else { return attribute(self.rules, rest, first.at) };
        if matches!(first.token, Token::Quoted { .. }) {
            // `metrics`.`loss`: only a dot makes the first of them a prefix.
            return match self.adjacent() {
                Some(Token::Word(word)) if word.starts_with('.') => self.keyed(&prefix, &word[1..], first.at),
                None => attribute(self.rules, &prefix, first.at),
                Some(_) => Err(QueryError::new(first.at, "expected a dot after this")),
            };
        }
        self.keyed(&prefix, rest, first.at)
    }

    /// A field of an entity: `key` is what followed its dot without quotes.
    fn keyed(&mut self, prefix: &str, key: &str, at: Range<usize>) -> Parsed<Field> {
        let mut key = key.to_owned();
        let mut stat = None;
        if key.is_empty() {
            match self.adjacent() {
                Some(Token::Quoted { quote, inner }) => key = unquoted(quote, inner),
                _ => return Err(QueryError::new(at, "expected a key after the dot")),
            }
            if let Some(Token::Word(word)) = self.adjacent() {
                stat = word.strip_prefix('.').and_then(stat_named);
                if stat.is_none() {
                    return Err(QueryError::new(at, "expected .last, .min, .max or .mean after the key"));
                }
            }
        } else if self.rules.stats
            && is_metric(prefix)
            && let Some((name, last)) = key.rsplit_once('.')
            && let (Some(found), false) = (stat_named(last), name.is_empty())
        {
            let end = name.len();
            stat = Some(found);
            key.truncate(end);
        }
        match prefix.to_ascii_lowercase().as_str() {
            "metric" | "metrics" if self.has(Part::Metrics) => {
                Ok(Field::Metric { key, stat: stat.unwrap_or_default() })
            }
            _ if stat.is_some() => Err(QueryError::new(at, "only metrics have .last, .min, .max and .mean")),
            "param" | "params" | "parameter" | "parameters" if self.has(Part::Params) => {
                Ok(Field::Param(key))
            }
            "tag" | "tags" => Ok(Field::Tag(key)),
            "attribute" | "attributes" | "attr" | "run" => attribute(self.rules, &key, at),
            "dataset" | "datasets" if self.has(Part::Datasets) => {
                let message = format!("a dataset has no \"{key}\": expected name, digest or context");
                DatasetField::named(&key).map(Field::Dataset).ok_or_else(|| QueryError::new(at, message))
            }
            _ => {
                let message = format!(
                    "there is no \"{prefix}\": expected metrics, params, tags, dataset or attributes"
                );
                Err(QueryError::new(at, message))
            }
        }
    }

    fn comparison(&mut self, field: Field, at: Range<usize>) -> Parsed<Expr> {
        if self.keyword("is") {
            let negated = self.keyword("not");
            let test = if self.keyword("null") || self.keyword("missing") {
                Test::IsNull
            } else if self.keyword("nan") {
                if !matches!(field, Field::Metric { stat: Stat::Last, .. }) {
                    return Err(QueryError::new(at, "only the last value of a metric may be NaN"));
                }
                Test::IsNan
            } else {
                return self.expected("null or nan");
            };
            return Ok(negate(clause(field, test), negated));
        }
        let negated = self.keyword("not");
        if self.keyword("in") {
            return Ok(negate(self.list(&field)?, negated));
        }
        if self.keyword("between") {
            let low = self.value(&field, Order::GreaterOrEqual)?;
            if !self.keyword("and") {
                return self.expected("and, with the upper end");
            }
            let high = self.value(&field, Order::LessOrEqual)?;
            return Ok(negate(Expr::And(vec![clause(field.clone(), low), clause(field, high)]), negated));
        }
        for likeness in [Likeness::Like, Likeness::ILike] {
            if self.keyword(likeness.name()) {
                if !is_text(&field) {
                    return Err(QueryError::new(at, "this is a number, which like does not compare"));
                }
                let Some(Spanned { token: Token::Quoted { quote: quote @ ('\'' | '"'), inner }, .. }) =
                    self.peek().cloned()
                else {
                    return self.expected("a text in quotes");
                };
                self.next += 1;
                let text = unquoted(quote, inner);
                return Ok(negate(clause(field, Test::Text { is: likeness, text }), negated));
            }
        }
        if negated {
            return self.expected("in, like, ilike or between after not");
        }
        let Some(Spanned { token: Token::Operator(operator), at: operator_at }) = self.peek().cloned() else {
            return self.expected("a comparison such as =, > or like");
        };
        self.next += 1;
        if let "~" | "!~" = operator {
            if !self.rules.patterns {
                return Err(QueryError::new(operator_at, format!("\"{operator}\" is not expected here")));
            }
            if !is_text(&field) {
                return Err(QueryError::new(
                    at,
                    format!("this is a number, which {operator} does not compare"),
                ));
            }
            let pattern = self.pattern()?;
            return Ok(clause(field, Test::Matches { pattern, negated: operator == "!~" }));
        }
        if operator == "==" && self.rules.loose_ands {
            return Err(QueryError::new(operator_at, "there is no comparator \"==\": expected ="));
        }
        let order = match operator {
            "=" | "==" => Order::Equal,
            "!=" | "<>" => Order::NotEqual,
            "<" => Order::Less,
            "<=" => Order::LessOrEqual,
            ">" => Order::Greater,
            _ => Order::GreaterOrEqual,
        };
        let by_size = !matches!(order, Order::Equal | Order::NotEqual);
        if by_size && is_text(&field) && !matches!(field, Field::Param(_)) {
            return Err(QueryError::new(operator_at, "texts compare with =, !=, ~, like, ilike and in"));
        }
        let test = self.value(&field, order)?;
        Ok(clause(field, test))
    }

    /// A regular expression in quotes.
    fn pattern(&mut self) -> Parsed<Pattern> {
        self.patterns += 1;
        if self.patterns > limits::QUERY_PATTERNS_MAX {
            return self.expected(format!("at most {} regular expressions", limits::QUERY_PATTERNS_MAX));
        }
        let Some(Spanned { token: Token::Quoted { quote: quote @ ('\'' | '"'), inner }, at }) =
            self.peek().cloned()
        else {
            return self.expected("a regular expression in quotes");
        };
        self.next += 1;
        Pattern::new(unquoted(quote, inner)).map_err(|(wrong, message)| {
            let place = |offset: usize| at.start + quote.len_utf8() + as_written(quote, inner, offset);
            QueryError::new(place(wrong.start)..place(wrong.end), message)
        })
    }

    /// `( value, … )`
    fn list(&mut self, field: &Field) -> Parsed<Expr> {
        if !matches!(self.take(), Some(Spanned { token: Token::Open, .. })) {
            self.next -= 1;
            return self.expected("a list in parentheses");
        }
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        loop {
            match self.value(field, Order::Equal)? {
                Test::Text { text, .. } => texts.push(text),
                test => others.push(clause(field.clone(), test)),
            }
            if texts.len() + others.len() > limits::QUERY_LIST_MAX {
                return self.expected(format!("at most {} values", limits::QUERY_LIST_MAX));
            }
            match self.peek().map(|token| token.token) {
                Some(Token::Comma) => self.next += 1,
                Some(Token::Close) => {
                    self.next += 1;
                    break;
                }
                _ => return self.expected("a comma or )"),
            }
        }
        if !texts.is_empty() {
            others.insert(0, clause(field.clone(), Test::In(texts)));
        }
        Ok(if others.len() == 1 { others.remove(0) } else { Expr::Or(others) })
    }

    /// A value of the field's kind, as a comparison with it.
    fn value(&mut self, field: &Field, order: Order) -> Parsed<Test> {
        let what = match field {
            Field::Metric { .. } => "a number",
            Field::Param(_) => "a number, or a text in quotes",
            Field::Tag(_) | Field::Dataset(_) => "a text in quotes",
            Field::Attribute(Attribute::Archived) => "true or false",
            Field::Attribute(attribute) => match attribute.kind() {
                AttributeKind::Text => "a text in quotes",
                AttributeKind::Number => "a number",
                AttributeKind::Time => "a time such as -7d, '2026-01-31' or '2026-01-31 18:00'",
                AttributeKind::Duration => "a duration such as 90s or 2h30m",
            },
        };
        let Some(Spanned { token, .. }) = self.peek().cloned() else { return self.expected(what) };
        let (text, quoted) = match token {
            Token::Quoted { quote: quote @ ('\'' | '"'), inner } => (unquoted(quote, inner), true),
            Token::Word(word) if !is_keyword(word) => (word.to_owned(), false),
            _ => return self.expected(what),
        };
        // A whole number that counts reads the same in quotes.
        let in_quotes = quoted && *field != Field::Attribute(Attribute::Number);
        let number =
            if in_quotes { None } else { text.parse::<f64>().ok().filter(|number| !number.is_nan()) };
        let bound = match field {
            Field::Metric { .. } | Field::Attribute(Attribute::Number) => number.map(Bound::Number),
            Field::Param(_) if self.rules.bare_words => number.map(Bound::Number),
            Field::Param(_) | Field::Tag(_) | Field::Dataset(_) => None,
            Field::Attribute(attribute) => match attribute.kind() {
                AttributeKind::Time => number.map(Bound::Number).or_else(|| time(&text)),
                AttributeKind::Duration => number
                    .map(Bound::Number)
                    .or_else(|| duration(&text).map(|ms| Bound::Number(ms as f64 / 1e3))),
                AttributeKind::Text | AttributeKind::Number => None,
            },
        };
        if let Some(than) = bound {
            self.next += 1;
            return Ok(Test::Number { is: order, than });
        }
        let is = match order {
            Order::Equal => Likeness::Equal,
            Order::NotEqual => Likeness::NotEqual,
            _ if matches!(field, Field::Param(_)) => {
                return self.expected("a number without quotes, to compare by size");
            }
            _ => return self.expected(what),
        };
        // A tag's value is text even where it looks like a number; a param's word is one of true and false.
        let bare = self.rules.bare_words || matches!(text.as_str(), "true" | "false");
        let flag = *field == Field::Attribute(Attribute::Archived);
        if !is_text(field) || !(quoted || bare) || flag && text.parse::<bool>().is_err() {
            return self.expected(what);
        }
        self.next += 1;
        let text = if self.rules.bare_words && *field == Field::Attribute(Attribute::Status) {
            text.to_ascii_lowercase()
        } else {
            text
        };
        Ok(Test::Text { is, text })
    }
}

fn clause(field: Field, test: Test) -> Expr {
    Expr::Clause(Clause { field, test })
}

fn negate(expr: Expr, negated: bool) -> Expr {
    if negated { Expr::Not(Box::new(expr)) } else { expr }
}

fn is_metric(prefix: &str) -> bool {
    ["metric", "metrics"].iter().any(|name| name.eq_ignore_ascii_case(prefix))
}

fn is_text(field: &Field) -> bool {
    match field {
        Field::Metric { .. } => false,
        Field::Param(_) | Field::Tag(_) | Field::Dataset(_) => true,
        Field::Attribute(attribute) => attribute.kind() == AttributeKind::Text,
    }
}

fn stat_named(name: &str) -> Option<Stat> {
    Stat::ALL.into_iter().find(|stat| stat.name() == name)
}

fn attribute(rules: Rules, name: &str, at: Range<usize>) -> Parsed<Field> {
    (rules.attribute)(name).map(Field::Attribute).ok_or_else(|| {
        let known = Attribute::ALL.map(Attribute::name).join(", ");
        QueryError::new(
            at,
            format!("there is no attribute \"{name}\": expected {known}, metrics.…, params.… or tags.…"),
        )
    })
}

/// What a quoted text stands for.
pub(crate) fn unquoted(quote: char, inner: &str) -> String {
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

/// Where a byte of what a quoted text stands for is in the text as written, in which a quote is doubled.
fn as_written(quote: char, inner: &str, offset: usize) -> usize {
    let (mut written, mut meant) = (0, 0);
    while meant < offset {
        let Some(one) = inner[written..].chars().next() else { break };
        written += one.len_utf8() * if one == quote { 2 } else { 1 };
        meant += one.len_utf8();
    }
    written
}

/// `-7d` and `-1h30m` before now, `now`, or a day and time of day in UTC: `2026-01-31`, `2026-01-31 18:00:05`.
fn time(text: &str) -> Option<Bound> {
    if text.eq_ignore_ascii_case("now") {
        return Some(Bound::Ago(0));
    }
    if let Some(ago) = text.strip_prefix('-') {
        return duration(ago).map(Bound::Ago);
    }
    let (day, clock) = match text.split_once([' ', 'T']) {
        Some((day, clock)) => (day, clock.strip_suffix('Z').unwrap_or(clock)),
        None => (text, "0:00"),
    };
    let mut day = day.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) =
        (day.next()??, day.next()??, day.next().flatten().filter(|_| day.next().is_none())?);
    let mut clock = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().unwrap_or(Some(0))?;
    let fits = (1970..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    fits.then(|| {
        let seconds = calendar::days_of(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Bound::Number((seconds * 1_000) as f64)
    })
}

/// Milliseconds of `90s`, `2h30m`, `1.5d`: numbers with a unit each.
fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, f64); 6] =
        [("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7), ("w", 6.048e8)];
    let (mut rest, mut millis) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let end = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        millis += number * UNITS.iter().find(|(name, _)| *name == &unit[..end])?.1;
        rest = &unit[end..];
    }
    (!text.is_empty() && millis < 1e15).then_some(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Expr {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).expect("not blank")
    }

    #[test]
    fn every_way_to_write_a_condition_is_read() {
        for (text, canonical) in [
            ("metrics.val_f1>0.85", "metrics.val_f1 > 0.85"),
            ("metric.\"val loss\".min <= .1", "metrics.\"val loss\".min <= 0.1"),
            ("`metrics`.`a` = 1", "metrics.a = 1.0"),
            ("metrics.train/loss.max <> -1e-3", "metrics.train/loss.max != -0.001"),
            ("parameters.lr between 1e-4 AND 1e-2", "params.lr >= 0.0001 and params.lr <= 0.01"),
            ("params.opt IN ('adam', \"sgd\")", "params.opt in ('adam', 'sgd')"),
            ("params.n in (1, 2)", "params.n = 1.0 or params.n = 2.0"),
            ("params.flag = true and params.lr > 0", "params.flag = 'true' and params.lr > 0.0"),
            ("tags.mlflow.parentRunId = 'x'", "tags.mlflow.parentRunId = 'x'"),
            ("tags.note = 'it''s'", "tags.note = 'it''s'"),
            ("tags.version = 2", "tags.version = '2'"),
            (
                "datasets.version = 2.1 and dataset.name like 'm%'",
                "dataset.digest = '2.1' and dataset.name like 'm%'",
            ),
            ("name~'^bert-' or tags.a !~ \"it's\"", "name ~ '^bert-' or tags.a !~ 'it''s'"),
            ("status = Running", "status = 'running'"),
            ("archived = true or not archived != 'false'", "archived = 'true' or not archived != 'false'"),
            ("attributes.start_time > 1700000000000", "started > 1700000000000.0"),
            ("started > -7d or ended is null", "started > -604800000ms or ended is null"),
            ("created >= '2026-01-31 18:00'", "created >= 1769882400000.0"),
            ("created >= 2000-02-29T00:00:01Z", "created >= 951782401000.0"),
            ("duration < 2h30m", "duration < 9000.0s"),
            ("not (name like 'a%' or name not ilike 'b')", "not (name like 'a%' or not name ilike 'b')"),
            (
                "metrics.a is nan and not metrics.b is not nan",
                "metrics.a is nan and not not metrics.b is nan",
            ),
            ("a = 1 or b = 2 and c = 3", ""),
        ] {
            if canonical.is_empty() {
                assert!(parse(text).is_err());
            } else {
                assert_eq!(read(text).to_string(), canonical, "{text}");
            }
        }
        assert_eq!(parse(" \n"), Ok(None));
    }

    #[test]
    fn every_example_of_the_reference_is_read() {
        let reference = include_str!("../../../../docs/query.md");
        let blocks = reference.split("\n```\n").skip(1).step_by(2);
        let examples: Vec<_> = blocks.flat_map(str::lines).collect();
        assert!(examples.len() > 70, "{}", examples.len());
        for example in examples {
            assert!(parse(example).is_ok_and(|expr| expr.is_some()), "{example}: {:?}", parse(example));
        }
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(read("id='a' or id='b' and id='c'"), read("id='a' or (id='b' and id='c')"));
    }

    #[test]
    fn a_mistake_is_pointed_at() {
        for (text, at, message) in [
            ("metrics.loss >", "", "expected a number"),
            ("metrics.loss > 'a'", "'a'", "expected a number"),
            ("metrics.loss ~ '1'", "metrics.loss", "this is a number, which ~ does not compare"),
            ("number !~ '1'", "number", "this is a number, which !~ does not compare"),
            ("name ~ bert", "bert", "expected a regular expression in quotes"),
            ("name ~ 'ä(b'", "(", "unclosed group"),
            ("name ~ 'it''s ''*''+[' or a", "[", "unclosed character class"),
            ("name ~ \"\"\"(?<\"", "", "unclosed capture group name"),
            ("name ~", "", "expected a regular expression"),
            ("name ! 'a'", "!", "\"!\" is not expected here"),
            ("lr > 1", "lr", "there is no attribute \"lr\""),
            ("foo.bar = 1", "foo.bar", "there is no \"foo\""),
            ("dataset.size = 1", "dataset.size", "a dataset has no \"size\""),
            ("name = 'a", "'a", "this ' is never closed"),
            ("(name = 'a'", "(", "this parenthesis is never closed"),
            ("name = 'a')", ")", "this parenthesis was never opened"),
            ("name = 'a' name = 'b'", "name", "expected and, or, or the end"),
            ("name > 'a'", ">", "texts compare with ="),
            ("params.lr > 'a'", "'a'", "expected a number without quotes"),
            ("started > 'tomorrow'", "'tomorrow'", "expected a time"),
            ("started > '2026-13-01'", "'2026-13-01'", "expected a time"),
            ("tags.a is", "", "expected null or nan"),
            ("metrics.a.min is nan", "metrics.a.min", "only the last value"),
            ("params.\"a\".min = 1", "params.", "only metrics have"),
            ("tags. = 'a'", "tags.", "expected a key"),
            ("name in ()", ")", "expected a text"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(&text[error.at.clone()], at, "{text}: {error}");
            assert!(error.message.starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn an_order_is_a_field_and_a_direction() {
        let order = |text: &str| parse_order(text, Rules::OURS);
        let loss = Field::Metric { key: "val loss".into(), stat: Stat::Min };
        assert_eq!(order("metrics.\"val loss\".min DESC"), Ok(OrderBy::descending(loss)));
        assert_eq!(order("started"), Ok(OrderBy::ascending(Field::Attribute(Attribute::Started))));
        assert_eq!(order("started down").unwrap_err().at, 8..12);
        assert_eq!(
            order("metrics.größe x").unwrap_err().to_string(),
            "expected asc, desc or the end, at character 15"
        );
    }

    #[test]
    fn what_runs_are_grouped_by_reads_back_as_printed() {
        for (text, canonical) in [
            ("params.lr,params.arch", "params.lr, params.arch"),
            ("param.lr, tags.\"a b\" , STATUS, params.lr,", "params.lr, tags.\"a b\", status"),
            ("user, parent_id, run_name", "user, parent, name"),
            ("All But params.seed, params.\"a,b\"", "all but params.seed, params.\"a,b\""),
            ("all params", "all params"),
        ] {
            let read = parse_group(text).unwrap().unwrap();
            assert_eq!(read.to_string(), canonical, "{text}");
            assert_eq!(parse_group(canonical), Ok(Some(read)), "{text}");
        }
        assert_eq!(parse_group("  "), Ok(None));
    }

    #[test]
    fn what_makes_no_groups_is_pointed_at() {
        for (text, at, message) in [
            ("params.lr, metrics.loss.min", "metrics.loss.min", "metrics are what groups have means of"),
            ("started", "started", "nearly every run has a started of its own"),
            ("number", "number", "nearly every run has a number of its own"),
            ("dataset.name", "dataset.name", "a run may have many datasets"),
            ("all", "", "expected all params, or all but"),
            ("all but", "", "expected all params, or all but"),
            ("all but params.a, tags.b", "tags.b", "all but leaves out params"),
            ("all params but", "but", "expected the end"),
            ("params.a params.b", "params.b", "expected a comma or the end"),
            ("lr", "lr", "there is no attribute \"lr\""),
        ] {
            let error = parse_group(text).expect_err(text);
            assert_eq!(&text[error.at.clone()], at, "{text}: {error}");
            assert!(error.message.starts_with(message), "{text}: {error}");
        }
    }

    #[test]
    fn groups_are_ordered_by_their_size_their_keys_and_their_means() {
        let orders = parse_group_orders("n desc, params.n, metrics.loss.min desc").unwrap();
        let words: Vec<String> = orders.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["n desc", "params.n", "metrics.loss.min desc"]);
        assert!(parse_group_orders("m").is_err());
    }

    #[test]
    fn every_grouping_of_the_reference_is_read() {
        let reference = include_str!("../../../../docs/query.md");
        let section = reference.split("\n## ").find(|part| part.starts_with("Groups\n")).expect("a section");
        let examples = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let examples: Vec<&str> = examples.map(|(example, _)| example).collect();
        assert!(examples.len() >= 4, "{}", examples.len());
        for example in examples {
            let read = parse_group(example);
            assert!(read.as_ref().is_ok_and(Option::is_some), "{example}: {read:?}");
        }
    }

    #[test]
    fn huge_and_deep_queries_are_refused() {
        let deep = format!("{}name = 'a'{}", "(".repeat(5_000), ")".repeat(5_000));
        assert!(parse(&deep).is_err());
        assert!(parse(&"not ".repeat(4_000)).is_err());
        assert!(parse(&vec!["name='a'"; 300].join(" or ")).is_err());
        assert!(parse(&" ".repeat(limits::QUERY_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn what_is_too_much_is_told_with_its_place() {
        let refused = |text: String| {
            let error = parse(&text).expect_err("too much");
            (error.at, error.character, error.message)
        };
        let many = vec!["id='a'"; limits::QUERY_CLAUSES_MAX + 1].join(" or ");
        let message = "expected at most 200 comparisons".to_owned();
        assert_eq!(refused(many), (2_000..2_002, 2_001, message));
        let message = "expected at most 32 levels".to_owned();
        assert_eq!(refused("(".repeat(16_000)), (32..33, 33, message.clone()));
        assert_eq!(refused("not ".repeat(4_000)), (128..131, 129, message));
        let list = format!("id in ({})", vec!["'a'"; limits::QUERY_LIST_MAX + 1].join(","));
        let message = "expected at most 1000 values".to_owned();
        assert_eq!(refused(list), (4_010..4_011, 4_011, message));
        let patterns = ["id~'a'"; limits::QUERY_PATTERNS_MAX + 1].join(" or ");
        let message = "expected at most 10 regular expressions".to_owned();
        assert_eq!(refused(patterns), (103..106, 104, message));
        let fields = vec!["id"; limits::QUERY_CLAUSES_MAX + 1].join(",");
        assert!(parse_fields(&fields).is_err() && parse_orders(&fields).is_err());
        let long = format!("name = '{}'", "a".repeat(limits::QUERY_BYTES_MAX));
        assert_eq!(refused(long.clone()), (0..long.len(), 1, "longer than 16384 bytes".to_owned()));
    }

    #[test]
    fn under_stricter_rules_a_key_is_all_that_follows_the_dot_and_texts_have_quotes() {
        let rules = Rules { stats: false, bare_words: false, ..Rules::OURS };
        let read = parse_with("metrics.loss.min > 1", rules).unwrap().unwrap();
        let key = "loss.min".to_owned();
        let than = Bound::Number(1.0);
        let test = Test::Number { is: Order::Greater, than };
        assert_eq!(read, clause(Field::Metric { key, stat: Stat::Last }, test));
        assert!(parse_with("status = running", rules).is_err());
        assert!(parse_with("params.a = b", rules).is_err());
        let error = parse_with("params.a ~ 'b'", Rules { patterns: false, ..rules }).unwrap_err();
        assert_eq!((error.at, error.message.as_str()), (9..10, "\"~\" is not expected here"));
    }
}
