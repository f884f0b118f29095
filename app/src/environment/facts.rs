//! An environment as a person reads it. Clients may send anything, so whatever does not look as expected is left out
//! here; the whole can be copied as JSON.

use crate::{chart::format, quote};
use model::environment::Environment;
use serde_json::Value;

/// A name and what stands beside it.
pub type Fact = (&'static str, String);

/// Where the code came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    pub commit: Option<String>,
    pub branch: Option<String>,
    pub remote: Option<String>,
    /// There were changes that no commit has.
    pub dirty: bool,
    /// The artifact that holds those changes.
    pub diff: Option<String>,
}

/// The machine's name.
pub fn host(environment: &Environment) -> Option<String> {
    environment.text(&["host", "name"]).map(ToOwned::to_owned)
}

/// Everything about the code's origin, if any of it is known.
pub fn source(environment: &Environment) -> Option<Source> {
    let text = |key| environment.text(&["git", key]).map(ToOwned::to_owned);
    let source = Source {
        commit: text("commit"),
        branch: text("branch"),
        remote: text("remote"),
        dirty: environment.at(&["git", "dirty"]) == Some(&Value::Bool(true)),
        diff: text("diff_path"),
    };
    (source != Source::default()).then_some(source)
}

/// The command as it can be typed again.
pub fn command(environment: &Environment) -> Option<String> {
    match environment.at(&["command"])? {
        Value::String(line) => Some(line.clone()),
        Value::Array(words) => {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).map(quote::shell).collect();
            (!words.is_empty()).then(|| words.join(" "))
        }
        _ => None,
    }
}

/// Where and by what it was run.
pub fn program(environment: &Environment) -> Vec<Fact> {
    let text = |path: &[&str]| environment.text(path).map(ToOwned::to_owned);
    let python = text(&["python", "version"]).map(|version| match text(&["python", "implementation"]) {
        Some(name) => format!("{name} {version}"),
        None => version,
    });
    let facts = [
        ("Entry", text(&["entry"])),
        ("Folder", text(&["cwd"])),
        ("Python", python),
        ("Interpreter", text(&["python", "executable"])),
        ("Seeds", seeds(environment)),
    ];
    known(facts)
}

/// What it was run on.
pub fn machine(environment: &Environment) -> Vec<Fact> {
    let text = |path: &[&str]| environment.text(path).map(ToOwned::to_owned);
    let cores = environment.at(&["host", "cpu_count"]).and_then(Value::as_i64);
    let cores = cores.map(|count| format::counted(count, "core", "cores"));
    let memory = environment.at(&["host", "memory_bytes"]).and_then(Value::as_i64).map(format::bytes);
    let facts = [
        ("Host", host(environment)),
        ("System", joined([text(&["host", "os"]), text(&["host", "arch"])])),
        ("CPU", joined([text(&["host", "cpu"]), cores])),
        ("Memory", memory),
        ("GPU", gpus(environment)),
    ];
    known(facts)
}

/// Installed packages by name, with their versions.
pub fn packages(environment: &Environment) -> Vec<(String, String)> {
    let Some(Value::Object(packages)) = environment.at(&["packages"]) else { return Vec::new() };
    let mut packages: Vec<_> =
        packages.iter().map(|(name, version)| (name.clone(), plain(version))).collect();
    packages.sort_by_cached_key(|(name, _)| name.to_lowercase());
    packages
}

/// Environment variables, as far as the client told them.
pub fn variables(environment: &Environment) -> Vec<(String, String)> {
    let Some(Value::Object(variables)) = environment.at(&["variables"]) else { return Vec::new() };
    variables.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn seeds(environment: &Environment) -> Option<String> {
    let Value::Object(seeds) = environment.at(&["seeds"])? else { return None };
    let seeds: Vec<_> = seeds.iter().map(|(name, seed)| format!("{name} {}", plain(seed))).collect();
    (!seeds.is_empty()).then(|| seeds.join(", "))
}

/// Equal ones counted: `8 × A100, 80 GB`.
fn gpus(environment: &Environment) -> Option<String> {
    let Value::Array(gpus) = environment.at(&["gpus"])? else { return None };
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for gpu in gpus {
        let name = gpu.get("name").and_then(Value::as_str).unwrap_or("GPU").to_owned();
        let memory = gpu.get("memory_bytes").and_then(Value::as_i64).map(format::bytes);
        let kind = memory.map_or(name.clone(), |memory| format!("{name}, {memory}"));
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(kind, count)| if count == 1 { kind } else { format!("{count} × {kind}") })
        .collect();
    (!kinds.is_empty()).then(|| kinds.join("; "))
}

/// A value without the quotes that JSON gives a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn known<const N: usize>(facts: [(&'static str, Option<String>); N]) -> Vec<Fact> {
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn environment(value: Value) -> Environment {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn a_command_can_be_typed_again() {
        let command = |words: Value| command(&environment(json!({"command": words})));
        let words = json!(["python", "train.py", "--lr=0.1", "--name", "it's a test", ""]);
        assert_eq!(command(words).as_deref(), Some(r"python train.py --lr=0.1 --name 'it'\''s a test' ''"));
        assert_eq!(command(json!("python x.py")).as_deref(), Some("python x.py"));
        assert_eq!(command(json!({"a": 1})), None);
    }

    #[test]
    fn equal_gpus_are_counted() {
        let one = json!({"name": "A100", "memory_bytes": 80_000_000_000_i64});
        let told = environment(json!({"gpus": [one, one, {"name": "T4"}]}));
        let facts = machine(&told);
        assert_eq!(facts.len(), 1);
        assert!(facts[0].1.starts_with("2 × A100, ") && facts[0].1.ends_with("; T4"), "{facts:?}");
    }

    #[test]
    fn what_looks_odd_is_left_out() {
        let odd = environment(json!({
            "git": "yes", "command": [1, 2], "host": {"name": 7, "cpu_count": "many"}, "gpus": {}, "packages": [1],
            "python": null, "seeds": [3], "variables": 1,
        }));
        assert_eq!(source(&odd), None);
        assert_eq!(command(&odd), None);
        assert!(program(&odd).is_empty() && machine(&odd).is_empty());
        assert!(packages(&odd).is_empty() && variables(&odd).is_empty());
    }

    #[test]
    fn packages_come_by_name_whatever_its_case() {
        let told = environment(json!({"packages": {"numpy": "2.0", "PyYAML": "6", "attrs": null}}));
        let names: Vec<_> =
            packages(&told).into_iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(names, ["attrs null", "numpy 2.0", "PyYAML 6"]);
    }

    #[test]
    fn uncommitted_changes_are_told() {
        let told =
            environment(json!({"git": {"commit": "abc", "dirty": true, "diff_path": "code/diff.patch"}}));
        let source = source(&told).expect("a source");
        assert!(source.dirty);
        assert_eq!((source.commit.as_deref(), source.branch), (Some("abc"), None));
        assert_eq!(source.diff.as_deref(), Some("code/diff.patch"));
    }
}
