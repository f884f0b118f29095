//! A series query from question to answer: which series, on which axis, one curve each or one a group.

use super::{
    axis::{self, Axes, Numbers},
    join::Joined,
    read,
};
use crate::{Base, Result, digest};
use model::{
    Error, RunId,
    expression::Expression,
    limits,
    metric::{Context, Kind},
    series::{Axis, Columns, Extra, Group, Series, SeriesQuery},
};
use segment::{Gatherer, Member, spread};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};
use store::{
    Snapshot,
    metric::{FoundSeries, SegmentPlace},
};
use tokio::sync::Semaphore;

/// What a series query comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum SeriesAnswer {
    /// Nothing was logged since the version that the caller knows.
    Unchanged {
        version: String,
    },
    Fresh {
        version: String,
        series: Vec<Series>,
    },
}

pub(super) async fn answer(
    base: &Base,
    reads: &Semaphore,
    query: SeriesQuery,
    known_version: Option<&str>,
) -> Result<SeriesAnswer> {
    let db = &base.db;
    let runs = store::run::get_many(db, &query.run).await?;
    let started: HashMap<RunId, i64> =
        runs.into_iter().map(|run| (run.id, run.started_at_ms.unwrap_or(run.created_at_ms).0)).collect();
    if let Some(missing) = query.run.iter().find(|id| !started.contains_key(id)) {
        return Err(Error::not_found("run", missing).into());
    }
    let series_max = limits::SERIES_PER_QUERY_MAX;
    let expression = query.computed()?.map(Arc::new);
    let keys = expression.as_ref().map_or(&query.key[..], |expression| expression.keys());
    let found = store::metric::find_series(db, &query.run, keys, series_max as i64 + 1).await?;
    if found.len() > series_max {
        return Err(Error::too_large("key", format!("more than {series_max} series; name fewer")).into());
    }
    let rows_max = limits::SERIES_ROWS_MAX;
    if let Some(buckets) = query.buckets
        && query.group.is_empty()
        && found.len() * buckets as usize > rows_max
    {
        let expected = format!("at most {} buckets for {} series", rows_max / found.len(), found.len());
        return Err(Error::too_large("buckets", expected).into());
    }
    let over = match &query.x_key {
        Some(key) => {
            store::metric::find_series(db, &query.run, std::slice::from_ref(key), series_max as i64).await?
        }
        None => Vec::new(),
    };
    let version = version(&query, &found, &over, &started);
    if known_version == Some(version.as_str()) {
        return Ok(SeriesAnswer::Unchanged { version });
    }
    let _turn =
        reads.acquire().await.map_err(|_| Error::new(model::ErrorKind::Unavailable, "shutting down"))?;
    let snapshot = Snapshot::begin(db).await?;
    let sources = match &expression {
        Some(expression) => computed(&query, expression, found),
        None => found.into_iter().map(|found| Source { found, operands: Vec::new() }).collect(),
    };
    let mut reading = Reading { query, expression, snapshot, over, started, rows: 0 };
    let series = if reading.query.group.is_empty() {
        reading.each(sources).await?
    } else {
        reading.groups(sources).await?
    };
    reading.snapshot.end().await?;
    Ok(SeriesAnswer::Fresh { version, series })
}

/// Names an answer without computing it: series only grow, so their counts tell whether anything changed.
fn version(
    query: &SeriesQuery,
    found: &[FoundSeries],
    over: &[FoundSeries],
    started: &HashMap<RunId, i64>,
) -> String {
    let counts: Vec<(i64, i64)> = found.iter().chain(over).map(|one| (one.id, one.count)).collect();
    let started: BTreeMap<&str, &i64> = started.iter().map(|(id, at)| (id.as_str(), at)).collect();
    digest::of_text(&format!("{query:?} {counts:?} {started:?}"))[..24].to_owned()
}

/// What one curve is made of.
struct Source {
    found: FoundSeries,
    /// The series that it is computed from; none when it was logged.
    operands: Vec<FoundSeries>,
}

