//! What the frame knows of whoever looks: known to both halves without a request, because the document carries it.

use model::user::Role;

/// The person, and how they like the frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    pub user: Option<String>,
    pub role: Option<Role>,
    /// Where this server is reached: `http://127.0.0.1:7171`.
    pub origin: String,
    /// `light`, `dark`, or empty for whatever the system says.
    pub theme: String,
    /// `narrow`, or empty.
    pub rail: String,
}

impl Session {
    /// On the server read from the request, in the browser from the document that the server made of it.
    #[cfg(feature = "ssr")]
    pub fn current() -> Self {
        crate::remote::session()
    }

    #[cfg(not(feature = "ssr"))]
    pub fn current() -> Self {
        use leptos::prelude::{document, window};
        let root = document().document_element();
        let read = |name: &str| root.as_ref().and_then(|root| root.get_attribute(name));
        Self {
            user: read("data-user"),
            role: read("data-role").and_then(|word| Role::parse(&word)),
            origin: window().location().origin().unwrap_or_default(),
            theme: read("data-theme").unwrap_or_default(),
            rail: read("data-rail").unwrap_or_default(),
        }
    }

    /// Whether the person may change anything. The server asks again; this decides what is offered.
    pub fn may_edit(&self) -> bool {
        self.role.is_some_and(|role| role >= Role::Member)
    }

    /// Whether the person may do what cannot be undone.
    pub fn may_administrate(&self) -> bool {
        self.role.is_some_and(|role| role >= Role::Admin)
    }
}
