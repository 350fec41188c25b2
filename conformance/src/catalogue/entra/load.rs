//! ENT-11, 12 and 15: many requests, many at once, and how long an answer takes.

use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, future};
use serde_json::json;

use super::people::Person;
use super::wire::Dialect;
use crate::check::{Check, Level, Needs, Outcome, Profile, Section};
use crate::clock;
use crate::exchange::Exchange;
use crate::source::Source;
use crate::target::{Kind, Made, PatchOp, Request, Target, equals};
use crate::verdict::{Finding, Findings, Step, Stop};

/// What Entra asks an endpoint to stand, per tenant.
const REQUESTS_PER_SECOND: u32 = 25;

/// How long Entra waits for one answer, and how long one in twenty may take.
const LONGEST: Duration = Duration::from_secs(30);
const P95: Duration = Duration::from_secs(2);

/// Users created and changed at the same time by ENT-12.
const AT_ONCE: usize = 20;

/// Users whose requests ENT-15 measures.
const MEASURED: usize = 10;

/// An even stream of lookups, reads, changes and creates.
pub(super) const STEADY_LOAD: Check = Check {
    id: "ENT-11",
    title: "25 requests a second for the duration of the run (--duration), without a 5xx",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "stand 25 requests a second; when it is too much, answer 429 with Retry-After and never a 5xx",
    run: |target| Box::pin(steady_load(target)),
};

async fn steady_load(target: &Target) -> Outcome {
    let known = target.new_user().await?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / REQUESTS_PER_SECOND);
    let count = (target.duration().as_secs_f64() * f64::from(REQUESTS_PER_SECOND)).ceil();
    let began = clock::now();
    let mut running = FuturesUnordered::new();
    let mut answers: Vec<Result<Exchange, Stop>> = Vec::new();
    let mut number = 0_u32;
    // The stream is open-loop: a slow answer does not hold up the next request.
    while f64::from(number) < count {
        tokio::select! {
            _ = tick.tick() => {
                running.push(target.send(request(target, &known, number)));
                number += 1;
            }
            Some(answer) = running.next() => answers.push(answer),
        }
    }
    let sending = began.elapsed();
    answers.extend(running.collect::<Vec<_>>().await);

    let refused = answers.iter().flatten().filter(|answer| answer.status() == 429).count();
    target.note(format!(
        "{number} requests in {:.1} s, {refused} answered 429",
        sending.as_secs_f64()
    ));
    let mut all = Findings::default();
    let bad: Vec<_> = answers.iter().filter(|answer| is_failure(target, answer)).collect();
    if let Some(first) = bad.first() {
        let actual = format!("{} of {number} went wrong; this is the first", bad.len());
        let wanted = format!("no 5xx in {number} requests");
        all.take::<()>(Err(match first {
            Ok(exchange) => Stop::differs(
                exchange,
                format!("under load {} was answered {}", exchange.name(), exchange.status()),
                wanted,
                actual,
            ),
            Err(Stop::Failed(findings)) => match findings.first() {
                Some(finding) => finding.clone().compared(wanted, actual).into(),
                None => Finding::new("a request got no answer").compared(wanted, actual).into(),
            },
            Err(other) => other.clone(),
        }));
    }
    all.end()
}

/// In the strict profile a refusal counts as well.
fn is_failure(target: &Target, answer: &Result<Exchange, Stop>) -> bool {
    match answer {
        Ok(exchange) => exchange.status() >= 500 || (target.profile() == Profile::Strict && exchange.status() == 429),
        Err(_) => true,
    }
}

/// Of ten requests six look up, two read, one changes and one creates.
fn request(target: &Target, known: &Made, number: u32) -> Request {
    match number % 10 {
        0 => Request::post("/Users", target.user_draft()),
        3 => Request::patch(
            known.path(),
            PatchOp::message(&[PatchOp::replace("title", format!("Engineer {number}"))]),
        ),
        5 | 8 => Request::get(known.path()),
        1 | 4 => Request::query(Kind::User).filter(&equals("userName", &known.name)),
        _ => Request::query(Kind::User).filter(&equals("userName", &target.unknown_id())),
    }
}

