//! What must hold: of the answers, and of everything that Databricks was ever asked.

mod access;
mod answers;
mod conduct;
mod creates;
mod prompt;
mod record;

use conformance::stack::control::Received;

use super::drive::Drive;

pub use answers::{group_as_wanted, user_as_wanted};
pub use record::problems as of_record;

/// What is wrong with what Databricks received.
pub fn history(drive: &Drive, received: &[Received]) -> Vec<String> {
    let mut problems = conduct::problems(received);
    problems.extend(creates::problems(drive, received));
    problems.extend(access::problems(drive, received));
    problems.extend(prompt::problems(drive, received));
    problems
}
