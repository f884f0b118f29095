//! Who may use which route. A route gets into the router only together with its row here, and the layer that asks
//! the table refuses what has no row: default deny.

use axum::http::Method;
use model::user::Role;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone: answers nothing about anybody's data.
    Public,
    /// Callers with this role or more; others get a problem document.
    Api(Role),
    /// The same, but a browser without a session is sent to the sign-in page.
    Page(Role),
}

/// One row a method and route pattern.
#[derive(Debug, Default)]
pub(crate) struct Policy(BTreeMap<(String, String), Access>);

impl Policy {
    pub fn allow(&mut self, method: &Method, pattern: &str, access: Access) {
        let before = self.0.insert((method.to_string(), pattern.to_owned()), access);
        assert!(before.is_none(), "{method} {pattern} has two rows");
    }

    /// The row for a request; HEAD goes by GET.
    pub fn row(&self, method: &Method, pattern: &str) -> Option<Access> {
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        self.0.get(&(method.to_string(), pattern.to_owned())).copied()
    }

    #[cfg(test)]
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str, Access)> {
        self.0.iter().map(|((method, pattern), access)| (method.as_str(), pattern.as_str(), *access))
    }
}
