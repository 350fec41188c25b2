//! The whole stack: Entra's stand-in and Databricks' in this process, the bridge as a child
//! process, so that it can be killed as power kills it.
//!
//! The bridge's program is the caller's own (see [`bridge_process`]), so that it can never be
//! an older build than the rest.

pub mod bridge_process;
pub mod control;
pub mod once;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mock_databricks::{Limits, MockDatabricks, Options};
use serde_json::{Value, json};

use bridge_process::BridgeProcess;
use control::Control;

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
        }
    }
}

/// A running stack. Dropping it ends everything.
pub struct Stack {
    folder: tempfile::TempDir,
    databricks: MockDatabricks,
    bridge: BridgeProcess,
    control: Control,
    token: String,
}

impl Stack {
    /// Starts everything and waits until it answers.
    ///
    /// # Errors
    ///
    /// One line saying what could not start: a taken port, for instance.
    pub async fn start(options: StackOptions) -> Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
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
        .await?;
        let control = Control::new(databricks.control_url());
        let token = uuid::Uuid::new_v4().simple().to_string();
        let configuration = configuration(&options, &databricks)?;
        for (name, text) in [
            ("entra-token", format!("{token}\n")),
            ("databricks-token", format!("{}\n", databricks.token())),
            ("bridge.toml", configuration),
        ] {
            std::fs::write(folder.path().join(name), text)?;
        }
        let bridge = BridgeProcess::start(&options, folder.path()).await?;
        Ok(Self {
            folder,
            databricks,
            bridge,
            control,
            token,
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
                "token": self.databricks.token(),
            },
        })
    }

    /// Stops the bridge as SIGTERM does, then the rest.
    ///
    /// # Errors
    ///
    /// When the bridge does not stop within ten seconds.
    pub async fn stop(mut self) -> Result<()> {
        self.bridge.terminate().await?;
        self.databricks.shutdown().await;
        Ok(())
    }
}

/// The bridge's configuration: live, paced as the mock is limited, private addresses only.
fn configuration(options: &StackOptions, databricks: &MockDatabricks) -> Result<String> {
    let private: url::Url = databricks.private_url().parse()?;
    let port = private.port().context("the private front end has a port")?;
    let address = private.host_str().context("the private front end has an address")?;
    let (listen, ops) = if options.ephemeral { (0, 0) } else { (8585, 8586) };
    let (host, pace, factor) = (databricks.workspace_host(), options.limits, options.time_factor);
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
token_file = "databricks-token"
mode = "live"
pace = "{pace}"
resolve = ["{address}"]
private_ranges = ["{address}/32"]
ca_file = "ca/ca.pem"

[test]
time_factor = {factor:?}
"#
    ))
}
