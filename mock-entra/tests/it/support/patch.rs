//! A PATCH engine that takes every form of both dialects.

use serde_json::{Map, Value, json};

use super::{
    filter,
    server::{ENTERPRISE, field, key_of},
};

/// Why a PATCH is refused: scimType and detail.
pub type Refusal = (&'static str, String);

pub fn apply(resource: &mut Value, body: &Value) -> Result<(), Refusal> {
    let operations = field(body, "Operations").and_then(Value::as_array);
    for operation in operations.ok_or(("invalidSyntax", "no Operations".to_owned()))? {
        let op = field(operation, "op")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_lowercase();
        if !matches!(op.as_str(), "add" | "replace" | "remove") {
            return Err(("invalidSyntax", format!("unknown op {op}")));
        }
        let value = field(operation, "value").cloned();
        match field(operation, "path").and_then(Value::as_str) {
            Some(path) => at_path(resource, &op, path, value)?,
            None => {
                for (key, value) in value.as_ref().and_then(Value::as_object).into_iter().flatten() {
                    without_path(resource, &op, key, value)?;
                }
            }
        }
    }
    Ok(())
}

fn without_path(resource: &mut Value, op: &str, key: &str, value: &Value) -> Result<(), Refusal> {
    let is_schema = key.starts_with("urn:") && key.ends_with(":User");
    match value.as_object() {
        Some(inner) if is_schema => {
            for (name, value) in inner {
                at_path(resource, op, &format!("{key}:{name}"), Some(value.clone()))?;
            }
            Ok(())
        }
        _ => at_path(resource, op, key, Some(value.clone())),
    }
}

fn at_path(resource: &mut Value, op: &str, path: &str, value: Option<Value>) -> Result<(), Refusal> {
    if path.contains('[') != path.contains(']') {
        return Err(("invalidPath", format!("invalid path {path}")));
    }
    if path.starts_with("urn:") {
        let (schema, attribute) = path.rsplit_once(':').expect("it has colons");
        let extension = entry(resource, schema);
        if attribute == "manager" {
            manager(extension, op, value);
            return Ok(());
        }
        simple(extension, op, attribute, value);
        return Ok(());
    }
    if path.eq_ignore_ascii_case("manager") {
        manager(entry(resource, ENTERPRISE), op, value);
        return Ok(());
    }
    if let Some((attribute, rest)) = path.split_once('[') {
        let (condition, sub) = rest.split_once(']').expect("checked above");
        let sub = sub.strip_prefix('.');
        return element(resource, op, attribute, condition, sub, value);
    }
    if path.eq_ignore_ascii_case("members") {
        members(resource, op, value);
        return Ok(());
    }
    match path.split_once('.') {
        Some((attribute, sub)) => simple(entry(resource, attribute), op, sub, value),
        None => simple(resource, op, path, value),
    }
    Ok(())
}

fn entry<'a>(object: &'a mut Value, name: &str) -> &'a mut Value {
    let key = key_of(object, name).unwrap_or_else(|| name.to_owned());
    let map = object.as_object_mut().expect("resources are objects");
    map.entry(key).or_insert_with(|| json!({}))
}

fn manager(extension: &mut Value, op: &str, value: Option<Value>) {
    let id = match value {
        Some(Value::Array(items)) => items.first().and_then(|item| field(item, "value")).cloned(),
        Some(Value::Object(object)) => object.get("value").cloned(),
        other => other,
    };
    let map = extension.as_object_mut().expect("extensions are objects");
    match id {
        Some(Value::String(id)) if op != "remove" && !id.is_empty() => {
            map.insert("manager".to_owned(), json!({"value": id}));
        }
        _ => {
            map.shift_remove("manager");
        }
    }
}

fn simple(object: &mut Value, op: &str, name: &str, value: Option<Value>) {
    let key = key_of(object, name).unwrap_or_else(|| name.to_owned());
    let map = object.as_object_mut().expect("resources are objects");
    let value = value.map(|value| coerce(name, value));
    match (op, value) {
        ("remove", _) | (_, None | Some(Value::Null)) => {
            map.shift_remove(&key);
        }
        (_, Some(Value::String(text))) if text.is_empty() => {
            map.shift_remove(&key);
        }
        ("add", Some(Value::Array(mut items))) => {
            let slot = map.entry(key).or_insert_with(|| json!([]));
            slot.as_array_mut().expect("multi-valued").append(&mut items);
        }
        (_, Some(value)) => {
            map.insert(key, value);
        }
    }
}

fn coerce(name: &str, value: Value) -> Value {
    let is_boolean = ["active", "primary"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    match value.as_str().map(str::to_lowercase).as_deref() {
        Some("true") if is_boolean => json!(true),
        Some("false") if is_boolean => json!(false),
        _ => value,
    }
}

fn element(
    resource: &mut Value,
    op: &str,
    attribute: &str,
    condition: &str,
    sub: Option<&str>,
    value: Option<Value>,
) -> Result<(), Refusal> {
    let terms: Vec<_> = filter::split(condition, "or")
        .iter()
        .map(|part| filter::term(part))
        .collect::<Option<_>>()
        .ok_or(("invalidPath", "invalid path".to_owned()))?;
    let key = key_of(resource, attribute).unwrap_or_else(|| attribute.to_owned());
    let map = resource.as_object_mut().expect("resources are objects");
    let slot = map.entry(key.clone()).or_insert_with(|| json!([]));
    let elements = slot.as_array_mut().expect("multi-valued");
    let fits = |element: &Value| {
        terms.iter().any(|term| {
            let found = field(element, &term.attribute);
            let text = found.map(|found| found.as_str().map_or(found.to_string(), str::to_owned));
            text.is_some_and(|text| text.eq_ignore_ascii_case(&term.value))
        })
    };
    match (op, sub) {
        ("remove", None) => elements.retain(|element| !fits(element)),
        ("remove", Some(sub)) => {
            let differs = |element: &Value| match (&value, field(element, sub)) {
                (Some(Value::String(wanted)), Some(Value::String(found))) => !wanted.eq_ignore_ascii_case(found),
                _ => false,
            };
            elements.retain(|element| !fits(element) || differs(element));
        }
        (_, sub) => {
            if !elements.iter().any(fits) {
                let terms = terms.iter();
                let made: Map<_, _> = terms
                    .map(|term| (term.attribute.clone(), coerce(&term.attribute, json!(term.value))))
                    .collect();
                elements.push(Value::Object(made));
            }
            let at = elements.iter().position(fits).expect("made above");
            let value = value.unwrap_or(Value::Null);
            if let Some(sub) = sub {
                simple(&mut elements[at], "replace", sub, Some(value));
            }
        }
    }
    if elements.is_empty() {
        map.shift_remove(&key);
    }
    Ok(())
}

fn members(group: &mut Value, op: &str, value: Option<Value>) {
    let items: Option<Vec<Value>> = value.map(|value| {
        let items = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        let id = |item: &Value| field(item, "value").cloned().unwrap_or_else(|| item.clone());
        items.iter().map(|item| json!({"value": id(item)})).collect()
    });
    let map = group.as_object_mut().expect("resources are objects");
    let slot = map.entry("members").or_insert_with(|| json!([]));
    let members = slot.as_array_mut().expect("multi-valued");
    match (op, items) {
        ("add", Some(items)) => {
            for item in items {
                if !members.contains(&item) {
                    members.push(item);
                }
            }
        }
        ("replace", Some(items)) => *members = items,
        ("remove", Some(items)) => members.retain(|member| !items.contains(member)),
        _ => members.clear(),
    }
}
