//! A batch as a client sends it: points of many series, params and tags of many runs, applied whole or not at all.

use crate::{Error, Float64, RunId, Tags, limits, metric::Context, param, param::ParamValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who sends and which batch of theirs this is. The numbers of one writer count up; a replay is answered, not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Writer {
    /// Chosen by the client, unique to one process: a random UUID will do.
    pub id: String,
    pub sequence: i64,
}

/// Points of one series, as three columns of one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SeriesPoints {
    pub run_id: RunId,
    pub key: String,
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub context: Context,
    pub steps: Vec<i64>,
    /// Wall clock of each point in Unix milliseconds.
    pub times_ms: Vec<i64>,
    /// Numbers, or the texts `"NaN"`, `"Infinity"`, `"-Infinity"`.
    pub values: Vec<Float64>,
}

/// Params and tags of one run; each key given overwrites what was there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    pub run_id: RunId,
    #[serde(default)]
    pub params: BTreeMap<String, ParamValue>,
    #[serde(default)]
    pub tags: Tags,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IngestBatch {
    /// Without it a replay is applied again.
    #[serde(default)]
    pub writer: Option<Writer>,
    #[serde(default)]
    pub series: Vec<SeriesPoints>,
    #[serde(default)]
    pub runs: Vec<RunFacts>,
}

impl IngestBatch {
    pub fn point_count(&self) -> usize {
        self.series.iter().map(|series| series.steps.len()).sum()
    }

    /// Everything that can be known to be wrong without looking at stored state.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(writer) = &self.writer {
            param::check_key("writer.id", &writer.id)?;
            if writer.sequence < 0 {
                return Err(Error::invalid("writer.sequence", "expected a number from 0 up"));
            }
        }
        if self.series.len() > limits::BATCH_SERIES_MAX {
            return Err(Error::too_large("series", format!("at most {} series", limits::BATCH_SERIES_MAX)));
        }
        if self.point_count() > limits::BATCH_POINTS_MAX {
            return Err(Error::too_large("series", format!("at most {} points", limits::BATCH_POINTS_MAX)));
        }
        for (index, series) in self.series.iter().enumerate() {
            let field = |name: &str| format!("series[{index}].{name}");
            param::check_key(&field("key"), &series.key)?;
            series.context.check(&field("context"))?;
            if series.times_ms.len() != series.steps.len() {
                return Err(Error::invalid(field("times_ms"), "expected one time for each step"));
            }
            if series.values.len() != series.steps.len() {
                return Err(Error::invalid(field("values"), "expected one value for each step"));
            }
        }
        for (index, run) in self.runs.iter().enumerate() {
            let field = format!("runs[{index}].params");
            if run.params.len() > limits::PARAMS_PER_RUN_MAX {
                return Err(Error::too_large(
                    field,
                    format!("at most {} params", limits::PARAMS_PER_RUN_MAX),
                ));
            }
            for (key, value) in &run.params {
                param::check_key(&field, key)?;
                value.check(&format!("{field}.{key}"))?;
            }
            run.tags.check()?;
        }
        Ok(())
    }
}

/// The server's word that the batch is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IngestReceipt {
    /// Points that the batch holds.
    pub points: i64,
    /// The batch had been applied before; nothing was done.
    pub replayed: bool,
}
