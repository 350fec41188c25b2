//! `sortBy` and `sortOrder` (RFC 7644 §3.4.2.3).
//!
//! Of a multi-valued attribute the primary value counts, else the first. A resource without the
//! value comes last when ascending and first when descending ("resources with no value for the
//! attribute … SHALL be sorted last / first").
//!
//! The surprise: attributes that no schema knows may hold text in one resource and a number in the
//! next (rule A8). The order is total all the same, because a sort with an order that contradicts
//! itself may panic: booleans come before numbers, numbers before text.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;
use serde_json::Value;

use crate::entra::complex_means_value;
use crate::error::ScimError;
use crate::filter::value::instant;
use crate::path::{self, AttributePath};
use crate::resource::{Place, Resource, get};
use crate::schema::{Attribute, ResourceType, Type};
use crate::text::fold;

/// By which attribute to sort, and in which direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    attribute: AttributePath,
    is_descending: bool,
}

impl Sort {
    /// Reads the two query parameters, decoded. Without `sortBy` there is no order to make.
    ///
    /// # Errors
    ///
    /// 400 `invalidValue` when `sortBy` names no attribute or `sortOrder` is neither `ascending`
    /// nor `descending`.
    pub fn from_query(sort_by: Option<&str>, sort_order: Option<&str>) -> Result<Option<Self>, ScimError> {
        let is_descending = match sort_order {
            None => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => {
                let detail = "sortOrder must be ascending or descending";
                return Err(ScimError::invalid_value(detail));
            }
        };
        let Some(name) = sort_by else { return Ok(None) };
        let attribute = path::split(name.trim())
            .ok()
            .and_then(path::Name::into_attribute)
            .ok_or_else(|| ScimError::invalid_value("sortBy must name an attribute"))?;
        Ok(Some(Self {
            attribute,
            is_descending,
        }))
    }

    /// Where a resource stands in the order, taken by itself: a server keeps keys instead of resources.
    pub fn key(&self, resource_type: &ResourceType, resource: &Resource) -> Key {
        let (definition, value) = self.value(resource_type, resource);
        let rank = value.map_or(Rank::Missing, |value| Rank::of(definition, value));
        Key(if self.is_descending {
            Directed::Descending(Reverse(rank))
        } else {
            Directed::Ascending(rank)
        })
    }

    /// The order of two resources.
    pub fn compare(&self, resource_type: &ResourceType, a: &Resource, b: &Resource) -> Ordering {
        self.key(resource_type, a).cmp(&self.key(resource_type, b))
    }

    fn value<'a>(
        &self,
        resource_type: &ResourceType,
        resource: &'a Resource,
    ) -> (Option<&'static Attribute>, Option<&'a Value>) {
        let place = Place::of(resource_type, &self.attribute);
        let definition = place.definition();
        let Some(value) = place.get(resource).map(preferred) else {
            return (definition, None);
        };
        let (definition, value) = match (&self.attribute.sub, value) {
            (None, Some(value)) => complex_means_value(definition, value),
            (Some(sub), Some(Value::Object(object))) => (definition.and_then(|found| found.sub(sub)), get(object, sub)),
            _ => (definition, None),
        };
        // `null` is no value (RFC 7643 §2.5).
        (definition, value.filter(|value| !value.is_null()))
    }
}

/// The primary element of a list, or the first; a single value as it is.
fn preferred(value: &Value) -> Option<&Value> {
    let Value::Array(items) = value else { return Some(value) };
    let is_primary =
        |item: &&Value| item.as_object().and_then(|object| get(object, "primary")) == Some(&Value::Bool(true));
    items.iter().find(is_primary).or(items.first())
}

/// A resource's place in the order of one [`Sort`]; keys of another say nothing beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Directed);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Directed {
    Ascending(Rank),
    Descending(Reverse<Rank>),
}

/// A value as it is ordered; the kinds come in the order in which they stand here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Bool(bool),
    Number(i64),
    Text(String),
    /// A date that is none comes before all that are.
    Date(Option<Timestamp>),
    Structure,
    Missing,
}

impl Rank {
    fn of(definition: Option<&Attribute>, value: &Value) -> Self {
        match (value, definition) {
            (Value::Bool(value), _) => Self::Bool(*value),
            (Value::Number(number), _) => Self::Number(ordered(number.as_f64().unwrap_or_default())),
            (Value::String(text), Some(found)) if found.kind == Type::DateTime => Self::Date(instant(text)),
            (Value::String(text), Some(found)) if found.case_exact => Self::Text(text.clone()),
            (Value::String(text), _) => Self::Text(fold(text).into_owned()),
            (Value::Array(_) | Value::Object(_), _) => Self::Structure,
            (Value::Null, _) => Self::Missing,
        }
    }
}

