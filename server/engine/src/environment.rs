//! Environments: what a run ran on, told by its client and replaced as a whole.

use crate::{Base, Result};
use model::{
    RunId,
    environment::Environment,
    event::RunChange,
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Environments(pub(crate) Arc<Base>);

impl Environments {
    /// What the run's client told; absent when it told nothing.
    pub async fn get(&self, caller: &Caller, run_id: &RunId) -> Result<Option<Environment>> {
        caller.require(Role::Viewer)?;
        self.0.run(run_id).await?;
        Ok(store::environment::get(&self.0.db, run_id).await?)
    }

    /// Takes the place of what was told before.
    pub async fn update(
        &self,
        caller: &Caller,
        run_id: &RunId,
        environment: Environment,
    ) -> Result<Environment> {
        caller.require(Role::Member)?;
        let json = environment.to_json()?;
        let run = self.0.run(run_id).await?;
        let mut tx = self.0.db.begin().await?;
        store::environment::put(&mut tx, run_id, &json, self.0.world.now()).await?;
        tx.commit().await?;
        self.0.run_changed(&run, RunChange::Environment);
        Ok(environment)
    }
}
