//! `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use serde_json::{Map, Value};

use super::Call;
use super::path::Path;

/// A resource with no more of it than was asked for.
pub fn projected(kind: &str, resource: Value, call: &Call) -> Value {
    let paths = |name: &str| -> Option<Vec<Path>> {
        let names = call.parameter(name).filter(|names| !names.is_empty())?;
        Some(
            names
                .split(',')
                .filter_map(|name| Path::read(kind, name.trim()))
                .collect(),
        )
    };
    let Value::Object(resource) = resource else {
        return resource;
    };
    Value::Object(match (paths("attributes"), paths("excludedAttributes")) {
        (Some(wanted), _) => {
            let always = ["id", "schemas"].map(|name| Path {
                names: vec![name.to_owned()],
            });
            let all: Vec<Path> = wanted.into_iter().chain(always).collect();
            only(
                &resource,
                &all.iter().map(|path| path.names.as_slice()).collect::<Vec<_>>(),
            )
        }
        (None, Some(excluded)) => {
            let mut resource = resource;
            for path in excluded {
                if !matches!(path.names[0].as_str(), "id" | "schemas") {
                    without(&mut resource, &path.names);
                }
            }
            resource
        }
        (None, None) => resource,
    })
}

fn only(object: &Map<String, Value>, paths: &[&[String]]) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in object {
        let below: Vec<&[String]> = paths
            .iter()
            .filter(|path| path.first() == Some(name))
            .map(|path| &path[1..])
            .collect();
        if below.is_empty() {
            continue;
        }
        let part = |value: &Value| match value {
            Value::Object(object) if !below.iter().any(|path| path.is_empty()) => Value::Object(only(object, &below)),
            other => other.clone(),
        };
        let value = match value {
            Value::Array(elements) => elements.iter().map(part).collect(),
            other => part(other),
        };
        kept.insert(name.clone(), value);
    }
    kept
}

fn without(object: &mut Map<String, Value>, path: &[String]) {
    match path {
        [] => {}
        [name] => {
            object.remove(name);
        }
        [name, rest @ ..] => match object.get_mut(name) {
            Some(Value::Object(inner)) => without(inner, rest),
            Some(Value::Array(elements)) => {
                for element in elements.iter_mut().filter_map(Value::as_object_mut) {
                    without(element, rest);
                }
            }
            _ => {}
        },
    }
}
