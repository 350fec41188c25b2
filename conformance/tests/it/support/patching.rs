//! PATCH, as the RFC has it and as Entra needs it.

use serde_json::{Map, Value, json};

use super::filter::{self, Filter};
use super::path::Path;
use super::schema;
use super::store::Refusal;

/// Applies a PATCH message; a refusal leaves the resource half changed, and the caller throws it away.
pub fn apply(kind: &str, resource: &mut Value, message: Option<&Value>) -> Result<(), Refusal> {
    let message = in_any_case(message.unwrap_or(&Value::Null));
    let syntax = |detail: &str| Refusal(400, Some("invalidSyntax"), detail.to_owned());
    if message["schemas"].as_array().is_some_and(|schemas| {
        !schemas
            .iter()
            .any(|urn| urn == "urn:ietf:params:scim:api:messages:2.0:PatchOp")
    }) {
        return Err(syntax("schemas does not name PatchOp"));
    }
    let operations = message["operations"]
        .as_array()
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| syntax("there are no Operations"))?;
    for operation in operations {
        let operation = in_any_case(operation);
        let op = operation["op"].as_str().unwrap_or_default().to_lowercase();
        if !matches!(op.as_str(), "add" | "replace" | "remove") {
            return Err(syntax("op is none of add, replace and remove"));
        }
        let value = operation["value"].clone();
        if let Some(path) = operation["path"].as_str() {
            at(kind, resource, &op, path, &value)?;
            continue;
        }
        if op == "remove" {
            return Err(Refusal(400, Some("noTarget"), "a remove needs a path".to_owned()));
        }
        let keys = value
            .as_object()
            .ok_or_else(|| syntax("a value without a path is an object"))?;
        for (key, value) in keys {
            match at(kind, resource, &op, key, value) {
                // Without a path, what can only be read is left alone.
                Ok(()) | Err(Refusal(_, Some("mutability"), _)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
    }
    Ok(())
}

/// An object with its keys in small letters.
fn in_any_case(object: &Value) -> Value {
    let lowered = |(key, value): (&String, &Value)| (key.to_lowercase(), value.clone());
    object.as_object().map_or(Value::Null, |object| {
        Value::Object(object.iter().map(lowered).collect())
    })
}

fn at(kind: &str, resource: &mut Value, op: &str, path: &str, value: &Value) -> Result<(), Refusal> {
    let invalid = || Refusal(400, Some("invalidPath"), format!("`{path}` cannot be read"));
    let (before, bracket) = match path.split_once('[') {
        Some((before, rest)) => (before, Some(rest)),
        None => (path, None),
    };
    if bracket.is_none()
        && schema::of(kind)
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["name"] == before)
        && before.starts_with("urn:")
    {
        // A whole extension.
        for (key, value) in value.as_object().into_iter().flatten() {
            at(kind, resource, op, &format!("{before}:{key}"), value)?;
        }
        return Ok(());
    }
    let target = Path::read(kind, before).ok_or_else(invalid)?;
    if target.is_read_only(kind) {
        return Err(Refusal(400, Some("mutability"), format!("{before} can only be read")));
    }
    let op = if schema::is_nothing(value) && op == "replace" {
        "remove"
    } else {
        op
    };
    if schema::is_nothing(value) && op == "add" {
        return Ok(());
    }
    let (filter, sub) = match bracket {
        Some(rest) => {
            let (filter, rest) = filter::in_brackets(kind, &target, rest).map_err(|_| invalid())?;
            let sub = match rest {
                "" => None,
                rest => Some(
                    rest.strip_prefix('.')
                        .filter(|sub| !sub.is_empty())
                        .ok_or_else(invalid)?,
                ),
            };
            (Some(filter), sub.map(str::to_owned))
        }
        None => (None, None),
    };
    if let Some(filter) = filter {
        let sub = sub.map(|sub| {
            Path::read(kind, &format!("{before}.{sub}")).map_or(sub, |path| path.names.last().unwrap().clone())
        });
        filtered(kind, resource, op, &target, &filter, sub.as_deref(), value)
    } else {
        plain(kind, resource, op, &target, value);
        Ok(())
    }
}

/// What holds the attribute at the end of a path.
fn parent<'v>(resource: &'v mut Value, path: &Path) -> &'v mut Value {
    let mut value = resource;
    for name in &path.names[..path.names.len() - 1] {
        if value[name].is_null() {
            value[name] = json!({});
        }
        value = &mut value[name];
    }
    value
}

