//! Group A against group B: the same training over several seeds, twice.

use super::{Compare, bootstrap, change::of_seed, metric};
use crate::Result;
use model::{
    Float64, RunId,
    compare::{GroupComparison, GroupQuery, GroupRow, GroupStat, MetricValue, Pairing, Split, Verdict},
    limits,
    metric::{Context, Goal, MetricSummary},
    param::ParamValue,
    user::{Caller, Role},
};
use std::collections::BTreeMap;
use store::Keys;

/// What `pair` says to have no pairs.
const NO_PAIRS: &str = "none";

impl Compare {
    /// Every metric that both groups have: means, the difference, and how sure it is.
    pub async fn groups(&self, caller: &Caller, query: &GroupQuery) -> Result<GroupComparison> {
        caller.require(Role::Viewer)?;
        query.check()?;
        let ids: Vec<_> = query.a.iter().chain(&query.b).cloned().collect();
        let mut compared = self.runs(&ids).await?;
        let mut params = store::param::of_runs(&self.base.db, &ids, Keys::Most(super::KEYS_MAX)).await?;
        let params: Vec<_> = ids.iter().map(|id| params.remove(id.as_str()).unwrap_or_default()).collect();
        let (pairing, order) =
            pair(&params[..query.a.len()], &params[query.a.len()..], query.pair.as_deref());
        let wanted = query.search.to_lowercase();
        let shared = self.summaries(&ids).await?.filter(|((key, context), cells)| {
            let (a, b) = cells.split_at(query.a.len());
            let any = |cells: &[Option<MetricSummary>]| cells.iter().any(Option::is_some);
            any(a) && any(b) && context.name(key).to_lowercase().contains(&wanted)
        });
        let mut shared: Vec<_> = shared.collect();
        let total = shared.len() as i64;
        shared.sort_by_cached_key(|((key, context), _)| (compared.rank(key), context.clone()));
        shared.truncate(limits::GROUP_METRICS_MAX);
        let judge = Judge { value: query.value, a: query.a.len(), order };
        let goals: Vec<_> = shared.iter().map(|((key, _), _)| compared.goal(key)).collect();
        // Ten thousand resamples a metric take a moment, off the threads that answer others.
        let rows = tokio::task::spawn_blocking(move || {
            shared
                .into_iter()
                .zip(goals)
                .filter_map(|((series, cells), goal)| judge.row(series, goal, &cells))
                .collect()
        });
        let rows = rows.await.map_err(|error| anyhow::anyhow!("comparing groups: {error}"))?;
        let b = compared.runs.split_off(query.a.len());
        Ok(GroupComparison { a: compared.runs, b, method: method(&pairing), pairing, rows, total })
    }
}

impl Compare {
    /// The ways to part these runs in two by a param with two values, the most even ones first.
    pub async fn splits(&self, caller: &Caller, run_ids: &[RunId]) -> Result<Vec<Split>> {
        caller.require(Role::Viewer)?;
        let params = store::param::of_runs(&self.base.db, run_ids, Keys::Most(super::KEYS_MAX)).await?;
        let mut splits: Vec<Split> = super::side_by_side(run_ids, params)
            .filter_map(|(key, cells)| split(key, run_ids, &cells))
            .collect();
        splits.sort_by_key(|split| (split.a.len().abs_diff(split.b.len()), split.param.clone()));
        splits.truncate(SPLITS_MAX);
        Ok(splits)
    }
}

/// Ways to part runs that are offered: as many as a person looks through.
const SPLITS_MAX: usize = 12;

fn split(param: String, run_ids: &[RunId], cells: &[Option<ParamValue>]) -> Option<Split> {
    let values: Vec<String> =
        cells.iter().map(|cell| cell.as_ref().map(ToString::to_string)).collect::<Option<_>>()?;
    let mut different = values.clone();
    different.sort_unstable();
    different.dedup();
    let [a_value, b_value] = <[String; 2]>::try_from(different).ok()?;
    if of_seed(&param) {
        return None;
    }
    let of = |wanted: &str| -> Vec<RunId> {
        run_ids.iter().zip(&values).filter(|(_, value)| *value == wanted).map(|(id, _)| id.clone()).collect()
    };
    Some(Split { a: of(&a_value), b: of(&b_value), param, a_value, b_value })
}

fn method(pairing: &Pairing) -> String {
    let what = match pairing {
        Pairing::Paired { .. } => "the mean difference of the pairs",
        Pairing::Unpaired { .. } => "the difference of the means",
    };
    format!(
        "Symmetric bootstrap-t of {what}, 9 999 resamples, 95 % interval never narrower than Student's; effect size: Hedges' g; \
         means with 95 % intervals by Student's t. p is of each metric alone: of twenty metrics, chance makes one look different."
    )
}

type Params = BTreeMap<String, ParamValue>;