/// What a validator does with several users side by side.
pub(super) const MANY_AT_ONCE: Check = Check {
    id: "ENT-12",
    title: "Create and change of one user, straight after each other, in parallel for many users",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "take a change the moment the create is answered, and keep changes of different users apart",
    run: |target| Box::pin(many_at_once(target)),
};

async fn many_at_once(target: &Target) -> Outcome {
    let outcomes = future::join_all((0..AT_ONCE).map(|number| make_and_change(target, number))).await;
    let mut all = Findings::default();
    for outcome in outcomes {
        all.take(outcome);
    }
    all.end()
}

async fn make_and_change(target: &Target, number: usize) -> Outcome {
    let user = target.new_user().await?;
    let title = json!(format!("Engineer {number}"));
    for operation in [
        PatchOp::new("Replace", Some("title"), Some(title.clone())),
        PatchOp::new("Replace", Some("active"), Some(json!("False"))),
    ] {
        target.patch(&user, &[operation]).await?.expect_patched()?;
    }
    let read = target.read(&user).await?;
    read.resource()?
        .expect(&["userName"], &json!(user.name))?
        .expect(&["title"], &title)?
        .expect(&["active"], &json!(false))?;
    let found = target.find(Kind::User, &equals("userName", &user.name)).await?;
    found.list()?.expect_only(&user.id)?;
    Ok(())
}

/// Entra gives up after half a minute, and a late answer makes it create twice.
pub(super) const ANSWER_TIMES: Check = Check {
    id: "ENT-15",
    title: "Each answer arrives within 30 seconds, p95 within 2",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "answer writes once they are durable and leave slow work behind for later; index userName and externalId",
    run: |target| Box::pin(answer_times(target)),
};

async fn answer_times(target: &Target) -> Outcome {
    let lives = future::join_all((0..MEASURED).map(|_| life(target))).await;
    let mut exchanges = Vec::new();
    for life in lives {
        exchanges.extend(life?);
    }
    exchanges.sort_by_key(|exchange| exchange.took);
    let at = |share: usize| (exchanges.len() * share).div_ceil(100).saturating_sub(1);
    let (Some(median), Some(late), Some(last)) = (exchanges.get(at(50)), exchanges.get(at(95)), exchanges.last())
    else {
        return Err(Finding::new("no answer was measured").into());
    };
    target.note(format!(
        "{} answers: p50 {} ms, p95 {} ms, longest {} ms",
        exchanges.len(),
        median.took.as_millis(),
        late.took.as_millis(),
        last.took.as_millis()
    ));
    let mut all = Findings::default();
    for (name, exchange, limit) in [("the longest answer", last, LONGEST), ("p95 of the answers", late, P95)] {
        if exchange.took > limit {
            all.take::<()>(Err(Stop::differs(
                exchange,
                format!("{name} is too late"),
                format!("within {} s", limit.as_secs()),
                format!("{:.1} s for {}", exchange.took.as_secs_f64(), exchange.name()),
            )));
        }
    }
    all.end()
}

/// The requests of one user's life, one after the other.
async fn life(target: &Target) -> Result<Vec<Exchange>, Stop> {
    let person = Person::new(target, "Ana", "Adams");
    let filter = equals("userName", &person.user_name);
    let mut exchanges = vec![target.find(Kind::User, &filter).await?];
    let created = target.create(Kind::User, person.body()).await?;
    created.expect_status(&[200, 201]).blocked_by("CRE-01")?;
    let id = created.resource().blocked_by("CRE-01")?.id().to_owned();
    let path = crate::target::path_of(Kind::User, &id);
    exchanges.push(created);
    let change = Dialect::Legacy.set(&[("title".to_owned(), json!("Chief"))]);
    for request in [
        Request::query(Kind::User).filter(&filter),
        Request::get(&path),
        Request::patch(&path, PatchOp::message(&change)),
        Request::query(Kind::User)
            .parameter("startIndex", "1")
            .parameter("count", "5"),
        Request::delete(&path),
    ] {
        exchanges.push(target.send(request).await?);
    }
    Ok(exchanges)
}
