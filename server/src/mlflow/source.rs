//! What a model version is made of: the URI that a client names, and the place that it means. The server never opens a
//! URI; files are read from its own store only.

use super::{
    artifact::{self, Place},
    convert::{self, artifact_uri, model_id_text},
    error::{Answer, Failure},
    found, logged_model, model_version, registry,
};
use engine::Services;
use model::{AssetId, RunId, artifact::Owner, asset::Asset, registry::ModelVersion, run::Run, user::Caller};

/// Where a version comes from.
#[derive(Debug)]
pub(super) struct Origin {
    pub source: String,
    pub location: String,
    pub run_id: Option<RunId>,
    pub asset_id: Option<AssetId>,
}

/// Prompts have no files; clients write one of these words.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];

/// Percent-encoding inside percent-encoding: nobody needs so much.
const DECODINGS_MAX: usize = 8;

fn wrong(source: &str, reason: &str) -> Failure {
    Failure::invalid(format!("Invalid model version source: '{source}'. {reason}"))
}

fn local(source: &str) -> Failure {
    let reason = "To use a local path as a model version source, the run_id request parameter has to be specified \
        and the local path has to be contained within the artifact directory of the run specified by the run_id.";
    wrong(source, reason)
}

fn relative(source: &str) -> Failure {
    let reason = "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, \
        an absolute path must be provided without relative path references present. \
        Please provide an absolute path.";
    wrong(source, reason)
}

/// The source is not inside what the request names.
fn elsewhere(source: &str, field: &str) -> Failure {
    let reason =
        format!("The {field} request parameter must identify the resource that contains the source.");
    wrong(source, &reason)
}

/// A URI in parts.
#[derive(Debug, PartialEq)]
struct Uri<'a> {
    text: &'a str,
    /// In lower case.
    scheme: String,
    authority: &'a str,
    /// What follows, without empty parts: `a/b`.
    path: String,
}

impl<'a> Uri<'a> {
    /// Refuses local paths, and whatever might lead out of a folder when somebody opens it.
    fn read(text: &'a str) -> Answer<Self> {
        let (scheme, rest) = text.split_once(':').ok_or_else(|| local(text))?;
        let scheme = scheme.to_ascii_lowercase();
        let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        // A scheme of one letter is the drive of a local path.
        if !plain
            || scheme.len() < 2
            || !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            || scheme == "file"
        {
            return Err(local(text));
        }
        if text.contains(['?', '#']) {
            return Err(wrong(text, "A source has no query and no fragment."));
        }
        if !stays_inside(text) {
            return Err(relative(text));
        }
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("", rest.strip_prefix('/').unwrap_or_default()),
        };
        let path = path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        if path.is_empty() {
            return Err(relative(text));
        }
        Ok(Self { text, scheme, authority, path })
    }
}

/// Whether no part of a URI is `.` or `..`, however often it is percent-encoded, and nothing in it is read as one.
fn stays_inside(text: &str) -> bool {
    let mut text = text.to_owned();
    for _ in 0..DECODINGS_MAX {
        let odd = text.contains('\\')
            || text.chars().any(char::is_control)
            || text.split('/').any(|part| matches!(part, "." | ".."));
        if odd {
            return false;
        }
        let Ok(decoded) = percent_encoding::percent_decode_str(&text).decode_utf8() else { return false };
        if decoded == text {
            return true;
        }
        text = decoded.into_owned();
    }
    false
}

/// The origin of a prompt's version.
pub(super) fn of_prompt(source: &str, run_id: Option<&str>) -> Answer<Origin> {
    if !PROMPT_SOURCES.contains(&source) {
        return Err(Failure::invalid(format!(
            "Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder."
        )));
    }
    let run_id = given(run_id).map(convert::run_id).transpose()?;
    Ok(Origin { source: source.to_owned(), location: source.to_owned(), run_id, asset_id: None })
}

/// An empty parameter is none.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Reads a source, and the run and the model that the request names beside it; they must be those that the source is of.
/// Where the request leaves them out, the source tells them.
pub(super) async fn resolve(
    services: &Services,
    caller: &Caller,
    text: &str,
    run_id: Option<&str>,
    model_id: Option<&str>,
) -> Answer<Origin> {
    let uri = Uri::read(text)?;
    let asked = Asked { services, caller, uri: &uri, run_id, model_id };
    match uri.scheme.as_str() {
        "runs" => asked.of_run().await,
        "models" => asked.of_model().await,
        "mlflow-artifacts" => asked.of_place().await,
        _ => asked.of_url().await,
    }
}

