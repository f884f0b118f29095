//! Artifacts: files of a run, a model or a trace. Named by a path inside their owner, stored once by content.

use crate::{AssetId, Error, RunId, TraceId, UnixMillis, UploadId, limits};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What files belong to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    Run(RunId),
    Asset(AssetId),
    Trace(TraceId),
}

impl From<RunId> for Owner {
    fn from(id: RunId) -> Self {
        Self::Run(id)
    }
}

/// As it is stored: no two owners are written alike.
impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(id) => write!(f, "{id}"),
            Self::Asset(id) => write!(f, "asset-{id}"),
            Self::Trace(id) => write!(f, "trace-{id}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Artifact {
    pub path: ArtifactPath,
    /// Of a file that is tracked elsewhere, 0 where its size is not known.
    pub size_bytes: i64,
    /// SHA-256 of the content, 64 hex digits; empty when the file is tracked elsewhere.
    pub sha256: String,
    /// Guessed from the name; never trusted for anything but how to show it.
    pub mime: String,
    pub created_at_ms: UnixMillis,
    /// Where it lies when it is tracked elsewhere: then this server has none of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// A file or folder that lies elsewhere, as whoever noted it says. Nobody here ever opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reference {
    pub uri: String,
    pub size_bytes: Option<i64>,
    /// `sha256:…`, or what the place where it lies has for one, such as an `ETag`.
    pub digest: Option<String>,
}

/// A file or folder elsewhere, to be noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReferenceNew {
    #[cfg_attr(feature = "openapi", schema(example = "s3://bucket/train.parquet"))]
    pub uri: String,
    #[serde(default)]
    pub size_bytes: Option<i64>,
    #[serde(default)]
    pub digest: Option<String>,
    /// Guessed from the path where it is absent.
    #[serde(default)]
    pub mime: Option<String>,
}

/// Schemes whose texts are themselves what they name: a program or a page, and no place.
const NO_PLACES: [&str; 5] = ["about", "blob", "data", "javascript", "vbscript"];

impl ReferenceNew {
    pub fn check(&self) -> Result<(), Error> {
        let most = limits::REFERENCE_URI_BYTES_MAX;
        if self.uri.len() > most {
            return Err(Error::too_large("uri", format!("at most {most} bytes")));
        }
        if self.uri.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            return Err(Error::invalid("uri", "a URI holds no spaces and no control characters"));
        }
        // Any kind of place: stores have schemes of their own, and here it is only written down. A scheme of one letter
        // is a drive of Windows.
        let (scheme, rest) = self.uri.split_once(':').unwrap_or_default();
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
        let is_scheme =
            scheme.len() > 1 && scheme.as_bytes()[0].is_ascii_alphabetic() && scheme.bytes().all(letters);
        if !is_scheme || rest.trim_start_matches('/').is_empty() {
            return Err(Error::invalid(
                "uri",
                "expected a scheme and a place, such as s3://bucket/train.parquet",
            ));
        }
        if NO_PLACES.iter().any(|refused| scheme.eq_ignore_ascii_case(refused)) {
            return Err(Error::invalid("uri", format!("\"{scheme}:\" names no place where a file lies")));
        }
        if self.size_bytes.is_some_and(|size| size < 0) {
            return Err(Error::invalid("size_bytes", "expected 0 or more"));
        }
        let texts = [
            ("digest", &self.digest, limits::ASSET_DIGEST_BYTES_MAX),
            ("mime", &self.mime, limits::MIME_BYTES_MAX),
        ];
        for (field, text, most) in texts {
            let Some(text) = text else { continue };
            if !(1..=most).contains(&text.len()) || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                return Err(Error::invalid(
                    field,
                    format!("expected 1 to {most} letters, digits and signs of ASCII"),
                ));
            }
        }
        Ok(())
    }
}