fn plain(kind: &str, resource: &mut Value, op: &str, path: &Path, value: &Value) {
    let known = path.known(kind);
    let is = |key: &str, wanted: Value| known.is_some_and(|known| known[key] == wanted);
    let (is_multi, is_complex) = (is("multiValued", json!(true)), is("type", json!("complex")));
    let name = path.names.last().unwrap();
    let holder = parent(resource, path);
    if let Some(elements) = holder.as_array_mut() {
        for element in elements {
            set(element, op, name, value);
        }
        return;
    }
    if is_multi {
        let slot = &mut holder[name];
        let before = slot.as_array().cloned().unwrap_or_default();
        let given = listed(value);
        let after: Vec<Value> = match op {
            "add" => {
                let mut all = before.clone();
                for new in given {
                    if !all.iter().any(|there| same(there, &new)) {
                        all.push(new);
                    }
                }
                all
            }
            "replace" => given,
            _ if given.is_empty() => Vec::new(),
            _ => before
                .iter()
                .filter(|there| !given.iter().any(|gone| same(there, gone)))
                .cloned()
                .collect(),
        };
        *slot = json!(one_primary(&before, after));
    } else if is_complex && op != "remove" && value.is_object() {
        if holder[name].is_null() {
            holder[name] = json!({});
        }
        for (key, value) in value.as_object().unwrap() {
            set(&mut holder[name], op, key, value);
        }
    } else {
        set(holder, op, name, value);
    }
}

/// The elements of a value: one, several, or bare ids.
fn listed(value: &Value) -> Vec<Value> {
    let element = |value: &Value| match value {
        Value::String(id) => json!({"value": id}),
        other => other.clone(),
    };
    match value {
        Value::Array(elements) => elements.iter().map(element).collect(),
        value if schema::is_nothing(value) => Vec::new(),
        value => vec![element(value)],
    }
}

/// Elements are one and the same if they agree in value and, where both have one, in type.
fn same(there: &Value, other: &Value) -> bool {
    let agree = |name: &str| there[name].is_null() || other[name].is_null() || there[name] == other[name];
    there["value"] == other["value"] && agree("type")
}

/// Who was primary before gives way to who became it.
fn one_primary(before: &[Value], mut after: Vec<Value>) -> Vec<Value> {
    let is_primary = |element: &Value| schema::boolean(&element["primary"]) == true;
    if after.iter().filter(|element| is_primary(element)).count() > 1 {
        for element in &mut after {
            if is_primary(element) && before.iter().any(|old| is_primary(old) && same(old, element)) {
                element["primary"] = json!(false);
            }
        }
    }
    after
}

fn set(holder: &mut Value, op: &str, name: &str, value: &Value) {
    let Some(attributes) = holder.as_object_mut() else {
        return;
    };
    if op == "remove" || schema::is_nothing(value) {
        attributes.remove(name);
    } else {
        attributes.insert(name.to_owned(), value.clone());
    }
}

fn filtered(
    _kind: &str,
    resource: &mut Value,
    op: &str,
    path: &Path,
    filter: &Filter,
    sub: Option<&str>,
    value: &Value,
) -> Result<(), Refusal> {
    let name = path.names.last().unwrap();
    let slot = &mut parent(resource, path)[name];
    let before = slot.as_array().cloned().unwrap_or_default();
    let mut after = before.clone();
    if op == "remove" && sub.is_none() {
        after.retain(|element| !filter.matches(element));
        *slot = json!(after);
        return Ok(());
    }
    if op != "remove" && !after.iter().any(|element| filter.matches(element)) {
        let made = filter.says().filter(|_| name != "members").map(tidied);
        let made = made.ok_or_else(|| Refusal(400, Some("noTarget"), "the filter matches no element".to_owned()))?;
        after.push(made);
    }
    for element in after.iter_mut().filter(|element| filter.matches(element)) {
        match sub {
            Some(sub) => set(element, op, sub, value),
            None => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    set(element, op, key, value);
                }
            }
        }
    }
    *slot = json!(one_primary(&before, after));
    Ok(())
}

fn tidied(mut element: Map<String, Value>) -> Value {
    if let Some(primary) = element.get_mut("primary") {
        *primary = schema::boolean(primary);
    }
    Value::Object(element)
}
