//! `attributes` and `excludedAttributes` (RFC 7644 §3.9, §3.10): which part of a resource to
//! answer.
//!
//! Attributes and sub-attributes each have a word in it (RFC 7643 §7): what is `returned: always`,
//! as `id` and `schemas` are, stays whatever is asked, `never` never shows, `request` shows only
//! when asked for by name. With both parameters `attributes` decides. Names no schema knows are
//! looked for all the same, since a resource may hold them (rule A8).

use serde_json::{Map, Value};

use crate::path::{self, Name};
use crate::resource::{Place, Resource, is_empty};
use crate::schema::{Attribute, ResourceType, Returned};
use crate::text::same_name;

/// The part of a resource a client wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    kind: Kind,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Everything,
    Only(Vec<Name>),
    Without(Vec<Name>),
}

/// How much of an attribute the names in a list speak of.
enum Share<'a> {
    None,
    Parts(Vec<&'a str>),
    Whole,
}

impl Projection {
    /// Reads the two query parameters, decoded: names separated by commas. Names that cannot be
    /// names are passed over; an empty list is as good as none.
    pub fn from_query(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        let names = |list: &str| -> Vec<Name> {
            list.split(',')
                .filter_map(|name| path::split(name.trim()).ok())
                .collect()
        };
        let given = |list: Option<&str>| list.filter(|list| !list.trim().is_empty()).map(names);
        let kind = match (given(attributes), given(excluded)) {
            (Some(names), _) => Kind::Only(names),
            (None, Some(names)) => Kind::Without(names),
            (None, None) => Kind::Everything,
        };
        Self { kind }
    }

    /// Whether neither parameter was given.
    pub fn is_everything(&self) -> bool {
        self.kind == Kind::Everything
    }

    /// Whether an attribute, or a part of it, can be in the answer: if not, a server need not load
    /// it. The name is without URN, in any letter case.
    pub fn wants(&self, attribute: &str) -> bool {
        match &self.kind {
            Kind::Everything => true,
            Kind::Only(names) => {
                is_always_returned(attribute)
                    || names.iter().any(|name| match name {
                        Name::Extension(_) => true,
                        Name::Attribute(path) => same_name(&path.name, attribute),
                    })
            }
            Kind::Without(names) => {
                is_always_returned(attribute)
                    || !names.iter().any(|name| match name {
                        Name::Extension(_) => false,
                        Name::Attribute(path) => path.is(attribute, None),
                    })
            }
        }
    }

    /// The part of the resource that was asked for.
    pub fn apply(&self, resource_type: &ResourceType, resource: &Resource) -> Resource {
        let mut shown = Resource::new();
        for (key, value) in resource {
            let shown_value = match value {
                Value::Object(extension) if path::is_uri(key) => self.extension(resource_type, key, extension),
                value => self.attribute(resource_type, None, key, value),
            };
            if let Some(value) = shown_value {
                shown.insert(key.clone(), value);
            }
        }
        shown
    }

    fn extension(&self, resource_type: &ResourceType, urn: &str, extension: &Map<String, Value>) -> Option<Value> {
        let shown: Map<_, _> = extension
            .iter()
            .filter_map(|(name, value)| {
                let shown = self.attribute(resource_type, Some(urn), name, value)?;
                Some((name.clone(), shown))
            })
            .collect();
        // An empty extension was empty before, or has nothing that was asked for.
        (!shown.is_empty() || self.is_everything()).then_some(Value::Object(shown))
    }

    fn attribute(&self, resource_type: &ResourceType, urn: Option<&str>, name: &str, value: &Value) -> Option<Value> {
        let place = Place::named(resource_type, urn, name);
        let share = match &self.kind {
            Kind::Everything => Share::None,
            Kind::Only(names) | Kind::Without(names) => share(resource_type, names, &place),
        };
        let (is_named, parts) = match &share {
            Share::None => (false, &[][..]),
            Share::Whole => (true, &[][..]),
            // What is asked for in parts is asked for; what is excluded in parts is not excluded.
            Share::Parts(parts) => (matches!(self.kind, Kind::Only(_)), parts.as_slice()),
        };
        self.shown(place.definition(), value, is_named, parts)
    }

    /// An attribute's value, or those sub-attributes of it that the list leaves. `parts` are the
    /// sub-attributes that the list names.
    fn shown(&self, definition: Option<&Attribute>, value: &Value, is_named: bool, parts: &[&str]) -> Option<Value> {
        let returned = definition.map_or(Returned::Default, |found| found.returned);
        if !self.shows(returned, is_named) {
            return None;
        }
        let is_whole = parts.is_empty() && definition.is_none_or(is_shown_whole);
        if is_whole || returned == Returned::Always {
            return Some(value.clone());
        }
        part_of(value, &|sub| {
            let is_part = parts.iter().any(|part| same_name(part, sub));
            match definition.and_then(|found| found.sub(sub)).map(|found| found.returned) {
                None | Some(Returned::Default) => parts.is_empty() || self.shows(Returned::Default, is_part),
                Some(returned) => self.shows(returned, is_part),
            }
        })
    }

