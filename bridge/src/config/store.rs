//! `[store]`: where desired state is kept.

use std::path::PathBuf;

use serde::Deserialize;

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// The SQLite database file; created when it is not there. `SCIM_BRIDGE_STORE_PATH`
    pub path: PathBuf,
    /// Bytes that must be free on its disk: below that, changes are answered 503 and reads go on (rule D5). Default 268435456. `SCIM_BRIDGE_STORE_MIN_FREE`
    #[serde(default = "min_free")]
    pub min_free: u64,
}

const fn min_free() -> u64 {
    256 * 1024 * 1024
}
