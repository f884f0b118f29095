//! The histograms of one name: how they went as a heat map over the steps, and the bins of the step that is looked at.

use super::step::Steps;
use crate::{
    chart::format,
    error::AppError,
    feed::Feed,
    link::Query,
    metric::{Request, fetch},
    run::RunView,
    ui::{
        erase::{drawn, effect, handler, memo, view},
        notice::Problem,
        number::Number,
    },
};
use leptos::{ev, html, prelude::*};
use model::{
    RunId,
    histogram::{Histogram, span},
    limits,
    metric::Context,
    series::Columns,
};
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

/// Shades of the heat map.
const SHADES: usize = 8;
/// Rows of the heat map, and bars where a histogram has more bins than can be told apart.
const ROWS: usize = 48;
const BARS_MAX: usize = 256;
/// Bins listed in numbers.
const BINS_LISTED_MAX: usize = 512;

/// The steps of the histograms that are shown, by name.
pub type Known = RwSignal<BTreeMap<String, Vec<i64>>>;

/// Which histograms; the count of points says when there are more.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub key: String,
    pub context: Context,
    pub count: i64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    steps: Vec<i64>,
    all: Vec<Histogram>,
    /// Those that stand behind them: more when only every so-manieth came.
    total: u64,
    /// Byte strings that are no histogram.
    others: usize,
}

async fn load((run_id, wanted): (RunId, Wanted)) -> Result<Arc<Found>, AppError> {
    let url = Query::default()
        .with("run", run_id.as_str())
        .with("key", wanted.key.as_str())
        .with("buckets", limits::HISTOGRAM_STEPS_MAX.to_string())
        .href("/api/v1/series");
    let answer = fetch(&Request { url, body: None, keys: Vec::new() }).await?;
    let mut found = Found::default();
    for series in answer.into_iter().filter(|one| one.context == wanted.context) {
        let Columns::Texts(texts) = series.columns else { continue };
        found.total = series.total;
        for (step, bytes) in texts.steps.into_iter().zip(&texts.values) {
            match Histogram::decode(bytes) {
                // Of two at one step the later counts.
                Some(one) if found.steps.last() == Some(&step) => {
                    found.all.pop();
                    found.all.push(one);
                }
                Some(one) => {
                    found.steps.push(step);
                    found.all.push(one);
                }
                None => found.others += 1,
            }
        }
    }
    Ok(Arc::new(found))
}

/// One name, in one context.
#[component]
pub fn Card(view: RunView, name: String, wanted: Memo<Wanted>, steps: Steps, known: Known) -> impl IntoView {
    let input = memo(move || (view.id(), wanted.get()));
    let (found, loaded) = Feed::soon(None, input, load);
    let this = name.clone();
    effect(move || {
        let own = found.current.with(|found| found.steps.clone());
        known.update(|known| {
            known.insert(this.clone(), own);
        });
    });
    let this = name.clone();
    on_cleanup(move || {
        known.try_update(|known| known.remove(&this));
    });
    let place = memo(move || {
        found
            .current
            .with(|found| found.steps.partition_point(|one| *one <= steps.current.get()).checked_sub(1))
    });
    let label = name.clone();
    let content = move || {
        let (found, label) = (found.current.get(), label.clone());
        match (loaded.get(), span(&found.all)) {
            (false, _) => view! { <div class="skeleton media-heat" aria-label="Loading"></div> },
            (true, None) => view! { <p class="muted">"Nothing here is a histogram."</p> },
            (true, Some((low, high))) => view! {
                <Heat label found=found.clone() low high place steps />
                <Bins found place steps />
            },
        }
    };
    let thinned = move || {
        let found = found.current.get();
        let (some, total) = (found.steps.len(), i64::try_from(found.total).unwrap_or(i64::MAX));
        let more = (some as i64) < total && loaded.get();
        let others =
            (found.others > 0).then(|| format!("{} not readable", format::count(found.others as i64)));
        let part = more.then(|| format!("{} of {} steps", format::count(some as i64), format::count(total)));
        part.into_iter().chain(others).collect::<Vec<_>>().join(", ")
    };
    view! {
        <section class="card media-card" aria-label=format!("Histogram {name}")>
            <h3 class="card__title mono">{name.clone()} <span class="muted num media-card__note">{move || thinned()}</span></h3>
            <Problem error=found.failed />
            {move || content()}
        </section>
    }
}

