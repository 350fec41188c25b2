//! PAT-17 and 18: the manager, in all the forms it comes in.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json::ENTERPRISE;
use crate::source::Source;
use crate::target::{PatchOp, Target};
use crate::verdict::Step;

fn path() -> String {
    format!("{ENTERPRISE}:manager")
}

/// Entra sends all three; a manager that is not read back is sent again in every cycle.
pub(super) const IN_THREE_FORMS: Check = Check {
    id: "PAT-17",
    title: "manager set as a plain string, as an object, as a one-element list",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "take the id of the manager from text, object and list, and return an object with value",
    run: |target| Box::pin(in_three_forms(target)),
};

async fn in_three_forms(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let first = target.new_user().await?;
    let second = target.new_user().await?;
    for (op, id, value) in [
        ("add", &first.id, json!(first.id)),
        ("replace", &second.id, json!({"value": second.id})),
        ("Replace", &first.id, json!([{"value": first.id}])),
        ("replace", &second.id, json!(second.id)),
    ] {
        let operation = PatchOp::new(op, Some(&path()), Some(value.clone()));
        let read = target
            .patched(&user, &[operation])
            .await
            .during(format_args!("the manager sent as {value}"))?;
        read.resource()?
            .expect(&[ENTERPRISE, "manager", "value"], &json!(id))
            .during(format_args!("the manager sent as {value}"))?;
    }
    Ok(())
}

/// Nobody's manager is nobody.
pub(super) const REMOVED_IN_TWO_WAYS: Check = Check {
    id: "PAT-18",
    title: "manager removed by remove, and by an empty string",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "clear the manager on remove and on an empty text, and leave it out of the answer",
    run: |target| Box::pin(removed_in_two_ways(target)),
};

async fn removed_in_two_ways(target: &Target) -> Outcome {
    let (user, manager) = (target.new_user().await?, target.new_user().await?);
    for (doing, clear) in [
        ("remove", PatchOp::remove(&path())),
        ("an empty text", PatchOp::replace(&path(), "")),
    ] {
        let set = PatchOp::add(&path(), json!({"value": manager.id}));
        let read = target.patched(&user, &[set]).await?;
        read.resource()?
            .expect(&[ENTERPRISE, "manager", "value"], &json!(manager.id))
            .blocked_by("PAT-17")?;
        let read = target.patched(&user, &[clear]).await.during(doing)?;
        read.resource()?
            .expect_absent(&[ENTERPRISE, "manager", "value"])
            .during(doing)?;
    }
    Ok(())
}
