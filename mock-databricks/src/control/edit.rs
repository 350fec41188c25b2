//! A foreign hand: SCIM requests executed inside, outside limits and history.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use serde_json::Value;

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields};
use crate::network::front_end::Call;
use crate::network::site::Site;
use crate::state::Id;

/// What stands before a path that begins with the resource.
const WORKSPACE: &str = "/api/2.0/preview/scim/v2";

/// One request of the foreign hand.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) call: Call,
    /// The id a created object gets.
    pub(crate) id: Option<Id>,
}

/// `POST /edit {"method","path","body","id"}`: answers what the API answers. A path may begin with the resource: `/Users/123` is
/// short for the whole. `id` gives a created object an id of one's own: somebody who was deleted comes back the same.
pub(super) async fn edit(State(mock): Shared, Body(body): Body) -> Result<Response, BadInput> {
    let edit = Edit::parse(Fields::from_body(&body)?)?;
    let answer = mock.edit(&edit)?;
    let mut response = (answer.status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.extend(answer.headers.clone());
    if let Some(content_type) = answer.content_type(mock.scim_content_type()) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    Ok(response)
}

impl Edit {
    /// Reads a request of the foreign hand.
    pub(crate) fn parse(mut fields: Fields) -> Result<Self, BadInput> {
        let method = fields.required_text("method")?;
        let target = fields.required_text("path")?;
        let body = match fields.take("body") {
            None => Bytes::new(),
            Some(Value::String(text)) => text.into(),
            Some(json) => json.to_string().into(),
        };
        let name = |field: &str| fields.name(field);
        let (method_field, path_field, id_field) = (name("method"), name("path"), name("id"));
        let id = match fields.text("id")? {
            None => None,
            Some(text) => {
                // A number as it is shown: `007` would come back as `7`.
                let id = Id::parse(&text).filter(|id| *id != Id::none() && id.to_string() == text);
                Some(id.ok_or_else(|| BadInput::field(&id_field, "must be a string of digits, the first not 0"))?)
            }
        };
        fields.finish()?;
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| BadInput::field(&method_field, "is no HTTP method"))?;
        if id.is_some() && method != Method::POST {
            return Err(BadInput::field(&id_field, "is for POST only"));
        }
        if !target.starts_with('/') {
            return Err(BadInput::field(&path_field, "must begin with a slash"));
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target.as_str(), None),
        };
        let path = if path.starts_with("/api/") {
            path.to_owned()
        } else {
            format!("{WORKSPACE}{path}")
        };
        let call = Call {
            method,
            path,
            query,
            headers: HeaderMap::new(),
            host: None,
            site: Site::Any,
            peer: None,
            body,
        };
        Ok(Self { call, id })
    }
}
