//! `ListResponse` (RFC 7644 §3.4.2): what every query answers, hit or no hit.
//!
//! Entra takes a query without this envelope, or a 404 for "no hit", as a broken service and
//! quarantines the job.

use serde_json::{Map, Value, json};

use crate::schema;

/// The body of a query's answer, with pages that are counted.
///
/// `total` counts every match, not the page; `start_index` counts from 1 and is echoed;
/// `itemsPerPage` is the number of resources given here. `Resources` is always present.
pub fn response(resources: Vec<Value>, total: usize, start_index: usize) -> Value {
    envelope(resources, total, Some(("startIndex", json!(start_index))))
}

/// The same with pages that follow one another by cursor (RFC 9865 §2): `nextCursor` is there when
/// another page is, `startIndex` never.
pub fn response_with_cursor(resources: Vec<Value>, total: usize, next: Option<String>) -> Value {
    envelope(resources, total, next.map(|next| ("nextCursor", json!(next))))
}

fn envelope(resources: Vec<Value>, total: usize, place: Option<(&str, Value)>) -> Value {
    let mut body = Map::new();
    body.insert("schemas".into(), json!([schema::LIST_RESPONSE]));
    body.insert("totalResults".into(), json!(total));
    if let Some((name, value)) = place {
        body.insert(name.into(), value);
    }
    body.insert("itemsPerPage".into(), json!(resources.len()));
    body.insert("Resources".into(), Value::Array(resources));
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_list_still_has_resources() {
        assert_eq!(
            response(Vec::new(), 0, 1),
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
            })
        );
    }

    #[test]
    fn the_last_page_has_no_next_cursor() {
        let last = response_with_cursor(Vec::new(), 3, None);
        assert_eq!((last.get("nextCursor"), last.get("startIndex")), (None, None));
        assert_eq!(
            response_with_cursor(Vec::new(), 3, Some("x".to_owned()))["nextCursor"],
            "x"
        );
    }

    #[test]
    fn total_counts_matches_and_items_counts_the_page() {
        let list = response(vec![json!({"id": "a"})], 7, 3);
        assert_eq!(list["totalResults"], 7);
        assert_eq!(list["itemsPerPage"], 1);
        assert_eq!(list["startIndex"], 3);
    }
}
