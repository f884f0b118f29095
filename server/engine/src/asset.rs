//! Assets: datasets and models, and which runs read or wrote them.

use crate::{Base, Result, name};
use model::{
    AssetId, Error, ExperimentId, RunId,
    asset::{
        Asset, AssetKind, AssetMetric, AssetSearch, AssetStatus, AssetUpdate, AssetUse, DatasetUse, ModelNew,
        UseNew, Used,
    },
    event::RunChange,
    limits,
    user::{Caller, Role},
};
use std::{collections::HashMap, sync::Arc};
use store::asset::UseRecord;

/// Lines of [`Assets::dataset_uses`].
const DATASET_USES_MAX: i64 = 1_000;

#[derive(Clone, Debug)]
pub struct Assets(pub(crate) Arc<Base>);

impl Assets {
    /// Announces a model whose files will follow. The run that makes it, if it names one, exists.
    pub async fn create_model(&self, caller: &Caller, new: ModelNew) -> Result<Asset> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, .. } = &*self.0;
        if let Some(run_id) = &new.source_run_id {
            self.0.run(run_id).await?;
        }
        let now = world.now();
        let asset = Asset {
            id: AssetId::from_bytes(world.bytes()),
            experiment_id: new.experiment_id,
            kind: AssetKind::Model,
            name: new.name.unwrap_or_else(|| name::generate(world)),
            digest: String::new(),
            format: new.format,
            status: AssetStatus::Pending,
            status_message: String::new(),
            source: String::new(),
            schema: String::new(),
            profile: String::new(),
            source_run_id: new.source_run_id,
            tags: new.tags,
            params: new.params,
            created_at_ms: now,
            updated_at_ms: now,
            trashed_at_ms: None,
        };
        let mut tx = db.begin().await?;
        if !store::experiment::exists(&mut tx, asset.experiment_id).await? {
            return Err(Error::not_found("experiment", asset.experiment_id).into());
        }
        store::asset::add(&mut tx, &asset).await?;
        tx.commit().await?;
        Ok(asset)
    }

    pub async fn get(&self, caller: &Caller, id: &AssetId) -> Result<Asset> {
        caller.require(Role::Viewer)?;
        self.0.asset(id).await
    }

    pub async fn update(&self, caller: &Caller, id: &AssetId, update: AssetUpdate) -> Result<Asset> {
        caller.require(Role::Member)?;
        update.check()?;
        let Base { db, world, .. } = &*self.0;
        let asset = self.0.asset(id).await?;
        let params = asset.params.len() + update.put_params.len();
        if params > limits::ASSET_PARAMS_MAX
            || asset.tags.0.len() + update.put_tags.0.len() > limits::TAGS_MAX
        {
            let most = format!("at most {} params and {} tags", limits::ASSET_PARAMS_MAX, limits::TAGS_MAX);
            return Err(Error::too_large("params", most).into());
        }
        let mut tx = db.begin().await?;
        store::asset::update(&mut tx, id, &update, world.now()).await?;
        tx.commit().await?;
        self.0.asset(id).await
    }

    /// All assets that the search asks for, in no order.
    pub async fn search(&self, caller: &Caller, search: &AssetSearch) -> Result<Vec<Asset>> {
        caller.require(Role::Viewer)?;
        Ok(store::asset::search(&self.0.db, search).await?)
    }

    /// Notes what a run read and wrote. What was noted before stays as it is.
    pub async fn link(&self, caller: &Caller, run_id: &RunId, uses: &[UseNew]) -> Result<()> {
        caller.require(Role::Member)?;
        for one in uses {
            one.check()?;
        }
        let Base { db, world, .. } = &*self.0;
        let run = self.0.run(run_id).await?;
        if run.trashed_at_ms.is_some() {
            let message = format!("run \"{run_id}\" is in the trash");
            return Err(Error { field: Some("run_id".into()), ..Error::conflict(message) }.into());
        }
        for one in uses {
            if let Used::Asset(id) = &one.asset {
                self.0.asset(id).await?;
            }
        }
        let mut tx = db.begin().await?;
        let count = store::asset::use_count(&mut tx, run_id).await?;
        if count + uses.len() as i64 > limits::ASSETS_PER_RUN_MAX {
            let most = format!("a run reads and writes at most {} assets", limits::ASSETS_PER_RUN_MAX);
            return Err(Error::too_large("datasets", most).into());
        }
        let now = world.now();
        for UseNew { asset, access, context, step, tags } in uses {
            let asset_id = match asset {
                Used::Asset(id) => id.clone(),
                Used::Dataset(new) => {
                    let id = AssetId::from_bytes(world.bytes());
                    store::asset::ensure_dataset(&mut tx, &id, run.experiment_id, new, now).await?
                }
            };
            let record =
                UseRecord { run_id, asset_id: &asset_id, access: *access, context, step: *step, tags };
            store::asset::add_use(&mut tx, &record, now).await?;
        }
        tx.commit().await?;
        self.0.run_changed(&run, RunChange::Header);
        Ok(())
    }

    /// What these runs read and wrote, in the order in which it was noted.
    pub async fn of_runs(
        &self,
        caller: &Caller,
        run_ids: &[RunId],
    ) -> Result<HashMap<String, Vec<AssetUse>>> {
        caller.require(Role::Viewer)?;
        Ok(store::asset::uses_of_runs(&self.0.db, run_ids).await?)
    }

    /// Which datasets the runs of these experiments read, and what for.
    pub async fn dataset_uses(
        &self,
        caller: &Caller,
        experiment_ids: &[ExperimentId],
    ) -> Result<Vec<DatasetUse>> {
        caller.require(Role::Viewer)?;
        Ok(store::asset::dataset_uses(&self.0.db, experiment_ids, DATASET_USES_MAX).await?)
    }

    /// Notes values of metrics of models; of each key and dataset the one of the highest step is kept.
    pub async fn log_metrics(&self, caller: &Caller, metrics: &[(AssetId, AssetMetric)]) -> Result<()> {
        caller.require(Role::Member)?;
        let ids: std::collections::BTreeSet<&AssetId> = metrics.iter().map(|(id, _)| id).collect();
        for id in &ids {
            self.0.asset(id).await?;
        }
        let mut tx = self.0.db.begin().await?;
        for (id, metric) in metrics {
            store::asset::put_metric(&mut tx, id, metric).await?;
        }
        for id in ids {
            if store::asset::metric_count(&mut tx, id).await? > limits::ASSET_METRICS_MAX {
                let most = format!("a model has at most {} metrics", limits::ASSET_METRICS_MAX);
                return Err(Error::too_large("metrics", most).into());
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// The metrics of these models, in order of key and dataset.
    pub async fn metrics(
        &self,
        caller: &Caller,
        ids: &[AssetId],
    ) -> Result<HashMap<AssetId, Vec<AssetMetric>>> {
        caller.require(Role::Viewer)?;
        Ok(store::asset::metrics(&self.0.db, ids).await?)
    }
}

impl Base {
    /// The asset, or the error that says there is none. One in the trash is there.
    pub(crate) async fn asset(&self, id: &AssetId) -> Result<Asset> {
        let found = store::asset::get(&self.db, id).await?;
        Ok(found.ok_or_else(|| Error::not_found("asset", id))?)
    }
}
