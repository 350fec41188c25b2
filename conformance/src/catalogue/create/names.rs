//! CRE-08 to 10 and 26: whose a name is.

use serde_json::{Value, json};

use crate::check::{Check, Level, Outcome, Section};
use crate::source::{rfc7643, rfc7644};
use crate::target::{Kind, Target, equals};
use crate::verdict::{Findings, Step};

/// Entra's only guard against making somebody twice.
pub(super) const REFUSES_A_TAKEN_NAME: Check = Check {
    id: "CRE-08",
    title: "A second user of the same userName is answered 409 with scimType uniqueness",
    level: Level::Must,
    sources: &[rfc7644("3.3"), rfc7644("3.12")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "compare userName without case among all users, disabled ones too, and answer 409 with scimType uniqueness",
    run: |target| Box::pin(refuses_a_taken_name(target)),
};

async fn refuses_a_taken_name(target: &Target) -> Outcome {
    let first = target.new_user().await?;
    let mut second = target.user_draft();
    second["userName"] = json!(first.name);
    second["displayName"] = json!("Another");

    let exchange = target.create(Kind::User, second).await?;
    exchange.expect_error(409, Some("uniqueness"))?;

    let read = target.read(&first).await?;
    read.resource()?.expect(&["displayName"], &first.draft["displayName"])?;
    if target.discovered().filter {
        let found = target.find(Kind::User, &equals("userName", &first.name)).await?;
        found.list()?.expect_only(&first.id)?;
    }
    Ok(())
}

/// Mail addresses are typed in all ways.
pub(super) const REFUSES_IT_IN_OTHER_CASE: Check = Check {
    id: "CRE-09",
    title: "The same name in other letter case is a 409 too",
    level: Level::Must,
    sources: &[rfc7643("4.1.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "fold the case of userName before it is compared: it is not caseExact",
    run: |target| Box::pin(refuses_it_in_other_case(target)),
};

async fn refuses_it_in_other_case(target: &Target) -> Outcome {
    let first = target.new_user().await?;
    let mut second = target.user_draft();
    second["userName"] = json!(first.name.to_uppercase());
    let exchange = target.create(Kind::User, second).await?;
    exchange.expect_error(409, Some("uniqueness"))?;
    Ok(())
}

/// Nobody without a name: neither left out nor null.
pub(super) const REFUSES_NO_NAME: Check = Check {
    id: "CRE-10",
    title: "No userName: 400, scimType invalidValue",
    level: Level::Must,
    sources: &[rfc7644("3.12"), rfc7643("4.1.1")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "answer a create without a required attribute with 400 and scimType invalidValue",
    run: |target| Box::pin(refuses_no_name(target)),
};

async fn refuses_no_name(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for name in [None, Some(Value::Null)] {
        let mut draft = target.user_draft();
        let attributes = draft.as_object_mut().expect("the usual draft is an object");
        attributes.remove("userName");
        if let Some(name) = name {
            attributes.insert("userName".to_owned(), name);
        }
        let exchange = target.create(Kind::User, draft).await?;
        all.take(exchange.expect_error(400, Some("invalidValue")));
    }
    all.end()
}

/// People leave and come back.
pub(super) const FREES_A_DELETED_NAME: Check = Check {
    id: "CRE-26",
    title: "A user may be made again after a delete, with the same userName",
    level: Level::Should,
    sources: &[rfc7644("3.6")],
    section: Section::Create,
    needs: &[],
    also_in: &[],
    hint: "leave deleted users out when userName is compared",
    run: |target| Box::pin(frees_a_deleted_name(target)),
};

async fn frees_a_deleted_name(target: &Target) -> Outcome {
    let gone = target.new_user().await?;
    let deleted = target.delete(&gone).await?;
    deleted.expect_status(&[200, 202, 204]).blocked_by("DEL-01")?;
    let exchange = target.create(Kind::User, gone.draft).await?;
    exchange.expect_created()?.expect(&["userName"], &json!(gone.name))?;
    Ok(())
}
