//! What a group is given by its name, once: when the bridge makes it or takes it over.
//!
//! The tracked value is what was given, sorted and comma-joined, never all that the group
//! has. A field without a value waits to be given; a group without the field gets nothing,
//! whatever the configuration says by now.

use super::policy::Policy;
use crate::databricks::Level;
use crate::databricks::wire::WireGroup;
use crate::store::{Binding, Field, Kind, StoreError, Tracked, Transaction};

/// An object has just become the bridge's: what its name stands for is due. `shown` is the group as it was found.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be written.
pub fn note_due(
    tx: &Transaction<'_>,
    policy: &Policy,
    binding: &Binding,
    shown: Option<&WireGroup>,
) -> Result<(), StoreError> {
    if binding.kind != Kind::Group || policy.level != Level::Workspace {
        return Ok(());
    }
    let Some(wanted) = policy.entitlements_of(&binding.name) else {
        return Ok(());
    };
    if tx.fields(binding.id)?.contains_key(&Field::Entitlements) {
        return Ok(());
    }
    let found = shown.and_then(|group| held(&wanted, group));
    let has_all = found.as_ref() == Some(&wanted);
    let due = Tracked {
        observed: Some(found),
        ..Tracked::known(has_all.then_some(wanted))
    };
    tx.put_field(binding.id, Field::Entitlements, &due)
}

/// What of those that were given, or are to be, a group is shown with; `None` when there are none to look for.
#[expect(
    clippy::option_option,
    reason = "nothing to look for, nothing found, and something found are three things"
)]
pub fn seen(tracked: &Tracked<Option<String>>, wanted: Option<&str>, group: &WireGroup) -> Option<Option<String>> {
    let given = tracked.applied.as_deref().or(wanted)?;
    Some(held(given, group))
}

/// What is still to be given; `None` when nothing is.
pub fn missing(tracked: &Tracked<Option<String>>, wanted: &str) -> Option<Vec<String>> {
    if tracked.applied.is_some() && !tracked.maybe {
        return None;
    }
    let has = tracked.observed.clone().flatten().filter(|_| !tracked.maybe);
    let has: Vec<&str> = has.as_deref().map(|has| has.split(',').collect()).unwrap_or_default();
    let all = wanted.split(',').filter(|value| !has.contains(value));
    let missing: Vec<String> = all.map(str::to_owned).collect();
    (!missing.is_empty()).then_some(missing)
}

fn held(values: &str, group: &WireGroup) -> Option<String> {
    let has = |value: &&str| group.entitlements.iter().any(|item| item.value == *value);
    let held: Vec<&str> = values.split(',').filter(has).collect();
    (!held.is_empty()).then(|| held.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "databricks-sql-access,workspace-access";

    fn group(values: &[&str]) -> WireGroup {
        let values: Vec<_> = values
            .iter()
            .map(|value| serde_json::json!({ "value": value }))
            .collect();
        serde_json::from_value(serde_json::json!({ "id": "9", "entitlements": values })).unwrap()
    }

    #[test]
    fn only_what_is_missing_is_given_and_only_once() {
        let mut due = Tracked::known(None);
        assert_eq!(missing(&due, BOTH).unwrap().len(), 2);
        due.observed = Some(held(BOTH, &group(&["workspace-access", "allow-cluster-create"])));
        assert_eq!(missing(&due, BOTH).unwrap(), ["databricks-sql-access"]);
        // Whatever the configuration says later.
        let given = Tracked::known(Some("workspace-access".to_owned()));
        assert_eq!(missing(&given, BOTH), None);
        let lost = Tracked { maybe: true, ..given };
        assert_eq!(missing(&lost, BOTH).unwrap().len(), 2, "an answer was lost");
    }

    #[test]
    fn a_read_shows_of_what_was_given_and_nothing_else() {
        let given = Tracked::known(Some(BOTH.to_owned()));
        let read = |values: &[&str]| seen(&given, None, &group(values));
        assert_eq!(
            read(&["workspace-access", "databricks-sql-access", "x"]),
            Some(Some(BOTH.to_owned()))
        );
        assert_eq!(read(&["workspace-access"]), Some(Some("workspace-access".to_owned())));
        assert_eq!(read(&[]), Some(None));
        assert_eq!(seen(&Tracked::known(None), None, &group(&[])), None);
    }
}
