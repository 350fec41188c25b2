//! Forms of request that are never safe, whatever comes of them.

use conformance::stack::control::Received;

/// What must never be sent.
pub fn problems(received: &[Received]) -> Vec<String> {
    let mut problems = Vec::new();
    for one in received {
        let place = format!("request {}: {} {}", one.seq, one.method, one.resource());
        if one.method == "PUT" && one.resource().starts_with("/Groups") {
            problems.push(format!("{place}: PUT is not used on groups (rule E4)"));
        }
        if one.method != "PATCH" {
            continue;
        }
        let operations = one.body["Operations"].as_array();
        let operations: Vec<_> = operations.into_iter().flatten().collect();
        for operation in &operations {
            let path = operation["path"].as_str();
            if path.is_none() {
                problems.push(format!("{place}: an operation without a path"));
            }
            if operation["op"] == "remove" && operation.get("value").is_some() {
                problems.push(format!(
                    "{place}: a remove with a value empties the group on some deployments"
                ));
            }
            if operation["op"] == "remove" && path == Some("members") {
                problems.push(format!("{place}: all members are removed at once"));
            }
            if operation["op"] == "replace" && path == Some("members") {
                problems.push(format!("{place}: members are replaced as a whole"));
            }
        }
        let adds = operations.iter().any(|operation| operation["op"] == "add");
        let removes = operations.iter().any(|operation| operation["op"] == "remove");
        if one.resource().starts_with("/Groups") && adds && removes {
            problems.push(format!("{place}: additions and removals share a request (rule B6)"));
        }
    }
    problems
}
