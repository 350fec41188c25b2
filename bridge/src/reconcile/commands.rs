//! Carrying out what an operator has ordered (rule D2). Each command is one transaction:
//! what it changes and what is told about it are stored together.

use serde_json::{Value, json};

use super::guard;
use super::view::Knowledge;
use crate::clock::Timestamp;
use crate::id::{ScimId, fold};
use crate::store::{
    Answer, Binding, Command, Decision, Enqueue, Existence, Kind, NewRevision, QueueClass, Role, StoreError, Stored,
    Transaction,
};

/// The one command that takes longer than a transaction.
pub const IMPORT: &str = "import";

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is done; one sentence for the operator.
    Well(String),
    /// It cannot be done; one sentence with the remedy.
    Failed(String),
    /// The worker itself has to do it: it takes longer than a transaction.
    Import(Value),
}

impl Done {
    /// As the store keeps it and the command line shows it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Well(what) => json!({ "done": what }),
            Self::Failed(why) => json!({ "failed": why }),
            Self::Import(_) => json!({}),
        }
    }
}

/// Carries out `command`.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn execute(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    command: &Command,
    now: Timestamp,
) -> Result<Done, StoreError> {
    let text = |key: &str| command.arguments.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    match command.name.as_str() {
        "resume" if command.arguments.get("after_restore") == Some(&Value::Bool(true)) => after_restore(tx),
        "resume" => guard::resume(tx, &knowledge.target, text("name"), now).map(Done::from),
        "rename" => {
            let decision = if text("verdict") == Some("approve") {
                Decision::Rename
            } else {
                Decision::KeepOldName
            };
            decide(tx, knowledge, name, decision, "scim-bridge rename", now)
        }
        "adopt" => decide(tx, knowledge, name, Decision::Adopt, "scim-bridge adopt", now),
        "recreate" => recreate(tx, knowledge, name, now),
        "prune" => prune(tx, knowledge, name, now),
        "forget" => forget(tx, text("id").unwrap_or_default()),
        "go-live" => go_live(tx, knowledge, now),
        IMPORT => Ok(Done::Import(command.arguments.clone())),
        other => Ok(Done::Failed(format!("this bridge does not know the command {other}"))),
    }
}

impl From<Result<String, String>> for Done {
    fn from(result: Result<String, String>) -> Self {
        match result {
            Ok(what) => Self::Well(what),
            Err(why) => Self::Failed(why),
        }
    }
}

/// The live resources of this name or id; a deleted one is not decided on.
fn named(tx: &Transaction<'_>, name: &str) -> Result<Vec<Stored>, StoreError> {
    tx.live_named(name, &fold(name))
}

/// Notes a decision about what is held for just this: `about` is the command that the reason of the hold names.
fn decide(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    name: &str,
    decision: Decision,
    about: &str,
    now: Timestamp,
) -> Result<Done, StoreError> {
    let mut decided = Vec::new();
    for stored in named(tx, name)? {
        let hold = tx.hold_of(&knowledge.target, &stored.id)?;
        let fits = hold.as_deref().is_some_and(|why| why.contains(about));
        if !fits {
            continue;
        }
        tx.decide_on(&stored.id, &fold(&stored.name), decision, now)?;
        tx.enqueue(
            &knowledge.target,
            &stored.id,
            stored.kind,
            Enqueue::at_once(QueueClass::Grant, now),
        )?;
        decided.push(format!("{} {}", stored.kind, stored.name));
    }
    if decided.is_empty() {
        return Ok(Done::Failed(format!(
            "nothing of the name {name} is held for this; scim-bridge explain tells what it waits for"
        )));
    }
    Ok(Done::Well(format!("decided: {}", decided.join(", "))))
}

/// A vanished object is made again (rule B4).
fn recreate(tx: &Transaction<'_>, knowledge: &Knowledge, name: &str, now: Timestamp) -> Result<Done, StoreError> {
    let mut made = Vec::new();
    for stored in named(tx, name)? {
        for binding in tx.bindings(&knowledge.target, &stored.id)? {
            let vanished = binding.hold.as_deref().is_some_and(|why| why.starts_with("vanished"));
            if binding.role == Role::Current && vanished {
                forget_object(tx, knowledge, binding, now)?;
                made.push(format!("{} {}", stored.kind, stored.name));
            }
        }
    }
    if made.is_empty() {
        return Ok(Done::Failed(format!(
            "nothing of the name {name} is known to have vanished at the target"
        )));
    }
    Ok(Done::Well(format!("to be made again: {}", made.join(", "))))
}

