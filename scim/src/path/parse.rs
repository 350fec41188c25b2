//! Reading a PATCH path (RFC 7644 §3.5.2, figure 7).

use super::{Name, Path, split};
use crate::error::ScimError;
use crate::filter::{self, Failure, Input, Limits, State};

/// Parses a PATCH path: `attr`, `attr.sub`, `URN:attr`, `URN:attr.sub`, `attr[filter]`,
/// `attr[filter].sub`, the URN of an extension, and the old form `urn:…:User.manager`.
///
/// # Errors
///
/// 400 `invalidPath`; the detail begins with `invalid path: ` and names position and remedy.
pub fn parse(text: &str) -> Result<Path, ScimError> {
    let limits = Limits::default();
    if text.len() > limits.max_length {
        let longest = limits.max_length;
        return Err(ScimError::invalid_path(format!(
            "invalid path: longer than {longest} bytes"
        )));
    }
    whole(&mut State::input(text, limits))
        .map_err(|failure| ScimError::invalid_path(format!("invalid path: {}", failure.describe())))
}

fn whole(input: &mut Input<'_>) -> Result<Path, Failure> {
    filter::blanks(input)?;
    let before = filter::expected(input, "");
    let name = split(filter::name_token(input)?).map_err(|what| before.expecting(what))?;
    filter::blanks(input)?;
    let path = if filter::next_is(input, '[') {
        filtered(input, name)?
    } else {
        plain(name)
    };
    filter::blanks(input)?;
    if !filter::at_end(input) {
        return Err(filter::expected(input, "the end of the path"));
    }
    Ok(path)
}

fn plain(name: Name) -> Path {
    match name {
        Name::Extension(urn) => Path::Extension(urn),
        Name::Attribute(attribute) => Path::Attribute(attribute),
    }
}

fn filtered(input: &mut Input<'_>, name: Name) -> Result<Path, Failure> {
    let Some(attribute) = name.into_attribute() else {
        return Err(filter::expected(input, "an attribute before the value filter"));
    };
    if attribute.sub.is_some() {
        return Err(filter::expected(input, "no value filter after a sub-attribute"));
    }
    let inner = Box::new(filter::filter_in_brackets(input)?);
    let sub = if filter::next_is(input, '.') {
        Some(filter::dot_and_sub(input)?)
    } else {
        None
    };
    Ok(Path::Filtered {
        attribute,
        filter: inner,
        sub,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ScimType;
    use crate::schema::ENTERPRISE_USER;

    #[test]
    fn every_form_of_path_is_read_and_printed() {
        for text in [
            "members",
            "name.familyName",
            r#"addresses[type eq "work"]"#,
            r#"members[value eq "2819c223-7f76-453a-919d-413861904646"]"#,
            r#"members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName"#,
            r#"emails[type eq "work" and value ew "example.com"]"#,
            r#"members[value eq "a" or value eq "b"]"#,
            r#"roles[primary eq "True"].value"#,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value"#,
            "urn:contoso:people:badge",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn bare_urn_is_a_whole_extension() {
        assert_eq!(parse(ENTERPRISE_USER), Ok(Path::Extension(ENTERPRISE_USER.into())));
    }

    #[test]
    fn blanks_may_stand_around_the_value_filter() {
        let path = parse(r#" emails [ type eq "work" ].value "#).unwrap();
        assert_eq!(path.to_string(), r#"emails[type eq "work"].value"#);
    }

    #[test]
    fn old_dotted_form_is_the_same_as_the_one_with_a_colon() {
        let dotted = parse(&format!("{ENTERPRISE_USER}.manager"));
        assert_eq!(dotted, parse(&format!("{ENTERPRISE_USER}:manager")));
    }

    #[test]
    fn refusal_begins_with_invalid_path_and_names_the_place() {
        for (text, detail) in [
            ("", "invalid path: expected an attribute name at position 0"),
            (
                "x[bad",
                "invalid path: expected an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) at position 5",
            ),
            (
                "emails[type eq \"work\"]value",
                "invalid path: expected the end of the path at position 22",
            ),
            ("emails[]", "invalid path: expected an attribute name at position 7"),
            (
                "name.",
                "invalid path: expected a sub-attribute name after the dot at position 0",
            ),
            (
                "name..x",
                "invalid path: expected one sub-attribute, not a sub-attribute of it at position 0",
            ),
            ("a b", "invalid path: expected the end of the path at position 2"),
            (
                "name.x[a pr]",
                "invalid path: expected no value filter after a sub-attribute at position 6",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidPath));
            assert_eq!(error.detail, detail, "{text}");
        }
    }
}
