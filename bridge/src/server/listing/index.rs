//! Which index narrows a filter down: every filter that Entra sends has one.

use scim::filter::{Comparison, Filter, Literal, Operator};
use scim::projection::Projection;

use crate::id::fold;
use crate::store::{Kind, Lookup};

/// The parts of a resource that filter and order speak of: members and groups are loaded only if they do.
pub(super) fn needed(filter: Option<&Filter>, sort_by: Option<&str>) -> Projection {
    let mut names = filter.map(attributes_of).unwrap_or_default();
    names.extend(sort_by.map(str::to_owned));
    // A list of no names would mean all.
    names.push("id".to_owned());
    Projection::from_query(Some(&names.join(",")), None)
}

fn attributes_of(filter: &Filter) -> Vec<String> {
    fn collect(filter: &Filter, names: &mut Vec<String>) {
        match filter {
            Filter::And(terms) | Filter::Or(terms) => terms.iter().for_each(|term| collect(term, names)),
            Filter::Not(term) => collect(term, names),
            Filter::Compare { target, .. } | Filter::Present(target) => names.push(target.attribute.name.clone()),
            Filter::Element { attribute, .. } => names.push(attribute.name.clone()),
        }
    }
    let mut names = Vec::new();
    collect(filter, &mut names);
    names
}

/// The index that narrows a filter down most, if one does.
pub(super) fn of(kind: Kind, filter: &Filter) -> Option<Lookup> {
    let comparisons = filter.conjunction()?;
    let mut candidates: Vec<(u8, Lookup)> = comparisons
        .iter()
        .filter_map(|comparison| index_of(kind, comparison))
        .collect();
    candidates.sort_by_key(|(rank, _)| *rank);
    candidates.into_iter().next().map(|(_, lookup)| lookup)
}

/// Whether an index narrows a filter down to a handful of resources.
pub(super) fn finds_few(kind: Kind, filter: &Filter) -> bool {
    match of(kind, filter) {
        Some(Lookup::Id(_) | Lookup::NameKey(_) | Lookup::ExternalId(_) | Lookup::WorkEmailKey(_)) => true,
        // Somebody may manage thousands, or be a member of as many groups.
        Some(Lookup::Manager(_) | Lookup::Member(_)) | None => false,
    }
}

fn index_of(kind: Kind, comparison: &Comparison<'_>) -> Option<(u8, Lookup)> {
    let Literal::String(value) = comparison.value else {
        return None;
    };
    if comparison.operator != Operator::Eq {
        return None;
    }
    let attribute = comparison.attribute;
    let simple = |name: &str| comparison.filter.is_none() && attribute.is(name, None);
    let reference = |name: &str| simple(name) || (comparison.filter.is_none() && attribute.is(name, Some("value")));
    let name = match kind {
        Kind::User => "userName",
        Kind::Group => "displayName",
    };
    if simple("id") {
        return Some((0, Lookup::Id(value.clone())));
    }
    if simple(name) {
        return Some((1, Lookup::NameKey(fold(value))));
    }
    if simple("externalId") {
        return Some((2, Lookup::ExternalId(value.clone())));
    }
    if kind == Kind::User && attribute.is("emails", Some("value")) && comparison.filter.is_some_and(only_work) {
        return Some((3, Lookup::WorkEmailKey(fold(value))));
    }
    if kind == Kind::User && reference("manager") {
        return Some((4, Lookup::Manager(value.clone())));
    }
    if kind == Kind::Group && reference("members") {
        return Some((5, Lookup::Member(value.clone())));
    }
    None
}

/// `type eq "work"` and nothing else.
fn only_work(filter: &Filter) -> bool {
    filter.conjunction().is_some_and(|terms| {
        matches!(terms.as_slice(), [only] if only.operator == Operator::Eq && only.attribute.is("type", None)
            && matches!(only.value, Literal::String(kind) if kind.eq_ignore_ascii_case("work")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scim::filter::{Limits, parse};

    fn index(kind: Kind, text: &str) -> Option<Lookup> {
        of(kind, &parse(text, &Limits::default()).unwrap())
    }

    #[test]
    fn every_filter_that_entra_sends_has_an_index() {
        let user = |text| index(Kind::User, text);
        assert_eq!(
            user("userName eq \"Ana@X.test\""),
            Some(Lookup::NameKey("ana@x.test".to_owned()))
        );
        assert_eq!(user("USERNAME EQ \"a\""), Some(Lookup::NameKey("a".to_owned())));
        assert_eq!(
            user("externalId eq pexample"),
            Some(Lookup::ExternalId("pexample".to_owned()))
        );
        assert_eq!(
            user("emails[type eq \"work\"].value eq \"A@x.test\""),
            Some(Lookup::WorkEmailKey("a@x.test".to_owned()))
        );
        assert_eq!(
            user("manager eq \"m\" and id eq \"u\""),
            Some(Lookup::Id("u".to_owned()))
        );
        assert_eq!(user("manager eq \"m\""), Some(Lookup::Manager("m".to_owned())));
        assert_eq!(
            index(Kind::Group, "members eq \"u\""),
            Some(Lookup::Member("u".to_owned()))
        );
        assert_eq!(
            index(Kind::Group, "displayName eq \"Ops\""),
            Some(Lookup::NameKey("ops".to_owned()))
        );
    }

    #[test]
    fn other_filters_have_none() {
        for text in [
            "displayName eq \"x\"",
            "userName co \"a\"",
            "not (userName eq \"a\")",
            "userName eq \"a\" or id eq \"b\"",
        ] {
            assert_eq!(index(Kind::User, text), None, "{text}");
        }
    }
}