    /// Whether something is shown, by its `returned` and whether the list names it.
    fn shows(&self, returned: Returned, is_named: bool) -> bool {
        match (returned, &self.kind) {
            (Returned::Always, _) | (Returned::Default, Kind::Everything) => true,
            (Returned::Default, Kind::Without(_)) => !is_named,
            (Returned::Default | Returned::Request, Kind::Only(_)) => is_named,
            (Returned::Never, _) | (Returned::Request, Kind::Everything | Kind::Without(_)) => false,
        }
    }
}

/// Whether every sub-attribute comes and goes with its attribute, as it is in the RFC's schemas.
fn is_shown_whole(attribute: &Attribute) -> bool {
    attribute
        .sub_attributes
        .iter()
        .all(|sub| sub.returned == Returned::Default)
}

fn is_always_returned(name: &str) -> bool {
    let is_always = |attribute: &Attribute| attribute.returned == Returned::Always;
    crate::schema::common_attributes()
        .iter()
        .any(|attribute| is_always(attribute) && same_name(attribute.name, name))
}

/// What a list of names says of the attribute at a place.
fn share<'a>(resource_type: &ResourceType, names: &'a [Name], place: &Place<'_>) -> Share<'a> {
    let mut parts = Vec::new();
    for name in names {
        match name {
            Name::Extension(urn) => {
                let is_it = match place.extension() {
                    None => resource_type.is_core(urn),
                    Some(extension) => {
                        let urn = resource_type.extension(urn).map_or(urn.as_str(), |found| found.id);
                        same_name(extension, urn)
                    }
                };
                if is_it {
                    return Share::Whole;
                }
            }
            Name::Attribute(path) => {
                let target = Place::of(resource_type, path);
                let same_extension = match (target.extension(), place.extension()) {
                    (None, None) => true,
                    (Some(a), Some(b)) => same_name(a, b),
                    _ => false,
                };
                if same_extension && same_name(target.name(), place.name()) {
                    match &path.sub {
                        None => return Share::Whole,
                        Some(sub) => parts.push(sub.as_str()),
                    }
                }
            }
        }
    }
    if parts.is_empty() {
        Share::None
    } else {
        Share::Parts(parts)
    }
}

