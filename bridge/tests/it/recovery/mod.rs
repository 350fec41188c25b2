//! What is left when the store is lost: copies of it, and the map of ids.

mod copies;
mod ids;

use std::path::Path;

use bridge::store::{StoreError, read_beside};

/// Whether the store is held, and the revision up to which nothing widens by itself.
fn held(folder: &Path) -> (Option<String>, Option<i64>) {
    let read = read_beside::<_, StoreError, _>(&folder.join("bridge.db"), |store| {
        Ok((store.held()?, store.restored_at_revision()?))
    });
    read.unwrap()
}
