//! Create, read, replace, change and delete, with versions.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::projection::projected;
use super::store::{Refusal, Store, members, naming_attribute};
use super::{Call, Reply, patching, schema};

pub fn create(store: &mut Store, base: &str, kind: &str, call: &Call) -> Result<Reply, Refusal> {
    let mut resource = draft(kind, call)?;
    if kind == "Users" && resource["active"].is_null() {
        resource["active"] = json!(true);
    }
    admit(store, kind, &resource, None)?;
    let id = store.next_id();
    resource["id"] = json!(id);
    resource["meta"] = json!({
        "resourceType": kind.trim_end_matches('s'),
        "location": format!("{base}/{kind}/{id}"),
    });
    store.touch(&mut resource);
    store.of(kind).push(resource.clone());
    let location = resource["meta"]["location"].as_str().unwrap().to_owned();
    Ok(shown(store, base, kind, 201, &resource, call).with("location", location))
}

/// Every method on one resource.
pub fn one(store: &mut Store, base: &str, kind: &str, id: &str, call: &Call) -> Result<Reply, Refusal> {
    let at = store
        .position(kind, id)
        .ok_or_else(|| Refusal(404, None, format!("nobody has the id {id}")))?;
    let old = store.all(kind)[at].clone();
    let version = old["meta"]["version"].as_str().unwrap().to_owned();
    let names = |header: &str| {
        call.header(header)
            .map(|tags| tags == "*" || tags.split(',').any(|tag| tag.trim() == version))
    };
    if call.method != "GET" && names("if-match") == Some(false) {
        return Err(Refusal(412, None, "the resource has another version by now".to_owned()));
    }
    let mut new = match call.method.as_str() {
        "GET" if names("if-none-match") == Some(true) => return Ok(Reply::empty(304).with("etag", version)),
        "GET" => return Ok(shown(store, base, kind, 200, &old, call)),
        "DELETE" => {
            store.remove(kind, at);
            return Ok(Reply::empty(204));
        }
        "PUT" => {
            let mut new = draft(kind, call)?;
            let badge = |resource: &Value| resource[schema::BADGE]["number"].clone();
            if !badge(&old).is_null() && badge(&old) != badge(&new) {
                return Err(Refusal(400, Some("mutability"), "a badge keeps its number".to_owned()));
            }
            if kind == "Users" && new["active"].is_null() {
                new["active"] = json!(true);
            }
            new
        }
        "PATCH" => {
            let mut new = old.clone();
            patching::apply(kind, &mut new, call.body.as_ref())?;
            Value::Object(schema::tidy(kind, new.as_object().unwrap()))
        }
        _ => return Err(Refusal(405, None, "the method is not allowed here".to_owned())),
    };
    new["id"] = old["id"].clone();
    new["meta"] = old["meta"].clone();
    admit(store, kind, &new, Some(id))?;
    if new != old {
        store.touch(&mut new);
    }
    store.of(kind)[at] = new.clone();
    let version = new["meta"]["version"].as_str().unwrap().to_owned();
    let shaped = ["attributes", "excludedAttributes"]
        .iter()
        .any(|name| call.parameter(name).is_some());
    if call.method == "PATCH" && kind == "Groups" && !shaped {
        return Ok(Reply::empty(204).with("etag", version));
    }
    Ok(shown(store, base, kind, 200, &new, call))
}

fn shown(store: &Store, base: &str, kind: &str, status: u16, resource: &Value, call: &Call) -> Reply {
    let version = resource["meta"]["version"].as_str().unwrap().to_owned();
    let body = projected(kind, store.seen(base, kind, resource), call);
    Reply::new(status, body).with("etag", version)
}

/// The body of a create or a replace.
fn draft(kind: &str, call: &Call) -> Result<Value, Refusal> {
    let Some(Value::Object(body)) = &call.body else {
        return Err(Refusal(
            400,
            Some("invalidSyntax"),
            "the body is not a JSON object".to_owned(),
        ));
    };
    let core = if kind == "Users" { schema::USER } else { schema::GROUP };
    let names_core = |(key, value): (&String, &Value)| {
        key.eq_ignore_ascii_case("schemas") && value.as_array().is_some_and(|urns| urns.iter().any(|urn| urn == core))
    };
    if !body.iter().any(names_core) {
        return Err(Refusal(
            400,
            Some("invalidSyntax"),
            format!("schemas does not name {core}"),
        ));
    }
    Ok(Value::Object(schema::tidy(kind, body)))
}

/// Whether a resource may be as it is: named, alone in its name, with one primary value and known members.
fn admit(store: &Store, kind: &str, resource: &Value, id: Option<&str>) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Refusal(400, Some("invalidValue"), detail));
    let name = naming_attribute(kind);
    if !resource[name].is_string() {
        return invalid(format!("a resource needs a {name}"));
    }
    if store.is_taken(kind, resource, id) {
        return Err(Refusal(409, Some("uniqueness"), format!("the {name} is taken")));
    }
    let attributes: &Map<String, Value> = resource.as_object().unwrap();
    for (name, value) in attributes {
        let elements = value.as_array().into_iter().flatten();
        if elements.filter(|element| element["primary"] == true).count() > 1 {
            return invalid(format!("{name} has more than one primary value"));
        }
    }
    let unknown: BTreeSet<&str> = members(resource)
        .filter_map(|member| member["value"].as_str())
        .filter(|id| !store.holds(id))
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        invalid(format!("nobody has the ids {unknown:?}"))
    }
}
