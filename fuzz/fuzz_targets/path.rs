//! A PATCH path is parsed or refused as `invalidPath`; a parsed one prints as text that parses to
//! the same, and may be the target of every operation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim::error::ScimType;
use scim::{patch, path};
use serde_json::json;

fuzz_target!(|text: &str| {
    match path::parse(text) {
        Ok(path) => assert_eq!(path::parse(&path.to_string()), Ok(path)),
        Err(error) => assert_eq!(error.scim_type, Some(ScimType::InvalidPath)),
    }
    let values = [
        json!("x"),
        json!(null),
        json!({"value": "x"}),
        json!([{"primary": true}]),
    ];
    let value = &values[text.len() % values.len()];
    for op in ["add", "replace", "remove"] {
        let body = json!({"Operations": [{"op": op, "path": text, "value": value}]});
        for (resource_type, resource) in fuzz::samples() {
            if let Ok(changes) = patch::read(resource_type, &body) {
                let _ = patch::apply(resource_type, &mut resource.clone(), &changes);
            }
        }
    }
});
