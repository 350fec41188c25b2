//! PAT-09 to 12, 29 and 30: elements of multi-valued attributes.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json;
use crate::source::{Source, rfc7644};
use crate::target::{PatchOp, Target};
use crate::verdict::{Findings, Stop, shown};

/// The path by which Entra writes the mail address.
const WORK_EMAIL: &str = r#"emails[type eq "work"].value"#;

/// How Entra writes an e-mail address.
pub(super) const REPLACES_THE_WORK_EMAIL: Check = Check {
    id: "PAT-09",
    title: r#"emails[type eq "work"].value replaced, the other e-mails untouched"#,
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "apply a path with a value filter to the elements that match it, and to no other",
    run: |target| Box::pin(replaces_the_work_email(target)),
};

async fn replaces_the_work_email(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let (work, home) = (
        draft["userName"].clone(),
        json!(format!("{}@home.example", target.name())),
    );
    draft["emails"] = json!([
        {"primary": true, "type": "work", "value": work},
        {"type": "home", "value": home},
    ]);
    let user = target.new_user_from(draft).await?;
    let new = json!(format!("{}@new.example", target.name()));
    let patched = target
        .patch(
            &user,
            &[PatchOp::replace(r#"emails[type eq "work"].value"#, new.clone())],
        )
        .await?;
    patched.expect_patched()?;

    let exchange = target.read(&user).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    all.take(read.expect_element("emails", "work", &new));
    all.take(read.expect_element("emails", "home", &home));
    let count = json::elements(&read.value, "emails").len();
    if count != 2 {
        all.take::<()>(Err(Stop::differs(
            &exchange,
            "the number of e-mails has changed",
            "2",
            count.to_string(),
        )));
    }
    all.end()
}

/// Entra never asks whether there is one.
pub(super) const MAKES_A_WORK_EMAIL: Check = Check {
    id: "PAT-10",
    title: "The same with add, when no work e-mail exists: it is made",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "make an element that fits the filter, of this type and with this value",
    run: |target| Box::pin(makes_a_work_email(target)),
};

async fn makes_a_work_email(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let home = json!(format!("{}@home.example", target.name()));
    draft["emails"] = json!([{"type": "home", "value": home}]);
    let user = target.new_user_from(draft).await?;
    let work = json!(format!("{}@new.example", target.name()));
    let read = target.patched(&user, &[PatchOp::add(WORK_EMAIL, work.clone())]).await?;
    read.resource()?
        .expect_element("emails", "work", &work)?
        .expect_element("emails", "home", &home)?;
    Ok(())
}

/// The RFC asks for the one, Entra for the other: both pass in every profile. What does not pass is silence.
pub(super) const REFUSES_NO_TARGET_OR_MAKES_IT: Check = Check {
    id: "PAT-11",
    title: "replace with a value filter that matches nothing: 400 noTarget (or made, as Entra likes it)",
    level: Level::Should,
    sources: &[rfc7644("3.5.2.3"), Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "answer 400 noTarget, or make the element that the filter describes; do not say yes and do nothing",
    run: |target| Box::pin(refuses_no_target_or_makes_it(target)),
};

async fn refuses_no_target_or_makes_it(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let new = json!(format!("{}@other.example", target.name()));
    let replace = PatchOp::replace(r#"emails[type eq "other"].value"#, new.clone());
    let patched = target.patch(&user, &[replace]).await?;
    let is_refused = patched.status() >= 400;
    if is_refused {
        patched.expect_error(400, Some("noTarget"))?;
    } else {
        patched.expect_patched()?;
    }
    let read = target.read(&user).await?;
    let found = read.resource()?;
    found.expect_element("emails", "work", &user.draft["emails"][0]["value"])?;
    if !is_refused {
        found.expect_element("emails", "other", &new)?;
    }
    Ok(())
}

/// How Entra writes the one role of `SingleAppRoleAssignment`.
pub(super) const READS_TRUE_AS_TEXT_IN_A_FILTER: Check = Check {
    id: "PAT-12",
    title: r#"roles[primary eq "True"].value, the boolean as a string in the filter"#,
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: r#"compare a boolean attribute in a filter with "True" and "False" as with true and false"#,
    run: |target| Box::pin(reads_true_as_text_in_a_filter(target)),
};

async fn reads_true_as_text_in_a_filter(target: &Target) -> Outcome {
    const PATH: &str = r#"roles[primary eq "True"].value"#;
    let mut draft = target.user_draft();
    draft["roles"] = json!([
        {"primary": true, "type": "app", "value": "reader"},
        {"primary": false, "type": "other", "value": "guest"},
    ]);
    let user = target.new_user_from(draft).await?;
    if json::elements(&target.read(&user).await?.json()?, "roles").is_empty() {
        return Err(Stop::Skipped("the server keeps no roles".to_owned()));
    }
    for (op, role) in [("replace", "writer"), ("Add", "owner")] {
        let patched = target
            .patch(&user, &[PatchOp::new(op, Some(PATH), Some(json!(role)))])
            .await?;
        patched.expect_patched()?;
        let exchange = target.read(&user).await?;
        let roles = json::elements(&exchange.json()?, "roles").to_vec();
        let value_of = |primary: bool| -> Vec<Value> {
            roles
                .iter()
                .filter(|role| json::get(role, &["primary"]).and_then(Value::as_bool).unwrap_or(false) == primary)
                .map(|role| json::get(role, &["value"]).cloned().unwrap_or_default())
                .collect()
        };
        if value_of(true) != [json!(role)] || value_of(false) != [json!("guest")] {
            return Err(Stop::differs(
                &exchange,
                format!("{op} at {PATH} did not change exactly the primary role"),
                format!("the primary role {role}, and the role guest as it was"),
                shown(Some(&Value::Array(roles))),
            ));
        }
    }
    Ok(())
}

/// A repeat, as after a lost answer.
pub(super) const ADDS_ONCE: Check = Check {
    id: "PAT-29",
    title: "A value added to a multi-valued attribute twice is there once",
    level: Level::Should,
    sources: &[rfc7644("3.5.2.1")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "compare with what is there before a value is added",
    run: |target| Box::pin(adds_once(target)),
};

async fn adds_once(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let home = json!({"type": "home", "value": format!("{}@home.example", target.name())});
    for _ in 0..2 {
        let read = target.patched(&user, &[PatchOp::add("emails", json!([home]))]).await?;
        let value = read.json()?;
        let count = json::of_type(&value, "emails", "home").len();
        if count != 1 {
            let message = "the e-mail address that was added is not there once";
            return Err(Stop::differs(&read, message, "once", format!("{count} times")));
        }
    }
    Ok(())
}

/// There is one first.
pub(super) const ONE_PRIMARY: Check = Check {
    id: "PAT-30",
    title: "A value set to primary takes primary from the others",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "clear primary on the other values when one becomes primary",
    run: |target| Box::pin(one_primary(target)),
};

async fn one_primary(target: &Target) -> Outcome {
    let mut draft = target.user_draft();
    let home = format!("{}@home.example", target.name());
    draft["emails"] = json!([
        {"primary": true, "type": "work", "value": draft["userName"]},
        {"primary": false, "type": "home", "value": home},
    ]);
    let user = target.new_user_from(draft).await?;
    let added = json!([{"primary": true, "type": "other", "value": format!("{}@other.example", target.name())}]);
    for (operation, wanted) in [
        (PatchOp::replace(r#"emails[type eq "home"].primary"#, true), "home"),
        (PatchOp::add("emails", added), "other"),
    ] {
        let read = target.patched(&user, &[operation]).await?;
        let value = read.json()?;
        let primary: Vec<&str> = json::elements(&value, "emails")
            .iter()
            .filter(|email| json::get(email, &["primary"]) == Some(&json!(true)))
            .filter_map(|email| json::text(email, &["type"]))
            .collect();
        if primary != [wanted] {
            let found = shown(json::get(&value, &["emails"]));
            return Err(Stop::differs(
                &read,
                "not exactly the new value is primary",
                wanted,
                found,
            ));
        }
    }
    Ok(())
}
