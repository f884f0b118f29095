//! How much a metric depends on each param.

use super::{
    Nothing, Stage, api,
    choice::{FieldChoice, FindField},
    export::{self, Export},
};
use crate::{
    chart::{Anchor, csv, format},
    error::AppError,
    feed::Feed,
    run::columns,
    ui::{
        erase::{Show, memo, view},
        notice::Problem,
    },
};
use leptos::prelude::*;
use model::{
    explore::{Importance, ParamImportance},
    query::Field,
    run::RunQuery,
};

/// Of a picture that leaves the page, in CSS pixels: a row, where both kinds of bars begin, and their length.
const ROW: f64 = 24.0;
const IMPORTANCE: f64 = 220.0;
const CORRELATION: f64 = 530.0;
const BAR: f64 = 210.0;

async fn load(query: Option<RunQuery>) -> Result<Option<Importance>, AppError> {
    match query {
        Some(query) => api::importance(query).await.map(Some),
        None => Ok(None),
    }
}

#[component]
pub(super) fn Shares(stage: Stage) -> impl IntoView {
    let input = memo(move || {
        let metric = stage.field("metric").filter(|field| matches!(field, Field::Metric { .. }))?;
        stage.whose.queries(stage.search, &[metric]).pop()
    });
    let (found, loaded) = Feed::soon(None::<Option<Importance>>, input, load);
    let params = memo(move || {
        found.current.with(|found| found.as_ref().map(|found| found.params.clone()).unwrap_or_default())
    });
    let most = memo(move || {
        params.with(|params| {
            let drops = params.iter().filter_map(|one| one.importance.map(|drop| drop.0));
            drops.fold(0.0, f64::max).max(1e-12)
        })
    });
    let summary = move || found.current.with(|found| found.as_ref().map(words));
    let row = move |one: ParamImportance| {
        let drop = one.importance.map(|drop| drop.0.max(0.0));
        let width = drop.map_or(0.0, |drop| drop / most.get() * 100.0);
        let deviation = one.deviation.map(|deviation| deviation.0);
        let importance = match (one.importance, deviation) {
            (Some(drop), Some(deviation)) => {
                format!("{} ± {}", short(drop.0), short(deviation))
            }
            _ => "–".to_owned(),
        };
        let correlation = one.correlation.map(|one| one.0);
        let (left, size) = match correlation {
            Some(one) if one < 0.0 => (50.0 + one * 50.0, -one * 50.0),
            Some(one) => (50.0, one * 50.0),
            None => (50.0, 0.0),
        };
        let signed = correlation.map_or_else(|| "–".to_owned(), |one| format!("{one:+.3}").replace('-', "−"));
        view! {
            <tr>
                <th scope="row" title=one.field.to_string()>
                    {columns::name(&one.field)}
                </th>
                <td class="explore-bars__cell">
                    <span class="explore-bars__bar explore-bars__bar--plain" style:width=format!("{width:.2}%")></span>
                </td>
                <td class="num">{importance}</td>
                <td class="explore-bars__cell explore-bars__cell--signed">
                    <span
                        class="explore-bars__bar explore-bars__bar--plain"
                        style:margin-left=format!("{left:.2}%")
                        style:width=format!("{size:.2}%")
                    ></span>
                </td>
                <td class="num">{signed}</td>
            </tr>
        }
    };
    let sheet = move || {
        let (metric, params, most) = (stage.field("metric")?, params.get(), most.get());
        let title = format!("What {} depends on", columns::name(&metric));
        let mut sheet = export::sheet(title, 800.0, (params.len() + 1) as f64 * ROW)?;
        let (accent, line) = (export::token("--accent"), sheet.palette().muted.clone());
        sheet.text((IMPORTANCE, 14.0), Anchor::Start, "importance");
        sheet.text((CORRELATION, 14.0), Anchor::Start, "correlation (Spearman)");
        for (place, one) in params.iter().enumerate() {
            let y = (place + 1) as f64 * ROW;
            sheet.name((IMPORTANCE - 10.0, y + 16.0), Anchor::End, &columns::name(&one.field));
            let drop = one.importance.map_or(0.0, |drop| drop.0.max(0.0));
            sheet.area((IMPORTANCE, y + 5.0, drop / most * BAR, ROW - 10.0), &accent, 0.8);
            let told = one.importance.map_or_else(|| "–".to_owned(), |drop| short(drop.0));
            sheet.text((IMPORTANCE + BAR + 50.0, y + 16.0), Anchor::End, &told);
            let correlation = one.correlation.map(|one| one.0);
            let half = correlation.unwrap_or(0.0) * BAR / 2.0;
            let middle = CORRELATION + BAR / 2.0;
            sheet.area((middle + half.min(0.0), y + 5.0, half.abs(), ROW - 10.0), &accent, 0.8);
            sheet.lines(&[middle, y, middle, y + ROW].map(|one| one as f32), &line, 1.0);
            let told = correlation.map_or_else(|| "–".to_owned(), short);
            sheet.text((CORRELATION + BAR + 50.0, y + 16.0), Anchor::End, &told);
        }
        (!params.is_empty()).then_some(sheet)
    };
    let csv = move || {
        let mut lines = vec!["param,importance,deviation,correlation".to_owned()];
        let number = |one: Option<model::Float64>| one.map(|one| csv::number(one.0)).unwrap_or_default();
        for one in params.get() {
            let name = csv::quote(&one.field.to_string());
            let numbers = [one.importance, one.deviation, one.correlation].map(number).join(",");
            lines.push(format!("{name},{numbers}"));
        }
        lines.join("\n") + "\n"
    };
    let empty = memo(move || params.with(Vec::is_empty));
    let wait = move || (found.busy.get() && empty.get()) || (!loaded.get() && input.get().is_some());
    view! {
        <div class="explore__bar" data-busy=move || found.busy.get().to_string()>
            <FindField stage />
            <FieldChoice stage label="Metric" key="metric" />
            <Export stage sheet=Callback::new(move |()| untrack(sheet)) csv=Callback::new(move |()| untrack(csv)) />
        </div>
        <Problem error=found.failed />
        <p class="explore__facts" role="status">
            {move || summary()}
        </p>
        <Show when=wait>
            <div class="skeleton explore__skeleton" aria-label="Loading"></div>
        </Show>
        <Show when=move || empty.get() && !wait()>
            <Nothing stage why="No param differs among the runs that have this metric." />
        </Show>
        <Show when=move || !empty.get()>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Importance">
                <table class="table explore-bars">
                    <thead>
                        <tr>
                            <th scope="col">"Param"</th>
                            <th scope="col" colspan="2" title="How much less of the variance a random forest explains when this param's values are shuffled">
                                "Importance"
                            </th>
                            <th scope="col" colspan="2" title="Spearman's rank correlation with the metric: from −1 to 1">
                                "Correlation"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{move || params.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            <p class="muted explore__method">
                "Importance: how much less of the metric's variance a random forest explains, in runs it has not seen, when the values of one param are shuffled among them; mean and standard deviation of 20 shuffles. Params that go together share it. Correlation: Spearman's, from −1 to 1; it sees only what rises or falls throughout."
            </p>
        </Show>
    }
}

fn short(value: f64) -> String {
    if value.abs() < 5e-4 { "0".to_owned() } else { format!("{value:.3}").replace('-', "−") }
}

fn words(found: &Importance) -> String {
    let runs = format::counted(found.runs, "run", "runs");
    let of = if found.sampled < found.runs {
        format!("{} of {runs}, chosen evenly", format::count(found.sampled))
    } else {
        runs
    };
    let text = match found.score {
        Some(score) if score.0 > 0.05 => {
            let share = (score.0 * 100.0).round();
            format!("A forest grown of {of} explains {share} % of the variance of {}.", found.metric)
        }
        Some(_) => format!(
            "A forest grown of {of} explains nothing of {}: take no importance for real.",
            found.metric
        ),
        None => format!("{of} have {}: too few for a forest, so there are only correlations.", found.metric),
    };
    if found.left_out == 0 {
        return text;
    }
    format!("{text} {} were not looked at.", format::counted(found.left_out, "more param", "more params"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Float64;

    #[test]
    fn a_forest_that_explains_nothing_is_called_so() {
        let found = |score: Option<f64>| Importance {
            metric: Field::metric("loss"),
            runs: 5_000,
            sampled: 1_000,
            score: score.map(Float64),
            params: Vec::new(),
            left_out: 0,
        };
        assert_eq!(
            words(&found(Some(0.873))),
            "A forest grown of 1\u{202f}000 of 5\u{202f}000 runs, chosen evenly explains 87 % of the variance of metrics.loss."
        );
        assert!(words(&found(Some(-0.1))).contains("nothing"));
        assert!(words(&found(None)).contains("too few"));
        assert_eq!((short(-0.25), short(0.0001)), ("−0.250".to_owned(), "0".to_owned()));
    }
}
