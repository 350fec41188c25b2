//! What a check compares on one resource.

use jiff::Timestamp;
use serde_json::Value;

use crate::exchange::{Exchange, clip};
use crate::json;
use crate::verdict::{Findings, Step, Stop, shown};

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

    /// Each of these attributes is as it is in `wanted`.
    ///
    /// # Errors
    ///
    /// Fails with all that are not.
    pub fn expect_all(&self, wanted: &Value, paths: &[&[&str]]) -> Result<&Self, Stop> {
        let mut all = Findings::default();
        for path in paths {
            all.take(match json::get(wanted, path) {
                Some(value) => self.expect(path, value),
                None => self.expect_absent(path),
            });
        }
        all.end()?;
        Ok(self)
    }

    /// No attribute is there but these, in any letter case.
    ///
    /// # Errors
    ///
    /// Fails with the attributes that should not be there.
    pub fn expect_only(&self, allowed: &[&str]) -> Result<&Self, Stop> {
        let mut more = json::names(&self.value);
        more.retain(|name| !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)));
        if more.is_empty() {
            return Ok(self);
        }
        Err(Stop::differs(
            self.exchange,
            "the resource holds attributes that were not asked for",
            format!("nothing but {}", allowed.join(", ")),
            more.join(", "),
        ))
    }

    /// The date and time at `path` (RFC 7643 §2.3.5).
    ///
    /// # Errors
    ///
    /// Fails when there is none, or it cannot be read.
    pub fn time(&self, path: &[&str]) -> Result<Timestamp, Stop> {
        let found = json::get(&self.value, path);
        found
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| {
                Stop::differs(
                    self.exchange,
                    format!("{} is no date and time", path.join(".")),
                    "a date and time as 2026-01-31T12:00:00Z",
                    shown(found),
                )
            })
    }

    /// `meta.lastModified`, for checks that compare it with a later one.
    ///
    /// # Errors
    ///
    /// Blocked by CRE-02 when there is none.
    pub fn last_modified(&self) -> Result<Timestamp, Stop> {
        self.time(&["meta", "lastModified"]).blocked_by("CRE-02")
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
