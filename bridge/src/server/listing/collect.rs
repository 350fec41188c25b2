//! Keeping the page while every match passes by.

use std::collections::BinaryHeap;

use scim::sort::Key;

use super::cursor::Cursor;
use super::{Found, Wanted};
use crate::store::{Kind, Pk, Snapshot, StoreError, Stored};

/// Takes all matches and keeps what the page needs: its own resources, or, for a sorted query, the
/// keys up to its end.
pub(super) struct Collector {
    after: Option<(Kind, Pk)>,
    skip: usize,
    count: usize,
    total: usize,
    kept: Kept,
}

enum Kept {
    /// In the order in which they come: the page, and whether another match came after it.
    Page { resources: Vec<Stored>, goes_on: bool },
    /// The least keys so far, the greatest on top; at most as many as `limit`.
    Keys { least: BinaryHeap<(Key, Pk)>, limit: usize },
}

impl Collector {
    pub(super) fn new(wanted: &Wanted) -> Self {
        let (after, skip) = wanted.begin();
        let kept = if wanted.sort.is_some() {
            Kept::Keys {
                least: BinaryHeap::new(),
                limit: skip.saturating_add(wanted.count),
            }
        } else {
            Kept::Page {
                resources: Vec::new(),
                goes_on: false,
            }
        };
        Self {
            after,
            skip,
            count: wanted.count,
            total: 0,
            kept,
        }
    }

    /// Takes a match; `key` is there if the query is sorted.
    pub(super) fn take(&mut self, key: Option<Key>, stored: Stored) {
        let before = self.total;
        self.total += 1;
        match (&mut self.kept, key) {
            (Kept::Page { resources, goes_on }, _) => {
                let is_past = before < self.skip || self.after.is_some_and(|after| (stored.kind, stored.pk) <= after);
                if !is_past && resources.len() < self.count {
                    resources.push(stored);
                } else if !is_past {
                    *goes_on = true;
                }
            }
            (Kept::Keys { least, limit }, Some(key)) => {
                least.push((key, stored.pk));
                if least.len() > *limit {
                    least.pop();
                }
            }
            (Kept::Keys { .. }, None) => {}
        }
    }

    /// The page.
    pub(super) fn end(self, store: &Snapshot<'_>) -> Result<Found, StoreError> {
        let (resources, next) = match self.kept {
            Kept::Page { resources, goes_on } => {
                let next = resources.last().filter(|_| goes_on).map(Cursor::after);
                (resources, next)
            }
            Kept::Keys { least, .. } => {
                let sorted = least.into_sorted_vec().into_iter().skip(self.skip);
                let resources = sorted
                    .filter_map(|(_, pk)| store.row(pk).transpose())
                    .collect::<Result<Vec<_>, _>>()?;
                let end = self.skip.saturating_add(resources.len());
                let goes_on = end < self.total && !resources.is_empty();
                (resources, goes_on.then_some(Cursor::Counted(end)))
            }
        };
        Ok(Found {
            total: self.total,
            resources,
            next,
        })
    }
}
