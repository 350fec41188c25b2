//! What people see: tables and a progress bar on a terminal, plain lines in a pipe.

use std::io::{self, IsTerminal};

use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use indicatif::{ProgressBar, ProgressStyle};
use mock_entra::{
    job::{CycleReport, Progress},
    replay::{Outcome, ReplayReport},
};
use owo_colors::OwoColorize;

/// A progress bar that exists on a terminal only.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(crate) fn start() -> Self {
        let bar = if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg:>10} [{bar:30}] {pos}/{len}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style)
        } else {
            ProgressBar::hidden()
        };
        Self { bar }
    }

    pub(crate) fn show(&self, progress: Progress) {
        let name = format!("{:?}", progress.phase).to_lowercase();
        self.count(&name, progress.done, progress.total);
    }

    pub(crate) fn count(&self, name: &str, done: usize, total: usize) {
        if self.bar.message() != name {
            self.bar.set_message(name.to_owned());
        }
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

pub(crate) fn report(report: &CycleReport) {
    let requests: Vec<_> = report
        .requests
        .iter()
        .map(|(method, count)| format!("{method} {count}"))
        .collect();
    let rows = [
        ("cycle", format!("{:?}", report.cycle).to_lowercase()),
        ("requests", requests.join(", ")),
        ("created", report.created.to_string()),
        ("updated", report.updated.to_string()),
        ("disabled", report.disabled.to_string()),
        ("restored", report.restored.to_string()),
        ("deleted", report.deleted.to_string()),
        ("members added", report.members_added.to_string()),
        ("members removed", report.members_removed.to_string()),
        ("managers set", report.managers_set.to_string()),
        ("managers cleared", report.managers_cleared.to_string()),
        ("failures", report.failures.len().to_string()),
        ("milliseconds", report.milliseconds.to_string()),
    ];
    if io::stdout().is_terminal() {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        for (name, value) in &rows {
            table.add_row([name, value.as_str()]);
        }
        say!("{table}");
    } else {
        for (name, value) in &rows {
            say!("{name}: {value}");
        }
    }
    for failure in &report.failures {
        let status = failure.status.map(|status| format!(" {status}")).unwrap_or_default();
        say!(
            "failed: {} {}: {}{status}: {}",
            failure.id,
            failure.step,
            failure.code,
            failure.detail
        );
    }
    if let Some(quarantine) = &report.quarantine {
        say!("quarantine: {}: {}", quarantine.code, quarantine.detail);
    }
}

pub(crate) fn replays(reports: &[ReplayReport]) {
    if io::stdout().is_terminal() {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY);
        table.set_header(["sequence", "evidence", "steps", "verdict", "ms"]);
        for report in reports {
            table.add_row([
                report.slug.clone(),
                report.evidence.to_string(),
                report.steps.to_string(),
                verdict(report).to_owned(),
                report.milliseconds.to_string(),
            ]);
        }
        say!("{table}");
    } else {
        for report in reports {
            say!(
                "{}\t{}\t{}\t{}\t{}",
                verdict(report),
                report.evidence,
                report.steps,
                report.slug,
                report.name
            );
        }
    }
    for report in reports {
        details(report);
    }
    let bad = reports.iter().filter(|report| !report.is_good()).count();
    let good = reports.len() - bad;
    say!("{good} of {} good", reports.len());
}

fn verdict(report: &ReplayReport) -> &'static str {
    match &report.outcome {
        Outcome::Held if report.left_over.is_empty() => "held",
        Outcome::Held => "left over",
        Outcome::Differs(_) => "differs",
        Outcome::Blocked(_) => "blocked",
        Outcome::Skipped(_) => "skipped",
    }
}

fn details(report: &ReplayReport) {
    let slug = emphasis(&report.slug);
    match &report.outcome {
        Outcome::Held | Outcome::Skipped(_) => {}
        Outcome::Blocked(reason) => say!("{slug}: {reason}"),
        Outcome::Differs(mismatches) => {
            for mismatch in mismatches {
                say!("{slug}, step {}: {}", mismatch.step, mismatch.request);
                for difference in &mismatch.differences {
                    say!("  {}", difference.path);
                    say!("    expected {}", difference.expected);
                    say!("    actual   {}", difference.actual);
                }
            }
        }
    }
    for path in &report.left_over {
        say!("{slug}: could not be deleted: {path}");
    }
}

/// Bold on a terminal, unless `NO_COLOR` asks for plain text.
fn emphasis(text: &str) -> String {
    let plain = !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some();
    if plain {
        text.to_owned()
    } else {
        text.bold().to_string()
    }
}
