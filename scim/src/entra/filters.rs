//! How Entra writes filters: values without quotes, references without `.value`.
//!
//! The grammar has JSON values and full attribute paths (RFC 7644 §3.4.2.2, figure 1).

use serde_json::{Number, Value};

use crate::filter::Literal;
use crate::resource;
use crate::schema::Attribute;

/// A word without quotes after an operator: `true`, `false`, `null` in any letter case, a number,
/// and everything else as text (`externalId eq pexample` in old documentation).
///
/// A number that would not be written back the same, such as a long id or `007`, stays text.
pub fn bare_word(word: &str) -> Literal {
    if word.eq_ignore_ascii_case("true") {
        return Literal::Bool(true);
    }
    if word.eq_ignore_ascii_case("false") {
        return Literal::Bool(false);
    }
    if word.eq_ignore_ascii_case("null") {
        return Literal::Null;
    }
    match exact_number(word) {
        Some(number) if number.to_string() == word => Literal::Number(number),
        _ => Literal::String(word.to_owned()),
    }
}

/// A JSON number. Fractions are read by the standard library, which is exact to the last bit;
/// `serde_json` by itself is not.
fn exact_number(word: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(word).ok()?;
    if number.is_f64() {
        Number::from_f64(word.parse().ok()?)
    } else {
        Some(number)
    }
}

/// `manager eq "x"` and `members eq "x"` mean `.value`, and so it is for every complex attribute
/// named without a sub-attribute. Gives the definition and the value to compare.
pub fn complex_means_value<'d, 'v>(
    attribute: Option<&'d Attribute>,
    element: &'v Value,
) -> (Option<&'d Attribute>, Option<&'v Value>) {
    match element {
        Value::Object(object) => (
            attribute.and_then(|found| found.sub("value")),
            resource::get(object, "value"),
        ),
        scalar => (attribute, Some(scalar)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::filter::{Limits, parse};
    use crate::resource::Resource;
    use crate::schema::{ENTERPRISE_USER, ResourceType, group, user};

    fn matches(resource_type: &ResourceType, filter: &str, resource: &Value) -> bool {
        let resource: &Resource = resource.as_object().unwrap();
        parse(filter, &Limits::default())
            .unwrap()
            .matches(resource_type, resource)
    }

    #[test]
    fn bare_word_is_a_string_unless_json_knows_it() {
        assert_eq!(bare_word("pexample"), Literal::String("pexample".into()));
        assert_eq!(bare_word("8aa1a0c0-c4c3"), Literal::String("8aa1a0c0-c4c3".into()));
        assert_eq!(bare_word("TRUE"), Literal::Bool(true));
        assert_eq!(bare_word("Null"), Literal::Null);
        assert_eq!(bare_word("12"), Literal::Number(12.into()));
    }

    #[test]
    fn number_that_would_change_in_writing_stays_text() {
        for word in ["007", "1e400", "123456789012345678901234567890", "1e5"] {
            assert_eq!(bare_word(word), Literal::String(word.into()));
        }
    }

    #[test]
    fn unquoted_external_id_is_found() {
        let resource = json!({"externalId": "pexample"});
        assert!(matches(user(), "externalId eq pexample", &resource));
        assert!(!matches(user(), "externalId eq PEXAMPLE", &resource));
        assert!(matches(user(), "externalId eq 12345", &json!({"externalId": "12345"})));
    }

    #[test]
    fn manager_and_members_mean_their_value() {
        let user_with_manager = json!({ENTERPRISE_USER: {"manager": {"value": "m"}}});
        assert!(matches(user(), r#"manager eq "m""#, &user_with_manager));
        assert!(matches(user(), r#"manager.value eq "m""#, &user_with_manager));
        let by_urn = format!(r#"{ENTERPRISE_USER}:manager eq "m""#);
        assert!(matches(user(), &by_urn, &user_with_manager));
        let members = json!({"members": [{"value": "a"}, {"value": "b"}]});
        assert!(matches(group(), r#"members eq "b""#, &members));
        assert!(!matches(group(), r#"members eq "c""#, &members));
    }

    #[test]
    fn string_true_matches_a_boolean() {
        let resource = json!({"roles": [{"primary": true, "value": "r"}], "active": false});
        assert!(matches(user(), r#"roles[primary eq "True"]"#, &resource));
        assert!(matches(user(), r#"active eq "False""#, &resource));
        assert!(matches(user(), "active eq False", &resource));
        assert!(!matches(user(), r#"active eq "no""#, &resource));
    }
}
