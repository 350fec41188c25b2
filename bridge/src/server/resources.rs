//! Reading: one resource, and lists with filter and paging. The same for users and groups.

use axum::http::StatusCode;
use axum::response::Response;
use scim::error::ScimError;
use scim::filter::{Comparison, Filter, Literal, Operator};
use scim::list;
use scim::page::Page;
use scim::projection::Projection;
use serde_json::Value;

use super::query::Query;
use super::{Endpoint, reply};
use crate::directory::{Accepted, DirectoryError};
use crate::id::fold;
use crate::store::{Kind, Lookup, Snapshot, StoreError, Stored};

/// `GET /Users/{id}` and `GET /Groups/{id}` (RFC 7644 §3.4.1).
pub(super) fn get(endpoint: &Endpoint, kind: Kind, id: &str, query: &Query) -> Response {
    let projection = query.projection();
    let found = endpoint.directory().store().read(|store| {
        let stored = store.resource(id)?.filter(|stored| stored.kind == kind);
        stored
            .map(|stored| endpoint.render(store, &stored, &projection))
            .transpose()
    });
    match found.map_err(DirectoryError::Store) {
        Ok(Some(rendered)) => reply::resource(StatusCode::OK, &rendered),
        Ok(None) => reply::error(&ScimError::not_found()),
        Err(failed) => reply::failure(failed),
    }
}

/// The answer to a change: the resource after it, as the query wants it shown.
pub(super) fn changed(
    endpoint: &Endpoint,
    status: StatusCode,
    changed: Result<Accepted, DirectoryError>,
    query: &Query,
) -> Response {
    let shown = changed.and_then(|accepted| {
        let projection = query.projection();
        let store = endpoint.directory().store();
        Ok(store.read(|store| endpoint.render(store, &accepted.resource, &projection))?)
    });
    match shown {
        Ok(rendered) => reply::resource(status, &rendered),
        Err(failed) => reply::failure(failed),
    }
}

/// `GET /Users` and `GET /Groups` (RFC 7644 §3.4.2).
pub(super) async fn list(endpoint: &Endpoint, kind: Kind, query: &Query) -> Response {
    match try_list(endpoint, kind, query).await {
        Ok(body) => reply::json(StatusCode::OK, &body),
        Err(failed) => reply::failure(failed),
    }
}

async fn try_list(endpoint: &Endpoint, kind: Kind, query: &Query) -> Result<Value, DirectoryError> {
    let (page, projection) = (query.page(endpoint)?, query.projection());
    let store = endpoint.directory().store();
    let Some(filter) = query.filter(endpoint)? else {
        let endpoint = endpoint.clone();
        return store
            .scan(move |store| all(&endpoint, store, kind, page, &projection))
            .await;
    };
    if let Some(lookup) = index_for(kind, &filter) {
        // An index answers: microseconds, not worth another thread.
        return store.read(|store| indexed(endpoint, store, kind, &lookup, &filter, page, &projection));
    }
    let endpoint = endpoint.clone();
    store
        .scan(move |store| walked(&endpoint, store, kind, &filter, page, &projection))
        .await
}

fn all(
    endpoint: &Endpoint,
    store: &Snapshot<'_>,
    kind: Kind,
    page: Page,
    projection: &Projection,
) -> Result<Value, DirectoryError> {
    let name = &endpoint.directory().rules().endpoint;
    let total = usize::try_from(store.count(name, kind)?).unwrap_or(usize::MAX);
    let found = store.page(name, kind, page.offset() as u64, page.count as u64)?;
    let shown = render_all(endpoint, store, &found, projection)?;
    Ok(list::response(shown, total, page.start_index))
}

fn indexed(
    endpoint: &Endpoint,
    store: &Snapshot<'_>,
    kind: Kind,
    lookup: &Lookup,
    filter: &Filter,
    page: Page,
    projection: &Projection,
) -> Result<Value, DirectoryError> {
    let name = &endpoint.directory().rules().endpoint;
    let mut matching = Vec::new();
    for stored in store.lookup(name, kind, lookup)? {
        // The index found candidates; the filter decides, letter case and all.
        if matches(endpoint, store, &stored, filter)? {
            matching.push(stored);
        }
    }
    let total = matching.len();
    let found: Vec<Stored> = matching.into_iter().skip(page.offset()).take(page.count).collect();
    let shown = render_all(endpoint, store, &found, projection)?;
    Ok(list::response(shown, total, page.start_index))
}

/// No index helps: every resource is looked at, one at a time, and only the page is kept.
fn walked(
    endpoint: &Endpoint,
    store: &Snapshot<'_>,
    kind: Kind,
    filter: &Filter,
    page: Page,
    projection: &Projection,
) -> Result<Value, DirectoryError> {
    let name = &endpoint.directory().rules().endpoint;
    let (mut total, mut found) = (0_usize, Vec::new());
    store.each(name, kind, |stored| {
        if matches(endpoint, store, &stored, filter)? {
            if total >= page.offset() && found.len() < page.count {
                found.push(stored);
            }
            total += 1;
        }
        Ok(())
    })?;
    let shown = render_all(endpoint, store, &found, projection)?;
    Ok(list::response(shown, total, page.start_index))
}

fn matches(endpoint: &Endpoint, store: &Snapshot<'_>, stored: &Stored, filter: &Filter) -> Result<bool, StoreError> {
    // Members and groups are loaded only if the filter speaks of them.
    let needed = Projection::from_query(Some(&attributes_of(filter)), None);
    let location = "";
    let whole = endpoint.whole(store, stored, &needed, location, &reply::version_of(stored))?;
    Ok(filter.matches(reply::type_of(stored.kind), &whole))
}

fn attributes_of(filter: &Filter) -> String {
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
    names.join(",")
}

fn render_all(
    endpoint: &Endpoint,
    store: &Snapshot<'_>,
    found: &[Stored],
    projection: &Projection,
) -> Result<Vec<Value>, StoreError> {
    found
        .iter()
        .map(|stored| Ok(endpoint.render(store, stored, projection)?.body))
        .collect()
}

/// The index that narrows a filter down most, if one does: every filter Entra sends has one.
fn index_for(kind: Kind, filter: &Filter) -> Option<Lookup> {
    let comparisons = filter.conjunction()?;
    let mut candidates: Vec<(u8, Lookup)> = comparisons
        .iter()
        .filter_map(|comparison| index_of(kind, comparison))
        .collect();
    candidates.sort_by_key(|(rank, _)| *rank);
    candidates.into_iter().next().map(|(_, lookup)| lookup)
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
        index_for(kind, &parse(text, &Limits::default()).unwrap())
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
