//! Starting again: certificates stay, the workspace does not.

use std::net::SocketAddr;

use mock_databricks::{Limits, MockDatabricks, Options, StartError};
use serde_json::json;

use crate::support::{World, address};

fn options(dir: &std::path::Path, seed: u64) -> Options {
    Options {
        limits: Limits::Off,
        ca_dir: Some(dir.to_owned()),
        seed: Some(seed),
        ..Options::ephemeral()
    }
}

#[tokio::test]
async fn the_same_seed_and_folder_give_the_same_token_ids_and_authority() {
    let dir = tempfile::tempdir().unwrap();
    let first = World::with(options(dir.path(), 5)).await;
    let (token, id) = (first.mock.token().to_owned(), first.user("a@example.com").await);
    let ca = std::fs::read(first.mock.ca_file()).unwrap();
    assert_eq!(first.mock.ca_dir(), dir.path());
    first.mock.shutdown().await;
    let second = World::with(options(dir.path(), 5)).await;
    assert_eq!(second.mock.token(), token);
    assert_eq!(std::fs::read(second.mock.ca_file()).unwrap(), ca);
    assert_eq!(second.state().await["users"].as_array().unwrap().len(), 1);
    assert_eq!(second.user("a@example.com").await, id);
    let third = World::with(options(dir.path(), 6)).await;
    assert_ne!(third.mock.token(), token);
}

#[tokio::test]
async fn a_token_can_be_chosen() {
    let options = Options {
        token: Some("dapi-chosen".to_owned()),
        ..Options::ephemeral()
    };
    let world = World::with(options).await;
    assert_eq!(world.mock.token(), "dapi-chosen");
    world.get("/Me").await.ok(200);
}

#[tokio::test]
async fn a_stopped_or_dropped_mock_frees_its_ports() {
    // On addresses of its own: nobody else can take the ports while they are free.
    let own = |last: u8| SocketAddr::from(([127, 0, 0, last], 0));
    let world = World::with(Options {
        limits: Limits::Off,
        listen_private: own(3),
        listen_public: own(4),
        control: own(3),
        dns: own(3),
        dns_outside: own(4),
        azure: own(4),
        ..Options::default()
    })
    .await;
    let fixed = |world: &World| Options {
        listen_private: address(&world.mock.private_url()),
        listen_public: address(&world.mock.public_url()),
        control: address(&world.mock.control_url()),
        dns: world.mock.dns(),
        dns_outside: world.mock.dns_outside(),
        azure: address(&world.mock.azure_url()),
        ..Options::default()
    };
    let options = fixed(&world);
    let taken = MockDatabricks::start(options.clone()).await.unwrap_err();
    let expected = format!(
        "cannot listen on {} (private front end): the port is taken; choose another with --listen-private",
        options.listen_private
    );
    assert_eq!(taken.to_string(), expected);
    assert!(matches!(taken, StartError::Taken { .. }));
    world.mock.shutdown().await;
    let again = World::with(options.clone()).await;
    again.post("/Users", json!({"userName": "a@example.com"})).await.ok(201);
    let ca_dir = again.mock.ca_dir().to_owned();
    drop(again);
    assert!(!ca_dir.exists());
    crate::support::eventually("the ports", async || MockDatabricks::start(options.clone()).await.ok()).await;
}
