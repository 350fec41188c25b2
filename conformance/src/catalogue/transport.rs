//! AUT-08: the connection below HTTP, spoken by hand.
//!
//! The run's own client speaks TLS 1.2 and 1.3 only, so that it got this far proves the newer
//! versions. What must not work, plain HTTP and TLS 1.1, no good client library can do any more.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::check::{Check, Level, Outcome, Section};
use crate::source::rfc7644;
use crate::target::Target;
use crate::verdict::{Finding, Findings, Stop};

/// The longest wait for a server that says nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Nobody on the way may read names or the token.
pub(super) const SPEAKS_TLS_ONLY: Check = Check {
    id: "AUT-08",
    title: "Plain HTTP is refused or redirected where HTTPS is offered; TLS 1.2 at least",
    level: Level::Must,
    sources: &[rfc7644("7.2")],
    section: Section::Authentication,
    needs: &[],
    also_in: &[],
    hint: "serve nothing over plain HTTP on the port of HTTPS, and turn TLS 1.0 and 1.1 off",
    run: |target| Box::pin(speaks_tls_only(target)),
};

async fn speaks_tls_only(target: &Target) -> Outcome {
    let url = Url::parse(&target.base().to_string()).map_err(|wrong| Finding::new(wrong.to_string()))?;
    if url.scheme() != "https" {
        return Err(Stop::Skipped("the endpoint is checked over plain HTTP".to_owned()));
    }
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(Finding::new("the URL names no host and port").into());
    };
    let mut all = Findings::default();
    all.take(refuses_plain_http(host, port, &url).await);
    for (name, version) in [("TLS 1.0", 1), ("TLS 1.1", 2)] {
        all.take(refuses_tls(host, port, name, version).await);
    }
    all.end()
}

/// Sends `bytes` on a fresh connection; the beginning of what comes back, empty if nothing does.
async fn said_to(host: &str, port: u16, bytes: &[u8]) -> Result<Vec<u8>, Stop> {
    let address = (host.trim_matches(['[', ']']), port);
    let mut stream = TcpStream::connect(address)
        .await
        .map_err(|error| Finding::new(format!("no second connection to {host}:{port}: {error}")))?;
    let talk = async {
        stream.write_all(bytes).await?;
        let mut answer = vec![0; 512];
        let length = stream.read(&mut answer).await?;
        answer.truncate(length);
        Ok::<_, std::io::Error>(answer)
    };
    // A connection that is cut, or on which nothing is said, is a refusal.
    Ok(match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Vec::new(),
    })
}

/// A proxy may answer 400 or redirect to https; what must not come is an answer of the service.
async fn refuses_plain_http(host: &str, port: u16, url: &Url) -> Outcome {
    let request = format!(
        "GET {}/Users?count=1 HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n",
        url.path().trim_end_matches('/')
    );
    let answer = said_to(host, port, request.as_bytes()).await?;
    let head = String::from_utf8_lossy(&answer).into_owned();
    let status = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split_whitespace().nth(1))
        .unwrap_or_default();
    let is_redirect = status.starts_with('3') && head.to_ascii_lowercase().contains("location: https://");
    let is_served = status.starts_with('2') || status.starts_with('3') || matches!(status, "401" | "403");
    if is_served && !is_redirect {
        let line = head.lines().next().unwrap_or_default().to_owned();
        return Err(Finding::new("plain HTTP is served on the port of HTTPS")
            .compared("no answer, a 400, or a redirect to https", line)
            .into());
    }
    Ok(())
}

/// The content types of TLS records (RFC 5246 §6.2.1).
const HANDSHAKE: u8 = 22;

async fn refuses_tls(host: &str, port: u16, name: &str, minor: u8) -> Outcome {
    let answer = said_to(host, port, &client_hello(host, minor)).await?;
    // A handshake message in return can only be a ServerHello of the version asked for, or a newer one
    // that was not offered; an alert or an end is a refusal.
    if answer.first() == Some(&HANDSHAKE) {
        return Err(Finding::new(format!("the server agrees to {name}"))
            .compared("an alert, or the end of the connection", "a ServerHello")
            .into());
    }
    Ok(())
}

/// The first message of a client that knows nothing newer than TLS 1.`minor - 1` (RFC 4346 §7.4.1.2).
fn client_hello(host: &str, minor: u8) -> Vec<u8> {
    /// What servers of that time had: ECDHE and RSA with AES in CBC mode, and 3DES.
    const CIPHERS: [u16; 7] = [0xc014, 0xc013, 0xc00a, 0xc009, 0x0035, 0x002f, 0x000a];
    let with_length =
        |bytes: Vec<u8>| [&u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes(), bytes.as_slice()].concat();
    let extension = |kind: u16, bytes: Vec<u8>| [kind.to_be_bytes().to_vec(), with_length(bytes)].concat();

    let ciphers = CIPHERS.iter().flat_map(|cipher| cipher.to_be_bytes()).collect();
    let server_name = with_length([vec![0], with_length(host.as_bytes().to_vec())].concat());
    let curves = with_length(vec![0, 23, 0, 24, 0, 25]);
    let mut extensions = [extension(10, curves), extension(11, vec![1, 0])].concat();
    if host.parse::<std::net::IpAddr>().is_err() {
        extensions.extend(extension(0, server_name));
    }
    let body = [
        vec![3, minor],
        // No secret depends on this number: the connection ends with the answer.
        vec![0x5a; 32],
        vec![0],
        with_length(ciphers),
        vec![1, 0],
        with_length(extensions),
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
    let message = [vec![1, length[1], length[2], length[3]], body].concat();
    [vec![HANDSHAKE, 3, 1], with_length(message)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_as_long_as_it_says() {
        let hello = client_hello("localhost", 2);
        let record = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
        assert_eq!(record, hello.len() - 5);
        assert_eq!(usize::from(hello[8]), hello.len() - 9);
        assert_eq!(hello[9..11], [3, 2]);
    }
}
