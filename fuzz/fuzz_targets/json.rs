//! The gate reads what serde_json reads, within its limits and without doubled names; what it refuses
//! it refuses with a status of a client's mistake.
#![no_main]

use bridge::server::{JsonLimits, read_json};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let limits = JsonLimits {
        max_depth: 16,
        max_values: 200,
    };
    match (read_json(bytes, limits), serde_json::from_slice::<Value>(bytes)) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours, theirs);
            assert!(depth(&ours) <= limits.max_depth && values(&ours) <= limits.max_values);
        }
        (Ok(_), Err(_)) => assert!(bytes.starts_with(b"\xef\xbb\xbf"), "more is read"),
        (Err(refused), theirs) => {
            assert!(matches!(refused.status, 400 | 413));
            if let Ok(theirs) = theirs {
                let is_large = depth(&theirs) > limits.max_depth || values(&theirs) > limits.max_values;
                // A doubled or reserved name leaves no trace in what serde_json reads.
                assert!(
                    is_large
                        || refused.detail.contains("twice")
                        || refused.detail.contains("$serde_json")
                        || refused.status == 413,
                    "{refused}"
                );
            }
        }
    }
});

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(fields) => fields.values().map(values).sum(),
        _ => 0,
    }
}
