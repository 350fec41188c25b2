//! Raw quotes in a request line: `GET /scim/Users?filter=userName+eq+"…"`.
//!
//! RFC 3986 §2 wants them encoded, but Entra's validator listings show them as they are, and the HTTP
//! library refuses such a line before any code of ours sees it. So the bytes of HTTP/1.1 pass through
//! here first, and in request lines a quote becomes `%22`. Everything else passes as it came.
//!
//! To know where a request line begins one has to know where the body before it ends. Only a plain
//! `Content-Length` is followed; whatever else frames a body, and HTTP/2, ends the rewriting for the
//! rest of the connection. So a body is never touched.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of one header line that are looked at; a longer one ends the rewriting.
const LONGEST_HEADER: usize = 16 * 1024;

/// What is read at once while a head is looked at.
const READ: usize = 4096;

/// Rewrites the request lines of every stream that another acceptor accepts.
#[derive(Debug, Clone)]
pub struct RawQuotesAcceptor<A>(pub A);

impl<I, S, A> Accept<I, S> for RawQuotesAcceptor<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = RawQuotes<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            Ok((RawQuotes::new(stream), service))
        })
    }
}

/// A stream whose request lines hold no raw quotes.
#[derive(Debug)]
pub struct RawQuotes<S> {
    stream: S,
    place: Place,
    /// Rewritten, and not yet handed on.
    ready: Vec<u8>,
    handed_on: usize,
}

/// Where in a connection the next byte stands.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In a request line, of which so many bytes have passed; the first few are kept.
    Line { passed: usize, first: [u8; 4] },
    /// In the header lines after it; the present one so far, and what the others said of the body.
    Header { line: Vec<u8>, body: Option<u64> },
    /// In a body, with so many bytes to come.
    Body(u64),
    /// Somewhere where nothing is rewritten any more.
    Beyond,
}

const BEGIN: Place = Place::Line {
    passed: 0,
    first: [0; 4],
};

impl Place {
    /// Takes the bytes of a head to `out`, up to the end of `bytes` or of the head; tells how many.
    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            match self {
                Self::Body(_) | Self::Beyond => return at,
                Self::Line { passed, first } => {
                    if let Some(place) = first.get_mut(*passed) {
                        *place = byte;
                    }
                    *passed += 1;
                    if byte == b'"' {
                        out.extend_from_slice(b"%22");
                    } else {
                        out.push(byte);
                    }
                    if byte == b'\n' {
                        *self = match &*first {
                            // The preface of HTTP/2 (RFC 9113 §3.4).
                            b"PRI " => Self::Beyond,
                            // A blank line before the request line (RFC 9112 §2.2).
                            [b'\r', b'\n', ..] | [b'\n', ..] => BEGIN,
                            _ => Self::Header {
                                line: Vec::new(),
                                body: None,
                            },
                        };
                    }
                }
                Self::Header { line, body } => {
                    out.push(byte);
                    if byte != b'\n' {
                        line.push(byte);
                        if line.len() > LONGEST_HEADER {
                            *self = Self::Beyond;
                        }
                        continue;
                    }
                    let is_end = line.iter().all(|byte| *byte == b'\r');
                    *self = match (is_end, says(line, *body)) {
                        (true, _) => match *body {
                            None | Some(0) => BEGIN,
                            Some(length) => Self::Body(length),
                        },
                        (false, Ok(body)) => Self::Header { line: Vec::new(), body },
                        (false, Err(Unclear)) => Self::Beyond,
                    };
                }
            }
        }
        bytes.len()
    }
}

/// Where the body ends cannot be known.
struct Unclear;

/// What is known of the body's length after one more header line.
fn says(line: &[u8], body: Option<u64>) -> Result<Option<u64>, Unclear> {
    let Ok(line) = std::str::from_utf8(line) else {
        return Ok(body);
    };
    if line.starts_with([' ', '\t']) {
        // It goes on from the line before it.
        return Err(Unclear);
    }
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
    if is("transfer-encoding") || is("upgrade") {
        return Err(Unclear);
    }
    if !is("content-length") {
        return Ok(body);
    }
    match (value.trim().parse(), body) {
        (Ok(length), None) => Ok(Some(length)),
        _ => Err(Unclear),
    }
}

impl<S> RawQuotes<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            place: BEGIN,
            ready: Vec::new(),
            handed_on: 0,
        }
    }

    /// Hands on what is ready; tells whether there was any.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let left = &self.ready[self.handed_on..];
        let length = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..length]);
        self.handed_on += length;
        if self.handed_on == self.ready.len() {
            self.ready.clear();
            self.handed_on = 0;
        }
        length > 0
    }

    /// Rewrites what was read.
    fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = match &mut self.place {
                Place::Line { .. } | Place::Header { .. } => self.place.take(bytes, &mut self.ready),
                Place::Body(left) => {
                    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    self.ready.extend_from_slice(&bytes[..length]);
                    *left -= length as u64;
                    if *left == 0 {
                        self.place = BEGIN;
                    }
                    length
                }
                Place::Beyond => {
                    self.ready.extend_from_slice(bytes);
                    bytes.len()
                }
            };
            bytes = &bytes[taken..];
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for RawQuotes<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buffer.remaining() == 0 || this.hand_on(buffer) {
            return Poll::Ready(Ok(()));
        }
        if this.place == Place::Beyond {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let mut bytes = [0; READ];
        let mut read = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read))?;
        this.pass(read.filled());
        this.hand_on(buffer);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for RawQuotes<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passed(bytes: &[u8], at_once: usize) -> String {
        let mut stream = RawQuotes::new(());
        for part in bytes.chunks(at_once) {
            stream.pass(part);
        }
        String::from_utf8(stream.ready).unwrap()
    }

    #[test]
    fn quotes_are_encoded_in_request_lines_alone() {
        let get = "GET /Users?filter=userName+eq+\"a\" HTTP/1.1\r\nHost: \"x\"\r\n\r\n";
        let post = "POST /Users?x=\" HTTP/1.1\r\ncontent-LENGTH: 9\r\n\r\n{\"a\":\"b\"}";
        let encoded_get = "GET /Users?filter=userName+eq+%22a%22 HTTP/1.1\r\nHost: \"x\"\r\n\r\n";
        let encoded_post = "POST /Users?x=%22 HTTP/1.1\r\ncontent-LENGTH: 9\r\n\r\n{\"a\":\"b\"}";
        for at_once in [1, 3, 7, 1000] {
            assert_eq!(
                passed(format!("{get}{post}\r\n{get}{post}").as_bytes(), at_once),
                format!("{encoded_get}{encoded_post}\r\n{encoded_get}{encoded_post}"),
                "{at_once}"
            );
        }
    }

    #[test]
    fn where_a_body_ends_in_another_way_nothing_more_is_rewritten() {
        for head in [
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
            "POST / HTTP/1.1\r\nX: a\r\n Content-Length: 7\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let text = format!("{head}GET /\" HTTP/1.1\r\n\r\n");
            assert_eq!(passed(text.as_bytes(), 5), text, "{head}");
        }
    }

    proptest! {
        #[test]
        fn all_but_quotes_passes_as_it_came(bytes in "[A-Z \r\n:/0-9a-f]{0,60}", at_once in 1_usize..9) {
            prop_assert_eq!(passed(bytes.as_bytes(), at_once), bytes);
        }
    }
}
