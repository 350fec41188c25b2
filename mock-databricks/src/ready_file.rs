//! The ready file: addresses and the token of a running mock, for scripts that wait for it.

use std::io::{self, Write};
use std::path::Path;

use mock_databricks::MockDatabricks;
use serde_json::{Value, json};

/// What the file holds.
pub(crate) fn content(mock: &MockDatabricks) -> Value {
    json!({
        "ca_file": mock.ca_file(),
        "databricks": {
            "workspace_host": mock.workspace_host(),
            "private_url": mock.private_url(),
            "public_url": mock.public_url(),
            "control_url": mock.control_url(),
            "dns": mock.dns(),
            "dns_outside": mock.dns_outside(),
            "azure_url": mock.azure_url(),
            "token": mock.token(),
            "account_id": mock.account_id(),
            "account_host": mock.account_host(),
            "account_token": mock.account_token(),
            "oauth": {"client_id": mock.client_id(), "client_secret": mock.oauth_secret()},
            "entra": {
                "tenant_id": mock.tenant_id(),
                "client_id": mock.client_id(),
                "client_secret": mock.entra_secret(),
                "resource_id": mock.resource_id(),
                "identity_header": mock.identity_header(),
            },
        },
    })
}

/// Removes what an earlier run left, so that nobody takes it for ours.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes the file whole or not at all.
pub(crate) fn write(path: &Path, content: &Value) -> io::Result<()> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
    writeln!(temporary, "{content:#}")?;
    temporary.persist(path)?;
    Ok(())
}
