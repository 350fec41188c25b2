//! Bodies and path parameters whose refusals have the shape of all the others.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use bytes::Bytes;
use http::request::Parts;

use super::{BadInput, Reply};

/// A whole body.
pub(super) struct Body(pub(super) Bytes);

/// The one parameter of a path.
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Reply;

    async fn from_request(request: Request, state: &S) -> Result<Self, Reply> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self)
            .map_err(|error| Reply::error(error.status(), format!("the body cannot be read: {error}")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = BadInput;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, BadInput> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        name.map(|Path(name)| Self(name))
            .map_err(|error| BadInput(format!("the path cannot be read: {error}")))
    }
}
