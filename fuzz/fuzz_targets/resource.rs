//! The body of a POST or PUT is refused, or read to a resource that reads as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim::projection::Projection;
use scim::resource::{read_body, same};
use scim::schema::{group, user};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    for resource_type in [user(), group()] {
        let resource = match read_body(resource_type, &body) {
            Ok(resource) => resource,
            Err(error) => {
                assert_eq!(error.status, 400);
                continue;
            }
        };
        let again = read_body(resource_type, &Value::Object(resource.clone()));
        assert_eq!(again.as_ref(), Ok(&resource));
        assert!(same(&resource, &resource));
        let names: Vec<&str> = resource.keys().map(String::as_str).collect();
        let names = names.join(",");
        for projection in [
            Projection::default(),
            Projection::from_query(Some(&names), None),
            Projection::from_query(None, Some(&names)),
        ] {
            let shown = projection.apply(resource_type, &resource);
            assert_eq!(projection.apply(resource_type, &shown), shown);
        }
    }
});
