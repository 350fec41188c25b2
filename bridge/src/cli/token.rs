//! `scim-bridge token`: tokens for Entra to send.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use rand::TryRngCore;
use rand::rngs::OsRng;

use crate::app::CannotStart;

/// Bytes of a token: nobody guesses it.
const BYTES: usize = 32;

const ROTATE: &str = "\
to rotate without an outage: two tokens are valid at once
  1. add this one as a second line to the file that server.token_file names; the bridge reads it within seconds
  2. give it to Entra as the secret token, and test the connection
  3. take the old line out of the file
";

/// Arguments of `token`.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a random token, print it once or write it to a new file, and say how to rotate.
    #[command(after_help = "Example:\n  scim-bridge token new --to entra-token")]
    New(New),
}

#[derive(Debug, Args)]
struct New {
    /// Write it to this new file, readable by its owner alone, instead of printing it.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Token {
    pub(super) fn run(self) -> Result<()> {
        let Command::New(new) = self.command;
        let mut bytes = [0; BYTES];
        OsRng
            .try_fill_bytes(&mut bytes)
            .context("the system gives no random numbers")?;
        let token = URL_SAFE_NO_PAD.encode(bytes);
        if let Some(path) = &new.to {
            write_private(path, &token).map_err(|error| CannotStart(format!("--to {}: {error}", path.display())))?;
            // Nobody reads it: the file is there.
            let _ = write!(std::io::stderr(), "{}: holds the new token\n{ROTATE}", path.display());
        } else {
            writeln!(std::io::stdout(), "{token}")?;
            let _ = write!(std::io::stderr(), "{ROTATE}");
        }
        Ok(())
    }
}

/// A new file: a token that is in use is never overwritten.
fn write_private(path: &Path, token: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()
}
