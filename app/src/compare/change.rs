//! What changed between two runs: where their curves part, and every difference with the reason for its rank.

use super::metrics::verdict;
use crate::{
    chart::format,
    ui::{erase::view, notice::Empty, number::Number},
};
use leptos::prelude::*;
use model::compare::{Change, Changes, Parting, PartingMetric};

pub fn changes(found: &Changes) -> AnyView {
    let names = found.runs.iter().map(|one| one.run.name.clone()).collect::<Vec<_>>();
    let [from, to] = <[String; 2]>::try_from(names).unwrap_or_default();
    let cut = (found.total > found.changes.len() as i64).then(|| {
        view! { <p class="muted">{format!("The {} likeliest of {} differences.", found.changes.len(), found.total)}</p> }
    });
    let list = if found.changes.is_empty() {
        view! {
            <Empty icon="check" title="Nothing that was recorded differs">
                <p>"Same params, code, packages, data, machine and seeds, as far as the clients told."</p>
            </Empty>
        }
    } else {
        ranked(&found.changes, &from, &to)
    };
    view! {
        {(!found.metrics.is_empty()).then(|| partings(found, &from, &to))}
        <section aria-labelledby="compare-changes">
            <h2 class="section-title" id="compare-changes">"Differences, the likeliest cause first"</h2>
            {list}
            {cut}
        </section>
    }
}

fn partings(found: &Changes, from: &str, to: &str) -> AnyView {
    let row = |one: &PartingMetric| {
        let distance = one.to_last.0 - one.from_last.0;
        let delta = distance.is_finite().then(|| {
            let class = format!("delta delta--{}", verdict(distance, one.goal));
            view! { <span class=class>{format::delta(distance)}</span> }
        });
        view! {
            <tr>
                <th scope="row" class="mono">{one.name()}</th>
                <td class="cell-num"><Number value=one.from_last.0 /></td>
                <td class="cell-num">
                    <span class="compare-value">{delta} <Number value=one.to_last.0 /></span>
                </td>
                <td class="compare-parting">{said(&one.parting)}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="compare-partings">
            <h2 class="section-title" id="compare-partings">"Where the curves part"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Where the curves part">
                <table class="table compare-table compare-parting">
                    <caption class="hidden">"Where the curves part"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Metric"</th>
                            <th scope="col" class="cell-num" title=from.to_owned()>{format!("Last of {from}")}</th>
                            <th scope="col" class="cell-num" title=to.to_owned()>{format!("Last of {to}")}</th>
                            <th scope="col">"Parting"</th>
                        </tr>
                    </thead>
                    <tbody>{found.metrics.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            {found_by(&found.method)}
        </section>
    }
}

/// The method behind numbers, for those who ask.
pub fn found_by(method: &str) -> impl IntoView + use<> {
    view! {
        <details class="compare-method">
            <summary>"How this was found"</summary>
            <p>{method.to_owned()}</p>
        </details>
    }
}

/// A parting in a sentence.
pub fn said(parting: &Parting) -> String {
    match parting {
        Parting::TooShort { common } => {
            format!("too short to tell: {} in common", format::counted(*common, "place", "places"))
        }
        Parting::Equal { common } => {
            format!("equal to the last digit at all {}", format::counted(*common, "place", "places"))
        }
        Parting::Together { noise, .. } => {
            format!(
                "together to the end: never apart for long by more than their noise of {}",
                format::number(noise.0)
            )
        }
        Parting::FromStart { step, apart, noise, .. } => format!(
            "apart from the start, step {step}: by {} at the median, with a noise of {}",
            format::delta(apart.0),
            format::number(noise.0)
        ),
        Parting::At { step, together_until, apart, noise, .. } => format!(
            "together until step {together_until}, apart from step {step}: by {} at the median after it, with a noise of {}",
            format::delta(apart.0),
            format::number(noise.0)
        ),
    }
}

fn ranked(changes: &[Change], from: &str, to: &str) -> AnyView {
    let side = |text: &Option<String>| match text {
        Some(text) => view! { <span class="mono">{text.clone()}</span> },
        None => view! { <span class="none">"–"</span> },
    };
    let row = |(place, one): (usize, &Change)| {
        let weight = one.weight.as_str();
        view! {
            <tr>
                <td class="cell-num muted num">{place + 1}</td>
                <th scope="row">
                    <span class="mono">{one.name.clone()}</span>
                    <span class="muted compare-change__kind">{one.kind.as_str()}</span>
                </th>
                <td class="compare-table__text" title=one.from.clone()>{side(&one.from)}</td>
                <td class="compare-table__text" title=one.to.clone()>{side(&one.to)}</td>
                <td class="compare-change__reason">
                    <span class=format!("compare-weight compare-weight--{weight}")>{weight}</span>
                    {one.reason.clone()}
                </td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Differences">
            <table class="table compare-table compare-changes">
                <caption class="hidden">"Differences"</caption>
                <thead>
                    <tr>
                        <th scope="col" class="cell-num">"Rank"</th>
                        <th scope="col">"What"</th>
                        <th scope="col" title=from.to_owned()>{from.to_owned()}</th>
                        <th scope="col" title=to.to_owned()>{to.to_owned()}</th>
                        <th scope="col">"Why it stands here"</th>
                    </tr>
                </thead>
                <tbody>{changes.iter().enumerate().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Float64;

    #[test]
    fn a_parting_is_said_in_a_sentence() {
        let parting = Parting::At {
            step: 310,
            together_until: 300,
            common: 60,
            noise: Float64(0.012),
            apart: Float64(-0.25),
        };
        assert_eq!(
            said(&parting),
            "together until step 300, apart from step 310: by −0.2500 at the median after it, with a noise of 0.01200"
        );
        assert_eq!(said(&Parting::TooShort { common: 1 }), "too short to tell: 1 place in common");
    }
}
