//! PATCH as Entra needs it, on plain JSON.

use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Booleans sent as text become booleans.
pub fn coerce(resource: &mut Value) {
    match resource {
        Value::Object(attributes) => {
            for (name, value) in attributes.iter_mut() {
                if matches!(name.as_str(), "active" | "primary") {
                    *value = boolean(value.clone());
                } else {
                    coerce(value);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(coerce),
        _ => {}
    }
}

fn boolean(value: Value) -> Value {
    match value.as_str() {
        Some(text) if text.eq_ignore_ascii_case("true") => json!(true),
        Some(text) if text.eq_ignore_ascii_case("false") => json!(false),
        _ => value,
    }
}

/// Applies a PATCH message.
pub fn apply(resource: &mut Value, message: Option<&Value>) -> Result<(), String> {
    let operations = message
        .and_then(|message| message["Operations"].as_array())
        .ok_or("no Operations")?;
    for operation in operations {
        let op = operation["op"].as_str().unwrap_or_default().to_lowercase();
        let value = operation["value"].clone();
        match operation["path"].as_str() {
            Some(path) => at(resource, &op, path, value)?,
            None => {
                for (key, value) in value.as_object().ok_or("a value without a path is an object")? {
                    at(resource, &op, key, value.clone())?;
                }
            }
        }
    }
    coerce(resource);
    Ok(())
}

fn at(resource: &mut Value, op: &str, path: &str, value: Value) -> Result<(), String> {
    if let Some(name) = path.strip_prefix(ENTERPRISE) {
        let name = name.trim_start_matches([':', '.']);
        let value = if name == "manager" { manager(&value) } else { value };
        let extension = &mut resource[ENTERPRISE];
        if extension.is_null() {
            *extension = json!({});
        }
        return set(extension, op, name, value);
    }
    if let Some((name, rest)) = path.split_once('[') {
        let (filter, rest) = rest.split_once(']').ok_or("a bracket is not closed")?;
        let (key, literal) = filter.split_once(" eq ").ok_or("only eq in brackets")?;
        let wanted: Value = serde_json::from_str(literal).map_err(|error| error.to_string())?;
        let wanted = if key == "primary" { boolean(wanted) } else { wanted };
        return filtered(
            &mut resource[name],
            op,
            key,
            &wanted,
            rest.trim_start_matches('.'),
            &value,
        );
    }
    if let Some((name, sub)) = path.split_once('.') {
        if resource[name].is_null() {
            resource[name] = json!({});
        }
        return set(&mut resource[name], op, sub, value);
    }
    if path == "members" {
        members(&mut resource["members"], op, &value);
        return Ok(());
    }
    set(resource, op, path, value)
}

fn set(parent: &mut Value, op: &str, name: &str, value: Value) -> Result<(), String> {
    let attributes = parent.as_object_mut().ok_or("the parent is not an object")?;
    if op == "remove" || value.is_null() || value == "" {
        attributes.remove(name);
    } else {
        attributes.insert(name.to_owned(), value);
    }
    Ok(())
}

fn manager(value: &Value) -> Value {
    let id = match value {
        Value::Array(elements) => &elements[0]["value"],
        Value::Object(_) => &value["value"],
        other => other,
    };
    json!({"value": id})
}

fn filtered(elements: &mut Value, op: &str, key: &str, wanted: &Value, sub: &str, value: &Value) -> Result<(), String> {
    if elements.is_null() {
        *elements = json!([]);
    }
    let elements = elements.as_array_mut().ok_or("the attribute is not multi-valued")?;
    if op == "remove" && sub.is_empty() {
        elements.retain(|element| element[key] != *wanted);
        return Ok(());
    }
    if !elements.iter().any(|element| element[key] == *wanted) {
        elements.push(json!({key: wanted}));
    }
    for element in elements.iter_mut().filter(|element| element[key] == *wanted) {
        set(element, op, sub, value.clone())?;
    }
    Ok(())
}

fn members(members: &mut Value, op: &str, value: &Value) {
    let named: Vec<Value> = value
        .as_array()
        .into_iter()
        .flatten()
        .map(|member| json!({"value": member["value"]}))
        .collect();
    let mut now = members.as_array().cloned().unwrap_or_default();
    match op {
        "add" => now.extend(named.into_iter().filter(|member| !members_hold(members, member))),
        "replace" => now = named,
        _ if value.is_null() => now.clear(),
        _ => now.retain(|member| !named.iter().any(|gone| gone["value"] == member["value"])),
    }
    *members = Value::Array(now);
}

fn members_hold(members: &Value, wanted: &Value) -> bool {
    members
        .as_array()
        .is_some_and(|members| members.iter().any(|member| member["value"] == wanted["value"]))
}
