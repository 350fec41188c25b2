//! A set of ids that remembers the order in which they came.
//!
//! Groups may hold ten thousand members, and one member more or less must not cost
//! ten thousand steps; an element taken out by an undone request goes back to its old place.

use std::collections::{BTreeMap, HashMap};

use super::id::Id;

/// Where an element stands, to put it back there.
pub(crate) type Place = u64;

/// Ids in order of insertion, each at most once.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderedSet {
    places: HashMap<Id, Place>,
    order: BTreeMap<Place, Id>,
    next: Place,
}

impl OrderedSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn contains(&self, id: Id) -> bool {
        self.places.contains_key(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Id> + '_ {
        self.order.values().copied()
    }

    /// Adds `id` at the end; false if it was there.
    pub(crate) fn insert(&mut self, id: Id) -> bool {
        if self.contains(id) {
            return false;
        }
        self.restore(id, self.next);
        true
    }

    /// Takes `id` out and says where it stood.
    pub(crate) fn remove(&mut self, id: Id) -> Option<Place> {
        let place = self.places.remove(&id)?;
        self.order.remove(&place);
        Some(place)
    }

    /// Puts `id` back where [`OrderedSet::remove`] found it.
    pub(crate) fn restore(&mut self, id: Id, place: Place) {
        self.places.insert(id, place);
        self.order.insert(place, id);
        self.next = self.next.max(place + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::{Id, OrderedSet};

    fn id(text: &str) -> Id {
        Id::parse(text).expect("digits")
    }

    #[test]
    fn a_restored_element_stands_where_it_stood() {
        let mut set = OrderedSet::default();
        for text in ["3", "1", "2"] {
            assert!(set.insert(id(text)));
        }
        assert!(!set.insert(id("1")));
        let place = set.remove(id("1")).expect("is there");
        assert_eq!(set.iter().count(), 2);
        set.restore(id("1"), place);
        let order: Vec<String> = set.iter().map(|id| id.to_string()).collect();
        assert_eq!(order, ["3", "1", "2"]);
    }
}
