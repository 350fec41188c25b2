//! Every acknowledged write is accounted for: the provisioning log has it, with what came of it (rules A3, D1).

use std::collections::BTreeMap;

use serde_json::Value;

/// What is wrong with the log as `scim-bridge log --all --json` tells it, when nothing waits any more. `accepted` counts by resource id
/// the edits that changed something.
pub fn problems(log: &str, accepted: &BTreeMap<String, usize>) -> Vec<String> {
    let entries: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut recorded: BTreeMap<&str, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for entry in &entries {
        *recorded
            .entry(entry["resource_id"].as_str().unwrap_or_default())
            .or_default() += 1;
        if entry["outcome"] == "pending" {
            problems.push(format!(
                "change {} is pending in the log, and nothing waits: {entry}",
                entry["revision"]
            ));
        }
    }
    for (id, count) in accepted {
        let found = recorded.get(id.as_str()).copied().unwrap_or(0);
        if found < *count {
            problems.push(format!(
                "{count} changes of {id} were acknowledged, the log has {found}"
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{"revision":1,"resource_id":"a","outcome":"applied"}
{"revision":2,"resource_id":"a","outcome":"pending"}
"#;

    #[test]
    fn what_is_missing_or_open_in_the_log_is_told() {
        let accepted = |count| BTreeMap::from([("a".to_owned(), count)]);
        let said = problems(LOG, &accepted(3));
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("change 2 is pending"), "{said:?}");
        assert_eq!(said[1], "3 changes of a were acknowledged, the log has 2");
        let settled = LOG.replace("pending", "held: a person must decide");
        assert!(problems(&settled, &accepted(2)).is_empty());
    }
}
