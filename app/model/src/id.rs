//! Ids and times. Parsed once at the edge, never validated again inside.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An id of 32 lower-case hex digits: random, so that whoever makes it needs to ask nobody.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9a-f]{32}$"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(hex(&bytes))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
                if text.len() == 32 && text.as_bytes().iter().all(hex) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::invalid($field, "expected 32 lower-case hex digits"))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

hex_id!(
    /// A run: chosen by its client, or by the server when the client chose none.
    RunId,
    "run_id"
);
hex_id!(
    /// A process that logs to runs: chosen by the client at its start.
    ProcessId,
    "process_id"
);
hex_id!(
    /// An operational event of a run: chosen by the client, so that sending it again stores it once.
    RunEventId,
    "event_id"
);
hex_id!(
    /// A dataset or a model: chosen by the server.
    AssetId,
    "asset_id"
);
hex_id!(
    /// A trace: chosen by its client.
    TraceId,
    "trace_id"
);
hex_id!(
    /// A file that comes in parts: chosen by the server.
    UploadId,
    "upload_id"
);
hex_id!(
    /// What a start and its finish have in common.
    SpanId,
    "span"
);

impl RunId {
    pub fn to_bytes(&self) -> [u8; 16] {
        u128::from_str_radix(&self.0, 16).expect("a RunId is 32 hex digits").to_be_bytes()
    }

    /// The first eight digits, as people quote an id.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

/// Lower-case hex digits of bytes, two each.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// An integer id that is text on the wire: `"7"`.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9]+$"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub i64);

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(number) if digits => Ok(Self(number)),
                    _ => Err(Error::invalid($field, "expected a decimal number")),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number_id!(
    /// An experiment: counts up from 1; 0 is the one that always exists, `Default`.
    ExperimentId,
    "experiment_id"
);
number_id!(
    /// A project: 0 is the one that always exists, `default`.
    ProjectId,
    "project_id"
);
number_id!(
    /// A person or service that may sign in.
    UserId,
    "user_id"
);
number_id!(
    /// A saved view of an experiment's runs.
    ViewId,
    "view_id"
);

impl ExperimentId {
    pub const DEFAULT: Self = Self(0);
}

impl ProjectId {
    pub const DEFAULT: Self = Self(0);
}

/// Milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_id_is_exactly_32_lower_case_hex_digits() {
        assert!("0123456789abcdef0123456789abcdef".parse::<RunId>().is_ok());
        for bad in
            ["", "../../etc/passwd", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcde"]
        {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn experiment_id_refuses_signs_spaces_and_overflow() {
        assert_eq!("7".parse::<ExperimentId>(), Ok(ExperimentId(7)));
        for bad in ["", "-1", "+1", " 1", "1e3", "99999999999999999999"] {
            assert!(bad.parse::<ExperimentId>().is_err(), "{bad}");
        }
    }
}