/// Which run of B belongs to each run of A, by its place; empty without pairs.
fn pair(a: &[Params], b: &[Params], wanted: Option<&str>) -> (Pairing, Vec<usize>) {
    let unpaired = |reason: String| (Pairing::Unpaired { reason }, Vec::new());
    if wanted == Some(NO_PAIRS) {
        return unpaired("as asked for".to_owned());
    }
    let candidates: Vec<String> = match wanted {
        Some(key) => vec![key.to_owned()],
        None => a.first().into_iter().flat_map(Params::keys).filter(|key| of_seed(key)).cloned().collect(),
    };
    if candidates.is_empty() {
        return unpaired("the runs have no param that is a seed".to_owned());
    }
    for key in &candidates {
        if let Some(order) = partners(a, b, key) {
            return (Pairing::Paired { param: key.clone() }, order);
        }
    }
    unpaired(format!("the groups do not have the same values of {}, each once", candidates.join(", ")))
}

fn partners(a: &[Params], b: &[Params], key: &str) -> Option<Vec<usize>> {
    let values = |group: &[Params]| -> Option<BTreeMap<String, usize>> {
        let mut values = BTreeMap::new();
        for (place, params) in group.iter().enumerate() {
            // A value that two runs share tells no pairs.
            if values.insert(params.get(key)?.to_string(), place).is_some() {
                return None;
            }
        }
        Some(values)
    };
    let (of_a, of_b) = (values(a)?, values(b)?);
    if of_a.len() != of_b.len() {
        return None;
    }
    let mut order = vec![0; a.len()];
    for (value, place) in of_a {
        order[place] = *of_b.get(&value)?;
    }
    Some(order)
}

/// How metrics are judged.
struct Judge {
    value: MetricValue,
    /// Runs of group A.
    a: usize,
    /// The partner in B of each run of A; empty without pairs.
    order: Vec<usize>,
}

impl Judge {
    /// Absent when one of the groups has no finite value.
    fn row(
        &self,
        (key, context): (String, Context),
        goal: Option<Goal>,
        cells: &[Option<MetricSummary>],
    ) -> Option<GroupRow> {
        let number = |one: &Option<MetricSummary>| {
            let value = metric::cell(self.value, goal, one.as_ref()?).value.0;
            value.is_finite().then_some(value)
        };
        let (a, b) = cells.split_at(self.a);
        let (mut of_a, mut of_b): (Vec<f64>, Vec<f64>) =
            (a.iter().filter_map(number).collect(), b.iter().filter_map(number).collect());
        let paired = !self.order.is_empty();
        let (difference, n) = if paired {
            let pairs = a.iter().zip(&self.order);
            let both: Vec<_> =
                pairs.filter_map(|(one, &partner)| Some((number(one)?, number(&b[partner])?))).collect();
            (of_a, of_b) = both.into_iter().unzip();
            (bootstrap::paired(&of_a, &of_b), of_a.len())
        } else {
            (bootstrap::unpaired(&of_a, &of_b), of_a.len().min(of_b.len()))
        };
        if of_a.is_empty() || of_b.is_empty() {
            return None;
        }
        let stat = |values: &[f64]| {
            let of = bootstrap::summary(values);
            GroupStat { n: values.len() as i64, mean: Float64(of.mean), ci: of.ci.map(Float64) }
        };
        let verdict = verdict(&difference, goal, n);
        let half = difference.sure.map(|sure| sure.half_width);
        Some(GroupRow {
            goal,
            a: stat(&of_a),
            b: stat(&of_b),
            n: n as i64,
            difference: Float64(difference.value),
            low: half.map(|half| Float64(difference.value - half)),
            high: half.map(|half| Float64(difference.value + half)),
            effect: difference.effect.map(Float64),
            p: difference.sure.map(|sure| Float64(sure.p)),
            verdict,
            words: words(verdict, &difference, (of_a.len(), of_b.len()), paired),
            key,
            context,
        })
    }
}

fn verdict(difference: &bootstrap::Difference, goal: Option<Goal>, n: usize) -> Verdict {
    if n < bootstrap::MEMBERS_MIN {
        return Verdict::TooFew;
    }
    if difference.value == 0.0 {
        return if difference.sure.is_none() { Verdict::Equal } else { Verdict::Unclear };
    }
    // Without any spread inside the groups, chance has no part in it.
    if difference.sure.is_some() && !difference.is_clear() {
        return Verdict::Unclear;
    }
    match (goal, difference.value > 0.0) {
        (Some(Goal::Max), true) | (Some(Goal::Min), false) => Verdict::Better,
        (Some(_), _) => Verdict::Worse,
        (None, true) => Verdict::Higher,
        (None, false) => Verdict::Lower,
    }
}

