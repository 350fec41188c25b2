//! The bridge as the other programs of `compare/` stand beside it: a process of its own that holds so
//! many users, says on one line where it is, and serves until it is told to stop.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use benches::running::{TOKEN, configure, fill, user_name};
use bridge::app::App;
use clap::{Parser, Subcommand};
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
#[command(about = "The bridge for side-by-side measurements")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fill a store with users and serve from it.
    Serve {
        /// A folder for store, certificate and tokens.
        #[arg(long)]
        folder: PathBuf,
        /// Users that the store holds.
        #[arg(long, default_value_t = 1000)]
        users: usize,
    },
    /// How many times a second this disk takes a write for certain.
    Fsyncs {
        /// A folder on that disk.
        #[arg(long)]
        folder: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Serve { folder, users } => tokio::runtime::Runtime::new()?.block_on(serve(folder, users)),
        Command::Fsyncs { folder } => fsyncs(&folder.join("fsync-probe")),
    }
}

async fn serve(folder: PathBuf, users: usize) -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    std::fs::create_dir_all(&folder)?;
    let config = configure(&folder)?;
    fill(&config, users).await?;
    let app = App::open(config).await?;
    let place = json!({
        "url": app.addresses()?.public_url, "token": TOKEN, "ca_file": folder.join("server.pem"),
        "user_name": user_name(users / 2), "pid": std::process::id(),
    });
    println!("{place}");
    std::io::stdout().flush()?;
    // Whoever started it ends it.
    Box::pin(app.run(CancellationToken::new())).await
}

/// Appends small records, each made durable before the next, for two seconds.
#[expect(clippy::disallowed_methods, reason = "a measurement is about real time")]
fn fsyncs(path: &std::path::Path) -> Result<()> {
    let mut file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
    let (began, mut count) = (std::time::Instant::now(), 0_u32);
    while began.elapsed().as_secs_f64() < 2.0 {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    println!("{:.0}", f64::from(count) / began.elapsed().as_secs_f64());
    std::fs::remove_file(path)?;
    Ok(())
}
