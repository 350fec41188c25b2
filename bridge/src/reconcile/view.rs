//! Loads from the store what planning one resource depends on.

use std::collections::HashSet;

use super::backoff::LONGEST_OF_REVOCATIONS;
use super::guard::{Closed, Counted};
use super::plan::{GroupView, Holder, Named, UserBinding, UserView};
use super::policy::Policy;
use super::shape::{self, Shape};
use super::wanted::{WantedGroup, WantedUser};
use crate::clock::Timestamp;
use crate::id::{ScimId, UpstreamId, fold};
use crate::store::{
    Binding, BindingId, Existence, Field, GuardClass, Kind, QueueClass, QueueRow, Role, Snapshot, StoreError, Stored,
};

/// What the reconciler knows of the target besides the store.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// The target's name.
    pub target: String,
    /// When the newest complete scan was done.
    pub scanned_at: Option<Timestamp>,
    /// Who the bridge itself is: id and folded name (rule C8).
    pub me: Option<(UpstreamId, String)>,
    /// Active members of `admins` (rule C8), without those who are just being deactivated.
    pub admins: HashSet<UpstreamId>,
    /// The same as the last scan before this start had it, if there was one.
    pub former_admins: Option<HashSet<UpstreamId>>,
    /// Bindings with a call in flight.
    pub busy: HashSet<BindingId>,
    /// Newest revision when the store was restored, if it was: what is older gives nothing (rule D3).
    pub restored_at: Option<i64>,
    /// What kind of target it is (rule E1).
    pub shape: Shape,
    /// What the guard has counted in this pass.
    pub counted: Counted,
}

impl Knowledge {
    /// Whether nothing is to be given for a resource before the client has written it again (rule D3).
    fn awaits_client(&self, stored: Option<&Stored>) -> bool {
        let written = stored.map_or(i64::MAX, |stored| stored.revision);
        self.restored_at.is_some_and(|restored| written <= restored)
    }

    /// Why this user must never be written, if so.
    pub fn protects_user(&self, policy: &Policy, name_key: &str, upstream: Option<&UpstreamId>) -> Option<String> {
        if policy.protected_users.contains(name_key) {
            return Some("protected: listed in target.protected_users".to_owned());
        }
        if let Some((id, name)) = &self.me
            && (upstream == Some(id) || name == name_key)
        {
            return Some("protected: the identity the bridge itself runs as".to_owned());
        }
        if upstream.is_some_and(|id| self.admins.contains(id)) && self.admins.len() == 1 {
            let last = if policy.level.is_account() {
                "protected: the last active admin of the account"
            } else {
                "protected: the last active member of admins"
            };
            return Some(last.to_owned());
        }
        None
    }

    /// Whether this user may be the last active member of `admins`, as only the scan will tell.
    fn may_be_last_admin(&self, upstream: Option<&UpstreamId>) -> bool {
        let was = |id| self.former_admins.as_ref().is_none_or(|admins| admins.contains(id));
        self.scanned_at.is_none() && upstream.is_some_and(was)
    }

    /// Why this group must never be written, if so.
    pub fn protects_group(policy: &Policy, name_key: &str) -> Option<String> {
        policy
            .protected_groups
            .contains(name_key)
            .then(|| "protected: a reserved name, or one listed in target.protected_groups".to_owned())
    }
}

