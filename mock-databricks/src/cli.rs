//! The command line.
//!
//! Bad usage ends with exit code 2 and one line; everything else the program says goes to stderr as a log.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use mock_databricks::{Limits, MockDatabricks, Options, StartError};
use tracing_subscriber::EnvFilter;

use crate::ready_file;

const EXAMPLES: &str = "\
Examples:
  mock-databricks serve
      Private front end on https://127.0.0.2:8443, public on https://127.0.0.1:8443,
      control on http://127.0.0.1:8445, DNS on 127.0.0.1:8453, limits as published.

  mock-databricks serve --ephemeral --limits x60 --ready-file ready.json --ca-dir ca
      Free ports, limits sixty times faster; addresses and token in ready.json.

  curl --cacert ca/ca.pem --resolve adb-1234567890123456.7.azuredatabricks.net:8443:127.0.0.2 \\
       -H \"Authorization: Bearer $TOKEN\" \\
       https://adb-1234567890123456.7.azuredatabricks.net:8443/api/2.0/preview/scim/v2/Me
      Who am I, through the private front end (127.0.0.1 leads to the public one).

  dig @127.0.0.1 -p 8453 adb-1234567890123456.7.azuredatabricks.net
      Where DNS inside the network leads; -p 8454 asks as the world outside.

  curl -X PUT http://127.0.0.1:8445/dns -d '{\"view\":\"outside\"}'
      DNS breaks: port 8453, too, leads to the public front end from now on.

  curl -X POST http://127.0.0.1:8445/seed -d '{\"users\":100,\"groups\":10,\"seed\":1}'
      Fills the workspace.";

#[derive(Parser)]
#[command(
    name = "mock-databricks",
    version,
    about = "A Databricks SCIM API behind Private Link, with its real limits, silences and refusals"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a workspace until stopped
    #[command(after_help = EXAMPLES)]
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Rate limits: `published`, `off` (also lifts size limits), or N times faster, as in `x60`
    #[arg(long, value_name = "LIMITS", default_value = "published")]
    limits: Limits,
    /// Folder of the certificates, filled if empty [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    ca_dir: Option<PathBuf>,
    /// Address of the private front end [default: 127.0.0.2:8443]
    #[arg(long, value_name = "ADDR")]
    listen_private: Option<SocketAddr>,
    /// Address of the public front end, on the same port [default: 127.0.0.1 and the private port]
    #[arg(long, value_name = "ADDR")]
    listen_public: Option<SocketAddr>,
    /// Address of the control listener, loopback only [default: 127.0.0.1:8445]
    #[arg(long, value_name = "ADDR")]
    control: Option<SocketAddr>,
    /// Address of the DNS server, UDP and TCP [default: 127.0.0.1:8453]
    #[arg(long, value_name = "ADDR")]
    dns: Option<SocketAddr>,
    /// Address of the DNS server that answers as seen from outside [default: 127.0.0.1:8454]
    #[arg(long, value_name = "ADDR")]
    dns_outside: Option<SocketAddr>,
    /// Address of the stand-ins for Entra's token endpoint and the managed identity, loopback only [default: 127.0.0.1:8446]
    #[arg(long, value_name = "ADDR")]
    azure: Option<SocketAddr>,
    /// The workspace's public name [default: adb-1234567890123456.7.azuredatabricks.net]
    #[arg(long, value_name = "HOST")]
    workspace_host: Option<String>,
    /// The account's UUID [default: one made from the seed]
    #[arg(long, value_name = "UUID")]
    account_id: Option<String>,
    /// Free ports on the default addresses
    #[arg(long, conflicts_with_all = ["listen_private", "listen_public", "control", "azure", "dns", "dns_outside"])]
    ephemeral: bool,
    /// Written once everything answers: addresses, CA file and token as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// File with the personal access token to use [default: one made from the seed]
    #[arg(long, value_name = "FILE", env = "MOCK_DATABRICKS_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// A document to start with: one that `GET /snapshot` gave, or written by hand
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// How the log looks
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    log: Log,
    /// Decides ids, token and all other chance [default: random, and printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Divides the mock's own intervals (late effects, stale reads)
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    time_factor: f64,
    /// Offer HTTP/2 beside HTTP/1.1; a reset then hits every call on the connection
    #[arg(long)]
    http2: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Log {
    Human,
    Json,
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    let Command::Serve(serve) = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return usage(&error),
    };
    match serve.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-databricks: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Help as it is; a complaint as one line.
