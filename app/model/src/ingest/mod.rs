//! A batch as a client sends it: points of many series, params and tags of many runs, applied whole or not at all.

mod base64;
mod binary;

pub use base64::Base64;
pub use binary::{MIME as BINARY_MIME, decode as decode_binary, encode as encode_binary};

use crate::{
    Error, Float64, RunId, Tags, limits,
    metric::{Context, Kind},
    param,
    param::ParamValue,
};
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

/// Points of one series: three columns of one length. The third is `values`, `texts` or `bytes`, and a series
/// keeps the kind that it began with.
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Float64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub bytes: Vec<Base64>,
}

impl SeriesPoints {
    /// What the points are, by the column that holds something.
    pub fn kind(&self) -> Kind {
        match (self.texts.is_empty(), self.bytes.is_empty()) {
            (true, true) => Kind::Number,
            (false, _) => Kind::Text,
            (true, false) => Kind::Bytes,
        }
    }

    fn check(&self, field: &str) -> Result<(), Error> {
        param::check_key(&format!("{field}.key"), &self.key)?;
        self.context.check(&format!("{field}.context"))?;
        let rows = self.steps.len();
        if self.times_ms.len() != rows {
            return Err(Error::invalid(format!("{field}.times_ms"), "expected one time for each step"));
        }
        let (name, held) = match self.kind() {
            Kind::Number => ("values", self.values.len()),
            Kind::Text => ("texts", self.texts.len()),
            Kind::Bytes => ("bytes", self.bytes.len()),
        };
        if held != rows {
            return Err(Error::invalid(format!("{field}.{name}"), "expected one value for each step"));
        }
        if self.values.len() + self.texts.len() + self.bytes.len() != rows {
            return Err(Error::invalid(field, "expected only one of values, texts and bytes"));
        }
        let longest =
            self.texts.iter().map(String::len).chain(self.bytes.iter().map(|bytes| bytes.0.len())).max();
        if longest.is_some_and(|bytes| bytes > limits::SERIES_TEXT_BYTES_MAX) {
            let expected = format!("at most {} bytes a point", limits::SERIES_TEXT_BYTES_MAX);
            return Err(Error::too_large(format!("{field}.{name}"), expected));
        }
        Ok(())
    }
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
            series.check(&format!("series[{index}]"))?;
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
