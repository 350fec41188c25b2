//! `scim-bridge serve`.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::ConfigArgument;
use crate::app::{App, write_whole};
use crate::config::Config;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    config: ConfigArgument,
    /// Take free ports and a store that is gone afterwards.
    #[arg(long)]
    ephemeral: bool,
    /// Write addresses and process number to this file once everything answers.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    pub(super) fn run(self) -> Result<()> {
        let mut config = Config::load(&self.config.config)?;
        let temporary = self.ephemeral.then(tempfile::tempdir).transpose()?;
        if let Some(directory) = &temporary {
            config.store.path = directory.path().join("bridge.db");
            config.server.listen.set_port(0);
            config.ops.listen.set_port(0);
            let _ = config.server.public_url.set_port(Some(0));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        let served = runtime.block_on(self.serve(config));
        // A name that is being resolved cannot be interrupted, and is not worth waiting for (rule D6).
        runtime.shutdown_timeout(Duration::from_millis(500));
        served
    }

    async fn serve(&self, config: Config) -> Result<()> {
        let store = config.store.path.clone();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let signals = stop_signal()?;
        if let Some(path) = &self.ready_file {
            // Nobody may take what an earlier run left for ours.
            remove(path).with_context(|| format!("--ready-file {}", path.display()))?;
        }
        tokio::spawn(async move {
            signals.await;
            tracing::info!("stopping");
            stopping.cancel();
        });
        let app = App::open(config).await?;
        let addresses = app.addresses()?;
        tracing::info!(scim = %addresses.public_url, ops = %addresses.ops_url, store = %store.display(), "scim-bridge serves");
        let running = tokio::spawn(app.run(stop));
        if let Some(path) = &self.ready_file {
            let config = std::path::absolute(&self.config.config)?;
            let ready = json!({ "bridge": {
                "url": addresses.public_url,
                "ops_url": addresses.ops_url,
                "pid": std::process::id(),
                "config": config,
                "store": store,
            }});
            write_whole(path, &format!("{ready:#}\n")).with_context(|| format!("--ready-file {}", path.display()))?;
        }
        let result = running.await.context("the bridge ended abnormally")?;
        tracing::info!("stopped");
        result
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Completes when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
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

/// Completes when the process is asked to stop.
#[cfg(windows)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let (mut c, mut brk) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut shutdown) = (ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = c.recv() => {}
            _ = brk.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
