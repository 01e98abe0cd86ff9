//! What people call the roles.

use crate::packet::Role;

super::messages! { "role";
    sponsor;
    operator;
    evaluator;
    blocker;
    executive_backer;
    likely_blocker;
    unknown;
}

impl Role {
    /// The name people read.
    pub fn title(self) -> &'static str {
        title(self)
    }
}

/// The name people read beside a person.
pub fn title(role: Role) -> &'static str {
    match role {
        Role::Sponsor => sponsor(),
        Role::Operator => operator(),
        Role::Evaluator => evaluator(),
        Role::Blocker => blocker(),
        Role::ExecutiveBacker => executive_backer(),
    }
}

/// The name in a question about somebody we do not know.
pub fn sought(role: Role) -> &'static str {
    if role == Role::Blocker { likely_blocker() } else { title(role) }
}

/// A person's roles, or that they are not known: `operator, likely blocker`.
pub fn list(roles: &[Role]) -> String {
    if roles.is_empty() {
        return unknown().to_owned();
    }
    roles.iter().map(|role| sought(*role)).collect::<Vec<_>>().join(", ")
}