/// What there is to compute: for each run and context the metrics of the expression, those without a context where there
/// is none with it.
fn computed(query: &SeriesQuery, expression: &Expression, mut found: Vec<FoundSeries>) -> Vec<Source> {
    found.retain(|one| one.kind == Kind::Number);
    let names: BTreeSet<(RunId, Context)> =
        found.iter().map(|one| (one.run_id.clone(), one.context.clone())).collect();
    let by_name: HashMap<(&RunId, &str, &Context), &FoundSeries> =
        found.iter().map(|one| ((&one.run_id, one.key.as_str(), &one.context), one)).collect();
    let none = Context::default();
    let source = |(run_id, context): &(RunId, Context)| {
        let operand = |key: &String| {
            let own = by_name.get(&(run_id, key.as_str(), context));
            own.or_else(|| by_name.get(&(run_id, key.as_str(), &none))).map(|one| (*one).clone())
        };
        let operands: Vec<FoundSeries> = expression.keys().iter().map(operand).collect::<Option<_>>()?;
        let found = FoundSeries {
            key: query.expression.clone().unwrap_or_default(),
            context: context.clone(),
            count: operands.iter().map(|one| one.count).min()?,
            first_step: operands.iter().map(|one| one.first_step).max()?,
            last_step: operands.iter().map(|one| one.last_step).min()?,
            ..operands.first()?.clone()
        };
        Some(Source { found, operands })
    };
    names.iter().filter_map(source).collect()
}

/// One query under way.
struct Reading {
    query: SeriesQuery,
    /// What is computed, when that is asked for.
    expression: Option<Arc<Expression>>,
    snapshot: Snapshot,
    /// The series of the x-axis, when that is a metric.
    over: Vec<FoundSeries>,
    started: HashMap<RunId, i64>,
    /// Exact points taken into the answer so far.
    rows: usize,
}

impl Reading {
    async fn each(&mut self, sources: Vec<Source>) -> Result<Vec<Series>> {
        let (numbers, texts): (Vec<_>, Vec<_>) =
            sources.into_iter().partition(|one| one.found.kind == Kind::Number);
        let axes = self.axes(&numbers).await?;
        let mut answer = Vec::with_capacity(numbers.len() + texts.len());
        let mut fetched = 0;
        for (index, one) in numbers.into_iter().enumerate() {
            if index == fetched {
                fetched = read::fetch_ahead(&mut self.snapshot, &axes, index).await?;
            }
            let numbers = &axes.numbers[index];
            let room =
                self.query.buckets.map_or(limits::RAW_POINTS_MAX - self.rows, |buckets| buckets as usize);
            let curve = read::curve(&mut self.snapshot, &self.query, &axes, numbers, room).await?;
            if let (None, Columns::Points(points)) = (self.query.buckets, &curve.columns) {
                self.rows += points.len();
            }
            answer.push(series(one.found, curve.total, curve.columns, curve.extra));
        }
        for Source { found: one, .. } in texts {
            let texts = read::texts(&mut self.snapshot, &self.query, &one).await?;
            answer.push(series(one, texts.0, Columns::Texts(texts.1), Extra::default()));
        }
        answer.sort_by(|a, b| (&a.run_id, &a.key, &a.context).cmp(&(&b.run_id, &b.key, &b.context)));
        Ok(answer)
    }

    /// Runs of one group as one curve for each key and context.
    async fn groups(&mut self, mut sources: Vec<Source>) -> Result<Vec<Series>> {
        sources.retain(|one| one.found.kind == Kind::Number);
        let buckets = self.query.buckets.unwrap_or(limits::BUCKETS_MAX);
        let count = sources.len();
        if count.saturating_mul(buckets as usize) > limits::GROUP_CELLS_MAX {
            let expected = format!("at most {} buckets for {count} series", limits::GROUP_CELLS_MAX / count);
            return Err(Error::too_large("buckets", expected).into());
        }
        let axes = self.axes(&sources).await?;
        let mut groups: BTreeMap<(u32, String, Context), Gathering> = BTreeMap::new();
        let mut fetched = 0;
        for (index, Source { found: one, .. }) in sources.into_iter().enumerate() {
            if index == fetched {
                fetched = read::fetch_ahead(&mut self.snapshot, &axes, index).await?;
            }
            let numbers = &axes.numbers[index];
            let group = self.query.group_of(&one.run_id).unwrap_or_default();
            let (gatherer, total) = read::gather(&mut self.snapshot, &self.query, &axes, numbers).await?;
            groups
                .entry((group, one.key, one.context))
                .or_insert_with(|| Gathering::new(one.run_id, axes.buckets()))
                .add(&gatherer, total, &axes);
        }
        let (center, band) = (self.query.center, self.query.band);
        Ok(groups
            .into_iter()
            .map(|((group, key, context), gathering)| Series {
                run_id: gathering.first.clone(),
                group: Some(group),
                key,
                context,
                total: gathering.total,
                columns: Columns::Group(gathering.finish(center, band)),
                extra: Extra::default(),
            })
            .collect())
    }

