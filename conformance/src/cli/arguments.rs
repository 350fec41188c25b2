//! The words of the command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::check::{Level, Profile};
use crate::selection::Selection;
use crate::target::RunId;

const EXAMPLES: &str = "\
Examples:
  scim-conformance run --url https://localhost:8585/scim --token-file entra-token --ca-file ca.pem
  scim-conformance run --url https://scim.example.com/v2 --token-file t --profile strict --report json=report.json
  scim-conformance run --url https://scim.example.com/v2 --token-file t --only GRP- --skip GRP-04 --fail-fast
  scim-conformance list --profile rfc
  scim-conformance explain GRP-09

Exit codes: 0 every check passed or was skipped, 1 a check failed or was blocked, 2 nothing could be checked.";

/// Checks whether a SCIM 2.0 endpoint survives provisioning from Microsoft Entra ID.
#[derive(Debug, Parser)]
#[command(name = "scim-conformance", version, after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the checks against an endpoint.
    #[command(after_help = EXAMPLES)]
    Run(Box<RunArguments>),
    /// List the checks.
    List(SelectionArguments),
    /// Say what a check rests on, and what to do when it fails.
    Explain(ExplainArguments),
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// The tenant URL, as it stands in Entra: the part before /Users. A query in it is sent with every request.
    #[arg(long, value_name = "URL")]
    pub(super) url: String,
    /// The file whose first line is the bearer token.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "token",
        conflicts_with = "token"
    )]
    pub(super) token_file: Option<PathBuf>,
    /// The bearer token itself. Others on this machine can read it while the command runs: prefer --token-file.
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// Certificates to trust beside those of this machine, as PEM.
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) selection: SelectionArguments,
    /// Also write a report; may be given several times. This version writes json=FILE.
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(super) report: Vec<ReportTo>,
    /// Stop at the first check that does not pass.
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// How long the load of ENT-11 lasts: 5s, 500ms, 1m.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(super) duration: Duration,
    /// The longest wait for one answer.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(super) timeout: Duration,
    /// The mark in the names of what the run makes: small letters and digits. Without it, a fresh one.
    #[arg(long, value_name = "ID", value_parser = RunId::parse)]
    pub(super) run_id: Option<RunId>,
}

#[derive(Debug, Args)]
pub(super) struct SelectionArguments {
    /// entra: what Entra's provisioning needs; rfc: RFC 7643 and 7644; strict: everything.
    #[arg(long, value_name = "PROFILE", default_value_t = Profile::Entra)]
    pub(super) profile: Profile,
    /// Only checks whose id begins so; may be given several times. A whole id is made in every profile.
    #[arg(long, value_name = "ID-PREFIX", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// No checks whose id begins so; may be given several times.
    #[arg(long, value_name = "ID-PREFIX", value_delimiter = ',')]
    pub(super) skip: Vec<String>,
    /// Only checks of these levels (must, should, entra, bridge), in place of the profile's own.
    #[arg(long, value_name = "LEVEL", value_delimiter = ',')]
    pub(super) level: Vec<Level>,
}

impl SelectionArguments {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            profile: self.profile,
            only: self.only.clone(),
            skip: self.skip.clone(),
            levels: self.level.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The id of the check, as in GRP-09.
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

/// A report beside the console's: a JSON file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportTo(pub(super) PathBuf);

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("json", file)) if !file.is_empty() => Ok(Self(file.into())),
            Some((format @ ("junit" | "html"), _)) => Err(format!(
                "the {format} report comes with a later version; this one writes json=FILE"
            )),
            _ => Err("it should be json=FILE".to_owned()),
        }
    }
}

/// `5s`, `500ms`, `1m`, and a bare number as seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u32 = digits
        .parse()
        .map_err(|_| format!("`{text}` is no time; write 5s, 500ms or 1m"))?;
    let time = match &text[digits.len()..] {
        "" | "s" => Duration::from_secs(number.into()),
        "ms" => Duration::from_millis(number.into()),
        "m" => Duration::from_mins(1) * number,
        other => return Err(format!("`{other}` is no unit of time; there are ms, s and m")),
    };
    if time.is_zero() {
        Err("it must be longer than nothing".to_owned())
    } else {
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_units() {
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m"), Ok(Duration::from_mins(1)));
        for wrong in ["", "s", "1h", "0s", "-1s", "1é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reports_of_later_versions_are_refused_by_name() {
        assert_eq!("json=a=b".parse(), Ok(ReportTo("a=b".into())));
        assert!("junit=x".parse::<ReportTo>().unwrap_err().contains("later version"));
        assert!("json".parse::<ReportTo>().is_err());
    }
}
