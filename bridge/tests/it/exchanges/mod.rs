//! Recorded exchanges with Databricks, Entra and the metadata service, played through the real client: what it sends is
//! what the recording sends, and each answer means what it should.
//!
//! Ids such as `abc`, which stand in recordings of test servers only, are played as numbers. What the client never asks
//! (PUT, account level, other forms of a PATCH) is played for its answer alone.

mod player;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

use player::Played;
use table::{Row, Sent};

/// Recordings, and exchanges of them that are played.
const FILES: usize = 53;
const EXCHANGES: usize = 72;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/exchanges/recorded")
}

#[test]
fn no_recording_is_lost_and_none_is_left_out() {
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let played: BTreeSet<String> = table::rows().iter().map(|row| row.file.to_owned()).collect();
    assert_eq!(there, played);
    assert_eq!((there.len(), table::rows().len()), (FILES, EXCHANGES));
}

#[tokio::test]
async fn every_recorded_exchange_is_sent_and_understood() {
    let mut wrong = Vec::new();
    for row in table::rows() {
        let played = player::play(&folder(), &row).await;
        wrong.extend(differences(&row, &played));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn differences(row: &Row, played: &Played) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, expected: &str, found: &str| {
        if expected != found {
            wrong.push(format!(
                "{} [{}] {what}:\n  expected {expected}\n  found    {found}",
                row.file, row.exchange
            ));
        }
    };
    same("concluded", row.concluded, &played.concluded);
    let (recorded, sent) = (&played.recorded, &played.sent);
    match row.sent {
        Sent::Same => {
            same("method and path", &recorded.line, &sent.line);
            same("body", &recorded.body, &sent.body);
            same("content type", &recorded.content_type, &sent.content_type);
        }
        Sent::Body => same("body", &recorded.body, &sent.body),
        Sent::Other => {}
    }
    wrong
}
