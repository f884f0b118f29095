//! Projects: make, list, rename, remove.

use crate::{Base, Result};
use model::{
    Error, ProjectId, UnixMillis,
    event::Event,
    limits,
    project::{Project, ProjectNew},
    user::{Caller, Role},
};
use std::sync::Arc;
use store::Tx;

#[derive(Clone, Debug)]
pub struct Projects(pub(crate) Arc<Base>);

impl Projects {
    /// All projects, the default one first, the others by name.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Project>> {
        caller.require(Role::Viewer)?;
        let mut projects = store::project::list(&self.0.db).await?;
        projects.sort_by_cached_key(|one| (one.id != ProjectId::DEFAULT, one.name.to_lowercase()));
        Ok(projects)
    }

    /// Makes a project, or answers the one that has the name already; true when it was made.
    pub async fn create(&self, caller: &Caller, new: &ProjectNew) -> Result<(Project, bool)> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, events, .. } = &*self.0;
        let mut tx = db.begin().await?;
        let (id, made) = ensure(&mut tx, &new.name, world.now()).await?;
        tx.commit().await?;
        if made {
            events.publish(Event::ProjectsChanged);
        }
        Ok((self.get(id).await?, made))
    }

    /// Gives a project another name.
    pub async fn update(&self, caller: &Caller, id: ProjectId, new: &ProjectNew) -> Result<Project> {
        caller.require(Role::Member)?;
        new.check()?;
        let mut tx = self.0.db.begin().await?;
        match store::project::rename(&mut tx, id, &new.name).await {
            Ok(true) => tx.commit().await?,
            Ok(false) => return Err(Error::not_found("project", id).into()),
            Err(store::Error::Unique) => {
                let message = format!("the name \"{}\" is taken by another project", new.name);
                return Err(Error { field: Some("name".into()), ..Error::conflict(message) }.into());
            }
            Err(error) => return Err(error.into()),
        }
        self.0.events.publish(Event::ProjectsChanged);
        self.get(id).await
    }

    /// Removes a project that is empty.
    pub async fn remove(&self, caller: &Caller, id: ProjectId) -> Result<()> {
        caller.require(Role::Member)?;
        if id == ProjectId::DEFAULT {
            let message = "the default project stays: clients that name none record there";
            return Err(Error::conflict(message).into());
        }
        let mut tx = self.0.db.begin().await?;
        if !store::project::exists(&mut tx, id).await? {
            return Err(Error::not_found("project", id).into());
        }
        if !store::project::remove(&mut tx, id).await? {
            let message = "experiments are in this project, or in the trash of it; move or delete them first";
            return Err(Error::conflict(message).into());
        }
        tx.commit().await?;
        self.0.events.publish(Event::ProjectsChanged);
        Ok(())
    }

    async fn get(&self, id: ProjectId) -> Result<Project> {
        let found = store::project::list(&self.0.db).await?.into_iter().find(|one| one.id == id);
        Ok(found.ok_or_else(|| Error::not_found("project", id))?)
    }
}

/// The project of this name, made when there is none; true when it was made.
pub(crate) async fn ensure(tx: &mut Tx, name: &str, now: UnixMillis) -> Result<(ProjectId, bool)> {
    if let Some(id) = store::project::id_by_name(tx, name).await? {
        return Ok((id, false));
    }
    if store::project::count(tx).await? >= limits::PROJECTS_MAX {
        let most = format!("at most {} projects", limits::PROJECTS_MAX);
        return Err(Error::too_large("project", most).into());
    }
    Ok(store::project::add(tx, name, now).await?)
}
