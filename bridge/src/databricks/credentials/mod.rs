//! How the bridge proves who it is at Databricks. A personal access token for now.

mod pat;

pub use pat::PatFile;
