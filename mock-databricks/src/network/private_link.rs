//! What the public front end says to a client it does not let in.
//!
//! Four forms were recorded. The oldest is the most dangerous: a redirect to a login page, which a client that
//! follows redirects takes for a success.

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::answer::{Answer, Kind};
use crate::errors;

/// Where the login page is.
pub(crate) const LOGIN_PATH: &str = "/login.html";

/// The form of the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 3xx to the login page [issue: 2023–24].
    Redirect,
    /// 403 as plain text [issue: 2025–26].
    ForbiddenText,
    /// 403 as JSON, the code a string [issue: 2025–26].
    ForbiddenJson,
    /// 403 as the hosts of apps and databases say it [issue].
    ForbiddenApp,
}

impl Refusal {
    pub(crate) const NAMES: &str = "\"redirect\", \"forbidden-text\", \"forbidden-json\" or \"forbidden-app\"";

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::ForbiddenText => "forbidden-text",
            Self::ForbiddenJson => "forbidden-json",
            Self::ForbiddenApp => "forbidden-app",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [
            Self::Redirect,
            Self::ForbiddenText,
            Self::ForbiddenJson,
            Self::ForbiddenApp,
        ]
        .into_iter()
        .find(|refusal| refusal.name() == name)
    }
}

/// The private endpoint of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrivateEndpoint {
    /// Connections reach the workspace.
    Approved,
    /// There is none: DNS knows no `privatelink` name.
    None,
    /// It waits for approval: DNS leads to it, and nobody answers.
    Pending,
}

impl PrivateEndpoint {
    pub(crate) const NAMES: &str = "\"approved\", \"none\" or \"pending\"";

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::None => "none",
            Self::Pending => "pending",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Approved, Self::None, Self::Pending]
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
    }
}

/// The network settings of the workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrivateLink {
    /// Whether the public front end serves the API.
    pub(crate) public_access: bool,
    pub(crate) refusal: Refusal,
    pub(crate) endpoint: PrivateEndpoint,
}

impl Default for PrivateLink {
    fn default() -> Self {
        Self {
            public_access: false,
            refusal: Refusal::Redirect,
            endpoint: PrivateEndpoint::Approved,
        }
    }
}

impl PrivateLink {
    /// The answer to a client that is not let in.
    pub(crate) fn refuse(self, workspace_id: &str, redirect: StatusCode) -> Answer {
        let text = format!("Unauthorized network access to workspace: {workspace_id}");
        match self.refusal {
            Refusal::Redirect => {
                let location = format!("{LOGIN_PATH}?error=private-link-validation-error:{workspace_id}");
                let location = HeaderValue::from_str(&location).expect("digits and plain letters");
                Answer::new(redirect, Kind::Bare, "").with(header::LOCATION, location)
            }
            Refusal::ForbiddenText => Answer::new(StatusCode::FORBIDDEN, Kind::Text, text),
            Refusal::ForbiddenJson => errors::gateway(StatusCode::FORBIDDEN, "403", &text),
            Refusal::ForbiddenApp => {
                let phrase = format!("Public access is not allowed for workspace: {workspace_id}");
                Answer::json(StatusCode::FORBIDDEN, &json!({"X-Databricks-Reason-Phrase": phrase}))
            }
        }
    }
}

/// The page a redirect-following client ends with: 200, and no API answer at all.
pub(crate) fn login_page() -> Answer {
    let page = "<!doctype html><html><head><title>Databricks - Sign In</title></head><body></body></html>";
    let no_cache = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    Answer::new(StatusCode::OK, Kind::Html, page).with(header::CACHE_CONTROL, no_cache)
}
