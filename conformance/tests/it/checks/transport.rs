//! AUT-08 before a server that speaks TLS: what it sees, and what it lets pass.

use std::net::SocketAddr;

use conformance::stack::{Stack, StackOptions};
use conformance::target::Target;
use mock_databricks::Limits;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::{ids, made_against, of, options};

/// The answer to whoever begins to speak without TLS, or with an old one.
#[derive(Clone, Copy, Default)]
struct Answers {
    plain_http: &'static str,
    old_tls: &'static [u8],
}

/// The beginning of a `ServerHello` of TLS 1.1.
const SERVER_HELLO: &[u8] = &[22, 3, 2, 0, 2, 2, 0];

/// A proxy before the bridge: it hands TLS through, and answers the rest itself.
async fn proxy(upstream: SocketAddr, answers: Answers) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A connection that breaks is what some of these are about.
            tokio::spawn(async move { hand_through(stream, upstream, answers).await.ok() });
        }
    });
    address
}

async fn hand_through(mut stream: TcpStream, upstream: SocketAddr, answers: Answers) -> std::io::Result<()> {
    let mut head = [0; 11];
    while stream.peek(&mut head).await? < head.len() {}
    // Client hellos of newer versions say 3.3 here as well.
    let is_old = head[0] == 22 && head[9..] < [3, 3][..];
    let own: &[u8] = match head[0] {
        22 if !is_old => b"",
        22 => answers.old_tls,
        _ => answers.plain_http.as_bytes(),
    };
    if own.is_empty() {
        let mut behind = TcpStream::connect(upstream).await?;
        copy_bidirectional(&mut stream, &mut behind).await?;
        return Ok(());
    }
    stream.write_all(own).await
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_and_old_tls_are_seen() {
    let stack = Stack::start(StackOptions {
        limits: Limits::Off,
        ..StackOptions::new(env!("CARGO_BIN_EXE_mock-stack"))
    })
    .await
    .unwrap();
    let upstream: url::Url = stack.bridge_url().parse().unwrap();
    let upstream = SocketAddr::from(([127, 0, 0, 1], upstream.port().unwrap()));
    for (answers, verdict) in [
        (Answers::default(), "pass"),
        (plain("HTTP/1.1 400 Bad Request\r\n\r\n"), "pass"),
        (plain("HTTP/1.1 308 -\r\nLocation: https://localhost/\r\n\r\n"), "pass"),
        (plain("HTTP/1.1 302 -\r\nLocation: http://localhost/\r\n\r\n"), "fail"),
        (plain("HTTP/1.1 401 Unauthorized\r\n\r\n"), "fail"),
        (plain("HTTP/1.1 200 OK\r\n\r\n"), "fail"),
        (
            Answers {
                old_tls: SERVER_HELLO,
                ..Answers::default()
            },
            "fail",
        ),
    ] {
        let url = format!("https://localhost:{}/scim", proxy(upstream, answers).await.port());
        let mut options = options(&url, stack.token());
        options.ca_file = Some(stack.ca_file().to_owned());
        let target = Target::connect(options).await.unwrap();
        let report = made_against(&target, &of(&["AUT-08"])).await;
        assert_eq!(
            ids(&report, verdict),
            ["AUT-08"],
            "{}: {:?}",
            answers.plain_http,
            report.checks[0]
        );
    }
    stack.stop().await.unwrap();
}

fn plain(answer: &'static str) -> Answers {
    Answers {
        plain_http: answer,
        ..Answers::default()
    }
}
