//! A bridge that is deliberately broken is caught: otherwise a green run would say nothing.

use futures_util::StreamExt;

use super::proxy::Sabotage;
use super::run::betrayed;

/// Worlds in which the checks get their chance.
const CHANCES: u64 = 12;

/// What the checks say in all worlds together. A world that is not betrayed must be right.
async fn said(sabotage: Sabotage) -> String {
    let worlds =
        futures_util::stream::iter(1..=CHANCES).map(|seed| async move { (seed, betrayed(seed, sabotage).await) });
    let mut ended = worlds.buffer_unordered(6);
    let (mut struck, mut caught, mut said) = (0, 0, String::new());
    while let Some((seed, ended)) = ended.next().await {
        let (is_betrayed, problems) = ended.unwrap();
        assert!(is_betrayed || problems.is_empty(), "seed {seed}: {problems:?}");
        struck += usize::from(is_betrayed);
        caught += usize::from(!problems.is_empty());
        said.extend(problems.into_iter().map(|problem| problem + "\n"));
    }
    println!("{sabotage:?}: in {struck} of {CHANCES} worlds, caught in {caught}\n{said}");
    said
}

/// Asserts that it is caught, and that the checks say all of this.
async fn assert_caught(sabotage: Sabotage, words: &[&str]) {
    let said = said(sabotage).await;
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[tokio::test]
async fn the_way_between_changes_nothing_by_itself() {
    assert_eq!(said(Sabotage::None).await, "");
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
async fn a_widened_edge_is_caught_in_state_and_in_history() {
    let words = ["is a member, wanted by nobody", "joins", "wanted by nobody (rule B4)"];
    assert_caught(Sabotage::WidenEdge, &words).await;
}

#[tokio::test]
async fn a_create_sent_twice_is_caught() {
    assert_caught(Sabotage::RepeatCreate, &["is created, but is there"]).await;
}

#[tokio::test]
async fn a_create_under_another_spelling_is_caught() {
    assert_caught(
        Sabotage::RespellCreate,
        &["active at Databricks, wanted by nobody", "is created, wanted by nobody"],
    )
    .await;
}
