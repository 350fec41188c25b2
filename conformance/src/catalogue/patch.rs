//! PAT: patching a user.

use serde_json::{Value, json};

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json;
use crate::source::{Source, rfc7644};
use crate::target::{Kind, Made, PatchOp, Target, equals};
use crate::verdict::{Findings, Step, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &REPLACES_BY_PATH,
    &REPLACES_THE_WORK_EMAIL,
    &READS_TRUE_AS_TEXT_IN_A_FILTER,
    &READS_ACTIVE_AS_TEXT,
    &READS_ACTIVE_AS_BOOLEAN,
    &DOES_SEVERAL_ATTRIBUTES,
    &DOES_OPERATIONS_IN_ORDER,
    &RENAMES,
];

/// The simplest change.
const REPLACES_BY_PATH: Check = Check {
    id: "PAT-01",
    title: "replace of a simple attribute by path",
    level: Level::Must,
    sources: &[rfc7644("3.5.2.3")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "set the attribute that `path` names and leave every other one as it was",
    run: |target| Box::pin(replaces_by_path(target)),
};

async fn replaces_by_path(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let patched = target
        .patch(&user, &[PatchOp::replace("displayName", "Ana Renamed")])
        .await?;
    patched.expect_patched()?;

    let exchange = target.read(&user).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    all.take(read.expect(&["displayName"], &json!("Ana Renamed")));
    for untouched in [&["userName"] as &[&str], &["active"], &["name", "familyName"]] {
        let sent = json::get(&user.draft, untouched).expect("the usual draft has the attribute");
        all.take(read.expect(untouched, sent));
    }
    all.end()
}

/// How Entra writes an e-mail address.
const REPLACES_THE_WORK_EMAIL: Check = Check {
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

/// How Entra writes the one role of `SingleAppRoleAssignment`.
const READS_TRUE_AS_TEXT_IN_A_FILTER: Check = Check {
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

/// Entra's default mapping of `active` is an expression that yields text.
const READS_ACTIVE_AS_TEXT: Check = Check {
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
const READS_ACTIVE_AS_BOOLEAN: Check = Check {
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

async fn set_active(target: &Target, user: &Made, operation: PatchOp, wanted: bool) -> Outcome {
    target.patch(user, &[operation]).await?.expect_patched()?;
    target
        .read(user)
        .await?
        .resource()?
        .expect(&["active"], &json!(wanted))?;
    Ok(())
}

/// One request, several attributes.
const DOES_SEVERAL_ATTRIBUTES: Check = Check {
    id: "PAT-19",
    title: "Several operations on different attributes in one request",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "apply every operation of the request, not only the first or the last",
    run: |target| Box::pin(does_several_attributes(target)),
};

async fn does_several_attributes(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let mail = json!(format!("{}@new.example", target.name()));
    let patched = target
        .patch(
            &user,
            &[
                PatchOp::replace("displayName", "Bo Changed"),
                PatchOp::replace("name.givenName", "Bo"),
                PatchOp::add("title", "Director"),
                PatchOp::replace(r#"emails[type eq "work"].value"#, mail.clone()),
                PatchOp::remove("name.formatted"),
            ],
        )
        .await?;
    patched.expect_patched()?;

    let exchange = target.read(&user).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    all.take(read.expect(&["displayName"], &json!("Bo Changed")));
    all.take(read.expect(&["name", "givenName"], &json!("Bo")));
    all.take(read.expect(&["name", "familyName"], &user.draft["name"]["familyName"]));
    all.take(read.expect(&["title"], &json!("Director")));
    all.take(read.expect_element("emails", "work", &mail));
    all.end()
}

/// The order of operations is the order of their effects.
const DOES_OPERATIONS_IN_ORDER: Check = Check {
    id: "PAT-20",
    title: "Several operations on one attribute are done in order",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "apply operations one after the other, each to the outcome of the one before",
    run: |target| Box::pin(does_operations_in_order(target)),
};

async fn does_operations_in_order(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let patched = target
        .patch(
            &user,
            &[
                PatchOp::replace("displayName", "first"),
                PatchOp::replace("displayName", "second"),
                PatchOp::remove("title"),
                PatchOp::add("title", "Director"),
                PatchOp::add("nickName", "Bo"),
                PatchOp::remove("nickName"),
            ],
        )
        .await?;
    patched.expect_patched()?;

    let exchange = target.read(&user).await?;
    let read = exchange.resource()?;
    let mut all = Findings::default();
    all.take(read.expect(&["displayName"], &json!("second")));
    all.take(read.expect(&["title"], &json!("Director")));
    all.take(read.expect_absent(&["nickName"]));
    all.end()
}

/// People marry.
const RENAMES: Check = Check {
    id: "PAT-22",
    title: "userName changed by PATCH, then found under the new name and not under the old",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch, Needs::Filter],
    also_in: &[],
    hint: "make userName changeable under the same id; a server that says yes and changes nothing is asked again in every cycle",
    run: |target| Box::pin(renames(target)),
};

async fn renames(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let new = format!("{}@example.com", target.name());
    target
        .patch(&user, &[PatchOp::replace("userName", new.clone())])
        .await?
        .expect_patched()?;

    target
        .read(&user)
        .await?
        .resource()?
        .expect(&["userName"], &json!(new))?;
    let found = target.find(Kind::User, &equals("userName", &new)).await?;
    found.list()?.expect_only(&user.id)?;
    let old = target.find(Kind::User, &equals("userName", &user.name)).await?;
    old.list()?.expect_none()?;
    Ok(())
}
