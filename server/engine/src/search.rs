//! The search over everything that has a name.

use crate::{Base, Result};
use model::{
    search::{SearchFound, SearchQuery},
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Search(pub(crate) Arc<Base>);

impl Search {
    /// Experiments, runs, params and metrics whose name has the text in it; without a text the newest experiments and
    /// runs.
    pub async fn find(&self, caller: &Caller, query: SearchQuery) -> Result<SearchFound> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let (db, text) = (&self.0.db, query.text.trim());
        let fields = match text {
            "" => Vec::new(),
            text => store::search::fields(db, text, query.experiment_id).await?,
        };
        Ok(SearchFound {
            experiments: store::search::experiments(db, text).await?,
            runs: store::search::runs(db, text).await?,
            fields,
        })
    }
}
