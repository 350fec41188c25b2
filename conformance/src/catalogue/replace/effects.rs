//! PUT-01 to 03 and 10: what a replace does.

use std::time::Duration;

use serde_json::json;

use super::changed;
use crate::check::{Check, Level, Outcome, Section};
use crate::source::{rfc7643, rfc7644};
use crate::target::Target;
use crate::verdict::{Findings, Step, Stop};

/// The resource as it is now.
pub(super) const ANSWERS_THE_WHOLE: Check = Check {
    id: "PUT-01",
    title: "PUT answers 200 with the whole resource",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "answer a replace with 200 and the resource as stored",
    run: |target| Box::pin(answers_the_whole(target)),
};

async fn answers_the_whole(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let body = changed(&made);
    let exchange = target.put(&made, body.clone()).await?;
    exchange
        .expect_status(&[200])?
        .resource()?
        .expect(&["id"], &json!(made.id))?
        .expect_all(
            &body,
            &[
                &["userName"],
                &["displayName"],
                &["title"],
                &["name", "familyName"],
                &["externalId"],
            ],
        )?;
    Ok(())
}

/// An answer is not a change.
pub(super) const LASTS: Check = Check {
    id: "PUT-02",
    title: "A later GET shows it",
    level: Level::Must,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "store what was put, under the same id",
    run: |target| Box::pin(lasts(target)),
};

async fn lasts(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let body = changed(&made);
    let put = target.put(&made, body.clone()).await?;
    put.expect_status(&[200, 204]).blocked_by("PUT-01")?;
    let read = target.read(&made).await?;
    read.resource()?.expect(&["id"], &json!(made.id))?.expect_all(
        &body,
        &[&["userName"], &["displayName"], &["title"], &["name", "familyName"]],
    )?;
    Ok(())
}

/// A replace is no merge.
pub(super) const CLEARS_WHAT_IS_LEFT_OUT: Check = Check {
    id: "PUT-03",
    title: "A readWrite attribute left out is cleared or set to its default",
    level: Level::Should,
    sources: &[rfc7644("3.5.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "clear attributes that a replace does not name: it replaces the whole",
    run: |target| Box::pin(clears_what_is_left_out(target)),
};

async fn clears_what_is_left_out(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let mut body = changed(&made);
    let attributes = body.as_object_mut().expect("the usual draft is an object");
    attributes.remove("title");
    attributes.remove("emails");
    let put = target.put(&made, body).await?;
    put.expect_status(&[200, 204]).blocked_by("PUT-01")?;
    let read = target.read(&made).await?;
    let user = read.resource()?;
    let mut all = Findings::default();
    all.take(user.expect_absent(&["title"]));
    all.take(user.expect_absent(&["emails"]));
    all.take(user.expect(&["displayName"], &json!("Ana Replaced")));
    all.end()
}

/// A server that tells whole seconds gets a second chance, a second later.
pub(super) const MOVES_THE_TIME: Check = Check {
    id: "PUT-10",
    title: "meta.lastModified moves forward",
    level: Level::Must,
    sources: &[rfc7643("3.1")],
    section: Section::Replace,
    needs: &[],
    also_in: &[],
    hint: "set lastModified with every change",
    run: |target| Box::pin(moves_the_time(target)),
};

async fn moves_the_time(target: &Target) -> Outcome {
    let made = target.new_user().await?;
    let before = target.read(&made).await?.resource()?.last_modified()?;
    let mut body = changed(&made);
    for title in ["Director", "Chief Director"] {
        body["title"] = json!(title);
        let put = target.put(&made, body.clone()).await?;
        put.expect_status(&[200, 204]).blocked_by("PUT-01")?;
        let read = target.read(&made).await?;
        let after = read.resource()?.last_modified()?;
        if after > before {
            return Ok(());
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
    Ok(())
}
