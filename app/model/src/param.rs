//! Params: what a run was told to do. Typed, so that numbers sort and compare as numbers.

use crate::{Error, Float64, UnixMillis, limits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{collections::BTreeMap, fmt};

/// One value. JSON keeps the type: `1` is an int, `1.0` a float; a float that JSON lacks is `{"float": "NaN"}`.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    Null,
    Bool(bool),
    Int(i64),
    Float(Float64),
    Text(String),
}

impl ParamValue {
    /// The type's name as stored and shown.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
        }
    }

    /// The inverse of `kind` and `Display`; `None` when the pair does not fit.
    pub fn from_stored(kind: &str, text: &str) -> Option<Self> {
        Some(match kind {
            "null" => Self::Null,
            "bool" => Self::Bool(text == "true"),
            "int" => Self::Int(text.parse().ok()?),
            "float" => Self::Float(Float64(Float64::from_name(text).or_else(|| text.parse().ok())?)),
            "text" => Self::Text(text.to_owned()),
            _ => return None,
        })
    }

    /// The finite number behind an int, float or numeric text, for sorting and filters.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Int(value) => *value as f64,
            Self::Float(value) => value.0,
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Null | Self::Bool(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    pub fn check(&self, field: &str) -> Result<(), Error> {
        match self {
            Self::Text(text) => check_text(field, text, limits::TEXT_VALUE_BYTES_MAX),
            _ => Ok(()),
        }
    }
}

/// The shortest text that reads back as the same value.
impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("None"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => match Float64::non_finite_name(value.0) {
                Some(name) => f.write_str(name),
                None => write!(f, "{:?}", value.0),
            },
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for ParamValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) if value.0.is_finite() => serializer.serialize_f64(value.0),
            Self::Float(float) => BTreeMap::from([("float", *float)]).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for ParamValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a text, number, boolean, null or {\"float\": \"NaN\"}")]
        enum Form {
            Bool(bool),
            Int(i64),
            Float(f64),
            Text(String),
            NonFinite(BTreeMap<String, Float64>),
            Null(()),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Bool(value) => Self::Bool(value),
            Form::Int(value) => Self::Int(value),
            Form::Float(value) => Self::Float(Float64(value)),
            Form::Text(text) => Self::Text(text),
            // A map and not a struct, which serde would also read from a list.
            Form::NonFinite(map) => match (map.len(), map.get("float")) {
                (1, Some(float)) => Self::Float(*float),
                _ => return Err(serde::de::Error::custom("expected {\"float\": \"NaN\"}")),
            },
            Form::Null(()) => Self::Null,
        })
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ParamValue {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{Object, SchemaType, Type};
        let types = [Type::Null, Type::Boolean, Type::Integer, Type::Number, Type::String, Type::Object];
        let description = "typed; a float that JSON lacks is {\"float\": \"NaN\"}";
        let object =
            Object::builder().schema_type(SchemaType::from_iter(types)).description(Some(description));
        object.build().into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ParamValue {}

/// A param with its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Param {
    pub key: String,
    pub value: ParamValue,
}

/// What a param was until it was logged anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParamChange {
    pub key: String,
    pub value: ParamValue,
    /// When it was logged anew.
    pub until_ms: UnixMillis,
}

/// The rule for keys of params, metrics and tags: not empty, bounded, no control characters.
pub fn check_key(field: &str, key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > limits::KEY_BYTES_MAX {
        return Err(Error::invalid(field, format!("a key has 1 to {} bytes", limits::KEY_BYTES_MAX)));
    }
    if key.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("key {key:?} holds a control character")));
    }
    Ok(())
}

/// The rule for free text: bounded, and without NUL, which PostgreSQL cannot store.
pub fn check_text(field: &str, text: &str, bytes_max: usize) -> Result<(), Error> {
    if text.len() > bytes_max {
        return Err(Error::invalid(field, format!("a text of at most {bytes_max} bytes was expected")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(field, "a text holds no NUL character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_storage_keep_the_type() {
        let values = [
            ("null", ParamValue::Null),
            ("true", ParamValue::Bool(true)),
            ("1", ParamValue::Int(1)),
            ("1.0", ParamValue::Float(Float64(1.0))),
            ("-0.0", ParamValue::Float(Float64(-0.0))),
            ("1e300", ParamValue::Float(Float64(1e300))),
            (r#"{"float":"NaN"}"#, ParamValue::Float(Float64(f64::NAN))),
            (r#""NaN""#, ParamValue::Text("NaN".into())),
            (r#""1""#, ParamValue::Text("1".into())),
        ];
        for (json, value) in values {
            assert_eq!(serde_json::from_str::<ParamValue>(json).unwrap(), value, "{json}");
            let again = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<ParamValue>(&again).unwrap(), value, "{again}");
            assert_eq!(ParamValue::from_stored(value.kind(), &value.to_string()), Some(value), "{json}");
        }
        for bad in ["[1]", "{}", r#"{"float":1,"x":2}"#, r#"{"x":1}"#, "[]"] {
            assert!(serde_json::from_str::<ParamValue>(bad).is_err(), "{bad}");
        }
    }
}
