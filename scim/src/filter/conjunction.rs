//! A filter (RFC 7644 §3.4.2.2) as a list of comparisons that must all hold, so that a server can
//! pick an index.

use super::ast::{Filter, Literal, Operator};
use crate::path::AttributePath;

/// One comparison, borrowed from its filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// Whose value.
    pub attribute: &'a AttributePath,
    /// Which elements count: `type eq "work"` in `emails[type eq "work"].value eq "x"`.
    pub filter: Option<&'a Filter>,
    /// How to compare.
    pub operator: Operator,
    /// With what.
    pub value: &'a Literal,
}

impl Filter {
    /// The comparisons, when the filter is one comparison or an `and` of comparisons.
    ///
    /// Entra sends nothing else: `userName eq "x"`, `id eq "x" and manager eq "y"`.
    pub fn conjunction(&self) -> Option<Vec<Comparison<'_>>> {
        let mut comparisons = Vec::new();
        collect(self, &mut comparisons).then_some(comparisons)
    }
}

fn collect<'a>(filter: &'a Filter, into: &mut Vec<Comparison<'a>>) -> bool {
    match filter {
        Filter::And(terms) => terms.iter().all(|term| collect(term, into)),
        Filter::Compare {
            target,
            operator,
            value,
        } => {
            into.push(Comparison {
                attribute: &target.attribute,
                filter: target.filter.as_deref(),
                operator: *operator,
                value,
            });
            true
        }
        Filter::Or(_) | Filter::Not(_) | Filter::Present(_) | Filter::Element { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Limits, parse};

    fn attributes(text: &str) -> Option<Vec<String>> {
        let filter = parse(text, &Limits::default()).unwrap();
        filter
            .conjunction()
            .map(|all| all.iter().map(|one| one.attribute.to_string()).collect())
    }

    #[test]
    fn one_comparison_or_an_and_of_comparisons_is_a_conjunction() {
        assert_eq!(attributes(r#"userName eq "a""#), Some(vec!["userName".into()]));
        assert_eq!(
            attributes(r#"(id eq "a") and (manager eq "b" and title ne "c")"#),
            Some(vec!["id".into(), "manager".into(), "title".into()])
        );
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["a eq 1 or b eq 2", "title pr", "not (a eq 1)", "emails[type eq 1]"] {
            assert_eq!(attributes(text), None, "{text}");
        }
    }

    #[test]
    fn comparison_carries_its_value_filter() {
        let filter = parse(r#"emails[type eq "work"].value eq "a@b""#, &Limits::default()).unwrap();
        let all = filter.conjunction().unwrap();
        assert_eq!(all[0].attribute.to_string(), "emails.value");
        assert_eq!(all[0].filter.unwrap().to_string(), r#"type eq "work""#);
        assert_eq!(all[0].value, &Literal::String("a@b".into()));
    }
}
