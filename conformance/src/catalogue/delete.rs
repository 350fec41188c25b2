//! DEL: deleting.

use serde_json::json;

use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::json;
use crate::source::{Source, rfc7644};
use crate::target::{Kind, Made, PatchOp, Request, Target, equals, path_of};
use crate::verdict::{Findings, Step, Stop, shown};

pub(super) const CHECKS: &[&Check] = &[
    &ANSWERS_NO_CONTENT,
    &FORGETS_THE_ID,
    &ANSWERS_A_SECOND_ONE_404,
    &ANSWERS_AN_UNKNOWN_ID_404,
    &IS_FOUND_NOWHERE,
    &KEEPS_THE_COLLECTION,
    &DISABLING_KEEPS,
];

/// The end of a user.
const ANSWERS_NO_CONTENT: Check = Check {
    id: "DEL-01",
    title: "DELETE answers 204 with no body",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "answer a successful DELETE with 204 and nothing after the headers",
    run: |target| Box::pin(answers_no_content(target)),
};

async fn answers_no_content(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let exchange = target.delete(&user).await?;
    exchange.expect_status(&[204])?;
    if !exchange.answer.body.is_empty() {
        return Err(Stop::differs(
            &exchange,
            "the 204 has a body",
            "no body",
            format!("{} bytes", exchange.answer.body.len()),
        ));
    }
    Ok(())
}

/// Nobody comes back by a late change.
const FORGETS_THE_ID: Check = Check {
    id: "DEL-02",
    title: "GET, PUT, PATCH afterwards: 404",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "answer every request for a deleted id with 404, and bring nobody back",
    run: |target| Box::pin(forgets_the_id(target)),
};

async fn forgets_the_id(target: &Target) -> Outcome {
    let user = deleted_user(target).await?;
    let mut requests = vec![Request::get(user.path()), Request::put(user.path(), user.draft.clone())];
    if target.discovered().patch {
        let change = PatchOp::message(&[PatchOp::replace("displayName", "Back Again")]);
        requests.push(Request::patch(user.path(), change));
    }
    requests.push(Request::get(user.path()));
    let mut all = Findings::default();
    for request in requests {
        all.take(target.send(request).await?.expect_error(404, None));
    }
    all.end()
}

/// A user who was made and deleted.
async fn deleted_user(target: &Target) -> Result<Made, Stop> {
    let user = target.new_user().await?;
    let deleted = target.delete(&user).await?;
    deleted.expect_status(&[200, 202, 204]).blocked_by("DEL-01")?;
    Ok(user)
}

/// A repeat, as after a lost answer.
const ANSWERS_A_SECOND_ONE_404: Check = Check {
    id: "DEL-03",
    title: "A second DELETE: 404",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "forget the id with the first DELETE: every later request for it is a 404",
    run: |target| Box::pin(answers_a_second_one_404(target)),
};

async fn answers_a_second_one_404(target: &Target) -> Outcome {
    let user = deleted_user(target).await?;
    target.delete(&user).await?.expect_error(404, None)?;
    Ok(())
}

/// Entra takes a 404 as done, and anything else as a failure.
const ANSWERS_AN_UNKNOWN_ID_404: Check = Check {
    id: "DEL-04",
    title: "DELETE of an unknown id: 404",
    level: Level::Must,
    sources: &[rfc7644("3.6"), rfc7644("3.12")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "answer an id that nobody has with 404 and a SCIM error, for users and groups",
    run: |target| Box::pin(answers_an_unknown_id_404(target)),
};

async fn answers_an_unknown_id_404(target: &Target) -> Outcome {
    let mut all = Findings::default();
    for kind in [Kind::User, Kind::Group] {
        if kind == Kind::User || target.discovered().groups {
            let exchange = target
                .send(Request::delete(path_of(kind, &target.unknown_id())))
                .await?;
            all.take(exchange.expect_error(404, None));
        }
    }
    all.end()
}

/// A user who is found is linked again.
const IS_FOUND_NOWHERE: Check = Check {
    id: "DEL-05",
    title: "The deleted user is in no list and no filter",
    level: Level::Must,
    sources: &[rfc7644("3.6")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "leave deleted users out of lists, filters and counts",
    run: |target| Box::pin(is_found_nowhere(target)),
};

async fn is_found_nowhere(target: &Target) -> Outcome {
    let (kept, gone) = (target.new_user().await?, deleted_user(target).await?);
    let walk = target
        .expect_listed(Kind::User, &target.mine(Kind::User), &[&kept.id])
        .await?;
    let mut all = Findings::default();
    if walk.times(&gone.id) > 0 {
        all.add(
            &walk.last,
            "the deleted user is in the list",
            "the other user only",
            &gone.id,
        );
    }
    if target.discovered().filter {
        for filter in [
            equals("userName", &gone.name),
            equals("externalId", gone.draft["externalId"].as_str().unwrap_or_default()),
            equals("id", &gone.id),
        ] {
            let found = target.find(Kind::User, &filter).await?;
            all.take(found.list()?.expect_none().map(|_| ()).during(filter));
        }
    }
    all.end()
}

/// A server that fails this has emptied itself: do not point the catalogue at one that matters. In the
/// strict profile it is 405: the path is there, the method is not.
const KEEPS_THE_COLLECTION: Check = Check {
    id: "DEL-06",
    title: "DELETE on the collection: 404 or 405, and nothing is gone",
    level: Level::Must,
    sources: &[rfc7644("3.2")],
    section: Section::Delete,
    needs: &[],
    also_in: &[],
    hint: "answer DELETE on /Users with 405 and Allow",
    run: |target| Box::pin(keeps_the_collection(target)),
};

async fn keeps_the_collection(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let exchange = target.send(Request::delete("/Users")).await?;
    let allowed: &[u16] = if target.profile() == Profile::Strict {
        &[405]
    } else {
        &[404, 405]
    };
    let mut all = Findings::default();
    all.take(exchange.expect_refused(allowed));
    all.take(target.send(Request::get(user.path())).await?.expect_status(&[200]));
    all.end()
}

/// Parental leave, not a resignation.
const DISABLING_KEEPS: Check = Check {
    id: "DEL-07",
    title: "Disabling (active false) and enabling again keeps id and groups",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Delete,
    needs: &[Needs::Patch],
    also_in: &[],
    hint: "keep memberships while a user is disabled: Entra does not send them again",
    run: |target| Box::pin(disabling_keeps(target)),
};

async fn disabling_keeps(target: &Target) -> Outcome {
    let user = target.new_user().await?;
    let group = if target.discovered().groups {
        Some(target.new_group(&[&user]).await?)
    } else {
        None
    };
    for active in [false, true] {
        let read = target.patched(&user, &[PatchOp::replace("active", active)]).await?;
        read.resource()?
            .expect(&["id"], &json!(user.id))?
            .expect(&["active"], &json!(active))?;
        let Some(group) = &group else { continue };
        let read = target.read(group).await?;
        let value = read.json()?;
        if json::member_ids(&value) != [user.id.as_str()] {
            let message = format!("active {active}: the user is no longer in the group");
            return Err(Stop::differs(
                &read,
                message,
                &user.id,
                shown(json::get(&value, &["members"])),
            ));
        }
    }
    Ok(())
}
