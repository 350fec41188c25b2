//! The report for people: a line a check, the failures in full, a table, one last line.
//!
//! On a terminal the lines of passing checks are a progress bar instead. In a pipe, or with
//! `NO_COLOR` set, nothing is coloured and nothing is redrawn.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::{OwoColorize, Style};

use super::{CheckReport, Report, Summary};
use crate::check::{Check, Section};
use crate::event::{Event, Listener};
use crate::exchange::clip;
use crate::verdict::{Finding, Verdict};

/// The most of a body that the console quotes, in bytes; the JSON report has more.
const QUOTED: usize = 700;

/// Shows a run on the standard output or any other writer.
#[derive(Debug)]
pub struct Console<W> {
    out: W,
    colours: bool,
    bar: Option<ProgressBar>,
    width: usize,
}

impl Console<io::Stdout> {
    /// The standard output: a progress bar and colours on a terminal, plain lines in a pipe.
    /// `no_color` is the value of `NO_COLOR`: any text but the empty one forbids colours.
    pub fn stdout(no_color: Option<&str>) -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            out: io::stdout(),
            colours: terminal && no_color.is_none_or(str::is_empty),
            bar: terminal.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())),
            width: 0,
        }
    }
}

impl<W: Write> Console<W> {
    /// Plain lines to any writer.
    pub fn plain(out: W) -> Self {
        Self {
            out,
            colours: false,
            bar: None,
            width: 0,
        }
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Prints above the bar. A reader that has gone away is no reason to stop the run.
    fn print(&mut self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.suspend(|| {
                let _ = writeln!(self.out, "{text}");
            });
        } else {
            let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        }
    }

    fn painted(&self, text: impl fmt::Display, style: Style) -> String {
        if self.colours {
            text.style(style).to_string()
        } else {
            text.to_string()
        }
    }