struct Asked<'a> {
    services: &'a Services,
    caller: &'a Caller,
    uri: &'a Uri<'a>,
    run_id: Option<&'a str>,
    model_id: Option<&'a str>,
}

impl Asked<'_> {
    fn origin(&self, location: String, run_id: Option<RunId>, asset_id: Option<AssetId>) -> Origin {
        Origin { source: self.uri.text.to_owned(), location, run_id, asset_id }
    }

    fn elsewhere(&self, field: &str) -> Failure {
        elsewhere(self.uri.text, field)
    }

    async fn run(&self, id: &RunId) -> Answer<Run> {
        let missing = || Failure::not_there(format!("Run with id={id} not found"));
        self.services.run.header(self.caller, id).await.map_err(|error| registry::failure(error, missing))
    }

    async fn asset(&self, model_id: &str) -> Answer<Asset> {
        logged_model::find(self.services, self.caller, model_id, false).await
    }

    /// The run that the request names, or else the one that made the model.
    fn run_beside(&self, asset: Option<&Asset>) -> Answer<Option<RunId>> {
        match given(self.run_id) {
            Some(id) => convert::run_id(id).map(Some),
            None => Ok(asset.and_then(|asset| asset.source_run_id.clone())),
        }
    }

    /// `runs:/RUN/path`
    async fn of_run(&self) -> Answer<Origin> {
        let (id, path) = self.uri.path.split_once('/').unwrap_or((&self.uri.path, ""));
        if !self.uri.authority.is_empty() || given(self.run_id).is_some_and(|given| given != id) {
            return Err(self.elsewhere("run_id"));
        }
        if given(self.model_id).is_some() {
            return Err(self.elsewhere("model_id"));
        }
        let run = self.run(&convert::run_id(id)?).await?;
        let location = joined(artifact_uri(&run), path);
        Ok(self.origin(location, Some(run.id), None))
    }

    /// `mlflow-artifacts:/EXPERIMENT/RUN/artifacts/path`, or the same of a model.
    async fn of_place(&self) -> Answer<Origin> {
        let location = format!("mlflow-artifacts:/{}", self.uri.path);
        let place = artifact::place(&self.uri.path).map_err(|_| relative(self.uri.text))?;
        let of = if given(self.model_id).is_some() { "model_id" } else { "run_id" };
        match place.filter(|_| self.uri.authority.is_empty()) {
            Some(Place { owner: Owner::Run(id), .. }) => {
                let run = self.run(&id).await?;
                let named = given(self.run_id).is_none_or(|given| given == id.as_str());
                if of == "model_id" || !named || !is_within(&location, &artifact_uri(&run)) {
                    return Err(self.elsewhere(of));
                }
                Ok(self.origin(location, Some(id), None))
            }
            Some(Place { owner: Owner::Asset(id), .. }) => {
                let asset = self.asset(&model_id_text(&id)).await?;
                let named = given(self.model_id).is_none_or(|given| given == model_id_text(&id));
                if !named || !is_within(&location, &logged_model::artifact_uri(&asset)) {
                    return Err(self.elsewhere("model_id"));
                }
                Ok(self.origin(location, self.run_beside(Some(&asset))?, Some(id)))
            }
            Some(Place { owner: Owner::Trace(_), .. }) | None => Err(self.elsewhere(of)),
        }
    }

    /// `models:/m-ID`, `models:/name/1`, `models:/name/Production`, `models:/name/latest` or `models:/name@alias`
    async fn of_model(&self) -> Answer<Origin> {
        if !self.uri.authority.is_empty() {
            return Err(wrong(self.uri.text, "Registered model sources must use the active model registry."));
        }
        let version = match self.uri.path.split_once('/') {
            Some((name, last)) if !last.contains('/') => self.version(name, last).await?,
            Some(_) => {
                return Err(wrong(self.uri.text, "Expected models:/name/version or models:/name@alias."));
            }
            None => match self.uri.path.rsplit_once('@') {
                Some((name, alias)) => registry::by_alias(self.services, self.caller, name, alias).await?,
                None => return self.of_asset(&self.uri.path).await,
            },
        };
        let model = registry::find(self.services, self.caller, &version.name).await?;
        if found::is_prompt(&model.tags) {
            return Err(wrong(self.uri.text, "Prompt versions cannot be used as model version sources."));
        }
        let run_id = version.run_id.as_ref().map(RunId::as_str).unwrap_or_default();
        let model_id = version.asset_id.as_ref().map(model_id_text).unwrap_or_default();
        if self.run_id.is_some_and(|given| given != run_id)
            || self.model_id.is_some_and(|given| given != model_id)
        {
            let reason =
                "The run_id and model_id request parameters must match the referenced model version.";
            return Err(wrong(self.uri.text, reason));
        }
        Ok(Origin {
            source: format!("models:/{}/{}", version.name, version.version),
            location: version.location,
            run_id: version.run_id,
            asset_id: version.asset_id,
        })
    }

    /// `last` is a number, `latest` or a stage.
    async fn version(&self, name: &str, last: &str) -> Answer<ModelVersion> {
        let Self { services, caller, .. } = self;
        if let Ok(number) = last.parse() {
            return model_version::find(services, caller, name, number).await;
        }
        registry::find(services, caller, name).await?;
        let stage = if last.eq_ignore_ascii_case("latest") { None } else { Some(registry::stage(last)?) };
        registry::newest(services, caller, name, stage).await
    }

    async fn of_asset(&self, id: &str) -> Answer<Origin> {
        if given(self.model_id).is_some_and(|given| given != id) {
            return Err(self.elsewhere("model_id"));
        }
        let asset = self.asset(id).await?;
        let location = logged_model::artifact_uri(&asset);
        Ok(self.origin(location, self.run_beside(Some(&asset))?, Some(asset.id)))
    }

    /// Somewhere else: an object store. Kept as it is.
    async fn of_url(&self) -> Answer<Origin> {
        if is_proxy(&self.uri.path) {
            // It would be a place of ours by a name that says nothing of its run.
            return Err(self.elsewhere("run_id"));
        }
        let asset = match given(self.model_id) {
            Some(id) => Some(self.asset(id).await?),
            None => None,
        };
        let run_id = self.run_beside(asset.as_ref())?;
        Ok(self.origin(self.uri.text.to_owned(), run_id, asset.map(|asset| asset.id)))
    }
}

