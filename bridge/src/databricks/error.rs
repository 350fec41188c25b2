//! Why a call to Databricks did not succeed, split by what the caller may do next.

use std::time::Duration;

/// Why it is not known whether a request had an effect (rule B2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No answer within the time limit.
    TimedOut,
    /// The connection ended before the whole answer was there.
    Cut,
    /// A 5xx that proves nothing.
    ServerError(u16),
    /// The same in Databricks' own SCIM words: it works, and this very operation failed.
    Failed(u16),
    /// A page for people instead of an answer.
    Html(u16),
    /// A redirect that is not the Private Link refusal.
    Redirected(u16),
    /// A sign-in page, or the way to one, without Private Link's marker: the credential or the address is wrong.
    SignIn(u16),
    /// An answer that is not what Databricks writes.
    Garbled(u16),
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Cut => f.write_str("the answer was cut off"),
            Self::ServerError(status) => write!(f, "status {status}"),
            Self::Failed(status) => write!(f, "status {status} about this operation"),
            Self::Html(status) => write!(f, "status {status} with a web page"),
            Self::Redirected(status) => write!(f, "redirect {status}"),
            Self::SignIn(status) => write!(
                f,
                "status {status} and a sign-in page: the credential does not count there, or this is not the workspace's API"
            ),
            Self::Garbled(status) => write!(f, "status {status} with an answer that is not Databricks'"),
        }
    }
}

/// The outcome of a call that was not a success.
#[derive(Debug, thiserror::Error)]
pub enum DatabricksError {
    /// Throttled, openly (429) or in disguise (500). No effect; try again after the delay, if one was given.
    #[error("rate limited by databricks")]
    RateLimited {
        /// From `Retry-After`, whole seconds on the wire, at most ten minutes (rule D4).
        retry_after: Option<Duration>,
        /// The limit hit was that of requests at the same time.
        concurrency: bool,
        /// HTTP status.
        status: u16,
    },

    /// Databricks says that it cannot now. No effect; try again.
    #[error("databricks is busy: {detail}")]
    Busy {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// The connection failed before the request was sent. No effect; safe to retry.
    #[error("databricks cannot be reached: {cause}")]
    Unreachable {
        /// Name resolution, connect, TLS …, in words.
        cause: String,
    },

    /// The front end that Private Link closes to the public answered. No effect; the network must be mended.
    #[error("refused by private link: {detail}")]
    PrivateLink {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// The credential, its role or its address is not admitted. No effect; a person must act. The detail begins with
    /// what of them: `credential refused`, `unknown principal`, `not admin`, `ip access list`.
    #[error("not admitted by databricks: {detail}")]
    NotAdmitted {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// The name is taken: look up whose it is before anything else (rules C2, C3).
    #[error("the name is taken at databricks")]
    AlreadyExists {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// There is no such object, or not yet: look before concluding anything.
    #[error("not found at databricks")]
    NotFound {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// A definite refusal of this very request. No effect; the same request will be refused again.
    #[error("refused by databricks ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// A refusal that is about the kind of target and no single object: groups of the account are not changed
    /// through the workspace. No effect; nothing of the kind is worth trying before the configuration is another.
    #[error("not possible at this kind of target ({status}): {detail}")]
    WrongShape {
        /// HTTP status.
        status: u16,
        /// What it said.
        detail: String,
    },

    /// The request was sent and nothing says whether it had an effect: read before writing again.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(Unknown),
}

impl DatabricksError {
    /// The HTTP status, if there was an answer.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::RateLimited { status, .. }
            | Self::Busy { status, .. }
            | Self::PrivateLink { status, .. }
            | Self::NotAdmitted { status, .. }
            | Self::AlreadyExists { status, .. }
            | Self::NotFound { status, .. }
            | Self::Refused { status, .. }
            | Self::WrongShape { status, .. }
            | Self::OutcomeUnknown(
                Unknown::ServerError(status)
                | Unknown::Failed(status)
                | Unknown::Html(status)
                | Unknown::Redirected(status)
                | Unknown::SignIn(status)
                | Unknown::Garbled(status),
            ) => Some(*status),
            Self::Unreachable { .. } | Self::OutcomeUnknown(Unknown::TimedOut | Unknown::Cut) => None,
        }
    }

    /// One word for the log, the events and the health of the target.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate-limited",
            Self::Busy { .. } => "busy",
            Self::Unreachable { .. } => "unreachable",
            Self::PrivateLink { .. } => "private-link",
            Self::NotAdmitted { .. } => "not-admitted",
            Self::AlreadyExists { .. } => "already-exists",
            Self::NotFound { .. } => "not-found",
            Self::Refused { .. } => "refused",
            Self::WrongShape { .. } => "wrong-shape",
            Self::OutcomeUnknown(Unknown::TimedOut) => "timed-out",
            Self::OutcomeUnknown(Unknown::Cut) => "cut-off",
            Self::OutcomeUnknown(Unknown::ServerError(_)) => "server-error",
            Self::OutcomeUnknown(Unknown::Failed(_)) => "failed",
            Self::OutcomeUnknown(Unknown::Html(_)) => "html",
            Self::OutcomeUnknown(Unknown::Redirected(_)) => "redirected",
            Self::OutcomeUnknown(Unknown::SignIn(_)) => "sign-in",
            Self::OutcomeUnknown(Unknown::Garbled(_)) => "garbled",
        }
    }
}
