//! A rehearsal for people: a table and colours on a terminal, plain lines elsewhere.

use std::fmt::Write as _;
use std::io::IsTerminal;

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};

use crate::reconcile::forecast::thousands;
use crate::reconcile::rehearse::{Gain, Loss, PlannedCall, Rehearsal, Unresolved};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Form {
    /// For people.
    Table,
    /// One fact a line.
    Lines,
}

impl Form {
    pub(in crate::cli) fn of_stdout() -> Self {
        if std::io::stdout().is_terminal() {
            Self::Table
        } else {
            Self::Lines
        }
    }
}

/// One list of the plan.
struct Section {
    /// As on a line of its own: `gains`, `loses`, …
    word: &'static str,
    colour: Color,
    /// Who, and what of it.
    rows: Vec<(String, String)>,
}

/// The plan; at most `limit` names in a list.
pub(in crate::cli) fn print(plan: &Rehearsal, calls: &[PlannedCall], limit: usize, form: Form) -> String {
    let mut text = heading(plan);
    let counts = counts(plan);
    match form {
        Form::Lines => {
            for (what, number) in &counts {
                let _ = writeln!(text, "calls {what}: {number}");
            }
        }
        Form::Table if counts.is_empty() => {}
        Form::Table => {
            let mut table = new_table();
            for (what, number) in &counts {
                table.add_row([Cell::new(what), Cell::new(number)]);
            }
            let _ = writeln!(text, "{}", table.trim_fmt());
        }
    }
    let takes = plan.forecast.as_ref().map_or_else(
        || "nothing to do: the target is as it is wanted, as far as the bridge may act".to_owned(),
        |forecast| format!("takes {forecast}"),
    );
    let _ = writeln!(text, "{takes}");
    for section in sections(plan, limit) {
        section.print(&mut text, limit, form);
    }
    for call in calls {
        let _ = writeln!(text, "call +{}s {}: {}", call.after, call.class, call.call);
    }
    text
}

fn heading(plan: &Rehearsal) -> String {
    let mode = match plan.mode {
        "dry-run" => "dry-run: nothing of this is done before `scim-bridge go-live`",
        "held" => "held after a restore: nothing of this is done before `scim-bridge resume --after-restore`",
        _ => "live: the bridge is at it",
    };
    let mut text = format!("mode {mode}\nscanned {}\n", plan.scanned_at);
    for obstacle in &plan.obstacles {
        let _ = writeln!(text, "but {obstacle}");
    }
    text
}

fn counts(plan: &Rehearsal) -> Vec<(String, String)> {
    let counts = &plan.counts;
    let members = |calls: u64, members: u64| match calls {
        0 => String::new(),
        _ => format!("{} ({} memberships)", thousands(calls), thousands(members)),
    };
    let rows = [
        ("create users", thousands(counts.create_users)),
        ("create groups", thousands(counts.create_groups)),
        ("change users", thousands(counts.change_users)),
        ("re-activate users", thousands(counts.reactivate_users)),
        ("deactivate users", thousands(counts.deactivate_users)),
        ("take rights from users", thousands(counts.strip_users)),
        ("give entitlements to groups", thousands(counts.entitle_groups)),
        ("assign groups to a workspace", thousands(counts.assign_groups)),
        ("take groups out of a workspace", thousands(counts.unassign_groups)),
        ("delete users", thousands(counts.delete_users)),
        ("rename groups", thousands(counts.rename_groups)),
        ("delete groups", thousands(counts.delete_groups)),
        ("add members", members(counts.add_members, counts.members_added)),
        ("remove members", members(counts.remove_members, counts.members_removed)),
        ("read", thousands(counts.reads)),
    ];
    rows.into_iter()
        .filter(|(_, number)| !number.is_empty() && number != "0")
        .map(|(what, number)| (what.to_owned(), number))
        .collect()
}

fn sections(plan: &Rehearsal, limit: usize) -> [Section; 6] {
    let unresolved = |list: &[Unresolved]| {
        let rows = list
            .iter()
            .map(|one| (format!("{} {}", one.kind, one.name), one.why.clone()));
        rows.collect()
    };
    [
        Section {
            word: "gains",
            colour: Color::Green,
            rows: plan.gains.iter().map(|gain| row_of_gain(gain, limit)).collect(),
        },
        Section {
            word: "loses",
            colour: Color::Red,
            rows: plan.losses.iter().map(|loss| row_of_loss(loss, limit)).collect(),
        },
        Section {
            word: "adopts",
            colour: Color::Cyan,
            rows: plan
                .adopted
                .iter()
                .map(|one| (format!("{} {}", one.kind, one.name), format!("id {}", one.upstream_id)))
                .collect(),
        },
        Section {
            word: "holds",
            colour: Color::Yellow,
            rows: unresolved(&plan.held),
        },
        Section {
            word: "fails",
            colour: Color::Red,
            rows: unresolved(&plan.failing),
        },
        Section {
            word: "guards",
            colour: Color::Yellow,
            rows: plan
                .guard
                .iter()
                .map(|one| {
                    let people = thousands(one.people);
                    (
                        one.class.to_owned(),
                        format!("{people} people; {} lets them pass", one.command),
                    )
                })
                .collect(),
        },
    ]
}

