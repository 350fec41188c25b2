//! Nothing is created twice, and nothing that nobody wanted (rules B2, C2).

use std::collections::BTreeMap;

use conformance::stack::control::Received;

use crate::drive::Drive;

/// Creates that should not have been.
pub fn problems(drive: &Drive, received: &[Received]) -> Vec<String> {
    let mut problems = Vec::new();
    // Number of the create that made the object of a name that is there.
    let mut there: BTreeMap<String, u64> = BTreeMap::new();
    for one in received {
        if one.method == "DELETE" {
            // Which name goes with it is not on the wire: every name may be free again.
            there.clear();
        }
        if one.method != "POST" {
            continue;
        }
        let Some(key) = key(one) else {
            problems.push(format!("request {}: a create without a name: {}", one.seq, one.body));
            continue;
        };
        if !ever_wanted(drive, &key) {
            problems.push(format!("request {}: {key} is created, wanted by nobody", one.seq));
        }
        if one.status == Some(409) {
            problems.push(format!("request {}: {key} is created, but is there (rule B2)", one.seq));
        }
        if one.status == Some(201)
            && let Some(first) = there.insert(key.clone(), one.seq)
        {
            problems.push(format!("requests {first} and {}: {key} is created twice", one.seq));
        }
    }
    problems
}

/// The natural key of what a POST creates.
fn key(one: &Received) -> Option<String> {
    let attribute = match one.resource() {
        "/Users" => "userName",
        "/Groups" => "displayName",
        _ => return None,
    };
    Some(format!(
        "{} {}",
        one.resource(),
        one.body[attribute].as_str()?.to_lowercase()
    ))
}

fn ever_wanted(drive: &Drive, key: &str) -> bool {
    drive.timeline.iter().any(|version| {
        let users = version
            .wanted
            .users
            .values()
            .map(|user| format!("/Users {}", user.name.to_lowercase()));
        let groups = version
            .wanted
            .groups
            .values()
            .map(|group| format!("/Groups {}", group.name.to_lowercase()));
        users.chain(groups).any(|wanted| wanted == key)
    })
}
