//! What runs read and wrote: dataset inputs, model inputs and outputs.

use super::{
    convert::{self, Input, object, pair},
    error::{Answer, Failure},
    run,
};
use axum::{Extension, extract::State};
use engine::Services;
use model::{
    Tags,
    asset::{Access, Asset, AssetKind, AssetUse, DatasetNew, UseNew, Used},
    user::Caller,
};
use serde_json::{Value, json};

/// The tag of an input that says what for it was read.
const CONTEXT: &str = "mlflow.data.context";
/// Longer schemas and profiles are left out, so that an answer about many runs stays bounded.
const SHOWN_BYTES_MAX: usize = 64 * 1024;
const SUMMARY_EXPERIMENTS_MAX: usize = 20;
const MODELS_MAX: usize = 1_000;

fn dataset(asset: &Asset) -> Value {
    let shown = |text: &str| (!text.is_empty() && text.len() <= SHOWN_BYTES_MAX).then(|| json!(text));
    object([
        ("name", json!(asset.name)),
        ("digest", json!(asset.digest)),
        ("source_type", json!(asset.format)),
        ("source", json!(asset.source)),
        ("schema", json!(shown(&asset.schema))),
        ("profile", json!(shown(&asset.profile))),
    ])
}

/// The member `inputs` of a run, present though empty.
pub(super) fn inputs(uses: &[AssetUse]) -> Value {
    let read = |kind| uses.iter().filter(move |one| one.access == Access::Read && one.asset.kind == kind);
    let datasets = read(AssetKind::Dataset).map(|one| {
        let mut tags: Vec<Value> = one.tags.0.iter().map(|(key, value)| pair(key, value)).collect();
        if !one.context.is_empty() {
            tags.push(pair(CONTEXT, &one.context));
        }
        object([("tags", Value::Array(tags)), ("dataset", dataset(&one.asset))])
    });
    let models =
        read(AssetKind::Model).map(|one| json!({ "model_id": convert::model_id_text(&one.asset.id) }));
    object([("dataset_inputs", datasets.collect()), ("model_inputs", models.collect())])
}

/// The member `outputs` of a run.
pub(super) fn outputs(uses: &[AssetUse]) -> Value {
    let written = uses.iter().filter(|one| one.access == Access::Wrote && one.asset.kind == AssetKind::Model);
    let models =
        written.map(|one| json!({ "model_id": convert::model_id_text(&one.asset.id), "step": one.step }));
    object([("model_outputs", models.collect())])
}

fn dataset_use(input: &Input, index: usize) -> Answer<UseNew> {
    let fields =
        input.object("dataset")?.ok_or_else(|| Failure::missing(&format!("datasets[{index}].dataset")))?;
    let required = |name: &str| {
        let field = format!("datasets[{index}].dataset.{name}");
        fields.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| Failure::missing(&field))
    };
    let limited = |name: &str, text: String, characters_max: usize| {
        let field = format!("datasets[{index}].dataset.{name}");
        if text.chars().count() > characters_max {
            Err(Failure::too_long(&field, characters_max))
        } else {
            Ok(text)
        }
    };
    let new = DatasetNew {
        name: limited("name", required("name")?, 500)?,
        digest: limited("digest", required("digest")?, 36)?,
        format: required("source_type")?,
        source: limited("source", required("source")?, 65_535)?,
        schema: limited("schema", fields.text("schema")?.unwrap_or_default(), 1_048_575)?,
        profile: fields.text("profile")?.unwrap_or_default(),
    };
    let (mut tags, mut context) = (Tags::default(), String::new());
    for (place, tag) in input.list("tags")?.iter().enumerate() {
        let tag = Input::of(tag);
        let field = format!("datasets[{index}].tags[{place}]");
        let key = tag.text("key")?.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Failure::missing(&format!("{field}.key")))?;
        let value = tag.text("value")?.unwrap_or_default();
        if key.chars().count() > 255 {
            return Err(Failure::too_long(&format!("{field}.key"), 255));
        }
        if value.chars().count() > 500 {
            return Err(Failure::too_long(&format!("{field}.value"), 500));
        }
        if key == CONTEXT {
            context = value;
        } else {
            tags.0.insert(key, value);
        }
    }
    Ok(UseNew { asset: Used::Dataset(Box::new(new)), access: Access::Read, context, step: 0, tags })
}

fn model_use(model: &Value, access: Access, place: &str) -> Answer<UseNew> {
    let model = Input::of(model);
    let id = model.text("model_id")?.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Failure::missing(&format!("{place}.model_id")))?;
    Ok(UseNew {
        asset: Used::Asset(convert::model_id(&id)?),
        access,
        context: String::new(),
        step: model.int("step")?.unwrap_or(0),
        tags: Tags::default(),
    })
}

async fn link(services: &Services, caller: &Caller, input: &Input, uses: Vec<UseNew>) -> Answer {
    let run_id = input.run_id()?;
    run::active(services, caller, &run_id).await?;
    services.asset.link(caller, &run_id, &uses).await.map_err(convert::model_not_found)?;
    Ok(axum::Json(json!({})))
}

pub(super) async fn log_inputs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let (datasets, models) = (input.list("datasets")?, input.list("models")?);
    let mut uses = Vec::with_capacity(datasets.len() + models.len());
    for (index, dataset) in datasets.iter().enumerate() {
        uses.push(dataset_use(&Input::of(dataset), index)?);
    }
    for (index, model) in models.iter().enumerate() {
        uses.push(model_use(model, Access::Read, &format!("models[{index}]"))?);
    }
    link(&services, &caller, &input, uses).await
}

pub(super) async fn log_outputs(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let models = input.list("models")?;
    if models.is_empty() {
        return Err(Failure::missing("models"));
    }
    if models.len() > MODELS_MAX {
        return Err(Failure::invalid(format!("A request can contain at most {MODELS_MAX} models.")));
    }
    let uses = models.iter().enumerate();
    let uses = uses.map(|(index, model)| model_use(model, Access::Wrote, &format!("models[{index}]")));
    link(&services, &caller, &input, uses.collect::<Answer<_>>()?).await
}

/// `POST experiments/search-datasets`: each dataset of these experiments, once for each thing that it was read for.
pub(super) async fn search_datasets(
    State(services): State<Services>,
    Extension(caller): Extension<Caller>,
    input: Input,
) -> Answer {
    let ids = input.texts("experiment_ids")?;
    if ids.is_empty() {
        return Err(Failure::invalid("SearchDatasets request must specify at least one experiment_id."));
    }
    if ids.len() > SUMMARY_EXPERIMENTS_MAX {
        let message = format!(
            "SearchDatasets request cannot specify more than {SUMMARY_EXPERIMENTS_MAX} experiment_ids. Received {} experiment_ids.",
            ids.len()
        );
        return Err(Failure::invalid(message));
    }
    let ids = ids.iter().map(|id| convert::experiment_id(id)).collect::<Answer<Vec<_>>>()?;
    let found = services.asset.dataset_uses(&caller, &ids).await?;
    let summaries = found.iter().map(|one| {
        object([
            ("experiment_id", json!(one.experiment_id.to_string())),
            ("name", json!(one.name)),
            ("digest", json!(one.digest)),
            ("context", json!((!one.context.is_empty()).then_some(&one.context))),
        ])
    });
    Ok(axum::Json(object([("dataset_summaries", summaries.collect())])))
}
