//! Images that the runs logged, side by side at one step: the last one that each run had there.

use super::{choice, wanted::Wanted};
use crate::{
    artifact,
    link::{self, Query},
    ui::run_color,
};
use leptos::{html, prelude::*};
use model::{
    RunId,
    compare::{ComparedRun, Images, Picture},
};
use std::sync::Arc;

/// The step of the address: what a copied link keeps.
const AT: &str = "at";

/// The place of a step among all, or of the one before it; the last without a step.
fn place_of(steps: &[i64], at: Option<i64>) -> usize {
    let last = steps.len().saturating_sub(1);
    at.map_or(last, |at| steps.partition_point(|step| *step <= at).saturating_sub(1))
}

/// Nothing when no run logged images.
pub fn images(found: &Images, runs: &[ComparedRun], search: Memo<Query>) -> Option<AnyView> {
    if found.steps.is_empty() {
        return None;
    }
    let at = search.with_untracked(|query| query.get(AT).and_then(|at| at.parse().ok()));
    let place = RwSignal::new(place_of(&found.steps, at));
    let steps = Arc::new(found.steps.clone());
    let step = {
        let steps = steps.clone();
        Memo::new(move |_| steps.get(place.get()).copied().unwrap_or_default())
    };
    let last = steps.len() - 1;
    let said = move || format!("step {} ({} of {})", step.get(), place.get() + 1, last + 1);
    let slide = move |event| {
        if let Ok(wanted) = event_target_value(&event).parse::<usize>() {
            place.set(wanted.min(last));
        }
    };
    let rewrite = link::use_rewrite();
    let keep = move |_| {
        let here = search.get_untracked().with(AT, step.get_untracked().to_string());
        rewrite(&here.href("/compare"));
    };
    let names = (found.keys.len() > 1).then(|| {
        let options = found.keys.iter().map(|key| (key.clone(), key.clone())).collect();
        let key = found.key.clone();
        let chosen = move |wanted: &Wanted| wanted.image.clone().unwrap_or_else(|| key.clone());
        choice::select(search, &["image"], "Images", options, chosen)
    });
    let one = |(run, pictures): (&ComparedRun, &Vec<Picture>)| {
        let (id, name) = (run.run.id.clone(), run.run.name.clone());
        let swatch = format!("swatch {}", run_color(&run.run));
        view! { <One id name swatch pictures=pictures.clone() step /> }
    };
    let label = format!("Images {}", found.key);
    Some(
        view! {
            <section class="card compare-images" aria-label=label>
                <div class="compare-images__head">
                    <h2 class="card__title mono">{found.key.clone()}</h2>
                    {names}
                    <label class="compare-images__step">
                        <span class="field__label">"Step"</span>
                        <input
                            type="range"
                            min="0"
                            max=last.to_string()
                            step="1"
                            value=place.get_untracked().to_string()
                            prop:value=move || place.get().to_string()
                            aria-valuetext=said
                            disabled=last == 0
                            on:input=slide
                            on:change=keep
                        />
                        <output class="num">{said}</output>
                    </label>
                </div>
                <ul class="compare-files">{runs.iter().zip(&found.of_runs).map(one).collect_view()}</ul>
            </section>
        }
        .into_any(),
    )
}

/// What one run had at the step.
#[component]
fn One(id: RunId, name: String, swatch: String, pictures: Vec<Picture>, step: Memo<i64>) -> impl IntoView {
    let shown = Memo::new(move |_| Picture::at(&pictures, step.get()).cloned());
    let source =
        Memo::new(move |_| shown.get().map(|one| artifact::run_source(&id, &one.path)).unwrap_or_default());
    let broken = RwSignal::new(None::<String>);
    let node = NodeRef::<html::Img>::new();
    // What failed before the page woke told nobody.
    Effect::new(move || {
        if let Some(image) = node.get()
            && image.complete()
            && image.natural_width() == 0
        {
            broken.set(Some(source.get_untracked()));
        }
    });
    let here = Memo::new(move |_| shown.with(Option::is_some));
    let whole = Memo::new(move |_| here.get() && broken.get() != Some(source.get()));
    let alt = {
        let name = name.clone();
        move || format!("{name} at step {}", shown.get().map_or(0, |one| one.step))
    };
    let said = move || match shown.get() {
        None => "nothing up to here".to_owned(),
        Some(one) if one.step < step.get() => format!("step {}, the last before", one.step),
        Some(one) => format!("step {}", one.step),
    };
    view! {
        <li class="compare-files__one">
            <span class="compare-files__run">
                <span class=swatch></span>
                {name}
            </span>
            <Show
                when=move || whole.get()
                fallback=move || {
                    let words = if here.get() { "This file is no image that can be shown." } else { "–" };
                    view! { <div class="compare-images__none muted">{words}</div> }
                }
            >
                <a href=source rel="external">
                    <img
                        class="compare-files__image"
                        node_ref=node
                        src=source
                        alt=alt.clone()
                        loading="lazy"
                        decoding="async"
                        on:error=move |_| broken.set(Some(source.get_untracked()))
                    />
                </a>
            </Show>
            <span class="muted num">{said}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn the_slider_begins_where_the_address_says_or_at_the_end() {
        let steps = [0, 10, 20];
        assert_eq!(
            [None, Some(10), Some(15), Some(-5), Some(99)].map(|at| place_of(&steps, at)),
            [2, 1, 1, 0, 2]
        );
        assert_eq!(place_of(&[], Some(3)), 0);
    }
}