fn usage(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Nobody reads it: nothing to do about it.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprintln!("mock-databricks: a command is missing; try `mock-databricks serve --help`");
            ExitCode::from(2)
        }
        _ => {
            let text = error.to_string();
            let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
            let line = lines.collect::<Vec<_>>().join(" ");
            let line = line.strip_prefix("error: ").unwrap_or(&line);
            eprintln!("mock-databricks: {line}");
            ExitCode::from(2)
        }
    }
}

impl Serve {
    fn run(self) -> anyhow::Result<()> {
        self.start_log();
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(self.serve())
    }

    fn start_log(&self) {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        match self.log {
            Log::Human => builder.with_target(false).init(),
            Log::Json => builder.json().flatten_event(true).init(),
        }
    }

    fn options(&self) -> anyhow::Result<Options> {
        let mut options = Options {
            limits: self.limits,
            ca_dir: self.ca_dir.clone(),
            state: self.state.clone(),
            seed: self.seed,
            time_factor: self.time_factor,
            http2: self.http2,
            ..Options::default()
        };
        if let Some(private) = self.listen_private {
            options.listen_private = private;
            options.listen_public.set_port(private.port());
        }
        if let Some(public) = self.listen_public {
            options.listen_public = public;
            if self.listen_private.is_none() {
                options.listen_private.set_port(public.port());
            }
        }
        if let Some(control) = self.control {
            options.control = control;
        }
        if let Some(dns) = self.dns {
            options.dns = dns;
        }
        if let Some(dns_outside) = self.dns_outside {
            options.dns_outside = dns_outside;
        }
        if let Some(azure) = self.azure {
            options.azure = azure;
        }
        if let Some(host) = &self.workspace_host {
            options.workspace_host.clone_from(host);
        }
        options.account_id.clone_from(&self.account_id);
        if let Some(path) = &self.token_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| anyhow::anyhow!("cannot read --token-file {}: {error}", path.display()))?;
            options.token = Some(text.trim().to_owned());
        }
        Ok(if self.ephemeral {
            options.on_free_ports()
        } else {
            options
        })
    }

    async fn start(&self) -> anyhow::Result<MockDatabricks> {
        match (MockDatabricks::start(self.options()?).await, &self.token_file) {
            (Err(error @ StartError::Token), Some(path)) => {
                Err(error).with_context(|| format!("cannot use --token-file {}", path.display()))
            }
            (started, _) => Ok(started?),
        }
    }

    async fn serve(self) -> anyhow::Result<()> {
        // Listened for before anybody can know that we run.
        let stop = stop_signal()?;
        if let Some(path) = &self.ready_file {
            ready_file::remove(path).map_err(|error| ready_error(path, &error))?;
        }
        let mock = self.start().await?;
        tracing::info!(
            limits = %self.limits,
            seed = mock.seed(),
            workspace_host = mock.workspace_host(),
            private_url = mock.private_url(),
            public_url = mock.public_url(),
            control_url = mock.control_url(),
            dns = %mock.dns(),
            dns_outside = %mock.dns_outside(),
            ca_file = %mock.ca_file().display(),
            azure_url = mock.azure_url(),
            token = mock.token(),
            account_id = mock.account_id(),
            account_token = mock.account_token(),
            client_id = mock.client_id(),
            oauth_secret = mock.oauth_secret(),
            tenant_id = mock.tenant_id(),
            entra_secret = mock.entra_secret(),
            resource_id = mock.resource_id(),
            "a Databricks workspace behind Private Link is ready"
        );
        if let Some(path) = &self.ready_file {
            ready_file::write(path, &ready_file::content(&mock)).map_err(|error| ready_error(path, &error))?;
        }
        stop.await;
        tracing::info!("stopping");
        mock.shutdown().await;
        Ok(())
    }
}

fn ready_error(path: &std::path::Path, error: &std::io::Error) -> anyhow::Error {
    anyhow::anyhow!("cannot write --ready-file {}: {error}", path.display())
}

/// Resolves when the program is asked to stop.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves when the program is asked to stop.
#[cfg(windows)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows;
    let (mut interrupt, mut pause) = (windows::ctrl_c()?, windows::ctrl_break()?);
    let (mut close, mut shutdown) = (windows::ctrl_close()?, windows::ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = pause.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
