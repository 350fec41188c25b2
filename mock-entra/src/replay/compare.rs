//! Is every expected value in the answer?
//!
//! Objects: every expected key, names in any case. Arrays: as a whole and without order, except
//! `schemas`, and the `attributes` and `subAttributes` of a schema, where the expected ones must be
//! among the actual ones: a server may know more than a file shows. Left out: `meta` and
//! `itemsPerPage`; `id` unless it is a mapped placeholder. Expected `null` or `[]` equals absence.
//! Errors: `status` and `scimType` equal, `detail` begins with the expected text in any case.

use serde_json::{Map, Value};

use super::ids::Ids;
use crate::wire::{ERROR, read::field};

/// One expected value that the answer does not have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// JSON path in the answer, `$` for its root.
    pub path: String,
    /// As expected, ids mapped.
    pub expected: String,
    /// As answered.
    pub actual: String,
}

/// All differences between an expectation and an answer.
pub(crate) fn compare(expected: &Value, actual: &Value, ids: &Ids) -> Vec<Difference> {
    let mut differences = Vec::new();
    Comparison { ids }.value("$", expected, actual, &mut differences);
    differences
}

struct Comparison<'a> {
    ids: &'a Ids,
}

const IGNORED: [&str; 2] = ["meta", "itemsPerPage"];
/// Arrays of which only the expected part must be there.
const OPEN: [&str; 3] = ["schemas", "attributes", "subAttributes"];

impl Comparison<'_> {
    fn value(&self, path: &str, expected: &Value, actual: &Value, out: &mut Vec<Difference>) {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(_)) => self.object(path, expected, actual, out),
            (Value::Array(wanted), Value::Array(found)) => {
                let open = OPEN.iter().any(|name| path.ends_with(&format!(".{name}")));
                self.array(path, wanted, found, open, out);
            }
            (Value::String(expected), Value::String(actual)) => {
                let expected = self.ids.text(expected);
                if expected != *actual {
                    out.push(difference(path, &Value::String(expected), &actual.clone().into()));
                }
            }
            (expected, actual) if expected == actual => {}
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
            _ => out.push(difference(path, &self.ids.json(expected), actual)),
        }
    }

    fn object(&self, path: &str, expected: &Map<String, Value>, actual: &Value, out: &mut Vec<Difference>) {
        let is_error = expected
            .get("schemas")
            .and_then(Value::as_array)
            .is_some_and(|schemas| schemas.iter().any(|schema| schema == ERROR));
        for (name, expected) in expected {
            let path = format!("{path}.{name}");
            let actual = field(actual, name);
            if IGNORED.iter().any(|ignored| name.eq_ignore_ascii_case(ignored)) {
                continue;
            }
            if name.eq_ignore_ascii_case("id") && !self.is_mapped(expected) {
                continue;
            }
            if is_nothing(expected) {
                if let Some(actual) = actual.filter(|actual| !is_nothing(actual)) {
                    out.push(difference(&path, expected, actual));
                }
                continue;
            }
            let Some(actual) = actual else {
                if wants_nothing_inside(expected) {
                    continue;
                }
                out.push(Difference {
                    path,
                    expected: self.ids.json(expected).to_string(),
                    actual: "(absent)".to_owned(),
                });
                continue;
            };
            if is_error && name == "detail" {
                if !begins_with(actual, expected) {
                    out.push(difference(&path, expected, actual));
                }
                continue;
            }
            self.value(&path, expected, actual, out);
        }
    }

    fn is_mapped(&self, expected: &Value) -> bool {
        expected.as_str().is_some_and(|id| self.ids.get(id).is_some())
    }

    fn array(&self, path: &str, expected: &[Value], actual: &[Value], open: bool, out: &mut Vec<Difference>) {
        if let ([expected], [actual], false) = (expected, actual, open) {
            return self.value(&format!("{path}[0]"), expected, actual, out);
        }
        let too_few = if open {
            actual.len() < expected.len()
        } else {
            actual.len() != expected.len()
        };
        let partners = self.partners(expected, actual);
        if let Some(at) = partners.iter().position(Option::is_none) {
            let path = format!("{path}[{at}]");
            let best = self.closest(&path, &expected[at], actual);
            out.extend(best.unwrap_or_else(|| vec![difference(&path, &self.ids.json(&expected[at]), &actual.into())]));
        } else if too_few {
            let expected = Value::from(expected.to_vec());
            out.push(difference(path, &self.ids.json(&expected), &actual.into()));
        }
    }

    /// For each expected element an actual one of its own: an assignment by augmenting paths, since
    /// an expected element may fit several actual ones.
    fn partners(&self, expected: &[Value], actual: &[Value]) -> Vec<Option<usize>> {
        let fits: Vec<Vec<usize>> = expected
            .iter()
            .map(|expected| {
                let fits = |at: &usize| self.fits(expected, &actual[*at]);
                (0..actual.len()).filter(fits).collect()
            })
            .collect();
        let mut owner: Vec<Option<usize>> = vec![None; actual.len()];
        for at in 0..expected.len() {
            augment(at, &fits, &mut owner, &mut vec![false; actual.len()]);
        }
        let mut partners = vec![None; expected.len()];
        for (at, owner) in owner.into_iter().enumerate() {
            if let Some(owner) = owner {
                partners[owner] = Some(at);
            }
        }
        partners
    }

    fn fits(&self, expected: &Value, actual: &Value) -> bool {
        let mut differences = Vec::new();
        self.value("$", expected, actual, &mut differences);
        differences.is_empty()
    }

    /// The differences to the actual element of the same `type`, `name` or `userName`, which say
    /// more than two whole elements.
    fn closest(&self, path: &str, expected: &Value, actual: &[Value]) -> Option<Vec<Difference>> {
        let same = |actual: &&Value| {
            ["type", "name", "userName", "displayName"].iter().any(|name| {
                let wanted = field(expected, name).filter(|value| value.is_string());
                wanted.is_some() && wanted == field(actual, name)
            })
        };
        let mut differences = Vec::new();
        self.value(path, expected, actual.iter().find(same)?, &mut differences);
        (!differences.is_empty()).then_some(differences)
    }
}

