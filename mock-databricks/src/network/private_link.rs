//! What the public front end says to a client it does not let in.
//!
//! Three forms were recorded. The oldest is the most dangerous: a redirect to a login page, which a client that
//! follows redirects takes for a success.

use http::{HeaderValue, StatusCode, header};

use crate::answer::{Answer, Kind};
use crate::errors;

/// Where the login page is.
pub(crate) const LOGIN_PATH: &str = "/login.html";

/// The form of the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 3xx to the login page (recorded 2023–24).
    Redirect,
    /// 403 as plain text (recorded 2025–26).
    ForbiddenText,
    /// 403 as JSON, the code a string (recorded 2025–26).
    ForbiddenJson,
}

impl Refusal {
    pub(crate) const NAMES: &str = "\"redirect\", \"forbidden-text\" or \"forbidden-json\"";

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::ForbiddenText => "forbidden-text",
            Self::ForbiddenJson => "forbidden-json",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Redirect, Self::ForbiddenText, Self::ForbiddenJson]
            .into_iter()
            .find(|refusal| refusal.name() == name)
    }
}

/// The network settings of the workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrivateLink {
    /// Whether the public front end serves the API.
    pub(crate) public_access: bool,
    pub(crate) refusal: Refusal,
}

impl Default for PrivateLink {
    fn default() -> Self {
        Self {
            public_access: false,
            refusal: Refusal::Redirect,
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
        }
    }
}

/// The page a redirect-following client ends with: 200, and no API answer at all.
pub(crate) fn login_page() -> Answer {
    let page = "<!doctype html><html><head><title>Databricks - Sign In</title></head><body></body></html>";
    let no_cache = HeaderValue::from_static("no-cache, no-store, must-revalidate");
    Answer::new(StatusCode::OK, Kind::Html, page).with(header::CACHE_CONTROL, no_cache)
}
