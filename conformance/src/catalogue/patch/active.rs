//! PAT-13 to 15: disabling and enabling.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::{Source, rfc7644};
use crate::target::{Made, PatchOp, Target};
use crate::verdict::Step;

/// Entra's default mapping of `active` is an expression that yields text.
pub(super) const READS_ACTIVE_AS_TEXT: Check = Check {
    id: "PAT-13",
    title: r#"active replaced by "False" and "True" as strings, in any letter case"#,
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: r#"read "False" and "True", in any letter case, as booleans, and return JSON booleans: a string taken as text leaves leavers active"#,
    run: |target| Box::pin(reads_active_as_text(target)),
};

async fn reads_active_as_text(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    for (text, wanted) in [("False", false), ("True", true), ("false", false), ("TRUE", true)] {
        let operation = PatchOp::new("Replace", Some("active"), Some(json!(text)));
        set_active(target, &user, operation, wanted)
            .await
            .during(format_args!("active set to {text:?}"))?;
    }
    Ok(())
}

/// The same in JSON's own type.
pub(super) const READS_ACTIVE_AS_BOOLEAN: Check = Check {
    id: "PAT-14",
    title: "active replaced by false and true as booleans",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "set `active` by PATCH in both directions and keep the user",
    run: |target| Box::pin(reads_active_as_boolean(target)),
};

async fn reads_active_as_boolean(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    for wanted in [false, true] {
        set_active(target, &user, PatchOp::replace("active", wanted), wanted)
            .await
            .during(format_args!("active set to {wanted}"))?;
    }
    Ok(())
}

/// Entra's newer dialect, and some of its samples.
pub(super) const READS_ACTIVE_WITHOUT_A_PATH: Check = Check {
    id: "PAT-15",
    title: r#"active without a path, `{"active": false}`"#,
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "read `active` from a path-less value, as a boolean and as text",
    run: |target| Box::pin(reads_active_without_a_path(target)),
};

async fn reads_active_without_a_path(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    for (value, wanted) in [
        (json!(false), false),
        (json!("True"), true),
        (json!("False"), false),
        (json!(true), true),
    ] {
        let operation = PatchOp::replace_keys(json!({"active": value}));
        set_active(target, &user, operation, wanted)
            .await
            .during(format_args!("active set to {value} without a path"))?;
    }
    Ok(())
}

async fn set_active(target: &Target, user: &Made, operation: PatchOp, wanted: bool) -> Outcome {
    target.patch(user, &[operation]).await?.expect_patched()?;
    target
        .read(user)
        .await?
        .resource()?
        .expect(&["active"], &json!(wanted))?;
    Ok(())
}
