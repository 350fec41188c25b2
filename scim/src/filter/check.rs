//! What a filter must not ask of an attribute it names.

use super::ast::{Filter, Literal, Operator};
use super::value::instant;
use crate::error::ScimError;
use crate::path::AttributePath;
use crate::schema::{Attribute, ResourceType, Type};

impl Filter {
    /// Refuses an order among values that have none.
    ///
    /// # Errors
    ///
    /// 400 `invalidFilter` for `gt`, `ge`, `lt`, `le` on a boolean or binary attribute: "Boolean
    /// and Binary attributes SHALL cause a failed response" (RFC 7644 §3.4.2.2, table 3); and for
    /// the same on a date when what it is compared with is no date, because "the comparison is
    /// chronological" there and nothing else is before or after a date.
    pub fn check(&self, resource_type: &ResourceType) -> Result<(), ScimError> {
        self.check_terms(resource_type, None)
    }

    /// `parent` is the attribute whose sub-attributes the names are, with its URN.
    fn check_terms(&self, resource_type: &ResourceType, parent: Option<(Option<&str>, &str)>) -> Result<(), ScimError> {
        match self {
            Self::And(terms) | Self::Or(terms) => terms
                .iter()
                .try_for_each(|term| term.check_terms(resource_type, parent)),
            Self::Not(inner) => inner.check_terms(resource_type, parent),
            Self::Present(_) => Ok(()),
            Self::Element { attribute, filter } => {
                filter.check_terms(resource_type, Some((attribute.urn.as_deref(), &attribute.name)))
            }
            Self::Compare {
                target,
                operator,
                value,
            } => {
                let path = &target.attribute;
                let found = match parent {
                    Some((urn, name)) => resource_type.find(urn, name, Some(&path.name)),
                    None => resource_type.find(path.urn.as_deref(), &path.name, path.sub.as_deref()),
                };
                if let Some(compared) = found.and_then(|found| compared(found.innermost())) {
                    check_order(path, compared, *operator, value)?;
                }
                match &target.filter {
                    Some(filter) => filter.check_terms(resource_type, Some((path.urn.as_deref(), &path.name))),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The definition whose value is compared: a complex attribute named alone means its `value`.
fn compared(attribute: &'static Attribute) -> Option<&'static Attribute> {
    if attribute.is_complex() {
        attribute.sub("value")
    } else {
        Some(attribute)
    }
}

fn check_order(
    path: &AttributePath,
    attribute: &Attribute,
    operator: Operator,
    literal: &Literal,
) -> Result<(), ScimError> {
    let asks_for_order = matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le);
    let is_date = || matches!(literal, Literal::String(text) if instant(text).is_some());
    match attribute.kind {
        Type::Boolean | Type::Binary if asks_for_order => Err(ScimError::invalid_filter(format!(
            "{path} has no order: use eq or ne instead of {operator}"
        ))),
        Type::DateTime if asks_for_order && !is_date() => Err(ScimError::invalid_filter(format!(
            "{path} is a date: compare it with one, such as 2011-05-13T04:42:34Z"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::filter::{Limits, parse};
    use crate::schema::user;

    fn check(text: &str) -> Result<(), String> {
        let filter = parse(text, &Limits::default()).unwrap();
        filter.check(user()).map_err(|error| error.detail)
    }

    #[test]
    fn booleans_and_binaries_have_no_order() {
        assert_eq!(
            check("title pr and active gt true"),
            Err("active has no order: use eq or ne instead of gt".into())
        );
        assert!(check("emails[primary lt true]").is_err());
        assert!(check(r#"x509Certificates.value ge "x""#).is_err());
    }

    #[test]
    fn complex_attribute_named_alone_is_its_value() {
        assert!(check(r#"x509Certificates gt "x""#).is_err());
        assert!(check("emails gt 1 and groups lt 2 and name ge 3").is_ok());
    }

    #[test]
    fn nothing_but_a_date_is_before_or_after_a_date() {
        assert_eq!(
            check(r#"meta.lastModified gt "yesterday""#),
            Err("meta.lastModified is a date: compare it with one, such as 2011-05-13T04:42:34Z".into())
        );
        for literal in ["5", "true", "null", r#""""#] {
            assert!(check(&format!("meta.created le {literal}")).is_err(), "{literal}");
        }
    }

    #[test]
    fn everything_else_may_be_asked() {
        for text in [
            r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
            "meta.lastModified ge 2011-05-13 and meta.created eq null",
            r#"meta.created sw "2011""#,
            "active eq true",
            r#"title gt "a""#,
            "unknown gt 3",
            "not (active ne false)",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }
}
