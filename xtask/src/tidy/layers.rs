//! One feature has one name in every layer.

use std::collections::BTreeSet;

/// Files of the REST layer that are no feature's: the engine knows nothing of them.
const REST_ALONE: [&str; 1] = [
    "server", // is it alive, which version, what the API looks like
];

/// Browser tests of what is no feature folder of the app.
const BROWSER_ALONE: [&str; 2] = [
    "digits", // a real training, by examples/digits.py
    "plain",  // pages without JavaScript
];

pub fn faults(files: &[String]) -> Vec<String> {
    let engine = stems(files, "server/engine/src/", ".rs");
    let app = stems(files, "app/src/", ".rs");
    let rest = stems(files, "server/src/rest/", ".rs");
    let styles = stems(files, "style/feature/", ".css");
    let browser = stems(files, "end2end/tests/", ".spec.ts");
    let mut faults = Vec::new();
    for name in rest.iter().filter(|name| !engine.contains(*name) && !REST_ALONE.contains(name)) {
        faults.push(format!("server/src/rest/{name}: the engine has no {name}"));
    }
    for name in styles.iter().filter(|name| !app.contains(*name)) {
        faults.push(format!("style/feature/{name}.css: the app has no {name}"));
    }
    let known = |name: &str| app.contains(name.replace('-', "_").as_str()) || BROWSER_ALONE.contains(&name);
    for name in browser.iter().filter(|name| !known(name)) {
        faults.push(format!("end2end/tests/{name}.spec.ts: the app has no {name}"));
    }
    faults
}

/// Names of the files and folders right inside a folder.
fn stems<'a>(files: &'a [String], folder: &str, extension: &str) -> BTreeSet<&'a str> {
    let inside = files.iter().filter_map(|file| file.strip_prefix(folder));
    let names = inside.filter_map(|rest| match rest.split_once('/') {
        Some((name, _)) => Some(name),
        None => rest.strip_suffix(extension),
    });
    names.filter(|name| *name != "mod").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_one_layer_knows_is_a_fault() {
        let files = [
            "server/engine/src/run/mod.rs",
            "server/engine/src/note.rs",
            "server/src/rest/mod.rs",
            "server/src/rest/run.rs",
            "server/src/rest/notes.rs",
            "server/src/rest/server.rs",
            "app/src/run/page.rs",
            "app/src/sign_in.rs",
            "style/feature/run.css",
            "style/feature/runs.css",
            "end2end/tests/run.spec.ts",
            "end2end/tests/running.spec.ts",
            "end2end/tests/sign-in.spec.ts",
        ];
        let expected = [
            "server/src/rest/notes: the engine has no notes",
            "style/feature/runs.css: the app has no runs",
            "end2end/tests/running.spec.ts: the app has no running",
        ];
        assert_eq!(faults(&files.map(str::to_owned)), expected);
    }
}
