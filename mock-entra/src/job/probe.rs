//! The connection test: a filter for a value that nothing can have (reference §6).

use uuid::Uuid;

use super::{failure::ErrorCode, options::Options};
use crate::{
    client::{NoAnswer, ScimClient},
    wire::{query, read},
};

/// The result of a connection test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every probe was answered 200 with an empty list.
    Passed,
    /// The portal would show an error.
    Failed(ProbeFailure),
}

impl Verdict {
    /// Whether the test passed.
    pub fn is_passed(&self) -> bool {
        matches!(self, Self::Passed)
    }
}

/// Why a connection test failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ProbeFailure {
    /// The code the portal shows.
    pub code: ErrorCode,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What the portal says: the answer, the resource asked for and the operation.
    pub message: String,
}

/// Asks for users, and for groups if they are mapped, with one random GUID.
pub(crate) async fn test(client: &ScimClient, options: &Options) -> Verdict {
    let guid = random_guid();
    let users = options.mappings.first_user_match().map(|target| {
        let attribute = target.to_string();
        (
            query::find_user(&attribute, &guid),
            format!("/Users?filter={attribute}"),
        )
    });
    let groups = options.mappings.first_group_match().map(|target| {
        let attribute = target.to_string();
        let shown = format!("/Groups?excludedAttributes=members&filter={attribute}");
        (query::find_group(&attribute, &guid), shown)
    });
    for (path, shown) in users.into_iter().chain(groups) {
        let resource = format!("{}+eq+\"{guid}\"", client.absolute(&shown));
        if let Err(failure) = ask(client, &path, &resource).await {
            return Verdict::Failed(failure);
        }
    }
    Verdict::Passed
}

async fn ask(client: &ScimClient, path: &str, resource: &str) -> Result<(), ProbeFailure> {
    let fail = |code, status: Option<u16>, text: &str| {
        let name = status.map_or("no response".to_owned(), status_name);
        let message = format!("{text}. Resource: {resource} Operation: GET Response Status Code: {name}");
        Err(ProbeFailure { code, status, message })
    };
    let answer = match client.get(path).await {
        Ok(answer) => answer,
        Err(error @ (NoAnswer::Timeout | NoAnswer::Failed(_))) => {
            let text = error.to_string();
            return fail(ErrorCode::CredentialValidationUnavailable, None, &text);
        }
    };
    let status = Some(answer.status);
    let detail = answer.detail();
    match answer.status {
        200 => {}
        400 => return fail(ErrorCode::BadRequest, status, &detail),
        401 | 403 => {
            let text = format!("you appear to have entered invalid credentials ({detail})");
            return fail(ErrorCode::InvalidCredentials, status, &text);
        }
        404 => {
            let text = format!("404 NotFound came instead of the wanted 200 ({detail})");
            return fail(ErrorCode::CredentialValidationUnavailable, status, &text);
        }
        _ => return fail(ErrorCode::CredentialValidationUnavailable, status, &detail),
    }
    let list = answer
        .body
        .as_ref()
        .ok_or_else(|| read::Unreadable("no JSON".to_owned()));
    match list.and_then(read::list) {
        Ok(found) if found.total == 0 => Ok(()),
        Ok(found) if found.total == 1 => {
            let text = "a filter for a random value was answered with a resource";
            fail(ErrorCode::ServiceIncompatible, status, text)
        }
        Ok(_) => {
            let text = "a filter for a random value was answered with several resources";
            fail(ErrorCode::MultipleEntriesInResponse, status, text)
        }
        Err(error) => fail(ErrorCode::ServiceIncompatible, status, &error.to_string()),
    }
}

/// A status as .NET prints it, for the ones the portal is known to show.
fn status_name(status: u16) -> String {
    let name = match status {
        200 => "OK",
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        500 => "InternalServerError",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => return status.to_string(),
    };
    name.to_owned()
}

/// The one place where chance comes in.
fn random_guid() -> String {
    Uuid::new_v4().to_string()
}