fn joined(root: String, path: &str) -> String {
    if path.is_empty() { root } else { format!("{root}/{path}") }
}

fn is_within(location: &str, root: &str) -> bool {
    location.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path is that of MLflow's proxy for files.
fn is_proxy(path: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let parts: Vec<&str> = decoded.split('/').collect();
    parts.windows(4).any(|parts| parts == ["api", "2.0", "mlflow-artifacts", "artifacts"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_in_parts() {
        let read = |text: &'static str| Uri::read(text).map(|uri| (uri.scheme, uri.authority, uri.path));
        for (text, scheme, authority, path) in [
            ("s3://bucket/a//b/", "s3", "bucket", "a/b"),
            ("RUNS:/abc/model", "runs", "", "abc/model"),
            ("mlflow-artifacts:///0/x", "mlflow-artifacts", "", "0/x"),
            ("models:/name@best", "models", "", "name@best"),
            ("dbfs:/a/b%20c", "dbfs", "", "a/b%20c"),
            ("wasbs://c@account.example/p", "wasbs", "c@account.example", "p"),
        ] {
            assert_eq!(read(text).unwrap(), (scheme.to_owned(), authority, path.to_owned()), "{text}");
        }
    }

    #[test]
    fn uris_that_are_local_or_lead_elsewhere_are_refused() {
        for bad in [
            "/etc/passwd",
            "relative/path",
            "./x",
            "../x",
            "model",
            "file:///etc/passwd",
            "FILE:/etc/passwd",
            "file:x",
            "C:\\models",
            "c:/models",
            "file%3A/etc",
            "s3://bucket/../x",
            "s3://bucket/a/./b",
            "s3://bucket/a/..",
            "s3://bucket/%2e%2e/x",
            "s3://bucket/%252e%252e/x",
            "s3://bucket/%25252e%25252e%25252fx",
            "s3://bucket/..%2f..%2fx",
            "s3://bucket/a%00",
            "s3://bucket/a\\..\\b",
            "s3://bucket/%5c..%5cx",
            "s3://bucket/%ff",
            "s3://bucket",
            "s3://bucket/",
            "s3:bucket/x",
            "runs:abc",
            "s3://bucket/x?versionId=1",
            "s3://bucket/x#part",
            "://x/y",
            "",
        ] {
            assert!(Uri::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_place_is_within_its_root_and_not_beside_it() {
        let root = "mlflow-artifacts:/0/abc/artifacts";
        assert!(is_within(root, root) && is_within(&format!("{root}/model"), root));
        assert!(!is_within(&format!("{root}2/model"), root));
        assert!(!is_within("mlflow-artifacts:/1/abc/artifacts", root));
        assert!(is_proxy("api/2.0/mlflow-artifacts/artifacts/0/x"));
        assert!(is_proxy("x/api/2.0/mlflow%2dartifacts/artifacts"));
        assert!(!is_proxy("api/2.0/mlflow-artifacts"));
    }
}
