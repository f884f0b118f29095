//! The arrows between crates, and which of them may know which foreign library.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each crate of the workspace with the ones it may depend on. A new arrow is a decision: ARCHITECTURE.md
/// says why, then this table changes.
const ARROWS: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("segment", &["model"]),
    ("store", &["model", "segment"]),
    ("engine", &["model", "segment", "store"]),
    ("app", &["model", "engine"]),
    ("frontend", &["app"]),
    ("load", &["model"]),
    ("server", &["app", "engine", "model"]),
    ("xtask", &[]),
];

/// Libraries that only some crates may name.
const KEPT: [(&str, &[&str]); 6] = [
    ("axum", &["app", "server"]),
    ("leptos", &["app", "frontend", "server"]),
    ("object_store", &["engine"]),
    // The load generator writes plain rows as a reference and counts what lies in a database that no server holds.
    ("sqlx", &["load", "store"]),
    ("tonic", &["app", "server"]),
    ("wasm-bindgen", &["app", "frontend"]),
];

/// Crates that compute only, and what may not come into them even by way of others.
const PURE: [&str; 2] = ["model", "segment"];
const IMPURE: [&str; 4] = ["axum", "leptos", "sqlx", "tokio"];

pub fn faults(metadata: &Value) -> Vec<String> {
    let packages = list(metadata, "packages");
    let members = packages.iter().filter(|package| package["source"].is_null());
    let members: BTreeMap<&str, &Value> = members.map(|package| (text(package, "name"), package)).collect();
    let mut faults = Vec::new();
    for (name, package) in &members {
        let Some((_, allowed)) = ARROWS.iter().find(|(member, _)| member == name) else {
            faults.push(format!("crate {name} has no row in xtask/src/tidy/arrows.rs"));
            continue;
        };
        for dependency in dependencies(package) {
            if members.contains_key(dependency) && !allowed.contains(&dependency) {
                faults.push(format!("crate {name} must not depend on {dependency}"));
            }
            let keepers = KEPT.iter().find(|(library, _)| *library == dependency);
            if keepers.is_some_and(|(_, keepers)| !keepers.contains(name)) {
                faults.push(format!(
                    "crate {name} must not depend on {dependency}: it has its place elsewhere"
                ));
            }
        }
        if PURE.contains(name) {
            let reached = reached(metadata, text(package, "id"));
            let impure = IMPURE.iter().filter(|library| reached.contains(**library));
            faults.extend(impure.map(|library| format!("crate {name} must not reach {library}")));
        }
    }
    faults
}

/// What the crate itself is built with; tests may use more.
fn dependencies(package: &Value) -> impl Iterator<Item = &str> {
    let kept = list(package, "dependencies").iter().filter(|dependency| dependency["kind"] != "dev");
    kept.map(|dependency| text(dependency, "name"))
}

/// Names of all packages that a package is built with, through any number of others.
fn reached<'a>(metadata: &'a Value, start: &'a str) -> BTreeSet<&'a str> {
    let nodes = list(&metadata["resolve"], "nodes");
    let nodes: BTreeMap<&str, &Value> = nodes.iter().map(|node| (text(node, "id"), node)).collect();
    let names = list(metadata, "packages").iter().map(|package| (text(package, "id"), text(package, "name")));
    let names: BTreeMap<&str, &str> = names.collect();
    let mut seen = BTreeSet::from([start]);
    let mut waiting = vec![start];
    while let Some(id) = waiting.pop() {
        for dependency in nodes.get(id).map(|node| list(node, "deps")).unwrap_or_default() {
            let built = list(dependency, "dep_kinds").iter().any(|kind| kind["kind"].is_null());
            let next = text(dependency, "pkg");
            if built && seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    seen.into_iter().filter_map(|id| names.get(id).copied()).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, source: Option<&str>, dependencies: &[(&str, Option<&str>)]) -> Value {
        let list = dependencies.iter().map(|(name, kind)| json!({"name": name, "kind": kind}));
        json!({"id": name, "name": name, "source": source, "dependencies": list.collect::<Vec<_>>()})
    }

    fn node(id: &str, deps: &[&str]) -> Value {
        let deps = deps.iter().map(|dep| json!({"pkg": dep, "dep_kinds": [{"kind": null}]}));
        json!({"id": id, "deps": deps.collect::<Vec<_>>()})
    }

    #[test]
    fn an_arrow_the_wrong_way_is_a_fault() {
        let store = package("store", None, &[("engine", None), ("model", None)]);
        let metadata =
            json!({"packages": [store, package("engine", None, &[]), package("model", None, &[])]});
        assert_eq!(faults(&metadata), ["crate store must not depend on engine"]);
    }

    #[test]
    fn sqlx_outside_the_store_is_a_fault_but_not_in_tests() {
        let engine = package("engine", None, &[("sqlx", None)]);
        let metadata = json!({"packages": [engine, package("server", None, &[("sqlx", Some("dev"))])]});
        assert_eq!(faults(&metadata), ["crate engine must not depend on sqlx: it has its place elsewhere"]);
    }

    #[test]
    fn a_pure_crate_must_not_reach_tokio_through_another() {
        let packages = [package("segment", None, &[]), package("a", Some("r"), &[])];
        let tokio = package("tokio", Some("r"), &[]);
        let nodes = [node("segment", &["a"]), node("a", &["tokio"])];
        let metadata = json!({"packages": [packages[0], packages[1], tokio], "resolve": {"nodes": nodes}});
        assert_eq!(faults(&metadata), ["crate segment must not reach tokio"]);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        let metadata = json!({"packages": [package("extra", None, &[])]});
        assert_eq!(faults(&metadata), ["crate extra has no row in xtask/src/tidy/arrows.rs"]);
    }
}
