//! Request paths below the tenant URL, encoded as the client encodes them.
//!
//! Blanks are `+`, quotes `%22`; everything inside a literal that is not unreserved
//! (RFC 3986 §2.3) is percent-encoded as UTF-8, so `@` is `%40` and `+` is `%2B`
//! (reference §4; captured, the `%2B` inferred).

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What stays as it is in a query: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a value of the query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 16);
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            encoded.push('+');
        }
        write!(encoded, "{}", percent_encode(word.as_bytes(), ENCODED)).expect("writing to a String cannot fail");
    }
    encoded
}

/// A filter literal: quoted, with `"` and `\` escaped (RFC 7644 §3.4.2.2).
fn literal(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `GET /Users?filter=…`: match or probe on one attribute.
pub fn find_user(attribute: &str, value: &str) -> String {
    format!(
        "/Users?filter={}",
        encode(&format!("{attribute} eq {}", literal(value)))
    )
}

/// `GET /Groups?excludedAttributes=members&filter=…`: match or probe on one attribute.
pub fn find_group(attribute: &str, value: &str) -> String {
    let filter = encode(&format!("{attribute} eq {}", literal(value)));
    format!("/Groups?excludedAttributes=members&filter={filter}")
}

/// One user by id.
pub fn user(id: &str) -> String {
    format!("/Users/{}", encode(id))
}

/// One group by id, as it is changed or deleted.
pub fn group(id: &str) -> String {
    format!("/Groups/{}", encode(id))
}

/// One group by id, as it is read: never with its members.
pub fn group_without_members(id: &str) -> String {
    format!("/Groups/{}?excludedAttributes=members", encode(id))
}

/// The reference check of a manager (reference §7.8; documented).
pub fn manager_check(user: &str, manager: &str) -> String {
    let filter = format!("id eq {} and manager eq {}", literal(user), literal(manager));
    format!("/Users?filter={}&attributes=id", encode(&filter))
}

/// The reference check of a member (reference §9; the `excludedAttributes` is inferred).
pub fn member_check(group: &str, member: &str) -> String {
    let filter = format!("id eq {} and members eq {}", literal(group), literal(member));
    format!("/Groups?excludedAttributes=members&filter={}", encode(&filter))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn filters_are_spelled_as_captured() {
        assert_eq!(
            find_user("userName", "dale.mohr@example.test"),
            "/Users?filter=userName+eq+%22dale.mohr%40example.test%22"
        );
        assert_eq!(
            find_group("displayName", "Ops Team"),
            "/Groups?excludedAttributes=members&filter=displayName+eq+%22Ops+Team%22"
        );
        assert_eq!(
            find_user(r#"emails[type eq "work"].value"#, "a+b@example.test"),
            "/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22a%2Bb%40example.test%22"
        );
        assert_eq!(
            manager_check("u1", "m1"),
            "/Users?filter=id+eq+%22u1%22+and+manager+eq+%22m1%22&attributes=id"
        );
        assert_eq!(
            find_user("userName", "o'neill"),
            "/Users?filter=userName+eq+%22o%27neill%22"
        );
        assert_eq!(find_user("userName", "zoë"), "/Users?filter=userName+eq+%22zo%C3%AB%22");
    }

    #[test]
    fn quotes_and_backslashes_of_a_value_are_escaped() {
        assert_eq!(
            find_group("displayName", r#"a"b\c"#),
            "/Groups?excludedAttributes=members&filter=displayName+eq+%22a%5C%22b%5C%5Cc%22"
        );
    }

    proptest! {
        #[test]
        fn encoded_text_form_decodes_to_itself(text in ".{0,40}") {
            let query = format!("filter={}", encode(&text));
            let decoded: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
            prop_assert_eq!(decoded, vec![("filter".into(), text.into())]);
        }

        #[test]
        fn encoded_text_goes_through_a_url_unchanged(text in ".{0,40}") {
            let path = find_user("userName", &text);
            let whole = format!("https://host/scim{path}");
            let parsed = url::Url::parse(&whole).unwrap();
            prop_assert_eq!(parsed.as_str(), whole.as_str());
        }
    }
}
