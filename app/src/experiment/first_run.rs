//! How to begin: a first run in ten lines of Python, with this server's own address.

use crate::{
    frame::session::Session,
    ui::{
        copy::Copy,
        erase::{effect, view},
        icon::Icon,
    },
};
use leptos::prelude::*;
use model::ExperimentId;

/// The lines for one experiment, or for a new one.
fn lines(origin: &str, experiment: Option<ExperimentId>) -> String {
    let (make, id) = match experiment {
        Some(id) => (String::new(), format!("\"{id}\"")),
        None => (
            "experiment = client.create_experiment(\"first-light\")\n".to_owned(),
            "experiment.id".to_owned(),
        ),
    };
    format!(
        "from trackway import MLOpsClient\n\n\
         client = MLOpsClient(url=\"{origin}\")\n\
         {make}\
         with client.start_run(experiment_id={id}) as run:\n    \
             run.log_params({{\"lr\": 0.01, \"epochs\": 20}})\n    \
             for epoch in range(20):\n        \
                 run.log_metrics({{\"loss\": 1 / (epoch + 1)}}, step=epoch)\n"
    )
}

#[component]
pub fn FirstRun(#[prop(optional)] experiment: Option<ExperimentId>) -> impl IntoView {
    let origin = RwSignal::new(Session::current().origin);
    // Behind a proxy only the browser knows the address that people use.
    effect(move || origin.set(Session::current().origin));
    let text = Signal::derive(move || lines(&origin.get(), experiment));
    view! {
        <div class="empty empty--wide">
            <Icon name="logo" />
            <h2 class="empty__title">"Record a first run"</h2>
            <p class="empty__text">
                "Install the client from a clone of Trackway with "
                <code>"pip install ./sdk/python"</code>
                ", then run this. The client finds its token by itself on this machine; curves appear here while it runs."
            </p>
            <div class="snippet">
                <pre tabindex="0" aria-label="Python example">
                    <code>{text}</code>
                </pre>
                <Copy text what="the example" />
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_short_and_names_this_server() {
        let text = lines("http://127.0.0.1:7171", None);
        assert!(text.lines().count() <= 10);
        assert!(text.contains("url=\"http://127.0.0.1:7171\""));
        assert!(text.contains("\n    for epoch in range(20):\n        run.log_metrics("));
        assert!(lines("", Some(ExperimentId(7))).contains("experiment_id=\"7\""));
    }
}
