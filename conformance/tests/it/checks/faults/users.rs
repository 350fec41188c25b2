//! Users that come back changed.

use serde_json::json;

use super::{Row, row};
use crate::support::Fault;

pub(super) fn rows() -> Vec<Row> {
    vec![
        row(
            "userName comes back in small letters",
            Fault::in_answer(|call, reply| {
                if call.path.starts_with("/Users") {
                    reply.each_resource(|user| {
                        if let Some(name) = user["userName"].as_str() {
                            user["userName"] = json!(name.to_lowercase());
                        }
                    });
                }
            }),
            &["CRE-05"],
        ),
        row(
            "primary comes back as text",
            Fault::in_answer(|_, reply| {
                reply.each_resource(|user| {
                    if user["emails"][0]["primary"] == true {
                        user["emails"][0]["primary"] = json!("True");
                    }
                });
            }),
            &["CRE-17"],
        ),
    ]
}
