//! Expected against actual: the comparisons a check makes on an answer.
//!
//! Each gives back what it looked at, so that comparisons chain with `?`. A failed one
//! carries the exchange, so that the report can show it.

mod list;
mod resource;

use serde_json::Value;

pub use list::Page;
pub use resource::Representation;

use crate::exchange::{Exchange, clip};
use crate::json::{self, ERROR, LIST_RESPONSE};
use crate::verdict::{Findings, Stop, shown};

impl Exchange {
    /// The status is one of these.
    ///
    /// # Errors
    ///
    /// Fails with the status and what the error body says.
    pub fn expect_status(&self, wanted: &[u16]) -> Result<&Self, Stop> {
        if wanted.contains(&self.status()) {
            return Ok(self);
        }
        let expected: Vec<String> = wanted.iter().map(u16::to_string).collect();
        let message = format!("{} was answered {}", self.name(), self.status());
        Err(Stop::differs(self, message, expected.join(" or "), self.summary()))
    }

    /// A PATCH went well: 200 with the resource, or 204 without a body (RFC 7644 §3.5.2 allows both).
    ///
    /// # Errors
    ///
    /// Fails with the status and what the error body says.
    pub fn expect_patched(&self) -> Result<&Self, Stop> {
        self.expect_status(&[200, 204])
    }

    /// A create went well: 201 with the resource (RFC 7644 §3.3).
    ///
    /// # Errors
    ///
    /// Fails with the status and what the error body says, or with the body that is no resource.
    pub fn expect_created(&self) -> Result<Representation<'_>, Stop> {
        self.expect_status(&[201])?.resource()
    }

    /// A refusal: one of these statuses with a SCIM error.
    ///
    /// # Errors
    ///
    /// As [`Exchange::expect_error`].
    pub fn expect_refused(&self, statuses: &[u16]) -> Result<&Self, Stop> {
        self.expect_status(statuses)?;
        self.expect_error(self.status(), None)
    }

    /// The body is a JSON object.
    ///
    /// # Errors
    ///
    /// Fails with the type and the beginning of the body.
    pub fn json(&self) -> Result<Value, Stop> {
        match serde_json::from_str::<Value>(&self.answer.body) {
            Ok(value) if value.is_object() => Ok(value),
            _ => Err(Stop::differs(
                self,
                format!("the answer to {} is not a JSON object", self.name()),
                "a JSON object",
                format!(
                    "{}: {}",
                    self.answer.header("content-type").unwrap_or("no content-type"),
                    if self.answer.body.is_empty() {
                        "an empty body".into()
                    } else {
                        clip(&self.answer.body, 200)
                    }
                ),
            )),
        }
    }

    /// The body is a resource: a JSON object with a string `id` (RFC 7643 §3.1).
    ///
    /// # Errors
    ///
    /// Fails when it is not JSON or has no such id.
    pub fn resource(&self) -> Result<Representation<'_>, Stop> {
        let value = self.json()?;
        if json::text(&value, &["id"]).is_none_or(str::is_empty) {
            return Err(Stop::differs(
                self,
                "the resource has no id",
                "`id`, a string that is not empty",
                shown(json::get(&value, &["id"])),
            ));
        }
        Ok(Representation { exchange: self, value })
    }

    /// The answer to a query: 200 with a whole `ListResponse`, whether one, many or none matched (RFC 7644 §3.4.2).
    ///
    /// # Errors
    ///
    /// Fails when the status or the shape is another.
    pub fn list(&self) -> Result<Page<'_>, Stop> {
        self.expect_status(&[200])?;
        let value = self.json()?;
        let mut shape = Findings::default();
        if !json::has_schema(&value, LIST_RESPONSE) {
            shape.add(
                self,
                "the answer to a query is not a ListResponse",
                format!("`schemas` with {LIST_RESPONSE}"),
                shown(json::get(&value, &["schemas"])),
            );
        }
        let total = json::get(&value, &["totalResults"]).and_then(Value::as_u64);
        if total.is_none() {
            shape.add(
                self,
                "the ListResponse has no totalResults",
                "`totalResults`, a whole number",
                shown(json::get(&value, &["totalResults"])),
            );
        }
        let resources = match json::get(&value, &["Resources"]) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(resources)) => resources.clone(),
            other => {
                shape.add(self, "Resources is not an array", "an array", shown(other));
                Vec::new()
            }
        };
        shape.end()?;
        Ok(Page {
            exchange: self,
            total: total.unwrap_or_default(),
            resources,
            value,
        })
    }

    /// A SCIM error of this status and, where given, this `scimType` (RFC 7644 §3.12).
    ///
    /// # Errors
    ///
    /// Fails with what came instead; tells a wrong status, a wrong body and a wrong `scimType` apart.
    pub fn expect_error(&self, status: u16, scim_type: Option<&str>) -> Result<&Self, Stop> {
        self.expect_status(&[status])?;
        let body = self.json()?;
        let mut shape = Findings::default();
        if !json::has_schema(&body, ERROR) {
            shape.add(
                self,
                format!("the body of the {status} is not a SCIM error"),
                format!("`schemas` with {ERROR}"),
                shown(json::get(&body, &["schemas"])),
            );
        }
        if let Some(wanted) = scim_type
            && json::text(&body, &["scimType"]) != Some(wanted)
        {
            shape.add(
                self,
                format!("the {status} has another scimType"),
                format!("scimType {wanted}"),
                shown(json::get(&body, &["scimType"])),
            );
        }
        shape.end()?;
        Ok(self)
    }

    /// `POST /Users`, for a sentence; the base of the URL is left out.
    pub fn name(&self) -> String {
        self.request.name()
    }

    /// The status with what an error body says about it.
    fn summary(&self) -> String {
        let status = self.status();
        let Ok(body) = serde_json::from_str::<Value>(&self.answer.body) else {
            return status.to_string();
        };
        let words: Vec<&str> = [json::text(&body, &["scimType"]), json::text(&body, &["detail"])]
            .into_iter()
            .flatten()
            .collect();
        if words.is_empty() {
            status.to_string()
        } else {
            format!("{status} {}", clip(&words.join(": "), 300))
        }
    }
}