/// The sub-attributes that pass, of an object or of each element; nothing when none does.
fn part_of(value: &Value, keep: &dyn Fn(&str) -> bool) -> Option<Value> {
    let part = match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .filter(|(name, _)| keep(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().filter_map(|item| part_of(item, keep)).collect()),
        scalar => scalar.clone(),
    };
    (!is_empty(&part)).then_some(part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{CORE_USER, ENTERPRISE_USER, group, user};

    fn resource() -> Resource {
        let Value::Object(resource) = json!({
            "schemas": [CORE_USER, ENTERPRISE_USER],
            "id": "1",
            "userName": "ana",
            "password": "secret",
            "name": {"givenName": "Ana", "familyName": "B"},
            "emails": [{"value": "a@b", "type": "work"}, {"value": "c@d"}],
            "custom": {"x": 1},
            ENTERPRISE_USER: {"department": "R", "manager": {"value": "m", "$ref": "../m"}},
            "urn:contoso:2.0:User": {"badge": 7, "desk": 8},
            "meta": {"resourceType": "User"},
        }) else {
            panic!("not an object")
        };
        resource
    }

    fn only(attributes: &str) -> Value {
        Value::Object(Projection::from_query(Some(attributes), None).apply(user(), &resource()))
    }

    fn without(excluded: &str) -> Resource {
        Projection::from_query(None, Some(excluded)).apply(user(), &resource())
    }

    #[test]
    fn only_what_is_named_with_id_and_schemas() {
        assert_eq!(
            only("USERNAME"),
            json!({"schemas": [CORE_USER, ENTERPRISE_USER], "id": "1", "userName": "ana"})
        );
        assert_eq!(only("id").as_object().unwrap().len(), 2);
    }

    #[test]
    fn sub_attributes_may_be_named() {
        assert_eq!(only("name.familyname")["name"], json!({"familyName": "B"}));
        assert_eq!(only("emails.type")["emails"], json!([{"type": "work"}]));
        assert_eq!(only("name, name.givenName")["name"]["familyName"], "B");
        assert_eq!(only("title.x").get("title"), None);
    }

    #[test]
    fn extensions_and_their_attributes_may_be_named() {
        let shown = only(&format!("{ENTERPRISE_USER}:manager.value"));
        assert_eq!(shown[ENTERPRISE_USER], json!({"manager": {"value": "m"}}));
        assert_eq!(only("department")[ENTERPRISE_USER], json!({"department": "R"}));
        assert_eq!(only(ENTERPRISE_USER)[ENTERPRISE_USER]["department"], "R");
        assert_eq!(
            only("urn:contoso:2.0:User:Badge")["urn:contoso:2.0:User"],
            json!({"badge": 7})
        );
        assert_eq!(only("custom.x")["custom"], json!({"x": 1}));
    }

    #[test]
    fn excluded_attributes_go_and_the_rest_stays() {
        let shown = without("emails,name.givenName,manager,meta");
        for gone in ["emails", "meta", "password"] {
            assert_eq!(shown.get(gone), None, "{gone}");
        }
        assert_eq!(shown["name"], json!({"familyName": "B"}));
        assert_eq!(shown[ENTERPRISE_USER], json!({"department": "R"}));
        assert_eq!(shown["userName"], "ana");
    }

    #[test]
    fn id_and_schemas_cannot_be_excluded_and_never_is_never() {
        let shown = without("id,schemas");
        assert!(shown.contains_key("id") && shown.contains_key("schemas"));
        assert_eq!(only("password").get("password"), None);
        assert_eq!(Projection::default().apply(user(), &resource()).get("password"), None);
    }

    #[test]
    fn each_sub_attribute_has_a_word_in_it() {
        let part = |name, returned| Attribute {
            name,
            returned,
            sub_attributes: &[],
            ..*user().core_attribute("title").unwrap()
        };
        let keys: &'static [Attribute] = vec![
            part("id", Returned::Always),
            part("label", Returned::Default),
            part("hint", Returned::Request),
            part("secret", Returned::Never),
        ]
        .leak();
        let attribute = Attribute {
            name: "keys",
            sub_attributes: keys,
            ..*user().core_attribute("emails").unwrap()
        };
        let value = json!([{"id": 1, "label": 2, "hint": 3, "secret": 4, "other": 5}]);
        let all = Projection::default();
        let only = Projection::from_query(Some("keys"), None);
        let without = Projection::from_query(None, Some("keys"));
        for (projection, is_named, parts, expected) in [
            (&all, false, &[][..], json!([{"id": 1, "label": 2, "other": 5}])),
            (&only, true, &[], json!([{"id": 1, "label": 2, "other": 5}])),
            (&only, true, &["label"], json!([{"id": 1, "label": 2}])),
            (&only, true, &["HINT", "secret"], json!([{"id": 1, "hint": 3}])),
            (&without, false, &["id", "label"], json!([{"id": 1, "other": 5}])),
        ] {
            assert_eq!(
                projection.shown(Some(&attribute), &value, is_named, parts),
                Some(expected)
            );
        }
        assert_eq!(only.shown(Some(&attribute), &value, false, &[]), None);
    }

    #[test]
    fn what_is_returned_on_request_shows_only_when_named() {
        let attribute = Attribute {
            returned: Returned::Request,
            ..*user().core_attribute("title").unwrap()
        };
        let shown = |projection: &Projection, is_named| projection.shown(Some(&attribute), &json!("x"), is_named, &[]);
        assert_eq!(shown(&Projection::default(), false), None);
        assert_eq!(shown(&Projection::from_query(None, Some("y")), false), None);
        let only = Projection::from_query(Some("title"), None);
        assert_eq!(shown(&only, true), Some(json!("x")));
        assert_eq!(shown(&only, false), None);
    }

    #[test]
    fn empty_values_stay_when_nothing_is_cut_out_of_them() {
        let resource = json!({"id": "1", "roles": [], "custom": {"x": []}});
        let shown = Projection::from_query(None, Some("title")).apply(user(), resource.as_object().unwrap());
        assert_eq!(Value::Object(shown), resource);
    }

    #[test]
    fn attributes_decide_when_both_are_given() {
        let both = Projection::from_query(Some("userName"), Some("userName"));
        assert!(both.apply(user(), &resource()).contains_key("userName"));
        assert!(Projection::from_query(Some(""), Some(" ")).is_everything());
    }

    #[test]
    fn server_need_not_load_what_is_not_wanted() {
        let wants = |attributes, excluded, name| Projection::from_query(attributes, excluded).wants(name);
        assert!(!wants(None, Some("members"), "members"));
        assert!(wants(None, Some("members.display"), "members"));
        assert!(!wants(Some("id"), None, "members"));
        assert!(wants(Some("displayName,members.value"), None, "MEMBERS"));
        assert!(wants(Some("displayName"), None, "id"));
        assert!(wants(None, None, "members"));
        let group_urn = group().schema.id;
        assert!(wants(Some(group_urn), None, "members"));
    }
}
