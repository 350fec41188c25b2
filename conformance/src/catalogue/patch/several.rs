//! PAT-19 to 21: several operations in one request.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::rfc7644;
use crate::target::{PatchOp, Target};
use crate::verdict::{Findings, Step};

/// One request, several attributes.
pub(super) const DOES_SEVERAL_ATTRIBUTES: Check = Check {
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
pub(super) const DOES_OPERATIONS_IN_ORDER: Check = Check {
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

/// A path nobody can read, and a name that another has: after good operations, and before one.
pub(super) const ALL_OR_NOTHING: Check = Check {
    id: "PAT-21",
    title: "One bad operation undoes the whole request",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "apply a request to a copy and store it only when every operation went well",
    run: |target| Box::pin(all_or_nothing(target)),
};

async fn all_or_nothing(target: &Target) -> Outcome {
    let (user, other) = (target.new_user().await?, target.new_user().await?);
    let before = target.read(&user).await?.json()?;
    let mut all = Findings::default();
    for (doing, bad, status) in [
        (
            "a path that cannot be parsed",
            PatchOp::replace(r#"emails[type eq "work""#, "x"),
            400,
        ),
        (
            "a taken userName",
            PatchOp::replace("userName", other.name.clone()),
            409,
        ),
    ] {
        let operations = [
            PatchOp::replace("displayName", "Half Done"),
            PatchOp::remove("title"),
            bad,
            PatchOp::add("nickName", "Half"),
        ];
        let patched = target.patch(&user, &operations).await?;
        all.take(patched.expect_error(status, None).map(|_| ()).during(doing));
        let read = target.read(&user).await?;
        let unchanged = read.resource()?;
        let paths: [&[&str]; 4] = [&["displayName"], &["title"], &["nickName"], &["userName"]];
        all.take(unchanged.expect_all(&before, &paths).map(|_| ()).during(doing));
    }
    if !all.is_empty() {
        return all.end();
    }
    let read = target
        .patched(&user, &[PatchOp::replace("displayName", "Done")])
        .await?;
    read.resource()?.expect(&["displayName"], &json!("Done"))?;
    Ok(())
}
