//! The field of a form that says which project an experiment belongs to.

use super::api;
use crate::ui::erase::{drawn, effect, view};
use leptos::{html, prelude::*, task::spawn_local};
use model::{ProjectId, project::Project};

/// Offers every project; shown when there is more than one.
#[component]
pub fn ProjectField(node: NodeRef<html::Select>, first: Option<ProjectId>) -> impl IntoView {
    let projects = RwSignal::new(Vec::<Project>::new());
    let first = first.unwrap_or(ProjectId::DEFAULT);
    // Asked for when the form opens: a page need not carry what few of its visitors want.
    effect(move || {
        spawn_local(async move {
            if let Ok(found) = api::list().await {
                projects.try_set(found);
            }
        });
    });
    let option = move |project: Project| {
        let here = project.id == first;
        view! {
            <option value=project.id.to_string() selected=here prop:selected=here>
                {project.name}
            </option>
        }
    };
    let shown = move || projects.with(|all| all.len() > 1);
    drawn(move || {
        shown().then(|| {
            view! {
                <label class="field">
                    <span class="field__label">"Project"</span>
                    <select class="select" node_ref=node>
                        {projects.get().into_iter().map(option).collect_view()}
                    </select>
                </label>
            }
        })
    })
}
