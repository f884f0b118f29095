//! Values of one metric: a bar a run, the best first, or a box a group.

use super::{
    Nothing, Stage,
    choice::{FieldChoice, FindField},
    chosen,
    export::{self, Export},
};
use crate::{
    chart::{
        Anchor, csv, format,
        scale::ticks,
        summary::{Boxed, boxed},
    },
    run::columns,
    ui::erase::{Show, handler, memo, view},
};
use leptos::prelude::*;
use model::{
    explore::{FieldColumn, FieldValues, RunColumns},
    metric::Goal,
    query::Field,
};
use std::collections::BTreeMap;

/// How many bars are shown.
const TOPS: [usize; 4] = [20, 50, 100, 500];
/// Some thousand outliers are a line of dots.
const OUTLIERS_MAX: usize = 200;
/// Groups beyond that are no longer compared by eye.
const GROUPS_MAX: usize = 40;

/// Of a picture that leaves the page, in CSS pixels: a row, the names at its left, what is drawn beside them, and all of it
/// with the numbers at the right.
const ROW: f64 = 24.0;
const NAMES: f64 = 220.0;
const PLOT: f64 = 480.0;
const WIDTH: f64 = NAMES + PLOT + 90.0;
/// Letters of a name there.
const NAME_MAX: usize = 32;

/// The beginning of a name.
fn short(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    name.chars().take(NAME_MAX - 1).chain(['…']).collect()
}

/// Every run with a finite number in a field, the best first.
fn ranked(data: &RunColumns, rows: &[usize], field: &Field, lower: bool) -> Vec<(usize, f64)> {
    let column = data.columns.iter().find(|column| column.field == *field);
    let Some(FieldColumn { values: FieldValues::Numbers { numbers }, .. }) = column else {
        return Vec::new();
    };
    let finite = |row: &usize| {
        Some((*row, numbers.get(*row).copied().flatten()?.0)).filter(|(_, one)| one.is_finite())
    };
    let mut ranked: Vec<(usize, f64)> = rows.iter().filter_map(finite).collect();
    ranked.sort_by(|a, b| if lower { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) });
    ranked
}

/// Left edge and width of a bar in percent, so that all bars begin at zero.
fn bar(value: f64, (low, high): (f64, f64)) -> (f64, f64) {
    let (low, high) = (low.min(0.0), high.max(0.0));
    let size = (high - low).max(f64::MIN_POSITIVE);
    let (from, to) = (value.min(0.0), value.max(0.0));
    ((from - low) / size * 100.0, (to - from) / size * 100.0)
}

