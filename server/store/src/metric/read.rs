//! What lists and charts read: summaries, and of a series first where its segments lie, then only those that matter.

use super::{
    SeriesRow,
    bundle::{self, SmallSegment},
    corrupt, from_bits, join, join_texts, read_context, segment_id, series_columns,
};
use crate::{
    Db, Error, Keys, Result, Tx,
    db::on,
    rows::{Column, Rows},
    sql::{Statement, fetch_all},
};
use ::segment::Blocks;
use model::{
    Float64, RunId,
    metric::{Context, Kind, MetricStat, MetricSummary},
    series::{Points, Texts},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const SUMMARIES: &str =
    concat!("SELECT ", series_columns!(), " FROM series s WHERE s.run_id = $1 ORDER BY s.key, s.context");

/// Summaries of every metric of a run, by key.
pub async fn summaries(db: &Db, run_id: &RunId) -> Result<Vec<MetricSummary>> {
    let mut conn = db.read().await?;
    let rows: Vec<SeriesRow> =
        on!(conn, c => sqlx::query_as(SUMMARIES).bind(run_id.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(SeriesRow::into_metric).collect()
}

/// Summaries of these metrics of several runs, without context.
pub async fn summaries_of_runs(
    db: &Db,
    run_ids: &[RunId],
    keys: Keys<'_>,
) -> Result<HashMap<String, Vec<MetricSummary>>> {
    let mut query = Statement::default();
    query.push(concat!("SELECT ", series_columns!(), " FROM series s WHERE "));
    push_numbers_of(&mut query, run_ids, keys);
    by_run(db, query).await
}

/// Summaries of the numbers of several runs in whatever context, of so many keys that most of them have.
pub async fn summaries_in_contexts(
    db: &Db,
    run_ids: &[RunId],
    most: i64,
) -> Result<HashMap<String, Vec<MetricSummary>>> {
    let ids = || run_ids.iter().map(RunId::as_str);
    let mut query = Statement::default();
    query.push(concat!(
        "SELECT ",
        series_columns!(),
        " FROM series s WHERE s.kind = 'number' AND s.run_id IN "
    ));
    query
        .bind_list(ids())
        .push(" AND s.key IN (SELECT key FROM series WHERE kind = 'number' AND run_id IN ")
        .bind_list(ids())
        .push(" GROUP BY key ORDER BY COUNT(*) DESC, key LIMIT ")
        .bind(most)
        .push(")");
    by_run(db, query).await
}

/// The summaries that a statement finds, by their run.
async fn by_run(db: &Db, query: Statement) -> Result<HashMap<String, Vec<MetricSummary>>> {
    let mut conn = db.read().await?;
    let rows: Vec<SeriesRow> = fetch_all!(conn, query)?;
    let mut metrics: HashMap<String, Vec<MetricSummary>> = HashMap::new();
    for row in rows {
        metrics.entry(row.run_id.clone()).or_default().push(row.into_metric()?);
    }
    Ok(metrics)
}

type StatRow = (String, String, i64, i64, Option<f64>, Option<f64>, Option<f64>);

/// What table cells show of these metrics of several runs, without context: by run and key.
pub async fn stats_of_runs(
    db: &Db,
    run_ids: &[RunId],
    keys: Keys<'_>,
) -> Result<HashMap<String, BTreeMap<String, MetricStat>>> {
    let mut query = Statement::default();
    query.push(
        "SELECT run_id, key, last_bits, last_step, min_value, max_value, mean_value FROM series s WHERE ",
    );
    push_numbers_of(&mut query, run_ids, keys);
    let mut conn = db.read().await?;
    let rows: Vec<StatRow> = fetch_all!(conn, query)?;
    let mut stats: HashMap<String, BTreeMap<String, MetricStat>> = HashMap::new();
    for (run_id, key, last, last_step, min, max, mean) in rows {
        let stat = MetricStat {
            last: Float64(from_bits(last)),
            last_step,
            min: min.map(Float64),
            max: max.map(Float64),
            mean: mean.map(Float64),
        };
        stats.entry(run_id).or_default().insert(key, stat);
    }
    Ok(stats)
}

/// The condition that series of `s` are numbers without context, of these runs and keys.
fn push_numbers_of(query: &mut Statement, run_ids: &[RunId], keys: Keys<'_>) {
    let ids = || run_ids.iter().map(RunId::as_str);
    query.push("s.kind = 'number' AND s.context = '' AND s.run_id IN ").bind_list(ids());
    match keys {
        Keys::All => {}
        Keys::These(keys) => {
            query.push(" AND s.key IN ").bind_list(keys.iter().copied());
        }
        Keys::Most(most) => {
            query
                .push(" AND s.key IN (SELECT key FROM series WHERE kind = 'number' AND context = '' AND run_id IN ")
                .bind_list(ids())
                .push(" GROUP BY key ORDER BY COUNT(*) DESC, key LIMIT ")
                .bind(most)
                .push(")");
        }
    }
}

/// The last values of these metrics of several runs, without context: by run and key.
pub async fn last_values_of_runs(
    db: &Db,
    run_ids: &[RunId],
    keys: Keys<'_>,
) -> Result<HashMap<String, HashMap<String, f64>>> {
    let mut query = Statement::default();
    query
        .push(
            "SELECT run_id, key, last_bits FROM series WHERE kind = 'number' AND context = '' AND run_id IN ",
        )
        .bind_list(run_ids.iter().map(RunId::as_str));
    if let Keys::These(keys) = keys {
        query.push(" AND key IN ").bind_list(keys.iter().copied());
    }
    let mut conn = db.read().await?;
    let mut values: HashMap<String, HashMap<String, f64>> = HashMap::new();
    let rows: Vec<(String, String, i64)> = fetch_all!(conn, query)?;
    for (run_id, key, bits) in rows {
        values.entry(run_id).or_default().insert(key, from_bits(bits));
    }
    Ok(values)
}

/// The means of all series as filters see them, for tests.
#[cfg(test)]
pub(crate) async fn mean_values(db: &Db) -> Result<Vec<Option<f64>>> {
    let mut conn = db.read().await?;
    let rows: Vec<(Option<f64>,)> =
        on!(conn, c => sqlx::query_as("SELECT mean_value FROM series ORDER BY id").fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(mean,)| mean).collect())
}

/// A series as found: its name, how many points it has, and between which steps they lie.
#[derive(Clone, Debug)]
pub struct FoundSeries {
    pub id: i64,
    pub run_id: RunId,
    pub key: String,
    pub context: Context,
    pub kind: Kind,
    pub count: i64,
    pub first_step: i64,
    pub last_step: i64,
}

/// The series of these runs with these keys (every key when none is given), in order of run, key and context.
pub async fn find_series(
    db: &Db,
    run_ids: &[RunId],
    keys: &[String],
    series_max: i64,
) -> Result<Vec<FoundSeries>> {
    let mut conn = db.read().await?;
    let mut query = Statement::default();
    query.push(concat!("SELECT ", series_columns!(), " FROM series s WHERE s.run_id IN "));
    query.bind_list(run_ids.iter().map(RunId::as_str));
    if !keys.is_empty() {
        query.push(" AND s.key IN ").bind_list(keys.iter().map(String::as_str));
    }
    query.push(" ORDER BY s.run_id, s.key, s.context LIMIT ").bind(series_max);
    let rows: Vec<SeriesRow> = fetch_all!(conn, query)?;
    rows.into_iter()
        .map(|row| {
            Ok(FoundSeries {
                id: row.id,
                run_id: row
                    .run_id
                    .parse()
                    .map_err(|error: model::Error| Error::Corrupt(error.to_string()))?,
                kind: row.kind()?,
                context: read_context(&row.context)?,
                key: row.key,
                count: row.count,
                first_step: row.first_step,
                last_step: row.last_step,
            })
        })
        .collect()
}

/// Where a segment lies, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentPlace {
    /// Ids of one series rise in the order of writing.
    pub id: i64,
    pub count: i64,
    pub step_min: i64,
    pub step_max: i64,
    pub has_blocks: bool,
}

/// A view of all series at one moment: what is merged or added meanwhile does not show.
pub struct Snapshot {
    tx: Tx,
    /// Segments that wait in bundles, of the series whose places were asked for.
    bundled: HashMap<i64, Vec<u8>>,
    /// Segments fetched before they are asked for.
    ahead: HashMap<i64, Vec<u8>>,
}

const SEGMENT_PLACES: &str = "
    SELECT segment.id, segment.count, segment.step_min, segment.step_max,
        CAST(CASE WHEN segment.blocks IS NULL THEN 0 ELSE 1 END AS BIGINT)
    FROM v JOIN segment ON segment.id BETWEEN v.low AND v.high
    WHERE segment.step_max >= v.step_min AND segment.step_min <= v.step_max";

const SEGMENT_DATA: &str = "SELECT segment.id, segment.data FROM v JOIN segment ON segment.id = v.id";

const SEGMENT_BLOCKS: &str = "SELECT segment.id, segment.blocks FROM v JOIN segment ON segment.id = v.id";

impl Snapshot {
    pub async fn begin(db: &Db) -> Result<Self> {
        Ok(Self { tx: db.snapshot().await?, bundled: HashMap::new(), ahead: HashMap::new() })
    }

    /// Gives the connection back.
    pub async fn end(self) -> Result<()> {
        self.tx.commit().await
    }

    /// The segments of each series that may hold steps from `step_min` to `step_max`, in the order of writing.
    pub async fn places(
        &mut self,
        series: &[FoundSeries],
        step_min: i64,
        step_max: i64,
    ) -> Result<Vec<Vec<SegmentPlace>>> {
        let count = series.len();
        let rows: Vec<(i64, i64, i64, i64, i64)> = Rows::default()
            .with("low", Column::Int(series.iter().map(|one| segment_id(one.id, 0)).collect()))
            .with("high", Column::Int(series.iter().map(|one| segment_id(one.id + 1, 0) - 1).collect()))
            .with("step_min", Column::Int(vec![step_min; count]))
            .with("step_max", Column::Int(vec![step_max; count]))
            .fetch(&mut self.tx, SEGMENT_PLACES)
            .await?;
        let mut by_series: HashMap<i64, Vec<SegmentPlace>> = HashMap::new();
        for (id, count, step_min, step_max, has_blocks) in rows {
            let place = SegmentPlace { id, count, step_min, step_max, has_blocks: has_blocks == 1 };
            by_series.entry(id >> super::NUMBER_BITS).or_default().push(place);
        }
        for SmallSegment { id, count, step_min, step_max, blob } in
            self.bundled_segments(series, step_min, step_max).await?
        {
            let place = SegmentPlace { id, count: i64::from(count), step_min, step_max, has_blocks: false };
            by_series.entry(id >> super::NUMBER_BITS).or_default().push(place);
            self.bundled.insert(id, blob);
        }
        let places = series.iter().map(|one| {
            let mut places = by_series.remove(&one.id).unwrap_or_default();
            places.sort_unstable_by_key(|place| place.id);
            places
        });
        Ok(places.collect())
    }

    async fn bundled_segments(
        &mut self,
        series: &[FoundSeries],
        step_min: i64,
        step_max: i64,
    ) -> Result<Vec<SmallSegment>> {
        let run_ids: BTreeSet<&str> = series.iter().map(|one| one.run_id.as_str()).collect();
        let run_ids: Vec<String> = run_ids.into_iter().map(str::to_owned).collect();
        let series_ids: HashSet<i64> = series.iter().map(|one| one.id).collect();
        bundle::segments(&mut self.tx, &run_ids, |id, lowest, highest| {
            series_ids.contains(&(id >> super::NUMBER_BITS)) && highest >= step_min && lowest <= step_max
        })
        .await
    }

    /// Fetches the segments of many series at once. Each is let go when its points are asked for.
    pub async fn fetch_ahead(&mut self, places: &[SegmentPlace]) -> Result<()> {
        self.ahead = HashMap::from_iter(self.data(places).await?);
        Ok(())
    }

    /// The points of these segments of one series, put together in order of step.
    pub async fn points(&mut self, places: &[SegmentPlace]) -> Result<Points> {
        join(self.data(places).await?.into_iter().map(|(_, blob)| blob))
    }

    /// The texts of these segments of one series, put together in order of step.
    pub async fn texts(&mut self, places: &[SegmentPlace], are_bytes: bool) -> Result<Texts> {
        join_texts(self.data(places).await?.into_iter().map(|(_, blob)| blob), are_bytes)
    }

    /// The blocks of these segments, by segment.
    pub async fn blocks(&mut self, places: &[SegmentPlace]) -> Result<HashMap<i64, Blocks>> {
        let rows: Vec<(i64, Option<Vec<u8>>)> = ids(places).fetch(&mut self.tx, SEGMENT_BLOCKS).await?;
        let mut blocks = HashMap::new();
        for (id, blob) in rows {
            if let Some(blob) = blob {
                blocks.insert(id, Blocks::decode(&blob).map_err(corrupt)?);
            }
        }
        Ok(blocks)
    }

    async fn data(&mut self, places: &[SegmentPlace]) -> Result<Vec<(i64, Vec<u8>)>> {
        let (mut rows, mut missing) = (Vec::with_capacity(places.len()), Vec::new());
        for place in places {
            match self.bundled.get(&place.id).cloned().or_else(|| self.ahead.remove(&place.id)) {
                Some(blob) => rows.push((place.id, blob)),
                None => missing.push(*place),
            }
        }
        rows.extend(ids(&missing).fetch(&mut self.tx, SEGMENT_DATA).await?);
        rows.sort_unstable_by_key(|(id, _)| *id);
        Ok(rows)
    }
}

fn ids(places: &[SegmentPlace]) -> Rows {
    Rows::default().with("id", Column::Int(places.iter().map(|place| place.id).collect()))
}

const SEGMENTS_BETWEEN: &str = "
    SELECT data FROM segment WHERE id BETWEEN $1 AND $2 AND step_max >= $3 AND step_min <= $4 ORDER BY id";

/// The segments of a series that may hold steps of this range, as the transaction sees them, in no order.
pub(super) async fn blobs_between(tx: &mut Tx, row: &SeriesRow, low: i64, high: i64) -> Result<Vec<Vec<u8>>> {
    let rows: Vec<(Vec<u8>,)> = on!(tx, c => sqlx::query_as(SEGMENTS_BETWEEN)
        .bind(segment_id(row.id, 0))
        .bind(segment_id(row.id + 1, 0) - 1)
        .bind(low)
        .bind(high)
        .fetch_all(c)
        .await)?;
    let bundled = bundle::segments(tx, std::slice::from_ref(&row.run_id), |id, lowest, highest| {
        id >> super::NUMBER_BITS == row.id && highest >= low && lowest <= high
    });
    let bundled = bundled.await?.into_iter().map(|segment| segment.blob);
    Ok(rows.into_iter().map(|(data,)| data).chain(bundled).collect())
}
