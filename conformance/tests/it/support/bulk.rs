//! Bulk (RFC 7644 §3.7): operations one after the other, joined by their `bulkId`.

use serde_json::{Value, json};

use super::store::Refusal;
use super::{Call, Reply};

pub const MOST_OPERATIONS: usize = 20;
pub const LARGEST: usize = 40_000;

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Does what each operation says with `act`.
pub fn bulk(call: &Call, mut act: impl FnMut(&Call) -> Reply) -> Result<Reply, Refusal> {
    let body = call.body.as_ref().unwrap_or(&Value::Null);
    if !body["schemas"]
        .as_array()
        .is_some_and(|urns| urns.iter().any(|urn| urn == REQUEST))
    {
        return Err(Refusal(
            400,
            Some("invalidSyntax"),
            "schemas does not name BulkRequest".to_owned(),
        ));
    }
    let operations = body["Operations"].as_array().cloned().unwrap_or_default();
    if operations.len() > MOST_OPERATIONS || call.size > LARGEST {
        return Err(Refusal(
            413,
            None,
            format!("more than {MOST_OPERATIONS} operations or {LARGEST} bytes"),
        ));
    }
    let most_errors = body["failOnErrors"].as_u64().unwrap_or(u64::MAX);
    let (mut done, mut errors, mut made) = (Vec::new(), 0, Vec::<(String, String)>::new());
    for operation in operations {
        if errors >= most_errors {
            break;
        }
        let mut text = operation.to_string();
        for (bulk_id, id) in &made {
            text = text.replace(&format!("bulkId:{bulk_id}"), id);
        }
        let resolved: Value = serde_json::from_str(&text).unwrap();
        let reply = act(&Call {
            method: resolved["method"].as_str().unwrap_or_default().to_uppercase(),
            path: resolved["path"].as_str().unwrap_or_default().to_owned(),
            body: resolved.get("data").cloned(),
            ..Call::default()
        });
        let mut answer = json!({"method": operation["method"], "status": reply.status.to_string()});
        if let Some(bulk_id) = operation["bulkId"].as_str() {
            answer["bulkId"] = json!(bulk_id);
        }
        let body = reply.body.unwrap_or_default();
        if reply.status >= 400 {
            errors += 1;
            answer["response"] = body;
        } else if let (Some(bulk_id), Some(id)) = (operation["bulkId"].as_str(), body["id"].as_str()) {
            made.push((bulk_id.to_owned(), id.to_owned()));
        }
        let location = reply.headers.iter().find(|(name, _)| *name == "x-resource");
        if let Some((_, location)) = location {
            answer["location"] = json!(location);
        }
        done.push(answer);
    }
    Ok(Reply::new(200, json!({"schemas": [RESPONSE], "Operations": done})))
}
