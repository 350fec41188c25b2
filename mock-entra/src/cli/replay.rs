//! `replay`.

use std::path::PathBuf;

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
            for file in replay::corpus(file)? {
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
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        show::replays(&reports);
    }
    Ok(reports.iter().all(ReplayReport::is_good))
}
