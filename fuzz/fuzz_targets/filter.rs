//! A filter is parsed or refused with a place inside the text; a parsed one prints as text that
//! parses to the same, and may be asked about anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim::filter::{Filter, Limits, parse};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let limits = Limits::default();
    let filter = match parse(text, &limits) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(text.len() > limits.max_length || text.get(error.span).is_some());
            return;
        }
    };
    let printed = filter.to_string();
    // What is printed may be longer than the limit, never different.
    let roomy = Limits {
        max_length: usize::MAX,
        max_depth: 4 * limits.max_depth,
        ..limits
    };
    assert_eq!(parse(&printed, &roomy).as_ref(), Ok(&filter), "{printed}");
    for (resource_type, resource) in fuzz::samples() {
        let matches = filter.matches(resource_type, resource);
        assert_ne!(
            Filter::Not(Box::new(filter.clone())).matches(resource_type, resource),
            matches
        );
        let _ = (filter.check(resource_type), filter.conjunction());
        for element in resource.values().filter_map(Value::as_array).flatten() {
            let _ = filter.matches_element(resource_type.core_attribute("emails"), element);
        }
    }
});
