//! What an answer that is no success means for the object, or for the whole job.
//!
//! One function decides that for all requests ([`Fault::of`]); the codes are those of the
//! provisioning log (reference §10 and §17).

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    client::{Answer, NoAnswer},
    directory::ObjectId,
    wire::read::Unreadable,
};

/// An error code of the provisioning log (reference §17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ErrorCode {
    /// 409: the target says duplicate.
    EntryConflict,
    /// 429.
    TooManyRequests,
    /// 5xx of the target.
    InternalServerError,
    /// 403 for one object.
    InsufficientRights,
    /// 405.
    MethodNotAllowed,
    /// 401.
    Unauthorized,
    /// 422.
    UnprocessableEntity,
    /// HTTP went wrong below SCIM: no connection, a redirect, an unexpected status.
    WebExceptionProtocolError,
    /// The cached target id no longer exists.
    InvalidAnchor,
    /// 501.
    NotImplemented,
    /// No answer in time.
    Timeout,
    /// Several target objects for the matching value.
    DuplicateTargetEntries,
    /// Several source objects for one target object.
    DuplicateSourceEntries,
    /// The object has no value for any matching attribute.
    ImportSkipped,
    /// Several resources, or members, where one resource was wanted.
    #[serde(rename = "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse")]
    MultipleEntriesInResponse,
    /// The answer cannot be read as SCIM.
    #[serde(rename = "SystemForCrossDomainIdentityManagementServiceIncompatible")]
    ServiceIncompatible,
    /// 400.
    #[serde(rename = "SystemForCrossDomainIdentityManagementBadRequest")]
    BadRequest,
    /// The connection test could not be done.
    #[serde(rename = "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable")]
    CredentialValidationUnavailable,
    /// The connection test was answered 401 or 403. The reference gives the portal's text only,
    /// so the name is inferred.
    InvalidCredentials,
    /// A manager or member that should be provisioned is not.
    UnableToResolveReferenceAttributeValue,
}

impl ErrorCode {
    /// The code as the log writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntryConflict => "EntryConflict",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalServerError => "InternalServerError",
            Self::InsufficientRights => "InsufficientRights",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::Unauthorized => "Unauthorized",
            Self::UnprocessableEntity => "UnprocessableEntity",
            Self::WebExceptionProtocolError => "WebExceptionProtocolError",
            Self::InvalidAnchor => "InvalidAnchor",
            Self::NotImplemented => "NotImplemented",
            Self::Timeout => "Timeout",
            Self::DuplicateTargetEntries => "DuplicateTargetEntries",
            Self::DuplicateSourceEntries => "DuplicateSourceEntries",
            Self::ImportSkipped => "ImportSkipped",
            Self::MultipleEntriesInResponse => "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",
            Self::ServiceIncompatible => "SystemForCrossDomainIdentityManagementServiceIncompatible",
            Self::BadRequest => "SystemForCrossDomainIdentityManagementBadRequest",
            Self::CredentialValidationUnavailable => {
                "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"
            }
            Self::InvalidCredentials => "InvalidCredentials",
            Self::UnableToResolveReferenceAttributeValue => "UnableToResolveReferenceAttributeValue",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What kind of object failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A user.
    User,
    /// A group.
    Group,
}

/// An object that was not brought up to date. It is tried again in the next cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// User or group.
    pub kind: ObjectKind,
    /// Its source id.
    pub id: ObjectId,
    /// Its login or display name, empty if the directory has forgotten it.
    pub name: String,
    /// The event of the provisioning log, for example `EntryExportAdd`.
    pub step: String,
    /// The code of the provisioning log.
    pub code: ErrorCode,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What the server or this client says about it.
    pub detail: String,
}

/// What a request was for: that decides what its status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A query with a filter. A 404 here means that the whole endpoint is wrong.
    Filter,
    /// Anything on one resource by id. A 404 here means that the link is stale.
    ById,
    /// A POST.
    Create,
}

