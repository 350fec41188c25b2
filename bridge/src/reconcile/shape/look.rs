//! The few reads that tell the shape of a target, besides its lists.

use super::super::assign::Workspace;
use super::Evidence;
use crate::databricks::wire::WireAssignments;
use crate::databricks::{Answered, Client, DatabricksError, Level};

/// What a read can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether the workspace has identity federation: it serves permission assignments then.
    Federation,
    /// Whether identities of the account can be read through the workspace.
    Proxy,
    /// Who of the account is in the workspace of this number.
    Assigned(u64),
}

/// What is worth asking at a level; the account's own host knows nothing of either.
pub const fn questions(level: Level) -> &'static [Question] {
    match level {
        Level::Workspace => &[Question::Federation, Question::Proxy],
        // The lists themselves are read that way.
        Level::AccountThroughWorkspace => &[Question::Federation],
        Level::Account => &[],
    }
}

impl Evidence {
    /// Asks one question and takes in the answer.
    ///
    /// # Errors
    ///
    /// What is worth trying again. Anything else that is no clear answer leaves the question open.
    pub async fn ask(&mut self, question: Question, client: &Client) -> Result<(), DatabricksError> {
        match question {
            Question::Federation => {
                let asked = client.assignments(None).await;
                if client.level() == Level::AccountThroughWorkspace {
                    self.note_assigned(None, &asked);
                }
                self.federated = told(asked.map(drop))?;
            }
            Question::Proxy => self.proxy = told(client.account_through_workspace().await)?,
            Question::Assigned(number) => {
                let asked = client.assignments(Some(number)).await;
                self.note_assigned(Some(number), &asked);
                told(asked.map(drop))?;
            }
        }
        Ok(())
    }

    /// A list that could not be read says nothing.
    fn note_assigned(&mut self, workspace: Workspace, asked: &Result<Answered<WireAssignments>, DatabricksError>) {
        if let Ok(listed) = asked {
            let all = listed.value.permission_assignments.iter();
            let ids = all.map(|one| one.principal.principal_id).collect();
            self.assigned.insert(workspace, ids);
        }
    }
}

fn told(asked: Result<(), DatabricksError>) -> Result<Option<bool>, DatabricksError> {
    match asked {
        Ok(()) => Ok(Some(true)),
        Err(DatabricksError::Refused { .. } | DatabricksError::NotFound { .. }) => Ok(Some(false)),
        Err(
            error @ (DatabricksError::RateLimited { .. }
            | DatabricksError::Busy { .. }
            | DatabricksError::Unreachable { .. }
            | DatabricksError::PrivateLink { .. }),
        ) => Err(error),
        Err(
            DatabricksError::NotAdmitted { .. }
            | DatabricksError::AlreadyExists { .. }
            | DatabricksError::WrongShape { .. }
            | DatabricksError::OutcomeUnknown(_),
        ) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::databricks::Unknown;

    #[test]
    fn only_a_clear_answer_tells_something_and_only_a_passing_trouble_is_tried_again() {
        let (status, detail) = (400, String::new());
        let refused = DatabricksError::Refused { status, detail };
        assert!(matches!(told(Ok(())), Ok(Some(true))));
        assert!(matches!(told(Err(refused)), Ok(Some(false))));
        let garbled = DatabricksError::OutcomeUnknown(Unknown::Garbled(404));
        assert!(matches!(told(Err(garbled)), Ok(None)));
        let busy = DatabricksError::Busy {
            status: 503,
            detail: String::new(),
        };
        assert!(told(Err(busy)).is_err());
    }
}
