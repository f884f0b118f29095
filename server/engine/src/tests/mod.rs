//! The verbs on a real store, on every database.
