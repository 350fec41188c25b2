//! A PATCH body is refused, or applied as a whole, or not at all; what comes of it reads as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim::patch;
use scim::resource::{read_body, same};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    for (resource_type, before) in fuzz::samples() {
        let changes = match patch::read(resource_type, &body) {
            Ok(changes) => changes,
            Err(error) => {
                assert_eq!(error.status, 400);
                continue;
            }
        };
        for change in &changes {
            let _ = change.members();
        }
        let mut after = before.clone();
        match patch::apply(resource_type, &mut after, &changes) {
            Ok(true) => {
                assert!(!same(before, &after));
                // What the service provider adds is not part of a body.
                after.retain(|name, _| name != "id" && name != "meta");
                assert_eq!(read_body(resource_type, &Value::Object(after.clone())), Ok(after));
            }
            Ok(false) | Err(_) => assert_eq!(*before, after),
        }
    }
});