#[component]
pub(super) fn Bars(stage: Stage) -> impl IntoView {
    let top = memo(move || {
        let asked = stage.search.with(|query| query.number("top")).map(|top| top as usize);
        asked.filter(|top| TOPS.contains(top)).unwrap_or(TOPS[0])
    });
    let all = memo(move || {
        let Some(field) = stage.field("metric") else { return Vec::new() };
        let lower = stage.direction(&field) == Some(Goal::Min);
        let rows = stage.rows();
        stage.data.current.with(|data| ranked(data, &rows, &field, lower))
    });
    let span = memo(move || {
        all.with(|all| {
            let shown = all.iter().take(top.get()).map(|(_, value)| *value);
            shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(one), high.max(one)))
        })
    });
    let row = move |(row, value): (usize, f64)| {
        let (left, width) = bar(value, span.get());
        view! {
            <tr
                class="explore-list__row"
                on:pointerenter=handler(move |_| stage.hover.set(Some(row)))
                on:pointerleave=handler(move |_| stage.hover.set(None))
            >
                <th scope="row">
                    <a href=stage.run_link(row)>
                        <span class=format!("swatch run-color-{}", stage.color(row))></span>
                        {stage.name(row)}
                    </a>
                </th>
                <td class="explore-bars__cell">
                    <span
                        class=format!("explore-bars__bar run-color-{}", stage.color(row))
                        style:margin-left=format!("{left:.2}%")
                        style:width=format!("{width:.2}%")
                    ></span>
                </td>
                <td class="num" title=format::full(value)>
                    {format::number(value)}
                </td>
            </tr>
        }
    };
    let rows = move || all.with(|all| all.iter().take(top.get()).copied().map(row).collect_view());
    let shown = move || all.with(|all| all.iter().take(top.get()).copied().collect::<Vec<_>>());
    let sheet = move || {
        let (field, shown, span) = (stage.field("metric")?, shown(), span.get());
        let title =
            format!("{} of {}", columns::name(&field), format::counted(shown.len() as i64, "run", "runs"));
        let mut sheet = export::sheet(title, WIDTH, shown.len() as f64 * ROW)?;
        for (place, (row, value)) in shown.into_iter().enumerate() {
            let y = place as f64 * ROW;
            let (left, width) = bar(value, span);
            let color = sheet.palette().run(stage.color(row)).to_owned();
            let (name, number) = (short(&stage.name(row)), format::number(value));
            sheet.name((NAMES - 10.0, y + 16.0), Anchor::End, &name);
            sheet.area(
                (NAMES + left * PLOT / 100.0, y + 4.0, (width * PLOT / 100.0).max(1.0), ROW - 8.0),
                &color,
                1.0,
            );
            sheet.text((WIDTH, y + 16.0), Anchor::End, &number);
        }
        (!all.with(Vec::is_empty)).then_some(sheet)
    };
    let csv = move || {
        let fields: Vec<Field> = stage.field("metric").into_iter().collect();
        let rows: Vec<usize> = shown().into_iter().map(|(row, _)| row).collect();
        stage.data.current.with(|data| export::rows(data, &rows, &fields))
    };
    let empty = memo(move || all.with(Vec::is_empty));
    let change =
        move |event| stage.show(&stage.search.get_untracked().with("top", event_target_value(&event)));
    let option = move |count: usize| {
        view! {
            <option value=count.to_string() selected=move || top.get() == count prop:selected=move || top.get() == count>
                {format!("the first {count}")}
            </option>
        }
    };
    view! {
        <div class="explore__bar">
            <FindField stage />
            <FieldChoice stage label="Values of" key="metric" />
            <label class="field field--inline explore__choice">
                <span class="field__label">"Runs"</span>
                <select class="select" on:change=handler(change)>
                    {TOPS.map(option).collect_view()}
                </select>
            </label>
            <span class="muted explore__hint">
                {move || {
                    let (shown, all) = all.with(|all| (all.len().min(top.get()), all.len()));
                    format!("{shown} of {} with a value, the best first", format::counted(all as i64, "run", "runs"))
                }}
            </span>
            <Export stage sheet=Callback::new(move |()| untrack(sheet)) csv=Callback::new(move |()| untrack(csv)) />
        </div>
        <Show when=move || empty.get()>
            <Nothing stage why="No run has a finite number of this. Choose another metric above." />
        </Show>
        <Show when=move || !empty.get()>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Bars">
                <table class="table explore-bars">
                    <caption class="hidden">
                        {move || stage.field("metric").map(|field| format!("{field} of runs"))}
                    </caption>
                    <tbody>{move || rows()}</tbody>
                </table>
            </div>
        </Show>
    }
}

/// The values of a field by what runs have in another, in the order of that.
fn groups(data: &RunColumns, rows: &[usize], value: &Field, by: &Field) -> Vec<(String, Boxed)> {
    let column = |field: &Field| data.columns.iter().find(|column| column.field == *field);
    let (Some(values), Some(keys)) = (column(value), column(by)) else { return Vec::new() };
    let FieldValues::Numbers { numbers } = &values.values else { return Vec::new() };
    let mut by_key: BTreeMap<(u8, i64), (String, Vec<f64>)> = BTreeMap::new();
    for &row in rows {
        let place = match &keys.values {
            // The order of doubles as that of their bits, for numbers of any sign.
            FieldValues::Numbers { numbers } => numbers[row].map(|one| {
                let bits = (one.0 + 0.0).to_bits().cast_signed();
                bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed()
            }),
            FieldValues::Texts { places, .. } => places[row].map(i64::from),
        };
        let key = place.map_or((1, 0), |place| (0, place));
        let group = by_key.entry(key).or_insert_with(|| (chosen::text(data, row, by), Vec::new()));
        group.1.extend(numbers[row].map(|one| one.0));
    }
    by_key.into_values().filter_map(|(name, values)| Some((name, boxed(&values)?))).collect()
}

