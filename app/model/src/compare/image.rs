//! Images that runs logged at steps, side by side.

use crate::artifact::ArtifactPath;
use serde::{Deserialize, Serialize};

/// One image of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    pub step: i64,
    pub path: ArtifactPath,
}

/// The images under one name, and which names there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// Every name that one of the runs logged images under.
    pub keys: Vec<String>,
    /// The name whose images these are.
    pub key: String,
    /// The steps of all runs, each once, in order.
    pub steps: Vec<i64>,
    /// Of each run in the order asked for, by step.
    pub of_runs: Vec<Vec<Picture>>,
}

impl Picture {
    /// The image that a run had at a step: the last one at or before it.
    pub fn at(pictures: &[Self], step: i64) -> Option<&Self> {
        pictures[..pictures.partition_point(|one| one.step <= step)].last()
    }
}

/// What the paths of logged images begin with.
pub const MEDIA: &str = "media/";

/// The name and the step in the path of a logged image: `media/<name>/<step>.png`.
pub fn of_media(path: &ArtifactPath) -> Option<(&str, i64)> {
    let (key, file) = path.as_str().strip_prefix(MEDIA)?.rsplit_once('/')?;
    let (step, _) = file.rsplit_once('.')?;
    Some((key, step.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ArtifactPath {
        text.parse().expect("a path")
    }

    #[test]
    fn a_path_says_what_the_image_shows_and_when() {
        assert_eq!(of_media(&path("media/val/samples/40.png")), Some(("val/samples", 40)));
        assert_eq!(of_media(&path("media/x/-1.jpeg")), Some(("x", -1)));
        for other in ["media/40.png", "media/x/last.png", "media/x/40", "plots/x/40.png"] {
            assert_eq!(of_media(&path(other)), None, "{other}");
        }
    }

    #[test]
    fn between_two_images_the_earlier_one_is_shown() {
        let pictures = [10, 20].map(|step| Picture { step, path: path("media/x/1.png") });
        let at = |step| Picture::at(&pictures, step).map(|one| one.step);
        assert_eq!([at(9), at(10), at(15), at(99)], [None, Some(10), Some(10), Some(20)]);
        assert_eq!(Picture::at(&[], 3), None);
    }
}
