//! A filter as text that parses to the same filter (RFC 7644 §3.4.2.2, figure 1).

use std::fmt;

use super::ast::{Filter, Literal, Operator, Target};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(terms) => joined(f, terms, " and ", |term| matches!(term, Self::And(_) | Self::Or(_))),
            Self::Or(terms) => joined(f, terms, " or ", |term| matches!(term, Self::Or(_))),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Compare {
                target,
                operator,
                value,
            } => write!(f, "{target} {operator} {value}"),
            Self::Present(target) => write!(f, "{target} pr"),
            Self::Element { attribute, filter } => write!(f, "{attribute}[{filter}]"),
        }
    }
}

/// `and` binds tighter than `or`, so only an `or` needs brackets within an `and`; an `and` within
/// an `and` needs them too, to stay a part of its own.
fn joined(
    f: &mut fmt::Formatter<'_>,
    terms: &[Filter],
    word: &str,
    needs_brackets: fn(&Filter) -> bool,
) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if needs_brackets(term) {
            write!(f, "({term})")?;
        } else {
            write!(f, "{term}")?;
        }
    }
    Ok(())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(filter) = &self.filter else {
            return self.attribute.fmt(f);
        };
        if let Some(urn) = &self.attribute.urn {
            write!(f, "{urn}:")?;
        }
        write!(f, "{}[{filter}]", self.attribute.name)?;
        self.attribute.sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
        }
    }
}
