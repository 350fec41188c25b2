//! What a sequence made or presupposes at the server: creating it, deleting it.

use reqwest::Method;
use serde_json::Value;

use super::{Given, Ids};
use crate::{
    client::{NoAnswer, ScimClient},
    wire::{query::encode, read},
};

/// Resources made by this replay, in order.
#[derive(Debug, Default)]
pub(super) struct Made {
    resources: Vec<String>,
}

impl Made {
    /// Remembers what an answer to a POST made.
    pub(super) fn created(&mut self, endpoint: &str, id: &str) {
        self.resources.push(format!("{endpoint}/{}", encode(id)));
    }

    /// Deletes everything, last first. Answers what could not be deleted.
    pub(super) async fn delete_all(&mut self, client: &ScimClient) -> Vec<String> {
        let mut left = Vec::new();
        while let Some(path) = self.resources.pop() {
            match client.delete(&path).await {
                Ok(answer) if matches!(answer.status, 200 | 202 | 204 | 404) => {}
                _ => left.push(path),
            }
        }
        left
    }
}

/// Creates what a step presupposes. The error says in one line what could not be made.
pub(super) async fn create(client: &ScimClient, given: &Given, ids: &mut Ids, made: &mut Made) -> Result<(), String> {
    let users = given.users.iter().map(|user| ("/Users", user));
    let groups = given.groups.iter().map(|group| ("/Groups", group));
    for (endpoint, resource) in users.chain(groups) {
        let mut body = ids.json(resource);
        let placeholder = body.as_object_mut().and_then(|body| body.shift_remove("id"));
        let answer = client
            .post(endpoint, &body)
            .await
            .map_err(|error: NoAnswer| format!("given resource could not be created: POST {endpoint}: {error}"))?;
        let id = answer.body.as_ref().and_then(read::id_of);
        let (200 | 201, Some(id)) = (answer.status, id) else {
            return Err(format!(
                "given resource could not be created: POST {endpoint} answered {}: {}",
                answer.status,
                answer.detail()
            ));
        };
        made.created(endpoint, id);
        // The placeholder as it stands in the file: mapping the body has not touched it, unless it
        // was known already, which `given` makes impossible by starting with an empty map.
        if let Some(placeholder) = placeholder.as_ref().and_then(Value::as_str) {
            ids.learn(placeholder, id);
        }
    }
    Ok(())
}

/// If a request made a resource, its endpoint.
pub(super) fn endpoint<'a>(method: &Method, path: &'a str) -> Option<&'a str> {
    let endpoint = path.split(['?', '#']).next()?.trim_end_matches('/');
    (*method == Method::POST && matches!(endpoint, "/Users" | "/Groups")).then_some(endpoint)
}
