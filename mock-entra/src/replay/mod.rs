//! Plays recorded sequences against a tenant URL and compares the answers.
//!
//! A sequence file holds requests as they are on the wire and the answers the client can live
//! with. Before a step, what it presupposes is created from the file's `given`; ids in the file
//! are placeholders, mapped onto the server's as they become known; at the end everything made
//! is deleted. Its one surprise: a sequence whose answers are failures is not played at all, because
//! it is a script for a double of the server and tests the client ([`Sequence::scripted`]).
//!
//! A path is sent as the file has it, also with a raw `"` in its query, which no HTTP library sends.

mod compare;
mod file;
mod ids;
mod play;
mod seed;

use std::path::{Path, PathBuf};

pub use self::{
    compare::Difference,
    file::{
        Adapted, Evidence, Given, Sequence, SequenceDialect, SequenceError, SequenceRequest, SequenceResponse, Step,
    },
    ids::Ids,
    play::{Mismatch, Outcome, ReplayReport, play},
};

/// The sequence files of a folder, by name.
///
/// # Errors
///
/// [`SequenceError::Unreadable`] if the folder cannot be read.
pub fn corpus(folder: &Path) -> Result<Vec<PathBuf>, SequenceError> {
    let unreadable = |cause| SequenceError::Unreadable {
        file: folder.to_owned(),
        cause,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
