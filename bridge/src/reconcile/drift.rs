//! What a foreign hand changed (rule B4), and what the target ignores (rule B5).
//!
//! Its surprise is how slow it is on purpose: a list only makes a candidate; a difference
//! counts when two reads by id, a whole proof interval apart, have shown it, so that a
//! stale read never becomes a repair.

use std::collections::HashSet;
use std::time::Duration;

use super::policy::Policy;
use super::shape;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::databricks::wire::WireGroup;
use crate::id::UpstreamId;
use crate::store::{
    Answer, Binding, Difference, Drift, DriftKind, Enqueue, Field, Kind, NewRevision, QueueClass, Role, StoreError,
    Tracked, Transaction,
};

/// What is done about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftPolicy {
    /// Whether it is looked for at all.
    pub on: bool,
    /// Whether what narrows is undone.
    pub repair: bool,
    /// Whether what widens is undone too.
    pub widen: bool,
    /// How often the whole target is looked at.
    pub every: Duration,
}

impl Default for DriftPolicy {
    fn default() -> Self {
        Self {
            on: true,
            repair: false,
            widen: false,
            every: Duration::from_hours(6),
        }
    }
}

/// Repairs of one part within [`A_DAY`]; more would be a fight.
const MOST_REPAIRS: u64 = 2;
const A_DAY: Duration = Duration::from_hours(24);

/// What to do about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Seen once: look again at this time.
    LookAgain(Timestamp),
    /// It is reported.
    Report,
    /// It is undone.
    Repair,
    /// It was undone too often: reported, no longer written.
    Contested,
}

/// Decides about one difference that a read by id has just shown.
pub fn decide(drift: &Drift, repairs: u64, policy: DriftPolicy, proof: Duration, now: Timestamp) -> Verdict {
    let proven_at = drift.first_at.plus(proof);
    if now < proven_at {
        return Verdict::LookAgain(proven_at);
    }
    let asked = drift.asked_at.is_some_and(|asked| asked >= drift.first_at);
    let wanted = if drift.difference.widens {
        asked || (policy.repair && policy.widen)
    } else {
        asked || policy.repair
    };
    match (wanted, drift.contested || repairs >= MOST_REPAIRS) {
        (false, _) => Verdict::Report,
        (true, true) => Verdict::Contested,
        (true, false) => Verdict::Repair,
    }
}

/// What a read by id has shown of an account.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn look_at_fields(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut seen = Vec::new();
    let ignored = tx.ignored(binding.id)?;
    for (field, tracked) in tx.fields(binding.id)? {
        let owned = shape::owns(policy.level, &knowledge.shape, Kind::User, field);
        if !owned || !is_at_rest(&tracked) || matches!(field, Field::Entitlements | Field::Roles) {
            continue;
        }
        let observed = tracked.observed.as_ref().unwrap_or(&tracked.applied);
        if *observed == tracked.applied {
            if ignored.contains(&field) {
                tx.drop_ignored(binding.id, field)?;
            }
            continue;
        }
        if !ignored.contains(&field) {
            seen.push(Difference {
                kind: DriftKind::Field,
                part: field.as_str().to_owned(),
                widens: field == Field::Active && tracked.applied.as_deref() == Some("true"),
            });
        }
    }
    conclude(tx, knowledge, policy, binding, &seen, now)
}

