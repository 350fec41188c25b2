//! ENT-04 to 06, 08 and 09: what happens to people after their first day.

use serde_json::json;

use super::job::{Job, Writes};
use super::people::Person;
use super::wire::Dialect;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::source::Source;
use crate::target::{Kind, PatchOp, Request, Target, equals, path_of};
use crate::verdict::{Findings, Step, Stop};

/// A day of edits.
pub(super) const DELTA: Check = Check {
    id: "ENT-04",
    title: "Delta: attribute change, rename, group change, manager change",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "take both dialects of PATCH; above all, Remove with path members and a value takes away only the members in the value",
    run: |target| Box::pin(delta(target)),
};

async fn delta(target: &Target) -> Outcome {
    for dialect in Dialect::BOTH {
        let mut job = Job::small_company(target, dialect);
        job.cycle().await.blocked_by("ENT-02")?;
        "Chief".clone_into(&mut job.people[0].title);
        "Board".clone_into(&mut job.people[0].department);
        job.people[1].user_name = format!("{}@example.com", target.name());
        "Brown".clone_into(&mut job.people[1].family_name);
        "Bo Brown".clone_into(&mut job.people[1].display_name);
        job.people[3].manager = Some(2);
        if let [first, second] = job.teams.as_mut_slice() {
            first.lose(1);
            first.members.push(3);
            second.name = target.name();
        }
        job.cycle().await.during(dialect.name())?;
        job.verify().await.during(dialect.name())?;
        let old = target
            .find(Kind::User, &equals("userName", &job.people[1].external_id))
            .await?;
        old.list()?.expect_none()?;
    }
    Ok(())
}

/// Leavers who may come back.
pub(super) const OUT_OF_SCOPE_AND_BACK: Check = Check {
    id: "ENT-05",
    title: "Out of scope: disabled. Back in scope: enabled, same id",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "disabling keeps the user, findable, under the same id; enabling gives him back as he was",
    run: |target| Box::pin(out_of_scope_and_back(target)),
};

async fn out_of_scope_and_back(target: &Target) -> Outcome {
    for dialect in Dialect::BOTH {
        let mut job = Job::small_company(target, dialect);
        job.cycle().await.blocked_by("ENT-02")?;
        let id = job.people[1].id.clone().unwrap_or_default();
        for is_active in [false, true] {
            let doing = if is_active { "back in scope" } else { "out of scope" };
            job.people[1].is_active = is_active;
            job.cycle().await.during(doing)?;
            let found = target
                .find(Kind::User, &equals("userName", &job.people[1].user_name))
                .await?;
            found
                .list()
                .during(doing)?
                .expect_only(&id)
                .during(doing)?
                .first()?
                .expect(&["active"], &json!(is_active))
                .during(doing)?;
        }
    }
    Ok(())
}

/// The end of the thirty days.
pub(super) const HARD_DELETE: Check = Check {
    id: "ENT-06",
    title: "Hard delete: DELETE",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter],
    also_in: &[],
    hint: "DELETE takes the user out of every read and filter at once; deleting again is a 404",
    run: |target| Box::pin(hard_delete(target)),
};

async fn hard_delete(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    // Soft-deleted first, as thirty days before.
    if target.discovered().patch {
        let disabled = target
            .patch(&user, &[PatchOp::new("Replace", Some("active"), Some(json!("False")))])
            .await?;
        disabled.expect_patched().blocked_by("PAT-13")?;
    }
    target.delete(&user).await?.expect_status(&[204])?;
    target.send(Request::get(user.path())).await?.expect_error(404, None)?;
    let found = target.find(Kind::User, &equals("userName", &user.name)).await?;
    found.list()?.expect_none()?;
    target.delete(&user).await?.expect_status(&[404])?;
    Ok(())
}

/// A foreign hand in the target.
pub(super) const DELETED_BEHIND_ITS_BACK: Check = Check {
    id: "ENT-08",
    title: "Someone has deleted the user behind Entra's back: the PATCH gets 404, the next cycle makes the user again",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "answer 404 for a deleted id, and let the same userName and externalId be made again with a new id",
    run: |target| Box::pin(deleted_behind_its_back(target)),
};

async fn deleted_behind_its_back(target: &Target) -> Outcome {
    let mut job = Job::new(target, Dialect::Legacy);
    job.people.push(Person::new(target, "Ana", "Adams"));
    job.cycle().await.blocked_by("ENT-02")?;
    let old = job.people[0].id.clone().unwrap_or_default();
    let path = path_of(Kind::User, &old);
    target
        .send(Request::delete(&path))
        .await
        .and_then(|exchange| exchange.expect_status(&[200, 202, 204]).map(|_| ()))
        .blocked_by("DEL-01")?;

    let change = PatchOp::message(&Dialect::Legacy.set(&[("title".to_owned(), json!("Chief"))]));
    target
        .send(Request::patch(&path, change))
        .await?
        .expect_error(404, None)?;

    job.people[0].id = None;
    let writes = job.cycle().await.during("the next cycle")?;
    job.verify().await.during("the next cycle")?;
    let Writes { made } = writes;
    if let Some((_, exchange)) = made.first()
        && job.people[0].id.as_deref() == Some(&old)
    {
        return Err(Stop::differs(
            exchange,
            "the deleted id came back to life",
            "a new id",
            old,
        ));
    }
    Ok(())
}

/// Somebody made by hand before provisioning was switched on.
pub(super) const THERE_BEFORE: Check = Check {
    id: "ENT-09",
    title: "A match with a user who was there before: found by the matching attribute, then changed, not made twice",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "find the user by userName in any letter case, return him whole, and let PATCH change every attribute, externalId too",
    run: |target| Box::pin(there_before(target)),
};

async fn there_before(target: &Target) -> Outcome {
    for dialect in Dialect::BOTH {
        let mut job = Job::new(target, dialect);
        let mut person = Person::new(target, "Ana", "Adams");
        let there = target
            .new_user_from(json!({
                "schemas": [crate::json::USER],
                "userName": person.user_name,
                "displayName": "ana by hand",
                "active": true,
            }))
            .await?;
        // Entra's source spells the name its own way.
        person.user_name = person.user_name.replacen("conformance", "Conformance", 1);
        job.people.push(person);
        let writes = job.cycle().await.during(dialect.name())?;
        let mut all = Findings::default();
        if let Some((_, create)) = writes.made.iter().find(|(_, write)| write.request.method == "POST") {
            all.take::<()>(Err(Stop::failed(
                create,
                "the user who was there was made a second time",
            )));
        }
        let now = target.read(&there).await?;
        let read = now.resource()?;
        all.take(read.expect(&["displayName"], &json!("Ana Adams")));
        all.take(read.expect(&["externalId"], &json!(job.people[0].external_id)));
        all.end().during(dialect.name())?;
        let found = target.find(Kind::User, &equals("userName", &there.name)).await?;
        found.list()?.expect_only(&there.id)?;
    }
    Ok(())
}
