//! Every recorded sequence that is meant for a server, against the bridge.

use std::path::Path;

use mock_entra::replay::{Outcome, Sequence, corpus, play};
use mock_entra::wire::Dialect;

use super::scene::{PROGRAM, quick};
use conformance::stack::{Stack, StackOptions};

/// How many files there are, and how many of them are scripts for the client alone.
const FILES: usize = 96;
const SCRIPTED: usize = 9;

#[tokio::test]
async fn every_sequence_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mock-entra/sequences");
    let files = corpus(&folder).unwrap();
    assert_eq!(files.len(), FILES, "a sequence was added or lost");
    let stack = Stack::start(StackOptions {
        // What is compared is the bridge's answers; Databricks follows in its own time.
        environment: vec![("SCIM_BRIDGE_SERVER_ACKNOWLEDGE_WITHIN".to_owned(), "0s".to_owned())],
        ..StackOptions {
            program: PROGRAM.into(),
            ..quick()
        }
    })
    .await
    .unwrap();
    let connection = stack.connection(Dialect::Legacy);
    let (mut held, mut skipped, mut wrong) = (0, 0, Vec::new());
    for file in files {
        let sequence = Sequence::load(&file).unwrap();
        let report = play(&sequence, &connection).await.unwrap();
        match report.outcome {
            Outcome::Held => held += 1,
            Outcome::Skipped(_) => skipped += 1,
            other => wrong.push(format!("{}: {other:?}", report.slug)),
        }
        assert!(report.left_over.is_empty(), "{}: {:?}", report.slug, report.left_over);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((held, skipped), (FILES - SCRIPTED, SCRIPTED));
}
