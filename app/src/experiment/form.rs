//! The dialog that makes or edits an experiment.

use super::api;
use crate::{
    error::AppError,
    project::ProjectField,
    ui::{
        dialog::{Dialog, open_while},
        erase::{handler, view},
        form::{Closing, NameField},
    },
};
use leptos::{ev::SubmitEvent, html, prelude::*, task::spawn_local};
use model::{
    ProjectId, Tags,
    experiment::{Experiment, ExperimentNew, ExperimentUpdate, GoalMetric},
    metric::Goal,
};

/// Makes a new experiment.
#[component]
pub fn CreateDialog(
    open: RwSignal<bool>,
    /// Where it is to be; the default project when absent.
    project: Signal<Option<ProjectId>>,
    on_done: Callback<Experiment>,
) -> impl IntoView {
    let first = move || ExperimentNew { project_id: project.get_untracked(), ..ExperimentNew::default() };
    let save = Callback::new(move |input: ExperimentNew| Request::Create(input));
    view! {
        <Dialog open title="New experiment".to_owned()>
            <Fields first=first() button="Create" save open on_done />
        </Dialog>
    }
}

/// Edits the experiment that it is given; closed while there is none.
#[component]
pub fn EditDialog(edited: RwSignal<Option<Experiment>>, on_done: Callback<Experiment>) -> impl IntoView {
    let open = open_while(edited);
    let first = move || edited.get_untracked().map(fields).unwrap_or_default();
    let save = Callback::new(move |input: ExperimentNew| {
        Request::Update(edited.get_untracked().map(|one| one.id), input)
    });
    view! {
        <Dialog open title="Edit experiment".to_owned()>
            <Fields first=first() button="Save" save open on_done />
        </Dialog>
    }
}

fn fields(experiment: Experiment) -> ExperimentNew {
    ExperimentNew {
        project_id: Some(experiment.project_id),
        name: experiment.name,
        description: experiment.description,
        goal: experiment.goal,
        tags: experiment.tags,
    }
}

enum Request {
    Create(ExperimentNew),
    Update(Option<model::ExperimentId>, ExperimentNew),
}

async fn send(request: Request) -> Result<Experiment, AppError> {
    match request {
        Request::Create(input) => api::create(input).await,
        Request::Update(Some(id), input) => {
            let no_goal = GoalMetric { key: String::new(), goal: Goal::Min };
            let input = ExperimentUpdate {
                project_id: input.project_id,
                goal: Some(input.goal.unwrap_or(no_goal)),
                name: Some(input.name),
                description: Some(input.description),
                tags: Some(input.tags),
                ..ExperimentUpdate::default()
            };
            api::update(id, input).await
        }
        Request::Update(None, _) => Err(model::Error::not_found("experiment", "").into()),
    }
}

#[component]
fn Fields(
    first: ExperimentNew,
    button: &'static str,
    save: Callback<ExperimentNew, Request>,
    open: RwSignal<bool>,
    on_done: Callback<Experiment>,
) -> impl IntoView {
    let name = NodeRef::<html::Input>::new();
    let description = NodeRef::<html::Textarea>::new();
    let tags = NodeRef::<html::Input>::new();
    let project = NodeRef::<html::Select>::new();
    let goal_key = NodeRef::<html::Input>::new();
    let goal = NodeRef::<html::Select>::new();
    let (project_first, (goal_first, wanted)) =
        (first.project_id, first.goal.map_or_else(|| (String::new(), Goal::Min), |one| (one.key, one.goal)));
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<AppError>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let read = |node: NodeRef<html::Input>| node.get().map(|input| input.value()).unwrap_or_default();
        let chosen =
            |node: NodeRef<html::Select>| node.get().map(|select| select.value()).unwrap_or_default();
        let key = read(goal_key).trim().to_owned();
        let goal = if chosen(goal) == Goal::Max.as_str() { Goal::Max } else { Goal::Min };
        let input = ExperimentNew {
            // The field is not there when there is one project only.
            project_id: chosen(project).parse().ok().or(project_first),
            goal: (!key.is_empty()).then_some(GoalMetric { key, goal }),
            name: read(name),
            description: description.get().map(|area| area.value()).unwrap_or_default(),
            tags: Tags::parse_line(&read(tags)),
        };
        if let Err(error) = input.check() {
            failed.set(Some(error.into()));
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = send(save.run(input)).await;
            busy.set(false);
            match answer {
                Ok(experiment) => {
                    open.set(false);
                    on_done.run(experiment);
                }
                Err(error) => failed.set(Some(error)),
            }
        });
    };
    view! {
        <form class="form" on:submit=handler(submit)>
            <NameField node=name value=first.name />
            <label class="field">
                <span class="field__label">"Description"</span>
                <textarea node_ref=description rows="3" prop:value=first.description></textarea>
            </label>
            <ProjectField node=project first=project_first />
            <div class="field">
                <label class="field__label" for="experiment-goal">"Goal metric"</label>
                <div class="form__row">
                    <input
                        id="experiment-goal"
                        aria-describedby="experiment-goal-hint"
                        node_ref=goal_key
                        type="text"
                        autocomplete="off"
                        placeholder="val/loss"
                        value=goal_first
                    />
                    <select class="select" aria-label="Goal" node_ref=goal>
                        {Goal::ALL
                            .map(|one| {
                                let here = one == wanted;
                                let word = if one == Goal::Min { "smallest is best" } else { "largest is best" };
                                view! {
                                    <option value=one.as_str() selected=here prop:selected=here>
                                        {word}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </div>
                <span class="field__hint" id="experiment-goal-hint">
                    "The list of experiments shows its best value."
                </span>
            </div>
            <div class="field">
                <label class="field__label" for="experiment-tags">"Tags"</label>
                <input
                    id="experiment-tags"
                    aria-describedby="experiment-tags-hint"
                    node_ref=tags
                    type="text"
                    autocomplete="off"
                    placeholder="baseline, phase: search"
                    value=first.tags.to_line()
                />
                <span class="field__hint" id="experiment-tags-hint">
                    "Separated by commas; a tag may have a value after a colon."
                </span>
            </div>
            <Closing open failed busy action=button />
        </form>
    }
}