fn words(
    verdict: Verdict,
    difference: &bootstrap::Difference,
    (n_a, n_b): (usize, usize),
    paired: bool,
) -> String {
    let count = match (paired, n_a == n_b) {
        (true, _) => format!("n = {n_a} pairs"),
        (false, true) => format!("n = {n_a}"),
        (false, false) => format!("n = {n_a} and {n_b}"),
    };
    let size = short(difference.value.abs());
    let (half, p) = match difference.sure {
        Some(sure) => (format!(" ± {}", short(sure.half_width)), format!(", p ≈ {}", short_p(sure.p))),
        None => (String::new(), ", no spread inside the groups".to_owned()),
    };
    match verdict {
        Verdict::TooFew => {
            format!("too few runs to tell: {count}, at least {} are needed", bootstrap::MEMBERS_MIN)
        }
        Verdict::Equal => format!("the same in every run, {count}"),
        Verdict::Unclear => format!("no clear difference: {}{half}{p}, {count}", short(difference.value)),
        Verdict::Better | Verdict::Worse | Verdict::Higher | Verdict::Lower => {
            format!("B is {} by {size}{half}{p}, {count}", verdict.as_str())
        }
    }
}

/// Two significant digits: more is not known of a difference of so few runs.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if (-4..6).contains(&magnitude) {
        let digits = (1 - magnitude).max(0) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.1e}")
    }
}

fn short_p(p: f64) -> String {
    if p < 0.001 {
        format!("{p:.4}")
    } else if p < 0.1 {
        format!("{p:.3}")
    } else {
        format!("{p:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, i64)]) -> Params {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), ParamValue::Int(*value))).collect()
    }

    fn summary(last: f64) -> MetricSummary {
        let value = Some(Float64(last));
        MetricSummary {
            key: "acc".into(),
            context: Context::default(),
            kind: model::metric::Kind::Number,
            count: 1,
            non_finite_count: 0,
            first_step: 0,
            last_step: 0,
            last_time_ms: model::UnixMillis(0),
            last: Float64(last),
            min: value,
            min_step: Some(0),
            max: value,
            max_step: Some(0),
            mean: value,
        }
    }

    fn row(a: &[f64], b: &[f64], goal: Option<Goal>, order: Vec<usize>) -> GroupRow {
        let cells: Vec<_> = a.iter().chain(b).map(|value| Some(summary(*value))).collect();
        let judge = Judge { value: MetricValue::Last, a: a.len(), order };
        judge.row(("acc".into(), Context::default()), goal, &cells).unwrap()
    }

    const A: [f64; 5] = [0.912, 0.905, 0.918, 0.909, 0.915];
    const B: [f64; 5] = [0.921, 0.917, 0.926, 0.918, 0.922];

    #[test]
    fn equal_seeds_make_pairs_in_whatever_order() {
        let a = [params(&[("seed", 1), ("lr", 1)]), params(&[("seed", 2), ("lr", 1)])];
        let b = [params(&[("seed", 2), ("lr", 2)]), params(&[("seed", 1), ("lr", 2)])];
        assert_eq!(pair(&a, &b, None), (Pairing::Paired { param: "seed".into() }, vec![1, 0]));
        assert_eq!(pair(&a, &b, Some("none")).1, Vec::<usize>::new());
        assert!(matches!(pair(&a, &b, Some("lr")).0, Pairing::Unpaired { .. }));
        let twice = [params(&[("seed", 1)]), params(&[("seed", 1)])];
        assert!(matches!(pair(&a, &twice, None).0, Pairing::Unpaired { .. }));
        assert!(matches!(pair(&a, &b[..1], None).0, Pairing::Unpaired { .. }));
    }

    #[test]
    fn a_verdict_is_said_in_words() {
        let found = row(&A, &B, Some(Goal::Max), vec![0, 1, 2, 3, 4]);
        assert_eq!(found.words, "B is better by 0.0090 ± 0.0026, p ≈ 0.008, n = 5 pairs");
        let found = row(&A, &B, Some(Goal::Min), Vec::new());
        assert_eq!(found.verdict, Verdict::Worse);
        assert!(found.words.starts_with("B is worse by 0.0090 ± 0.0069, p ≈ 0.0"), "{}", found.words);
        let found = row(&A, &B, None, Vec::new());
        assert_eq!(found.verdict, Verdict::Higher);
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let found = row(&[1.0, 2.0], &[3.0, 4.0], Some(Goal::Max), Vec::new());
        assert_eq!(found.words, "too few runs to tell: n = 2, at least 3 are needed");
        let found = row(&[1.0, 2.0, 9.0], &[2.0, 4.0, 3.0, 1.0], Some(Goal::Max), Vec::new());
        assert_eq!(found.verdict, Verdict::Unclear);
        assert!(found.words.contains("n = 3 and 4"), "{}", found.words);
        assert_eq!(row(&[1.0; 3], &[1.0; 3], None, Vec::new()).verdict, Verdict::Equal);
        let found = row(&[1.0; 3], &[2.0; 3], Some(Goal::Min), Vec::new());
        assert_eq!(found.words, "B is worse by 1.0, no spread inside the groups, n = 3");
    }

    #[test]
    fn runs_without_a_finite_value_do_not_count() {
        let found = row(&[1.0, f64::NAN, 3.0, 2.0], &[1.0, 2.0, f64::INFINITY, 4.0], None, vec![0, 1, 2, 3]);
        assert_eq!((found.a.n, found.b.n, found.n), (2, 2, 2));
    }
}
