//! PAT-02, 07 and 33: how Entra spells what the RFC spells otherwise.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json::{ENTERPRISE, PATCH_OP};
use crate::source::Source;
use crate::target::{PatchOp, Request, Target};
use crate::verdict::{Findings, Step};

/// Entra's older dialect writes them so.
pub(super) const READS_OP_IN_ANY_CASE: Check = Check {
    id: "PAT-02",
    title: "op in any letter case: Add, Replace, Remove",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "compare `op` without case: Entra writes it with a capital",
    run: |target| Box::pin(reads_op_in_any_case(target)),
};

async fn reads_op_in_any_case(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    for (add, replace, remove) in [("Add", "Replace", "Remove"), ("ADD", "rEPLACE", "REMOVE")] {
        let read = target
            .patched(
                &user,
                &[
                    PatchOp::new(add, Some("nickName"), Some(json!(add))),
                    PatchOp::new(replace, Some("displayName"), Some(json!(replace))),
                    PatchOp::new(remove, Some("title"), None),
                ],
            )
            .await?;
        read.resource()?
            .expect(&["nickName"], &json!(add))?
            .expect(&["displayName"], &json!(replace))?
            .expect_absent(&["title"])?;
    }
    Ok(())
}

/// Entra's newer dialect puts paths into keys.
pub(super) const READS_LONG_KEYS: Check = Check {
    id: "PAT-07",
    title: "without a path, with dotted keys (`name.givenName`) and URN keys in the value",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "read every key of a path-less value as a path",
    run: |target| Box::pin(reads_long_keys(target)),
};

async fn reads_long_keys(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let department = format!("{ENTERPRISE}:department");
    for (op, name) in [("replace", "Bo"), ("add", "Cy")] {
        let keys = json!({
            "displayName": name,
            "name.givenName": name,
            department.as_str(): name,
        });
        let read = target.patched(&user, &[PatchOp::new(op, None, Some(keys))]).await?;
        let found = read.resource()?;
        let mut all = Findings::default();
        all.take(found.expect(&["displayName"], &json!(name)));
        all.take(found.expect(&["name", "givenName"], &json!(name)));
        all.take(found.expect_all(&user.draft, &[&["name", "familyName"]]));
        all.take(found.expect(&[ENTERPRISE, "department"], &json!(name)));
        all.end().during(op)?;
    }
    Ok(())
}

/// Its test suites write the envelope in small letters, its older versions in capitals.
pub(super) const READS_KEYS_IN_ANY_CASE: Check = Check {
    id: "PAT-33",
    title: r#"The letter case of "Operations" and of keys inside an operation is taken as sent by Entra"#,
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "compare the names `Operations`, `op`, `path` and `value` without case",
    run: |target| Box::pin(reads_keys_in_any_case(target)),
};

async fn reads_keys_in_any_case(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    for (message, wanted) in [
        (
            json!({"schemas": [PATCH_OP], "operations": [{"op": "replace", "path": "displayName", "value": "Bo"}]}),
            "Bo",
        ),
        (
            json!({"schemas": [PATCH_OP], "Operations": [{"Op": "Replace", "Path": "displayName", "Value": "Cy"}]}),
            "Cy",
        ),
    ] {
        let patched = target.send(Request::patch(user.path(), message)).await?;
        patched.expect_patched()?;
        target
            .read(&user)
            .await?
            .resource()?
            .expect(&["displayName"], &json!(wanted))?;
    }
    Ok(())
}
