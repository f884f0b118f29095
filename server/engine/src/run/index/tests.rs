//! The index finds what SQL finds, in the same order, also after changes.

mod group;

use super::serves;
use crate::{Services, World};
use model::{
    ExperimentId, Float64, RunId, Tags, UnixMillis,
    experiment::{ExperimentNew, ExperimentUpdate},
    ingest::{IngestBatch, RunFacts, SeriesPoints},
    metric::Context,
    param::ParamValue,
    query::{Attribute, Field, OrderBy, Stat, parse},
    run::{RunFieldQuery, RunNew, RunQuery, RunRow, RunSearch, RunStatus, RunUpdate, RunsUpdate, Trash},
    user::Caller,
};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

const KEYS: [&str; 3] = ["a", "b c", "loss"];
const TEXTS: [&str; 7] = ["adam", "Adam", "a%", "", "Ärger", "10", "9"];
const NUMBERS: [f64; 8] = [0.0, -0.0, 1.0, 0.5, 10.0, -3.25, f64::INFINITY, f64::NEG_INFINITY];
const CLAUSES: [&str; 27] = [
    "metrics.a > 0.5",
    "metrics.\"b c\".min <= 0",
    "metrics.loss.mean != 1",
    "metrics.loss.max is null",
    "metrics.a is nan",
    "metrics.loss = -3.25",
    "params.a = 'adam'",
    "params.a > 0.5",
    "params.\"b c\" ilike '%A%'",
    "params.loss is null",
    "params.loss in ('10', 'adam')",
    "tags.a != 'Adam'",
    "tags.\"b c\" like 'a%'",
    "tags.loss is null",
    "name like 'run-1%'",
    "status = 'failed'",
    "number > 20",
    "ended is null",
    "duration > 3s",
    "id like '%a%'",
    "name ~ '^(adam|a%)run-[1-3]'",
    "params.a !~ '^[0-9]'",
    "tags.loss ~ '(?i)ADAM|^$'",
    "parent is null",
    "parent like '%1%'",
    "archived = true",
    "archived != 'true' and number > 5",
];

fn fields() -> Vec<Field> {
    let keys = KEYS.map(str::to_owned);
    let attributes = Attribute::ALL.map(Field::Attribute).into_iter();
    let metrics =
        Stat::ALL.into_iter().flat_map(|stat| KEYS.map(|key| Field::Metric { key: key.to_owned(), stat }));
    attributes.chain(keys.clone().map(Field::Param)).chain(keys.map(Field::Tag)).chain(metrics).collect()
}

static NOW: AtomicI64 = AtomicI64::new(1_700_000_000_000);

fn time() -> UnixMillis {
    UnixMillis(NOW.load(Ordering::SeqCst))
}

