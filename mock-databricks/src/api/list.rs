//! Lists: filter, sort, page, envelope.
//!
//! A larger `count` than the cap is cut without a word, and a page without resources has no key `Resources` [fixture].

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::query::Query;
use crate::answer::Answer;
use crate::errors::ScimError;
use crate::filter::{Field, Filter};
use crate::switches::{Switch, Switches};

/// What a list needs to know about one kind of resource.
pub(crate) trait Listed<'a>: Copy {
    /// An attribute by its lower-cased name.
    fn field(&self, name: &str, switches: &Switches) -> Field<'a>;
}

/// Whether letter case matters in filters on an attribute; three rules are unknown, two of them switches.
pub(crate) fn is_case_sensitive(name: &str, switches: &Switches) -> bool {
    match name {
        "username" | "emails.value" => switches.is(Switch::UserNameFilterCase, "sensitive"),
        "displayname" => switches.is(Switch::DisplayNameFilterCase, "sensitive"),
        "externalid" => true,
        _ => false,
    }
}

/// The attributes a filter may name, in lower case; the first is the one an index answers.
pub(crate) type Filterable = Vec<&'static str>;

/// The matching resources, in order. `most_nodes` is how large a filter may be, where that is limited.
pub(crate) fn select<'a, T, NamedIter>(
    query: &Query,
    switches: &Switches,
    filterable: &Filterable,
    all: impl Iterator<Item = T>,
    named: impl FnOnce(&str) -> NamedIter,
) -> Result<Vec<T>, ScimError>
where
    T: Listed<'a>,
    NamedIter: Iterator<Item = T>,
{
    let mut found: Vec<T> = match &query.filter {
        None => all.collect(),
        Some(text) => {
            let filter = Filter::parse(text).map_err(|_| ScimError::filter())?;
            if !filter.uses_only(filterable) {
                return Err(ScimError::filter());
            }
            let matches = |row: &T| filter.matches(&|name: &str| row.field(name, switches));
            match filter.required(filterable[0]) {
                Some(name) => named(name).filter(matches).collect(),
                None => all.filter(matches).collect(),
            }
        }
    };
    if let Some(attribute) = &query.sort_by {
        let attribute = match attribute.as_str() {
            "emails" | "emails.value" => "username",
            other => other,
        };
        found.sort_by_cached_key(|row| row.field(attribute, switches).text.map(|text| text.to_lowercase()));
        if query.descending {
            found.reverse();
        }
    }
    Ok(found)
}

/// The list answer: one page of `found`.
pub(crate) fn page<T>(
    query: &Query,
    switches: &Switches,
    found: &[T],
    render: impl Fn(&T) -> Map<String, Value>,
) -> Answer {
    let cap = usize::try_from(switches.number(Switch::PageCap)).unwrap_or(usize::MAX);
    let count = match query.count {
        Some(0) if switches.is(Switch::CountZero, "ignored") => cap,
        Some(count) => count.min(cap),
        None => cap,
    };
    let rows: Vec<Value> = found
        .iter()
        .skip(query.start_index - 1)
        .take(count)
        .map(|row| Value::Object(render(row)))
        .collect();
    let mut body = Map::new();
    body.insert(
        "schemas".to_owned(),
        json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]),
    );
    body.insert("totalResults".to_owned(), found.len().into());
    body.insert("startIndex".to_owned(), query.start_index.into());
    body.insert("itemsPerPage".to_owned(), rows.len().into());
    if !rows.is_empty() || switches.is(Switch::EmptyResources, "present") {
        body.insert("Resources".to_owned(), rows.into());
    }
    Answer::scim(StatusCode::OK, &Value::Object(body))
}