/// The view of a queued user.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn load_user(
    store: &Snapshot<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    row: &QueueRow,
) -> Result<UserView, StoreError> {
    let (target, id) = (&knowledge.target, &row.resource_id);
    let stored = store.resource(id.as_str())?;
    let awaits_client = knowledge.awaits_client(stored.as_ref());
    let mut wanted = stored.as_ref().map(WantedUser::of).map(|wanted| {
        let owns = |field: &Field| shape::owns(policy.level, &knowledge.shape, Kind::User, *field);
        wanted.but_for(|field| !owns(field))
    });
    if let Some(wanted) = &mut wanted
        && store.is_unclaimed(id)?
    {
        // What a mapping says of an imported account is sent with the client's first write (rule C4).
        wanted.fields.clear();
    }
    let mut bindings = Vec::new();
    for binding in store.bindings(target, id)? {
        bindings.push(UserBinding {
            fields: store.fields(binding.id)?,
            removals_pending: store.removals_pending(binding.id)?,
            wanted_groups: store.wanted_groups(target, binding.id)?,
            protected: knowledge.protects_user(policy, &binding.name_key, binding.upstream_id.as_ref()),
            may_be_last_admin: knowledge.may_be_last_admin(binding.upstream_id.as_ref()),
            binding,
        });
    }
    let held = held(row, bindings.iter().map(|held| &held.binding));
    let Some(wanted) = wanted else {
        let named = match bindings.first() {
            Some(held) => named(store, knowledge, Kind::User, &held.binding.name_key)?,
            None => Named::NotScanned,
        };
        return Ok(UserView {
            wanted: None,
            bindings,
            named,
            holders: Vec::new(),
            held,
            name_was_anothers: false,
            name_protected: None,
            guard: Closed::load(store, target)?,
            decided: Vec::new(),
            awaits_client,
        });
    };
    Ok(UserView {
        named: named(store, knowledge, Kind::User, &wanted.name_key)?,
        holders: holders(
            store,
            knowledge,
            Kind::User,
            &wanted.name_key,
            wanted.external_id.as_deref(),
            id,
        )?,
        held,
        name_was_anothers: store.name_belonged_to_another(Kind::User, &wanted.name_key, id.as_str())?,
        name_protected: knowledge.protects_user(policy, &wanted.name_key, None),
        guard: Closed::load(store, target)?,
        decided: store.decisions(id, &wanted.name_key)?,
        awaits_client,
        wanted: Some(wanted),
        bindings,
    })
}

/// The view of a queued group.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn load_group(
    store: &Snapshot<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    row: &QueueRow,
    now: Timestamp,
) -> Result<GroupView, StoreError> {
    let (target, id) = (&knowledge.target, &row.resource_id);
    let stored = store.resource(id.as_str())?;
    let wanted = stored.as_ref().map(WantedGroup::of);
    let binding = store.bindings(target, id)?.pop();
    let name_key = match (&wanted, &binding) {
        (Some(wanted), _) => wanted.name_key.clone(),
        (None, Some(binding)) => binding.name_key.clone(),
        (None, None) => String::new(),
    };
    let own_name = binding
        .as_ref()
        .map_or(name_key.as_str(), |binding| binding.name_key.as_str());
    let protected =
        Knowledge::protects_group(policy, own_name).or_else(|| Knowledge::protects_group(policy, &name_key));
    // More than one batch, so that edges that go in small company do not hide those behind them.
    let limit = policy.batch * 4;
    let address = binding.as_ref().map(|binding| binding.id);
    let mut removes = address
        .map(|address| store.edges_to_remove(address, now, now.plus(policy.scale(LONGEST_OF_REVOCATIONS)), limit))
        .transpose()?
        .unwrap_or_default();
    let guard = Closed::load(store, target)?;
    let all = removes.ready.len();
    removes
        .ready
        .retain(|edge| !guard.holds(GuardClass::Memberships, edge.upstream_id.as_str()));
    let mut removes_guarded = removes.ready.len() < all;
    // Who is deleted upstream is taken from everybody in it at once.
    if let Some(binding) = binding.as_ref().filter(|binding| binding.role == Role::Tombstone) {
        let members = store.in_group(binding.id)?;
        removes_guarded |= members.iter().any(|id| guard.holds(GuardClass::Memberships, id));
    }
    Ok(GroupView {
        removes_guarded,
        removes,
        deleted_at: store.tombstone(id.as_str())?.map(|tombstone| tombstone.deleted_at),
        queued_at: row.queued_at,
        refusals: row.refusals,
        fields: address
            .map(|address| store.fields(address))
            .transpose()?
            .unwrap_or_default(),
        adds: address
            .map(|address| store.edges_to_add(target, address, now, limit))
            .transpose()?
            .unwrap_or_default(),
        checks: address
            .map(|address| store.edges_to_check(address))
            .transpose()?
            .unwrap_or_default(),
        unclaimed: store.is_unclaimed(id)?,
        named: named(store, knowledge, Kind::Group, &name_key)?,
        holders: match &wanted {
            Some(wanted) => holders(
                store,
                knowledge,
                Kind::Group,
                &name_key,
                wanted.external_id.as_deref(),
                id,
            )?,
            None => Vec::new(),
        },
        held: held(row, binding.iter()),
        decided: store.decisions(id, &name_key)?,
        awaits_client: knowledge.awaits_client(stored.as_ref()),
        wanted,
        binding,
        protected,
    })
}