/// Every histogram a column, its values upwards; the darker, the more of them.
#[component]
fn Heat(
    label: String,
    found: Arc<Found>,
    low: f64,
    high: f64,
    place: Memo<Option<usize>>,
    steps: Steps,
) -> impl IntoView {
    let columns = found.steps.len();
    let shades = shades(&found.all, low, high);
    let cells = shades.into_iter().enumerate().filter(|(_, path)| !path.is_empty());
    let cells = cells.map(|(shade, path)| view! { <path class=format!("heat-{shade}") d=path></path> });
    let node = NodeRef::<html::Div>::new();
    let of_columns = found.clone();
    let choose = move |event: ev::PointerEvent| {
        let Some(node) = node.get_untracked().filter(|_| event.buttons() & 1 == 1) else { return };
        let rect = node.get_bounding_client_rect();
        let share = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        let column = ((share * columns as f64).max(0.0) as usize).min(columns - 1);
        steps.go_to(of_columns.steps[column]);
    };
    let here = move || place.get().map_or(-2, |place| place as i64).to_string();
    let (first, last) = (found.steps.first().copied(), found.steps.last().copied());
    let axis = move |step: Option<i64>| step.map(|step| format!("step {step}")).unwrap_or_default();
    view! {
        <div class="media-heat">
            <div class="media-heat__edges" aria-hidden="true">
                <Number value=high />
                <Number value=low />
            </div>
            <div
                class="media-heat__map"
                node_ref=node
                on:pointerdown=handler(choose.clone())
                on:pointermove=handler(choose)
            >
                <svg
                    role="img"
                    aria-label=format!("{label}: {}", format::counted(columns as i64, "histogram", "histograms"))
                    viewBox=format!("0 0 {columns} {ROWS}")
                    preserveAspectRatio="none"
                >
                    {cells.collect_view()}
                    <rect class="media-heat__here" x=drawn(here) y="0" width="1" height=ROWS.to_string()></rect>
                </svg>
            </div>
            <div class="media-heat__axis muted num" aria-hidden="true">
                <span>{axis(first)}</span>
                <span>{axis(last.filter(|_| columns > 1))}</span>
            </div>
        </div>
    }
}

/// The cells of each shade as one path. The darkest is the largest share that any cell has.
fn shades(all: &[Histogram], low: f64, high: f64) -> Vec<String> {
    // A span of one value is given some height.
    let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
    let shares: Vec<Vec<f64>> = all.iter().map(|one| one.shares(low, high, ROWS)).collect();
    let most = shares.iter().flatten().copied().fold(0.0, f64::max);
    let mut paths = vec![String::new(); SHADES];
    if most <= 0.0 {
        return paths;
    }
    for (column, shares) in shares.iter().enumerate() {
        let shade = |row: usize| {
            // The root, so that what is rare is seen beside what is common.
            let depth = (shares[row] / most).sqrt();
            (depth > 0.0).then(|| ((depth * SHADES as f64) as usize).min(SHADES - 1))
        };
        let mut row = 0;
        while row < ROWS {
            let this = shade(row);
            let from = row;
            while row < ROWS && shade(row) == this {
                row += 1;
            }
            if let Some(shade) = this {
                // Rows rise and coordinates fall.
                let _ = write!(paths[shade], "M{column} {}h1v{}h-1z", ROWS - row, row - from);
            }
        }
    }
    paths
}

/// The histogram of the step as bars, and in numbers.
#[component]
fn Bins(found: Arc<Found>, place: Memo<Option<usize>>, steps: Steps) -> impl IntoView {
    let open = RwSignal::new(false);
    drawn(move || {
        let step = steps.current.get();
        let Some(place) = place.get() else {
            return view! { <p class="muted num">"nothing up to here"</p> };
        };
        let (at, one) = (found.steps[place], &found.all[place]);
        let odd = (one.odd > 0.0).then(|| format!(", {} NaN or infinite", format::number(one.odd)));
        let told = format!(
            "step {at}{}: {} values{}",
            if at < step { ", the last before" } else { "" },
            values(one.total()),
            odd.unwrap_or_default()
        );
        let bars = bars(one);
        let widest = bars.iter().map(|bar| bar.height).fold(0.0, f64::max);
        let drawn = bars.iter().filter(|bar| bar.height > 0.0).map(|bar| {
            let height = bar.height / widest * 100.0;
            view! {
                <rect x=bar.x.to_string() y=(100.0 - height).to_string() width=bar.width.to_string() height=height.to_string()>
                    <title>{bar.told.clone()}</title>
                </rect>
            }
        });
        let (low, high) = (one.edges[0], one.edges[one.edges.len() - 1]);
        let rows = open.get().then(|| {
            let row = |(from, to, count)| view! { <tr><td class="cell-num"><Number value=from /></td><td class="cell-num"><Number value=to /></td><td class="cell-num"><Number value=count /></td></tr> };
            one.bins().take(BINS_LISTED_MAX).map(row).collect_view()
        });
        let more = one.counts.len().saturating_sub(BINS_LISTED_MAX);
        view! {
            <div class="media-bins">
                <svg
                    class="media-bins__bars"
                    role="img"
                    aria-label=format!("{} bins from {} to {}", one.counts.len(), format::number(low), format::number(high))
                    viewBox="0 0 1000 100"
                    preserveAspectRatio="none"
                >
                    {drawn.collect_view()}
                </svg>
                <div class="media-heat__axis num">
                    <Number value=low />
                    <Number value=high />
                </div>
                <p class="muted num">{told}</p>
                <details prop:open=open on:toggle=handler(move |event| {
                    let is_open = event_target::<web_sys::HtmlDetailsElement>(&event).open();
                    if open.get_untracked() != is_open {
                        open.set(is_open);
                    }
                })>
                    <summary>"Bins in numbers"</summary>
                    <div class="table-scroll media-bins__table" tabindex="0" role="region" aria-label="Bins in numbers">
                        <table class="table">
                            <thead>
                                <tr>
                                    <th scope="col" class="cell-num">"From"</th>
                                    <th scope="col" class="cell-num">"To"</th>
                                    <th scope="col" class="cell-num">"Values"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                    {(more > 0).then(|| format!("{more} more are not listed."))}
                </details>
            </div>
        }
    })
}

