//! How an upstream object comes to be: looked for, found to be ours, adopted, held, or
//! created (rules B2, C2, C3). Shared by users and groups.

use serde_json::Value;

use super::super::policy::{AdoptInactive, OnNameReuse, Policy};
use super::{Action, Call, Hold, Holder, Members, Named, Next, Note, Purpose, Values};
use crate::clock::Timestamp;
use crate::databricks::pace::Verb;
use crate::store::{Binding, Decision, Existence, Kind, QueueClass};
use crate::{id::UpstreamId, store::Ownership};

/// Between two looks for the outcome of a lost create, while absence is not proven yet.
const LOOK_AGAIN: u32 = 18;

/// What the next step towards an upstream object is, for a binding that has none.
///
/// `first` gives the values and members that a create would carry; it is asked only then.
pub(super) fn plan_creation(
    binding: &Binding,
    named: &Named,
    decided: &[Decision],
    policy: &Policy,
    now: Timestamp,
    first: impl FnOnce() -> (Values, Members),
) -> Next {
    let call = |class, verb, action| {
        Next::Call(Call {
            class,
            verb,
            binding: binding.id,
            action,
        })
    };
    match binding.existence {
        Existence::Unknown => match named {
            Named::NotScanned => Next::Wait {
                until: now.plus(policy.verify_after),
                why: "the target has not been scanned yet",
            },
            Named::Absent(_) => Next::Note(Note::Absent(binding.id)),
            Named::Found { upstream, active } if may_adopt(binding, *active, decided, policy) => call(
                QueueClass::Grant,
                Verb::Read,
                Action::Read {
                    upstream: upstream.clone(),
                    purpose: Purpose::Adopt,
                },
            ),
            Named::Found { .. } => Next::hold(Some(binding.id), not_adopted(binding.kind)),
        },
        // A create is sent only on `absent`.
        Existence::Absent => {
            let (fields, members) = first();
            call(QueueClass::Grant, Verb::Write, Action::Create { fields, members })
        }
        Existence::Maybe | Existence::Present => match next_look(binding, policy) {
            Some(until) if until > now => Next::Wait {
                until,
                why: "a create without an answer has still to be proven absent",
            },
            _ => call(QueueClass::Grant, Verb::Read, Action::LookUp),
        },
    }
}

/// When to look for a lost create again.
fn next_look(binding: &Binding, policy: &Policy) -> Option<Timestamp> {
    let unknown = binding.unknown_at?;
    match binding.agreed_at {
        // Before the interval a look can only find it, which is worth a few reads.
        None => None,
        Some(first) if first < unknown.plus(policy.proof) => Some(
            first
                .plus(policy.proof / LOOK_AGAIN)
                .min(unknown.plus(policy.proof))
                .max(first),
        ),
        Some(first) => Some(first.plus(policy.proof / LOOK_AGAIN)),
    }
}

/// Whether an object found under the wanted name is taken over (rule C3).
fn may_adopt(binding: &Binding, active: bool, decided: &[Decision], policy: &Policy) -> bool {
    decided.contains(&Decision::Adopt)
        || match binding.kind {
            Kind::User => active || policy.adopt_inactive == AdoptInactive::Adopt,
            Kind::Group => policy.adopts_group(&binding.name),
        }
}

const fn not_adopted(kind: Kind) -> Hold {
    match kind {
        Kind::User => Hold::InactiveUser,
        Kind::Group => Hold::ForeignGroup,
    }
}

/// What to do when another resource's object has the wanted name.
pub(super) fn plan_held_name(
    holders: &[Holder],
    kind: Kind,
    decided: &[Decision],
    now: Timestamp,
    policy: &Policy,
) -> Option<Next> {
    let holder = holders.first()?;
    if holder.busy {
        return Some(Next::Wait {
            until: now.plus(policy.verify_after),
            why: "a call on the object of that name is in flight",
        });
    }
    let to_be_reused =
        holder.same_external_id || policy.on_name_reuse == OnNameReuse::Reuse || decided.contains(&Decision::Adopt);
    if holder.deleted && to_be_reused {
        return Some(Next::Note(Note::TakeOver(holder.binding)));
    }
    let why = match (holder.deleted, kind) {
        (true, kind) => Hold::NameReused(kind),
        (false, Kind::Group) if holder.in_a_circle => {
            return Some(Next::Hold {
                binding: None,
                why: Hold::NamesInACircle,
                // It ends when any of them gets another name.
                check_at: Some(now.plus(policy.proof)),
            });
        }
        (false, Kind::Group) => {
            return Some(Next::Wait {
                until: now.plus(policy.verify_after),
                why: "another group still has that name at the target",
            });
        }
        (false, Kind::User) => Hold::NameHeld,
    };
    Some(Next::hold(None, why))
}

/// An upstream object that a look-up by name or a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub upstream: UpstreamId,
    /// Users: whether it is active. Groups: true.
    pub active: bool,
    /// Its shown name.
    pub display_name: Option<String>,
    /// The client's id, if it keeps one.
    pub external_id: Option<String>,
    /// It is bound to another resource already.
    pub owned_by_another: bool,
    /// It must never be written (rule C8).
    pub protected: Option<String>,
}

