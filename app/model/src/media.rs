//! Files that a run logged at steps, each under a name: images and tables.

use crate::{Error, artifact::ArtifactPath, limits};
use serde::{Deserialize, Serialize};

/// What the paths of logged images begin with, and those of MLflow's clients, and those of tables.
pub const IMAGES: &str = "media/";
pub const MLFLOW_IMAGES: &str = "images/";
pub const TABLES: &str = "table/";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Table,
}

/// A file of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepFile {
    pub step: i64,
    pub path: ArtifactPath,
}

impl StepFile {
    /// What a run had at a step: the last one at or before it.
    pub fn at(files: &[Self], step: i64) -> Option<&Self> {
        files[..files.partition_point(|one| one.step <= step)].last()
    }
}

/// Which names of a run's images and tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct MediaQuery {
    /// Part of the name.
    pub search: String,
    /// At most so many names.
    pub limit: Option<u32>,
}

impl MediaQuery {
    pub fn check(&self) -> Result<(), Error> {
        let most = limits::SEARCH_TEXT_BYTES_MAX;
        if self.search.len() > most {
            return Err(Error::too_large("search", format!("at most {most} bytes")));
        }
        let most = limits::MEDIA_NAMES_MAX;
        if self.limit.is_some_and(|limit| !(1..=most).contains(&limit)) {
            return Err(Error::invalid("limit", format!("expected 1 to {most}")));
        }
        Ok(())
    }
}

/// The images and tables of a run by name and step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Media {
    /// By kind and name.
    pub series: Vec<MediaSeries>,
    /// Names that the query means.
    pub total: i64,
    /// Names that the run has.
    pub all: i64,
    /// The run has more files than are looked at.
    pub cut: bool,
}

/// What was logged under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MediaSeries {
    pub kind: MediaKind,
    pub key: String,
    /// By step.
    pub files: Vec<StepFile>,
}

/// What a path says: `media/<name>/<step>.png`, `table/<name>/<step>.json`, or as MLflow's clients name images,
/// `images/<name>%step%<step>%timestamp%….png`, where `#` stands for the slashes of the name. The small copy that they
/// send beside each image is none.
pub fn of_path(path: &ArtifactPath) -> Option<(MediaKind, String, i64)> {
    let path = path.as_str();
    if let Some(file) = path.strip_prefix(MLFLOW_IMAGES) {
        let (key, rest) = file.split_once("%step%")?;
        let (step, rest) = rest.split_once("%timestamp%")?;
        let is_one = !key.is_empty() && !key.contains('/') && !rest.contains("%compressed");
        return is_one.then_some((MediaKind::Image, key.replace('#', "/"), step.parse().ok()?));
    }
    let (kind, rest) = match path.strip_prefix(IMAGES) {
        Some(rest) => (MediaKind::Image, rest),
        None => (MediaKind::Table, path.strip_prefix(TABLES)?),
    };
    let (key, file) = rest.rsplit_once('/')?;
    let (step, ending) = file.rsplit_once('.')?;
    let fits = kind == MediaKind::Image || ending == "json";
    fits.then_some((kind, key.to_owned(), step.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ArtifactPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_path_says_what_a_file_shows_and_when() {
        let image = |key: &str, step| Some((MediaKind::Image, key.to_owned(), step));
        assert_eq!(of_path(&path("media/val/samples/40.png")), image("val/samples", 40));
        assert_eq!(of_path(&path("media/x/-1.jpeg")), image("x", -1));
        let table = of_path(&path("table/val/errors/3.json"));
        assert_eq!(table, Some((MediaKind::Table, "val/errors".to_owned(), 3)));
        for other in [
            "media/40.png",
            "media/x/last.png",
            "media/x/40",
            "plots/x/40.png",
            "table/x/3.csv",
            "table/3.json",
        ] {
            assert_eq!(of_path(&path(other)), None, "{other}");
        }
    }

    #[test]
    fn images_of_mlflow_are_found_by_their_names() {
        let name = "images/val#faces%step%12%timestamp%1700000000000%j3a1f";
        let image = of_path(&path(&format!("{name}.png")));
        assert_eq!(image, Some((MediaKind::Image, "val/faces".to_owned(), 12)));
        assert_eq!(of_path(&path(&format!("{name}%compressed.webp"))), None);
        for other in ["images/a.png", "images/%step%1%timestamp%2.png", "images/a%step%x%timestamp%2.png"] {
            assert_eq!(of_path(&path(other)), None, "{other}");
        }
    }

    #[test]
    fn between_two_files_the_earlier_one_is_shown() {
        let files = [10, 20].map(|step| StepFile { step, path: path("media/x/1.png") });
        let at = |step| StepFile::at(&files, step).map(|one| one.step);
        assert_eq!([at(9), at(10), at(15), at(99)], [None, Some(10), Some(10), Some(20)]);
        assert_eq!(StepFile::at(&[], 3), None);
    }
}