/// What lies directly in a folder, and what it holds in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Folder {
    /// Files at any depth.
    pub file_count: i64,
    pub size_bytes: i64,
    /// By name.
    pub folders: Vec<Subfolder>,
    /// By name.
    pub files: Vec<Artifact>,
    /// There are more than are listed.
    pub cut: bool,
}

/// A folder in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subfolder {
    pub name: String,
    /// Files at any depth.
    pub file_count: i64,
    pub size_bytes: i64,
}

/// Another place where the same content lies: of a run, or of a model that the run made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactCopy {
    pub run_id: RunId,
    pub run_name: String,
    pub model_id: Option<AssetId>,
    pub model_name: Option<String>,
    pub path: ArtifactPath,
}

/// The beginning of a Parquet file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parquet {
    pub row_count: i64,
    pub row_group_count: i64,
    /// Columns that hold values; only the first are shown.
    pub column_count: i64,
    /// The program that wrote it, in its own words.
    pub created_by: String,
    pub columns: Vec<ParquetColumn>,
}

/// A column of a Parquet file. What lies in records and lists is a column of its own: `point.x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParquetColumn {
    pub name: String,
    /// `int64`, `list<string>`, `timestamp[us, UTC]`.
    pub kind: String,
    /// Of the first rows; none where there is no value.
    pub cells: Vec<Option<String>>,
    /// Why it has no cells.
    pub problem: Option<String>,
}

/// The parts of a file that were sent, to be made one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PartsJoin {
    pub upload_id: UploadId,
    /// Parts 1 up to this one.
    pub part_count: u32,
    /// What all of it must hash to; absent where the client does not know.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// A relative path with `/`: no empty, `.` or `..` parts, no backslash, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "checkpoints/model.pt"))]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactPath(String);

impl ArtifactPath {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part: `model.pt`.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl FromStr for ArtifactPath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.len() > limits::ARTIFACT_PATH_BYTES_MAX {
            let expected = format!("a path has 1 to {} bytes", limits::ARTIFACT_PATH_BYTES_MAX);
            return Err(Error::invalid("path", expected));
        }
        if text.contains('\\') || text.chars().any(char::is_control) {
            return Err(Error::invalid("path", "a path holds no backslash and no control characters"));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Error::invalid("path", "a path is relative and has no empty, \".\" or \"..\" part"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ArtifactPath {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ArtifactPath> for String {
    fn from(path: ArtifactPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_place_and_nothing_that_runs() {
        let new = |uri: &str| ReferenceNew { uri: uri.into(), size_bytes: None, digest: None, mime: None };
        for good in [
            "s3://bucket/a.parquet",
            "file:///data/x",
            "https://example.org/a?b=c",
            "hf://datasets/x",
            "dvc:abc",
        ] {
            assert!(new(good).check().is_ok(), "{good}");
        }
        let long = format!("s3://{}", "a".repeat(limits::REFERENCE_URI_BYTES_MAX));
        for bad in [
            "",
            "bucket/a",
            "C:/data",
            "s3://",
            ":x",
            "1a:b",
            "javascript:alert(1)",
            "JavaScript:x",
            "data:text/html,x",
            "s3://a b",
            &long,
        ] {
            assert_eq!(new(bad).check().unwrap_err().field.as_deref(), Some("uri"), "{bad}");
        }
        let odd = ReferenceNew { size_bytes: Some(-1), ..new("s3://a") };
        assert_eq!(odd.check().unwrap_err().field.as_deref(), Some("size_bytes"));
        let odd = ReferenceNew { digest: Some("ü".into()), ..new("s3://a") };
        assert_eq!(odd.check().unwrap_err().field.as_deref(), Some("digest"));
    }

    #[test]
    fn a_path_stays_inside_its_run() {
        for good in ["a", "a/b c.txt", "..hidden", "a/…/b", "C:/x", "%2e%2e"] {
            assert!(good.parse::<ArtifactPath>().is_ok(), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".", "a\\..\\b", "a\0b", "a\nb"] {
            assert!(bad.parse::<ArtifactPath>().is_err(), "{bad:?}");
        }
    }
}