/// A count as people write it; that of weighted values has digits behind the point.
fn values(count: f64) -> String {
    if count.fract() == 0.0 && count < 1e15 { format::count(count as i64) } else { format::number(count) }
}

struct Bar {
    x: f64,
    width: f64,
    /// By how densely values lie, so that wide bins do not look full.
    height: f64,
    told: String,
}

/// From 0 to 1 000 across.
fn bars(one: &Histogram) -> Vec<Bar> {
    let (low, high) = (one.edges[0], one.edges[one.edges.len() - 1]);
    if one.counts.len() > BARS_MAX {
        let width = 1_000.0 / BARS_MAX as f64;
        let bar = |(index, share): (usize, f64)| Bar {
            x: index as f64 * width,
            width,
            height: share,
            told: format!("{} % of the values", format::number(share * 100.0)),
        };
        return one.shares(low, high, BARS_MAX).into_iter().enumerate().map(bar).collect();
    }
    // Halves, because the whole may be more than a number holds.
    let whole = high / 2.0 - low / 2.0;
    let place = |value: f64| (value / 2.0 - low / 2.0) / whole * 1_000.0;
    let bar = |(from, to, count): (f64, f64, f64)| {
        let (x, end) = (place(from), place(to));
        let width = (end - x).max(0.0);
        let told = format!("{} to {}: {}", format::number(from), format::number(to), values(count));
        Bar { x, width, height: if width > 0.0 { count / width } else { 0.0 }, told }
    };
    one.bins().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(edges: &[f64], counts: &[f64]) -> Histogram {
        Histogram { edges: edges.to_vec(), counts: counts.to_vec(), odd: 0.0 }
    }

    #[test]
    fn wide_bins_are_drawn_by_their_density() {
        let bars = bars(&one(&[0.0, 1.0, 4.0], &[2.0, 6.0]));
        assert_eq!(
            bars.iter().map(|bar| (bar.x, bar.width)).collect::<Vec<_>>(),
            [(0.0, 250.0), (250.0, 750.0)]
        );
        assert!((bars[0].height - bars[1].height).abs() < 1e-12);
        assert_eq!(bars[1].told, "1 to 4: 6");
    }

    #[test]
    fn thousands_of_bins_become_as_many_bars_as_are_seen() {
        let edges: Vec<f64> = (0..=10_000).map(f64::from).collect();
        assert_eq!(bars(&one(&edges, &vec![1.0; 10_000])).len(), BARS_MAX);
    }

    #[test]
    fn the_fullest_cell_is_the_darkest_and_empty_ones_are_not_drawn() {
        let all = [one(&[0.0, 1.0, 2.0], &[1.0, 0.0]), one(&[0.0, 1.0, 2.0], &[1.0, 1.0])];
        let shades = shades(&all, 0.0, 2.0);
        assert_eq!(shades[SHADES - 1], format!("M0 24h1v24h-1z"));
        assert_eq!(shades.iter().filter(|path| !path.is_empty()).count(), 2);
        assert!(super::shades(&[one(&[0.0, 1.0], &[0.0])], 0.0, 1.0).iter().all(String::is_empty));
        assert!(super::shades(&[one(&[-1e308, 1e308], &[3.0])], -1e308, 1e308)[SHADES - 1].contains("h1v"));
    }
}