/// What a read by id has shown of a group's members.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn look_at_members(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    group: &WireGroup,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut seen = Vec::new();
    for (field, tracked) in tx.fields(binding.id)? {
        let differs = tracked
            .observed
            .as_ref()
            .is_some_and(|observed| *observed != tracked.applied);
        // Entitlements that wait to be given are pending work.
        let is_due = field == Field::Entitlements && tracked.applied.is_none();
        if field != Field::Assignment
            && differs
            && !is_due
            && is_at_rest(&tracked)
            && shape::owns(policy.level, &knowledge.shape, Kind::Group, field)
        {
            seen.push(Difference {
                kind: DriftKind::Field,
                part: field.as_str().to_owned(),
                widens: field == Field::Entitlements,
            });
        }
    }
    let mut known = HashSet::new();
    for (edge, upstream) in tx.edges_of_group(binding.id)? {
        let Some(upstream) = upstream else { continue };
        known.insert(upstream.clone());
        let shown = edge.tracked.observed.unwrap_or(edge.tracked.applied);
        if !is_at_rest(&edge.tracked) || edge.inherited || shown == edge.tracked.applied {
            continue;
        }
        let kind = if edge.tracked.applied {
            DriftKind::MemberMissing
        } else {
            DriftKind::MemberExtra
        };
        seen.push(Difference {
            kind,
            part: upstream.to_string(),
            widens: edge.tracked.applied,
        });
    }
    // Managed people whom somebody else put in. Those who are not managed are nobody's business.
    for upstream in group.member_ids() {
        if known.contains(&upstream) {
            continue;
        }
        let member = tx.binding_of_upstream(&knowledge.target, Kind::User, &upstream)?;
        if member.is_some_and(|member| matches!(member.role, Role::Current | Role::Tombstone)) {
            seen.push(Difference {
                kind: DriftKind::MemberExtra,
                part: upstream.to_string(),
                widens: false,
            });
        }
    }
    conclude(tx, knowledge, policy, binding, &seen, now)
}

/// No attempt of ours is open on it and no read is wanted to prove or verify one (rule B1).
pub(super) fn is_at_rest<V>(tracked: &Tracked<V>) -> bool {
    !tracked.maybe && tracked.unknown_at.is_none() && tracked.verify_at.is_none()
}

/// Compares what was seen now with what is known, and acts on it.
fn conclude(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    seen: &[Difference],
    now: Timestamp,
) -> Result<(), StoreError> {
    let target = &knowledge.target;
    let known = tx.drift_of(target, binding.id)?;
    // What a scan alone sees is the scan's to conclude.
    let shown = |drift: &&Drift| drift.difference.part != Field::Assignment.as_str();
    for gone in known
        .iter()
        .filter(shown)
        .filter(|drift| !seen.contains(&drift.difference))
    {
        tx.drop_drift(target, binding.id, &gone.difference)?;
    }
    let mut look_at = late_delete_at(binding, policy, now);
    // What was imported is nobody's before the client has written it (rule C4).
    let owned = binding.role != Role::Retiring && policy.drift.on && !tx.is_unclaimed(&binding.resource_id)?;
    for difference in seen.iter().filter(|_| owned) {
        let before = known.iter().find(|drift| drift.difference == *difference).cloned();
        let drift = before.unwrap_or_else(|| Drift {
            difference: difference.clone(),
            first_at: now,
            confirmed_at: None,
            contested: false,
            asked_at: None,
        });
        if let Some(at) = settle_one(tx, knowledge, policy, binding, drift, now)? {
            look_at = Some(look_at.map_or(at, |other| other.min(at)));
        }
    }
    tx.look_at(binding.id, look_at)
}

/// When to see whether a delete of ours that had no answer took effect late, while that can still be.
pub(super) fn late_delete_at(binding: &Binding, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let until = binding.unknown_at?.plus(policy.proof);
    (super::attempt::may_be_deleted_by_us(binding) && now < until).then_some(until)
}

