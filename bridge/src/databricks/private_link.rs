//! Reaching the workspace by its private address only (rule E5).
//!
//! Private and public front end share one name; DNS alone decides which one answers.
//! So the check sits in the resolver, on every new connection, where a wrong answer
//! of DNS can still be refused before anything is sent.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::dns;

/// The address ranges that count as private.
#[derive(Debug, Clone)]
pub struct PrivateRanges(Vec<IpNet>);

impl Default for PrivateRanges {
    /// RFC 1918, carrier-grade NAT (RFC 6598) and unique local addresses (RFC 4193).
    fn default() -> Self {
        let ranges = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "fc00::/7",
        ];
        Self(
            ranges
                .iter()
                .map(|range| range.parse().expect("a range of the list is a CIDR"))
                .collect(),
        )
    }
}

impl PrivateRanges {
    /// Exactly these ranges.
    pub const fn new(ranges: Vec<IpNet>) -> Self {
        Self(ranges)
    }

    /// All addresses there are: the check is off.
    pub fn everything() -> Self {
        Self(vec![
            IpNet::V4(ipnet::Ipv4Net::default()),
            IpNet::V6(ipnet::Ipv6Net::default()),
        ])
    }

    /// Whether `address` lies in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(&address))
    }
}

/// The workspace's name led to addresses outside the private ranges.
#[derive(Debug, thiserror::Error)]
#[error("{host} resolves to the public address {address}; expected one in private_ranges")]
pub struct PublicAddress {
    host: String,
    address: IpAddr,
}

/// Resolves names, the workspace's by configuration or DNS and then only to private addresses.
#[derive(Debug, Clone)]
pub struct PrivateResolver {
    workspace_host: String,
    fixed: Vec<IpAddr>,
    dns_server: Option<SocketAddr>,
    ranges: Arc<PrivateRanges>,
}

impl PrivateResolver {
    /// A resolver that sends `workspace_host` to `fixed` where given, else where `dns_server` says, else the machine.
    pub fn new(
        workspace_host: &str,
        fixed: Vec<IpAddr>,
        dns_server: Option<SocketAddr>,
        ranges: PrivateRanges,
    ) -> Self {
        Self {
            // An IPv6 literal stands in brackets in a URL, and is never resolved.
            workspace_host: workspace_host.trim_matches(['[', ']']).to_ascii_lowercase(),
            fixed,
            dns_server,
            ranges: Arc::new(ranges),
        }
    }

    /// All addresses of the workspace's name, private or not, in the order of preference.
    pub(super) async fn addresses(&self) -> Result<Vec<IpAddr>, LookupError> {
        if let Ok(literal) = self.workspace_host.parse() {
            return Ok(vec![literal]);
        }
        if !self.fixed.is_empty() {
            return Ok(self.fixed.clone());
        }
        match self.dns_server {
            Some(server) => Ok(dns::lookup(server, &self.workspace_host).await?),
            None => Ok(by_the_machine(&self.workspace_host).await?),
        }
    }

    /// The ones that may be used.
    pub(super) fn only_private(&self, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, PublicAddress> {
        only_private(&self.workspace_host, found, &self.ranges)
    }
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// The name server of the configuration.
    #[error(transparent)]
    Asked(#[from] dns::DnsError),
    /// The machine's own way.
    #[error(transparent)]
    Machine(#[from] std::io::Error),
}

async fn by_the_machine(host: &str) -> std::io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((host, 0))
        .await?
        .map(|found| found.ip())
        .collect())
}

impl Resolve for PrivateResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let this = self.clone();
        Box::pin(async move {
            let addresses = if host == this.workspace_host {
                this.only_private(this.addresses().await?)?
            } else {
                by_the_machine(&host).await?
            };
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

fn only_private(host: &str, found: Vec<IpAddr>, ranges: &PrivateRanges) -> Result<Vec<IpAddr>, PublicAddress> {
    let (private, public): (Vec<IpAddr>, Vec<IpAddr>) = found.into_iter().partition(|&address| ranges.contain(address));
    match public.first() {
        Some(&address) if private.is_empty() => Err(PublicAddress {
            host: host.to_owned(),
            address,
        }),
        _ => Ok(private),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_ranges_are_the_private_ones() {
        let ranges = PrivateRanges::default();
        for private in ["10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.9", "fd00::1"] {
            assert!(ranges.contain(private.parse().unwrap()), "{private}");
        }
        for public in ["127.0.0.1", "20.42.4.209", "172.32.0.1", "2001:db8::1"] {
            assert!(!ranges.contain(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_name_that_leads_to_a_public_address_is_refused_before_anything_is_sent() {
        let refused = only_private(
            "adb-1.2.azuredatabricks.net",
            vec!["20.42.4.209".parse().unwrap()],
            &PrivateRanges::default(),
        )
        .unwrap_err()
        .to_string();
        assert_eq!(
            refused,
            "adb-1.2.azuredatabricks.net resolves to the public address 20.42.4.209; expected one in private_ranges"
        );
    }

    #[test]
    fn public_addresses_beside_private_ones_are_left_out() {
        let found = vec!["20.42.4.209".parse().unwrap(), "10.0.0.4".parse().unwrap()];
        let kept = only_private("h", found, &PrivateRanges::default()).unwrap();
        assert_eq!(kept, vec!["10.0.0.4".parse::<IpAddr>().unwrap()]);
    }
}
