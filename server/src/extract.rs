//! Reading requests: axum's extractors, with errors that name the field and what was expected.

use crate::error::Problem;
use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use model::{Error, ErrorKind, limits};
use serde::de::DeserializeOwned;

/// A JSON body of at most [`limits::JSON_BODY_BYTES_MAX`] bytes.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json(request).await.map(Self)
    }
}

/// What [`Json`] does, for handlers that look at the request first.
pub(crate) async fn json<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    if !mime(request.headers()).eq_ignore_ascii_case("application/json") {
        return Err(Error::invalid("Content-Type", "expected application/json").into());
    }
    let bytes = body(request).await?;
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body".to_owned() } else { path };
        Error::invalid(field, error.into_inner().to_string())
    })?;
    reader.end().map_err(|error| Error::invalid("body", error.to_string()))?;
    Ok(value)
}

/// The whole body, within the limit that the router sets.
pub(crate) async fn body(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &()).await.map_err(body_problem)
}

/// The type of the body, without its parameters.
pub(crate) fn mime(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

fn body_problem(rejection: BytesRejection) -> Problem {
    let error = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::too_large("body", format!("at most {} bytes", limits::JSON_BODY_BYTES_MAX))
    } else {
        Error::invalid("body", "the body broke off")
    };
    error.into()
}

/// The query string; repeated keys become lists.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let reader =
            serde_html_form::Deserializer::from_bytes(parts.uri.query().unwrap_or_default().as_bytes());
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "query".to_owned() } else { path };
            Error::invalid(field, error.into_inner().to_string()).into()
        })
    }
}

/// Parameters in the path. One that does not parse names nothing that exists.
pub(crate) struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => {
                let text = rejection.body_text();
                let text = text.strip_prefix("Invalid URL: ").unwrap_or(&text);
                Err(Error::new(ErrorKind::Invalid, text).into())
            }
            Err(rejection) => Err(Error::new(ErrorKind::Internal, rejection.body_text()).into()),
        }
    }
}
