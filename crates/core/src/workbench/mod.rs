//! What RevOps runs over mappings: lint, live check, compare, coverage, scaffold, spec, schema.

pub mod compare;
pub mod coverage;
pub mod lint;
pub mod live_check;
pub mod recogniser;
pub mod scaffold;
pub mod schema;
pub mod setup;
pub mod spec;
