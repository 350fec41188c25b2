//! An explanation in few lines, each with a label.

use std::time::Duration;

use super::super::forecast::length;
use super::{Account, Explanation, Membership, Moment, Wait};

/// Memberships that are told one by one, and names on one line.
const NAMES: usize = 10;

/// A moment as people read it: `2026-01-05T08:00:00.000Z (12 minutes ago)`.
pub(super) fn when(moment: &Moment) -> String {
    let span = length(Duration::from_secs(moment.seconds.unsigned_abs()));
    match moment.seconds {
        0 => format!("now ({})", moment.at),
        seconds if seconds < 0 => format!("{} ({span} ago)", moment.at),
        _ => format!("{} (in {span})", moment.at),
    }
}

/// When something comes that has its time: `at … (in 90 seconds)`.
pub(super) fn comes(moment: &Moment) -> String {
    if moment.seconds > 0 {
        return format!("at {}", when(moment));
    }
    let span = length(Duration::from_secs(moment.seconds.unsigned_abs()));
    format!("at its next turn (due since {span})")
}

fn since(moment: &Moment) -> String {
    let span = length(Duration::from_secs(moment.seconds.unsigned_abs()));
    format!("since {span} ({})", moment.at)
}

impl Explanation {
    /// Label and text of each line.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let external = self.external_id.as_ref();
        let external = external.map_or_else(String::new, |id| format!(" (externalId {id})"));
        let mut lines = vec![
            (self.kind, self.name.clone()),
            ("id", format!("{}{external}", self.id)),
            ("desired", self.desired()),
        ];
        if self.accounts.is_empty() {
            lines.push(("target", "nothing was sent yet".to_owned()));
        }
        for account in &self.accounts {
            account.lines(&mut lines);
        }
        self.membership_lines(&mut lines);
        if self.waits.is_empty() && self.memberships.iter().all(|one| one.is_settled) {
            lines.push(("waits", "for nothing".to_owned()));
        }
        for wait in &self.waits {
            lines.push(("waits", wait.line()));
        }
        for call in &self.calls {
            let status = call.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            lines.push(("call", format!("{} {} {status} {}", call.at, call.call, call.outcome)));
        }
        lines
    }

    fn desired(&self) -> String {
        if let Some(deleted) = &self.deleted {
            return format!("deleted {}", when(deleted));
        }
        let wanted = self
            .memberships
            .iter()
            .filter(|one| one.desired && one.account.is_none());
        let active = match self.active {
            Some(true) => "active; ",
            Some(false) => "inactive; ",
            None => "",
        };
        let number = wanted.count();
        let (one, many) = if self.kind == "User" {
            ("group", "groups")
        } else {
            ("member", "members")
        };
        format!("{active}{number} {}", if number == 1 { one } else { many })
    }

    fn membership_lines(&self, lines: &mut Vec<(&'static str, String)>) {
        let label = if self.kind == "User" { "group" } else { "member" };
        let name = |one: &Membership| {
            if self.kind == "User" {
                one.group.clone()
            } else {
                one.member.clone()
            }
        };
        // What is as wanted is told in one line, by its state.
        let mut settled: Vec<(&str, Vec<String>)> = Vec::new();
        for one in self
            .memberships
            .iter()
            .filter(|one| one.is_settled && one.observed.is_none())
        {
            match settled.iter_mut().find(|(state, _)| *state == one.state) {
                Some((_, names)) => names.push(name(one)),
                None => settled.push((&one.state, vec![name(one)])),
            }
        }
        for (state, names) in settled {
            lines.push((label, format!("{}: {state}", few(&names))));
        }
        let open = || {
            self.memberships
                .iter()
                .filter(|one| !one.is_settled || one.observed.is_some())
        };
        for one in open().take(NAMES) {
            let account = one
                .account
                .as_ref()
                .map_or_else(String::new, |account| format!(" as {account}"));
            let observed = match one.observed {
                Some(true) => "; the target shows it",
                Some(false) => "; the target does not show it",
                None => "",
            };
            lines.push((label, format!("{}{account}: {}{observed}", name(one), one.state)));
        }
        let more = open().count().saturating_sub(NAMES);
        if more > 0 {
            lines.push((label, format!("and {more} more that are not as wanted")));
        }
    }
}

fn few(names: &[String]) -> String {
    let shown = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl Account {
    fn lines(&self, lines: &mut Vec<(&'static str, String)>) {
        let id = self.upstream_id.as_deref().unwrap_or("no id yet");
        let ownership = self.ownership.unwrap_or("nobody's yet");
        lines.push((
            "target",
            format!("{id}, {ownership}, {}, {}: {}", self.role, self.existence, self.name),
        ));
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let settled: Vec<String> = self
            .fields
            .iter()
            .filter(|field| field.state == "as wanted" || field.state == "left as it is")
            .map(|field| format!("{}={}", field.field, text(&field.applied)))
            .collect();
        if !settled.is_empty() {
            lines.push(("applied", settled.join(", ")));
        }
        for field in &self.fields {
            if field.state == "as wanted" || field.state == "left as it is" {
                continue;
            }
            let mut parts = vec![
                format!("desired {}", text(&field.desired)),
                format!("applied {}", text(&field.applied)),
            ];
            parts.extend(field.observed.as_ref().map(|seen| format!("observed {seen}")));
            lines.push((
                "differs",
                format!("{}: {}; {}", field.field, parts.join(", "), field.state),
            ));
        }
    }
}

impl Wait {
    fn line(&self) -> String {
        let mut text = self.what.clone();
        if let Some(moment) = &self.since {
            text = format!("{text}, {}", since(moment));
        }
        if let Some(until) = self.until.as_ref().filter(|until| until.seconds > 0) {
            text = format!("{text}, until {}", when(until));
        }
        match &self.command {
            Some(command) if !text.contains(command.as_str()) => format!("{text}; {command} ends it"),
            _ => text,
        }
    }
}

impl Membership {
    /// Label and text of each line.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        let mut lines = vec![("member", format!("{} in {}", self.member, self.group))];
        if let Some(account) = &self.account {
            lines.push(("account", account.clone()));
        }
        lines.push(("desired", yes(self.desired)));
        lines.push(("applied", yes(self.applied)));
        if let Some(observed) = self.observed {
            lines.push(("observed", yes(observed)));
        }
        lines.push(("inherited", yes(self.inherited)));
        lines.push(("state", self.state.clone()));
        lines
    }
}
