//! Deleting for good, stopped at any point.
