//! Runs a day, as bars a glance wide.

use crate::{
    chart::format,
    ui::erase::{drawn, view},
};
use leptos::prelude::*;

/// Height of the drawing, in which the busiest day stands.
const HEIGHT: f64 = 20.0;

/// The oldest day first. Without any there is no drawing.
#[component]
pub fn Spark(#[prop(into)] days: Signal<Vec<i64>>) -> impl IntoView {
    drawn(move || {
        let days = days.get();
        let total: i64 = days.iter().sum();
        (total > 0).then(|| {
            let label = format!("{} in the last {} days", format::counted(total, "run", "runs"), days.len());
            let title = label.clone();
            view! {
                <svg
                    class="spark"
                    viewBox=format!("0 0 {} {HEIGHT}", days.len() * 3)
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=title
                >
                    <title>{label}</title>
                    {bars(&days)
                        .into_iter()
                        .map(|(x, height)| {
                            view! {
                                <rect
                                    x=x.to_string()
                                    y=format!("{:.1}", HEIGHT - height)
                                    width="2"
                                    height=format!("{height:.1}")
                                ></rect>
                            }
                        })
                        .collect_view()}
                </svg>
            }
        })
    })
}

/// Where a bar stands and how high it is: a day with one run can be seen beside one with thousands.
fn bars(days: &[i64]) -> Vec<(usize, f64)> {
    let most = days.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bar = |(place, count): (usize, &i64)| {
        let height = (*count as f64 / most * HEIGHT).max(2.0);
        (*count > 0).then_some((place * 3, height))
    };
    days.iter().enumerate().filter_map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_day_is_as_high_as_the_drawing_and_no_day_with_runs_is_invisible() {
        assert_eq!(bars(&[0, 1, 1_000]), [(3, 2.0), (6, HEIGHT)]);
        assert_eq!(bars(&[0, 0]), []);
    }
}
