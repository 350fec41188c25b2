//! Filters that are read otherwise than they were written.

use serde_json::json;

use super::{Row, row};
use crate::support::{Call, Fault, Reply};

/// Every filter, written otherwise.
fn rewritten(change: fn(&str) -> String) -> Fault {
    Fault::in_request(move |call| call.change("filter", change))
}

/// Filters that hold this are refused.
fn refused(text: &'static str) -> Fault {
    Fault::in_answer(move |call: &Call, reply: &mut Reply| {
        if call.filters_by(text) {
            *reply = Reply::error(400, Some("invalidFilter"), "the filter is not understood");
        }
    })
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "externalId minds no letter case",
            rewritten(|filter| {
                if filter.starts_with("externalId eq \"EXT-") {
                    "id pr".to_owned()
                } else {
                    filter.to_owned()
                }
            }),
            &["QRY-06"],
        ),
        row("operators mind the letter case", refused(" EQ "), &["QRY-07"]),
        row(
            "a value filter in a filter is ignored",
            rewritten(|filter| filter.replace(r#"emails[type eq "work"]"#, "emails")),
            &["QRY-08"],
        ),
        row(
            "sw is read as co",
            rewritten(|filter| filter.replace("title sw", "title co")),
            &["QRY-10"],
        ),
        row(
            "pr matches everybody",
            rewritten(|filter| filter.replace("nickName pr", "id pr")),
            &["QRY-11"],
        ),
        row(
            "ge is read as gt",
            rewritten(|filter| filter.replace("lastModified ge", "lastModified gt")),
            &["QRY-12"],
        ),
        row(
            "or binds stronger than and",
            rewritten(|filter| match filter.split_once(" and title eq \"Accountant\"") {
                Some((before, "")) if before.contains(" or ") => {
                    format!("({before}) and title eq \"Accountant\"")
                }
                _ => filter.to_owned(),
            }),
            &["QRY-13"],
        ),
        row(
            "true without quotes is not understood",
            refused("active eq true"),
            &["QRY-14"],
        ),
        row("a URN in a filter is not understood", refused("urn:ietf"), &["QRY-15"]),
        row(
            "a filter is decoded twice",
            rewritten(|filter| filter.replace("%25", "%")),
            &["QRY-16"],
        ),
        row(
            "a coded plus is read as a blank",
            rewritten(|filter| filter.replace("one+two", "one two")),
            &["QRY-17"],
        ),
        row(
            "a broken filter matches nobody",
            Fault::in_answer(|call, reply| {
                if reply.status == 400 && call.parameter("filter").is_some() {
                    *reply = Reply::new(
                        200,
                        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0}),
                    );
                }
            }),
            &["QRY-18"],
        ),
        row(
            "an unknown attribute in a filter matches everybody",
            Fault::in_request(|call| {
                if call.filters_by("conformanceUnknown") {
                    call.forget("filter");
                }
            }),
            &["QRY-19"],
        ),
        row(
            "a filter on the password is evaluated",
            rewritten(|filter| match filter.split_once(" and password") {
                Some((before, guess)) if guess.contains("3-secret") => before.to_owned(),
                _ => filter.to_owned(),
            }),
            &["QRY-20"],
        ),
        row(
            "members.value matches nothing",
            Fault::in_answer(|call, reply| {
                if call.filters_by("members.value") {
                    reply.keep(|_| false);
                }
            }),
            &["GRP-23"],
        ),
    ]
}
