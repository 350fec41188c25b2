//! `[store]`: where desired state is kept.

use std::path::PathBuf;

use serde::Deserialize;

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// The SQLite database file; created when it is not there. `SCIM_BRIDGE_STORE_PATH`
    pub path: PathBuf,
}