    /// The segments of these series between two steps, by series; one that several curves are made of is sought once.
    async fn places(
        &mut self,
        sources: &[Source],
        (step_min, step_max): (i64, i64),
    ) -> Result<HashMap<i64, Vec<SegmentPlace>>> {
        let read = sources.iter().flat_map(|source| {
            let own = source.operands.is_empty().then_some(&source.found);
            own.into_iter().chain(&source.operands)
        });
        let each: BTreeMap<i64, FoundSeries> = read.map(|one| (one.id, one.clone())).collect();
        let (ids, each): (Vec<i64>, Vec<FoundSeries>) = each.into_iter().unzip();
        let places = self.snapshot.places(&each, step_min, step_max).await?;
        Ok(ids.into_iter().zip(places).collect())
    }

    async fn axes(&mut self, sources: &[Source]) -> Result<Axes> {
        let needs_all = self.query.smoothing != model::series::Smoothing::None || self.query.x != Axis::Step;
        let (step_min, step_max) =
            (self.query.step_min.unwrap_or(i64::MIN), self.query.step_max.unwrap_or(i64::MAX));
        let range = if needs_all { (i64::MIN, i64::MAX) } else { (step_min, step_max) };
        let places = self.places(sources, range).await?;
        let over_places = self.snapshot.places(&self.over, i64::MIN, i64::MAX).await?;
        let over: HashMap<(&RunId, &Context), _> = self
            .over
            .iter()
            .zip(over_places)
            .map(|(one, places)| ((&one.run_id, &one.context), places))
            .collect();
        let none = Context::default();
        let of = |one: &FoundSeries| places.get(&one.id).cloned().unwrap_or_default();
        let expression = &self.expression;
        let numbers = sources.iter().map(|Source { found: one, operands }| {
            let joined = expression.as_ref().map(|expression| Joined {
                expression: expression.clone(),
                operands: operands.iter().map(of).collect(),
            });
            // The x-axis has the series' own context where it was logged so, and else none.
            let over = over.get(&(&one.run_id, &one.context)).or_else(|| over.get(&(&one.run_id, &none)));
            Numbers {
                places: if joined.is_none() { of(one) } else { Vec::new() },
                joined,
                over: over.cloned().unwrap_or_default(),
                started_ms: self.started[&one.run_id],
                steps: (one.first_step, one.last_step),
                range: 0.0,
            }
        });
        axis::lay_out(&mut self.snapshot, &self.query, numbers.collect()).await
    }
}

fn series(found: FoundSeries, total: u64, columns: Columns, extra: Extra) -> Series {
    let FoundSeries { run_id, key, context, .. } = found;
    Series { run_id, group: None, key, context, total, columns, extra }
}

/// The members of one group, bucket by bucket.
struct Gathering {
    first: RunId,
    buckets: Vec<Vec<Member>>,
    edges: Vec<Option<(f64, f64)>>,
    total: u64,
}

impl Gathering {
    fn new(first: RunId, buckets: usize) -> Self {
        Self { first, buckets: vec![Vec::new(); buckets], edges: vec![None; buckets], total: 0 }
    }

    fn add(&mut self, member: &Gatherer, total: u64, axes: &Axes) {
        self.total += total;
        for (index, bucket) in member.buckets() {
            let held = &bucket.held;
            let (mean, min, max) = match &bucket.smooth {
                Some(smooth) => (smooth.mean(), smooth.min, smooth.max),
                None => (held.mean(), held.min, held.max),
            };
            self.buckets[index].push(Member { mean, min, max, count: held.count });
            let (first, last) = (axes.x(bucket.first_place), axes.x(bucket.last_place));
            let edges = self.edges[index].get_or_insert((first, last));
            *edges = (edges.0.min(first), edges.1.max(last));
        }
    }

    fn finish(self, center: model::series::Center, band: model::series::Band) -> Group {
        let mut group = Group::default();
        for (members, edges) in self.buckets.iter().zip(&self.edges) {
            let Some((first, last)) = edges else { continue };
            let spread = spread(members, center, band);
            group.first_xs.push(*first);
            group.last_xs.push(*last);
            group.center.push(spread.center);
            group.low.push(spread.low);
            group.high.push(spread.high);
            group.members.push(spread.members);
            group.counts.push(spread.count);
        }
        group
    }
}
