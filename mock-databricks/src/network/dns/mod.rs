//! The DNS a client asks where the workspace is.
//!
//! Split-horizon DNS is what makes Private Link work and what breaks it, so it is served over real packets: the main
//! listener in the view that the control listener sets, a second one always as the world outside sees it.
//!
//! Packets are `hickory-proto`'s, the two small loops our own: `hickory-server` would bring four more crates and a
//! catalogue of zones that are fixed, where here every answer depends on settings of this moment.

pub(crate) mod names;
mod packet;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::Query;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use self::names::{Findings, View};
use self::packet::answer;
use super::listen;
use crate::mock::Mock;
use crate::options::StartError;

/// A TCP peer that says nothing is sent away after this.
const IDLE: Duration = Duration::from_secs(30);
/// A pause after an error of a socket, which may last.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a free port is asked for until it is free for both transports.
const ATTEMPTS: usize = 50;

/// One port, UDP and TCP.
#[derive(Debug)]
pub(crate) struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
}

impl Sockets {
    pub(crate) async fn bind(
        address: SocketAddr,
        what: &'static str,
        option: &'static str,
    ) -> Result<Self, StartError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let tcp = listen::one(address, what, option).await?;
            let bound = tcp.local_addr().unwrap_or(address);
            match UdpSocket::bind(bound).await {
                Ok(udp) => return Ok(Self { udp, tcp }),
                // A port that is free for TCP may be taken for UDP.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 && attempts < ATTEMPTS => {}
                Err(source) => return Err(listen::failed(what, address, option, source)),
            }
        }
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Answers until the mock stops; without a `view`, in the one that is set.
    pub(crate) async fn serve(self, mock: Arc<Mock>, view: Option<View>) {
        let stopping = mock.stopping.clone();
        let both = async {
            tokio::join!(serve_udp(&self.udp, &mock, view), serve_tcp(&self.tcp, &mock, view));
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = both => {}
        }
    }
}

async fn serve_udp(socket: &UdpSocket, mock: &Mock, view: Option<View>) {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, peer)) => {
                if let Some(reply) = mock.dns_answer(&buffer[..length], view) {
                    // A peer that cannot be reached asks again, or not.
                    let _ = socket.send_to(&reply, peer).await;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a DNS packet was not received");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve_tcp(listener: &TcpListener, mock: &Arc<Mock>, view: Option<View>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let mock = Arc::clone(mock);
                tokio::spawn(async move {
                    let stopping = mock.stopping.clone();
                    tokio::select! {
                        () = stopping.cancelled() => {}
                        // However it ended, the peer knows.
                        _ = converse(stream, &mock, view) => {}
                    }
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a DNS connection was not accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Questions and answers, each after its length (RFC 1035 §4.2.2), until the peer has no more.
async fn converse(mut stream: TcpStream, mock: &Mock, view: Option<View>) -> io::Result<()> {
    loop {
        let packet = tokio::time::timeout(IDLE, async {
            let length = stream.read_u16().await?;
            let mut packet = vec![0; usize::from(length)];
            stream.read_exact(&mut packet).await?;
            io::Result::Ok(packet)
        })
        .await??;
        let Some(reply) = mock.dns_answer(&packet, view) else {
            return Ok(());
        };
        let length = u16::try_from(reply.len()).map_err(io::Error::other)?;
        let reply = [&length.to_be_bytes()[..], &reply].concat();
        tokio::time::timeout(IDLE, stream.write_all(&reply)).await??;
    }
}

impl Mock {
    fn dns_answer(&self, packet: &[u8], view: Option<View>) -> Option<Vec<u8>> {
        answer(packet, |query| self.dns_findings(query, view))
    }

    fn dns_findings(&self, query: &Query, view: Option<View>) -> Findings {
        let (set, endpoint) = {
            let shared = self.lock();
            (shared.dns_view, shared.private_link.endpoint)
        };
        let view = view.unwrap_or(set);
        let findings = self.names.find(query.name(), query.query_type(), view, endpoint);
        tracing::debug!(name = %query.name(), kind = %query.query_type(), view = view.name(), code = %findings.code, "DNS");
        findings
    }
}