/// Lets go of an upstream object that is proven not to be there: the resource gets another.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn forget_object(
    tx: &Transaction<'_>,
    knowledge: &Knowledge,
    binding: Binding,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (id, kind) = (binding.resource_id.clone(), binding.kind);
    if let Some(upstream) = &binding.upstream_id {
        tx.drop_from_inventory(&knowledge.target, kind, upstream)?;
    }
    tx.drop_edges_of_group(binding.id)?;
    tx.put_binding(&Binding {
        role: Role::Gone,
        existence: Existence::Absent,
        unknown_at: None,
        agreed_at: None,
        hold: None,
        held_at: None,
        ..binding
    })?;
    let at_once = Enqueue::at_once(QueueClass::Grant, now);
    tx.enqueue(&knowledge.target, &id, kind, at_once)?;
    tx.enqueue_groups_of(&knowledge.target, &id, at_once)
}

/// Members that were found at adoption or import, and that Entra never spoke of, go (rule C3).
fn prune(tx: &Transaction<'_>, knowledge: &Knowledge, name: &str, now: Timestamp) -> Result<Done, StoreError> {
    let groups: Vec<Stored> = named(tx, name)?
        .into_iter()
        .filter(|stored| stored.kind == Kind::Group)
        .collect();
    let [group] = groups.as_slice() else {
        return Ok(Done::Failed(format!("there is no group {name}")));
    };
    if tx.is_unclaimed(&group.id)? {
        return Ok(Done::Failed(format!(
            "the group {name} is imported and Entra has not written it yet; it is not changed before"
        )));
    }
    let unwanted = tx.drop_inherited_members(&knowledge.target, &group.id)?;
    let number = tx.disinherit_all(&knowledge.target, &group.id)?;
    if number == 0 {
        return Ok(Done::Well(format!("the group {name} has no inherited members")));
    }
    let revision = tx.new_revision(&NewRevision {
        at: now,
        request_id: "prune".to_owned(),
        resource_id: group.id.clone(),
        kind: Kind::Group,
        name: group.name.clone(),
        action: "prune",
        answer: Answer::Accepted,
    })?;
    if unwanted > 0 {
        // What the client reads of it is another (rule A13).
        tx.touch_resource(group.pk, now, revision)?;
    }
    tx.enqueue(
        &knowledge.target,
        &group.id,
        Kind::Group,
        Enqueue::at_once(QueueClass::Revocation, now),
    )?;
    Ok(Done::Well(format!("{number} inherited members of {name} are removed")))
}

/// A purged person leaves log and tombstones (rule D5).
fn forget(tx: &Transaction<'_>, id: &str) -> Result<Done, StoreError> {
    Ok(match tx.forget(&ScimId::new(id))? {
        Ok(forgotten) => Done::Well(forgotten.to_string()),
        Err(why) => Done::Failed(why.to_string()),
    })
}

/// From dry-run to writing (rule E2).
fn go_live(tx: &Transaction<'_>, knowledge: &Knowledge, now: Timestamp) -> Result<Done, StoreError> {
    if knowledge.scanned_at.is_none() {
        return Ok(Done::Failed(
            "the target has not been scanned yet; /health/targets tells why".to_owned(),
        ));
    }
    tx.set_fact("went_live", &now.as_micros().to_string())?;
    tx.note_event(
        &knowledge.target,
        "go-live",
        "operator",
        "the bridge writes from now on",
        now,
    )?;
    Ok(Done::Well(
        "the bridge writes from now on; set mode = \"live\" in the configuration, so that it is said in one place"
            .to_owned(),
    ))
}

/// A restored store is let go (rule D3).
fn after_restore(tx: &Transaction<'_>) -> Result<Done, StoreError> {
    if tx.held()?.is_none() {
        return Ok(Done::Failed("the store is not held after a restore".to_owned()));
    }
    tx.set_held(None)?;
    Ok(Done::Well(
        "the bridge writes again; nothing is given to anybody whom Entra has not written since the restore".to_owned(),
    ))
}
