//! Images of several runs by name and step.

use super::Compare;
use crate::Result;
use model::{
    RunId,
    compare::{Images, MEDIA, Picture, TableQuery, of_media},
    limits,
    user::{Caller, Role},
};
use std::collections::BTreeSet;

/// What every browser draws and nothing can be hidden in.
const DRAWN: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

impl Compare {
    /// The images that the runs logged under one name, and the names there are; the first name when none is asked for.
    pub async fn images(&self, caller: &Caller, run_ids: &[RunId], key: Option<&str>) -> Result<Images> {
        caller.require(Role::Viewer)?;
        TableQuery { run: run_ids.to_vec(), ..TableQuery::default() }.check()?;
        let files =
            store::artifact::of_runs(&self.base.db, run_ids, Some(MEDIA), limits::COMPARE_FILES_MAX).await?;
        let logged = || {
            files.iter().filter(|(_, file)| DRAWN.contains(&file.mime.as_str())).filter_map(|(id, file)| {
                let (key, step) = of_media(&file.path)?;
                Some((id, key, Picture { step, path: file.path.clone() }))
            })
        };
        let keys: BTreeSet<&str> = logged().map(|(_, key, _)| key).collect();
        let Some(shown) = key.and_then(|key| keys.get(key)).or(keys.first()).copied() else {
            return Ok(Images::default());
        };
        let mut images =
            Images { key: shown.to_owned(), of_runs: vec![Vec::new(); run_ids.len()], ..Images::default() };
        let mut steps = BTreeSet::new();
        for (id, _, picture) in logged().filter(|(_, key, _)| *key == shown) {
            if let Some(place) = run_ids.iter().position(|one| one.as_str() == id) {
                steps.insert(picture.step);
                images.of_runs[place].push(picture);
            }
        }
        // Paths are in the order of texts: 10 comes before 9 there.
        images.of_runs.iter_mut().for_each(|of_run| of_run.sort_by_key(|one| one.step));
        images.steps = steps.into_iter().collect();
        images.keys = keys.into_iter().take(limits::COMPARE_IMAGES_MAX).map(str::to_owned).collect();
        Ok(images)
    }
}