/// Deals with one difference; tells when to look again, if so.
pub(super) fn settle_one(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    binding: &Binding,
    drift: Drift,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let target = &knowledge.target;
    let part = drift.difference.part.clone();
    let repairs = tx.repairs_since(binding.id, &part, now.minus(A_DAY))?;
    let verdict = decide(&drift, repairs, policy.drift, policy.proof, now);
    if let Verdict::LookAgain(at) = verdict {
        tx.put_drift(target, binding.id, &drift)?;
        return Ok(Some(at));
    }
    if let Some(field) = Field::from_name(&part).filter(|_| drift.difference.kind == DriftKind::Field)
        && drift.asked_at.is_none()
        && never_took(tx, binding, field)?
    {
        let applied = tx
            .fields(binding.id)?
            .remove(&field)
            .and_then(|tracked| tracked.applied);
        if tx.note_ignored(binding.id, field, applied.as_ref(), now)? {
            tracing::warn!(resource = %binding.resource_id, field = %part, "the target ignores what was written to this field");
        }
        tx.drop_drift(target, binding.id, &drift.difference)?;
        return Ok(None);
    }
    let (kind, first_time) = (drift.difference.kind.as_str(), drift.confirmed_at.is_none());
    match verdict {
        Verdict::Report | Verdict::Contested => {
            let contested = verdict == Verdict::Contested;
            if first_time || (contested && !drift.contested) {
                tracing::warn!(resource = %binding.resource_id, %kind, %part, contested, "somebody else changed this at the target");
            }
            let confirmed = Drift {
                confirmed_at: Some(now),
                contested,
                ..drift
            };
            tx.put_drift(target, binding.id, &confirmed)?;
        }
        Verdict::Repair => {
            tracing::warn!(resource = %binding.resource_id, %kind, %part, "somebody else changed this at the target: undone");
            undo(tx, knowledge, binding, &drift.difference, now)?;
            tx.add_repair(target, binding.id, &part, now)?;
            tx.drop_drift(target, binding.id, &drift.difference)?;
        }
        Verdict::LookAgain(_) => {}
    }
    Ok(None)
}

/// Whether no read since the write has ever shown what was written (rule B5).
fn never_took(tx: &Transaction<'_>, binding: &Binding, field: Field) -> Result<bool, StoreError> {
    // Whether an account can be used is never taken for a whim of the target.
    if field == Field::Active {
        return Ok(false);
    }
    tx.never_shown(binding.id, field)
}

/// What was seen counts as what is: planning makes it what is wanted (rule B1 turned round, on purpose).
fn undo(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    binding: &Binding,
    difference: &Difference,
    now: Timestamp,
) -> Result<(), StoreError> {
    let target = &knowledge.target;
    match difference.kind {
        DriftKind::Field => {
            let field = Field::from_name(&difference.part);
            let known = tx.fields(binding.id)?;
            if let Some((field, tracked)) = field.and_then(|field| Some((field, known.get(&field)?.clone()))) {
                let is_given = (binding.kind, field) == (Kind::Group, Field::Entitlements);
                let applied = match &tracked.observed {
                    // It is due again; a part of it alone is no value of its own.
                    _ if is_given => None,
                    Some(observed) => observed.clone(),
                    None => tracked.applied.clone(),
                };
                tx.put_field(binding.id, field, &Tracked { applied, ..tracked })?;
            }
        }
        DriftKind::MemberMissing | DriftKind::MemberExtra => {
            let upstream = UpstreamId::parse(&difference.part);
            let found = upstream
                .map(|id| tx.binding_of_upstream(target, Kind::User, &id))
                .transpose()?
                .flatten();
            if let Some(member) = found {
                let edge = tx.edge(binding.id, member.id)?;
                let mut edge = edge.unwrap_or_else(|| super::attempt::new_edge(binding.id, member.id));
                edge.tracked.applied = difference.kind == DriftKind::MemberExtra;
                edge.inherited = false;
                tx.put_edge(&edge)?;
            }
        }
        DriftKind::Vanished => {}
    }
    let class = if difference.widens {
        QueueClass::Grant
    } else {
        QueueClass::Revocation
    };
    note_repair(tx, binding, now)?;
    tx.enqueue(target, &binding.resource_id, binding.kind, Enqueue::at_once(class, now))
}

/// A repair is a change of its own in the log.
pub(super) fn note_repair(tx: &Transaction<'_>, binding: &Binding, now: Timestamp) -> Result<(), StoreError> {
    tx.new_revision(&NewRevision {
        at: now,
        request_id: "drift".to_owned(),
        resource_id: binding.resource_id.clone(),
        kind: binding.kind,
        name: binding.name.clone(),
        action: "repair",
        answer: Answer::Accepted,
    })?;
    Ok(())
}