impl Section {
    fn print(&self, text: &mut String, limit: usize, form: Form) {
        if self.rows.is_empty() {
            return;
        }
        let shown = self.rows.iter().take(limit);
        match form {
            Form::Lines => {
                for (who, what) in shown {
                    let _ = writeln!(text, "{} {who}: {what}", self.word);
                }
            }
            Form::Table => {
                let mut table = new_table();
                let number = thousands(self.rows.len() as u64);
                table.set_header([
                    Cell::new(format!("{} ({number})", self.word)).fg(self.colour),
                    Cell::new(""),
                ]);
                for (who, what) in shown {
                    table.add_row([who, what]);
                }
                let _ = writeln!(text, "{}", table.trim_fmt());
            }
        }
        if let Some(more) = self.rows.len().checked_sub(limit).filter(|more| *more > 0) {
            let _ = writeln!(text, "{} and {} more", self.word, thousands(more as u64));
        }
    }
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn row_of_gain(gain: &Gain, limit: usize) -> (String, String) {
    let mut what = Vec::new();
    match (gain.created, &gain.replaces) {
        (true, Some(old)) => what.push(format!("created in place of {old}")),
        (true, None) => what.push("created".to_owned()),
        (false, _) => {}
    }
    if gain.reactivated {
        what.push("active again".to_owned());
    }
    if !gain.groups.is_empty() {
        what.push(format!("joins {}", names(&gain.groups, limit)));
    }
    (format!("{} {}", gain.kind, gain.name), what.join("; "))
}

fn row_of_loss(loss: &Loss, limit: usize) -> (String, String) {
    let mut what = Vec::new();
    if loss.deactivated {
        what.push("deactivated".to_owned());
    }
    if loss.deleted {
        what.push("deleted".to_owned());
    }
    if loss.stripped {
        what.push("own rights taken".to_owned());
    }
    if !loss.groups.is_empty() {
        what.push(format!("leaves {}", names(&loss.groups, limit)));
    }
    (format!("{} {}", loss.kind, loss.name), what.join("; "))
}

fn names(names: &[String], limit: usize) -> String {
    let shown: Vec<&str> = names.iter().take(limit).map(String::as_str).collect();
    let more = names.len() - shown.len();
    let mut text = shown.join(", ");
    if more > 0 {
        let _ = write!(text, " and {} more", thousands(more as u64));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::forecast::Forecast;
    use crate::reconcile::rehearse::{Counts, Guarded};

    fn plan() -> Rehearsal {
        let loss = |number: usize| Loss {
            kind: "User",
            name: format!("user{number}@contoso.test"),
            deactivated: true,
            deleted: false,
            stripped: number == 0,
            groups: if number == 0 {
                vec!["Ops".to_owned(), "Staff".to_owned(), "Data".to_owned()]
            } else {
                Vec::new()
            },
        };
        Rehearsal {
            mode: "live",
            obstacles: vec!["the target is out since 2026-01-05T09:00:00.000Z (private-link): refused".to_owned()],
            scanned_at: "2026-01-05T08:00:00.000Z".to_owned(),
            counts: Counts {
                deactivate_users: 982,
                remove_members: 3,
                members_removed: 3,
                ..Counts::default()
            },
            forecast: Some(Forecast {
                seconds: 1740,
                class: "write",
                calls: 983,
                per_minute: Some(34),
            }),
            seconds: 1740,
            gains: Vec::new(),
            losses: (0..982).map(loss).collect(),
            adopted: Vec::new(),
            held: Vec::new(),
            failing: Vec::new(),
            guard: vec![Guarded {
                class: "deletes",
                people: 60,
                command: "scim-bridge resume",
            }],
            calls: Vec::new(),
        }
    }

    #[test]
    fn a_long_plan_in_a_pipe() {
        insta::assert_snapshot!(print(&plan(), &[], 2, Form::Lines), @r"
        mode live: the bridge is at it
        scanned 2026-01-05T08:00:00.000Z
        but the target is out since 2026-01-05T09:00:00.000Z (private-link): refused
        calls deactivate users: 982
        calls remove members: 3 (3 memberships)
        takes ≈ 29 minutes (983 writes at 34 a minute)
        loses User user0@contoso.test: deactivated; own rights taken; leaves Ops, Staff and 1 more
        loses User user1@contoso.test: deactivated
        loses and 980 more
        guards deletes: 60 people; scim-bridge resume lets them pass
        ");
    }

    #[test]
    fn a_long_plan_on_a_terminal() {
        insta::assert_snapshot!(print(&plan(), &[], 2, Form::Table));
    }
}
