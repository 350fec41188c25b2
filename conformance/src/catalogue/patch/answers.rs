//! PAT-25 and 32: what a PATCH is answered, and when.

use std::time::Duration;

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::source::{rfc7643, rfc7644};
use crate::target::{PatchOp, Target};
use crate::verdict::Stop;

/// In the strict profile it is 200 with the user, which satisfies every suite.
pub(super) const TWO_WAYS: Check = Check {
    id: "PAT-25",
    title: "The answer is 200 with the new resource, or 204 with no body",
    level: Level::Must,
    sources: &[rfc7644("3.5.2")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "answer 200 with the user as stored; 204 is as right, and leaves the client to read",
    run: |target| Box::pin(two_ways(target)),
};

async fn two_ways(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let patched = target
        .patch(&user, &[PatchOp::replace("displayName", "Ana Patched")])
        .await?;
    match patched.status() {
        204 if target.profile() != Profile::Strict && patched.answer.body.is_empty() => Ok(()),
        204 if target.profile() != Profile::Strict => {
            let body = format!("{} bytes", patched.answer.body.len());
            Err(Stop::differs(&patched, "the 204 has a body", "no body", body))
        }
        _ => {
            patched
                .expect_status(&[200])?
                .resource()?
                .expect(&["id"], &json!(user.id))?
                .expect(&["displayName"], &json!("Ana Patched"))?;
            Ok(())
        }
    }
}

/// In the strict profile a request that changes nothing leaves it. A server that tells whole seconds
/// gets a second chance, a second later.
pub(super) const MOVES_THE_TIME: Check = Check {
    id: "PAT-32",
    title: "meta.lastModified moves forward on a change; a request that changes nothing may leave it",
    level: Level::Should,
    sources: &[rfc7644("3.5.2"), rfc7643("3.1")],
    section: Section::Patch,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "set lastModified when something has changed, and only then",
    run: |target| Box::pin(moves_the_time(target)),
};

async fn moves_the_time(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let before = target.read(&user).await?.resource()?.last_modified()?;
    let mut after = before;
    for title in ["Director", "Chief Director"] {
        let read = target.patched(&user, &[PatchOp::replace("title", title)]).await?;
        after = read.resource()?.last_modified()?;
        if after > before {
            break;
        }
        if after < before || title != "Director" {
            let wanted = format!("later than {before}");
            return Err(Stop::differs(
                &read,
                "lastModified has not moved forward",
                wanted,
                after.to_string(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    let title = target.read(&user).await?.json()?["title"].clone();
    let read = target.patched(&user, &[PatchOp::add("title", title)]).await?;
    let again = read.resource()?.last_modified()?;
    if again < after || (target.profile() == Profile::Strict && again != after) {
        let message = "a request that changes nothing has moved lastModified";
        return Err(Stop::differs(&read, message, after.to_string(), again.to_string()));
    }
    Ok(())
}
