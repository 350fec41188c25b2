//! What a check compares on the answer to a query.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Representation;
use crate::exchange::{Exchange, clip};
use crate::json;
use crate::verdict::{Finding, Stop};

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

    /// Exactly the resources of these ids matched, in any order.
    ///
    /// # Errors
    ///
    /// Fails with the ids that came.
    pub fn expect_ids(&self, wanted: &[&str]) -> Result<&Self, Stop> {
        let found = self.ids();
        let unique: BTreeSet<&str> = found.iter().copied().collect();
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        if unique == wanted && found.len() == wanted.len() && self.total == wanted.len() as u64 {
            return Ok(self);
        }
        let list: Vec<&str> = wanted.into_iter().collect();
        Err(Stop::differs(
            self.exchange,
            "the query did not find exactly the resources it should",
            format!("totalResults {} and the resources {}", list.len(), list.join(", ")),
            self.summary(),
        ))
    }

    /// The ids of the resources, in their order.
    pub fn ids(&self) -> Vec<&str> {
        self.resources
            .iter()
            .map(|resource| json::text(resource, &["id"]).unwrap_or("(no id)"))
            .collect()
    }

    /// The resource of this id, as something to compare.
    ///
    /// # Errors
    ///
    /// Fails when it is not on the page.
    pub fn one(&self, id: &str) -> Result<Representation<'_>, Stop> {
        let found = self
            .resources
            .iter()
            .find(|resource| json::text(resource, &["id"]) == Some(id));
        match found {
            Some(value) => Ok(Representation {
                exchange: self.exchange,
                value: value.clone(),
            }),
            None => Err(Stop::differs(
                self.exchange,
                "the resource is not in the list",
                format!("a resource with the id {id}"),
                self.summary(),
            )),
        }
    }

    /// A whole number of the `ListResponse`, as `startIndex`.
    pub fn number(&self, name: &str) -> Option<u64> {
        json::get(&self.value, &[name]).and_then(Value::as_u64)
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
        let ids = self.ids();
        let joined = ids.join(", ");
        let shown = if ids.is_empty() {
            "none".into()
        } else {
            clip(&joined, 300)
        };
        format!("totalResults {} and {} in Resources: {shown}", self.total, ids.len())
    }
}
