//! As much of HTTP/1.1 as the checks' client speaks: bodies with a length, connections kept alive.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Reply;

/// A request as it came.
#[derive(Debug, Default)]
pub struct Incoming {
    pub method: String,
    /// Path and query, encoded.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub type Handler = dyn Fn(Incoming) -> Reply + Send + Sync;

/// Serves until the task is dropped.
pub async fn serve(listener: TcpListener, handler: Arc<Handler>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let handler = Arc::clone(&handler);
        connections.spawn(async move {
            // A client that goes away ends its connection, nothing else.
            let _ = converse(stream, &*handler).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn converse(stream: TcpStream, handler: &Handler) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let reply = handler(request);
        if !reply.delay.is_zero() {
            tokio::time::sleep(reply.delay).await;
        }
        stream.write_all(&written(reply)).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// The next request; none when the client has closed the connection.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Incoming>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut request = Incoming {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        ..Incoming::default()
    };
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        request
            .headers
            .push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = request
        .headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await?;
    Ok(Some(request))
}

fn written(reply: Reply) -> Vec<u8> {
    let body = match reply.body {
        // Text stands for what is not JSON.
        Some(serde_json::Value::String(text)) => text,
        Some(body) => body.to_string(),
        None => String::new(),
    };
    let mut head = format!("HTTP/1.1 {} -\r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !matches!(reply.status, 204 | 304) || !body.is_empty() {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    head.push_str(&body);
    head.into_bytes()
}
