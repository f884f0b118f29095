//! Which project's experiments are shown, and what may be done with projects.

use super::api;
use crate::{
    chart::format,
    error::AppError,
    frame::session::Session,
    link::{self, Query},
    ui::{
        dialog::Dialog,
        erase::{Show, drawn, handler, memo, view},
        form::{Closing, NameField},
        icon::Icon,
        popover::Popover,
        toast::Toaster,
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use model::{
    ProjectId,
    project::{Project, ProjectNew},
};

/// The page of a project's experiments, or of all.
pub fn href(path: &str, search: &Query, project: Option<ProjectId>) -> String {
    let id = project.map(|id| id.to_string()).unwrap_or_default();
    search.clone().without("offset").without("fold").with("project", id).href(path)
}

#[component]
pub fn ProjectSwitch(
    path: &'static str,
    search: Memo<Query>,
    projects: Signal<Vec<Project>>,
    on_change: Callback<()>,
) -> impl IntoView {
    let chosen = memo(move || {
        let id = search.with(|query| query.get("project").and_then(|id| id.parse::<ProjectId>().ok()));
        projects.with(|all| all.iter().find(|one| Some(one.id) == id).cloned())
    });
    let name =
        move || chosen.with(|one| one.as_ref().map_or("All projects".to_owned(), |one| one.name.clone()));
    let link = move |project: Option<Project>| {
        let id = project.as_ref().map(|one| one.id);
        let here = move || (chosen.with(|one| one.as_ref().map(|one| one.id)) == id).then_some("true");
        let (name, count) = match project {
            Some(project) => (project.name, Some(project.experiment_count)),
            None => ("All projects".to_owned(), None),
        };
        view! {
            <li>
                <a class="project-switch__item" href=move || search.with(|search| href(path, search, id)) aria-current=drawn(here)>
                    <span class="project-switch__name">{name}</span>
                    {count.map(|count| view! { <span class="num">{format::count(count)}</span> })}
                </a>
            </li>
        }
    };
    let making = RwSignal::new(false);
    let renaming = RwSignal::new(false);
    let go = link::use_go();
    let toaster = Toaster::here();
    let made = {
        let go = go.clone();
        Callback::new(move |project: Project| {
            on_change.run(());
            go(&href(path, &search.get_untracked(), Some(project.id)));
        })
    };
    let renamed = Callback::new(move |_: Project| on_change.run(()));
    let remove = move |_| {
        let Some(project) = chosen.get_untracked() else { return };
        let go = go.clone();
        spawn_local(async move {
            match api::remove(project.id).await {
                Ok(()) => {
                    toaster.say(format!("Removed the project \u{201c}{}\u{201d}", project.name));
                    on_change.run(());
                    go(&href(path, &search.get_untracked(), None));
                }
                Err(error) => toaster.fail(error.to_string()),
            }
        });
    };
    let create = Callback::new(|new: ProjectNew| (None, new));
    let rename = Callback::new(move |new: ProjectNew| (chosen.get_untracked().map(|one| one.id), new));
    let first = move || chosen.get().map(|one| one.name).unwrap_or_default();
    let may = Session::current().may_edit();
    let label = view! {
        <Icon name="folder" />
        <span class="hidden">"Project: "</span>
        {move || name()}
        <Icon name="down" />
    };
    let removable = move || chosen.with(|one| one.as_ref().is_some_and(|one| one.id != ProjectId::DEFAULT));
    view! {
        <Popover label>
            <div class="popover__box project-switch">
                <ul>
                    {move || {
                        [None].into_iter().chain(projects.get().into_iter().map(Some)).map(link).collect_view()
                    }}
                </ul>
                {may
                    .then(|| {
                        view! {
                            <div class="popover__foot">
                                <button class="button" type="button" on:click=handler(move |_| making.set(true))>
                                    <Icon name="plus" />
                                    "New project"
                                </button>
                                <Show when=move || chosen.with(Option::is_some)>
                                    <button class="button" type="button" on:click=handler(move |_| renaming.set(true))>
                                        <Icon name="edit" />
                                        "Rename"
                                    </button>
                                </Show>
                                <Show when=removable>
                                    <button class="button" type="button" on:click=handler(remove.clone())>
                                        <Icon name="trash" />
                                        "Remove"
                                    </button>
                                </Show>
                            </div>
                        }
                    })}
            </div>
        </Popover>
        <Dialog open=making title="New project".to_owned()>
            <NameForm first=String::new() button="Create" request=create open=making on_done=made />
        </Dialog>
        <Dialog open=renaming title="Rename project".to_owned()>
            <NameForm first=first() button="Save" request=rename open=renaming on_done=renamed />
        </Dialog>
    }
}

#[component]
fn NameForm(
    first: String,
    button: &'static str,
    /// Which project gets the name; none for a new one.
    request: Callback<ProjectNew, (Option<ProjectId>, ProjectNew)>,
    open: RwSignal<bool>,
    on_done: Callback<Project>,
) -> impl IntoView {
    let name = NodeRef::<html::Input>::new();
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<AppError>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let input = ProjectNew { name: name.get().map(|input| input.value()).unwrap_or_default() };
        if let Err(error) = input.check() {
            failed.set(Some(error.into()));
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = match request.run(input) {
                (Some(id), input) => api::update(id, input).await,
                (None, input) => api::create(input).await,
            };
            busy.set(false);
            match answer {
                Ok(project) => {
                    open.set(false);
                    on_done.run(project);
                }
                Err(error) => failed.set(Some(error)),
            }
        });
    };
    view! {
        <form class="form" on:submit=handler(submit)>
            <NameField node=name value=first />
            <Closing open failed busy action=button />
        </form>
    }
}
