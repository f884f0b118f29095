//! Artifacts: MLflow's proxy paths, which are places in our artifact store: `<experiment>/<run>/artifacts/<path>`,
//! `<experiment>/models/<model>/artifacts/<path>` and `<experiment>/traces/<trace>/artifacts/<path>`.

use super::{
    convert::{self, Input, artifact_uri, object},
    error::{Answer, Failure},
    run,
};
use crate::rest;
use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use engine::{Services, artifact::ByteRange};
use model::{
    UploadId,
    artifact::{Artifact, ArtifactPath, Owner},
    limits,
    user::Caller,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one `upload-artifact` may bring; larger files come by PUT.
const UPLOAD_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Where parts of files are put.
pub(super) const PARTS: &str = "/api/2.0/mlflow-artifacts/mpu/part";

/// What files belong to, and a path in it; none for its root.
pub(super) struct Place {
    pub owner: Owner,
    pub path: Option<ArtifactPath>,
}

pub(super) fn unsafe_path() -> Failure {
    Failure::invalid("Invalid path")
}

/// Percent-decoding again and again must not lead out either.
fn check_decoded(text: &str) -> Answer<()> {
    let mut text = text.to_owned();
    for _ in 0..8 {
        let outside = text.starts_with('/')
            || text.contains(['\\', '#'])
            || text.split('/').any(|part| part == "..")
            || text.get(1..2) == Some(":")
            || text.to_ascii_lowercase().starts_with("file:");
        if outside {
            return Err(unsafe_path());
        }
        let decoded = percent_encoding::percent_decode_str(&text).decode_utf8().map_err(|_| unsafe_path())?;
        if decoded == text {
            return Ok(());
        }
        text = decoded.into_owned();
    }
    Err(unsafe_path())
}

pub(super) fn artifact_path(text: &str) -> Answer<Option<ArtifactPath>> {
    check_decoded(text)?;
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| unsafe_path())
}

/// Reads one of the three forms; none for what is no place of ours.
pub(super) fn place(text: &str) -> Answer<Option<Place>> {
    check_decoded(text)?;
    let parts: Vec<&str> = text.splitn(5, '/').collect();
    let (owner, rest) = match parts[..] {
        [_, "models", id, "artifacts", ref rest @ ..] => {
            (convert::model_id(id).ok().map(Owner::Asset), rest.first().copied())
        }
        [_, "traces", id, "artifacts", ref rest @ ..] => {
            (convert::trace_id(id).ok().map(Owner::Trace), rest.first().copied())
        }
        [_, id, "artifacts", ..] => (convert::run_id(id).ok().map(Owner::Run), text.splitn(4, '/').nth(3)),
        _ => (None, None),
    };
    let Some(owner) = owner else { return Ok(None) };
    Ok(Some(Place { owner, path: artifact_path(rest.unwrap_or_default())? }))
}

fn missing(path: &str) -> Failure {
    Failure::not_there(format!("No such artifact: '{path}'"))
}

