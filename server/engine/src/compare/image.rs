//! Images of several runs by name and step.

use super::Compare;
use crate::{Result, media};
use model::{
    RunId,
    compare::{Images, TableQuery},
    limits,
    media::{IMAGES, MLFLOW_IMAGES, MediaKind},
    user::{Caller, Role},
};
use std::collections::BTreeSet;

impl Compare {
    /// The images that the runs logged under one name, and the names there are; the first name when none is asked for.
    pub async fn images(&self, caller: &Caller, run_ids: &[RunId], key: Option<&str>) -> Result<Images> {
        caller.require(Role::Viewer)?;
        TableQuery { run: run_ids.to_vec(), ..TableQuery::default() }.check()?;
        let (db, most) = (&self.base.db, limits::COMPARE_FILES_MAX);
        let files = store::artifact::of_runs(db, run_ids, &[IMAGES, MLFLOW_IMAGES], most).await?;
        let logged: Vec<_> = files
            .iter()
            .filter_map(|(id, file)| Some((id, media::logged(file)?)))
            .filter(|(_, (kind, ..))| *kind == MediaKind::Image)
            .collect();
        let keys: BTreeSet<&str> = logged.iter().map(|(_, (_, key, _))| key.as_str()).collect();
        let Some(shown) = key.and_then(|key| keys.get(key)).or(keys.first()).copied() else {
            return Ok(Images::default());
        };
        let mut images =
            Images { key: shown.to_owned(), of_runs: vec![Vec::new(); run_ids.len()], ..Images::default() };
        let mut steps = BTreeSet::new();
        for (id, (.., picture)) in logged.iter().filter(|(_, (_, key, _))| key == shown) {
            if let Some(place) = run_ids.iter().position(|one| one.as_str() == id.as_str()) {
                steps.insert(picture.step);
                images.of_runs[place].push(picture.clone());
            }
        }
        // Paths are in the order of texts: 10 comes before 9 there.
        images.of_runs.iter_mut().for_each(|of_run| of_run.sort_by_key(|one| one.step));
        images.steps = steps.into_iter().collect();
        images.keys = keys.into_iter().take(limits::COMPARE_IMAGES_MAX).map(str::to_owned).collect();
        Ok(images)
    }
}
