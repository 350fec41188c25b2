//! Endpoints that say something else than they do.

use serde_json::{Value, json};

use super::{Row, row};
use crate::support::{Call, Fault, Reply};

const CONFIG: &str = "/ServiceProviderConfig";

/// What discovery says about an attribute, changed.
fn in_attribute(change: fn(&str, &mut Value)) -> Fault {
    Fault::in_answer(move |call, reply| {
        if call.path == "/Schemas" && reply.status == 200 {
            reply.each_resource(|schema| {
                for attribute in schema["attributes"].as_array_mut().into_iter().flatten() {
                    let name = attribute["name"].as_str().unwrap_or_default().to_owned();
                    change(&name, attribute);
                }
            });
        }
    })
}

/// The body in a list.
fn listed(reply: &mut Reply) {
    let one = reply.body().clone();
    *reply.body() = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [one],
    });
}

fn is_one(call: &Call, reply: &Reply, below: &str) -> bool {
    call.path.starts_with(below) && reply.status == 200
}

#[expect(clippy::too_many_lines, reason = "a table, row after row")]
pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "the configuration is another document",
            Fault::in_answer(|call, reply| {
                if call.path == CONFIG && reply.status == 200 {
                    reply.body()["schemas"] = json!([]);
                }
            }),
            &["DIS-01"],
        ),
        row(
            "a capability is announced as text",
            Fault::in_answer(|call, reply| {
                if call.path == CONFIG && reply.status == 200 {
                    reply.body()["patch"]["supported"] = json!("true");
                }
            }),
            &["DIS-02", "DIS-04"],
        ),
        row(
            "the configuration holds an attribute of its own",
            Fault::in_answer(|call, reply| {
                if call.path == CONFIG && reply.status == 200 {
                    reply.body()["vendorLevel"] = json!(7);
                }
            }),
            &["DIS-03"],
        ),
        row(
            "PATCH is denied and done",
            Fault::in_answer(|call, reply| {
                if call.path == CONFIG && reply.status == 200 {
                    reply.body()["patch"]["supported"] = json!(false);
                }
            }),
            &["DIS-04", "DIS-19"],
        ),
        row(
            "no limit is announced",
            Fault::in_answer(|call, reply| {
                if call.path == CONFIG && reply.status == 200 {
                    reply.body()["bulk"].as_object_mut().unwrap().remove("maxOperations");
                }
            }),
            &["DIS-05"],
        ),
        row(
            "only users are a resource type",
            Fault::in_answer(|call, reply| {
                if call.path == "/ResourceTypes" && call.method == "GET" {
                    reply.keep(|kind| kind["name"] == "User");
                }
            }),
            &["DIS-06"],
        ),
        row(
            "one resource type is answered as a list",
            Fault::in_answer(|call, reply| {
                if is_one(call, reply, "/ResourceTypes/") {
                    listed(reply);
                }
            }),
            &["DIS-07"],
        ),
        row(
            "an unknown resource type is answered with none",
            Fault::in_answer(|call, reply| {
                if call.path == "/ResourceTypes/ConformanceUnknown" {
                    *reply = Reply::new(200, json!({}));
                }
            }),
            &["DIS-08"],
        ),
        row(
            "a resource type names a schema that is not there",
            Fault::in_answer(|call, reply| {
                if call.path == "/ResourceTypes" && reply.status == 200 {
                    reply.each_resource(|kind| {
                        kind["schemaExtensions"] = json!([{"schema": "urn:example:gone", "required": false}]);
                    });
                }
            }),
            &["DIS-09"],
        ),
        row(
            "no schema of groups is listed",
            Fault::in_answer(|call, reply| {
                if call.path == "/Schemas" && reply.status == 200 {
                    reply.keep(|schema| schema["name"] != "Group");
                }
            }),
            &["DIS-10", "DIS-13", "DIS-09"],
        ),
        row(
            "one schema is answered as a list",
            Fault::in_answer(|call, reply| {
                if is_one(call, reply, "/Schemas/") {
                    listed(reply);
                }
            }),
            &["DIS-11"],
        ),
        row(
            "an unknown schema is answered with none",
            Fault::in_answer(|call, reply| {
                if call.path.contains("conformance:unknown") {
                    *reply = Reply::new(200, json!({}));
                }
            }),
            &["DIS-12"],
        ),
        row(
            "active is announced as text",
            in_attribute(|name, attribute| {
                if name == "active" {
                    attribute["type"] = json!("string");
                }
            }),
            &["DIS-13", "DIS-14"],
        ),
        row(
            "e-mail addresses are announced as a single value",
            in_attribute(|name, attribute| {
                if name == "emails" {
                    attribute["multiValued"] = json!(false);
                }
            }),
            &["DIS-13"],
        ),
        row(
            "$ref of members is announced as text",
            in_attribute(|name, attribute| {
                if name == "members" {
                    attribute["subAttributes"][1]["referenceTypes"] = json!(["User"]);
                }
            }),
            &["DIS-15"],
        ),
        row(
            "discovery can be deleted",
            Fault::in_answer(|call, reply| {
                if call.method == "DELETE" && call.path == "/Schemas" {
                    *reply = Reply::empty(204);
                }
            }),
            &["DIS-16"],
        ),
        row(
            "a filter on discovery is ignored",
            Fault::in_request(|call| {
                if call.path == "/Schemas" {
                    call.forget("filter");
                }
            }),
            &["DIS-17"],
        ),
        row(
            "discovery is served without a version segment only",
            Fault::in_answer(|call, reply| {
                if call.is_below_v2 && !call.path.starts_with("/Users") {
                    *reply = Reply::error(404, None, "not below /v2");
                }
            }),
            &["DIS-18"],
        ),
        row(
            "bulk is announced and not there",
            Fault::in_answer(|call, reply| {
                if call.path == "/Bulk" {
                    *reply = Reply::error(404, None, "no such endpoint");
                }
            }),
            &["DIS-19", "BLK-01"],
        ),
        row(
            "an unknown path is answered with a page",
            Fault::in_answer(|call, reply| {
                if call.path == "/ConformanceUnknown" {
                    *reply = Reply::new(200, json!("<html>"));
                }
            }),
            &["DIS-20"],
        ),
    ]
}
