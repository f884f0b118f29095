//! Errors on the way out: RFC 9457 problem documents with our kind and field beside the standard members.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::ErrorKind;
use serde::Serialize;

/// An answer that says what went wrong.
#[derive(Debug)]
pub(crate) struct Problem(pub model::Error);

/// `application/problem+json`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProblemDocument {
    /// Always `about:blank`: the status says all that a type would.
    r#type: &'static str,
    title: &'static str,
    status: u16,
    kind: ErrorKind,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

impl From<model::Error> for Problem {
    fn from(error: model::Error) -> Self {
        Self(error)
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Self {
        Self(error.into_public())
    }
}

fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthenticated => "Not signed in",
        ErrorKind::Forbidden => "Not allowed",
        ErrorKind::NotFound => "Not found",
        ErrorKind::Conflict => "Conflict",
        ErrorKind::Invalid => "Invalid input",
        ErrorKind::TooLarge => "Too large",
        ErrorKind::RateLimited => "Too many requests",
        ErrorKind::Unavailable => "Not available now",
        ErrorKind::Internal => "Server error",
    }
}

impl Problem {
    /// The answer with a status that says more than the kind's.
    pub(crate) fn with_status(self, status: StatusCode) -> Response {
        let Self(error) = self;
        let document = ProblemDocument {
            r#type: "about:blank",
            title: title(error.kind),
            status: status.as_u16(),
            kind: error.kind,
            detail: error.to_string(),
            field: error.field,
        };
        let mut response = (status, axum::Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match error.kind {
            ErrorKind::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ErrorKind::RateLimited | ErrorKind::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = app::remote::status(self.0.kind);
        self.with_status(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_status() {
        let kinds = [
            (ErrorKind::Unauthenticated, 401),
            (ErrorKind::Forbidden, 403),
            (ErrorKind::NotFound, 404),
            (ErrorKind::Conflict, 409),
            (ErrorKind::Invalid, 400),
            (ErrorKind::TooLarge, 413),
            (ErrorKind::RateLimited, 429),
            (ErrorKind::Unavailable, 503),
            (ErrorKind::Internal, 500),
        ];
        for (kind, status) in kinds {
            assert_eq!(Problem(model::Error::new(kind, "x")).into_response().status().as_u16(), status);
        }
    }
}