    fn started(&mut self, target: &crate::target::Target, checks: &[&'static Check]) {
        let head = format!(
            "{} · profile {} · {} checks · run {}",
            target.base(),
            target.profile(),
            checks.len(),
            target.run_id()
        );
        self.print(&head);
        for problem in &target.discovered().problems {
            let line = format!("{} {problem}", self.painted("discovery:", Style::new().yellow()));
            self.print(&line);
        }
        self.width = checks.iter().map(|check| check.id.len()).max().unwrap_or(0);
        if let Some(bar) = &self.bar {
            bar.set_length(checks.len() as u64);
            bar.set_style(
                ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
                    .expect("the template is a constant and well formed"),
            );
            bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    fn ended(&mut self, report: &CheckReport) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        // On a terminal the bar stands for what passed.
        let quiet = self.bar.is_some() && matches!(report.verdict, Verdict::Pass);
        if !quiet {
            let line = self.line(report);
            self.print(&line);
        }
        let details = self.details(report);
        if !details.is_empty() {
            self.print(details.trim_end());
        }
    }

    fn line(&self, report: &CheckReport) -> String {
        let (word, style) = match report.verdict {
            Verdict::Pass => ("pass", Style::new().green()),
            Verdict::Fail { .. } => ("FAIL", Style::new().red().bold()),
            Verdict::Skipped { .. } => ("skip", Style::new().dimmed()),
            Verdict::Blocked { .. } => ("block", Style::new().yellow()),
        };
        let mut line = format!(
            "{} {:width$}  {}",
            self.painted(format_args!("{word:5}"), style),
            report.check.id,
            report.check.title,
            width = self.width
        );
        match &report.verdict {
            Verdict::Pass | Verdict::Fail { .. } => {
                let _ = write!(line, " ({} ms", report.took.as_millis());
                for note in &report.notes {
                    let _ = write!(line, "; {note}");
                }
                line.push(')');
            }
            Verdict::Skipped { reason } => {
                let _ = write!(line, " — {reason}");
            }
            Verdict::Blocked { by, .. } => {
                let _ = write!(line, " — needs what {by} checks");
            }
        }
        line
    }

    fn details(&self, report: &CheckReport) -> String {
        let mut text = String::new();
        for finding in report.verdict.findings() {
            self.finding(&mut text, finding);
        }
        if matches!(report.verdict, Verdict::Fail { .. }) {
            for source in report.check.sources {
                let url = source.url().map_or_else(String::new, |url| format!(" — {url}"));
                field(&mut text, "rule", &format!("{source}{url}"));
            }
            field(&mut text, "hint", report.check.hint);
        }
        text
    }

    fn finding(&self, text: &mut String, finding: &Finding) {
        let _ = writeln!(
            text,
            "      {} {}",
            self.painted("✗", Style::new().red()),
            finding.message
        );
        if let Some(expected) = &finding.expected {
            field(text, "expected", expected);
        }
        if let Some(actual) = &finding.actual {
            field(text, "actual", actual);
        }
        if let Some(request) = &finding.request {
            field(text, "request", &clip(&request.curl(), QUOTED * 3));
        }
        if let Some(answer) = &finding.answer {
            let body = clip(&answer.body, QUOTED);
            field(text, "answer", format!("{} {body}", answer.status).trim_end());
        }
    }

    fn finish(&mut self, report: &Report) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let text = format!("\n{}", table(report));
        self.print(&text);
        for left in &report.clean_up.left {
            let line = format!(
                "{} {} {}{}: {}",
                self.painted("not removed:", Style::new().yellow()),
                left.entry.kind.word(),
                left.entry.name,
                left.entry
                    .id
                    .as_ref()
                    .map_or_else(String::new, |id| format!(" (id {id})")),
                left.reason
            );
            self.print(&line);
        }
        let verdict = if report.all_passed() {
            self.painted("passed", Style::new().green().bold())
        } else {
            self.painted("not passed", Style::new().red().bold())
        };
        let Summary {
            passed,
            failed,
            skipped,
            blocked,
        } = report.summary;
        let last = format!(
            "{verdict}: {} checks, {passed} passed, {failed} failed, {skipped} skipped, {blocked} blocked, in {:.1} s; {} of {} resources removed",
            report.summary.total(),
            report.took.as_secs_f64(),
            report.clean_up.removed,
            report.clean_up.removed + report.clean_up.left.len(),
        );
        self.print(&last);
    }
}

impl<W: Write> Listener for Console<W> {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { target, checks } => self.started(target, checks),
            Event::CheckStarted(check) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(format!("{} {}", check.id, check.title));
                }
            }
            Event::CheckEnded(report) => self.ended(report),
            Event::CleaningUp => {
                if let Some(bar) = &self.bar {
                    bar.set_message("removing what the run made");
                }
            }
            Event::Ended(report) => self.finish(report),
        }
    }
}

fn field(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(
        text,
        "        {name:<9} {}",
        value.replace('\n', "\n                  ")
    );
}

/// A row a section: how many checks ended how.
fn table(report: &Report) -> Table {
    let mut sections: BTreeMap<Section, Vec<&CheckReport>> = BTreeMap::new();
    for check in &report.checks {
        sections.entry(check.check.section).or_default().push(check);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["section", "passed", "failed", "skipped", "blocked", "requests", "ms"]);
    let mut row = |name: String, checks: &[&CheckReport]| {
        let sum = Summary::of(checks.iter().copied());
        let took: Duration = checks.iter().map(|check| check.took).sum();
        let requests: u32 = checks.iter().map(|check| check.requests).sum();
        table.add_row([
            name,
            sum.passed.to_string(),
            sum.failed.to_string(),
            sum.skipped.to_string(),
            sum.blocked.to_string(),
            requests.to_string(),
            took.as_millis().to_string(),
        ]);
    };
    for (section, checks) in &sections {
        row(format!("{} {}", section.prefix(), section.title()), checks);
    }
    row("all".to_owned(), &report.checks.iter().collect::<Vec<_>>());
    for column in 1..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
