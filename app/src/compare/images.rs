//! Images that the runs logged, side by side at one step: the last one that each run had there.

use super::{choice, wanted::Wanted};
use crate::{
    artifact,
    link::{self, Query},
    media::{AT, StepSlider, Steps, Still, said},
    ui::{
        erase::{memo, view},
        run_color,
    },
};
use leptos::prelude::*;
use model::{
    RunId,
    compare::{ComparedRun, Images},
    media::StepFile,
};

/// Nothing when no run logged images.
pub fn images(found: &Images, runs: &[ComparedRun], search: Memo<Query>) -> Option<AnyView> {
    if found.steps.is_empty() {
        return None;
    }
    let at = search.with_untracked(|query| query.get(AT).and_then(|at| at.parse().ok()));
    let all = found.steps.clone();
    let steps = Steps::new(memo(move || all.clone()), at);
    let step = steps.current;
    let rewrite = link::use_rewrite();
    let keep = Callback::new(move |()| {
        let here = search.get_untracked().with(AT, step.get_untracked().to_string());
        rewrite(&here.href("/compare"));
    });
    let names = (found.keys.len() > 1).then(|| {
        let options = found.keys.iter().map(|key| (key.clone(), key.clone())).collect();
        let key = found.key.clone();
        let chosen = move |wanted: &Wanted| wanted.image.clone().unwrap_or_else(|| key.clone());
        choice::select(search, &["image"], "Images", options, chosen)
    });
    let one = |(run, pictures): (&ComparedRun, &Vec<StepFile>)| {
        let (id, name) = (run.run.id.clone(), run.run.name.clone());
        let swatch = format!("swatch {}", run_color(&run.run));
        view! { <One id name swatch pictures=pictures.clone() step /> }
    };
    let label = format!("Images {}", found.key);
    Some(view! {
        <section class="card compare-images" aria-label=label>
            <div class="compare-images__head">
                <h2 class="card__title mono">{found.key.clone()}</h2>
                {names}
                <StepSlider steps on_keep=keep />
            </div>
            <ul class="compare-files">{runs.iter().zip(&found.of_runs).map(one).collect_view()}</ul>
        </section>
    })
}

/// What one run had at the step.
#[component]
fn One(id: RunId, name: String, swatch: String, pictures: Vec<StepFile>, step: Memo<i64>) -> impl IntoView {
    let shown = memo(move || StepFile::at(&pictures, step.get()).cloned());
    let source = memo(move || shown.get().map(|one| artifact::run_source(&id, &one.path)));
    let this = name.clone();
    let alt = Signal::derive(move || format!("{this} at step {}", shown.get().map_or(0, |one| one.step)));
    view! {
        <li class="compare-files__one">
            <span class="compare-files__run">
                <span class=swatch></span>
                {name}
            </span>
            <Still source alt />
            <span class="muted num">{move || shown.with(|shown| said(shown.as_ref(), step.get()))}</span>
        </li>
    }
}
