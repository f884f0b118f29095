//! What changed between two runs: every difference with a reason for its rank, and where the curves part.
//!
//! A rank is a rule of thumb, not a finding: it says how likely a difference of that kind moves results, before anybody
//! has looked at this training. So each carries its reason, and only its weight is shown as a word.

use super::{
    Compare, Compared,
    part::{self, Curve},
    table::{Column, of_data, of_environment, packages, plain},
};
use crate::{Result, metric::SeriesAnswer};
use model::{
    Float64, RunId,
    compare::{Change, ChangeKind, Changes, ChangesQuery, PartingMetric, Weight},
    environment::Environment,
    limits,
    metric::{Context, of_system, words},
    param::ParamValue,
    series::{Columns, Series, SeriesQuery},
    user::{Caller, Role},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::Keys;

/// What is known of one run.
#[derive(Debug, Default)]
struct Facts {
    params: BTreeMap<String, ParamValue>,
    told: Environment,
    /// Digest of what was not committed.
    patch: Option<String>,
    data: Column,
}

impl Compare {
    /// What is different in `to` from what it was in `from`, and where the curves of shared metrics part.
    pub async fn changes(&self, caller: &Caller, query: &ChangesQuery) -> Result<Changes> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let ids = [query.from.clone(), query.to.clone()];
        let compared = self.runs(&ids).await?;
        let [from, to] = self.facts(&ids).await?;
        let mut changes = rank(&from, &to);
        let total = changes.len() as i64;
        changes.truncate(limits::CHANGES_MAX);
        let metrics = self.partings(caller, &compared, &ids, query.metric.as_deref()).await?;
        Ok(Changes { runs: compared.runs, changes, total, metrics, method: part::method() })
    }

    async fn facts(&self, ids: &[RunId; 2]) -> Result<[Facts; 2]> {
        let db = &self.base.db;
        let mut params = store::param::of_runs(db, ids, Keys::All).await?;
        let mut told = store::environment::of_runs(db, ids).await?;
        let mut uses = store::asset::uses_of_runs(db, ids).await?;
        let mut facts = [Facts::default(), Facts::default()];
        for (one, id) in facts.iter_mut().zip(ids) {
            one.params = params.remove(id.as_str()).unwrap_or_default();
            one.told = told.remove(id.as_str()).unwrap_or_default();
            one.data = of_data(&uses.remove(id.as_str()).unwrap_or_default());
            one.patch = self.patch(id, &one.told).await?.map(|file| file.sha256);
        }
        Ok(facts)
    }

    /// The metric that is named, or those that say which way is better: the experiment's own first.
    async fn partings(
        &self,
        caller: &Caller,
        compared: &Compared,
        ids: &[RunId; 2],
        named: Option<&str>,
    ) -> Result<Vec<PartingMetric>> {
        let rows: Vec<_> = self.summaries(ids).await?.collect();
        let mut contexts: HashMap<&str, usize> = HashMap::new();
        for ((key, _), _) in &rows {
            *contexts.entry(key).or_default() += 1;
        }
        let is_wanted = |key: &str| match named {
            Some(named) => key == named,
            None => !of_system(key) && compared.goal(key).is_some(),
        };
        let shared =
            rows.iter().filter(|((key, _), _)| is_wanted(key) && contexts[key.as_str()] <= CONTEXTS_MAX);
        let mut wanted: Vec<_> = shared
            .filter_map(|(series, cells)| match cells.as_slice() {
                [Some(from), Some(to)] => Some((series, from.last, to.last)),
                _ => None,
            })
            .collect();
        wanted.sort_by_cached_key(|(series, ..)| {
            let (key, context) = *series;
            (!compared.is_the_goal(key), !of_validation(&context.name(key)), (*series).clone())
        });
        wanted.truncate(limits::PARTINGS_MAX);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let keys: BTreeSet<&String> = wanted.iter().map(|((key, _), ..)| key).collect();
        let query = SeriesQuery {
            run: ids.to_vec(),
            key: keys.into_iter().cloned().collect(),
            buckets: Some(part::PLACES),
            ..SeriesQuery::default()
        };
        let SeriesAnswer::Fresh { series, .. } = self.metric.series(caller, query, None).await? else {
            return Ok(Vec::new());
        };
        let curve = |id: &RunId, key: &str, context: &Context| {
            let found =
                series.iter().find(|one| one.run_id == *id && one.key == key && one.context == *context);
            found.map(curve).unwrap_or_default()
        };
        let metric =
            |((key, context), from_last, to_last): (&(String, Context), Float64, Float64)| PartingMetric {
                parting: part::parting(&curve(&ids[0], key, context), &curve(&ids[1], key, context)),
                goal: compared.goal(key),
                from_last,
                to_last,
                key: key.clone(),
                context: context.clone(),
            };
        Ok(wanted.into_iter().map(metric).collect())
    }
}

