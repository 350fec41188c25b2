//! A table of resources: by id, by folded name, and in the order they were created.

use std::collections::{BTreeMap, HashMap};

use super::id::Id;

/// What a table needs to know about its rows.
pub(crate) trait Row {
    fn id(&self) -> Id;
    /// The name other rows may clash with, as it is shown.
    fn name(&self) -> &str;
}

/// Folds a name for look-ups: Databricks compares e-mail addresses without case [issue: in the 409 text].
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: BTreeMap<u64, T>,
    places: HashMap<Id, u64>,
    names: HashMap<String, Vec<Id>>,
    next: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            places: HashMap::new(),
            names: HashMap::new(),
            next: 0,
        }
    }
}

impl<T: Row> Table<T> {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows in order of creation.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    pub(crate) fn get(&self, id: Id) -> Option<&T> {
        self.rows.get(self.places.get(&id)?)
    }

    /// Rows whose name equals `name` without case, in order of creation.
    pub(crate) fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let ids = self.names.get(&fold(name));
        ids.into_iter().flatten().filter_map(|id| self.get(*id))
    }

    pub(crate) fn insert(&mut self, row: T) {
        let place = self.next;
        self.next += 1;
        self.places.insert(row.id(), place);
        self.names.entry(fold(row.name())).or_default().push(row.id());
        self.rows.insert(place, row);
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let place = self.places.remove(&id)?;
        let row = self.rows.remove(&place)?;
        self.forget_name(row.name(), id);
        Some(row)
    }

    /// Replaces the row of the same id, following a change of its name.
    pub(crate) fn put(&mut self, row: T) {
        let id = row.id();
        let Some(place) = self.places.get(&id).copied() else {
            return self.insert(row);
        };
        let Some(old) = self.rows.get(&place) else {
            return;
        };
        let (before, after) = (fold(old.name()), fold(row.name()));
        if before != after {
            self.forget_name(&before, id);
            self.names.entry(after).or_default().push(id);
        }
        self.rows.insert(place, row);
    }

    fn forget_name(&mut self, name: &str, id: Id) {
        let key = fold(name);
        if let Some(ids) = self.names.get_mut(&key) {
            ids.retain(|held| *held != id);
            if ids.is_empty() {
                self.names.remove(&key);
            }
        }
    }
}
