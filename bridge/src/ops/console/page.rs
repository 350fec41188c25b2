//! The console's page. Pure.

use std::time::Duration;

use super::html::Html;
use super::reading::{Reading, TargetReading};
use crate::clock::Timestamp;
use crate::store::{Kind, LogEntry, Trouble, Waiting};

/// The page's style; the policy that the page is sent with admits this text alone.
pub(super) const STYLE: &str = "\
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c1c1c;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
.state{font-weight:600}.bad{color:#a40000}.good{color:#1b6b1b}code{background:#f3f3f3;padding:.1rem .25rem}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}th,td{border-color:#3a3a3a}.bad{color:#ff8a80}.good{color:#8fd68f}code{background:#2a2a2a}}
";

/// The page of `reading`.
pub(super) fn write(reading: &Reading) -> String {
    let mut html = Html::default();
    html.markup("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .markup("<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"30\">")
        .markup("<title>scim-bridge</title><style>")
        .markup(STYLE)
        .markup("</style></head><body>\n<h1>scim-bridge</h1>\n<p>")
        .text(reading.now.to_rfc3339())
        .markup(" · this page only shows; it is read again every 30 seconds</p>\n");
    if let Some(why) = &reading.held {
        html.markup("<p class=\"state bad\">Held: ")
            .text(why)
            .markup(". Nothing is written to Databricks until <code>scim-bridge resume --after-restore</code>; docs/recovery.md says what to do first.</p>\n");
    }
    for target in &reading.targets {
        state(&mut html, target, reading.now);
        queue(&mut html, target, reading.now);
        troubles(&mut html, &target.troubles, reading.now);
    }
    events(&mut html, reading);
    changes(&mut html, &reading.changes);
    html.markup("</body></html>\n");
    html.finish()
}

fn state(html: &mut Html, target: &TargetReading, now: Timestamp) {
    let reported = &target.reported;
    let state = if reported.state.is_empty() {
        "starting"
    } else {
        reported.state
    };
    html.markup("<h2>Target ")
        .text(&target.name)
        .markup("</h2>\n<p><span class=\"state ");
    html.markup(if state == "ok" { "good" } else { "bad" })
        .markup("\">")
        .text(state)
        .markup("</span>");
    if let Some(cause) = reported.cause {
        html.markup(" · ").text(cause);
    }
    if let Some(since) = reported.since {
        html.markup(" since ").text(since.to_rfc3339());
        html.markup(" (").text(span(now.since(since))).markup(")");
    }
    if let Some(detail) = &reported.detail {
        html.markup("<br>").text(detail);
    }
    if target.dry_run {
        html.markup("<br>Nothing is written: the target is in <code>dry-run</code>.");
    }
    html.markup("</p>\n");
}

fn queue(html: &mut Html, target: &TargetReading, now: Timestamp) {
    let gauges = &target.gauges;
    html.markup(
        "<h2>Work that waits</h2>\n<table><tr><th>class</th><th>resources</th><th>the longest waits</th></tr>\n",
    );
    let classes: [(&str, Waiting); 3] = [
        ("revocations", gauges.revocations),
        ("grants", gauges.grants),
        ("verifications", gauges.verifications),
    ];
    for (class, waiting) in classes {
        html.row([class, &waiting.depth.to_string(), &age(waiting.oldest, now)]);
    }
    html.markup("</table>\n<p>Oldest revocation that is not applied: ")
        .text(age(gauges.unapplied_revocation, now))
        .markup(". A change accepted now is likely to wait: ")
        .text(match target.reported.forecast {
            Duration::MAX => "until Databricks is written again".to_owned(),
            forecast => span(forecast),
        })
        .markup(".</p>\n");
}

fn troubles(html: &mut Html, troubles: &[Trouble], now: Timestamp) {
    html.markup("<h2>Held and failing</h2>\n");
    if troubles.is_empty() {
        html.markup("<p>None.</p>\n");
        return;
    }
    html.markup("<table><tr><th>object</th><th>why</th><th>for</th><th>look closer</th></tr>\n");
    for trouble in troubles {
        html.markup("<tr><td>")
            .text(format!("{} {}", trouble.kind, trouble.name));
        html.markup("</td><td>").text(&trouble.why);
        html.markup("</td><td>").text(age(Some(trouble.since), now));
        html.markup("</td><td><code>")
            .text(command(trouble))
            .markup("</code></td></tr>\n");
    }
    html.markup("</table>\n");
}

/// The command that tells everything of an object; its id needs no quoting in any shell, and a name might.
fn command(trouble: &Trouble) -> String {
    let option = match trouble.kind {
        Kind::User => "--person",
        Kind::Group => "--group",
    };
    format!("scim-bridge log {option} {}", trouble.resource_id)
}

fn events(html: &mut Html, reading: &Reading) {
    html.markup("<h2>What concerns the whole target</h2>\n");
    if reading.events.is_empty() {
        html.markup("<p>Nothing.</p>\n");
        return;
    }
    html.markup("<table><tr><th>since</th><th>what</th><th>times</th><th>last</th><th>detail</th></tr>\n");
    for event in &reading.events {
        let what = format!("{} {}", event.what, event.cause);
        html.row([
            &event.first_at,
            &what,
            &event.count.to_string(),
            &event.last_at,
            &event.detail,
        ]);
    }
    html.markup("</table>\n");
}

fn changes(html: &mut Html, changes: &[LogEntry]) {
    html.markup("<h2>Last changes</h2>\n");
    if changes.is_empty() {
        html.markup("<p>None.</p>\n");
        return;
    }
    html.markup("<table><tr><th>revision</th><th>accepted</th><th>resource</th><th>change</th><th>outcome</th><th>calls</th></tr>\n");
    for entry in changes.iter().rev() {
        html.row([
            &entry.revision.to_string(),
            &entry.at,
            &format!("{} {}", entry.kind, entry.name),
            &entry.action,
            &entry.outcome,
            &entry.steps.len().to_string(),
        ]);
    }
    html.markup("</table>\n");
}

fn age(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(|| "–".to_owned(), |at| span(now.since(at)))
}

/// The two largest units of a length of time.
fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::Reported;
    use crate::store::Gauges;

    #[test]
    fn a_length_of_time_has_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (61, "1 min 1 s"),
            (7_260, "2 h 1 min"),
            (180_000, "2 d 2 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_page_tells_cause_reason_and_command_and_names_run_nothing() {
        let at = |second: i64| Timestamp::from_micros(second * 1_000_000);
        let page = write(&Reading {
            now: at(7_200),
            held: Some("after-restore".to_owned()),
            events: Vec::new(),
            changes: Vec::new(),
            targets: vec![TargetReading {
                name: "workspace".to_owned(),
                reported: Reported {
                    state: "out",
                    cause: Some("private-link"),
                    detail: Some("refused".to_owned()),
                    since: Some(at(3_600)),
                    forecast: Duration::MAX,
                    ..Reported::default()
                },
                dry_run: false,
                gauges: Gauges::default(),
                troubles: vec![Trouble {
                    kind: Kind::User,
                    resource_id: "1f0c".to_owned(),
                    name: "<script>alert(1)</script>@contoso.test".to_owned(),
                    why: "held: rename: the new userName belonged to another user".to_owned(),
                    since: at(0),
                }],
            }],
        });
        for part in [
            "private-link since 1970-01-01T01:00:00.000Z (1 h 0 min)",
            "resume --after-restore",
            "held: rename: the new userName belonged to another user",
            "<code>scim-bridge log --person 1f0c</code>",
            "2 h 0 min",
            "&lt;script&gt;alert(1)&lt;/script&gt;@contoso.test",
        ] {
            assert!(page.contains(part), "no {part} in\n{page}");
        }
        assert!(!page.contains("<script"));
    }
}