/// A metric of more contexts than this is not searched for partings: a request for its curves brings all of them.
const CONTEXTS_MAX: usize = limits::SERIES_PER_QUERY_MAX / 2 / limits::PARTINGS_MAX;

/// Whether a metric is of data that the training does not see: what people look at first.
fn of_validation(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| ["val", "valid", "validation", "eval", "test", "dev"].contains(&word.as_str()))
}

fn curve(series: &Series) -> Curve {
    match &series.columns {
        Columns::Points(points) => Curve {
            first_steps: points.steps.clone(),
            last_steps: points.steps.clone(),
            values: points.values.clone(),
        },
        Columns::Buckets(buckets) => Curve {
            first_steps: buckets.first_steps.clone(),
            last_steps: buckets.last_steps.clone(),
            values: buckets.mean.clone(),
        },
        Columns::Group(_) | Columns::Texts(_) => Curve::default(),
    }
}

/// All differences, the likeliest cause first; of equal ones by name.
fn rank(from: &Facts, to: &Facts) -> Vec<Change> {
    let mut changes = Vec::new();
    data(from, to, &mut changes);
    code(from, to, &mut changes);
    params(from, to, &mut changes);
    libraries(from, to, &mut changes);
    surroundings(from, to, &mut changes);
    changes.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
    changes
}

fn change(
    (kind, name): (ChangeKind, &str),
    (from, to): (Option<String>, Option<String>),
    score: u8,
    reason: impl Into<String>,
) -> Change {
    let short = |text: String| {
        let cut: String = text.chars().take(limits::COMPARE_CELL_CHARACTERS_MAX).collect();
        if cut.len() < text.len() { cut + "…" } else { text }
    };
    Change {
        kind,
        name: name.to_owned(),
        from: from.map(short),
        to: to.map(short),
        weight: Weight::of(score),
        score,
        reason: reason.into(),
    }
}

/// Keys of both sides with what each has, where they differ.
fn differing<'a, T: PartialEq>(
    from: &'a BTreeMap<String, T>,
    to: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a str, Option<&'a T>, Option<&'a T>)> {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    keys.into_iter().map(|key| (key.as_str(), from.get(key), to.get(key))).filter(|(_, from, to)| from != to)
}

fn data(from: &Facts, to: &Facts, changes: &mut Vec<Change>) {
    let flat = |column: &Column| -> BTreeMap<String, String> {
        let name = |(group, name): &(String, String)| format!("{name}, {group}");
        column.iter().map(|(key, of)| (name(key), of.text.clone())).collect()
    };
    let (from, to) = (flat(&from.data), flat(&to.data));
    for (name, old, new) in differing(&from, &to) {
        let (score, reason) = match (old, new) {
            (Some(_), Some(_)) => (92, "the same name, but other content: the runs saw other data"),
            (None, _) => (85, "only the second run used it"),
            (_, None) => (85, "only the first run used it"),
        };
        changes.push(change((ChangeKind::Data, name), (old.cloned(), new.cloned()), score, reason));
    }
}

fn code(from: &Facts, to: &Facts, changes: &mut Vec<Change>) {
    let text = |facts: &Facts, path: &[&str]| facts.told.text(path).map(str::to_owned);
    let commits = (text(from, &["git", "commit"]), text(to, &["git", "commit"]));
    let other_commit = commits.0 != commits.1;
    if other_commit {
        let (score, reason) = if commits.0.is_some() && commits.1.is_some() {
            (86, "another commit: any line that runs may be another")
        } else {
            (50, "the commit of one run is not known")
        };
        changes.push(change((ChangeKind::Code, "commit"), commits, score, reason));
    }
    if from.patch != to.patch {
        let (score, reason) = if other_commit {
            (70, "what was not committed differs too; beside another commit it may be the smaller part")
        } else {
            (
                88,
                "the same commit, but what was not committed differs: the lines that somebody was working on",
            )
        };
        let digests = (from.patch.clone(), to.patch.clone());
        changes.push(change((ChangeKind::Code, "uncommitted changes"), digests, score, reason));
    }
    let entries = (text(from, &["entry"]), text(to, &["entry"]));
    if entries.0 != entries.1 {
        let file = |path: &Option<String>| {
            path.as_deref().map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned())
        };
        let (score, reason) = if file(&entries.0) == file(&entries.1) {
            (15, "a program of the same name in another folder")
        } else {
            (65, "another program was started")
        };
        changes.push(change((ChangeKind::Code, "entry"), entries, score, reason));
    }
}

