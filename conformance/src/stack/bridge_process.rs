//! The bridge as a child process.
//!
//! Its standard input is its lifeline: nothing is written to it, and when it ends, because we close it or because we are
//! gone, the bridge stops as SIGTERM stops it. So no way to die leaves a bridge behind.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Mutex;

use super::StackOptions;

/// The first argument that turns a program of this crate into the bridge.
pub const ARGUMENT: &str = "bridge-process";

/// If the arguments say so, becomes the bridge: `PROGRAM bridge-process serve …` is `scim-bridge serve …`.
pub fn become_bridge(arguments: &[OsString]) -> Option<ExitCode> {
    let [_, first, rest @ ..] = arguments else {
        return None;
    };
    (first == ARGUMENT).then(|| {
        std::thread::spawn(stop_at_the_end_of_input);
        bridge::cli::main(std::iter::once(OsString::from("scim-bridge")).chain(rest.iter().cloned()))
    })
}

fn stop_at_the_end_of_input() {
    // An error is as good as the end.
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    stop_this_process();
}

#[cfg(unix)]
fn stop_this_process() {
    use rustix::process::{Signal, getpid, kill_process};
    // A process may always signal itself.
    let _ = kill_process(getpid(), Signal::TERM);
}

/// There is no signal to send: it ends as power ends it, which its store survives.
#[cfg(not(unix))]
fn stop_this_process() {
    std::process::exit(0);
}

/// A running, killed or stopped bridge.
#[derive(Debug)]
pub struct BridgeProcess {
    program: PathBuf,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    json_log: bool,
    /// Behind a lock, so that its end can be waited for while the rest is in use.
    child: Mutex<Option<Child>>,
    lifeline: Option<ChildStdin>,
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
            child: Mutex::default(),
            lifeline: None,
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
        if let Some(mut child) = self.child.get_mut().take() {
            child.kill().await.context("the bridge cannot be killed")?;
        }
        Ok(())
    }

    /// Resolves when it ends without having been asked to.
    ///
    /// # Errors
    ///
    /// When the system does not say how it ended.
    pub async fn ended(&self) -> Result<ExitStatus> {
        match self.child.lock().await.as_mut() {
            Some(child) => Ok(child.wait().await?),
            None => std::future::pending().await,
        }
    }

    /// Asks it to stop and waits; it must be gone within ten seconds, with exit code 0.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub async fn terminate(&mut self) -> Result<()> {
        let Some(mut child) = self.child.get_mut().take() else {
            return Ok(());
        };
        self.lifeline = None;
        let ended = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
        let status = ended.context("the bridge did not stop within ten seconds")??;
        if !status.success() {
            return Err(ended_with(status));
        }
        Ok(())
    }

    /// Starts it again on the same store and kills it after this long, whether it answers by then or not.
    ///
    /// # Errors
    ///
    /// When there is no process to be started or killed; what the bridge said when it ended by itself.
    pub async fn killed_while_starting(&mut self, after: Duration) -> Result<()> {
        let (mut child, lifeline) = self.spawn()?;
        if let Ok(ended) = tokio::time::timeout(after, child.wait()).await {
            return Err(ended_with(ended?));
        }
        child.kill().await.context("the bridge cannot be killed")?;
        drop(lifeline);
        Ok(())
    }

    /// Starts it again on the same store and the same ports.
    ///
    /// # Errors
    ///
    /// What the bridge said when it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        let (mut child, lifeline) = self.spawn()?;
        self.pid = child.id().unwrap_or_default();
        self.lifeline = lifeline;
        let answers = wait_for(&self.ready_file(), &mut child).await;
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
        *self.child.get_mut() = Some(child);
        self.keep_ports()
    }

    /// Lets the next start take free ports: while the bridge is down another program may get the ones it had.
    ///
    /// # Errors
    ///
    /// When the configuration cannot be read or written.
    pub fn give_up_ports(&self) -> Result<()> {
        let path = self.folder.join("bridge.toml");
        let mut config = std::fs::read_to_string(&path)?;
        for url in [&self.url, &self.ops_url] {
            let port = url::Url::parse(url)?.port().context("a URL with a port")?;
            config = config.replace(&format!("listen = \"127.0.0.1:{port}\""), "listen = \"127.0.0.1:0\"");
            config = config.replace(&format!("https://localhost:{port}/"), "https://localhost:0/");
        }
        std::fs::write(path, config)?;
        Ok(())
    }

    fn ready_file(&self) -> PathBuf {
        self.folder.join("ready.json")
    }

    /// A new process and what keeps it alive.
    fn spawn(&self) -> Result<(Child, Option<ChildStdin>)> {
        let _ = std::fs::remove_file(self.ready_file());
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
        command.arg("--ready-file").arg(self.ready_file());
        if self.json_log {
            command.args(["--log", "json"]);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().context("the bridge's process cannot be started")?;
        // Out of the child's hands: waiting for the child would close it.
        let lifeline = child.stdin.take();
        Ok((child, lifeline))
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

/// What to say of a bridge that ended as it should not.
pub(super) fn ended_with(status: ExitStatus) -> anyhow::Error {
    anyhow!("the bridge ended with {status}")
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