pub(super) async fn upload(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(path): Path<String>,
    body: Body,
) -> Answer {
    if path.ends_with('/') {
        return Err(unsafe_path());
    }
    let place = place(&path)?.ok_or_else(unsafe_path)?;
    let target = place.path.ok_or_else(unsafe_path)?;
    let content = body.into_data_stream();
    services.artifact.upload(&caller, &place.owner, target, None, content).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn download(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let Some(Place { owner, path: Some(target) }) = place(&path)? else { return Err(missing(&path)) };
    bytes(&services, &caller, &owner, &target, range(&headers)).await
}

/// `GET /get-artifact?run_id=&path=`
pub(super) async fn download_of_run(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    input: Input,
) -> Answer<Response> {
    let run_id = input.run_id()?;
    let path = input.required("path")?;
    let target = artifact_path(&path)?.ok_or_else(|| Failure::missing("path"))?;
    run::header(&services, &caller, &run_id).await?;
    bytes(&services, &caller, &run_id.into(), &target, range(&headers)).await
}

/// The part of a file that the request names; more than one part is answered with the whole, as RFC 9110 allows.
pub(super) fn range(headers: &HeaderMap) -> Option<ByteRange> {
    rest::artifact::byte_range(headers.get(header::RANGE)?.to_str().ok()?)
}

/// Answers a file, or the part of it that is asked for.
pub(super) async fn bytes(
    services: &Services,
    caller: &Caller,
    owner: &Owner,
    path: &ArtifactPath,
    range: Option<ByteRange>,
) -> Answer<Response> {
    let open =
        match services.artifact.open(caller, owner, path, range).await.map_err(engine::Error::into_public) {
            Ok(open) => open,
            Err(error) if error.kind == model::ErrorKind::NotFound => {
                let below = format!("{}/", path.as_str());
                let is_folder =
                    services.artifact.files(caller, owner).await.is_ok_and(|all| {
                        all.iter().any(|artifact| artifact.path.as_str().starts_with(&below))
                    });
                return Err(if is_folder {
                    Failure::invalid(format!("'{}' is a directory", path.as_str()))
                } else {
                    missing(path.as_str())
                });
            }
            Err(error) => return Err(error.into()),
        };
    let name = percent_encoding::utf8_percent_encode(path.file_name(), percent_encoding::NON_ALPHANUMERIC);
    let mut headers = HeaderMap::new();
    let fixed = [
        (header::CONTENT_TYPE, mime(path.file_name(), &open.artifact.mime).to_owned()),
        (header::CONTENT_LENGTH, (open.range.end - open.range.start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")),
        // Whatever is inside, it may run nothing and load nothing.
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    for (name, value) in fixed {
        let value =
            value.parse().map_err(|_| Failure::new(500, "INTERNAL_ERROR", "a header cannot be sent"))?;
        headers.insert(name, value);
    }
    let (start, end, size) = (open.range.start, open.range.end, open.artifact.size_bytes);
    let body = Body::from_stream(open.bytes);
    if range.is_none() {
        return Ok((headers, body).into_response());
    }
    let part = [(header::CONTENT_RANGE, rest::artifact::content_range(start, end, size))];
    Ok((StatusCode::PARTIAL_CONTENT, part, headers, body).into_response())
}

/// Text that MLflow's pages show comes as text.
fn mime<'a>(name: &str, guessed: &'a str) -> &'a str {
    const TEXTS: [&str; 14] =
        ["txt", "log", "err", "cfg", "conf", "ini", "json", "yaml", "yml", "py", "csv", "md", "js", "xml"];
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if matches!(name, "MLmodel" | "mlproject") || TEXTS.contains(&extension) { "text/plain" } else { guessed }
}

/// What lies directly below a folder: name, and the size of a file.
fn children(all: &[Artifact], folder: Option<&ArtifactPath>) -> BTreeMap<String, Option<i64>> {
    let prefix = folder.map(|path| format!("{}/", path.as_str())).unwrap_or_default();
    let below =
        all.iter().filter_map(|artifact| Some((artifact, artifact.path.as_str().strip_prefix(&prefix)?)));
    below
        .map(|(artifact, rest)| match rest.split_once('/') {
            Some((name, _)) => (name.to_owned(), None),
            None => (rest.to_owned(), Some(artifact.size_bytes)),
        })
        .collect()
}

fn files(children: BTreeMap<String, Option<i64>>, prefix: &str) -> Value {
    let file = |(name, size): (String, Option<i64>)| match size {
        Some(size) => json!({ "path": format!("{prefix}{name}"), "is_dir": false, "file_size": size }),
        None => json!({ "path": format!("{prefix}{name}"), "is_dir": true }),
    };
    Value::Array(children.into_iter().map(file).collect())
}

/// `GET mlflow-artifacts/artifacts?path=`: base names below a folder; nothing for what is not there.
pub(super) async fn list(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let path = input.text("path")?.unwrap_or_default();
    let Some(place) = place(&path)? else { return Ok(axum::Json(json!({}))) };
    let Ok(all) = services.artifact.files(&caller, &place.owner).await else {
        return Ok(axum::Json(json!({})));
    };
    let found = children(&all, place.path.as_ref());
    Ok(axum::Json(object([("files", files(found, ""))])))
}

/// What lies below a folder, with paths from the root of what the files belong to.
pub(super) async fn listing(
    services: &Services,
    caller: &Caller,
    owner: &Owner,
    root: &str,
    folder: &str,
) -> Answer {
    let folder = artifact_path(folder)?;
    let all = services.artifact.files(caller, owner).await?;
    let prefix = folder.as_ref().map(|path| format!("{}/", path.as_str())).unwrap_or_default();
    let found = children(&all, folder.as_ref());
    Ok(axum::Json(object([("root_uri", json!(root)), ("files", files(found, &prefix))])))
}

/// `GET artifacts/list`
pub(super) async fn list_of_run(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let run = run::header(&services, &caller, &input.run_id()?).await?;
    let (root, folder) = (artifact_uri(&run), input.text("path")?.unwrap_or_default());
    listing(&services, &caller, &run.id.into(), &root, &folder).await
}

/// `POST upload-artifact?run_uuid=&path=`: a small file as the body.
pub(super) async fn upload_to_run(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    body: Body,
) -> Answer {
    let query = Input::from_query(uri.query().unwrap_or_default());
    let asked = |name: &str| {
        let text = query.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| Failure::invalid(format!("Request must specify {name}.")))
    };
    let (run_id, path) = (asked("run_uuid")?, asked("path")?);
    let run = run::header(&services, &caller, &convert::run_id(&run_id)?).await?;
    let path = artifact_path(&path)?.ok_or_else(unsafe_path)?;
    let bytes = axum::body::to_bytes(body, UPLOAD_BYTES_MAX).await.map_err(|_| {
        Failure::invalid(format!("Artifact size is too large. Max size is {UPLOAD_BYTES_MAX} bytes."))
    })?;
    if bytes.is_empty() {
        return Err(Failure::invalid("Request must specify data."));
    }
    let content = futures::stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
    services.artifact.upload(&caller, &run.id.into(), path, None, content).await?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn remove(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(path): Path<String>,
) -> Answer {
    let place = place(&path)?.ok_or_else(unsafe_path)?;
    match place.path {
        Some(path) => services.artifact.remove(&caller, &place.owner, &path).await?,
        None => {
            for artifact in services.artifact.list(&caller, &place.owner).await? {
                services.artifact.remove(&caller, &place.owner, &artifact.path).await?;
            }
        }
    }
    Ok(axum::Json(json!({})))
}

/// Clients download through this server instead.
pub(super) async fn no_presigned() -> Failure {
    Failure::new(
        501,
        "NOT_IMPLEMENTED",
        "Presigned downloads are not supported for the current artifact repository",
    )
}

/// The place of a file that comes in parts: below the folder of the request's path, under the last part of the name that
/// the file has where the client is.
fn multipart_place(folder: &str, input: &Input) -> Answer<(Owner, ArtifactPath)> {
    let place = place(folder)?.ok_or_else(unsafe_path)?;
    let local = input.required("path")?;
    let name = local.rsplit(['/', '\\']).next().unwrap_or_default();
    let path = match place.path {
        Some(folder) => format!("{}/{name}", folder.as_str()),
        None => name.to_owned(),
    };
    Ok((place.owner, artifact_path(&path)?.ok_or_else(unsafe_path)?))
}

fn upload_id(input: &Input) -> Answer<UploadId> {
    let text = input.required("upload_id")?;
    text.parse().map_err(|_| Failure::not_there(format!("There is no upload '{text}'")))
}

/// `POST mpu/create/FOLDER`: where to put each part, which is here, and with which headers, which are those of this request.
pub(super) async fn begin_multipart(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(folder): Path<String>,
    headers: HeaderMap,
    input: Input,
) -> Answer {
    multipart_place(&folder, &input)?;
    let count = input.int("num_parts")?.unwrap_or(1);
    if !(1..=i64::from(limits::ARTIFACT_PARTS_MAX)).contains(&count) {
        let expected = format!("expected 1 to {}", limits::ARTIFACT_PARTS_MAX);
        return Err(Failure::wrong_value("num_parts", &json!(count), &expected));
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).ok_or_else(|| Failure::missing("Host"))?;
    let is_secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let scheme = if is_secure { "https" } else { "http" };
    let shown = match text(header::AUTHORIZATION) {
        Some(value) => json!({ "Authorization": value }),
        None => json!({}),
    };
    let id = services.artifact.begin_parts(&caller)?;
    let part = |number: i64| {
        let url = format!("{scheme}://{host}{PARTS}/{id}/{number}");
        json!({ "url": url, "part_number": number, "headers": shown })
    };
    let parts: Vec<Value> = (1..=count).map(part).collect();
    Ok(axum::Json(json!({ "upload_id": id, "credentials": parts })))
}

/// `PUT mpu/part/UPLOAD/NUMBER`
pub(super) async fn upload_part(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path((id, number)): Path<(String, u32)>,
    body: Body,
) -> Answer<Response> {
    let id: UploadId = id.parse().map_err(|_| Failure::not_there(format!("There is no upload '{id}'")))?;
    let sha256 = services.artifact.put_part(&caller, &id, number, body.into_data_stream()).await?;
    Ok(([(header::ETAG, format!("\"{sha256}\""))], axum::Json(json!({}))).into_response())
}

/// `POST mpu/complete/FOLDER`
pub(super) async fn end_multipart(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(folder): Path<String>,
    input: Input,
) -> Answer {
    let (owner, path) = multipart_place(&folder, &input)?;
    let id = upload_id(&input)?;
    let mut numbers = Vec::new();
    for (index, part) in input.list("parts")?.iter().enumerate() {
        let field = format!("parts[{index}].part_number");
        let number = Input::of(part).int("part_number")?.ok_or_else(|| Failure::missing(&field))?;
        let number =
            u32::try_from(number).ok().filter(|number| (1..=limits::ARTIFACT_PARTS_MAX).contains(number));
        numbers
            .push(number.ok_or_else(|| {
                Failure::invalid(format!("Invalid value for parameter '{field}' supplied"))
            })?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    services.artifact.join_parts(&caller, &owner, path, &id, &numbers, None).await?;
    Ok(axum::Json(json!({})))
}

/// `POST mpu/abort/FOLDER`
pub(super) async fn abort_multipart(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    Path(folder): Path<String>,
    input: Input,
) -> Answer {
    multipart_place(&folder, &input)?;
    services.artifact.drop_parts(&caller, &upload_id(&input)?).await?;
    Ok(axum::Json(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let run = "0123456789abcdef0123456789abcdef";
        assert!(place(&format!("0/{run}/artifacts/a/b c.txt")).unwrap().unwrap().path.is_some());
        assert!(place(&format!("0/{run}/artifacts")).unwrap().unwrap().path.is_none());
        for bad in ["..", "%2e%2e", "%252e%252e", "a/../b", "a\\b", "C:/x", "x#y"] {
            assert!(place(&format!("0/{run}/artifacts/{bad}")).is_err() || bad == "C:/x", "{bad}");
        }
        for bad in ["/etc/passwd", "file:///etc/passwd", "C:/x"] {
            assert!(place(bad).is_err(), "{bad}");
        }
        assert!(place("0/models/m-1/artifacts/x").unwrap().is_none());
        let model = place(&format!("0/models/m-{run}/artifacts/a/b")).unwrap().unwrap();
        assert!(matches!(model.owner, Owner::Asset(_)) && model.path.unwrap().as_str() == "a/b");
        assert!(place(&format!("0/traces/tr-{run}/artifacts")).unwrap().unwrap().path.is_none());
        assert!(place(&format!("0/models/m-{run}/artifacts/../x")).is_err());
    }
}
