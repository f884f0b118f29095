//! The Params tab of a run.

use crate::{
    link,
    run::RunView,
    ui::{
        copy::Copy,
        filter::{FilterForm, Hidden},
        notice::Empty,
    },
};
use leptos::prelude::*;
use model::param::Param;
use std::collections::BTreeMap;

#[component]
pub fn Tab(view: RunView) -> impl IntoView {
    let search = link::use_search();
    let all = Memo::new(move |_| view.detail.current.with(|detail| detail.params.clone()));
    let found = Memo::new(move |_| {
        let wanted = search.with(|query| query.get("search").unwrap_or_default().to_lowercase());
        all.with(|all| all.iter().filter(|one| fits(one, &wanted)).cloned().collect::<Vec<_>>())
    });
    let json = Signal::derive(move || all.with(|all| to_json(all)));
    let content = move || match (all.with(Vec::is_empty), found.with(Vec::is_empty)) {
        (true, _) => view! {
            <Empty icon="columns" title="No params recorded">
                <p>
                    <code>"run.log_params({\"lr\": 0.01})"</code>
                </p>
            </Empty>
        }
        .into_any(),
        (false, true) => {
            view! { <Empty icon="search" title="No param has that in its name or value" /> }.into_any()
        }
        (false, false) => view! { <Table found /> }.into_any(),
    };
    view! {
        <div class="toolbar">
            <FilterForm path=view.path() search label="Find a param or value">
                <Hidden search except=&["search"] />
            </FilterForm>
            <Copy text=json what="params as JSON" />
        </div>
        {content}
    }
}

fn fits(param: &Param, wanted: &str) -> bool {
    param.key.to_lowercase().contains(wanted) || param.value.to_string().to_lowercase().contains(wanted)
}

/// All params as one JSON object, as they were logged.
fn to_json(params: &[Param]) -> String {
    let map: BTreeMap<_, _> = params.iter().map(|one| (&one.key, &one.value)).collect();
    serde_json::to_string_pretty(&map).expect("params are plain JSON values")
}

#[component]
fn Table(found: Memo<Vec<Param>>) -> impl IntoView {
    let row = |one: Param| {
        let value = one.value.to_string();
        view! {
            <tr>
                <th scope="row" class="mono">{one.key}</th>
                <td class="mono param-table__value">{value.clone()}</td>
                <td class="muted">{one.value.kind()}</td>
                <td class="cell-actions">
                    <Copy text=value what="value" />
                </td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Table of params">
            <table class="table param-table">
                <caption class="hidden">"Params"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Param"</th>
                        <th scope="col">"Value"</th>
                        <th scope="col">"Type"</th>
                        <th scope="col"><span class="hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{move || found.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::param::ParamValue;

    fn param(key: &str, value: ParamValue) -> Param {
        Param { key: key.into(), value }
    }

    #[test]
    fn params_are_found_by_key_or_value_in_any_case() {
        let param = param("Optimizer", ParamValue::Text("AdamW".into()));
        assert!(fits(&param, "opti") && fits(&param, "adamw") && fits(&param, ""));
        assert!(!fits(&param, "sgd"));
    }

    #[test]
    fn copied_json_keeps_types() {
        let params = [param("b", ParamValue::Int(1)), param("a", ParamValue::Text("1".into()))];
        assert_eq!(to_json(&params), "{\n  \"a\": \"1\",\n  \"b\": 1\n}");
    }
}
