//! The query string: form-decoded (a `+` is a blank), parameter names in any letter
//! case, unknown ones ignored.

use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use axum::response::Response;
use scim::error::ScimError;
use scim::filter::{self, Filter};
use scim::page::Page;
use scim::projection::Projection;

use super::{Endpoint, reply};

/// The parameters of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    parameters: Vec<(String, String)>,
}

impl FromRequestParts<Endpoint> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Endpoint) -> Result<Self, Self::Rejection> {
        let RawQuery(raw) = RawQuery::from_request_parts(parts, state).await?;
        Ok(Self::parse(raw.as_deref().unwrap_or_default()))
    }
}

/// The last segment of the path. One that is no text names nothing: 404.
pub(super) struct Id(pub(super) String);

impl FromRequestParts<Endpoint> for Id {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Endpoint) -> Result<Self, Response> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(reply::error(&ScimError::not_found())),
        }
    }
}

impl Query {
    fn parse(raw: &str) -> Self {
        Self {
            parameters: ::url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect(),
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// What of each resource is wanted.
    pub(super) fn projection(&self) -> Projection {
        Projection::from_query(self.get("attributes"), self.get("excludedAttributes"))
    }

    /// Which part of the matches is wanted.
    ///
    /// # Errors
    ///
    /// 400 `invalidValue` when `startIndex` or `count` is no number.
    pub(super) fn page(&self, endpoint: &Endpoint) -> Result<Page, ScimError> {
        let options = endpoint.options();
        Page::from_query(
            self.get("startIndex"),
            self.get("count"),
            options.default_page,
            options.max_page,
        )
    }

    /// The filter, if one was given.
    ///
    /// # Errors
    ///
    /// 400 `invalidFilter`.
    pub(super) fn filter(&self, endpoint: &Endpoint) -> Result<Option<Filter>, ScimError> {
        let text = self.get("filter").filter(|text| !text.trim().is_empty());
        Ok(text
            .map(|text| filter::parse(text, &endpoint.options().filter))
            .transpose()?)
    }

    /// Whether a filter was given at all.
    pub(super) fn has_filter(&self) -> bool {
        self.get("filter").is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_a_blank_and_both_kinds_of_quotes_are_read() {
        for raw in [
            "filter=userName+eq+%22a%2Bb%40c.test%22",
            "FILTER=userName%20eq%20\"a%2Bb@c.test\"",
            "aadOptscim062020&filter=userName+eq+%22a%2Bb%40c.test%22",
        ] {
            assert_eq!(
                Query::parse(raw).get("filter"),
                Some("userName eq \"a+b@c.test\""),
                "{raw}"
            );
        }
    }
}
