//! The error of every server function: what the engine lets clients see, and what the network adds to it.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use model::ErrorKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A public error on its way to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire")]
pub struct AppError(pub model::Error);

/// Server functions answer `model::Error`; the layers before them answer a problem document. Both read here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Error(model::Error),
    Problem { kind: ErrorKind, detail: String, field: Option<String> },
}

impl From<Wire> for AppError {
    fn from(wire: Wire) -> Self {
        Self(match wire {
            Wire::Error(error) => error,
            Wire::Problem { kind, detail, field } => model::Error { kind, message: detail, field },
        })
    }
}

impl AppError {
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The connection failed, not the request: what is shown may stay.
    pub fn offline() -> Self {
        Self(model::Error::new(ErrorKind::Unavailable, "the server cannot be reached"))
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AppError {}

impl From<model::Error> for AppError {
    fn from(error: model::Error) -> Self {
        Self(error)
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Request(_) => Self::offline(),
            ServerFnErrorErr::Args(text) | ServerFnErrorErr::MissingArg(text) => {
                Self(model::Error::new(ErrorKind::Invalid, text))
            }
            other => Self(model::Error::new(ErrorKind::Internal, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_function_and_the_layers_before_it_read_alike() {
        let plain = r#"{"kind":"not_found","message":"no run \"a\""}"#;
        let problem = r#"{"type":"about:blank","title":"Unauthenticated","status":401,"kind":"unauthenticated","detail":"sign in first"}"#;
        let read = |json| serde_json::from_str::<AppError>(json).expect("both forms are known");
        assert_eq!(read(plain).0, model::Error::not_found("run", "a"));
        assert_eq!(read(problem).kind(), ErrorKind::Unauthenticated);
        assert_eq!(read(problem).to_string(), "sign in first");
    }

    #[test]
    fn an_error_survives_the_wire() {
        let error = AppError(model::Error::invalid("name", "too long"));
        assert_eq!(AppError::de(error.ser()), error);
    }
}
