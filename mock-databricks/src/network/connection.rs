//! Connections that a fault can cut.
//!
//! A reset must be a real one: the socket is closed with a zero linger time, so that the peer gets a TCP RST and not
//! an orderly end. Handlers reach their connection through a request extension.

use std::future::{Ready, ready};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum_server::accept::Accept;
use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A handle on the connection a request came over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    peer: Option<IpAddr>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    cut: AtomicBool,
    /// Tasks to wake when the connection is cut.
    on_cut: Mutex<Vec<Waker>>,
    flushes: AtomicU64,
    /// A task that waits for a flush.
    on_flush: Mutex<Option<Waker>>,
}

impl Connection {
    /// The address of the other side, unless it is gone already.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Resets the connection: nothing more is read or written, and the peer sees a reset.
    pub(crate) fn cut(&self) {
        self.shared.cut.store(true, Ordering::SeqCst);
        let wakers = std::mem::take(&mut *lock(&self.shared.on_cut));
        wakers.into_iter().for_each(Waker::wake);
    }

    fn is_cut(&self) -> bool {
        self.shared.cut.load(Ordering::SeqCst)
    }

    fn flushes(&self) -> u64 {
        self.shared.flushes.load(Ordering::SeqCst)
    }

    fn flushed(&self) {
        self.shared.flushes.fetch_add(1, Ordering::SeqCst);
        if let Some(waker) = lock(&self.shared.on_flush).take() {
            waker.wake();
        }
    }

    fn wake_when_cut(&self, context: &Context<'_>) {
        let mut wakers = lock(&self.shared.on_cut);
        if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            wakers.push(context.waker().clone());
        }
    }

    /// A body that ends with an error after half of `whole`, once that half is on the wire.
    pub(crate) fn half_of(self, whole: &Bytes) -> Body {
        let mut half = Some(whole.slice(..whole.len() / 2));
        let mut since = None;
        Body::from_stream(futures_util::stream::poll_fn(move |context| {
            if let Some(half) = half.take() {
                return Poll::Ready(Some(Ok::<_, io::Error>(half)));
            }
            *lock(&self.shared.on_flush) = Some(context.waker().clone());
            let now = self.flushes();
            if now > *since.get_or_insert(now) {
                return Poll::Ready(Some(Err(reset())));
            }
            Poll::Pending
        }))
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "cut by a fault")
}

/// Wraps accepted connections; goes inside the TLS acceptor. Also sets `TCP_NODELAY`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CuttableAcceptor;

impl<S> Accept<TcpStream, S> for CuttableAcceptor {
    type Stream = CuttableStream;
    type Service = WithConnection<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, tcp: TcpStream, service: S) -> Self::Future {
        let connection = Connection {
            peer: tcp.peer_addr().ok().map(|peer| peer.ip()),
            ..Connection::default()
        };
        ready(tcp.set_nodelay(true).map(|()| {
            let stream = CuttableStream {
                tcp,
                connection: connection.clone(),
            };
            let service = WithConnection {
                inner: service,
                connection,
            };
            (stream, service)
        }))
    }
}

/// Puts the [`Connection`] into every request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct WithConnection<S> {
    inner: S,
    connection: Connection,
}

impl<S, B> tower::Service<Request<B>> for WithConnection<S>
where
    S: tower::Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.connection.clone());
        self.inner.call(request)
    }
}

/// A TCP stream that stops working when its [`Connection`] is cut.
#[derive(Debug)]
pub(crate) struct CuttableStream {
    tcp: TcpStream,
    connection: Connection,
}

impl CuttableStream {
    /// An error once the connection is cut; else the task is woken when that happens.
    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        self.connection.wake_when_cut(context);
        if self.connection.is_cut() { Err(reset()) } else { Ok(()) }
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_write(context, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        let flushed = Pin::new(&mut self.tcp).poll_flush(context);
        if flushed.is_ready() {
            self.connection.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

impl Drop for CuttableStream {
    fn drop(&mut self) {
        if self.connection.is_cut() {
            // Best effort: without it the peer sees an orderly end instead of a reset.
            let _ = self.tcp.set_zero_linger();
        }
    }
}
