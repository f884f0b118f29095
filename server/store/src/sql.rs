//! Statements whose shape depends on the request: fixed fragments with numbered places, values bound apart.

/// A value to bind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Float(f64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// Text of a statement and its values, built side by side so that numbers and values cannot part.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    pub text: String,
    pub values: Vec<Value>,
}

impl Statement {
    /// Adds fixed text. Only program text goes here: what clients sent goes through [`Statement::bind`].
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a name made of program text and a number, such as the alias of the third of some joins.
    pub fn push_name(&mut self, name: &'static str, number: usize) -> &mut Self {
        self.text.push_str(name);
        self.text.push_str(&number.to_string());
        self
    }

    /// Adds a place `$n` with its value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Adds `($1, $2, …)`; an empty list becomes `(NULL)`, which matches nothing.
    pub fn bind_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        let mut separator = "(";
        for value in values {
            self.text.push_str(separator);
            self.bind(value);
            separator = ", ";
        }
        let end = if separator == "(" { "(NULL)" } else { ")" };
        self.push(end)
    }
}

/// Binds the values of a [`Statement`] to a query.
macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                $crate::sql::Value::Int(value) => query.bind(value),
                $crate::sql::Value::Float(value) => query.bind(value),
                $crate::sql::Value::Text(value) => query.bind(value),
            };
        }
        query
    }};
}
pub(crate) use bound;

/// Fetches all rows of a [`Statement`] as tuples or `FromRow` types.
macro_rules! fetch_all {
    ($conn:expr, $statement:expr) => {{
        let $crate::sql::Statement { text, values } = $statement;
        $crate::db::on!($conn, c => {
            $crate::sql::bound!(sqlx::query_as(sqlx::AssertSqlSafe(text)), values).fetch_all(c).await
        })
    }};
}
pub(crate) use fetch_all;

/// Goes through the rows of a [`Statement`] without holding them all.
macro_rules! fetch_each {
    ($conn:expr, $statement:expr, $row:pat_param in $type:ty => $body:expr) => {{
        let $crate::sql::Statement { text, values } = $statement;
        $crate::db::on!($conn, c => {
            let query = sqlx::query_as::<_, $type>(sqlx::AssertSqlSafe(text));
            let mut rows = $crate::sql::bound!(query, values).fetch(c);
            while let Some($row) = futures::TryStreamExt::try_next(&mut rows).await? {
                $body
            }
        });
    }};
}
pub(crate) use fetch_each;

/// A pattern for `LIKE … ESCAPE '\'` that finds the text anywhere, in any case (the column must be folded too).
pub(crate) fn contains(text: &str) -> String {
    format!("%{}%", escape_like(&text.to_lowercase()))
}

/// A pattern that finds what starts with the text.
pub(crate) fn starts_with(text: &str) -> String {
    format!("{}%", escape_like(text))
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_stay_together() {
        let mut statement = Statement::default();
        statement.push("a = ").bind(1).push(" AND b IN ").bind_list(["x", "y"]).push(" AND c IN ");
        statement.bind_list::<i64>([]);
        assert_eq!(statement.text, "a = $1 AND b IN ($2, $3) AND c IN (NULL)");
        assert_eq!(statement.values, [Value::Int(1), Value::Text("x".into()), Value::Text("y".into())]);
    }

    #[test]
    fn wildcards_in_a_search_are_plain_text() {
        assert_eq!(contains("50%_\\X"), "%50\\%\\_\\\\x%");
    }
}
