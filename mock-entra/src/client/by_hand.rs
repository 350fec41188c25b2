//! A request whose target no URL can hold, such as one with raw quotes: HTTP/1.1 written by hand.
//!
//! HTTP libraries write such a target differently before it is sent, so that a server would never see it. One
//! connection a request; the answer ends with the connection.

use std::{io, path::Path, sync::Arc};

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use rustls::{
    ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::ServerName, pki_types::pem::PemObject,
};
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use url::Url;

/// Status, headers and body.
pub(super) type Answer = (u16, HeaderMap, Vec<u8>);

/// Whether an HTTP library sends this URL as it is written.
pub(super) fn is_sent_as_written(url: &str) -> bool {
    Url::parse(url).is_ok_and(|parsed| parsed.as_str() == url)
}

/// What is needed to reach a server.
pub(super) struct ByHand {
    base: Url,
    tls: Option<Arc<ClientConfig>>,
}

impl ByHand {
    /// For the server of a tenant URL; trusts the authorities of the file, or else the system's.
    pub(super) fn new(base: &str, ca_file: Option<&Path>) -> io::Result<Self> {
        let base = Url::parse(base).map_err(io::Error::other)?;
        let tls = match (base.scheme(), ca_file) {
            ("http", _) => None,
            (_, Some(file)) => {
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_file_iter(file).map_err(io::Error::other)? {
                    let certificate = certificate.map_err(io::Error::other)?;
                    roots.add(certificate).map_err(io::Error::other)?;
                }
                Some(
                    ClientConfig::builder()
                        .with_root_certificates(roots)
                        .with_no_client_auth(),
                )
            }
            (_, None) => Some(ClientConfig::with_platform_verifier().map_err(io::Error::other)?),
        };
        Ok(Self {
            base,
            tls: tls.map(Arc::new),
        })
    }

    /// Sends one request; `path` is written as it is, behind the path of the tenant URL.
    pub(super) async fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Option<&str>,
    ) -> io::Result<Answer> {
        let request = self.write(method, path, headers, body);
        let (host, port) = (self.base.host_str(), self.base.port_or_known_default());
        let host = host.unwrap_or_default().trim_matches(['[', ']']);
        let tcp = TcpStream::connect((host, port.unwrap_or_default())).await?;
        match &self.tls {
            None => exchange(tcp, &request).await,
            Some(config) => {
                let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(Arc::clone(config));
                exchange(connector.connect(name, tcp).await?, &request).await
            }
        }
    }

    fn write(&self, method: &Method, path: &str, headers: &HeaderMap, body: Option<&str>) -> Vec<u8> {
        let target = format!("{}{path}", self.base.path().trim_end_matches('/'));
        let mut request = format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.base.authority()).into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(name.as_str().as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        if let Some(body) = body {
            request.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"connection: close\r\n\r\n");
        request.extend_from_slice(body.unwrap_or_default().as_bytes());
        request
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> io::Result<Answer> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        // Many servers close without TLS's good-bye.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        _ => {}
    }
    read(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is no whole HTTP/1.1 answer"))
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(
            name.parse::<HeaderName>().ok()?,
            value.trim().parse::<HeaderValue>().ok()?,
        );
    }
    let body = if headers.get(TRANSFER_ENCODING).is_some_and(|coding| coding == "chunked") {
        joined(body)?
    } else {
        body.to_vec()
    };
    Some((status, headers, body))
}

/// The chunks of a body in one piece.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&chunks[..end]).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let rest = &chunks[end + 2..];
        body.extend_from_slice(rest.get(..size)?);
        chunks = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_would_be_written_differently_are_told_apart() {
        assert!(is_sent_as_written("https://host/scim/Users?filter=userName+eq+%22a%22"));
        assert!(is_sent_as_written("http://127.0.0.1:1/scim/Users"));
        assert!(!is_sent_as_written("https://host/scim/Users?filter=userName+eq+\"a\""));
    }

    #[test]
    fn answers_are_read_with_a_length_in_chunks_and_cut_ones_not_at_all() {
        let plain = b"HTTP/1.1 200 OK\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}";
        let (status, headers, body) = read(plain).unwrap();
        assert_eq!(
            (status, &headers["retry-after"], &*body),
            (200, &HeaderValue::from_static("3"), &b"{}"[..])
        );
        let chunks = b"HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
        assert_eq!(read(chunks).unwrap().2, b"{}");
        assert!(read(&chunks[..chunks.len() - 8]).is_none());
        assert!(read(b"").is_none());
        assert!(read(b"SSH-2.0\r\n\r\n").is_none());
    }
}
