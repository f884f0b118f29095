//! Params as code: JSON, YAML, a Python dict, flags of a command. What is written reads back as the same values.

use super::nest::{Nested, nest};
use crate::quote;
use model::param::{Param, ParamValue};
use serde_json::{Map, Value};

/// What they are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Python,
    Json,
    Yaml,
    Flags,
}

impl Form {
    pub const ALL: [Self; 4] = [Self::Python, Self::Json, Self::Yaml, Self::Flags];

    pub fn title(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Flags => "Flags",
        }
    }
}

type Item<'a> = (String, Nested<&'a ParamValue>);

/// With `nested`, keys with dots and slashes become objects inside objects; flags are never nested.
pub fn write(params: &[Param], form: Form, nested: bool) -> String {
    let pairs = params.iter().map(|one| (one.key.clone(), &one.value));
    let items: Vec<Item> = match (form, nested) {
        (Form::Flags, _) => return flags(params),
        (_, true) => nest(pairs),
        (_, false) => pairs.map(|(key, value)| (key, Nested::Value(value))).collect(),
    };
    match form {
        Form::Json => {
            serde_json::to_string_pretty(&Value::Object(json(items))).expect("JSON values are JSON")
        }
        Form::Yaml if items.is_empty() => "{}\n".to_owned(),
        Form::Yaml => {
            let mut out = String::new();
            yaml(&items, 0, &mut out);
            out
        }
        Form::Python | Form::Flags => {
            let mut out = "params = ".to_owned();
            python(&items, 0, &mut out);
            out.push('\n');
            out
        }
    }
}

/// As our API takes them: a number that JSON lacks is `{"float": "NaN"}`.
fn json(items: Vec<Item>) -> Map<String, Value> {
    let one = |(key, item): Item| {
        let value = match item {
            Nested::Value(value) => serde_json::to_value(value).expect("params are plain JSON values"),
            Nested::Group(items) => Value::Object(json(items)),
        };
        (key, value)
    };
    items.into_iter().map(one).collect()
}

fn python(items: &[Item], depth: usize, out: &mut String) {
    if items.is_empty() {
        out.push_str("{}");
        return;
    }
    out.push_str("{\n");
    for (key, item) in items {
        out.push_str(&"    ".repeat(depth + 1));
        out.push_str(&quote::double(key));
        out.push_str(": ");
        match item {
            Nested::Value(value) => out.push_str(&python_value(value)),
            Nested::Group(items) => python(items, depth + 1, out),
        }
        out.push_str(",\n");
    }
    out.push_str(&"    ".repeat(depth));
    out.push('}');
}

fn python_value(value: &ParamValue) -> String {
    match value {
        ParamValue::Bool(true) => "True".into(),
        ParamValue::Bool(false) => "False".into(),
        ParamValue::Float(float) if float.0.is_nan() => "float(\"nan\")".into(),
        ParamValue::Float(float) if float.0 == f64::INFINITY => "float(\"inf\")".into(),
        ParamValue::Float(float) if float.0 == f64::NEG_INFINITY => "float(\"-inf\")".into(),
        ParamValue::Text(text) => quote::double(text),
        ParamValue::Null | ParamValue::Int(_) | ParamValue::Float(_) => value.to_string(),
    }
}

fn yaml(items: &[Item], depth: usize, out: &mut String) {
    for (key, item) in items {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&yaml_text(key));
        out.push(':');
        match item {
            Nested::Value(value) => {
                out.push(' ');
                out.push_str(&yaml_value(value));
                out.push('\n');
            }
            Nested::Group(items) => {
                out.push('\n');
                yaml(items, depth + 1, out);
            }
        }
    }
}

fn yaml_value(value: &ParamValue) -> String {
    match value {
        ParamValue::Null => "null".into(),
        ParamValue::Float(float) if float.0.is_nan() => ".nan".into(),
        ParamValue::Float(float) if float.0 == f64::INFINITY => ".inf".into(),
        ParamValue::Float(float) if float.0 == f64::NEG_INFINITY => "-.inf".into(),
        ParamValue::Float(float) => yaml_float(float.0),
        ParamValue::Text(text) => yaml_text(text),
        ParamValue::Bool(_) | ParamValue::Int(_) => value.to_string(),
    }
}

