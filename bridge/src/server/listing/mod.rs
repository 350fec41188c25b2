//! Queries (RFC 7644 §3.4.2, §3.4.3): filter, sort and page over one resource type or all.
//!
//! Nothing is loaded that is not answered: an index narrows down what it can, everything else
//! passes by one resource at a time, and only the page is kept.

mod collect;
mod cursor;
mod index;

use axum::http::StatusCode;
use axum::response::Response;
use scim::error::ScimError;
use scim::filter::{self, Filter};
use scim::list;
use scim::page::Page;
use scim::projection::Projection;
use scim::query::Parameters;
use scim::sort::Sort;
use serde_json::Value;

use self::collect::Collector;
use self::cursor::Cursor;
use super::query::projection;
use super::render::type_of;
use super::{Endpoint, reply};
use crate::directory::DirectoryError;
use crate::store::{Kind, Pk, Snapshot, StoreError, Stored};

/// The resource types that a query is about, in the order of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope(&'static [Kind]);

impl Scope {
    /// One type.
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::User => Self(&[Kind::User]),
            Kind::Group => Self(&[Kind::Group]),
        }
    }

    /// Every type.
    pub(super) const fn all() -> Self {
        Self(&[Kind::User, Kind::Group])
    }
}

/// A query, understood.
#[derive(Debug, Clone)]
struct Wanted {
    scope: Scope,
    filter: Option<Filter>,
    sort: Option<Sort>,
    place: Place,
    count: usize,
    /// What filter and order look at.
    needed: Projection,
    /// What the client is shown.
    projection: Projection,
}

/// Where the page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// After so many matches.
    Offset(usize),
    /// Where a page before it ended (RFC 9865 §2).
    Cursor {
        /// Where; the beginning if there was none.
        after: Option<Cursor>,
        /// The query that its cursors belong to.
        fingerprint: String,
    },
}

/// A page that was found.
struct Found {
    /// All matches, on this page or not.
    total: usize,
    resources: Vec<Stored>,
    /// Where the page after it begins, when pages follow by cursor and there is one.
    next: Option<Cursor>,
}

/// Answers a query of a URL.
pub(super) async fn answer(endpoint: &Endpoint, scope: Scope, parameters: &Parameters) -> Response {
    match try_answer(endpoint, scope, parameters).await {
        Ok(body) => reply::json(StatusCode::OK, &body),
        Err(failed) => reply::failure(failed),
    }
}

/// Answers a query of a search body.
pub(super) async fn search(endpoint: &Endpoint, scope: Scope, body: &Value) -> Response {
    match Parameters::from_search(body) {
        Ok(parameters) => answer(endpoint, scope, &parameters).await,
        Err(refused) => reply::error(&refused),
    }
}

async fn try_answer(endpoint: &Endpoint, scope: Scope, parameters: &Parameters) -> Result<Value, DirectoryError> {
    let wanted = Wanted::read(endpoint, scope, parameters)?;
    let store = endpoint.directory().store();
    let is_quick = |kind: &Kind| {
        wanted
            .filter
            .as_ref()
            .is_some_and(|filter| index::finds_few(*kind, filter))
    };
    if scope.0.iter().all(is_quick) {
        // Microseconds: not worth another thread.
        return Ok(store.read(|store| wanted.answer(endpoint, store))?);
    }
    let endpoint = endpoint.clone();
    Ok(store.scan(move |store| wanted.answer(&endpoint, store)).await?)
}

