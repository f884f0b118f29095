//! Rules for one file: its name, its head, and words that have their place elsewhere or nowhere.

/// A file of this name collects what has no home.
const REFUSED_NAMES: [&str; 7] = ["common", "helper", "helpers", "misc", "types", "util", "utils"];

/// Pages load nothing from elsewhere and no file pins a registry's address: a mirror must do as well.
const BANNED_WORDS: [&str; 8] = [
    concat!("cdn", "js"),
    concat!("files.python", "hosted.org"),
    concat!("fonts.google", "apis"),
    concat!("js", "delivr"),
    concat!("pypi", ".org"),
    concat!("registry.npm", "js.org"),
    concat!("static.", "crates.io"),
    concat!("unpkg", ".com"),
];

/// How statements begin in strings of the source; prose says "delete from" in lower case.
const SQL: [&str; 6] = [
    concat!("SELECT", " "),
    concat!("INSERT", " INTO "),
    concat!("DELETE", " FROM "),
    concat!("CREATE", " TABLE "),
    concat!("insert", " into "),
    concat!("create", " table "),
];

/// Where SQL lives: the store, and the measurements that are compared with plain SQLite.
const SQL_HOMES: [&str; 2] = ["server/store/", "load/src/bench/"];

/// The one file of the app that knows the server's side, and the crates that only it may name.
const APP_REMOTE: &str = "app/src/remote.rs";
const APP_REMOTE_ONLY: [&str; 2] = ["axum::", "engine::"];

pub fn name_fault(file: &str) -> Option<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.split('.').next().unwrap_or(name);
    let refused = REFUSED_NAMES.contains(&stem);
    refused.then(|| format!("{file}: a file is named for what it holds, not \"{stem}\""))
}

pub fn text_faults(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let rust = has_extension(file, "rs");
    if rust && !text.starts_with("//!") {
        faults.push(format!("{file}:1: a file starts with //! and what it holds"));
    }
    // Lock files are written by their tools.
    if has_extension(file, "lock") || file.ends_with("package-lock.json") {
        return faults;
    }
    for (number, line) in text.lines().enumerate() {
        let mut fault = |what: String| faults.push(format!("{file}:{}: {what}", number + 1));
        if unexplained(line) {
            fault(format!("{LATER} needs its reason: {LATER}(why not now)"));
        }
        for word in BANNED_WORDS.iter().filter(|word| line.contains(**word)) {
            fault(format!("\"{word}\" has no place here"));
        }
        let code = rust && !line.trim_start().starts_with("//");
        if code
            && !SQL_HOMES.iter().any(|home| file.starts_with(home))
            && SQL.iter().any(|sql| line.contains(sql))
        {
            fault(format!("SQL belongs into {}", SQL_HOMES[0]));
        }
        if code && file.starts_with("app/src/") && file != APP_REMOTE {
            for name in APP_REMOTE_ONLY.iter().filter(|name| names_crate(line, name)) {
                fault(format!("only {APP_REMOTE} names {name}"));
            }
        }
    }
    faults
}

fn has_extension(file: &str, wanted: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, extension)| extension == wanted)
}

const LATER: &str = concat!("TO", "DO");

fn unexplained(line: &str) -> bool {
    line.match_indices(LATER).any(|(at, _)| {
        let word = !line[..at].ends_with(char::is_alphanumeric);
        word && !line[at + LATER.len()..].starts_with('(')
    })
}

/// `engine::Services`, but neither `search_engine::` nor `crate::engine::`.
fn names_crate(line: &str, name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homeless_names_are_refused() {
        assert!(name_fault("app/src/utils.rs").is_some());
        assert!(name_fault("end2end/helpers.ts").is_some());
        assert!(name_fault("app/src/ui/tag.rs").is_none());
    }

    #[test]
    fn a_rust_file_starts_with_its_description() {
        assert_eq!(text_faults("a.rs", "use x;\n").len(), 1);
        assert!(text_faults("a.rs", "//! What it holds.\n").is_empty());
        assert!(text_faults("a.css", "body {}\n").is_empty());
    }

    #[test]
    fn todo_needs_a_reason() {
        let text = |reason| format!("//! x\n// {LATER}{reason}\n");
        assert_eq!(text_faults("a.rs", &text(" later")).len(), 1);
        assert!(text_faults("a.rs", &text("(waits for the upstream fix): later")).is_empty());
    }

    #[test]
    fn sql_outside_the_store_is_a_fault() {
        let text = format!("//! x\nconst A: &str = \"{}1\";\n", SQL[0]);
        assert_eq!(text_faults("server/engine/src/run.rs", &text).len(), 1);
        assert!(text_faults("server/store/src/run.rs", &text).is_empty());
    }

    #[test]
    fn only_one_file_of_the_app_names_the_engine() {
        let text = "//! x\nuse engine::Services;\n";
        assert_eq!(text_faults("app/src/run/page.rs", text).len(), 1);
        assert!(text_faults(APP_REMOTE, text).is_empty());
        assert!(text_faults("app/src/run/page.rs", "//! x\nuse leptos_axum::redirect;\n").is_empty());
    }

    #[test]
    fn addresses_of_registries_are_banned() {
        let text = format!("see https://{}/x\n", BANNED_WORDS[4]);
        assert_eq!(text_faults("README.md", &text).len(), 1);
        assert!(text_faults("Cargo.lock", &text).is_empty());
    }
}
