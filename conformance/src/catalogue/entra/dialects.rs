//! ENT-10: one change, two spellings.

use serde_json::{Value, json};

use super::job::{Job, Writes};
use super::people::{Person, value_at};
use super::wire::Dialect;
use crate::check::{Check, Level, Needs, Outcome, Section};
use crate::json::ENTERPRISE;
use crate::source::Source;
use crate::target::{Kind, Request, Target, path_of};
use crate::verdict::{Findings, Step, Stop, shown};

/// The two dialects, attribute by attribute.
pub(super) const SAME_EFFECT: Check = Check {
    id: "ENT-10",
    title: "Compact PATCH (no path, one object) and verbose PATCH (one path per operation) have the same effect",
    level: Level::Entra,
    sources: &[Source::Entra],
    section: Section::Entra,
    needs: &[Needs::Filter, Needs::Patch],
    also_in: &[],
    hint: "read each key of a path-less value as a path: dotted (name.givenName) and with its URN; read booleans sent as text",
    run: |target| Box::pin(same_effect(target)),
};

async fn same_effect(target: &Target) -> Outcome {
    let changes: Vec<(String, Value)> = vec![
        ("displayName".to_owned(), json!("Bo Baker")),
        ("title".to_owned(), json!("Director")),
        ("active".to_owned(), json!(false)),
        ("name.givenName".to_owned(), json!("Bo")),
        ("name.familyName".to_owned(), json!("Baker")),
        ("preferredLanguage".to_owned(), json!("de-CH")),
        (r#"emails[type eq "work"].value"#.to_owned(), json!("bo@example.com")),
        (format!("{ENTERPRISE}:department"), json!("Sales")),
        (format!("{ENTERPRISE}:employeeNumber"), json!("4711")),
    ];
    let mut all = Findings::default();
    for dialect in Dialect::BOTH {
        let mut job = Job::new(target, dialect);
        job.people.push(Person::new(target, "Ana", "Adams"));
        job.cycle().await.blocked_by("ENT-02")?;
        let id = job.people[0].id.clone().unwrap_or_default();
        let patched = job
            .patch(
                Kind::User,
                &id,
                &dialect.set(&changes),
                String::new(),
                &mut Writes::default(),
            )
            .await;
        if patched.is_err() {
            all.take(patched.during(dialect.name()));
            continue;
        }
        let exchange = target.send(Request::get(path_of(Kind::User, &id))).await?;
        exchange.expect_status(&[200])?;
        let value = exchange.resource()?.value;
        for (path, wanted) in &changes {
            let found = value_at(&value, path);
            if found != Some(wanted) {
                all.take::<()>(Err(Stop::differs(
                    &exchange,
                    format!("{}: {path} is not what was written", dialect.name()),
                    shown(Some(wanted)),
                    shown(found),
                )));
            }
        }
    }
    all.end()
}
