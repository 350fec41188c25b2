//! Asking a filter about a resource or about one element of a multi-valued attribute.
//!
//! "If the specified attribute in a filter expression is a multi-valued attribute, the filter
//! matches if any of the values of the specified attribute match the specified criterion"
//! (RFC 7644 §3.4.2.2). An attribute that no schema knows and the resource does not have matches
//! nothing (rule A12), not even `ne`; a known attribute without a value is not equal to anything.

use serde_json::Value;

use super::ast::{Filter, Literal, Operator, Target};
use super::value::holds;
use crate::entra;
use crate::path::AttributePath;
use crate::resource::{self, Resource, elements};
use crate::schema::{Attribute, ResourceType};

impl Filter {
    /// Whether the resource meets the filter. Case counts as the schemas say, dates are compared
    /// as instants, and empty arrays count as absent.
    pub fn matches(&self, resource_type: &ResourceType, resource: &Resource) -> bool {
        evaluate(self, Scope::Resource(resource_type, resource))
    }

    /// Whether one element of a multi-valued attribute meets a value filter, whose names are
    /// sub-attributes. `attribute` is the definition, if a schema has one.
    pub fn matches_element(&self, attribute: Option<&Attribute>, element: &Value) -> bool {
        evaluate(self, Scope::Element(attribute, element))
    }
}

/// What the names in a filter are names of.
#[derive(Clone, Copy)]
enum Scope<'a> {
    Resource(&'a ResourceType, &'a Resource),
    Element(Option<&'a Attribute>, &'a Value),
}

/// An attribute of a scope: its value, its definition.
struct Located<'a> {
    value: Option<&'a Value>,
    definition: Option<&'a Attribute>,
}

fn evaluate(filter: &Filter, scope: Scope<'_>) -> bool {
    match filter {
        Filter::And(terms) => terms.iter().all(|term| evaluate(term, scope)),
        Filter::Or(terms) => terms.iter().any(|term| evaluate(term, scope)),
        Filter::Not(inner) => !evaluate(inner, scope),
        Filter::Present(target) => is_present(scope, target),
        Filter::Compare {
            target,
            operator,
            value,
        } => compare(scope, target, *operator, value),
        Filter::Element { attribute, filter } => {
            let located = locate(scope, attribute);
            elements(located.value)
                .iter()
                .any(|element| filter.matches_element(located.definition, element))
        }
    }
}

fn compare(scope: Scope<'_>, target: &Target, operator: Operator, literal: &Literal) -> bool {
    if *literal == Literal::Null {
        let is_known = locate(scope, &target.attribute).is_known();
        return match operator {
            Operator::Eq => is_known && !is_present(scope, target),
            Operator::Ne => is_present(scope, target),
            _ => false,
        };
    }
    let mut has_value = false;
    let found = any_value(scope, target, |definition, value| {
        has_value = true;
        holds(definition, value, operator, literal)
    });
    let is_absent = !has_value && locate(scope, &target.attribute).is_known();
    found || (operator == Operator::Ne && is_absent)
}

/// "A non-empty or non-null value, or … a non-empty node for complex attributes."
fn is_present(scope: Scope<'_>, target: &Target) -> bool {
    let located = locate(scope, &target.attribute);
    chosen(&located, target).any(|element| match &target.attribute.sub {
        None => has_content(element),
        Some(sub) => sub_value(element, sub).is_some_and(has_content),
    })
}

fn has_content(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(has_content),
        Value::Object(object) => object.values().any(has_content),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Runs a test over every single value a target leads to, until one passes.
fn any_value(scope: Scope<'_>, target: &Target, mut test: impl FnMut(Option<&Attribute>, &Value) -> bool) -> bool {
    let located = locate(scope, &target.attribute);
    let sub = target.attribute.sub.as_deref();
    chosen(&located, target).any(|element| {
        let (definition, value) = match sub {
            Some(sub) => (
                located.definition.and_then(|found| found.sub(sub)),
                sub_value(element, sub),
            ),
            None => entra::complex_means_value(located.definition, element),
        };
        elements(value).iter().any(|value| test(definition, value))
    })
}

/// The elements of the attribute that the target's own value filter lets through.
fn chosen<'a>(located: &'a Located<'a>, target: &'a Target) -> impl Iterator<Item = &'a Value> + 'a {
    elements(located.value).iter().filter(|element| {
        target
            .filter
            .as_ref()
            .is_none_or(|filter| filter.matches_element(located.definition, element))
    })
}

/// A sub-attribute of an element; an element that is no object has only its `value`.
fn sub_value<'a>(element: &'a Value, name: &str) -> Option<&'a Value> {
    match element {
        Value::Object(object) => resource::get(object, name),
        _ if name.eq_ignore_ascii_case("value") => Some(element),
        _ => None,
    }
}

fn locate<'a>(scope: Scope<'a>, path: &AttributePath) -> Located<'a> {
    match scope {
        Scope::Resource(resource_type, resource) => {
            let place = resource::Place::of(resource_type, path);
            Located {
                value: place.get(resource),
                definition: place.definition(),
            }
        }
        Scope::Element(attribute, element) => Located {
            value: sub_value(element, &path.name),
            definition: attribute.and_then(|attribute| attribute.sub(&path.name)),
        },
    }
}

