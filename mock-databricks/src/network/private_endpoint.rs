//! The private front end's door: open, gone, or waiting for approval.
//!
//! An endpoint that waits swallows packets, which a loopback address cannot do; the nearest thing is a connection that
//! is accepted and never answered, not even with a TLS handshake. The door is before TLS for that reason.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum_server::accept::Accept;
use tokio::net::TcpStream;

use super::private_link::PrivateEndpoint;
use crate::history::Listener;
use crate::mock::Mock;

/// Lets connections through to `inner` as the endpoint's state says.
#[derive(Debug, Clone)]
pub(crate) struct Door<A> {
    pub(crate) inner: A,
    pub(crate) mock: Arc<Mock>,
    pub(crate) listener: Listener,
}

type Accepted<T, S> = Pin<Box<dyn Future<Output = io::Result<(T, S)>> + Send>>;

impl<A, S> Accept<TcpStream, S> for Door<A>
where
    A: Accept<TcpStream, S> + Clone + Send + Sync + 'static,
    A::Future: Send,
    S: Send + 'static,
{
    type Stream = A::Stream;
    type Service = A::Service;
    type Future = Accepted<A::Stream, A::Service>;

    fn accept(&self, tcp: TcpStream, service: S) -> Self::Future {
        let endpoint = self.mock.private_endpoint(self.listener);
        let inner = self.inner.clone();
        Box::pin(async move {
            match endpoint {
                PrivateEndpoint::Approved => inner.accept(tcp, service).await,
                PrivateEndpoint::None => {
                    // Without it the peer sees an orderly end instead of a reset.
                    tcp.set_zero_linger()?;
                    Err(closed("there is no private endpoint"))
                }
                PrivateEndpoint::Pending => {
                    swallow(&tcp).await;
                    Err(closed("the private endpoint is not approved"))
                }
            }
        })
    }
}

fn closed(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, why)
}

/// Reads and says nothing until the peer gives up.
async fn swallow(tcp: &TcpStream) {
    let mut buffer = [0; 4096];
    while tcp.readable().await.is_ok() {
        match tcp.try_read(&mut buffer) {
            Ok(length) if length > 0 => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}

impl Mock {
    /// The state of the endpoint a listener is behind; the public front end is behind none, and always open.
    pub(crate) fn private_endpoint(&self, listener: Listener) -> PrivateEndpoint {
        match listener {
            Listener::Private => self.lock().private_link.endpoint,
            Listener::Public | Listener::Azure => PrivateEndpoint::Approved,
        }
    }

    /// Whether a request over a connection that was let in earlier still arrives; one that does not gets no answer.
    pub(crate) async fn still_arrives(&self, listener: Listener) -> bool {
        match self.private_endpoint(listener) {
            PrivateEndpoint::Approved => true,
            PrivateEndpoint::None => false,
            PrivateEndpoint::Pending => {
                self.stopping.cancelled().await;
                false
            }
        }
    }
}
