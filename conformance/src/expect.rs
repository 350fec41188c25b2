//! Expected against actual: the comparisons a check makes on an answer.
//!
//! Each gives back what it looked at, so that comparisons chain with `?`. A failed one
//! carries the exchange, so that the report can show it.

use serde_json::Value;

use crate::exchange::{Exchange, clip};
use crate::json::{self, ERROR, LIST_RESPONSE};
use crate::verdict::{Finding, Findings, Stop, shown};

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
            shape.take::<()>(Err(Stop::differs(
                self,
                "the answer to a query is not a ListResponse",
                format!("`schemas` with {LIST_RESPONSE}"),
                shown(json::get(&value, &["schemas"])),
            )));
        }
        let total = json::get(&value, &["totalResults"]).and_then(Value::as_u64);
        if total.is_none() {
            shape.take::<()>(Err(Stop::differs(
                self,
                "the ListResponse has no totalResults",
                "`totalResults`, a whole number",
                shown(json::get(&value, &["totalResults"])),
            )));
        }
        let resources = match json::get(&value, &["Resources"]) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(resources)) => resources.clone(),
            other => {
                shape.take::<()>(Err(Stop::differs(
                    self,
                    "Resources is not an array",
                    "an array",
                    shown(other),
                )));
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
            shape.take::<()>(Err(Stop::differs(
                self,
                format!("the body of the {status} is not a SCIM error"),
                format!("`schemas` with {ERROR}"),
                shown(json::get(&body, &["schemas"])),
            )));
        }
        if let Some(wanted) = scim_type
            && json::text(&body, &["scimType"]) != Some(wanted)
        {
            shape.take::<()>(Err(Stop::differs(
                self,
                format!("the {status} has another scimType"),
                format!("scimType {wanted}"),
                shown(json::get(&body, &["scimType"])),
            )));
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

/// A resource in an answer.
#[derive(Debug)]
pub struct Representation<'e> {
    /// The exchange whose answer it is.
    pub exchange: &'e Exchange,
    /// The resource.
    pub value: Value,
}

impl Representation<'_> {
    /// Its id.
    pub fn id(&self) -> &str {
        json::text(&self.value, &["id"]).unwrap_or_default()
    }

    /// The attribute at `path` has exactly this value: same type, same characters.
    ///
    /// # Errors
    ///
    /// Fails with both values.
    pub fn expect(&self, path: &[&str], wanted: &Value) -> Result<&Self, Stop> {
        let found = json::get(&self.value, path);
        if found == Some(wanted) {
            return Ok(self);
        }
        Err(Stop::differs(
            self.exchange,
            format!("{} is not as expected", path.join(".")),
            shown(Some(wanted)),
            shown(found),
        ))
    }

    /// The attribute at `path` is not there, null or empty.
    ///
    /// # Errors
    ///
    /// Fails with the value that is there.
    pub fn expect_absent(&self, path: &[&str]) -> Result<&Self, Stop> {
        match json::present(&self.value, path) {
            None => Ok(self),
            found => Err(Stop::differs(
                self.exchange,
                format!("{} should be gone", path.join(".")),
                "nothing",
                shown(found),
            )),
        }
    }

    /// The one element of this `type` has this value, and there is one element.
    ///
    /// # Errors
    ///
    /// Fails with the elements that are there.
    pub fn expect_element(&self, name: &str, kind: &str, wanted: &Value) -> Result<&Self, Stop> {
        let found = json::of_type(&self.value, name, kind);
        match found.as_slice() {
            [element] if json::get(element, &["value"]) == Some(wanted) => Ok(self),
            _ => Err(Stop::differs(
                self.exchange,
                format!(r#"{name}[type eq "{kind}"].value is not as expected"#),
                format!("one element with the value {wanted}"),
                shown(json::get(&self.value, &[name])),
            )),
        }
    }

    /// The members of a group are these, each once and no other.
    ///
    /// # Errors
    ///
    /// Fails with the ids that are missing and those that should not be there.
    pub fn expect_members(&self, wanted: &[&str]) -> Result<&Self, Stop> {
        let found = json::member_ids(&self.value);
        let mut expected: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
        expected.sort();
        if found == expected {
            return Ok(self);
        }
        let list = |ids: &[String]| {
            if ids.is_empty() {
                "no member".to_owned()
            } else {
                format!("{} ({})", ids.len(), clip(&ids.join(", "), 300))
            }
        };
        Err(Stop::differs(
            self.exchange,
            "the group's members are not as expected",
            list(&expected),
            list(&found),
        ))
    }
}

/// The answer to a query.
#[derive(Debug)]
pub struct Page<'e> {
    /// The exchange whose answer it is.
    pub exchange: &'e Exchange,
    /// `totalResults`.
    pub total: u64,
    /// `Resources`; empty when it was left out.
    pub resources: Vec<Value>,
    /// The whole `ListResponse`.
    pub value: Value,
}

impl Page<'_> {
    /// Nothing matched: `totalResults` 0 and no resource.
    ///
    /// # Errors
    ///
    /// Fails with what came.
    pub fn expect_none(&self) -> Result<&Self, Stop> {
        if self.total == 0 && self.resources.is_empty() {
            return Ok(self);
        }
        Err(Stop::differs(
            self.exchange,
            "a filter that matches nothing found something",
            "totalResults 0 and no resource",
            self.summary(),
        ))
    }

    /// Exactly the resource of this id matched.
    ///
    /// # Errors
    ///
    /// Fails with the ids that came.
    pub fn expect_only(&self, id: &str) -> Result<&Self, Stop> {
        match self.resources.as_slice() {
            [resource] if self.total == 1 && json::text(resource, &["id"]) == Some(id) => Ok(self),
            _ => Err(Stop::differs(
                self.exchange,
                "the filter did not find exactly the one resource",
                format!("totalResults 1 and the resource with the id {id}"),
                self.summary(),
            )),
        }
    }

    /// The first resource, as something to compare.
    ///
    /// # Errors
    ///
    /// Fails when there is none.
    pub fn first(&self) -> Result<Representation<'_>, Stop> {
        let value = self
            .resources
            .first()
            .ok_or_else(|| Finding::shown_by(self.exchange, "the filter found nothing"))?;
        Ok(Representation {
            exchange: self.exchange,
            value: value.clone(),
        })
    }

    fn summary(&self) -> String {
        let ids: Vec<&str> = self
            .resources
            .iter()
            .map(|resource| json::text(resource, &["id"]).unwrap_or("(no id)"))
            .collect();
        let joined = ids.join(", ");
        let shown = if ids.is_empty() {
            "none".into()
        } else {
            clip(&joined, 300)
        };
        format!("totalResults {} and {} in Resources: {shown}", self.total, ids.len())
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
