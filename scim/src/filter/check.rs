//! What a filter must not ask of an attribute it names.

use super::ast::{Filter, Operator};
use crate::error::ScimError;
use crate::schema::{ResourceType, Type};

impl Filter {
    /// Refuses an order among values that have none.
    ///
    /// # Errors
    ///
    /// 400 `invalidFilter` for `gt`, `ge`, `lt`, `le` on a boolean or binary attribute: "Boolean
    /// and Binary attributes SHALL cause a failed response" (RFC 7644 §3.4.2.2, table 3).
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
            Self::Compare { target, operator, .. } => {
                let path = &target.attribute;
                let found = match parent {
                    Some((urn, name)) => resource_type.find(urn, name, Some(&path.name)),
                    None => resource_type.find(path.urn.as_deref(), &path.name, path.sub.as_deref()),
                };
                let has_no_order =
                    found.is_some_and(|found| matches!(found.innermost().kind, Type::Boolean | Type::Binary));
                let asks_for_order = matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le);
                if has_no_order && asks_for_order {
                    return Err(ScimError::invalid_filter(format!(
                        "{path} has no order: use eq or ne instead of {operator}"
                    )));
                }
                match &target.filter {
                    Some(filter) => filter.check_terms(resource_type, Some((path.urn.as_deref(), &path.name))),
                    None => Ok(()),
                }
            }
        }
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
    fn everything_else_may_be_asked() {
        for text in [
            "active eq true",
            r#"title gt "a""#,
            "unknown gt 3",
            "not (active ne false)",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }
}