/// Readers of YAML 1.1 take `1e-5` for a text: a float has a dot, and its exponent a sign.
fn yaml_float(value: f64) -> String {
    let text = format!("{value:?}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let dot = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}{dot}e{sign}{exponent}")
}

/// Bare where no reader could take it for anything but a text, else between quotes.
fn yaml_text(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let bare = text.starts_with(|one: char| one.is_ascii_alphabetic())
        && text.bytes().all(plain)
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if bare { text.to_owned() } else { quote::double(text) }
}

/// A flag a line, each but the last with a backslash at its end.
fn flags(params: &[Param]) -> String {
    let flag = |one: &Param| quote::shell(&format!("--{}={}", one.key, one.value));
    params.iter().map(flag).collect::<Vec<_>>().join(" \\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Float64;
    use std::process::Command;

    fn float(value: f64) -> ParamValue {
        ParamValue::Float(Float64(value))
    }

    fn params() -> Vec<Param> {
        let pairs = [
            ("a.b", ParamValue::Text("two\nlines \"and\" it's \\".into())),
            ("a.c/d", float(1e-5)),
            ("a.c/e", float(f64::NAN)),
            ("big", float(1e300)),
            ("flag", ParamValue::Bool(true)),
            ("inf", float(f64::NEG_INFINITY)),
            ("key with: colon", ParamValue::Int(-3)),
            ("none", ParamValue::Null),
            ("number", ParamValue::Text("1".into())),
            ("word", ParamValue::Text("No".into())),
            ("zero", float(0.0)),
        ];
        pairs.into_iter().map(|(key, value)| Param { key: key.into(), value }).collect()
    }

    #[test]
    fn python_gives_back_the_same_values() {
        let code = write(&params(), Form::Python, true);
        let check = "
import math
assert params['a']['b'] == 'two\\nlines \"and\" it\\'s \\\\', params
assert params['a']['c']['d'] == 1e-5 and math.isnan(params['a']['c']['e'])
assert params['big'] == 1e300 and params['inf'] == -math.inf and params['flag'] is True
assert params['none'] is None and params['number'] == '1' and params['key with: colon'] == -3
assert isinstance(params['zero'], float)
";
        let done =
            Command::new("python3").arg("-c").arg(format!("{code}{check}")).output().expect("Python runs");
        assert!(done.status.success(), "{code}\n{}", String::from_utf8_lossy(&done.stderr));
        assert!(write(&params(), Form::Python, false).contains("    \"a.c/d\": 1e-5,\n"));
        assert_eq!(write(&[], Form::Python, false), "params = {}\n");
    }

    #[test]
    fn yaml_is_read_alike_by_old_and_new_readers() {
        assert_eq!(
            write(&params(), Form::Yaml, true),
            "a:\n  b: \"two\\nlines \\\"and\\\" it's \\\\\"\n  c:\n    d: 1.0e-5\n    e: .nan\nbig: 1.0e+300\n\
             flag: true\ninf: -.inf\n\"key with: colon\": -3\nnone: null\nnumber: \"1\"\nword: \"No\"\nzero: 0.0\n"
        );
        assert_eq!(write(&[], Form::Yaml, true), "{}\n");
    }

    #[test]
    fn copied_json_keeps_types() {
        let text = write(&params(), Form::Json, false);
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (&value["number"], &value["flag"], &value["none"]),
            (&"1".into(), &true.into(), &Value::Null)
        );
        assert_eq!(value["a.c/e"]["float"], "NaN");
        let nested: Value = serde_json::from_str(&write(&params(), Form::Json, true)).expect("JSON");
        assert_eq!(nested["a"]["c"]["d"], 1e-5);
    }

    #[test]
    fn flags_are_words_of_a_command() {
        let script = format!("printf '<%s>' {}", write(&params(), Form::Flags, true));
        let done = Command::new("bash").arg("-c").arg(&script).output().expect("bash runs");
        let words = String::from_utf8(done.stdout).expect("UTF-8");
        assert!(
            words.starts_with("<--a.b=two\nlines \"and\" it's \\><--a.c/d=1e-5><--a.c/e=NaN>"),
            "{words}"
        );
        assert!(words.ends_with("<--key with: colon=-3><--none=None><--number=1><--word=No><--zero=0.0>"));
        assert_eq!(write(&[], Form::Flags, true), "");
    }
}
