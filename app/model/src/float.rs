//! A 64-bit float that survives JSON: NaN and the infinities travel as the texts `"NaN"`, `"Infinity"`, `"-Infinity"`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// An IEEE 754 double whose JSON form loses nothing but the payload of a NaN.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = f64))]
pub struct Float64(pub f64);

impl Float64 {
    /// The name of a value that JSON numbers cannot hold.
    pub fn non_finite_name(value: f64) -> Option<&'static str> {
        if value.is_finite() {
            None
        } else if value.is_nan() {
            Some("NaN")
        } else if value > 0.0 {
            Some("Infinity")
        } else {
            Some("-Infinity")
        }
    }

    /// The value behind such a name, also as Python prints it.
    pub fn from_name(name: &str) -> Option<f64> {
        match name {
            "NaN" | "nan" => Some(f64::NAN),
            "Infinity" | "inf" => Some(f64::INFINITY),
            "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }
}

/// Bitwise: NaN equals itself, 0.0 differs from −0.0.
impl PartialEq for Float64 {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Float64 {}

impl Serialize for Float64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Self::non_finite_name(self.0) {
            Some(name) => serializer.serialize_str(name),
            None => serializer.serialize_f64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Float64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Float64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or one of the texts \"NaN\", \"Infinity\", \"-Infinity\"")
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Float64, E> {
                Ok(Float64(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Float64, E> {
                Ok(Float64(value as f64))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Float64, E> {
                Ok(Float64(value as f64))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Float64, E> {
                Float64::from_name(text)
                    .map(Float64)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_every_value_exactly() {
        for value in [0.1, -0.0, 5e-324, f64::MAX, 1.0 / 3.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let text = serde_json::to_string(&Float64(value)).unwrap();
            assert_eq!(serde_json::from_str::<Float64>(&text).unwrap(), Float64(value), "{text}");
        }
    }

    #[test]
    fn a_bare_nan_is_not_json() {
        assert!(serde_json::from_str::<Float64>("NaN").is_err());
        assert!(serde_json::from_str::<Float64>("\"nonsense\"").is_err());
    }
}
