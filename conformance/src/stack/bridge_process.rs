//! The bridge as a child process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::{Child, Command};

use super::StackOptions;

/// The first argument that turns a program of this crate into the bridge.
pub const ARGUMENT: &str = "bridge-process";

/// If the arguments say so, becomes the bridge: `PROGRAM bridge-process serve …` is `scim-bridge serve …`.
pub fn become_bridge(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, first, rest @ ..] = arguments else {
        return None;
    };
    (first == ARGUMENT)
        .then(|| bridge::cli::main(std::iter::once(OsString::from("scim-bridge")).chain(rest.iter().cloned())))
}

/// A running, killed or stopped bridge.
#[derive(Debug)]
pub struct BridgeProcess {
    program: PathBuf,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    json_log: bool,
    child: Option<Child>,
    url: String,
    ops_url: String,
    pid: u32,
}

impl BridgeProcess {
    /// Starts a bridge on `bridge.toml` in `folder` and waits until it answers.
    ///
    /// # Errors
    ///
    /// What the bridge said when it does not start.
    pub async fn start(options: &StackOptions, folder: &Path) -> Result<Self> {
        let mut process = Self {
            program: options.program.clone(),
            environment: options.environment.clone(),
            folder: folder.to_owned(),
            json_log: options.json_log,
            child: None,
            url: String::new(),
            ops_url: String::new(),
            pid: 0,
        };
        process.start_again().await?;
        Ok(process)
    }

    /// The tenant URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The operations listener.
    pub fn ops_url(&self) -> &str {
        &self.ops_url
    }

    /// The number of the running process, or of the last one.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// What the bridge has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("bridge.log")).unwrap_or_default()
    }

    /// Kills it as power does: no signal handler runs.
    ///
    /// # Errors
    ///
    /// When the process cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await.context("the bridge cannot be killed")?;
        }
        Ok(())
    }

    /// Asks it to stop and waits; it must be gone within ten seconds, with exit code 0.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub async fn terminate(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let asked = Command::new("kill")
            .arg("-TERM")
            .arg(self.pid.to_string())
            .status()
            .await?;
        if !asked.success() {
            bail!("the bridge cannot be signalled");
        }
        let ended = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
        let status = ended.context("the bridge did not stop within ten seconds")??;
        if !status.success() {
            bail!("the bridge stopped with {status}");
        }
        Ok(())
    }

    /// Starts it again on the same store and the same ports.
    ///
    /// # Errors
    ///
    /// What the bridge said when it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        let ready = self.folder.join("ready.json");
        let _ = std::fs::remove_file(&ready);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("bridge.log"))?;
        let mut command = Command::new(&self.program);
        command
            .arg(ARGUMENT)
            .arg("serve")
            .arg("--config")
            .arg(self.folder.join("bridge.toml"));
        command.arg("--ready-file").arg(&ready);
        if self.json_log {
            command.args(["--log", "json"]);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().context("the bridge's process cannot be started")?;
        self.pid = child.id().unwrap_or_default();
        let answers = wait_for(&ready, &mut child).await;
        let Some(told) = answers? else {
            let log = self.log();
            let last = log
                .lines()
                .rev()
                .find(|line| line.starts_with("scim-bridge: "))
                .unwrap_or("it ended");
            bail!(
                "the bridge does not start: {}",
                last.trim_start_matches("scim-bridge: ")
            );
        };
        self.url = text(&told["bridge"]["url"]);
        self.ops_url = text(&told["bridge"]["ops_url"]);
        self.child = Some(child);
        self.keep_ports()
    }

    /// A client knows the bridge by its port: write the ones it took into its configuration.
    fn keep_ports(&self) -> Result<()> {
        let path = self.folder.join("bridge.toml");
        let config = std::fs::read_to_string(&path)?;
        let port = |url: &str| -> Result<u16> { url::Url::parse(url)?.port().context("a URL with a port") };
        let (scim, ops) = (port(&self.url)?, port(&self.ops_url)?);
        let mut listeners = [scim, ops].into_iter();
        let lines: Vec<String> = config
            .lines()
            .map(|line| match line {
                "listen = \"127.0.0.1:0\"" => listeners
                    .next()
                    .map_or_else(String::new, |port| format!("listen = \"127.0.0.1:{port}\"")),
                line => line.replace("https://localhost:0/", &format!("https://localhost:{scim}/")),
            })
            .collect();
        std::fs::write(path, format!("{}\n", lines.join("\n")))?;
        Ok(())
    }
}

/// The ready file once it is there; `None` when the process ends first.
async fn wait_for(ready: &Path, child: &mut Child) -> Result<Option<Value>> {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let waiting = async {
        loop {
            ticks.tick().await;
            if let Ok(text) = std::fs::read_to_string(ready) {
                return Ok(Some(serde_json::from_str(&text)?));
            }
            if child.try_wait()?.is_some() {
                return Ok(None);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting)
        .await
        .context("the bridge did not get ready")?
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
