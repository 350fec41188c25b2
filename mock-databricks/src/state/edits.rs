//! Changes of one group's members that can be taken back as a whole.
//!
//! A PATCH is atomic [inferred], and a group may hold ten thousand members: so the edges are changed
//! in place and a journal undoes them, instead of working on a copy.

use super::Workspace;
use super::id::Id;
use super::level::Level;
use super::memberships::{EdgePlace, Memberships};

/// What was done to the edges, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal(Vec<Done>);

#[derive(Debug)]
enum Done {
    Added(Id),
    Removed(Id, EdgePlace),
}

/// An open change of one group's members.
pub(crate) struct MemberEdits<'a> {
    workspace: &'a mut Workspace,
    group: Id,
    home: Level,
    journal: Journal,
}

impl<'a> MemberEdits<'a> {
    pub(super) fn new(workspace: &'a mut Workspace, group: Id, home: Level) -> Self {
        Self {
            workspace,
            group,
            home,
            journal: Journal::default(),
        }
    }

    /// Whether this id may be a member: somebody or some group of the group's own level.
    ///
    /// A workspace-local group also takes account groups that are assigned to the workspace [inferred].
    pub(crate) fn is_known(&self, member: Id) -> bool {
        let workspace = &*self.workspace;
        if let Some(principal) = workspace.principal(member) {
            return self.home == Level::Account || workspace.is_in_workspace(principal);
        }
        let group = workspace.groups().get(member);
        group.is_some_and(|group| {
            group.home == self.home || self.home == Level::Workspace && workspace.is_assigned(member)
        })
    }

    pub(crate) fn contains(&self, member: Id) -> bool {
        self.workspace.memberships.contains(self.group, member)
    }

    /// Whether this group keeps its members whatever is asked: nobody leaves `users` [documented].
    pub(crate) fn keeps_everybody(&self) -> bool {
        self.group == self.workspace.reserved.users
    }

    /// Whether taking `member` out would break the rule that everybody is in `users`.
    pub(crate) fn is_held(&self, member: Id) -> bool {
        self.keeps_everybody() && self.workspace.principal(member).is_some()
    }

    pub(crate) fn add(&mut self, member: Id) -> bool {
        let added = self.workspace.memberships.add(self.group, member);
        if added {
            self.journal.0.push(Done::Added(member));
        }
        added
    }

    pub(crate) fn remove(&mut self, member: Id) -> bool {
        let place = self.workspace.memberships.remove(self.group, member);
        if let Some(place) = place {
            self.journal.0.push(Done::Removed(member, place));
        }
        place.is_some()
    }

    /// Takes everybody out who can be taken out.
    pub(crate) fn clear(&mut self) {
        let members: Vec<Id> = self.workspace.memberships.members(self.group).collect();
        for member in members {
            if !self.is_held(member) {
                self.remove(member);
            }
        }
    }

    /// Undoes everything.
    pub(crate) fn undo(self) {
        self.journal.undo(&mut self.workspace.memberships, self.group);
    }

    /// Ends the change for now; the journal can still take it back.
    pub(crate) fn into_journal(self) -> Journal {
        self.journal
    }
}

impl Journal {
    /// Undoes everything, newest first.
    pub(super) fn undo(self, memberships: &mut Memberships, group: Id) {
        for done in self.0.into_iter().rev() {
            match done {
                Done::Added(member) => {
                    memberships.remove(group, member);
                }
                Done::Removed(member, place) => {
                    memberships.restore(group, member, place);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Group, Level, Principal, Workspace};

    #[test]
    fn undone_edits_leave_members_and_their_order_as_they_were() {
        let mut workspace = Workspace::new(1);
        let group = workspace.next_id();
        workspace.add_group(Group::new(group, Level::Workspace, "g"));
        let people: Vec<_> = (0..5)
            .map(|number| {
                let id = workspace.next_id();
                workspace.add_principal(Principal::user(id, &format!("u{number}@example.com")).in_workspace());
                id
            })
            .collect();
        let mut edits = workspace.edit_members(group, Level::Workspace);
        for id in &people[..4] {
            edits.add(*id);
        }
        drop(edits);

        let mut edits = workspace.edit_members(group, Level::Workspace);
        edits.remove(people[1]);
        edits.clear();
        edits.add(people[4]);
        edits.add(people[0]);
        edits.undo();

        let members: Vec<_> = workspace.memberships().members(group).collect();
        assert_eq!(members, people[..4]);
        let groups: Vec<_> = workspace.memberships().groups(people[0]).collect();
        assert_eq!(groups, [workspace.reserved().users, group]);
        assert_eq!(workspace.memberships().groups(people[4]).count(), 1);
    }
}
