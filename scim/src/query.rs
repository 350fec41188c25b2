//! The parameters of a query: of a URL (RFC 7644 §3.4.2), or of a POST to `/.search` (§3.4.3).
//!
//! Both say the same, so both are read into one form; what the values mean is for
//! [`crate::filter`], [`crate::sort`], [`crate::page`] and [`crate::projection`].

use serde_json::Value;

use crate::error::ScimError;
use crate::resource;
use crate::schema;
use crate::text::same_name;

/// The parameters that were given, each as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Names separated by commas.
    pub attributes: Option<String>,
    /// Names separated by commas.
    pub excluded_attributes: Option<String>,
    /// A filter.
    pub filter: Option<String>,
    /// The name of an attribute.
    pub sort_by: Option<String>,
    /// `ascending` or `descending`.
    pub sort_order: Option<String>,
    /// The number of the first match wanted.
    pub start_index: Option<String>,
    /// How many matches are wanted.
    pub count: Option<String>,
    /// Where to go on; empty for the first page (RFC 9865 §2).
    pub cursor: Option<String>,
}

impl Parameters {
    /// Takes the parameters from decoded pairs of a URL. Names match in any letter case, unknown
    /// ones mean nothing (Entra's flag is one), and of a doubled one the first counts.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            if let Some(place) = parameters.place(name) {
                place.get_or_insert_with(|| value.to_owned());
            }
        }
        parameters
    }

    /// Takes the parameters from the body of a POST to `/.search`.
    ///
    /// Lists of names may also be one text with commas, and numbers text: both are seen. A `null`
    /// is as good as none.
    ///
    /// # Errors
    ///
    /// 400 `invalidSyntax` when the body is no object or its `schemas` name another message;
    /// 400 `invalidValue`, naming the parameter, when a value has another type.
    pub fn from_search(body: &Value) -> Result<Self, ScimError> {
        let Value::Object(body) = body else {
            return Err(ScimError::invalid_syntax("the body must be a JSON object"));
        };
        if let Some(schemas) = resource::get(body, "schemas") {
            let is_search = |urn: &Value| urn.as_str().is_some_and(|urn| same_name(urn, schema::SEARCH_REQUEST));
            if !schemas.as_array().is_some_and(|urns| urns.iter().any(is_search)) {
                let detail = format!("schemas must name {}", schema::SEARCH_REQUEST);
                return Err(ScimError::invalid_syntax(detail));
            }
        }
        let mut parameters = Self::default();
        for (name, value) in body {
            let Some(place) = parameters.place(name) else {
                continue;
            };
            *place = match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                Value::Number(number) if same_name(name, "startIndex") || same_name(name, "count") => {
                    Some(number.to_string())
                }
                Value::Array(names) if is_list_of_names(name) => Some(joined(name, names)?),
                _ => return Err(wrong_type(name)),
            };
        }
        Ok(parameters)
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        let places = [
            ("attributes", &mut self.attributes),
            ("excludedAttributes", &mut self.excluded_attributes),
            ("filter", &mut self.filter),
            ("sortBy", &mut self.sort_by),
            ("sortOrder", &mut self.sort_order),
            ("startIndex", &mut self.start_index),
            ("count", &mut self.count),
            ("cursor", &mut self.cursor),
        ];
        places
            .into_iter()
            .find_map(|(known, place)| same_name(known, name).then_some(place))
    }
}

fn is_list_of_names(name: &str) -> bool {
    same_name(name, "attributes") || same_name(name, "excludedAttributes")
}

fn joined(name: &str, names: &[Value]) -> Result<String, ScimError> {
    let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
    names.map(|names| names.join(",")).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &str) -> ScimError {
    let wanted = if is_list_of_names(name) {
        "a list of attribute names"
    } else if same_name(name, "startIndex") || same_name(name, "count") {
        "a whole number"
    } else {
        "a string"
    };
    ScimError::invalid_value(format!("{name} must be {wanted}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_url_and_a_search_body_say_the_same() {
        let pairs = [
            ("aadOptscim062020", ""),
            ("FILTER", "userName pr"),
            ("attributes", "userName,emails.value"),
            ("sortBy", "userName"),
            ("sortorder", "descending"),
            ("startIndex", "2"),
            ("count", "10"),
            ("count", "20"),
        ];
        let body = json!({
            "schemas": [schema::SEARCH_REQUEST],
            "Filter": "userName pr", "attributes": ["userName", "emails.value"], "sortBy": "userName",
            "sortOrder": "descending", "startIndex": 2, "count": "10", "cursor": null, "unknown": {},
        });
        let from_url = Parameters::from_pairs(pairs.into_iter());
        assert_eq!(Parameters::from_search(&body), Ok(from_url.clone()));
        assert_eq!(from_url.count.as_deref(), Some("10"));
    }

    #[test]
    fn a_search_that_is_none_names_what_is_wrong() {
        let refused = |body: Value| Parameters::from_search(&body).unwrap_err().detail;
        assert!(refused(json!([])).contains("JSON object"));
        assert!(refused(json!({"schemas": [schema::PATCH_OP]})).contains(schema::SEARCH_REQUEST));
        assert_eq!(refused(json!({"filter": 7})), "filter must be a string");
        assert_eq!(refused(json!({"count": true})), "count must be a whole number");
        assert_eq!(
            refused(json!({"attributes": ["a", 1]})),
            "attributes must be a list of attribute names"
        );
        assert!(Parameters::from_search(&json!({})).is_ok());
    }
}
