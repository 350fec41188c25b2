//! `[server]`: the SCIM endpoint.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::target::{Interval, parse_duration};
use crate::server::DEEPEST;

/// What a bulk request with a manager in an extension needs.
const SHALLOWEST: usize = 8;

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
    /// Objects and lists of a body inside one another, at most 100. Default 64. `SCIM_BRIDGE_SERVER_MAX_JSON_DEPTH`
    #[serde(default = "max_json_depth")]
    pub max_json_depth: usize,
    /// Values of a body: objects, lists, strings, numbers, booleans, nulls. Default 200000. `SCIM_BRIDGE_SERVER_MAX_JSON_VALUES`
    #[serde(default = "max_json_values")]
    pub max_json_values: usize,
    /// Operations of a bulk request. Default 1000. `SCIM_BRIDGE_SERVER_MAX_BULK_OPERATIONS`
    #[serde(default = "max_bulk_operations")]
    pub max_bulk_operations: usize,
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
    /// How long a new connection may take for the TLS handshake, and again for the head of its first request. Default `30s`. `SCIM_BRIDGE_SERVER_HEADER_TIMEOUT`
    #[serde(default = "half_a_minute")]
    pub header_timeout: Interval,
    /// How long the body of a request may take. Default `30s`. `SCIM_BRIDGE_SERVER_BODY_TIMEOUT`
    #[serde(default = "half_a_minute")]
    pub body_timeout: Interval,
    /// How long a connection is kept open without a whole further request head; on HTTP/2, how often a silent client is asked whether it is still there. Default `2m`. `SCIM_BRIDGE_SERVER_IDLE_TIMEOUT`
    #[serde(default = "two_minutes")]
    pub idle_timeout: Interval,
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

const fn max_json_depth() -> usize {
    64
}

const fn max_json_values() -> usize {
    200_000
}

const fn max_bulk_operations() -> usize {
    1000
}

const fn half_a_minute() -> Interval {
    Interval(Duration::from_secs(30))
}

const fn two_minutes() -> Interval {
    Interval(Duration::from_mins(2))
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
            ("max_json_values", self.max_json_values),
            ("max_bulk_operations", self.max_bulk_operations),
            ("max_in_flight", self.max_in_flight),
            ("max_filter_length", self.max_filter_length),
            ("max_filter_terms", self.max_filter_terms),
        ] {
            if value == 0 {
                return Err((key, "must be larger than 0".to_owned()));
            }
        }
        if self.max_json_depth < SHALLOWEST || self.max_json_depth > DEEPEST {
            return Err(("max_json_depth", format!("must be between {SHALLOWEST} and {DEEPEST}")));
        }
        for (key, interval) in [
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
            ("idle_timeout", self.idle_timeout),
        ] {
            if interval.0.is_zero() {
                return Err((key, "must be longer than 0s".to_owned()));
            }
        }
        Ok(())
    }
}
