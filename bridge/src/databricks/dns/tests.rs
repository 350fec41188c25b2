//! Against a small name server: aliases, families, truncation, strangers, silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_proto::rr::rdata::{A, AAAA, CNAME};
use tokio::net::TcpListener;

use super::*;

const HOST: &str = "adb-1.7.azuredatabricks.test";
const PRIVATE: &str = "adb-1.7.privatelink.azuredatabricks.test";

/// What the server says about one question.
enum Say {
    Records(Vec<Record>),
    Code(ResponseCode),
    TooLong,
    Nothing,
    /// An answer of somebody who does not know the question's number, then the true one.
    AfterAStranger(Vec<Record>),
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

fn address(owner: &str, text: &str) -> Record {
    let data = match text.parse().unwrap() {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(name(owner), 60, data)
}

fn alias(owner: &str, target: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(target))))
}

fn answer(question: &Message, code: ResponseCode, records: Vec<Record>, truncated: bool) -> Vec<u8> {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_queries(question.queries.iter().cloned());
    answer.metadata.response_code = code;
    answer.metadata.truncation = truncated;
    answer.add_answers(records);
    answer.to_vec().unwrap()
}

/// A server and how many questions it got over UDP.
async fn server(say: impl Fn(&str, RecordType, bool) -> Say + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let say = Arc::new(say);
    // The same port over both.
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let (address, asked) = (udp.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let (say_udp, count) = (Arc::clone(&say), Arc::clone(&asked));
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, peer)) = udp.recv_from(&mut buffer).await {
            count.fetch_add(1, Ordering::Relaxed);
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let asked = question.queries.first().unwrap().clone();
            let said = say_udp(asked.name().to_ascii().trim_end_matches('.'), asked.query_type(), false);
            let packets = match said {
                Say::Records(records) => vec![answer(&question, ResponseCode::NoError, records, false)],
                Say::Code(code) => vec![answer(&question, code, Vec::new(), false)],
                Say::TooLong => vec![answer(&question, ResponseCode::NoError, Vec::new(), true)],
                Say::Nothing => Vec::new(),
                Say::AfterAStranger(records) => {
                    let mut other = question.clone();
                    other.metadata.id = question.metadata.id.wrapping_add(1);
                    let forged = vec![super::tests::address(HOST, "203.0.113.66")];
                    vec![
                        answer(&other, ResponseCode::NoError, forged, false),
                        answer(&question, ResponseCode::NoError, records, false),
                    ]
                }
            };
            for packet in packets {
                udp.send_to(&packet, peer).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut packet = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut packet).await.unwrap();
            let question = Message::from_vec(&packet).unwrap();
            let asked = question.queries.first().unwrap().clone();
            let said = say(asked.name().to_ascii().trim_end_matches('.'), asked.query_type(), true);
            if let Say::Records(records) = said {
                let packet = answer(&question, ResponseCode::NoError, records, false);
                stream.write_u16(u16::try_from(packet.len()).unwrap()).await.unwrap();
                stream.write_all(&packet).await.unwrap();
            }
        }
    });
    (address, asked)
}

async fn look_up(server: SocketAddr) -> Result<Vec<String>, DnsError> {
    let found = lookup_within(server, HOST, Duration::from_secs(5)).await?;
    Ok(found.iter().map(IpAddr::to_string).collect())
}

#[tokio::test]
async fn aliases_are_followed_inside_the_answer_and_both_families_are_asked() {
    let (server, _) = server(|_, kind, _| match kind {
        RecordType::A => Say::Records(vec![
            address(PRIVATE, "10.0.0.4"),
            alias(HOST, PRIVATE),
            address("other.test", "203.0.113.9"),
        ]),
        _ => Say::Records(vec![alias(HOST, PRIVATE), address(PRIVATE, "fd00::4")]),
    })
    .await;
    assert_eq!(look_up(server).await.unwrap(), ["10.0.0.4", "fd00::4"]);
}

#[tokio::test]
async fn an_alias_without_its_address_is_asked_on() {
    let (server, _) = server(|asked, kind, _| match (asked, kind) {
        (HOST, _) => Say::Records(vec![alias(HOST, PRIVATE)]),
        (PRIVATE, RecordType::A) => Say::Records(vec![address(PRIVATE, "10.0.0.4")]),
        _ => Say::Records(Vec::new()),
    })
    .await;
    assert_eq!(look_up(server).await.unwrap(), ["10.0.0.4"]);
}

#[tokio::test]
async fn aliases_in_a_circle_end() {
    let (server, _) = server(|_, _, _| Say::Records(vec![alias(HOST, PRIVATE), alias(PRIVATE, HOST)])).await;
    assert!(matches!(look_up(server).await, Err(DnsError::NoAddress { .. })));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_asked_for_over_tcp() {
    let (server, _) = server(|_, kind, tcp| match (kind, tcp) {
        (RecordType::A, true) => Say::Records(vec![address(HOST, "10.0.0.4")]),
        (RecordType::A, false) => Say::TooLong,
        _ => Say::Records(Vec::new()),
    })
    .await;
    assert_eq!(look_up(server).await.unwrap(), ["10.0.0.4"]);
}

#[tokio::test]
async fn an_answer_with_another_number_is_nobodys() {
    let (server, _) = server(|_, kind, _| match kind {
        RecordType::A => Say::AfterAStranger(vec![address(HOST, "10.0.0.4")]),
        _ => Say::Records(Vec::new()),
    })
    .await;
    assert_eq!(look_up(server).await.unwrap(), ["10.0.0.4"]);
}

#[tokio::test]
async fn one_family_that_fails_does_not_harm_the_other() {
    let (server, _) = server(|_, kind, _| match kind {
        RecordType::A => Say::Records(vec![address(HOST, "10.0.0.4")]),
        _ => Say::Code(ResponseCode::ServFail),
    })
    .await;
    assert_eq!(look_up(server).await.unwrap(), ["10.0.0.4"]);
}

#[tokio::test]
async fn a_name_that_is_not_there_and_a_server_that_fails_are_told_apart() {
    let (gone, _) = server(|_, _, _| Say::Code(ResponseCode::NXDomain)).await;
    let error = look_up(gone).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{gone} knows no address of {HOST}."));
    let (empty, _) = server(|_, _, _| Say::Records(Vec::new())).await;
    assert!(matches!(look_up(empty).await, Err(DnsError::NoAddress { .. })));
    let (failing, _) = server(|_, _, _| Say::Code(ResponseCode::ServFail)).await;
    assert!(matches!(
        look_up(failing).await,
        Err(DnsError::Refused {
            code: ResponseCode::ServFail,
            ..
        })
    ));
}

#[tokio::test]
async fn a_silent_server_is_asked_twice_and_named() {
    let (server, asked) = server(|_, _, _| Say::Nothing).await;
    let error = lookup_within(server, HOST, Duration::from_millis(20))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("name server {server} does not answer: no answer in time")
    );
    assert_eq!(asked.load(Ordering::Relaxed), 4, "two tries for each family");
}