impl crate::exchange::SentRequest {
    /// `POST /Users`, for a sentence: the method and the path from its SCIM endpoint on.
    pub fn name(&self) -> String {
        let path = self.url.split(['?', '#']).next().unwrap_or(&self.url);
        let endpoint = path
            .rfind("/Users")
            .or_else(|| path.rfind("/Groups"))
            .or_else(|| path.rfind('/'))
            .unwrap_or(0);
        format!("{} {}", self.method, &path[endpoint..])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::exchange::{Answer, SentRequest};

    fn answered(status: u16, body: &Value) -> Exchange {
        Exchange {
            request: SentRequest {
                method: "GET".to_owned(),
                url: "https://h/scim/Users/7?a=b".to_owned(),
                headers: Vec::new(),
                authorization: None,
                body: None,
                ca_file: None,
            },
            answer: Answer {
                status,
                headers: Vec::new(),
                body: body.to_string(),
            },
            took: Duration::ZERO,
            token_leaked: false,
        }
    }

    fn told(stop: Stop) -> Vec<String> {
        let Stop::Failed(findings) = stop else {
            panic!("{stop:?}")
        };
        findings
            .into_iter()
            .map(|finding| {
                format!(
                    "{}: {} / {}",
                    finding.message,
                    finding.expected.unwrap_or_default(),
                    finding.actual.unwrap_or_default()
                )
            })
            .collect()
    }

    #[test]
    fn a_wrong_status_is_told_with_the_detail() {
        let answer = answered(400, &json!({"scimType": "invalidFilter", "detail": "no such operator"}));
        insta::assert_snapshot!(
            told(answer.expect_status(&[200]).unwrap_err()).join("\n"),
            @"GET /Users/7 was answered 400: 200 / 400 invalidFilter: no such operator"
        );
    }

    #[test]
    fn a_list_is_a_list_only_with_its_schema_and_its_total() {
        let list = json!({"schemas": [LIST_RESPONSE], "totalResults": 0});
        answered(200, &list).list().unwrap().expect_none().unwrap();
        assert_eq!(
            told(answered(200, &json!({"Resources": {}})).list().unwrap_err()).len(),
            3
        );
        assert!(answered(404, &list).list().is_err());
    }

    #[test]
    fn one_hit_counts_only_with_total_one() {
        let list = json!({"schemas": [LIST_RESPONSE], "totalResults": 2, "Resources": [{"id": "1"}]});
        assert!(answered(200, &list).list().unwrap().expect_only("1").is_err());
    }

    #[test]
    fn a_boolean_sent_back_as_text_is_seen() {
        let answer = answered(200, &json!({"id": "1", "active": "True"}));
        insta::assert_snapshot!(
            told(answer.resource().unwrap().expect(&["active"], &json!(true)).unwrap_err()).join("\n"),
            @r#"active is not as expected: true / "True""#
        );
    }

    #[test]
    fn members_are_compared_as_a_set_without_repetition() {
        let answer = answered(200, &json!({"id": "g", "members": [{"value": "a"}, {"value": "a"}]}));
        assert!(answer.resource().unwrap().expect_members(&["a"]).is_err());
        let answer = answered(200, &json!({"id": "g", "members": [{"value": "b"}, {"value": "a"}]}));
        answer.resource().unwrap().expect_members(&["a", "b"]).unwrap();
    }
}
