//! Who may do what. Roles only grow: an admin may what a member may, a member what a viewer may.

use crate::{Error, ErrorKind, UserId};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Records and edits.
    Member,
    /// Manages people, tokens and the server.
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::Member, Self::Admin].into_iter().find(|role| role.as_str() == text)
    }
}

/// By which way a request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Our API, also through the Python client.
    #[default]
    Api,
    /// The pages.
    Page,
    /// MLflow's protocol.
    Mlflow,
}

impl Via {
    pub const ALL: [Self; 3] = [Self::Api, Self::Page, Self::Mlflow];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Page => "page",
            Self::Mlflow => "mlflow",
        }
    }
}

/// The person or service behind a request. Every verb of the engine takes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Caller {
    pub user_id: UserId,
    pub name: String,
    pub role: Role,
    #[serde(skip)]
    pub via: Via,
}

impl Caller {
    /// The first line of every verb.
    pub fn require(&self, role: Role) -> Result<(), Error> {
        if self.role >= role {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Forbidden, format!("this needs the role {}", role.as_str())))
        }
    }
}