/// Words of params that steer training.
const STEERING: [&str; 44] = [
    "lr",
    "learning",
    "batch",
    "batchsize",
    "bs",
    "optimizer",
    "optim",
    "model",
    "arch",
    "architecture",
    "backbone",
    "hidden",
    "layers",
    "depth",
    "width",
    "dim",
    "heads",
    "dropout",
    "decay",
    "alpha",
    "beta",
    "gamma",
    "epochs",
    "steps",
    "loss",
    "activation",
    "scheduler",
    "schedule",
    "warmup",
    "momentum",
    "precision",
    "dtype",
    "dataset",
    "data",
    "augment",
    "augmentation",
    "clip",
    "clipping",
    "regularization",
    "penalty",
    "temperature",
    "kernel",
    "estimators",
    "init",
];
/// Words of params that name places, labels or helpers.
const BOOKKEEPING: [&str; 24] = [
    "name",
    "dir",
    "directory",
    "path",
    "output",
    "out",
    "log",
    "logging",
    "host",
    "port",
    "worker",
    "workers",
    "id",
    "uuid",
    "tag",
    "tags",
    "verbose",
    "project",
    "user",
    "save",
    "checkpoint",
    "checkpoints",
    "notes",
    "interval",
];
const SEEDS: [&str; 3] = ["seed", "seeds", "randomstate"];

/// Whether a param only chooses the random numbers.
pub(super) fn of_seed(key: &str) -> bool {
    let words = words(key);
    words.iter().any(|word| SEEDS.contains(&word.as_str()))
        || words.windows(2).any(|pair| pair[0] == "random" && pair[1] == "state")
}

fn params(from: &Facts, to: &Facts, changes: &mut Vec<Change>) {
    for (key, old, new) in differing(&from.params, &to.params) {
        let sides = (old.map(ToString::to_string), new.map(ToString::to_string));
        if of_seed(key) {
            let reason = "a seed alone moves a metric by chance: groups of runs over seeds say by how much";
            changes.push(change((ChangeKind::Seed, key), sides, 40, reason));
            continue;
        }
        let words = words(key);
        let any = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
        let (score, why) = if any(&STEERING) {
            (68, "its name is that of something that steers training")
        } else if any(&BOOKKEEPING) {
            (12, "its name is that of a place or a label, not of training")
        } else {
            (48, "a param")
        };
        let (more, how) = size(old, new);
        let score = if score < 25 { score } else { score + more };
        let reason = if how.is_empty() { why.to_owned() } else { format!("{why}; {how}") };
        changes.push(change((ChangeKind::Param, key), sides, score, reason));
    }
}

/// How much further up a param goes for how far its value moved, and that in words.
fn size(old: Option<&ParamValue>, new: Option<&ParamValue>) -> (u8, String) {
    let (Some(old), Some(new)) = (old, new) else {
        let whose = if old.is_none() { "second" } else { "first" };
        return (0, format!("only the {whose} run has it"));
    };
    if old.to_string() == new.to_string() {
        return (0, format!("the same text as {} and as {}", old.kind(), new.kind()));
    }
    let (Some(a), Some(b)) = (old.number(), new.number()) else { return (4, String::new()) };
    if a == 0.0 || b == 0.0 {
        return (10, if b == 0.0 { "switched off" } else { "switched on" }.to_owned());
    }
    if a.signum() != b.signum() {
        return (8, "of the other sign".to_owned());
    }
    let ratio = (b / a).abs();
    // A factor of ten is what people call a large step; a thousand is hardly more than that.
    let more = (ratio.log10().abs() * 8.0).min(16.0) as u8;
    let (factor, word) = if ratio >= 1.0 { (ratio, "as large") } else { (1.0 / ratio, "as small") };
    let factor = if factor < 10.0 { format!("{factor:.2}") } else { format!("{factor:.0}") };
    let factor =
        if factor.contains('.') { factor.trim_end_matches('0').trim_end_matches('.') } else { &factor };
    (more, format!("{factor} times {word}"))
}

/// Packages that do the arithmetic or the training.
const ARITHMETIC: [&str; 26] = [
    "torch",
    "torchvision",
    "torchaudio",
    "tensorflow",
    "keras",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "transformers",
    "accelerate",
    "deepspeed",
    "lightning",
    "pytorch-lightning",
    "datasets",
    "tokenizers",
    "triton",
    "xgboost",
    "lightgbm",
    "catboost",
    "diffusers",
    "peft",
];