/// After a whole scan: which objects are to be read by id, as candidates or because it is their turn.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn look_after_scan(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    policy: &Policy,
    scanned: &super::scan::Seen,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let target = &knowledge.target;
    let users: std::collections::HashMap<&str, &super::scan::SeenUser> = scanned
        .users
        .iter()
        .map(|user| (user.entry.upstream_id.as_str(), user))
        .collect();
    let mut number = 0;
    for (binding, upstream, resource) in tx.bound(target, Kind::User)? {
        let known = !tx.drift_of(target, binding)?.is_empty();
        let differs = match users.get(upstream.as_str()) {
            None => true,
            Some(_) if known => true,
            Some(user) => tx
                .fields(binding)?
                .iter()
                .filter(|(field, _)| shape::owns(policy.level, &knowledge.shape, Kind::User, **field))
                .any(|(field, tracked)| user.value(*field).is_some_and(|seen| seen != tracked.applied)),
        };
        if differs {
            number += 1;
            tx.look_at(binding, Some(now))?;
            tx.enqueue(
                target,
                &resource,
                Kind::User,
                Enqueue::at_once(QueueClass::Verification, now),
            )?;
        }
    }
    // Lists do not show members for certain: each group has its turn.
    for (binding, _, resource) in tx.bound(target, Kind::Group)? {
        number += 1;
        tx.look_at(binding, Some(now))?;
        tx.enqueue(
            target,
            &resource,
            Kind::Group,
            Enqueue::at_once(QueueClass::Verification, now),
        )?;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROOF: Duration = Duration::from_secs(90);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn drift(widens: bool) -> Drift {
        Drift {
            difference: Difference {
                kind: DriftKind::MemberExtra,
                part: "12".to_owned(),
                widens,
            },
            first_at: at(100),
            confirmed_at: None,
            contested: false,
            asked_at: None,
        }
    }

    fn policy(repair: bool, widen: bool) -> DriftPolicy {
        DriftPolicy {
            repair,
            widen,
            ..DriftPolicy::default()
        }
    }

    #[test]
    fn b4_one_read_is_never_enough() {
        let seen = drift(false);
        assert_eq!(
            decide(&seen, 0, policy(true, true), PROOF, at(189)),
            Verdict::LookAgain(at(190))
        );
        assert_eq!(decide(&seen, 0, policy(true, true), PROOF, at(190)), Verdict::Repair);
    }

    #[test]
    fn b4_repair_narrows_by_itself_and_widens_only_when_asked() {
        let cases = [
            (false, policy(false, false), Verdict::Report),
            (false, policy(true, false), Verdict::Repair),
            (true, policy(true, false), Verdict::Report),
            (true, policy(false, true), Verdict::Report),
            (true, policy(true, true), Verdict::Repair),
        ];
        for (widens, policy, verdict) in cases {
            assert_eq!(
                decide(&drift(widens), 0, policy, PROOF, at(200)),
                verdict,
                "{widens} {policy:?}"
            );
        }
        let asked = |seconds| Drift {
            asked_at: Some(at(seconds)),
            ..drift(true)
        };
        let report = policy(false, false);
        assert_eq!(decide(&asked(150), 0, report, PROOF, at(200)), Verdict::Repair);
        assert_eq!(
            decide(&asked(99), 0, report, PROOF, at(200)),
            Verdict::Report,
            "asked before the difference was seen"
        );
    }

    #[test]
    fn b4_a_part_that_was_repaired_twice_in_a_day_is_contested() {
        assert_eq!(
            decide(&drift(false), 1, policy(true, true), PROOF, at(200)),
            Verdict::Repair
        );
        assert_eq!(
            decide(&drift(false), 2, policy(true, true), PROOF, at(200)),
            Verdict::Contested
        );
    }
}
