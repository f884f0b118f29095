//! Keys with dots and slashes as a tree: `optim.lr` is `lr` inside `optim`.

use std::collections::BTreeMap;

/// Levels of a tree: what is deeper stays in one key.
const DEPTH_MAX: usize = 8;

/// A value with its key, or a group of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Nested<T> {
    Value(T),
    Group(Vec<(String, Nested<T>)>),
}

/// Makes a tree of pairs in order of their keys. A key that is a value itself keeps what would be inside it beside it:
/// `a` and `a.b` stay two keys.
pub fn nest<T>(pairs: impl IntoIterator<Item = (String, T)>) -> Vec<(String, Nested<T>)> {
    level(pairs.into_iter().collect(), 0)
}

fn level<T>(pairs: Vec<(String, T)>, depth: usize) -> Vec<(String, Nested<T>)> {
    let mut parts: BTreeMap<String, Vec<(String, T)>> = BTreeMap::new();
    for (key, value) in pairs {
        let first = match split(&key) {
            Some((first, _)) if depth + 1 < DEPTH_MAX => first.to_owned(),
            _ => key.clone(),
        };
        parts.entry(first).or_default().push((key, value));
    }
    let mut nested = Vec::new();
    for (name, inside) in parts {
        let alone = inside.len() == 1 && inside[0].0 == name;
        if alone || inside.iter().any(|(key, _)| *key == name) {
            nested.extend(inside.into_iter().map(|(key, value)| (key, Nested::Value(value))));
            continue;
        }
        let rest = |(key, value): (String, T)| (key[name.len() + 1..].to_owned(), value);
        nested.push((name.clone(), Nested::Group(level(inside.into_iter().map(rest).collect(), depth + 1))));
    }
    nested
}

/// The first part of a key and the others; nothing when there is one only, or one is empty.
fn split(key: &str) -> Option<(&str, &str)> {
    let (first, rest) = key.split_once(['.', '/'])?;
    (!first.is_empty() && !rest.is_empty() && !rest.starts_with(['.', '/'])).then_some((first, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(nested: &[(String, Nested<u8>)]) -> String {
        let one = |(key, inside): &(String, Nested<u8>)| match inside {
            Nested::Value(value) => format!("{key}={value}"),
            Nested::Group(inside) => format!("{key}[{}]", shown(inside)),
        };
        nested.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn of(keys: &[&str]) -> String {
        shown(&nest(keys.iter().zip(0..).map(|(key, value)| ((*key).to_owned(), value))))
    }

    #[test]
    fn keys_become_groups_by_dots_and_slashes() {
        assert_eq!(
            of(&["lr", "model.depth", "model.head/size", "model.head/act"]),
            "lr=0 model[depth=1 head[act=3 size=2]]"
        );
    }

    #[test]
    fn a_key_that_is_a_value_itself_is_no_group() {
        assert_eq!(of(&["a", "a.b", "a.c.d"]), "a=0 a.b=1 a.c.d=2");
        assert_eq!(of(&["x.a", "x.a.b"]), "x[a=0 a.b=1]");
    }

    #[test]
    fn keys_with_empty_parts_stay_whole() {
        assert_eq!(of(&[".a", "b.", "c..d", "/", "e.f."]), ".a=0 /=3 b.=1 c..d=2 e[f.=4]");
    }

    #[test]
    fn a_tree_has_few_levels_however_long_its_keys() {
        let key = ["a"; 500].join(".");
        let nested = nest([(key.clone(), 1_u8)]);
        let text = shown(&nested);
        assert_eq!(text.matches('[').count(), DEPTH_MAX - 1);
        assert!(text.contains(&["a"; 400].join(".")));
    }
}