#[component]
pub(super) fn Boxes(stage: Stage) -> impl IntoView {
    let all = memo(move || {
        let (Some(value), Some(by)) = (stage.field("metric"), stage.field("by")) else { return Vec::new() };
        let rows = stage.rows();
        stage.data.current.with(|data| groups(data, &rows, &value, &by))
    });
    let span = memo(move || {
        all.with(|all| {
            let ends = all
                .iter()
                .take(GROUPS_MAX)
                .flat_map(|(_, one)| one.outliers.iter().copied().chain([one.low, one.high]));
            let span = ends
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(one), high.max(one)));
            crate::chart::scale::widen(span, 0.03)
        })
    });
    let row = move |(name, one): (String, Boxed)| {
        let (low, high) = span.get();
        let at = move |value: f64| format!("{:.3}%", (value - low) / (high - low) * 100.0);
        let width = |from: f64, to: f64| format!("{:.3}%", (to - from) / (high - low) * 100.0);
        let dots = one
            .outliers
            .iter()
            .take(OUTLIERS_MAX)
            .map(|value| view! { <circle cx=at(*value) cy="50%" r="2.5"></circle> });
        let words = format!(
            "median {}, quartiles {} to {}, whiskers {} to {}, {}",
            format::number(one.median),
            format::number(one.quarter),
            format::number(one.three_quarters),
            format::number(one.low),
            format::number(one.high),
            format::counted(one.outliers.len() as i64, "outlier", "outliers"),
        );
        let title = words.clone();
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num">{one.count}</td>
                <td class="explore-box__cell" title=title>
                    <svg class="explore-box" role="img" aria-label=words>
                        <line x1=at(one.low) x2=at(one.high) y1="50%" y2="50%"></line>
                        <line x1=at(one.low) x2=at(one.low) y1="35%" y2="65%"></line>
                        <line x1=at(one.high) x2=at(one.high) y1="35%" y2="65%"></line>
                        <rect x=at(one.quarter) width=width(one.quarter, one.three_quarters) y="20%" height="60%"></rect>
                        <line class="explore-box__median" x1=at(one.median) x2=at(one.median) y1="14%" y2="86%"></line>
                        {dots.collect_view()}
                    </svg>
                </td>
                <td class="num">{format::number(one.median)}</td>
                <td class="num muted">
                    {format!("{} – {}", format::number(one.quarter), format::number(one.three_quarters))}
                </td>
            </tr>
        }
    };
    let rows = move || all.with(|all| all.iter().take(GROUPS_MAX).cloned().map(row).collect_view());
    let empty = memo(move || all.with(Vec::is_empty));
    let shown = move || all.with(|all| all.iter().take(GROUPS_MAX).cloned().collect::<Vec<_>>());
    let sheet = move || {
        let (value, by, shown, (low, high)) =
            (stage.field("metric")?, stage.field("by")?, shown(), span.get());
        let title = format!("{} by {}", columns::name(&value), columns::name(&by));
        let mut sheet = export::sheet(title, WIDTH, shown.len() as f64 * ROW + ROW)?;
        let at = |value: f64| NAMES + (value - low) / (high - low) * PLOT;
        let (line, fill, median) =
            (sheet.palette().text.clone(), export::token("--accent"), export::token("--bad"));
        for (place, (name, one)) in shown.iter().enumerate() {
            let (y, middle) = (place as f64 * ROW, place as f64 * ROW + ROW / 2.0);
            sheet.name(
                (NAMES - 10.0, y + 16.0),
                Anchor::End,
                &format!("{} (n = {})", short(name), one.count),
            );
            let bar = |x: f64, half: f64| [x, middle - half, x, middle + half].map(|one| one as f32);
            sheet.lines(&[at(one.low), middle, at(one.high), middle].map(|one| one as f32), &line, 1.0);
            sheet.lines(&bar(at(one.low), 4.0), &line, 1.0);
            sheet.lines(&bar(at(one.high), 4.0), &line, 1.0);
            let (from, to) = (at(one.quarter), at(one.three_quarters));
            sheet.area((from, y + 5.0, (to - from).max(1.0), ROW - 10.0), &fill, 0.35);
            sheet.lines(&bar(at(one.median), 9.0), &median, 2.0);
            let dots: Vec<f32> = one
                .outliers
                .iter()
                .take(OUTLIERS_MAX)
                .flat_map(|value| [at(*value) as f32, middle as f32, 2.5])
                .collect();
            sheet.dots(&dots, &line, 0.7);
            sheet.text((WIDTH, y + 16.0), Anchor::End, &format::number(one.median));
        }
        let foot = shown.len() as f64 * ROW;
        let (ticks, step) = ticks((low, high), 6, 0.0);
        for value in ticks {
            sheet.text((at(value), foot + 16.0), Anchor::Middle, &format::tick(value, step));
        }
        (!shown.is_empty()).then_some(sheet)
    };
    let csv = move || {
        let heads = ["group", "n", "low", "quarter", "median", "three_quarters", "high", "outliers"];
        let mut lines = vec![heads.join(",")];
        for (name, one) in shown() {
            let outliers = one.outliers.iter().map(|value| csv::number(*value)).collect::<Vec<_>>().join(" ");
            let numbers =
                [one.low, one.quarter, one.median, one.three_quarters, one.high].map(csv::number).join(",");
            lines.push(format!("{},{},{numbers},{outliers}", csv::quote(&name), one.count));
        }
        lines.join("\n") + "\n"
    };
    let more = move || {
        let hidden = all.with(Vec::len).saturating_sub(GROUPS_MAX);
        (hidden > 0).then(|| {
            let text = format!("and {hidden} more groups: group by something with fewer values");
            view! { <p class="muted explore-list__more">{text}</p> }
        })
    };
    let field = Signal::derive(move || stage.field("metric"));
    view! {
        <div class="explore__bar">
            <FindField stage />
            <FieldChoice stage label="Values of" key="metric" />
            <FieldChoice stage label="Group by" key="by" />
            <span class="muted explore__hint">
                "Box: the middle half and the median; whiskers: the farthest within one and a half boxes; dots: outliers."
            </span>
            <Export stage sheet=Callback::new(move |()| untrack(sheet)) csv=Callback::new(move |()| untrack(csv)) />
        </div>
        <Show when=move || empty.get()>
            <Nothing stage why="No run has a finite number of this. Choose a metric and what to group by above." />
        </Show>
        <Show when=move || !empty.get()>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Boxes">
                <table class="table explore-bars">
                    <thead>
                        <tr>
                            <th scope="col">{move || stage.field("by").map(|field| columns::name(&field))}</th>
                            <th scope="col" class="num">
                                "n"
                            </th>
                            <th scope="col">{move || field.get().map(|field| columns::name(&field))}</th>
                            <th scope="col" class="num">
                                "median"
                            </th>
                            <th scope="col" class="num">
                                "quartiles"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{move || rows()}</tbody>
                </table>
            </div>
            {move || more()}
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Float64, RunId};

    fn data() -> RunColumns {
        let numbers = |values: &[Option<f64>]| FieldValues::Numbers {
            numbers: values.iter().map(|value| value.map(Float64)).collect(),
        };
        RunColumns {
            ids: (0..5).map(|one| RunId::from_bytes([one; 16])).collect(),
            columns: vec![
                FieldColumn {
                    field: Field::metric("loss"),
                    values: numbers(&[Some(0.5), Some(0.1), None, Some(f64::NAN), Some(0.3)]),
                },
                FieldColumn {
                    field: Field::Param("layers".into()),
                    values: numbers(&[Some(10.0), Some(2.0), Some(2.0), None, Some(-1.0)]),
                },
            ],
            ..RunColumns::default()
        }
    }

    #[test]
    fn bars_are_the_best_first_and_only_of_finite_values() {
        let rows = [0, 1, 2, 3, 4];
        let loss = Field::metric("loss");
        assert_eq!(ranked(&data(), &rows, &loss, true), [(1, 0.1), (4, 0.3), (0, 0.5)]);
        assert_eq!(ranked(&data(), &rows, &loss, false)[0], (0, 0.5));
        assert!(ranked(&data(), &rows, &Field::metric("gone"), true).is_empty());
    }

    #[test]
    fn bars_begin_at_zero() {
        assert_eq!(bar(5.0, (1.0, 10.0)), (0.0, 50.0));
        assert_eq!(bar(-5.0, (-5.0, 5.0)), (0.0, 50.0));
        assert_eq!(bar(5.0, (-5.0, 5.0)), (50.0, 50.0));
        assert_eq!(bar(0.0, (0.0, 0.0)), (0.0, 0.0));
    }

    #[test]
    fn groups_come_in_the_order_of_their_numbers_and_those_without_a_value_are_none() {
        let found = groups(&data(), &[0, 1, 2, 3, 4], &Field::metric("loss"), &Field::Param("layers".into()));
        let names: Vec<(&str, usize)> = found.iter().map(|(name, one)| (name.as_str(), one.count)).collect();
        assert_eq!(names, [("-1", 1), ("2", 1), ("10", 1)]);
    }
}
