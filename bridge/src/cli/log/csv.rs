//! The log for spreadsheets: one row a change.
//!
//! A cell that a spreadsheet would take for a formula is written as text: whoever may choose a name in the
//! directory must not thereby run something at the desk of whoever reads the log.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{Writer, WriterBuilder};

use crate::store::{Event, LogEntry};

const ENTRY: [&str; 15] = [
    "revision",
    "at",
    "request_id",
    "resource_id",
    "kind",
    "name",
    "action",
    "membership",
    "answer",
    "outcome",
    "settled_at",
    "calls",
    "last_status",
    "last_outcome",
    "steps",
];

/// Rows of changes, under a header if this is the first part of the file.
pub(super) fn entries(out: &mut impl Write, entries: &[LogEntry], header: bool) -> io::Result<()> {
    let mut rows = writer(out);
    if header {
        rows.write_record(ENTRY)?;
    }
    for entry in entries {
        let last = entry.steps.last();
        let status = |status: Option<u16>| status.map(|status| status.to_string()).unwrap_or_default();
        let steps: Vec<String> = entry
            .steps
            .iter()
            .map(|step| format!("{} {} {} {}", step.at, step.call, status(step.status), step.outcome))
            .collect();
        let row: [Cow<'_, str>; 15] = [
            entry.revision.to_string().into(),
            entry.at.as_str().into(),
            entry.request_id.as_str().into(),
            entry.resource_id.as_str().into(),
            entry.kind.as_str().into(),
            entry.name.as_str().into(),
            entry.action.as_str().into(),
            entry.membership.unwrap_or_default().into(),
            entry.answer.as_str().into(),
            entry.outcome.as_str().into(),
            entry.settled_at.as_deref().unwrap_or_default().into(),
            entry.steps.len().to_string().into(),
            status(last.and_then(|step| step.status)).into(),
            last.map_or("", |step| step.outcome.as_str()).into(),
            steps.join("\n").into(),
        ];
        rows.write_record(row.iter().map(|cell| as_text(cell).into_owned()))?;
    }
    rows.flush()
}

/// Rows of events, under a header.
pub(super) fn events(out: &mut impl Write, events: &[Event]) -> io::Result<()> {
    let mut rows = writer(out);
    rows.write_record(["first_at", "last_at", "what", "cause", "count", "ended_at", "detail"])?;
    for event in events {
        let row: [Cow<'_, str>; 7] = [
            event.first_at.as_str().into(),
            event.last_at.as_str().into(),
            event.what.as_str().into(),
            event.cause.as_str().into(),
            event.count.to_string().into(),
            event.ended_at.as_deref().unwrap_or_default().into(),
            event.detail.as_str().into(),
        ];
        rows.write_record(row.iter().map(|cell| as_text(cell).into_owned()))?;
    }
    rows.flush()
}

fn writer<W: Write>(out: W) -> Writer<W> {
    // RFC 4180 ends a row so, and spreadsheets expect it.
    WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

/// The cell with a quote before what would begin a formula.
fn as_text(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return format!("'{cell}").into();
    }
    cell.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StepEntry;

    #[test]
    fn a_row_a_change_and_no_formula() {
        let entry = LogEntry {
            revision: 7,
            at: "2026-11-24T08:00:00.000Z".to_owned(),
            request_id: "r".to_owned(),
            resource_id: "id".to_owned(),
            kind: "User".to_owned(),
            name: "=HYPERLINK(\"http://evil.test\",\"a,b\")".to_owned(),
            action: "create".to_owned(),
            membership: None,
            answer: "answered-accepted".to_owned(),
            outcome: "applied".to_owned(),
            settled_at: None,
            steps: vec![StepEntry {
                at: "2026-11-24T08:00:01.000Z".to_owned(),
                call: "POST /Users".to_owned(),
                status: Some(201),
                outcome: "ok".to_owned(),
                millis: 12,
            }],
        };
        let mut text = Vec::new();
        entries(&mut text, std::slice::from_ref(&entry), true).unwrap();
        entries(&mut text, &[entry], false).unwrap();
        let mut rows = csv::Reader::from_reader(text.as_slice());
        assert_eq!(rows.headers().unwrap(), &ENTRY.to_vec());
        let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(&rows[0][5], "'=HYPERLINK(\"http://evil.test\",\"a,b\")");
        assert_eq!((&rows[1][11], &rows[1][12], &rows[1][13]), ("1", "201", "ok"));
        for (cell, text) in [("@a", "'@a"), ("-1", "'-1"), ("a=1", "a=1"), ("", "")] {
            assert_eq!(as_text(cell), text);
        }
    }
}
