//! What reads show of a write that has not got everywhere yet.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Context;
use super::list::{Listed, is_case_sensitive};
use crate::filter::Field;
use crate::state::{Id, Level, Listing, Moment, Shown};
use crate::switches::{Switch, Switches};

impl Context<'_> {
    fn moment(&self) -> Moment {
        Moment {
            now: self.now,
            time_factor: self.time_factor,
        }
    }

    /// What a read by id shows instead of the truth, if it lags.
    pub(super) fn stale_read(&mut self, id: Id, listing: Listing, level: Level) -> Option<Shown> {
        let (what, moment) = ((id, level), self.moment());
        let stale = &mut self.workspace.stale;
        match () {
            () if self.switches.is(Switch::StaleReads, "first-read") => stale.take(what, listing, moment),
            () if self.switches.is(Switch::StaleReads, "flipping") => {
                stale.flip(what, listing, moment, self.switches.number(Switch::StalePercent))
            }
            () => None,
        }
    }

    /// The objects that a list shows as they were.
    pub(super) fn stale_rows(&mut self, listing: Listing, level: Level) -> StaleRows {
        let moment = self.moment();
        if !self.switches.is(Switch::StaleReads, "flipping") {
            return StaleRows(Vec::new());
        }
        let percent = self.switches.number(Switch::StalePercent);
        StaleRows(self.workspace.stale.flipped(listing, level, moment, percent))
    }

    /// Remembers how an object looks at both levels, before a write; `shown` makes it, `None` if it is not there.
    pub(super) fn remember_stale(&mut self, id: Id, listing: Listing, shown: impl Fn(&Self, Level) -> Shown) {
        if self.switches.is(Switch::StaleReads, "off") {
            return;
        }
        for level in [Level::Workspace, Level::Account] {
            let before = shown(self, level);
            self.workspace.stale.remember((id, level), listing, self.now, before);
        }
    }
}

/// The objects that a list shows as they were.
pub(super) struct StaleRows(Vec<(Id, Shown)>);

impl StaleRows {
    /// Whether the list does not show an object as it is.
    pub(super) fn hide(&self, id: Id) -> bool {
        self.0.iter().any(|(stale, _)| *stale == id)
    }

    /// The objects as they were, for those that were there.
    pub(super) fn rows<T>(&self) -> impl Iterator<Item = Row<'_, T>> {
        self.0.iter().filter_map(|(_, shown)| shown.as_ref()).map(Row::Before)
    }
}

/// A row of a list: an object as it is, or as it was.
#[derive(Debug, Clone, Copy)]
pub(super) enum Row<'a, T> {
    Now(T),
    Before(&'a Map<String, Value>),
}

impl<'a, T: Listed<'a>> Listed<'a> for Row<'a, T> {
    fn field(&self, name: &str, switches: &Switches) -> Field<'a> {
        match self {
            Self::Now(row) => row.field(name, switches),
            Self::Before(shown) => Field {
                text: text(shown, name),
                case_sensitive: is_case_sensitive(name, switches),
            },
        }
    }
}

/// An attribute of a shown object by its lower-cased name.
fn text<'a>(shown: &'a Map<String, Value>, name: &str) -> Option<Cow<'a, str>> {
    // The one address is the userName.
    let name = if name == "emails.value" { "username" } else { name };
    let (name, sub) = name
        .split_once('.')
        .map_or((name, None), |(name, sub)| (name, Some(sub)));
    let find = |object: &'a Map<String, Value>, wanted: &str| {
        let mut fields = object.iter();
        fields
            .find(|(field, _)| field.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    };
    let value = find(shown, name)?;
    let value = match sub {
        Some(sub) => find(value.as_object()?, sub)?,
        None => value,
    };
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}
