//! The Environment tab of a run.

use super::{
    api::{self, Told},
    facts::{self, Fact, Source},
    patch,
    reproduce::{self, Recipe},
};
use crate::{
    feed::Feed,
    link::{self, Query},
    run::RunView,
    ui::{
        copy::Copy,
        erase::{Show, drawn, memo, view, watch},
        filter::{FilterForm, Hidden},
        notice::{Empty, Problem},
    },
};
use leptos::prelude::*;
use model::{environment::Environment, limits};

/// Digits of a commit that people quote.
const COMMIT_DIGITS: usize = 12;

/// `first` is what the page was rendered with, absent when the person came from another tab.
#[component]
pub fn Tab(view: RunView, first: Option<Told>) -> impl IntoView {
    let input = memo(move || view.id());
    let (feed, loaded) = Feed::soon(first, input, |run_id| api::get(run_id, true));
    watch(move || view.told.get(), move |_, _| feed.refresh());
    let told = memo(move || feed.current.with(|told| told.environment.clone()));
    let patch = memo(move || feed.current.with(|told| told.patch.clone()));
    let content = move || match (loaded.get(), told.with(Environment::is_empty)) {
        (false, _) => view! { <div class="skeleton" aria-label="Loading"></div> },
        (true, true) => view! {
            <Empty icon="file" title="The client told nothing of its environment">
                <p>"The Python client records code, command, machine and packages when a run starts."</p>
            </Empty>
        },
        (true, false) => view! {
            <Cards view told />
            <Patch told patch />
        },
    };
    view! {
        <Problem error=feed.failed />
        {move || content()}
    }
}

#[component]
fn Cards(view: RunView, told: Memo<Environment>) -> impl IntoView {
    let json = Signal::derive(move || {
        told.with(|told| serde_json::to_string_pretty(told).expect("an environment is JSON"))
    });
    view! {
        <div class="environment">
            <div class="environment__cards">
                <section class="card" aria-labelledby="environment-code">
                    <h2 class="card__title environment__head" id="environment-code">
                        "Code"
                        <Copy text=json what="environment as JSON" />
                    </h2>
                    {move || told.with(|told| code(view, told))}
                </section>
                <Reproduce view told />
                {move || {
                    let machine = told.with(facts::machine);
                    (!machine.is_empty())
                        .then(|| {
                            view! {
                                <section class="card" aria-labelledby="environment-machine">
                                    <h2 class="card__title" id="environment-machine">"Machine"</h2>
                                    <dl class="facts">{rows(machine)}</dl>
                                </section>
                            }
                        })
                }}
                {move || {
                    let variables = told.with(facts::variables);
                    (!variables.is_empty())
                        .then(|| {
                            view! {
                                <section class="card" aria-labelledby="environment-variables">
                                    <h2 class="card__title" id="environment-variables">"Variables"</h2>
                                    {list(variables, "List of variables")}
                                </section>
                            }
                        })
                }}
            </div>
            <Packages view told />
        </div>
    }
}

/// How to run it again.
#[component]
fn Reproduce(view: RunView, told: Memo<Environment>) -> impl IntoView {
    let recipe = memo(move || told.with(|told| reproduce::recipe(&view.id(), told)));
    let script = Signal::derive(move || recipe.with(|recipe| recipe.script.clone()));
    let missing = move || {
        let Recipe { missing, .. } = recipe.get();
        let line = |line: String| view! { <li>{line}</li> };
        (!missing.is_empty()).then(|| {
            view! {
                <div class="notice reproduce__missing">
                    <ul aria-label="What these lines cannot do">
                        {missing.into_iter().map(line).collect_view()}
                    </ul>
                </div>
            }
        })
    };
    view! {
        <section class="card" aria-labelledby="environment-reproduce">
            <h2 class="card__title environment__head" id="environment-reproduce">
                "Reproduce"
                <Copy text=script what="commands" />
            </h2>
            {move || missing()}
            <pre class="reproduce mono" tabindex="0" role="region" aria-label="Commands that run it again">
                {script}
            </pre>
        </section>
    }
}