/// An integer that is ordered as the number is (IEEE 754 totalOrder).
fn ordered(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::user;

    fn sorted(by: &str, order: Option<&str>, resources: Value) -> Vec<String> {
        let sort = Sort::from_query(Some(by), order).unwrap().unwrap();
        let Value::Array(resources) = resources else {
            panic!("not an array")
        };
        let mut resources: Vec<Resource> = resources
            .iter()
            .map(|resource| resource.as_object().unwrap().clone())
            .collect();
        resources.sort_by(|a, b| sort.compare(user(), a, b));
        resources
            .iter()
            .map(|resource| resource["id"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn text_is_sorted_without_case_and_absence_comes_last_or_first() {
        let resources = json!([{"id": "1"}, {"id": "2", "title": "b"}, {"id": "3", "title": "A"}]);
        assert_eq!(sorted("title", None, resources.clone()), ["3", "2", "1"]);
        assert_eq!(sorted("TITLE", Some("Descending"), resources), ["1", "2", "3"]);
    }

    #[test]
    fn primary_value_counts_then_the_first() {
        let resources = json!([
            {"id": "1", "emails": [{"value": "a"}, {"value": "z", "primary": true}]},
            {"id": "2", "emails": [{"value": "m"}, {"value": "a"}]},
        ]);
        assert_eq!(sorted("emails.value", None, resources.clone()), ["2", "1"]);
        assert_eq!(sorted("emails", None, resources), ["2", "1"]);
    }

    #[test]
    fn case_counts_where_the_schema_says_so() {
        let resources = json!([{"id": "1", "externalId": "b"}, {"id": "2", "externalId": "C"}]);
        assert_eq!(sorted("externalId", None, resources), ["2", "1"]);
        let resources = json!([{"id": "1", "nickName": "b"}, {"id": "2", "nickName": "C"}]);
        assert_eq!(sorted("nickName", None, resources), ["1", "2"]);
    }

    #[test]
    fn values_of_several_kinds_have_one_order() {
        let values = [
            json!("b"),
            json!(2),
            json!("a"),
            json!(null),
            json!(true),
            json!(1),
            json!({"x": 1}),
        ];
        let resources: Vec<Value> = (0..70)
            .map(|n| json!({"id": n.to_string(), "badge": values[n * 5 % 7]}))
            .collect();
        let order = sorted("badge", None, Value::Array(resources.clone()));
        let shown: Vec<&Value> = order
            .iter()
            .map(|id| &resources[id.parse::<usize>().unwrap()]["badge"])
            .collect();
        let firsts: Vec<&Value> = shown.chunks(10).map(|chunk| chunk[0]).collect();
        assert!(
            shown
                .chunks(10)
                .take(5)
                .all(|chunk| chunk.iter().all(|value| *value == chunk[0]))
        );
        assert_eq!(
            firsts[..5],
            [&json!(true), &json!(1), &json!(2), &json!("a"), &json!("b")]
        );
    }

    #[test]
    fn null_is_no_value() {
        let resources = json!([{"id": "1", "x": null}, {"id": "2", "x": "a"}, {"id": "3"}]);
        assert_eq!(sorted("x", None, resources), ["2", "1", "3"]);
    }

    #[test]
    fn numbers_are_sorted_as_numbers() {
        let resources =
            json!([{"id": "1", "x": 10}, {"id": "2", "x": -2.5}, {"id": "3", "x": 9}, {"id": "4", "x": -3}]);
        assert_eq!(sorted("x", None, resources.clone()), ["4", "2", "3", "1"]);
        assert_eq!(sorted("x", Some("descending"), resources), ["1", "3", "2", "4"]);
    }

    #[test]
    fn dates_are_sorted_as_instants() {
        let resources = json!([
            {"id": "1", "meta": {"created": "2026-01-05T09:00:00+02:00"}},
            {"id": "2", "meta": {"created": "2026-01-05T06:30:00Z"}},
        ]);
        assert_eq!(sorted("meta.created", None, resources), ["2", "1"]);
    }

    #[test]
    fn what_is_no_order_is_refused() {
        assert!(Sort::from_query(Some("a"), Some("up")).is_err());
        assert!(Sort::from_query(Some("a[b"), None).is_err());
        assert_eq!(Sort::from_query(None, None), Ok(None));
    }
}
