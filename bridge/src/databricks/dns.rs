//! Asking one name server for the addresses of the workspace's name.
//!
//! For machines whose own resolver does not know the private zone. One question for A
//! and one for AAAA, over UDP and again over TCP when the answer did not fit; aliases
//! are followed inside the answer, and asked on when it ends with one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use uuid::Uuid;

/// The time limit of one try.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a question is asked.
const TRIES: usize = 2;
/// Aliases that are followed.
const LONGEST_CHAIN: usize = 8;
/// The largest packet asked for over UDP (the usual value since 2020).
const PAYLOAD: u16 = 1232;

/// Why a name server gave no address.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Not a name that can be asked for.
    #[error("{0} is not a name")]
    NotAName(String),
    /// There is no such name, or it has no address: look at the zone.
    #[error("{server} knows no address of {name}")]
    NoAddress {
        /// The name server.
        server: SocketAddr,
        /// The last name of the chain of aliases.
        name: Name,
    },
    /// It refuses or fails: look at the server.
    #[error("{server} answers {code} about {name}")]
    Refused {
        /// The name server.
        server: SocketAddr,
        /// The name.
        name: Name,
        /// Its code (RFC 6895 §2.3).
        code: ResponseCode,
    },
    /// It does not answer: look at the way to it.
    #[error("name server {server} does not answer: {why}")]
    Silent {
        /// The name server.
        server: SocketAddr,
        /// Time-out, refused …
        why: String,
    },
}

/// The addresses of `host` as `server` knows them, IPv4 before IPv6.
///
/// # Errors
///
/// See [`DnsError`].
pub async fn lookup(server: SocketAddr, host: &str) -> Result<Vec<IpAddr>, DnsError> {
    lookup_within(server, host, PATIENCE).await
}

async fn lookup_within(server: SocketAddr, host: &str, patience: Duration) -> Result<Vec<IpAddr>, DnsError> {
    let mut name = Name::from_ascii(host).map_err(|_| DnsError::NotAName(host.to_owned()))?;
    name.set_fqdn(true);
    let families = tokio::join!(
        follow(server, name.clone(), RecordType::A, patience),
        follow(server, name.clone(), RecordType::AAAA, patience),
    );
    let (mut found, mut failed) = (Vec::new(), None);
    for family in <[_; 2]>::from(families) {
        match family {
            Ok(addresses) => found.extend(addresses),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    // Some private zones fail one family instead of answering that there is none.
    if found.is_empty() {
        return Err(failed.unwrap_or(DnsError::NoAddress { server, name }));
    }
    Ok(found)
}

/// The addresses of one family at the end of the chain of aliases; none is no error.
async fn follow(
    server: SocketAddr,
    mut name: Name,
    kind: RecordType,
    patience: Duration,
) -> Result<Vec<IpAddr>, DnsError> {
    for _ in 0..LONGEST_CHAIN {
        let answer = ask(server, &name, kind, patience).await?;
        match answer.metadata.response_code {
            ResponseCode::NoError => {}
            ResponseCode::NXDomain => return Err(DnsError::NoAddress { server, name }),
            code => return Err(DnsError::Refused { server, name, code }),
        }
        let (end, found) = read(&answer.answers, &name);
        if !found.is_empty() || end == name {
            return Ok(found);
        }
        name = end;
    }
    Err(DnsError::NoAddress { server, name })
}

/// Where the aliases of `name` end in these records, and the addresses there.
fn read(records: &[Record], name: &Name) -> (Name, Vec<IpAddr>) {
    let mut end = name.clone();
    for _ in 0..LONGEST_CHAIN {
        let alias = records.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == end => Some(target.0.clone()),
            _ => None,
        });
        match alias {
            Some(target) => end = target,
            None => break,
        }
    }
    let found = records
        .iter()
        .filter(|record| record.name == end)
        .filter_map(|record| match &record.data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        })
        .collect();
    (end, found)
}

async fn ask(server: SocketAddr, name: &Name, kind: RecordType, patience: Duration) -> Result<Message, DnsError> {
    let mut why = "no answer in time".to_owned();
    for _ in 0..TRIES {
        match timeout(patience, ask_once(server, name, kind)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => "no answer in time".clone_into(&mut why),
        }
    }
    Err(DnsError::Silent { server, why })
}

async fn ask_once(server: SocketAddr, name: &Name, kind: RecordType) -> std::io::Result<Message> {
    let question = question(name, kind);
    let packet = question.to_vec().map_err(std::io::Error::other)?;
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // A fresh port for each question, and only its peer's packets.
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(&packet).await?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    let answer = loop {
        let length = socket.recv(&mut buffer).await?;
        // Whatever does not answer this very question is not for us; the time limit bounds the wait.
        if let Some(answer) = understood(&question, &buffer[..length]) {
            break answer;
        }
    };
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    over_tcp(server, &question, &packet).await
}

async fn over_tcp(server: SocketAddr, question: &Message, packet: &[u8]) -> std::io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(packet.len()).map_err(std::io::Error::other)?;
    // A length before each message (RFC 1035 §4.2.2), in one write with it.
    stream.write_all(&[&length.to_be_bytes(), packet].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    understood(question, &answer).ok_or_else(|| std::io::Error::other("an answer to another question"))
}

fn question(name: &Name, kind: RecordType) -> Message {
    let random = Uuid::new_v4();
    let [first, second, ..] = random.as_bytes();
    let id = u16::from_be_bytes([*first, *second]);
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    message.set_edns(edns);
    message
}

/// The answer to `question`, if these bytes are one.
fn understood(question: &Message, bytes: &[u8]) -> Option<Message> {
    let answer = Message::from_vec(bytes).ok()?;
    let (asked, repeated) = (question.queries.first()?, answer.queries.first());
    let same = |query: &Query| {
        query.name() == asked.name() && query.query_type() == asked.query_type() && query.query_class() == DNSClass::IN
    };
    let ours = answer.metadata.id == question.metadata.id
        && answer.metadata.message_type == MessageType::Response
        // A server that could not read the question does not repeat it.
        && repeated.map_or(answer.metadata.response_code != ResponseCode::NoError, same);
    ours.then_some(answer)
}

#[cfg(test)]
mod tests;
