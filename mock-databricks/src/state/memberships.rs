//! Who is in which group, readable from both ends.

use super::id::Id;
use super::ordered_set::OrderedSet;

/// Who is in which group, readable from both ends.
#[derive(Debug, Default)]
pub(crate) struct Memberships {
    members: std::collections::HashMap<Id, OrderedSet>,
    groups: std::collections::HashMap<Id, OrderedSet>,
}

impl Memberships {
    pub(crate) fn contains(&self, group: Id, member: Id) -> bool {
        self.members.get(&group).is_some_and(|set| set.contains(member))
    }

    /// How many members a group has.
    pub(crate) fn count(&self, group: Id) -> usize {
        self.members.get(&group).map_or(0, OrderedSet::len)
    }

    pub(crate) fn members(&self, group: Id) -> impl Iterator<Item = Id> + '_ {
        self.members.get(&group).into_iter().flat_map(OrderedSet::iter)
    }

    /// The groups that hold `member` directly.
    pub(crate) fn groups(&self, member: Id) -> impl Iterator<Item = Id> + '_ {
        self.groups.get(&member).into_iter().flat_map(OrderedSet::iter)
    }

    pub(crate) fn add(&mut self, group: Id, member: Id) -> bool {
        let added = self.members.entry(group).or_default().insert(member);
        if added {
            self.groups.entry(member).or_default().insert(group);
        }
        added
    }

    /// Takes an edge out; gives both places, to put it back exactly.
    pub(crate) fn remove(&mut self, group: Id, member: Id) -> Option<EdgePlace> {
        let in_group = self.members.get_mut(&group)?.remove(member)?;
        let of_member = self.groups.get_mut(&member)?.remove(group)?;
        if self.members.get(&group).is_some_and(OrderedSet::is_empty) {
            self.members.remove(&group);
        }
        if self.groups.get(&member).is_some_and(OrderedSet::is_empty) {
            self.groups.remove(&member);
        }
        Some(EdgePlace { in_group, of_member })
    }

    pub(crate) fn restore(&mut self, group: Id, member: Id, place: EdgePlace) {
        self.members.entry(group).or_default().restore(member, place.in_group);
        self.groups.entry(member).or_default().restore(group, place.of_member);
    }

    /// Removes everything that touches `id`, as group and as member.
    pub(crate) fn forget(&mut self, id: Id) {
        let held: Vec<Id> = self.members(id).collect();
        for member in held {
            self.remove(id, member);
        }
        let holders: Vec<Id> = self.groups(id).collect();
        for group in holders {
            self.remove(group, id);
        }
    }
}

/// Where an edge stood in the group's and in the member's list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EdgePlace {
    in_group: u64,
    of_member: u64,
}
