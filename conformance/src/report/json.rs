//! The report as JSON, for other programs.
//!
//! Findings carry `curl`, the command that repeats their request, beside the request itself.

use std::io::{self, Write};

use serde_json::Value;

use super::Report;

/// Writes the report as one indented JSON document with a line end.
///
/// # Errors
///
/// As the writer's.
pub fn write(report: &Report, mut to: impl Write) -> io::Result<()> {
    let mut document = serde_json::to_value(report)?;
    if let Some(checks) = document.get_mut("checks").and_then(Value::as_array_mut) {
        for (written, check) in checks.iter_mut().zip(&report.checks) {
            let Some(findings) = written.get_mut("findings").and_then(Value::as_array_mut) else {
                continue;
            };
            for (written, finding) in findings.iter_mut().zip(check.verdict.findings()) {
                if let Some(request) = &finding.request {
                    written["curl"] = request.curl().into();
                }
            }
        }
    }
    serde_json::to_writer_pretty(&mut to, &document)?;
    writeln!(to)
}
