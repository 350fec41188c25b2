//! In which order the operations of a bulk request are done: their own, except that whoever refers
//! to a resource waits for its create (RFC 7644 §3.7.1).

use std::collections::{BTreeMap, BTreeSet};

use scim::bulk::{Method, Operation, Refused, references};
use scim::error::ScimError;

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Next {
    /// An operation; all that it refers to is there.
    Ready(Operation),
    /// A create that refers to what waits for it in turn.
    InCircle(Operation),
    /// An operation that refers to what is not made, with the bulk id.
    Dangling(Operation, String),
    /// An operation that was none from the beginning.
    Refused(Refused),
}

/// The operations that are still to be done.
#[derive(Debug, Default)]
pub(super) struct Order {
    waiting: BTreeMap<usize, Waiting>,
    ready: BTreeMap<usize, Next>,
    /// Who waits for a create, by its bulk id.
    dependents: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct Waiting {
    operation: Operation,
    needs: BTreeSet<String>,
}

impl Order {
    pub(super) fn of(operations: Vec<Result<Operation, Refused>>) -> Self {
        let mut order = Self::default();
        let mut makers: BTreeSet<String> = BTreeSet::new();
        let mut well_formed = Vec::new();
        for (at, operation) in operations.into_iter().enumerate() {
            match operation.and_then(|operation| only_maker(operation, &mut makers)) {
                Ok(operation) => well_formed.push((at, operation)),
                Err(refused) => {
                    order.ready.insert(at, Next::Refused(refused));
                }
            }
        }
        for (at, operation) in well_formed {
            let needs = needs(&operation);
            if let Some(missing) = needs.iter().find(|need| !makers.contains(*need)) {
                let missing = missing.clone();
                order.ready.insert(at, Next::Dangling(operation, missing));
            } else if needs.is_empty() {
                order.ready.insert(at, Next::Ready(operation));
            } else {
                for need in &needs {
                    order.dependents.entry(need.clone()).or_default().push(at);
                }
                order.waiting.insert(at, Waiting { operation, needs });
            }
        }
        order
    }

    /// The next operation and its place in the request.
    pub(super) fn next(&mut self) -> Option<(usize, Next)> {
        self.ready.pop_first().or_else(|| {
            // All that is left waits for each other; every circle has a create in it.
            let at = self
                .waiting
                .iter()
                .find(|(_, waiting)| waiting.operation.method == Method::Post)
                .map(|(at, _)| *at)?;
            let waiting = self.waiting.remove(&at)?;
            Some((at, Next::InCircle(waiting.operation)))
        })
    }

    /// A create was done, or was not: whoever waited for it goes on.
    pub(super) fn made(&mut self, bulk_id: &str, succeeded: bool) {
        for at in self.dependents.remove(bulk_id).unwrap_or_default() {
            let Some(mut waiting) = self.waiting.remove(&at) else {
                continue;
            };
            waiting.needs.remove(bulk_id);
            if !succeeded {
                self.ready
                    .insert(at, Next::Dangling(waiting.operation, bulk_id.to_owned()));
            } else if waiting.needs.is_empty() {
                self.ready.insert(at, Next::Ready(waiting.operation));
            } else {
                self.waiting.insert(at, waiting);
            }
        }
    }
}

/// Refuses a second create of one bulk id.
fn only_maker(operation: Operation, makers: &mut BTreeSet<String>) -> Result<Operation, Refused> {
    let is_second = operation.method == Method::Post
        && operation
            .bulk_id
            .as_ref()
            .is_some_and(|bulk_id| !makers.insert(bulk_id.clone()));
    if !is_second {
        return Ok(operation);
    }
    Err(Refused {
        method: Some(operation.method.as_str().to_owned()),
        bulk_id: operation.bulk_id,
        error: ScimError::invalid_value("another create of this request has the same bulkId"),
    })
}

fn needs(operation: &Operation) -> BTreeSet<String> {
    let in_path = operation.id.as_deref().and_then(references::referred);
    let in_data = operation.data.as_ref().map(references::in_value).unwrap_or_default();
    in_data.into_iter().chain(in_path).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use scim::bulk::BulkRequest;
    use serde_json::{Value, json};

    use super::*;

    /// Does everything; operations whose place is in `failing` fail. Tells place and kind of each.
    fn done(operations: &Value, failing: &[usize]) -> Vec<String> {
        let body = json!({"schemas": [scim::schema::BULK_REQUEST], "Operations": operations});
        let mut order = Order::of(BulkRequest::read(&body, 100).unwrap().operations);
        let mut told = Vec::new();
        while let Some((at, next)) = order.next() {
            let (word, bulk_id, succeeded) = match next {
                Next::Ready(operation) => ("ready", operation.bulk_id, !failing.contains(&at)),
                Next::InCircle(operation) => ("circle", operation.bulk_id, true),
                Next::Dangling(operation, _) => ("dangling", operation.bulk_id, false),
                Next::Refused(refused) => ("refused", refused.bulk_id, false),
            };
            told.push(format!("{at} {word}"));
            if let (Some(bulk_id), false) = (bulk_id, word == "refused") {
                order.made(&bulk_id, succeeded);
            }
        }
        told
    }

    fn create(name: &str, refers_to: &[&str]) -> Value {
        let members: Vec<Value> = refers_to
            .iter()
            .map(|id| json!({"value": format!("bulkId:{id}")}))
            .collect();
        json!({"method": "POST", "path": "/Groups", "bulkId": name, "data": {"members": members}})
    }

    #[test]
    fn what_refers_waits_for_what_it_refers_to() {
        let patch = json!({"method": "PATCH", "path": "/Users/bulkId:b", "data": {}});
        let operations = json!([create("a", &["b", "c"]), patch, create("b", &[]), create("c", &["b"])]);
        assert_eq!(done(&operations, &[]), ["2 ready", "1 ready", "3 ready", "0 ready"]);
    }

    #[test]
    fn whoever_refers_to_what_failed_or_never_was_is_dangling() {
        let operations = json!([
            create("a", &["b"]),
            create("b", &[]),
            create("c", &["x"]),
            create("d", &["a"])
        ]);
        assert_eq!(
            done(&operations, &[1]),
            ["1 ready", "0 dangling", "2 dangling", "3 dangling"]
        );
    }

    #[test]
    fn a_circle_begins_with_its_first_create() {
        let operations = json!([create("a", &["b"]), create("b", &["a"]), create("c", &["c"])]);
        assert_eq!(done(&operations, &[]), ["0 circle", "1 ready", "2 circle"]);
    }

    #[test]
    fn a_second_create_of_one_bulk_id_is_refused_and_the_first_stands() {
        let operations = json!([create("a", &[]), create("a", &[]), create("b", &["a"]), 7]);
        assert_eq!(done(&operations, &[]), ["0 ready", "1 refused", "2 ready", "3 refused"]);
    }
}
