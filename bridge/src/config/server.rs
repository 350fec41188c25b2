//! `[server]`: the SCIM endpoint.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::target::{Interval, parse_duration};

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSection {
    /// Address and port to listen on. Port 0 takes a free one. `SCIM_BRIDGE_SERVER_LISTEN`
    pub listen: SocketAddr,
    /// The tenant URL as Entra has it; `Location` and `$ref` begin with it (rule A6). `SCIM_BRIDGE_SERVER_PUBLIC_URL`
    pub public_url: Url,
    /// PEM file with the certificate chain. `SCIM_BRIDGE_SERVER_CERTIFICATE`
    pub certificate: PathBuf,
    /// PEM file with its private key. `SCIM_BRIDGE_SERVER_PRIVATE_KEY`
    pub private_key: PathBuf,
    /// File with the token that Entra sends, or two, a line each. `SCIM_BRIDGE_SERVER_TOKEN_FILE`
    pub token_file: PathBuf,
    /// How long a write waits for its outcome (rule A2). Default `1.5s`; `0s` = never. `SCIM_BRIDGE_SERVER_ACKNOWLEDGE_WITHIN`
    #[serde(default = "acknowledge_within")]
    pub acknowledge_within: Interval,
    /// Writes that may wait at once. Default 64. `SCIM_BRIDGE_SERVER_MAX_WAITING`
    #[serde(default = "max_waiting")]
    pub max_waiting: usize,
    /// Bytes of a request's body. Default 4194304. `SCIM_BRIDGE_SERVER_MAX_BODY_BYTES`
    #[serde(default = "max_body_bytes")]
    pub max_body_bytes: usize,
    /// Resources a page at most. Default 200. `SCIM_BRIDGE_SERVER_MAX_PAGE`
    #[serde(default = "max_page")]
    pub max_page: usize,
    /// Requests worked on at once. Default 512. `SCIM_BRIDGE_SERVER_MAX_IN_FLIGHT`
    #[serde(default = "max_in_flight")]
    pub max_in_flight: usize,
    /// Characters of a filter. Default 8192. `SCIM_BRIDGE_SERVER_MAX_FILTER_LENGTH`
    #[serde(default = "max_filter_length")]
    pub max_filter_length: usize,
    /// Comparisons in a filter. Default 100. `SCIM_BRIDGE_SERVER_MAX_FILTER_TERMS`
    #[serde(default = "max_filter_terms")]
    pub max_filter_terms: usize,
}

fn acknowledge_within() -> Interval {
    parse_duration("1.5s").expect("a constant interval is well formed")
}

const fn max_waiting() -> usize {
    64
}

const fn max_body_bytes() -> usize {
    4 * 1024 * 1024
}

const fn max_page() -> usize {
    200
}

const fn max_in_flight() -> usize {
    512
}

const fn max_filter_length() -> usize {
    8192
}

const fn max_filter_terms() -> usize {
    100
}

impl ServerSection {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.public_url.scheme() != "https" || self.public_url.host_str().is_none() {
            return Err(("public_url", "must begin with https:// and name a host".to_owned()));
        }
        if self.public_url.query().is_some() || self.public_url.fragment().is_some() {
            return Err((
                "public_url",
                "must be without a query; flags belong to Entra's side only".to_owned(),
            ));
        }
        for (key, value) in [
            ("max_page", self.max_page),
            ("max_body_bytes", self.max_body_bytes),
            ("max_in_flight", self.max_in_flight),
            ("max_filter_length", self.max_filter_length),
            ("max_filter_terms", self.max_filter_terms),
        ] {
            if value == 0 {
                return Err((key, "must be larger than 0".to_owned()));
            }
        }
        Ok(())
    }
}
