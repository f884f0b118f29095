//! The model registry: models by name, their versions, stages and aliases.

use crate::{Base, Result};
use anyhow::anyhow;
use model::{
    Error, limits,
    registry::{
        ModelVersion, ModelVersionNew, ModelVersionSearch, ModelVersionUpdate, RegisteredModel,
        RegisteredModelNew, RegisteredModelSearch, RegisteredModelUpdate, Stage, check_alias,
    },
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Registry(pub(crate) Arc<Base>);

impl Registry {
    /// Makes a registered model; a conflict when the name is taken.
    pub async fn create(&self, caller: &Caller, new: RegisteredModelNew) -> Result<RegisteredModel> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        if store::registry::count(&mut tx).await? >= limits::REGISTERED_MODELS_MAX {
            let most = format!("at most {} registered models", limits::REGISTERED_MODELS_MAX);
            return Err(Error::too_large("name", most).into());
        }
        if !store::registry::add(&mut tx, &new, world.now()).await? {
            return Err(taken(&new.name).into());
        }
        tx.commit().await?;
        self.0.registered_model(&new.name).await
    }

    pub async fn get(&self, caller: &Caller, name: &str) -> Result<RegisteredModel> {
        caller.require(Role::Viewer)?;
        self.0.registered_model(name).await
    }

    /// All registered models that the search asks for, in no order.
    pub async fn search(
        &self,
        caller: &Caller,
        search: &RegisteredModelSearch,
    ) -> Result<Vec<RegisteredModel>> {
        caller.require(Role::Viewer)?;
        Ok(store::registry::search(&self.0.db, search).await?)
    }

    /// Changes a registered model and answers it, under its new name if it has one.
    pub async fn update(
        &self,
        caller: &Caller,
        name: &str,
        update: RegisteredModelUpdate,
    ) -> Result<RegisteredModel> {
        caller.require(Role::Member)?;
        update.check()?;
        let Base { db, world, .. } = &*self.0;
        let before = self.0.registered_model(name).await?;
        check_tag_count(before.tags.0.len() + update.put_tags.0.len())?;
        let mut tx = db.begin().await?;
        match store::registry::update(&mut tx, name, &update, world.now()).await {
            Ok(true) => tx.commit().await?,
            Ok(false) => return Err(Error::not_found("registered model", name).into()),
            Err(store::Error::Unique) => return Err(taken(&update.name.unwrap_or_default()).into()),
            Err(error) => return Err(error.into()),
        }
        self.0.registered_model(update.name.as_deref().unwrap_or(name)).await
    }

    /// Deletes a registered model for good, with its versions. Their files stay where they are.
    pub async fn delete(&self, caller: &Caller, name: &str) -> Result<()> {
        caller.require(Role::Member)?;
        let mut tx = self.0.db.begin().await?;
        if !store::registry::remove(&mut tx, name).await? {
            return Err(Error::not_found("registered model", name).into());
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes an alias stand for a version, whatever it stood for before.
    pub async fn put_alias(&self, caller: &Caller, name: &str, alias: &str, version: i64) -> Result<()> {
        caller.require(Role::Member)?;
        check_alias(alias)?;
        let mut tx = self.0.db.begin().await?;
        if !store::registry::put_alias(&mut tx, name, alias, version).await? {
            return Err(no_version(name, version).into());
        }
        if store::registry::alias_count(&mut tx, name).await? > limits::MODEL_ALIASES_MAX {
            let most = format!("a registered model has at most {} aliases", limits::MODEL_ALIASES_MAX);
            return Err(Error::too_large("alias", most).into());
        }
        tx.commit().await?;
        Ok(())
    }

    /// Deletes an alias; one that is not there is passed over.
    pub async fn delete_alias(&self, caller: &Caller, name: &str, alias: &str) -> Result<()> {
        caller.require(Role::Member)?;
        let mut tx = self.0.db.begin().await?;
        if !store::registry::remove_alias(&mut tx, name, alias).await? {
            return Err(Error::not_found("registered model", name).into());
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes a version under the next number.
    pub async fn create_version(&self, caller: &Caller, new: ModelVersionNew) -> Result<ModelVersion> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, .. } = &*self.0;
        if let Some(id) = &new.asset_id {
            self.0.asset(id).await?;
        }
        let mut tx = db.begin().await?;
        let Some(version) = store::registry::add_version(&mut tx, &new, world.now()).await? else {
            return Err(Error::not_found("registered model", &new.name).into());
        };
        if store::registry::version_count(&mut tx, &new.name).await? > limits::MODEL_VERSIONS_MAX {
            let most = format!("a registered model has at most {} versions", limits::MODEL_VERSIONS_MAX);
            return Err(Error::too_large("name", most).into());
        }
        tx.commit().await?;
        let made = store::registry::version(db, &new.name, version).await?;
        Ok(made.ok_or_else(|| anyhow!("a version was made and is gone"))?)
    }

    pub async fn get_version(&self, caller: &Caller, name: &str, version: i64) -> Result<ModelVersion> {
        caller.require(Role::Viewer)?;
        self.0.model_version(name, version).await
    }

    /// The version that an alias stands for, if it stands for one.
    pub async fn version_by_alias(
        &self,
        caller: &Caller,
        name: &str,
        alias: &str,
    ) -> Result<Option<ModelVersion>> {
        caller.require(Role::Viewer)?;
        self.0.registered_model(name).await?;
        Ok(store::registry::version_by_alias(&self.0.db, name, alias).await?)
    }

    /// The newest version in each stage of these registered models, in order of name and number.
    pub async fn latest_versions(&self, caller: &Caller, names: &[&str]) -> Result<Vec<ModelVersion>> {
        caller.require(Role::Viewer)?;
        Ok(store::registry::latest(&self.0.db, names).await?)
    }

    /// All versions that the search asks for, the one that changed last first.
    pub async fn search_versions(
        &self,
        caller: &Caller,
        search: &ModelVersionSearch,
    ) -> Result<Vec<ModelVersion>> {
        caller.require(Role::Viewer)?;
        Ok(store::registry::versions(&self.0.db, search).await?)
    }

    pub async fn update_version(
        &self,
        caller: &Caller,
        name: &str,
        version: i64,
        update: ModelVersionUpdate,
    ) -> Result<ModelVersion> {
        caller.require(Role::Member)?;
        update.check()?;
        let Base { db, world, .. } = &*self.0;
        let before = self.0.model_version(name, version).await?;
        check_tag_count(before.tags.0.len() + update.put_tags.0.len())?;
        let mut tx = db.begin().await?;
        if !store::registry::update_version(&mut tx, name, version, &update, world.now()).await? {
            return Err(no_version(name, version).into());
        }
        tx.commit().await?;
        self.0.model_version(name, version).await
    }

    /// Puts a version into a stage, and archives the others that are in it if asked to.
    pub async fn put_stage(
        &self,
        caller: &Caller,
        name: &str,
        version: i64,
        stage: Stage,
        archive_others: bool,
    ) -> Result<ModelVersion> {
        caller.require(Role::Member)?;
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        if !store::registry::put_stage(&mut tx, name, version, stage, archive_others, world.now()).await? {
            return Err(no_version(name, version).into());
        }
        tx.commit().await?;
        self.0.model_version(name, version).await
    }

    /// Deletes a version for good. Its number is not given again; its files stay where they are.
    pub async fn delete_version(&self, caller: &Caller, name: &str, version: i64) -> Result<()> {
        caller.require(Role::Member)?;
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        if !store::registry::remove_version(&mut tx, name, version, world.now()).await? {
            return Err(no_version(name, version).into());
        }
        tx.commit().await?;
        Ok(())
    }
}

fn taken(name: &str) -> Error {
    let message = format!("the name \"{name}\" is taken by another registered model");
    Error { field: Some("name".into()), ..Error::conflict(message) }
}

fn no_version(name: &str, version: i64) -> Error {
    Error::not_found("model version", format!("{name}/{version}"))
}

fn check_tag_count(count: usize) -> Result<(), Error> {
    if count > limits::TAGS_MAX {
        return Err(Error::too_large("tags", format!("at most {} tags", limits::TAGS_MAX)));
    }
    Ok(())
}

impl Base {
    /// The registered model, or the error that says there is none.
    async fn registered_model(&self, name: &str) -> Result<RegisteredModel> {
        let found = store::registry::get(&self.db, name).await?;
        Ok(found.ok_or_else(|| Error::not_found("registered model", name))?)
    }

    /// The version, or the error that says there is none.
    async fn model_version(&self, name: &str, version: i64) -> Result<ModelVersion> {
        let found = store::registry::version(&self.db, name, version).await?;
        Ok(found.ok_or_else(|| no_version(name, version))?)
    }
}
