//! The whole stack: Entra's stand-in and Databricks' in this process, the bridge as a child
//! process, so that it can be killed as power kills it.
//!
//! The bridge's program is the caller's own (see [`bridge_process`]), so that it can never be
//! an older build than the rest.

pub mod bridge_process;
pub mod control;
pub mod hints;
pub mod once;
pub mod ready_file;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use mock_databricks::{Limits, MockDatabricks, Options, StartError};
use serde_json::{Value, json};

use bridge::databricks::Level;
use bridge_process::BridgeProcess;
use control::Control;

/// Where the bridge listens unless free ports are asked for.
const SCIM_PORT: u16 = 8585;
const OPERATIONS_PORT: u16 = 8586;

/// How a stack is put together.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The program that becomes the bridge when its first argument is [`bridge_process::ARGUMENT`].
    pub program: PathBuf,
    /// The limits of Databricks; the bridge's pace is the same.
    pub limits: Limits,
    /// Free ports everywhere, or the default addresses.
    pub ephemeral: bool,
    /// Divides every interval of the bridge and of the mock.
    pub time_factor: f64,
    /// Seed of the mock's ids and tokens.
    pub seed: Option<u64>,
    /// Environment variables of the bridge, which override keys of its configuration.
    pub environment: Vec<(String, String)>,
    /// Log lines of the bridge as JSON.
    pub json_log: bool,
    /// Whose identities the bridge writes, and by which way.
    pub level: Level,
    /// More sections of the bridge's configuration.
    pub sections: String,
    /// What is done to Databricks before the bridge starts.
    pub before: Vec<Before>,
}

/// Something that is done to Databricks before the bridge starts.
#[derive(Debug, Clone)]
pub enum Before {
    /// A switch is set.
    Switch(&'static str, Value),
    /// A foreign hand: method, path and body. `ACCOUNT` in the path stands for the account's id.
    Edit(&'static str, &'static str, Value),
}

impl StackOptions {
    /// On free ports, sixty times the published limits.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            limits: Limits::Published { factor: 60.0 },
            ephemeral: true,
            time_factor: 1.0,
            seed: None,
            environment: Vec::new(),
            json_log: false,
            level: Level::default(),
            sections: String::new(),
            before: Vec::new(),
        }
    }
}

/// A running stack. Dropping it ends everything, the bridge first and the folder it writes to last.
pub struct Stack {
    bridge: BridgeProcess,
    databricks: MockDatabricks,
    control: Control,
    token: String,
    folder: tempfile::TempDir,
}

impl Stack {
    /// Starts everything and waits until it answers.
    ///
    /// # Errors
    ///
    /// One line saying what could not start: a taken port, for instance.
    pub async fn start(options: StackOptions) -> Result<Self> {
        let folder = private_folder().context("no temporary folder")?;
        let base = if options.ephemeral {
            Options::ephemeral()
        } else {
            Options::default()
        };
        let databricks = MockDatabricks::start(Options {
            limits: options.limits,
            ca_dir: Some(folder.path().join("ca")),
            seed: options.seed,
            time_factor: options.time_factor,
            ..base
        })
        .await
        .map_err(explain)?;
        let control = Control::new(databricks.control_url());
        prepare(&control, &options.before, &databricks.account_id()).await?;
        let token = uuid::Uuid::new_v4().simple().to_string();
        let configuration = configuration(&options, &databricks)?;
        for (name, text) in [
            ("entra-token", format!("{token}\n")),
            ("databricks-token", format!("{}\n", databricks.token())),
            ("databricks-secret", format!("{}\n", databricks.oauth_secret())),
            ("bridge.toml", configuration),
        ] {
            std::fs::write(folder.path().join(name), text)?;
        }
        if !options.ephemeral {
            check_free("bridge", SCIM_PORT)?;
            check_free("bridge's operations listener", OPERATIONS_PORT)?;
        }
        let bridge = BridgeProcess::start(&options, folder.path()).await?;
        Ok(Self {
            bridge,
            databricks,
            control,
            token,
            folder,
        })
    }

    /// The folder that holds configuration, store, tokens, certificates and the bridge's log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The tenant URL.
    pub fn bridge_url(&self) -> &str {
        self.bridge.url()
    }

    /// The bearer token that the bridge takes.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The authority that signed every certificate of the stack.
    pub fn ca_file(&self) -> &Path {
        self.databricks.ca_file()
    }

    /// Databricks.
    pub const fn databricks(&self) -> &MockDatabricks {
        &self.databricks
    }

    /// Databricks' control listener.
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// The bridge's process.
    pub const fn bridge(&mut self) -> &mut BridgeProcess {
        &mut self.bridge
    }

    /// A connection for Entra's stand-in.
    pub fn connection(&self, dialect: mock_entra::wire::Dialect) -> mock_entra::client::Connection {
        let mut connection = mock_entra::client::Connection::new(self.bridge_url(), self.token.clone());
        connection.ca_file = Some(self.ca_file().to_owned());
        connection.dialect = Some(dialect);
        connection
    }

    /// The bridge's `/health/targets`: its status and body.
    ///
    /// # Errors
    ///
    /// When the bridge does not answer.
    pub async fn targets(&self) -> Result<(u16, Value)> {
        control::get_json(&format!("{}/health/targets", self.bridge.ops_url())).await
    }

    /// Waits until nothing waits to be written at Databricks and the target works.
    ///
    /// # Errors
    ///
    /// When that is not so within `deadline`; the last state is told.
    pub async fn settled(&self, deadline: Duration) -> Result<()> {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let mut last = Value::Null;
        let waiting = async {
            loop {
                ticks.tick().await;
                if let Ok((status, body)) = self.targets().await {
                    let quiet = body["targets"][0]["pending"] == 0 && status == 200;
                    last = body;
                    if quiet {
                        return;
                    }
                }
            }
        };
        if tokio::time::timeout(deadline, waiting).await.is_err() {
            bail!("not settled within {deadline:?}: {last}");
        }
        Ok(())
    }