impl Located<'_> {
    fn is_known(&self) -> bool {
        self.definition.is_some() || self.value.is_some()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::filter::{Limits, parse};
    use crate::schema::{ENTERPRISE_USER, user};

    fn resource() -> Resource {
        let Value::Object(resource) = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
            "id": "Id-1",
            "externalId": "Ext-1",
            "userName": "Ana@Contoso.test",
            "name": {"familyName": "O'Malley"},
            "active": true,
            "title": "Engineer",
            "emails": [
                {"type": "work", "value": "ana@contoso.test", "primary": true},
                {"type": "home", "value": "ana@example.org"},
            ],
            "roles": [],
            "badge": 7,
            "nested": {"Colour": "Red"},
            "meta": {"lastModified": "2026-01-05T08:00:00Z"},
            ENTERPRISE_USER: {"employeeNumber": "100", "manager": {"value": "m-1"}},
            "urn:contoso:2.0:User": {"desk": "D4"},
        }) else {
            panic!("not an object")
        };
        resource
    }

    fn matches(filter: &str) -> bool {
        parse(filter, &Limits::default()).unwrap().matches(user(), &resource())
    }

    fn all_match(filters: &[&str]) {
        for filter in filters {
            assert!(matches(filter), "{filter} should match");
        }
    }

    fn none_match(filters: &[&str]) {
        for filter in filters {
            assert!(!matches(filter), "{filter} should not match");
        }
    }

    #[test]
    fn case_counts_where_the_schema_says_so() {
        all_match(&[
            r#"userName eq "ana@contoso.TEST""#,
            r#"USERNAME EQ "ANA@contoso.test""#,
            r#"id eq "Id-1""#,
            r#"externalId eq "Ext-1""#,
            r#"externalId sw "Ext""#,
            r#"nested.colour eq "RED""#,
        ]);
        none_match(&[r#"id eq "id-1""#, r#"externalId eq "ext-1""#, r#"externalId co "EXT""#]);
    }

    #[test]
    fn every_operator_compares_text() {
        all_match(&[
            r#"title ne "Chef""#,
            r#"title co "GINE""#,
            r#"title sw "eng""#,
            r#"title ew "eer""#,
            r#"title gt "Chef""#,
            r#"title ge "engineer""#,
            r#"title lt "F""#,
            r#"title le "ENGINEER""#,
            r#"name.familyName co "O'Malley""#,
            "title pr",
        ]);
        none_match(&[r#"title ne "engineer""#, r#"title gt "engineer""#, r#"title co "x""#]);
    }

    #[test]
    fn any_value_of_a_multi_valued_attribute_is_enough() {
        all_match(&[
            r#"emails.value ew "example.org""#,
            r#"emails co "example.org""#,
            r#"emails.type ne "work""#,
            r#"emails[type eq "work" and value co "@contoso"]"#,
            r#"emails[type eq "work"].value eq "ANA@contoso.test""#,
            r#"emails[type eq "home"].value pr"#,
            r#"emails[not (primary eq true)].type eq "home""#,
            r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#,
        ]);
        none_match(&[
            r#"emails[type eq "home" and value co "@contoso"]"#,
            r#"emails[type eq "home"].value eq "ana@contoso.test""#,
            r#"emails[type eq "other"].value pr"#,
        ]);
    }

    #[test]
    fn urn_and_enterprise_attributes_are_found() {
        all_match(&[
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ana""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "100""#,
            r#"URN:IETF:params:scim:schemas:extension:enterprise:2.0:user:manager.value eq "m-1""#,
            "employeeNumber eq 100",
            r#"manager eq "m-1""#,
            r#"urn:contoso:2.0:User:DESK eq "d4""#,
        ]);
        none_match(&[r#"urn:contoso:2.0:User:desk eq "x""#, r#"desk eq "D4""#]);
    }

    #[test]
    fn dates_are_instants() {
        all_match(&[
            r#"meta.lastModified eq "2026-01-05T09:00:00+01:00""#,
            r#"meta.lastModified gt "2026-01-05T08:30:00+01:00""#,
            r#"meta.lastModified le "2026-01-05T08:00:00.000Z""#,
            r#"meta.lastModified lt "2026-01-06""#,
            "meta.lastModified ge 2026-01-05T08:00:00Z",
        ]);
        none_match(&[
            r#"meta.lastModified gt "2026-01-05T08:00:00Z""#,
            r#"meta.lastModified lt "yesterday""#,
            "meta.lastModified gt 1",
        ]);
    }

    #[test]
    fn unknown_attributes_match_nothing_not_even_ne() {
        none_match(&[
            r#"shoeSize eq "4""#,
            r#"shoeSize ne "4""#,
            "shoeSize pr",
            "shoeSize eq null",
            r#"title.x ne "4" and shoeSize pr"#,
            "emails[shoeSize ne 1]",
        ]);
        all_match(&["not (shoeSize pr)", "badge gt 6", "badge eq \"7\"", "badge eq 7.0"]);
    }

    #[test]
    fn absence_is_unequal_and_equal_to_null() {
        all_match(&[
            r#"nickName ne "x""#,
            "nickName eq null",
            "roles eq null",
            "title ne null",
            "not (nickName pr)",
            "not (roles pr)",
        ]);
        none_match(&[
            "title eq null",
            "nickName ne null",
            r#"nickName eq """#,
            "roles[type pr]",
        ]);
    }

    #[test]
    fn booleans_compare_with_booleans() {
        all_match(&["active eq true", "active ne false", "active eq \"TRUE\""]);
        none_match(&["active eq false", "active eq 1", "active gt false and title gt true"]);
    }

    #[test]
    fn logic_is_as_written() {
        all_match(&[
            "title pr and (active eq false or badge eq 7)",
            "active eq false and badge eq 0 or title pr",
            "not (title pr and active eq false)",
        ]);
        none_match(&["(active eq false or badge eq 7) and not (title pr)"]);
    }
}
