//! `replay`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use mock_entra::replay::{self, ReplayReport, Sequence};

use super::{Done, connection::ConnectionArguments, show};

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// Sequence files, or folders of them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print the reports as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: ReplayArguments) -> Done {
    let mut sequences = Vec::new();
    for file in &arguments.files {
        if file.is_dir() {
            let files = replay::corpus(file)?;
            if files.is_empty() {
                bail!(
                    "{}: holds no sequence; give a folder of .json files or the files themselves",
                    file.display()
                );
            }
            for file in files {
                sequences.push(Sequence::load(&file)?);
            }
        } else {
            sequences.push(Sequence::load(file)?);
        }
    }
    let connection = arguments.connection.connection()?;
    let bar = show::Bar::start();
    let mut reports = Vec::new();
    for (done, sequence) in sequences.iter().enumerate() {
        bar.count("sequences", done, sequences.len());
        reports.push(replay::play(sequence, &connection).await?);
    }
    bar.finish();
    if arguments.json {
        say!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        show::replays(&reports);
    }
    Ok(reports.iter().all(ReplayReport::is_good))
}