fn libraries(from: &Facts, to: &Facts, changes: &mut Vec<Change>) {
    let all = |facts: &Facts| -> BTreeMap<String, String> {
        packages(&facts.told).map(|(name, version)| (name.clone(), version)).collect()
    };
    let (from, to) = (all(from), all(to));
    if from.is_empty() || to.is_empty() {
        // One client told nothing: that is no difference of the packages.
        return;
    }
    for (name, old, new) in differing(&from, &to) {
        let plain = name.to_lowercase().replace('_', "-");
        let counts =
            ARITHMETIC.contains(&plain.as_str()) || plain.starts_with("nvidia-") || plain.starts_with("cuda");
        let (score, how) = match (old, new) {
            (Some(old), Some(new)) => match moved(old, new) {
                Moved::Major => (if counts { 60 } else { 24 }, "another major version"),
                Moved::Minor => (if counts { 50 } else { 14 }, "another minor version"),
                Moved::Less => (if counts { 34 } else { 8 }, "a small step of its version"),
            },
            (None, _) => (if counts { 44 } else { 9 }, "only the second run has it"),
            (_, None) => (if counts { 44 } else { 9 }, "only the first run has it"),
        };
        let what = if counts { "it does the arithmetic" } else { "it rarely touches results" };
        let sides = (old.cloned(), new.cloned());
        changes.push(change((ChangeKind::Package, name), sides, score, format!("{what}; {how}")));
    }
}

enum Moved {
    Major,
    Minor,
    Less,
}

fn moved(old: &str, new: &str) -> Moved {
    let parts = |version: &str| -> Vec<String> {
        version
            .split(['.', '+', '-'])
            .map(str::to_owned)
            .chain([String::new(), String::new()])
            .take(2)
            .collect()
    };
    let (old, new) = (parts(old), parts(new));
    match (old[0] == new[0], old[1] == new[1]) {
        (false, _) => Moved::Major,
        (true, false) => Moved::Minor,
        (true, true) => Moved::Less,
    }
}

/// What a fact of the environment is, how far up it stands, and why.
fn standing(group: &str, name: &str) -> (ChangeKind, u8, &'static str) {
    match (group, name) {
        ("", "gpus") => {
            (ChangeKind::Hardware, 55, "other accelerators compute in another order, and other batches fit")
        }
        ("host", "cpu") => (ChangeKind::Hardware, 22, "another processor: rounding may differ"),
        ("host", "os" | "arch") => {
            (ChangeKind::Hardware, 20, "another system: libraries are built otherwise")
        }
        ("host", _) => (ChangeKind::Hardware, 9, "a fact of the machine that rarely touches results"),
        ("seeds", _) => (ChangeKind::Seed, 36, "the random numbers were others from the start"),
        ("variables", "PYTHONHASHSEED") => {
            (ChangeKind::Seed, 36, "it decides the order of sets and of hashes")
        }
        ("variables", "WORLD_SIZE") => {
            (ChangeKind::Environment, 58, "how many processes train: the whole batch grows with them")
        }
        ("variables", name) if name.contains("DETERMINISTIC") || name.contains("CUBLAS") => {
            (ChangeKind::Environment, 32, "it decides how arithmetic is done")
        }
        ("variables", _) => (ChangeKind::Environment, 16, "a variable that training may read"),
        ("python", "version") => (ChangeKind::Environment, 28, "another interpreter"),
        ("", "command") => {
            (ChangeKind::Environment, 24, "the command line; most of its arguments stand among the params")
        }
        _ => (ChangeKind::Environment, 6, "it rarely touches results"),
    }
}

fn surroundings(from: &Facts, to: &Facts, changes: &mut Vec<Change>) {
    if from.told.is_empty() || to.told.is_empty() {
        return;
    }
    let of = |facts: &Facts| {
        let mut column = of_environment(&facts.told);
        if let Some(gpus) = facts.told.at(&["gpus"]) {
            column.insert(
                (String::new(), "gpus".to_owned()),
                super::table::Content { text: accelerators(gpus), hint: String::new() },
            );
        }
        column
    };
    let (from, to) = (of(from), of(to));
    let keys: BTreeSet<&(String, String)> = from.keys().chain(to.keys()).collect();
    for key in keys {
        let (old, new) = (from.get(key), to.get(key));
        let (group, name) = key;
        // Where the program lies is told with the code.
        if old == new || name == "entry" {
            continue;
        }
        let (kind, score, reason) = standing(group, name);
        let name = if group.is_empty() { name.clone() } else { format!("{group}.{name}") };
        let sides = (old.map(|of| of.text.clone()), new.map(|of| of.text.clone()));
        changes.push(change((kind, &name), sides, score, reason));
    }
}