fn fill_id(bytes: &mut [u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mixed = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    bytes.iter_mut().zip(mixed.into_iter().cycle()).for_each(|(byte, mixed)| *byte = mixed);
}

struct Stage {
    services: Services,
    caller: Caller,
    random: TestRunner,
    experiment_id: ExperimentId,
    /// The run that was made last.
    last: Option<RunId>,
}

impl Stage {
    fn pick(&mut self, count: usize) -> usize {
        (0..count).new_tree(&mut self.random).unwrap().current()
    }

    async fn add_run(&mut self, number: usize) -> RunId {
        let new = RunNew {
            name: Some(format!("{}run-{number}", TEXTS[self.pick(3)])),
            started_at_ms: (self.pick(4) > 0).then(|| UnixMillis(time().0 - 1_000 * self.pick(9) as i64)),
            status: (self.pick(5) == 0).then_some(RunStatus::Queued),
            parent_id: self.last.clone().filter(|_| self.pick(3) == 0),
            ..RunNew::new(self.experiment_id)
        };
        let id = self.services.run.create(&self.caller, new).await.unwrap().0.id;
        self.last = (self.pick(3) > 0).then(|| id.clone());
        id
    }

    /// Gives a run other params, tags and points, or another status, or throws it away.
    async fn change(&mut self, run_id: &RunId) {
        // A change may wait so long for its commit that its stamp is older than what was read meanwhile.
        let late = if self.pick(2) == 0 { 600_000 } else { 0 };
        NOW.fetch_sub(late, Ordering::SeqCst);
        self.change_now(run_id).await;
        NOW.fetch_add(late, Ordering::SeqCst);
    }

    async fn change_now(&mut self, run_id: &RunId) {
        let (mut params, mut tags, mut series) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for key in KEYS {
            let value = match self.pick(5) {
                0 => ParamValue::Int(self.pick(12) as i64),
                1 => ParamValue::Float(Float64(NUMBERS[self.pick(8)])),
                2 => ParamValue::Float(Float64(f64::NAN)),
                _ => ParamValue::Text(TEXTS[self.pick(7)].into()),
            };
            if self.pick(3) > 0 {
                params.insert(key.to_owned(), value);
            }
            if self.pick(2) > 0 {
                tags.insert(key.to_owned(), TEXTS[self.pick(7)].to_owned());
            }
            let points = self.pick(4);
            let value = |nan: bool, at: usize| Float64(if nan { f64::NAN } else { NUMBERS[at] });
            series.push(SeriesPoints {
                run_id: run_id.clone(),
                key: key.into(),
                context: Context::default(),
                steps: (0..points as i64).collect(),
                times_ms: vec![0; points],
                values: (0..points).map(|_| value(self.pick(6) == 0, self.pick(8))).collect(),
                texts: Vec::new(),
                bytes: Vec::new(),
            });
        }
        let runs = vec![RunFacts { run_id: run_id.clone(), params, tags: Tags(tags) }];
        let batch = IngestBatch { series, runs, writer: None };
        self.services.metric.ingest(&self.caller, batch, None).await.unwrap();
        let archived = [None, None, None, Some(true), Some(false), Some(false)][self.pick(6)];
        let update = match self.pick(8) {
            0..3 => RunUpdate { status: Some(RunStatus::Failed), ..RunUpdate::default() },
            3 => RunUpdate { trashed: Some(true), ..RunUpdate::default() },
            4 => RunUpdate { trashed: Some(false), name: Some("run-1".into()), ..RunUpdate::default() },
            _ => RunUpdate { remove_tags: vec!["a".into()], ..RunUpdate::default() },
        };
        let update = RunUpdate { archived, ..update };
        self.services.run.update(&self.caller, run_id, update).await.unwrap();
    }

    async fn add_params(&self, run_id: &RunId, params: BTreeMap<String, ParamValue>) {
        let runs = vec![RunFacts { run_id: run_id.clone(), params, tags: Tags::default() }];
        let batch = IngestBatch { series: Vec::new(), runs, writer: None };
        self.services.metric.ingest(&self.caller, batch, None).await.unwrap();
    }

    /// Tags or throws away many runs at once: some by name, or what a query means.
    async fn change_many(&mut self, runs: &[RunId]) {
        let by_query = self.pick(2) == 0;
        let filter = CLAUSES[self.pick(CLAUSES.len())].to_owned();
        let trash = self.pick(4) == 0;
        let update = RunsUpdate {
            ids: if by_query { Vec::new() } else { runs[..runs.len() / 2].to_vec() },
            query: by_query.then(|| RunQuery { filter, ..RunQuery::new(self.experiment_id) }),
            tags: Tags([("a".to_owned(), TEXTS[self.pick(7)].to_owned())].into()),
            remove_tags: vec!["loss".into()],
            trashed: trash.then_some(self.pick(2) == 0),
            archived: [None, None, Some(true), Some(false)][self.pick(4)],
            experiment_id: None,
        };
        let updated = self.services.run.update_many(&self.caller, &update).await.unwrap();
        assert!(by_query || updated.count as usize == runs.len() / 2);
    }

    fn filter(&mut self) -> String {
        let clause = |stage: &mut Self| {
            let not = ["", "not "][stage.pick(2)];
            format!("{not}{}", CLAUSES[stage.pick(CLAUSES.len())])
        };
        match self.pick(4) {
            0 => String::new(),
            1 => clause(self),
            2 => format!("{} and {}", clause(self), clause(self)),
            _ => format!("{} or ({} and {})", clause(self), clause(self), clause(self)),
        }
    }

    fn search(&mut self) -> RunSearch {
        let fields = fields();
        let filter = self.filter();
        let mut order = Vec::new();
        for _ in 0..self.pick(3) {
            let field = fields[self.pick(fields.len())].clone();
            order.push(OrderBy { field, descending: self.pick(2) == 0 });
        }
        RunSearch {
            experiment_ids: vec![self.experiment_id],
            search: ["", "", "RUN-2", "ä", "3", "b7"][self.pick(6)].into(),
            status: [None, None, Some(RunStatus::Running)][self.pick(3)],
            filter: parse(&filter).unwrap(),
            trash: [Trash::Without, Trash::Only, Trash::With][self.pick(3)],
            archived: self.pick(3) > 0,
            order,
            offset: [0, 0, 3, 50][self.pick(4)],
            limit: [1, 10, 100][self.pick(3)],
            ..RunSearch::default()
        }
    }

    /// Runs that move leave one experiment for the other, with numbers and columns.
    async fn moves(&mut self, runs: &[RunId]) {
        let new = ExperimentNew { name: "other".into(), ..ExperimentNew::default() };
        let there = self.services.experiment.create(&self.caller, new).await.unwrap().0.id;
        let count = async |stage: &Self, experiment_id| {
            let query = RunQuery { sort: "name".into(), trash: Trash::With, ..RunQuery::new(experiment_id) };
            stage.services.run.list(&stage.caller, query).await.unwrap().total
        };
        let (before, there_before) = (count(self, self.experiment_id).await, count(self, there).await);
        let update = RunsUpdate {
            ids: runs[..20].to_vec(),
            query: None,
            tags: Tags::default(),
            remove_tags: Vec::new(),
            trashed: Some(false),
            archived: Some(false),
            experiment_id: Some(there),
        };
        let updated = self.services.run.update_many(&self.caller, &update).await.unwrap();
        assert_eq!((updated.count, there_before), (20, 0));
        assert_eq!((count(self, self.experiment_id).await, count(self, there).await), (before - 20, 20));
        let query = RunQuery { sort: "number".into(), ..RunQuery::new(there) };
        let page = self.services.run.list(&self.caller, query).await.unwrap();
        let numbers: Vec<i64> = page.items.iter().map(|row| row.run.number).collect();
        assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
        let query = RunFieldQuery { experiment_id: there, search: "LOSS".into(), limit: None };
        let fields = self.services.run.fields(&self.caller, &query).await.unwrap();
        assert!(
            fields.contains(&Field::metric("loss")) && fields.contains(&Field::Param("loss".into())),
            "{fields:?}"
        );
        self.compare().await;
    }

    /// A page that begins after a run, whether the run is meant or not: as the database has it. Answers whether the run
    /// was not meant.
    async fn compare_after(&mut self, runs: &[RunId]) -> bool {
        let after = runs[self.pick(runs.len())].clone();
        let search = RunSearch { offset: 0, after: Some(after.clone()), ..self.search() };
        let Some(experiment_id) = serves(&search) else { return false };
        let base = &self.services.base;
        let found = base.run_indexes.find(base, experiment_id, &search).await.unwrap();
        let expected = self.services.run.find_after(&search, &after).await.unwrap();
        let ids: Vec<RunId> = expected.page.into_iter().map(|run| run.id).collect();
        assert_eq!(found.page, ids, "{search:?}");
        assert_eq!(
            (found.offset, Some(found.total)),
            (expected.offset as usize, expected.total),
            "{search:?}"
        );
        let all = RunSearch { offset: 0, limit: 1_000, after: None, ..search };
        let meant = store::run::search(&base.db, &all, time()).await.unwrap();
        let from = found.offset.min(meant.len());
        let rest: Vec<RunId> = meant[from..].iter().take(ids.len()).map(|run| run.id.clone()).collect();
        assert_eq!(rest, ids, "the page is what is left after so many: {after}");
        !meant.iter().any(|run| run.id == after)
    }

    /// Which fields tell runs apart: as a look at the runs has it.
    async fn compare_differing(&mut self) -> usize {
        let fields: Vec<Field> =
            KEYS.into_iter().flat_map(|key| [Field::Tag(key.into()), Field::Param(key.into())]).collect();
        let names: Vec<String> = fields.iter().map(Field::to_string).collect();
        let filter = CLAUSES[self.pick(CLAUSES.len())].to_owned();
        let query = RunQuery {
            filter,
            fields: names.join(","),
            limit: Some(1_000),
            ..RunQuery::new(self.experiment_id)
        };
        let found = self.services.run.differing(&self.caller, query.clone()).await.unwrap();
        let rows = self.services.run.list(&self.caller, query.clone()).await.unwrap().items;
        for field in fields {
            let value = |row: &RunRow| match &field {
                Field::Tag(key) => row.run.tags.0.get(key).cloned(),
                field => row.params.get(field.key().unwrap()).map(ToString::to_string),
            };
            let values: BTreeSet<_> = rows.iter().map(value).collect();
            assert_eq!(found.contains(&field), values.len() > 1, "{field} of {}: {values:?}", query.filter);
        }
        found.len()
    }

    /// Answers whether the index told runs apart.
    async fn compare(&mut self) -> bool {
        let search = self.search();
        let Some(experiment_id) = serves(&search) else { return false };
        let base = &self.services.base;
        let found = base.run_indexes.find(base, experiment_id, &search).await.unwrap();
        let (found, total) = (found.page, found.total);
        let expected = store::run::search(&base.db, &search, time()).await.unwrap();
        let expected: Vec<RunId> = expected.into_iter().map(|run| run.id).collect();
        assert_eq!(found, expected, "{search:?}");
        assert_eq!(total, store::run::count(&base.db, &search, time()).await.unwrap(), "{search:?}");
        !found.is_empty() && total < 60
    }
}

#[tokio::test]
async fn the_index_finds_what_sql_finds_also_after_changes() {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let name = format!("engine_index_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    for (place, url) in store::scratch::urls(folder.path(), &name).await.unwrap().iter().enumerate() {
        let artifacts = folder.path().join(place.to_string());
        std::fs::create_dir_all(&artifacts).unwrap();
        let day = Duration::from_hours(24);
        let services = Services::open(url, &artifacts, World::new(time, fill_id), day).await.unwrap();
        let caller = services.user.ensure_owner("ada").await.unwrap();
        let new = ExperimentNew { name: "e".into(), ..ExperimentNew::default() };
        let experiment_id = services.experiment.create(&caller, new).await.unwrap().0.id;
        let seed = [5; 32];
        let random =
            TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let mut stage = Stage { services, caller, random, experiment_id, last: None };
        let mut runs = Vec::new();
        let (mut apart, mut strange, mut differing, mut grouped) = (0, 0, 0, 0);
        for round in 0..4 {
            for number in 0..15 {
                runs.push(stage.add_run(round * 15 + number).await);
            }
            for run_id in &runs {
                if round == 0 || stage.pick(2) == 0 {
                    stage.change(run_id).await;
                }
            }
            for _ in 0..25 {
                stage.change_many(&runs).await;
                for _ in 0..12 {
                    apart += usize::from(stage.compare().await);
                    strange += usize::from(stage.compare_after(&runs).await);
                }
                differing += stage.compare_differing().await;
                for _ in 0..2 {
                    grouped += usize::from(stage.compare_groups().await);
                }
            }
        }
        assert!(apart > 300, "the searches tell runs apart: {apart}");
        assert!(strange > 300, "pages begin after runs that are not meant: {strange}");
        assert!(differing > 100, "fields tell runs apart: {differing}");
        assert!(grouped > 50, "the groups are several: {grouped}");
        stage.odd_groups().await;
        let stranger = RunId::from_bytes([9; 16]);
        for filter in ["name like '%'", "dataset.name is null"] {
            let query = RunQuery {
                filter: filter.into(),
                after: Some(stranger.clone()),
                ..RunQuery::new(experiment_id)
            };
            let refused = stage.services.run.list(&stage.caller, query).await.unwrap_err().into_public();
            assert_eq!(refused.field.as_deref(), Some("after"), "{refused}");
            let query = RunQuery {
                filter: filter.into(),
                after: runs.first().cloned(),
                ..RunQuery::new(experiment_id)
            };
            let last = stage.services.run.list(&stage.caller, query).await.unwrap();
            assert_eq!(
                (last.items.len(), last.next_offset),
                (0, None),
                "nothing is older than the first run"
            );
        }
        stage.moves(&runs).await;
        let thrown = ExperimentUpdate { trashed: Some(true), ..ExperimentUpdate::default() };
        stage.services.experiment.update(&stage.caller, experiment_id, thrown).await.unwrap();
        for _ in 0..20 {
            stage.compare().await;
        }
    }
}