/// What was not committed.
#[component]
fn Patch(told: Memo<Environment>, patch: Memo<Option<String>>) -> impl IntoView {
    drawn(move || {
        patch.get().map(|text| {
            // The server reads so much of a file.
            let cut = text.len() + 4 > limits::PREVIEW_BYTES_MAX
                || told.with(|told| told.at(&["git", "diff_cut"]) == Some(&serde_json::Value::Bool(true)));
            view! {
                <section class="card patch-card" aria-labelledby="environment-patch">
                    <h2 class="card__title environment__head" id="environment-patch">
                        "Uncommitted changes"
                        <Copy text=text.clone() what="patch" />
                    </h2>
                    {patch::view(&text, cut)}
                </section>
            }
        })
    })
}

fn code(view: RunView, told: &Environment) -> impl IntoView + use<> {
    view! {
        <dl class="facts">
            {facts::source(told).map(|source| origin(view, source))}
            {command(told)}
            {rows(facts::program(told))}
        </dl>
    }
}

/// A row of a list of facts.
pub(super) fn command(told: &Environment) -> Option<impl IntoView + use<>> {
    facts::command(told).map(|command| {
        let text = command.clone();
        view! {
            <dt>"Command"</dt>
            <dd class="environment__command">
                <code class="mono">{command}</code>
                <Copy text=text what="command" />
            </dd>
        }
    })
}

pub(super) fn origin(view: RunView, source: Source) -> impl IntoView {
    let commit = source.commit.map(|commit| {
        let short: String = commit.chars().take(COMMIT_DIGITS).collect();
        let text = commit.clone();
        view! {
            <span class="mono" title=commit>{short}</span>
            <Copy text=text what="commit" />
        }
    });
    let dirty = source.dirty.then(|| {
        let href = source
            .diff
            .map(|path| Query::default().with("tab", "artifacts").with("path", path).href(&view.path()));
        let words = "uncommitted changes";
        view! {
            <span class="mark environment__dirty">
                {match href {
                    Some(href) => view! { <a href=href>{words}</a> },
                    None => words.into_any(),
                }}
            </span>
        }
    });
    let more = [("Branch", source.branch), ("Remote", source.remote)];
    let more = more.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>();
    view! {
        <dt>"Commit"</dt>
        <dd>{commit} {dirty}</dd>
        {rows(more)}
    }
}

fn rows(facts: Vec<Fact>) -> impl IntoView {
    let row = |(name, value): Fact| {
        view! {
            <dt>{name}</dt>
            <dd class="mono">{value}</dd>
        }
    };
    facts.into_iter().map(row).collect_view()
}

/// A list that may be long: it scrolls by itself.
fn list(pairs: Vec<(String, String)>, label: &'static str) -> AnyView {
    let row = |(name, value): (String, String)| {
        view! {
            <dt class="mono">{name}</dt>
            <dd class="mono">{value}</dd>
        }
    };
    view! {
        <div class="environment__list" tabindex="0" role="region" aria-label=label>
            <dl class="facts">{pairs.into_iter().map(row).collect_view()}</dl>
        </div>
    }
}

#[component]
fn Packages(view: RunView, told: Memo<Environment>) -> impl IntoView {
    let search = link::use_search();
    let all = memo(move || told.with(facts::packages));
    let found = memo(move || {
        let wanted = search.with(|query| query.get("search").unwrap_or_default().to_lowercase());
        let fits = |(name, _): &&(String, String)| name.to_lowercase().contains(&wanted);
        all.with(|all| all.iter().filter(fits).cloned().collect::<Vec<_>>())
    });
    let rows = move || {
        if found.with(Vec::is_empty) {
            return view! { <p class="muted">"No package has that in its name."</p> };
        }
        list(found.get(), "List of packages")
    };
    view! {
        <Show when=move || !all.with(Vec::is_empty)>
            <section class="card" aria-labelledby="environment-packages">
                <h2 class="card__title" id="environment-packages">
                    "Packages "
                    <span class="muted num">{move || all.with(Vec::len)}</span>
                </h2>
                <FilterForm path=view.path() search label="Find a package">
                    <Hidden search except=&["search"] />
                </FilterForm>
                {move || rows()}
            </section>
        </Show>
    }
}