    /// The ready file: where everything is.
    pub fn ready(&self) -> Value {
        json!({
            "ca_file": self.ca_file(),
            "bridge": {
                "url": self.bridge.url(), "token": self.token, "ops_url": self.bridge.ops_url(), "pid": self.bridge.pid(),
                "config": self.folder().join("bridge.toml"), "store": self.folder().join("bridge.db"),
            },
            "databricks": {
                "workspace_host": self.databricks.workspace_host(), "private_url": self.databricks.private_url(),
                "public_url": self.databricks.public_url(), "control_url": self.databricks.control_url(),
                "dns": self.databricks.dns(), "azure_url": self.databricks.azure_url(), "token": self.databricks.token(),
                "account_id": self.databricks.account_id(), "account_token": self.databricks.account_token(),
                "oauth": {
                    "client_id": self.databricks.client_id(), "client_secret": self.databricks.oauth_secret(),
                },
            },
        })
    }

    /// Resolves when the bridge ends by itself; see [`BridgeProcess::ended`].
    ///
    /// # Errors
    ///
    /// When the system does not say how it ended.
    pub async fn bridge_ended(&self) -> Result<ExitStatus> {
        self.bridge.ended().await
    }

    /// Stops everything, the bridge as SIGTERM does.
    ///
    /// Both sides at once: Databricks cuts the calls that it holds, so the bridge does not wait for them, and finishes
    /// the ones that it works on.
    ///
    /// # Errors
    ///
    /// When the bridge does not stop within ten seconds, or not with exit code 0; its folder stays then, and the path of
    /// its log is told.
    pub async fn stop(self) -> Result<()> {
        let Self {
            mut bridge,
            databricks,
            folder,
            ..
        } = self;
        let (stopped, ()) = tokio::join!(bridge.terminate(), databricks.shutdown());
        stopped.map_err(|error| with_log(&error, folder))
    }

    /// Stops what is left after the bridge ended by itself; its folder stays. The line to tell.
    pub async fn after_bridge_ended(self, status: ExitStatus) -> anyhow::Error {
        self.databricks.shutdown().await;
        with_log(&bridge_process::ended_with(status), self.folder)
    }
}

fn with_log(error: &anyhow::Error, folder: tempfile::TempDir) -> anyhow::Error {
    anyhow!("{error:#}; its log is {}", folder.keep().join("bridge.log").display())
}

/// A folder for the owner alone: it holds tokens and keys.
fn private_folder() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("mock-stack-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// The mock's complaint in words that fit the options of the stack.
fn explain(error: StartError) -> anyhow::Error {
    match error {
        StartError::Taken { what, address, .. } => taken(what, address),
        other => other.into(),
    }
}

/// The bridge names a taken port by the key of a configuration that no person has written: so look first.
fn check_free(what: &str, port: u16) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match std::net::TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(taken(what, address)),
        // Free, or wrong in a way that the bridge tells better.
        _ => Ok(()),
    }
}

fn taken(what: &str, address: SocketAddr) -> anyhow::Error {
    anyhow!("cannot listen on {address} ({what}): the port is taken; stop the other program or use --ephemeral")
}

async fn prepare(control: &Control, before: &[Before], account_id: &str) -> Result<()> {
    for step in before {
        match step {
            Before::Switch(name, value) => {
                let path = format!("/switches/{name}");
                control.put(&path, &json!({ "value": value })).await?;
            }
            Before::Edit(method, path, body) => {
                let path = path.replace("ACCOUNT", account_id);
                control.edit(method, &path, body.clone()).await?;
            }
        }
    }
    Ok(())
}

/// The bridge's configuration: live, paced as the mock is limited, private addresses only.
fn configuration(options: &StackOptions, databricks: &MockDatabricks) -> Result<String> {
    let private: url::Url = databricks.private_url().parse()?;
    let port = private.port().context("the private front end has a port")?;
    let address = private.host_str().context("the private front end has an address")?;
    let (listen, ops) = if options.ephemeral {
        (0, 0)
    } else {
        (SCIM_PORT, OPERATIONS_PORT)
    };
    let (host, pace, factor) = (databricks.workspace_host(), options.limits, options.time_factor);
    let (level, sections) = (options.level.as_str(), &options.sections);
    // The account takes no token of a workspace. Its host is public.
    let (credential, robot) = match options.level {
        Level::Workspace | Level::AccountThroughWorkspace => {
            ("token_file = \"databricks-token\"".to_owned(), String::new())
        }
        Level::Account => (
            format!(
                "account_id = \"{}\"\naccount_url = \"{}\"",
                databricks.account_id(),
                databricks.public_url()
            ),
            format!(
                "[target.oauth]\nclient_id = \"{}\"\nclient_secret_file = \"databricks-secret\"\n",
                databricks.client_id()
            ),
        ),
    };
    Ok(format!(
        r#"[server]
listen = "127.0.0.1:{listen}"
public_url = "https://localhost:{listen}/scim"
certificate = "ca/server.pem"
private_key = "ca/server.key"
token_file = "entra-token"

[store]
path = "bridge.db"

[ops]
listen = "127.0.0.1:{ops}"

[target]
workspace_url = "https://{host}:{port}"
level = "{level}"
{credential}
mode = "live"
pace = "{pace}"
resolve = ["{address}"]
private_ranges = ["{address}/32"]
ca_file = "ca/ca.pem"

{robot}
[test]
time_factor = {factor:?}

{sections}
"#
    ))
}
