//! Binding two addresses on one port.
//!
//! Only the address tells the private front end from the public one, as DNS decides for a real workspace; so both
//! must get the same port. Where 127.0.0.2 cannot be bound (only Linux has all of 127/8), 127.0.0.1 and `::1` do.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::options::StartError;

/// The private default address.
pub(crate) const PRIVATE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// The public default address.
pub(crate) const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How often a free port is asked for until it is free on both addresses.
const ATTEMPTS: usize = 50;

/// Where the listeners that clients meet really listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) private: SocketAddr,
    pub(crate) public: SocketAddr,
    /// DNS in the view that is set.
    pub(crate) dns: SocketAddr,
    /// DNS as seen from outside.
    pub(crate) dns_outside: SocketAddr,
}

/// The two front ends' sockets, on one port.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) private: TcpListener,
    pub(crate) public: TcpListener,
}

/// Binds both front ends; falls back to 127.0.0.1 and `::1` if `private` is 127.0.0.2 and cannot be had.
pub(crate) async fn pair(private: SocketAddr, public: SocketAddr) -> Result<Pair, StartError> {
    if private.port() != public.port() {
        return Err(StartError::PortsDiffer { private, public });
    }
    let fallback = (private.ip() == PRIVATE && public.ip() == PUBLIC).then(|| {
        let port = private.port();
        let private = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        (private, SocketAddr::from((Ipv6Addr::LOCALHOST, port)))
    });
    pair_or(private, public, fallback).await
}

async fn pair_or(
    private: SocketAddr,
    public: SocketAddr,
    fallback: Option<(SocketAddr, SocketAddr)>,
) -> Result<Pair, StartError> {
    match bind_pair(private, public).await {
        Err(StartError::Listen { source, .. })
            if source.kind() == ErrorKind::AddrNotAvailable && fallback.is_some() =>
        {
            let (private, public) = fallback.expect("just checked");
            tracing::info!(%private, %public, "the private address cannot be bound here, using the fallback");
            bind_pair(private, public).await
        }
        result => result,
    }
}

async fn bind_pair(private: SocketAddr, public: SocketAddr) -> Result<Pair, StartError> {
    const PRIVATE_FRONT: &str = "private front end";
    const PUBLIC_FRONT: &str = "public front end";
    let mut attempts = 0;
    loop {
        attempts += 1;
        let first = one(private, PRIVATE_FRONT, "--listen-private").await?;
        let port = first
            .local_addr()
            .map_err(|source| failed(PRIVATE_FRONT, private, "--listen-private", source))?
            .port();
        let second = SocketAddr::new(public.ip(), port);
        match one(second, PUBLIC_FRONT, "--listen-public").await {
            Ok(public) => {
                return Ok(Pair { private: first, public });
            }
            // A free port of one address may be taken on the other.
            Err(StartError::Taken { .. }) if private.port() == 0 && attempts < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
}

/// Binds one address for `what`.
pub(crate) async fn one(
    address: SocketAddr,
    what: &'static str,
    option: &'static str,
) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| failed(what, address, option, source))
}

pub(super) fn failed(what: &'static str, address: SocketAddr, option: &'static str, source: io::Error) -> StartError {
    if source.kind() == ErrorKind::AddrInUse {
        StartError::Taken { what, address, option }
    } else {
        StartError::Listen { what, address, source }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{pair, pair_or};
    use crate::options::StartError;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[tokio::test]
    async fn both_front_ends_share_a_free_port() {
        let pair = pair(address("127.0.0.2:0"), address("127.0.0.1:0")).await.unwrap();
        let (private, public) = (pair.private.local_addr().unwrap(), pair.public.local_addr().unwrap());
        assert_eq!(private.port(), public.port());
        assert_ne!(private.ip(), public.ip());
    }

    #[tokio::test]
    async fn an_address_this_machine_lacks_gives_way_to_the_fallback() {
        // 192.0.2.1 is reserved for documentation and assigned nowhere (RFC 5737).
        let fallback = (address("127.0.0.1:0"), address("[::1]:0"));
        let pair = pair_or(address("192.0.2.1:0"), address("127.0.0.1:0"), Some(fallback))
            .await
            .unwrap();
        assert_eq!(pair.private.local_addr().unwrap().ip(), fallback.0.ip());
        assert_eq!(pair.public.local_addr().unwrap().ip(), fallback.1.ip());
        let error = pair_or(address("192.0.2.1:0"), address("127.0.0.1:0"), None)
            .await
            .unwrap_err();
        assert!(matches!(error, StartError::Listen { .. }));
    }

    #[tokio::test]
    async fn different_ports_are_refused() {
        let error = pair(address("127.0.0.2:1"), address("127.0.0.1:2")).await.unwrap_err();
        assert!(matches!(error, StartError::PortsDiffer { .. }));
    }
}
