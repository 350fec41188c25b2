//! What a request says beside its body: the query string, form-decoded (a `+` is a blank), the id in
//! the path, and the versions in its headers.

use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::header::{AsHeaderName, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::response::Response;
use scim::error::ScimError;
use scim::projection::Projection;
use scim::query::Parameters;
use scim::version::Preconditions;

use super::{Endpoint, reply};

/// The parameters of a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(pub(super) Parameters);

impl FromRequestParts<Endpoint> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Endpoint) -> Result<Self, Self::Rejection> {
        let RawQuery(raw) = RawQuery::from_request_parts(parts, state).await?;
        Ok(Self::parse(raw.as_deref().unwrap_or_default()))
    }
}

impl Query {
    fn parse(raw: &str) -> Self {
        let pairs: Vec<_> = ::url::form_urlencoded::parse(raw.as_bytes()).collect();
        Self(Parameters::from_pairs(
            pairs.iter().map(|(name, value)| (&**name, &**value)),
        ))
    }

    /// What of each resource is wanted.
    pub(super) fn projection(&self) -> Projection {
        projection(&self.0)
    }
}

/// What of each resource is wanted.
pub(super) fn projection(parameters: &Parameters) -> Projection {
    Projection::from_query(
        parameters.attributes.as_deref(),
        parameters.excluded_attributes.as_deref(),
    )
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

/// `If-Match` and `If-None-Match` (RFC 7644 §3.14).
pub(super) struct Versions(pub(super) Preconditions);

impl FromRequestParts<Endpoint> for Versions {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Endpoint) -> Result<Self, Self::Rejection> {
        Ok(Self(Preconditions::from_headers(
            values(parts, IF_MATCH),
            values(parts, IF_NONE_MATCH),
        )))
    }
}

/// The values of a header that are text; another one names no version of ours, so it stands for
/// one that nothing has.
fn values(parts: &Parts, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    let values = parts.headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap_or("\"\u{fffd}\""))
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
                Query::parse(raw).0.filter.as_deref(),
                Some("userName eq \"a+b@c.test\""),
                "{raw}"
            );
        }
    }
}
