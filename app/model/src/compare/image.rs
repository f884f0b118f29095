//! Images that runs logged at steps, side by side.

use crate::media::StepFile;
use serde::{Deserialize, Serialize};

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
    pub of_runs: Vec<Vec<StepFile>>,
}