impl Wanted {
    fn read(endpoint: &Endpoint, scope: Scope, parameters: &Parameters) -> Result<Self, ScimError> {
        let options = endpoint.options();
        let page = Page::from_query(
            parameters.start_index.as_deref(),
            parameters.count.as_deref(),
            options.default_page,
            options.max_page,
        )?;
        let place = match &parameters.cursor {
            None => Place::Offset(page.offset()),
            Some(_) if parameters.start_index.is_some() => {
                let detail = "startIndex and cursor cannot be used together; leave one out";
                return Err(ScimError::invalid_value(detail));
            }
            Some(text) => {
                let fingerprint = cursor::fingerprint(parameters, scope);
                let given = (!text.is_empty()).then(|| Cursor::read(text, &fingerprint));
                Place::Cursor {
                    after: given.transpose()?,
                    fingerprint,
                }
            }
        };
        let filter = parameters.filter.as_deref().filter(|text| !text.trim().is_empty());
        let filter = filter.map(|text| filter::parse(text, &options.filter)).transpose()?;
        if let Some(filter) = &filter {
            scope.0.iter().try_for_each(|kind| filter.check(type_of(*kind)))?;
        }
        let (sort_by, sort_order) = (parameters.sort_by.as_deref(), parameters.sort_order.as_deref());
        Ok(Self {
            scope,
            needed: index::needed(filter.as_ref(), sort_by),
            filter,
            sort: Sort::from_query(sort_by, sort_order)?,
            place,
            count: page.count,
            projection: projection(parameters),
        })
    }

    fn answer(&self, endpoint: &Endpoint, store: &Snapshot<'_>) -> Result<Value, StoreError> {
        let found = self.find(endpoint, store)?;
        let shown = found
            .resources
            .iter()
            .map(|stored| Ok(endpoint.render(store, stored, &self.projection)?.body))
            .collect::<Result<Vec<Value>, StoreError>>()?;
        Ok(match &self.place {
            Place::Offset(offset) => list::response(shown, found.total, offset.saturating_add(1)),
            Place::Cursor { fingerprint, .. } => {
                let next = found.next.map(|next| next.write(fingerprint));
                list::response_with_cursor(shown, found.total, next)
            }
        })
    }

    /// The row after which the page begins, if one is named, and how many matches are left out.
    fn begin(&self) -> (Option<(Kind, Pk)>, usize) {
        match &self.place {
            Place::Cursor { after: None, .. } => (None, 0),
            Place::Cursor {
                after: Some(Cursor::After(kind, pk)),
                ..
            } => (Some((*kind, *pk)), 0),
            Place::Offset(count)
            | Place::Cursor {
                after: Some(Cursor::Counted(count)),
                ..
            } => (None, *count),
        }
    }

    fn find(&self, endpoint: &Endpoint, store: &Snapshot<'_>) -> Result<Found, StoreError> {
        let name = &endpoint.directory().rules().endpoint;
        if let ([kind], None, None) = (self.scope.0, &self.filter, &self.sort) {
            return self.all_of(name, store, *kind);
        }
        let mut collector = Collector::new(self);
        for kind in self.scope.0 {
            let lookup = self.filter.as_ref().and_then(|filter| index::of(*kind, filter));
            store.each(name, *kind, lookup.as_ref(), |stored| {
                // An index finds candidates; the filter decides, letter case and all.
                let (resource_type, whole) = (type_of(*kind), endpoint.whole(store, &stored, &self.needed)?);
                let filter = self.filter.as_ref();
                if filter.is_none_or(|filter| filter.matches(resource_type, &whole)) {
                    let key = self.sort.as_ref().map(|sort| sort.key(resource_type, &whole));
                    collector.take(key, stored);
                }
                Ok(())
            })?;
        }
        collector.end(store)
    }

    /// No question asked: the table is the answer.
    fn all_of(&self, endpoint: &str, store: &Snapshot<'_>, kind: Kind) -> Result<Found, StoreError> {
        let (after, skip) = self.begin();
        let after = after.map(|(_, pk)| pk);
        // One more than wanted tells whether another page follows.
        let mut resources = store.page(endpoint, kind, after, skip, self.count.saturating_add(1))?;
        let goes_on = resources.len() > self.count;
        resources.truncate(self.count);
        Ok(Found {
            total: store.count(endpoint, kind)?,
            next: resources.last().filter(|_| goes_on).map(Cursor::after),
            resources,
        })
    }
}
