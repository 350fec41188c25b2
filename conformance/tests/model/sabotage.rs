//! A bridge that is deliberately broken is caught: otherwise a green run would say nothing.

use futures_util::StreamExt;

use super::proxy::Sabotage;
use super::run::betrayed;

/// Worlds in which the checks get their chance.
const CHANCES: u64 = 12;

/// What the checks say of the first world in which they say anything.
async fn caught(sabotage: Sabotage) -> Option<String> {
    let worlds =
        futures_util::stream::iter(1..=CHANCES).map(|seed| async move { (seed, betrayed(seed, sabotage).await) });
    let mut ended = worlds.buffered(4);
    while let Some((seed, ended)) = ended.next().await {
        let (struck, problems) = ended.unwrap();
        assert!(struck || problems.is_empty(), "seed {seed}: {problems:?}");
        if !problems.is_empty() {
            println!("{sabotage:?}: seed {seed}: {problems:#?}");
            return Some(problems.join("\n"));
        }
    }
    None
}

/// Asserts that it is caught, and that the checks say all of this.
async fn assert_caught(sabotage: Sabotage, words: &[&str]) {
    let said = caught(sabotage).await;
    let said = said.unwrap_or_else(|| panic!("{sabotage:?} is not caught in {CHANCES} worlds"));
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[tokio::test]
async fn the_way_between_changes_nothing_by_itself() {
    assert_eq!(caught(Sabotage::None).await, None);
}

#[tokio::test]
async fn a_dropped_removal_is_caught() {
    assert_caught(Sabotage::DropRemoval, &["not equal", "wanted by nobody"]).await;
}

#[tokio::test]
async fn dropped_deactivations_are_caught() {
    let words = ["not equal", "active at Databricks, wanted by nobody"];
    assert_caught(Sabotage::DropDeactivations, &words).await;
}

#[tokio::test]
async fn a_widened_edge_is_caught_in_history_even_if_it_does_not_last() {
    assert_caught(Sabotage::WidenEdge, &["joins", "wanted by nobody (rule B4)"]).await;
}

#[tokio::test]
async fn a_create_sent_twice_is_caught() {
    assert_caught(Sabotage::RepeatCreate, &["is created, but is there"]).await;
}

#[tokio::test]
async fn a_create_under_another_spelling_is_caught() {
    assert_caught(Sabotage::RespellCreate, &["is created, wanted by nobody"]).await;
}
