//! Before a request: what it is to change becomes `maybe`, in the transaction that
//! records the intent (rules B2, D1).

use serde_json::json;

use super::call::create_body;
use super::plan::{Action, Call, Members};
use crate::clock::Timestamp;
use crate::store::{
    Binding, BindingId, EdgeRow, Existence, Field, IntentId, NewIntent, StoreError, Tracked, Transaction,
};

/// A request about to be sent or sent, and how things stood before it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The request.
    pub call: Call,
    /// The binding as it was.
    pub binding: Binding,
    /// The fields it touches, as they were.
    pub fields: Vec<(Field, Option<Tracked<Option<String>>>)>,
    /// The edges it touches, as they were; `None` = never attempted.
    pub edges: Vec<(BindingId, Option<EdgeRow>)>,
    /// Its intent, if it changes anything.
    pub intent: Option<IntentId>,
    /// Newest revision it takes into account.
    pub revision: i64,
    /// Ticket of the queued row that it was planned for: a later one means that more was wanted since.
    pub ticket: i64,
    /// When it was planned.
    pub at: Timestamp,
    /// The object's own requests were refused before.
    pub is_failing: bool,
}

/// Whether the newest attempt on the object itself was a delete of ours that may have taken, or may still take, effect.
pub fn may_be_deleted_by_us(binding: &Binding) -> bool {
    binding.sent.as_ref().is_some_and(|sent| sent.get("delete").is_some())
}

/// An edge of which nothing is known.
pub fn new_edge(group: BindingId, member: BindingId) -> EdgeRow {
    EdgeRow {
        group,
        member,
        tracked: Tracked::known(false),
        inherited: false,
        batch_limit: None,
        refusals: 0,
        parked_until: None,
    }
}

/// Records that `call` is about to be sent for what stood in the queue at this revision and ticket.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn begin(
    tx: &Transaction<'_>,
    target: &str,
    binding: &Binding,
    call: Call,
    (revision, ticket): (i64, i64),
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let mut attempt = Attempt {
        call,
        binding: binding.clone(),
        fields: Vec::new(),
        edges: Vec::new(),
        intent: None,
        revision,
        ticket,
        at: now,
        is_failing: false,
    };
    if !attempt.call.action.writes() {
        return Ok(attempt);
    }
    let known = tx.fields(binding.id)?;
    for field in touched_fields(&attempt.call.action) {
        let before = known.get(&field).cloned();
        let mut tracked = before.clone().unwrap_or_else(|| Tracked::known(None));
        tracked.attempt();
        tx.put_field(binding.id, field, &tracked)?;
        attempt.fields.push((field, before));
    }
    for (member, _) in touched_members(&attempt.call.action) {
        let before = tx.edge(binding.id, *member)?;
        let mut edge = before.clone().unwrap_or_else(|| new_edge(binding.id, *member));
        edge.tracked.attempt();
        tx.put_edge(&edge)?;
        attempt.edges.push((*member, before));
    }
    if let Action::Create { fields, .. } = &attempt.call.action {
        tx.put_binding(&Binding {
            existence: Existence::Maybe,
            sent: Some(create_body(binding, fields, &[])),
            ..binding.clone()
        })?;
    }
    if let Action::Delete { .. } = &attempt.call.action {
        tx.put_binding(&Binding {
            existence: Existence::Maybe,
            sent: Some(json!({ "delete": true })),
            ..binding.clone()
        })?;
    }
    attempt.intent = Some(tx.open_intent(&NewIntent {
        target: target.to_owned(),
        resource_id: binding.resource_id.clone(),
        binding: binding.id,
        revision,
        effect: json!({ "call": super::call::describe(binding.kind, &attempt.call.action) }),
        at: now,
    })?);
    Ok(attempt)
}

/// After a restart: calls that were open have an unknown outcome (rule D1), and what was held for a person is planned
/// anew, as the settings may be others. Tells how many calls were open.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn recover(tx: &Transaction<'_>, target: &str, now: Timestamp) -> Result<usize, StoreError> {
    let open = tx.open_intents(target)?;
    for intent in &open {
        tx.interrupt(intent.binding, now)?;
        tx.close_intent(intent.id)?;
    }
    tx.enqueue_held(target, now)?;
    Ok(open.len())
}

fn touched_fields(action: &Action) -> Vec<Field> {
    match action {
        Action::Create { fields, .. } | Action::Patch { fields, .. } => {
            fields.iter().map(|(field, _)| *field).collect()
        }
        Action::Strip {
            entitlements, roles, ..
        } => [(Field::Entitlements, *entitlements), (Field::Roles, !roles.is_empty())]
            .into_iter()
            .filter_map(|(field, touched)| touched.then_some(field))
            .collect(),
        Action::Entitle { .. } => vec![Field::Entitlements],
        Action::Assign { .. } | Action::Unassign { .. } => vec![Field::Assignment],
        Action::AddMembers { .. }
        | Action::RemoveMembers { .. }
        | Action::Delete { .. }
        | Action::LookUp
        | Action::LookAtAssignment { .. }
        | Action::Read { .. } => Vec::new(),
    }
}

fn touched_members(action: &Action) -> &Members {
    const NONE: &Members = &Vec::new();
    match action {
        Action::Create { members, .. } | Action::AddMembers { members, .. } | Action::RemoveMembers { members, .. } => {
            members
        }
        Action::Patch { .. }
        | Action::Strip { .. }
        | Action::Entitle { .. }
        | Action::Assign { .. }
        | Action::Unassign { .. }
        | Action::Delete { .. }
        | Action::LookUp
        | Action::LookAtAssignment { .. }
        | Action::Read { .. } => NONE,
    }
}
