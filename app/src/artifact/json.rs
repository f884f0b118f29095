//! JSON as a tree that opens and closes, with no more nodes than a page bears.

use crate::ui::erase::view;
use leptos::prelude::*;
use serde_json::Value;

/// Values that are drawn, over all; members of one list or object; lists inside each other.
const NODES_MAX: usize = 3_000;
const MEMBERS_MAX: usize = 200;
const DEPTH_MAX: usize = 24;
/// Lists inside each other that stand open.
const DEPTH_OPEN: usize = 2;
/// Characters of what is not drawn as a tree, and of one text.
const LETTERS_MAX: usize = 2_000;

/// A text as a tree; none when it is no JSON.
pub fn tree(text: &str) -> Option<AnyView> {
    let value: Value = crate::json::read(text).ok()?;
    let mut room = NODES_MAX;
    let whole = node(None, &value, 0, &mut room);
    Some(view! { <ul class="json" tabindex="0" aria-label="File content">{whole}</ul> })
}

fn node(key: Option<String>, value: &Value, depth: usize, room: &mut usize) -> AnyView {
    *room = room.saturating_sub(1);
    let key = key.map(|key| view! { <span class="code-key">{key}</span>": " });
    let (marks, count) = match value {
        Value::Array(list) => (("[", "]"), list.len()),
        Value::Object(map) => (("{", "}"), map.len()),
        single => {
            let (class, text) = leaf(single);
            return view! { <li>{key}<span class=class>{text}</span></li> };
        }
    };
    if count == 0 || depth >= DEPTH_MAX || *room == 0 {
        let text = short(&value.to_string());
        return view! { <li>{key}<span>{text}</span></li> };
    }
    let mut members = Vec::new();
    let children: Box<dyn Iterator<Item = (String, &Value)>> = match value {
        Value::Array(list) => Box::new(list.iter().enumerate().map(|(at, value)| (at.to_string(), value))),
        Value::Object(map) => Box::new(map.iter().map(|(key, value)| (short(&quoted(key)), value))),
        _ => Box::new(std::iter::empty()),
    };
    for (key, value) in children.take(MEMBERS_MAX) {
        if *room == 0 {
            break;
        }
        members.push(node(Some(key), value, depth + 1, room));
    }
    let left = count - members.len();
    let more = (left > 0).then(|| view! { <li class="muted">{format!("… {left} more")}</li> });
    let told = format!("{}{count}{}", marks.0, marks.1);
    view! {
        <li>
            <details open=depth < DEPTH_OPEN>
                <summary>{key}<span class="muted">{told}</span></summary>
                <ul>{members}{more}</ul>
            </details>
        </li>
    }
}

fn leaf(value: &Value) -> (&'static str, String) {
    match value {
        Value::String(text) => ("code-string", short(&quoted(text))),
        Value::Number(number) => ("code-number", number.to_string()),
        other => ("code-keyword", other.to_string()),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LETTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
