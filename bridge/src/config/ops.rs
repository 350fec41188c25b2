//! `[ops]`: the operations listener.

use std::net::SocketAddr;

use serde::Deserialize;

/// `[ops]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpsSection {
    /// Loopback address and port of health, metrics and console. Default `127.0.0.1:8586`. Port 0 takes a free one. `SCIM_BRIDGE_OPS_LISTEN`
    #[serde(default = "listen")]
    pub listen: SocketAddr,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8586))
}

impl Default for OpsSection {
    fn default() -> Self {
        Self { listen: listen() }
    }
}

impl OpsSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        Err((
            "listen",
            "must be a loopback address such as 127.0.0.1:8586 (rule F)".to_owned(),
        ))
    }
}