/// Whose a found object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// Ours, created by an attempt whose answer was lost, or adopted.
    Bind(Ownership),
    /// Not to be touched before a person has decided.
    Hold(Hold),
    /// Never to be written.
    Protected(String),
}

/// Decides whose a found object is (rules C2, C3, C8).
pub fn judge(binding: &Binding, seen: &Seen, decided: &[Decision], policy: &Policy) -> Judged {
    if let Some(why) = &seen.protected {
        return Judged::Protected(why.clone());
    }
    if seen.owned_by_another {
        return Judged::Hold(Hold::Conflict("the object of that name belongs to another resource"));
    }
    if is_ours(binding, seen) {
        return Judged::Bind(Ownership::Ours);
    }
    if binding.generation > 1 && !decided.contains(&Decision::Rename) {
        // A renamed user never merges by itself with an account that is already there (rule C5).
        return Judged::Hold(Hold::Rename("an account of the new userName exists at the target"));
    }
    let adopted = may_adopt(binding, seen.active, decided, policy);
    if adopted || (binding.generation > 1 && seen.active) {
        return Judged::Bind(Ownership::Adopted);
    }
    Judged::Hold(not_adopted(binding.kind))
}

/// Ours only if an earlier attempt ended with an unknown outcome, absence was recorded
/// before it, and the object carries the values that it sent (rule C2).
fn is_ours(binding: &Binding, seen: &Seen) -> bool {
    let (Some(sent), Some(_), Some(_)) = (&binding.sent, binding.unknown_at, binding.absent_seen_at) else {
        return false;
    };
    let carried = |key: &str, found: &Option<String>| {
        let sent = sent.get(key).and_then(Value::as_str);
        // What Databricks does not keep cannot speak against it.
        found.is_none() || sent.is_none() || sent == found.as_deref()
    };
    carried("displayName", &seen.display_name) && carried("externalId", &seen.external_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ScimId;
    use crate::store::{BindingId, Role};
    use serde_json::json;

    fn binding(kind: Kind) -> Binding {
        Binding {
            id: BindingId::for_test(1),
            kind,
            resource_id: ScimId::new("r"),
            generation: 1,
            role: Role::Current,
            name: "Ana@contoso.test".to_owned(),
            name_key: "ana@contoso.test".to_owned(),
            external_id: Some("ana".to_owned()),
            upstream_id: None,
            ownership: None,
            existence: Existence::Maybe,
            absent_seen_at: None,
            unknown_at: None,
            agreed_at: None,
            sent: None,
            strip: false,
            hold: None,
            held_at: None,
            look_at: None,
        }
    }

    fn seen(active: bool) -> Seen {
        Seen {
            upstream: UpstreamId::parse("12").unwrap(),
            active,
            display_name: Some("Ana".to_owned()),
            external_id: Some("ana".to_owned()),
            owned_by_another: false,
            protected: None,
        }
    }

    fn judge_plainly(binding: &Binding, seen: &Seen) -> Judged {
        judge(binding, seen, &[], &Policy::default())
    }

    fn lost_create(kind: Kind) -> Binding {
        Binding {
            absent_seen_at: Some(Timestamp::from_micros(1)),
            unknown_at: Some(Timestamp::from_micros(2)),
            sent: Some(json!({"displayName": "Ana", "externalId": "ana"})),
            ..binding(kind)
        }
    }

    #[test]
    fn a_lost_create_is_ours_only_with_absence_before_and_the_values_sent() {
        assert_eq!(
            judge_plainly(&lost_create(Kind::Group), &seen(true)),
            Judged::Bind(Ownership::Ours)
        );
        let never_absent = Binding {
            absent_seen_at: None,
            ..lost_create(Kind::Group)
        };
        assert!(matches!(judge_plainly(&never_absent, &seen(true)), Judged::Hold(_)));
        let other_values = Seen {
            display_name: Some("Somebody".to_owned()),
            ..seen(true)
        };
        assert!(matches!(
            judge_plainly(&lost_create(Kind::Group), &other_values),
            Judged::Hold(_)
        ));
    }

    #[test]
    fn a_conflict_on_a_first_attempt_is_never_ours() {
        assert!(matches!(
            judge_plainly(&binding(Kind::Group), &seen(true)),
            Judged::Hold(_)
        ));
        assert_eq!(
            judge_plainly(&binding(Kind::User), &seen(true)),
            Judged::Bind(Ownership::Adopted)
        );
    }

    #[test]
    fn an_inactive_user_is_not_adopted_without_a_person() {
        assert!(matches!(
            judge_plainly(&binding(Kind::User), &seen(false)),
            Judged::Hold(Hold::InactiveUser)
        ));
    }

    #[test]
    fn a_protected_object_is_never_bound() {
        let me = Seen {
            protected: Some("the bridge's own identity".to_owned()),
            ..seen(true)
        };
        assert!(matches!(
            judge_plainly(&lost_create(Kind::User), &me),
            Judged::Protected(_)
        ));
    }
}
