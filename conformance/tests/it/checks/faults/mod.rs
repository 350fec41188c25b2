//! The fault table: one mutation of a right server, and the checks that must see it.
//!
//! Each row names the checks it is made for. The whole table, fault by check, is a snapshot:
//! a check that begins to see a fault, or no longer does, shows itself there. Every check
//! is seen to fail by some fault.

mod answers;
mod authentication;
mod bulk;
mod changes;
mod creating;
mod deleting;
mod discovery;
mod errors;
mod filtering;
mod finding;
mod groups;
mod life_cycles;
mod load;
mod members;
mod paging;
mod patching;
mod projecting;
mod reading;
mod replacing;
mod users;
mod versions;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conformance::check::Profile;
use conformance::selection::Selection;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::list::ALL;
use super::{ids, made};
use crate::support::Call;
use crate::support::Fault;

/// Rows that are worked on at the same time: many wait, for a load to end or a late answer.
const AT_ONCE: usize = 8;

/// One row of the table.
struct Row {
    name: &'static str,
    fault: Fault,
    /// Ids of the checks that it is made for: they fail.
    seen_by: &'static [&'static str],
}

impl Row {
    /// Every check; the long life cycles only where the row is made for one of them: they are half
    /// of all requests, and what they see of a single rule the rule's own check sees better.
    fn selection(&self) -> Selection {
        let mut selection = Selection::of(Profile::Strict);
        if !self.seen_by.iter().any(|id| id.starts_with("ENT-")) {
            selection.skip.push("ENT-".to_owned());
        }
        selection
    }
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn row(name: &'static str, fault: Fault, seen_by: &'static [&'static str]) -> Row {
    Row { name, fault, seen_by }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_fails_exactly_the_checks_it_should() {
    let rows = [
        authentication::rows(),
        discovery::rows(),
        answers::rows(),
        creating::rows(),
        users::rows(),
        reading::rows(),
        finding::rows(),
        filtering::rows(),
        paging::rows(),
        projecting::rows(),
        replacing::rows(),
        changes::rows(),
        patching::rows(),
        groups::rows(),
        members::rows(),
        deleting::rows(),
        errors::rows(),
        versions::rows(),
        bulk::rows(),
        load::rows(),
        life_cycles::rows(),
    ]
    .into_iter()
    .flatten();
    let mut reports = stream::iter(rows.map(|row| {
        // A task of its own, so that rows are worked on side by side.
        let selection = row.selection();
        let report = tokio::spawn(async move { made(row.fault, &selection).await });
        async move { (row.name, row.seen_by, report.await.unwrap()) }
    }))
    .buffered(AT_ONCE);
    let (mut table, mut missed) = (String::new(), String::new());
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    while let Some((name, seen_by, report)) = reports.next().await {
        assert!(names.insert(name), "a name stands twice: {name}");
        let (failed, blocked) = (ids(&report, "fail"), ids(&report, "blocked"));
        for id in seen_by.iter().filter(|id| !failed.contains(id)) {
            let _ = writeln!(missed, "{name}: not seen by {id}");
        }
        let _ = writeln!(table, "{name}\n  fail    {}", failed.join(" "));
        if !blocked.is_empty() {
            let _ = writeln!(table, "  blocked {}", blocked.join(" "));
        }
        seen.extend(failed);
    }
    assert!(missed.is_empty(), "{missed}");
    // AUT-08 is about TLS, which this server has not: see `checks::transport`.
    let unseen: Vec<&str> = ALL
        .into_iter()
        .filter(|id| !seen.contains(id) && *id != "AUT-08")
        .collect();
    assert!(unseen.is_empty(), "no fault makes these checks fail: {unseen:?}");
    insta::assert_snapshot!("fault_table", table);
}

/// Leaves out the operations that this says, with a path or as a key of a path-less value.
fn without(call: &mut Call, ignored: impl Fn(&str) -> bool) {
    let Some(operations) = call.operations() else { return };
    operations.retain(|operation| !operation["path"].as_str().is_some_and(&ignored));
    for operation in operations {
        if operation["path"].is_null()
            && let Some(keys) = operation.get_mut("value").and_then(Value::as_object_mut)
        {
            keys.retain(|key, _| !ignored(key));
        }
    }
}