/// Why a request did not do what it was sent for, split by what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This object fails; next cycle.
    Object {
        code: ErrorCode,
        status: Option<u16>,
        detail: String,
    },
    /// This object is tried again in this cycle, if retries are left.
    Again {
        code: ErrorCode,
        status: Option<u16>,
        detail: String,
        after: Option<Duration>,
    },
    /// The job stops and goes to quarantine.
    Quarantine {
        code: ErrorCode,
        status: Option<u16>,
        detail: String,
    },
}

impl Fault {
    pub(crate) fn object(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Object {
            code,
            status: None,
            detail: detail.into(),
        }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Object { code, .. } | Self::Again { code, .. } | Self::Quarantine { code, .. } => *code,
        }
    }

    /// The meaning of an answer that is no success.
    pub(crate) fn of(answer: &Answer, purpose: Purpose) -> Self {
        let (status, detail) = (Some(answer.status), answer.detail());
        let object = |code| Self::Object {
            code,
            status,
            detail: detail.clone(),
        };
        let again = |code| Self::Again {
            code,
            status,
            detail: detail.clone(),
            after: answer.retry_after,
        };
        match answer.status {
            400 => object(ErrorCode::BadRequest),
            401 => Self::Quarantine {
                code: ErrorCode::Unauthorized,
                status,
                detail: detail.clone(),
            },
            403 => object(ErrorCode::InsufficientRights),
            404 => match purpose {
                Purpose::ById => object(ErrorCode::InvalidAnchor),
                Purpose::Filter | Purpose::Create => Self::Quarantine {
                    code: ErrorCode::ServiceIncompatible,
                    status,
                    detail: format!("404 NotFound came instead of the wanted 200: {detail}"),
                },
            },
            405 => object(ErrorCode::MethodNotAllowed),
            409 => object(ErrorCode::EntryConflict),
            422 => object(ErrorCode::UnprocessableEntity),
            429 => again(ErrorCode::TooManyRequests),
            501 => object(ErrorCode::NotImplemented),
            502 => again(ErrorCode::WebExceptionProtocolError),
            504 => again(ErrorCode::Timeout),
            500..=599 => again(ErrorCode::InternalServerError),
            200..=299 => object(ErrorCode::ServiceIncompatible),
            _ => object(ErrorCode::WebExceptionProtocolError),
        }
    }
}

impl From<NoAnswer> for Fault {
    fn from(error: NoAnswer) -> Self {
        let code = match &error {
            NoAnswer::Timeout => ErrorCode::Timeout,
            NoAnswer::Failed(_) => ErrorCode::WebExceptionProtocolError,
        };
        Self::Again {
            code,
            status: None,
            detail: error.to_string(),
            after: None,
        }
    }
}

impl From<Unreadable> for Fault {
    fn from(error: Unreadable) -> Self {
        Self::object(ErrorCode::ServiceIncompatible, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(status: u16, purpose: Purpose) -> Fault {
        let answer = Answer {
            status,
            body: None,
            text: String::new(),
            retry_after: None,
        };
        Fault::of(&answer, purpose)
    }

    #[test]
    fn status_codes_have_the_reactions_of_the_reference() {
        let table = [
            (400, "SystemForCrossDomainIdentityManagementBadRequest"),
            (403, "InsufficientRights"),
            (404, "InvalidAnchor"),
            (405, "MethodNotAllowed"),
            (409, "EntryConflict"),
            (422, "UnprocessableEntity"),
            (429, "TooManyRequests"),
            (500, "InternalServerError"),
            (501, "NotImplemented"),
            (503, "InternalServerError"),
            (504, "Timeout"),
            (302, "WebExceptionProtocolError"),
        ];
        for (status, code) in table {
            assert_eq!(fault(status, Purpose::ById).code().as_str(), code, "{status}");
        }
    }

    #[test]
    fn lost_credential_and_404_on_a_filter_stop_the_job() {
        for (status, purpose) in [(401, Purpose::ById), (404, Purpose::Filter)] {
            assert!(matches!(fault(status, purpose), Fault::Quarantine { .. }), "{status}");
        }
    }

    #[test]
    fn codes_are_serialised_as_the_log_writes_them() {
        let code = ErrorCode::ServiceIncompatible;
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        let code = ErrorCode::InvalidAnchor;
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}
