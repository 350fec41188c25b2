//! The options that say where to provision to, shared by all commands.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use mock_entra::{client::Connection, wire::Dialect};
use secrecy::SecretString;

use super::complain;

#[derive(Debug, Args)]
pub(crate) struct ConnectionArguments {
    /// Tenant URL; the flag ?aadOptscim062020 selects the compliant dialect.
    #[arg(long)]
    url: String,

    /// File holding the secret token; its first line counts.
    #[arg(long, value_name = "FILE", required_unless_present = "token")]
    token_file: Option<PathBuf>,

    /// The secret token itself; shows up in process lists, so prefer --token-file.
    #[arg(long, conflicts_with = "token_file")]
    token: Option<String>,

    /// PEM file of the authority to trust instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Seconds a request may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// PATCH dialect, whatever the URL's flag says.
    #[arg(long, value_enum)]
    dialect: Option<DialectArgument>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DialectArgument {
    Legacy,
    Compliant,
}

impl ConnectionArguments {
    pub(crate) fn connection(self) -> anyhow::Result<Connection> {
        let token = match (self.token, self.token_file) {
            (Some(token), _) => {
                complain("warning: --token is visible to other users, prefer --token-file");
                token
            }
            (None, Some(file)) => {
                let text = fs::read_to_string(&file).with_context(|| format!("token file {}", file.display()))?;
                let Some(token) = text.lines().map(str::trim).find(|line| !line.is_empty()) else {
                    bail!(
                        "token file {} is empty; write the token on its first line",
                        file.display()
                    );
                };
                token.to_owned()
            }
            (None, None) => bail!("no token; give --token-file FILE"),
        };
        Ok(Connection {
            tenant_url: self.url,
            token: SecretString::from(token),
            ca_file: self.ca_file,
            timeout: Duration::from_secs(self.timeout),
            dialect: self.dialect.map(|dialect| match dialect {
                DialectArgument::Legacy => Dialect::Legacy,
                DialectArgument::Compliant => Dialect::Compliant,
            }),
        })
    }
}
