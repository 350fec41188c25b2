//! Queries: filter, order, pages by index and by cursor, and the same by POST.

use serde_json::{Value, json};

use super::path::Path;
use super::projection::projected;
use super::store::{Refusal, Store};
use super::{Call, Reply, filter};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The most resources on one page.
pub const MOST: usize = 50;

/// The answer to a query over these kinds.
pub fn list(store: &Store, base: &str, kinds: &[&str], call: &Call) -> Result<Reply, Refusal> {
    let mut found: Vec<(&str, &Value)> = Vec::new();
    for kind in kinds {
        let filter = match call.parameter("filter") {
            Some(text) => Some(filter::read(kind, text).map_err(|why| Refusal(400, Some("invalidFilter"), why))?),
            None => None,
        };
        for resource in store.all(kind) {
            if filter.as_ref().is_none_or(|filter| filter.matches(resource)) {
                found.push((kind, resource));
            }
        }
    }
    sort(&mut found, call);
    let total = found.len();
    let count = number(call, "count").map_or(MOST, |count| usize::try_from(count).unwrap_or(0).min(MOST));
    let (start, cursor) = match call.parameter("cursor") {
        Some("") => (0, true),
        Some(cursor) => (place(cursor, total)?, true),
        None => {
            let start = number(call, "startIndex").unwrap_or(1).max(1);
            (usize::try_from(start).unwrap_or(usize::MAX) - 1, false)
        }
    };
    let page: Vec<Value> = found
        .into_iter()
        .skip(start)
        .take(count)
        .map(|(kind, resource)| projected(kind, store.seen(base, kind, resource), call))
        .collect();
    let (came, mut body) = (
        page.len(),
        json!({"schemas": [LIST], "totalResults": total, "itemsPerPage": page.len(), "Resources": page}),
    );
    if !cursor {
        body["startIndex"] = json!(start + 1);
        return Ok(Reply::new(200, body));
    }
    if start + came < total {
        body["nextCursor"] = json!(format!("from{}", start + came));
    }
    if start > 0 {
        body["previousCursor"] = json!(format!("from{}", start.saturating_sub(count)));
    }
    Ok(Reply::new(200, body))
}

fn number(call: &Call, name: &str) -> Option<i64> {
    call.parameter(name).and_then(|value| value.parse().ok())
}

fn place(cursor: &str, total: usize) -> Result<usize, Refusal> {
    cursor
        .strip_prefix("from")
        .and_then(|at| at.parse().ok())
        .filter(|at| *at <= total)
        .ok_or_else(|| {
            Refusal(
                400,
                Some("invalidCursor"),
                "the cursor is none of this server's".to_owned(),
            )
        })
}

fn sort(found: &mut [(&str, &Value)], call: &Call) {
    let Some(by) = call.parameter("sortBy") else { return };
    let key = |(kind, resource): &(&str, &Value)| {
        let path = Path::read(kind, by)?;
        let value = path.values(resource).first()?.as_str()?.to_lowercase();
        Some(value)
    };
    found.sort_by(|left, right| match (key(left), key(right)) {
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (Some(_), None) => std::cmp::Ordering::Less,
        (left, right) => left.cmp(&right),
    });
    if call.parameter("sortOrder") == Some("descending") {
        found.reverse();
    }
}

/// A list of what is not stored: schemas and resource types.
pub fn fixed(resources: &[Value]) -> Reply {
    let count = resources.len();
    Reply::new(
        200,
        json!({"schemas": [LIST], "totalResults": count, "startIndex": 1, "itemsPerPage": count, "Resources": resources}),
    )
}

/// A query by POST, written as one by GET.
pub fn of_search(call: &Call) -> Call {
    let mut query = call.query.clone();
    for (name, value) in call.body.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        };
        query.push((name.clone(), text));
    }
    Call { query, ..call.clone() }
}