fn augment(at: usize, fits: &[Vec<usize>], owner: &mut [Option<usize>], seen: &mut Vec<bool>) -> bool {
    for &candidate in &fits[at] {
        if std::mem::replace(&mut seen[candidate], true) {
            continue;
        }
        let free = match owner[candidate] {
            None => true,
            Some(other) => augment(other, fits, owner, seen),
        };
        if free {
            owner[candidate] = Some(at);
            return true;
        }
    }
    false
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// An object such as `{"manager": null}`, which an absent one fulfils too.
fn wants_nothing_inside(value: &Value) -> bool {
    let inside = |value: &Value| is_nothing(value) || wants_nothing_inside(value);
    value
        .as_object()
        .is_some_and(|object| !object.is_empty() && object.values().all(inside))
}

fn begins_with(actual: &Value, expected: &Value) -> bool {
    match (actual.as_str(), expected.as_str()) {
        (Some(actual), Some(expected)) => actual.to_lowercase().starts_with(&expected.to_lowercase()),
        _ => false,
    }
}

fn difference(path: &str, expected: &Value, actual: &Value) -> Difference {
    Difference {
        path: path.to_owned(),
        expected: expected.to_string(),
        actual: actual.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(expected: &Value, actual: &Value) -> Vec<String> {
        let mut ids = Ids::default();
        ids.learn("pat", "s1");
        compare(expected, actual, &ids)
            .into_iter()
            .map(|found| found.path)
            .collect()
    }

    #[test]
    fn expected_keys_must_be_there_in_any_case_and_more_may_be() {
        let actual = json!({"USERNAME": "a", "name": {"givenName": "A", "middleName": "M"}});
        assert_eq!(
            paths(&json!({"userName": "a", "name": {"givenName": "A"}}), &actual),
            [""; 0]
        );
        assert_eq!(
            paths(&json!({"name": {"givenName": "B"}}), &actual),
            ["$.name.givenName"]
        );
        assert_eq!(paths(&json!({"title": "T"}), &actual), ["$.title"]);
    }

    #[test]
    fn arrays_compare_as_a_whole_and_without_order() {
        let actual = json!({"emails": [{"type": "home", "value": "h"}, {"type": "work", "value": "w"}]});
        let both = json!({"emails": [{"type": "work", "value": "w"}, {"type": "home", "value": "h"}]});
        assert_eq!(paths(&both, &actual), [""; 0]);
        let one = json!({"emails": [{"type": "work", "value": "w"}]});
        assert_eq!(paths(&one, &actual), ["$.emails"]);
        let other = json!({"emails": [{"type": "work", "value": "x"}, {"type": "home", "value": "h"}]});
        assert_eq!(paths(&other, &actual), ["$.emails[0].value"]);
    }

    #[test]
    fn element_that_fits_several_does_not_take_the_only_partner_of_another() {
        let actual = json!([{"a": 1, "b": 1}, {"a": 1}]);
        assert_eq!(paths(&json!([{"a": 1}, {"a": 1, "b": 1}]), &actual), [""; 0]);
        assert_eq!(paths(&json!([1, 1, 2]), &json!([1, 2, 2])), ["$[1]"]);
    }

    #[test]
    fn schemas_and_attributes_must_be_among_the_actual_ones() {
        let actual = json!({"schemas": ["a", "b"], "attributes": [{"name": "x"}, {"name": "y"}]});
        assert_eq!(
            paths(&json!({"schemas": ["b"], "attributes": [{"name": "y"}]}), &actual),
            [""; 0]
        );
        assert_eq!(paths(&json!({"schemas": ["c"]}), &actual), ["$.schemas[0]"]);
    }

    #[test]
    fn null_and_empty_array_equal_absence() {
        let expected = json!({"roles": [], "members": null});
        assert_eq!(paths(&expected, &json!({})), [""; 0]);
        assert_eq!(paths(&expected, &json!({"roles": null, "members": []})), [""; 0]);
        assert_eq!(paths(&expected, &json!({"roles": ["r"], "members": [1]})).len(), 2);
        let inside = json!({"extension": {"manager": null}});
        assert_eq!(paths(&inside, &json!({})), [""; 0]);
        assert_eq!(
            paths(&inside, &json!({"extension": {"manager": {}}})),
            ["$.extension.manager"]
        );
        assert_eq!(paths(&json!({"bulk": {}}), &json!({})), ["$.bulk"]);
    }

    #[test]
    fn ids_count_only_if_they_are_known() {
        assert_eq!(paths(&json!({"id": "pat"}), &json!({"id": "s1"})), [""; 0]);
        assert_eq!(paths(&json!({"id": "pat"}), &json!({"id": "s2"})), ["$.id"]);
        assert_eq!(paths(&json!({"id": "new"}), &json!({"id": "s2"})), [""; 0]);
        assert_eq!(
            paths(
                &json!({"manager": {"value": "pat"}}),
                &json!({"manager": {"value": "s1"}})
            ),
            [""; 0]
        );
    }

    #[test]
    fn error_detail_must_begin_with_the_expected_text() {
        let error = |detail: &str, status: &str| json!({"schemas": [ERROR], "detail": detail, "status": status});
        let expected = error("Resource not found", "404");
        assert_eq!(paths(&expected, &error("resource not found: x", "404")), [""; 0]);
        assert_eq!(paths(&expected, &error("no such resource", "404")), ["$.detail"]);
        assert_eq!(paths(&expected, &error("Resource not found", "400")), ["$.status"]);
    }

    #[test]
    fn meta_and_page_size_are_left_out_but_booleans_are_exact() {
        let expected = json!({"meta": {"x": 1}, "itemsPerPage": 20, "active": true});
        assert_eq!(paths(&expected, &json!({"active": true})), [""; 0]);
        assert_eq!(paths(&expected, &json!({"active": "True"})), ["$.active"]);
    }
}