/// Why what gives is held for a person, while nothing was written since: the row then only looks.
fn held<'a>(row: &QueueRow, mut bindings: impl Iterator<Item = &'a Binding>) -> Option<(BindingId, String)> {
    if row.class != QueueClass::Verification {
        return None;
    }
    bindings.find_map(|binding| Some((binding.id, binding.hold.clone()?)))
}

fn named(store: &Snapshot<'_>, knowledge: &Knowledge, kind: Kind, name_key: &str) -> Result<Named, StoreError> {
    let Some(scanned_at) = knowledge.scanned_at else {
        return Ok(Named::NotScanned);
    };
    for entry in store.inventory_named(&knowledge.target, kind, name_key)? {
        // What is bound already is not found: its owner is among the holders.
        if store
            .binding_of_upstream(&knowledge.target, kind, &entry.upstream_id)?
            .is_none()
        {
            return Ok(Named::Found {
                upstream: entry.upstream_id,
                active: entry.active,
            });
        }
    }
    Ok(Named::Absent(scanned_at))
}

fn holders(
    store: &Snapshot<'_>,
    knowledge: &Knowledge,
    kind: Kind,
    name_key: &str,
    external_id: Option<&str>,
    own: &ScimId,
) -> Result<Vec<Holder>, StoreError> {
    let others = store.bindings_named(&knowledge.target, kind, name_key)?;
    others
        .into_iter()
        .filter(|binding| binding.resource_id != *own && !never_made(binding))
        .map(|binding| {
            // What the client's id was when the resource was deleted: it may have changed since the object was made.
            let last = store.tombstone(binding.resource_id.as_str())?;
            let last = last.and_then(|tombstone| tombstone.external_id);
            Ok(Holder {
                binding: binding.id,
                deleted: binding.role == Role::Tombstone,
                same_external_id: external_id.is_some() && last.as_deref() == external_id,
                busy: knowledge.busy.contains(&binding.id),
                in_a_circle: in_a_circle(store, &knowledge.target, &binding)?,
            })
        })
        .collect()
}

/// Whether the holders of the names that are wanted, one after another, come to no end.
fn in_a_circle(store: &Snapshot<'_>, target: &str, holder: &Binding) -> Result<bool, StoreError> {
    let (mut seen, mut at) = (HashSet::new(), holder.clone());
    while seen.insert(at.id) {
        let Some(wanted) = store.resource(at.resource_id.as_str())? else {
            return Ok(false);
        };
        let holders = store.bindings_named(target, at.kind, &fold(&wanted.name))?;
        let next = holders
            .into_iter()
            .find(|other| other.resource_id != at.resource_id && !never_made(other));
        let Some(next) = next else { return Ok(false) };
        at = next;
    }
    Ok(true)
}

fn never_made(binding: &Binding) -> bool {
    binding.upstream_id.is_none() && matches!(binding.existence, Existence::Unknown | Existence::Absent)
}