/// The names of accelerators: what else is told of them changes from minute to minute.
fn accelerators(gpus: &Value) -> String {
    let names =
        gpus.as_array().into_iter().flatten().map(|gpu| gpu.get("name").map_or_else(|| plain(gpu), plain));
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::table::Content;
    use serde_json::json;

    fn facts(params: &[(&str, ParamValue)], told: Value) -> Facts {
        Facts {
            params: params.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            told: serde_json::from_value(told).unwrap(),
            ..Facts::default()
        }
    }

    fn float(value: f64) -> ParamValue {
        ParamValue::Float(Float64(value))
    }

    fn names(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|one| one.name.as_str()).collect()
    }

    #[test]
    fn causes_are_ranked_and_say_why() {
        let mut one = facts(
            &[
                ("lr", float(0.1)),
                ("output_dir", ParamValue::Text("a".into())),
                ("seed", ParamValue::Int(1)),
                ("k", ParamValue::Int(3)),
            ],
            json!({"git": {"commit": "a"}, "packages": {"torch": "2.1.0", "rich": "13.0"}, "host": {"name": "x"}}),
        );
        let mut two = facts(
            &[
                ("lr", float(0.001)),
                ("output_dir", ParamValue::Text("b".into())),
                ("seed", ParamValue::Int(2)),
                ("k", ParamValue::Int(3)),
            ],
            json!({"git": {"commit": "b"}, "packages": {"torch": "2.3.0", "rich": "13.1"}, "host": {"name": "y"}}),
        );
        let place = ("read".to_owned(), "digits".to_owned());
        one.data.insert(place.clone(), Content { text: "d1".into(), hint: String::new() });
        two.data.insert(place, Content { text: "d2".into(), hint: String::new() });
        let changes = rank(&one, &two);
        assert_eq!(
            names(&changes),
            ["digits, read", "commit", "lr", "torch", "seed", "rich", "output_dir", "host.name"]
        );
        let lr = &changes[2];
        assert_eq!(lr.reason, "its name is that of something that steers training; 100 times as small");
        assert_eq!((lr.kind, lr.weight), (ChangeKind::Param, Weight::Strong));
        assert_eq!((lr.from.as_deref(), lr.to.as_deref()), (Some("0.1"), Some("0.001")));
        assert_eq!(changes[4].kind, ChangeKind::Seed);
    }

    #[test]
    fn a_patch_on_the_same_commit_stands_above_one_on_another() {
        let with = |commit: &str, patch: &str| Facts {
            patch: Some(patch.to_owned()),
            ..facts(&[], json!({"git": {"commit": commit}}))
        };
        let same = rank(&with("a", "1"), &with("a", "2"));
        assert_eq!(names(&same), ["uncommitted changes"]);
        let other = rank(&with("a", "1"), &with("b", "2"));
        assert_eq!(names(&other), ["commit", "uncommitted changes"]);
        assert!(other[1].score < same[0].score);
    }

    #[test]
    fn equal_runs_have_no_differences() {
        let one = || facts(&[("lr", float(f64::NAN))], json!({"host": {"name": "x"}}));
        assert!(rank(&one(), &one()).is_empty());
    }

    #[test]
    fn what_a_client_did_not_tell_is_no_difference() {
        let told = facts(&[], json!({"packages": {"torch": "2.1.0"}, "host": {"name": "x"}}));
        assert!(rank(&told, &Facts::default()).is_empty());
    }

    #[test]
    fn a_larger_step_of_a_param_stands_above_a_smaller() {
        let near = rank(&facts(&[("lr", float(0.1))], json!({})), &facts(&[("lr", float(0.11))], json!({})));
        let far = rank(&facts(&[("lr", float(0.1))], json!({})), &facts(&[("lr", float(10.0))], json!({})));
        assert!(near[0].score < far[0].score);
        assert!(near[0].reason.ends_with("1.1 times as large"), "{}", near[0].reason);
        let off = rank(
            &facts(&[("dropout", float(0.1))], json!({})),
            &facts(&[("dropout", float(0.0))], json!({})),
        );
        assert!(off[0].reason.ends_with("switched off"), "{}", off[0].reason);
    }

    #[test]
    fn seeds_are_known_by_their_words() {
        for key in ["seed", "random_seed", "train.seed", "randomState", "random_state", "dataSeed"] {
            assert!(of_seed(key), "{key}");
        }
        for key in ["seedling", "state", "random", "lr"] {
            assert!(!of_seed(key), "{key}");
        }
    }
}
