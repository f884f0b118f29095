//! Errors in MLflow's words: `{"error_code": NAME, "message": TEXT}`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::ErrorKind;
use serde_json::json;

/// An answer that says what went wrong.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    code: &'static str,
    message: String,
}

pub(super) type Answer<T = axum::Json<serde_json::Value>> = Result<T, Failure>;

impl Failure {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_PARAMETER_VALUE", message)
    }

    pub fn missing(name: &str) -> Self {
        Self::invalid(format!(
            "Missing value for required parameter '{name}'. See the API docs for more information about request parameters."
        ))
    }

    /// `value` as it came, in JSON.
    pub fn wrong_value(name: &str, value: &serde_json::Value, reason: &str) -> Self {
        Self::invalid(format!("Invalid value {value} for parameter '{name}' supplied: {reason}"))
    }

    pub fn too_long(name: &str, characters_max: usize) -> Self {
        Self::invalid(format!("'{name}' exceeds the maximum length of {characters_max} characters"))
    }

    pub fn not_there(message: impl Into<String>) -> Self {
        Self::new(404, "RESOURCE_DOES_NOT_EXIST", message)
    }

    pub fn exists(message: impl Into<String>) -> Self {
        Self::new(400, "RESOURCE_ALREADY_EXISTS", message)
    }

    /// A run that is in the trash takes nothing.
    pub fn run_is_deleted(id: &str) -> Self {
        Self::invalid(format!("The run {id} must be in the 'active' state. Current state is deleted."))
    }
}

impl From<model::Error> for Failure {
    fn from(error: model::Error) -> Self {
        let field = error.field.clone().unwrap_or_default();
        let (status, code) = match error.kind {
            // What MLflow calls invalid, because a client must not send it again.
            ErrorKind::Invalid | ErrorKind::TooLarge => (400, "INVALID_PARAMETER_VALUE"),
            ErrorKind::Conflict if field == "run_id" => {
                let message = format!("{}; it must be in the 'active' state", error.message);
                return Self::invalid(message);
            }
            ErrorKind::Conflict => (409, "RESOURCE_CONFLICT"),
            ErrorKind::NotFound => (404, "RESOURCE_DOES_NOT_EXIST"),
            ErrorKind::Unauthenticated => (401, "UNAUTHENTICATED"),
            ErrorKind::Forbidden => (403, "PERMISSION_DENIED"),
            ErrorKind::RateLimited => (429, "REQUEST_LIMIT_EXCEEDED"),
            ErrorKind::Unavailable => (503, "TEMPORARILY_UNAVAILABLE"),
            ErrorKind::Internal => (500, "INTERNAL_ERROR"),
        };
        Self { status, code, message: error.to_string() }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        error.into_public().into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let document = json!({ "error_code": self.code, "message": self.message });
        let mut response = (status, axum::Json(document)).into_response();
        if matches!(self.status, 429 | 503) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
