//! `attributes` and `excludedAttributes`, on lists and on single reads [documented].
//!
//! `id` and `schemas` are always returned (the latter inferred).

use serde_json::{Map, Value};

/// Which attributes an answer holds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Projection {
    include: Option<Vec<Path>>,
    exclude: Vec<Path>,
}

#[derive(Debug, Clone)]
struct Path {
    attribute: String,
    sub: Option<String>,
}

impl Projection {
    /// From the comma lists of the two parameters.
    pub(crate) fn new(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        Self {
            include: attributes.map(paths),
            exclude: excluded.map(paths).unwrap_or_default(),
        }
    }

    /// Leaves out one more attribute, even one asked for.
    pub(crate) fn leave_out(&mut self, attribute: &str) {
        self.exclude.extend(paths(attribute));
    }

    /// Whether `attributes` names this attribute.
    pub(crate) fn names(&self, attribute: &str) -> bool {
        self.include
            .iter()
            .flatten()
            .any(|path| path.attribute.eq_ignore_ascii_case(attribute))
    }

    /// Whether an answer shows any of this attribute: lets costly ones be left unmade.
    pub(crate) fn wants(&self, attribute: &str) -> bool {
        if is_always_returned(attribute) {
            return true;
        }
        let excluded = self
            .exclude
            .iter()
            .any(|path| path.sub.is_none() && path.attribute.eq_ignore_ascii_case(attribute));
        !excluded && (self.include.is_none() || self.names(attribute))
    }

    /// Cuts a full resource down.
    pub(crate) fn apply(&self, resource: Map<String, Value>) -> Map<String, Value> {
        resource
            .into_iter()
            .filter(|(name, _)| self.wants(name))
            .map(|(name, value)| {
                let value = self.cut(&name, value);
                (name, value)
            })
            .collect()
    }

    fn cut(&self, name: &str, value: Value) -> Value {
        let subs_of = |paths: &[Path]| -> Vec<Option<String>> {
            paths
                .iter()
                .filter(|path| path.attribute.eq_ignore_ascii_case(name))
                .map(|path| path.sub.clone())
                .collect()
        };
        let included = self.include.as_deref().map(subs_of).unwrap_or_default();
        let excluded = subs_of(&self.exclude);
        let whole = included.iter().any(Option::is_none);
        let keep = move |sub: &str| {
            let is = |path: &Option<String>| path.as_deref().is_some_and(|wanted| wanted.eq_ignore_ascii_case(sub));
            (included.is_empty() || whole || included.iter().any(is)) && !excluded.iter().any(is)
        };
        keep_subs(value, &keep)
    }
}

fn keep_subs(value: Value, keep: &impl Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(object) => object.into_iter().filter(|(sub, _)| keep(sub)).collect(),
        Value::Array(items) => items.into_iter().map(|item| keep_subs(item, keep)).collect(),
        simple => simple,
    }
}

fn is_always_returned(attribute: &str) -> bool {
    attribute == "id" || attribute == "schemas"
}

fn paths(list: &str) -> Vec<Path> {
    list.split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| match text.split_once('.') {
            Some((attribute, sub)) => Path {
                attribute: attribute.to_owned(),
                sub: Some(sub.to_owned()),
            },
            None => Path {
                attribute: text.to_owned(),
                sub: None,
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Projection;

    fn cut(attributes: Option<&str>, excluded: Option<&str>) -> Value {
        let resource: Map<String, Value> = serde_json::from_value(json!({
            "schemas": ["s"], "id": "1", "userName": "a", "name": {"givenName": "g", "familyName": "f"},
            "groups": [{"value": "9", "display": "x"}],
        }))
        .unwrap();
        Value::Object(Projection::new(attributes, excluded).apply(resource))
    }

    #[test]
    fn id_and_schemas_stay_whatever_is_asked() {
        assert_eq!(
            cut(Some("userName"), None),
            json!({"schemas": ["s"], "id": "1", "userName": "a"})
        );
        let all = cut(None, Some("id,schemas,userName,name,groups"));
        assert_eq!(all, json!({"schemas": ["s"], "id": "1"}));
    }

    #[test]
    fn sub_attributes_can_be_asked_for_and_left_out() {
        let named = cut(Some("name.givenName, groups.value"), None);
        assert_eq!(named["name"], json!({"givenName": "g"}));
        assert_eq!(named["groups"], json!([{"value": "9"}]));
        assert_eq!(cut(None, Some("name.givenName"))["name"], json!({"familyName": "f"}));
    }
}
