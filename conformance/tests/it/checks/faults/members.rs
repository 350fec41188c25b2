//! Groups that lose members, keep them, or make some up.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{Row, row, without};
use crate::support::{Call, Fault, Reply};

/// Each operation on a group, changed.
fn in_operation(change: fn(&mut Value)) -> Fault {
    Fault::in_request(move |call| {
        if call.is("PATCH", "/Groups") {
            call.operations().into_iter().flatten().for_each(change);
        }
    })
}

/// The members in an answer, changed; the name of the group comes first.
fn in_members(change: fn(&str, &mut Vec<Value>)) -> Fault {
    Fault::in_answer(move |call, reply| {
        if call.is("GET", "/Groups") {
            reply.each_resource(|group| {
                let name = group["displayName"].as_str().unwrap_or_default().to_owned();
                if let Some(members) = group["members"].as_array_mut() {
                    change(&name, members);
                }
            });
        }
    })
}

fn is_of_members(operation: &Value, op: &str) -> bool {
    operation["path"] == "members" && operation["op"] == op
}

/// Ids of the server are numbers; one with a dash is nobody's.
fn is_unknown(member: &Value) -> bool {
    member["value"].as_str().is_some_and(|id| id.contains('-'))
}

fn leave_out_unknown(call: &mut Call) {
    if !call.path.starts_with("/Groups") {
        return;
    }
    let Some(body) = call.body.as_mut() else { return };
    let lists = [
        body.pointer_mut("/members").map(Value::take),
        body.pointer_mut("/Operations/0/value").map(Value::take),
    ];
    for (place, list) in ["/members", "/Operations/0/value"].into_iter().zip(lists) {
        if let (Some(slot), Some(mut list)) = (body.pointer_mut(place), list) {
            if let Some(members) = list.as_array_mut() {
                members.retain(|member| !is_unknown(member));
            }
            *slot = list;
        }
    }
}

#[expect(clippy::too_many_lines, reason = "a table, row after row")]
pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "a group needs no name",
            Fault::in_answer(|call, reply| {
                if call.is("POST", "/Groups") && reply.status == 400 && call.sent_name().is_empty() {
                    *reply = Reply::new(201, json!({"id": "made"}));
                }
            }),
            &["GRP-03"],
        ),
        row(
            "PUT of a group takes no members",
            Fault::in_request(|call| {
                if call.is("PUT", "/Groups")
                    && let Some(body) = call.body.as_mut()
                {
                    body.as_object_mut().unwrap().remove("members");
                }
            }),
            &["GRP-05", "PUT-07"],
        ),
        row(
            "only the first member of a list is added",
            in_operation(|operation| {
                if is_of_members(operation, "add") {
                    operation["value"].as_array_mut().unwrap().truncate(1);
                }
            }),
            &["GRP-07"],
        ),
        row(
            "a member who is added again is there twice",
            in_members(|name, members| {
                if name.contains("-grp-08-") {
                    members.push(members[0].clone());
                }
            }),
            &["GRP-08"],
        ),
        row(
            "a value of a remove is ignored, and nobody leaves",
            in_operation(|operation| {
                if operation["op"] == "Remove" {
                    operation["value"] = json!([{"value": "nobody"}]);
                }
            }),
            &["GRP-10"],
        ),
        row(
            "a remove of somebody unknown is a 404",
            Fault::in_answer(|call, reply| {
                if call.is("PATCH", "/Groups")
                    && call.body.as_ref().is_some_and(|body| {
                        body["Operations"][0]["path"]
                            .as_str()
                            .is_some_and(|path| path.matches('-').count() == 4)
                    })
                {
                    *reply = Reply::error(404, None, "nobody has the id");
                }
            }),
            &["GRP-11"],
        ),
        row(
            "a remove of all is ignored",
            in_operation(|operation| {
                if is_of_members(operation, "remove") && operation["value"].is_null() {
                    operation["value"] = json!([{"value": "nobody"}]);
                }
            }),
            &["GRP-12"],
        ),
        row(
            "replace of members adds",
            in_operation(|operation| {
                if is_of_members(operation, "replace") {
                    operation["op"] = json!("add");
                }
            }),
            &["GRP-13"],
        ),
        row(
            "externalId of a group cannot be changed",
            Fault::in_request(|call| {
                if call.is("PATCH", "/Groups") {
                    without(call, |path| path == "externalId");
                }
            }),
            &["GRP-15"],
        ),
        row(
            "operations on a group are done from the last to the first",
            Fault::in_request(|call| {
                if call.is("PATCH", "/Groups")
                    && let Some(operations) = call.operations()
                {
                    operations.reverse();
                }
            }),
            &["GRP-16"],
        ),
        row(
            "groups are no members",
            in_members(|_, members| members.retain(|member| member["type"] != "Group")),
            &["GRP-17"],
        ),
        row(
            "members who do not exist are left out in silence",
            Fault::in_request(leave_out_unknown),
            &["GRP-18"],
        ),
        row(
            "$ref of a member leads elsewhere",
            in_members(|_, members| {
                for member in members {
                    member["$ref"] = json!("https://example.com/elsewhere");
                }
            }),
            &["GRP-19"],
        ),
        row(
            "a group shows ten members at most",
            in_members(|_, members| members.truncate(10)),
            &["GRP-20"],
        ),
        row(
            "a deleted user stays a member",
            in_members(|name, members| {
                if name.contains("-grp-21-") {
                    members.push(json!({"value": "gone"}));
                }
            }),
            &["GRP-21"],
        ),
        row(
            "a disabled user is in no group",
            in_members(|name, members| {
                if name.contains("-del-07-") {
                    members.clear();
                }
            }),
            &["DEL-07"],
        ),
        row(
            "DELETE of a group is answered 200",
            Fault::in_answer(|call, reply| {
                if call.is("DELETE", "/Groups") && reply.status == 204 {
                    *reply = Reply::new(200, json!({}));
                }
            }),
            &["GRP-22"],
        ),
        row(
            "an add is lost when another is made meanwhile",
            {
                let (newest, count) = (Mutex::new(String::new()), AtomicUsize::new(0));
                Fault::in_request(move |call| {
                    if call.is("POST", "/Groups") {
                        call.sent_name().clone_into(&mut newest.lock().unwrap());
                    }
                    let is_it = call.is("PATCH", "/Groups") && newest.lock().unwrap().contains("-grp-24-");
                    if is_it && count.fetch_add(1, Ordering::Relaxed) == 3 {
                        call.operations().unwrap()[0]["path"] = json!("externalId");
                    }
                })
            },
            &["GRP-24"],
        ),
    ]
}
