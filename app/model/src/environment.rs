//! What a run ran on and with: code, command, machine, packages. Any JSON object; the keys are the client's.

use crate::{Error, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Clients of ours send `git`, `command`, `entry`, `cwd`, `python`, `packages`, `host`, `gpus`, `seeds` and `variables`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = Object))]
#[serde(transparent)]
pub struct Environment(pub Map<String, Value>);

impl Environment {
    /// Nothing was told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it is stored, if it is not too large.
    pub fn to_json(&self) -> Result<String, Error> {
        let json = serde_json::to_string(&self.0).expect("an object of JSON values is JSON");
        if json.len() > limits::ENVIRONMENT_BYTES_MAX {
            let most = format!("at most {} bytes of JSON", limits::ENVIRONMENT_BYTES_MAX);
            return Err(Error::too_large("environment", most));
        }
        Ok(json)
    }

    /// What lies at a path of keys: `["git", "commit"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, key| value.get(*key))
    }

    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_absent_at_any_depth() {
        let environment: Environment =
            serde_json::from_str(r#"{"git": {"commit": "abc", "dirty": true}}"#).unwrap();
        assert_eq!(environment.text(&["git", "commit"]), Some("abc"));
        assert_eq!(environment.text(&["git", "dirty"]), None);
        assert_eq!(environment.at(&["git", "dirty"]), Some(&Value::Bool(true)));
        assert_eq!(environment.at(&["git", "commit", "deeper"]), None);
        assert_eq!(environment.at(&["host", "name"]), None);
    }

    #[test]
    fn a_list_is_no_environment() {
        assert!(serde_json::from_str::<Environment>("[]").is_err());
    }
}
