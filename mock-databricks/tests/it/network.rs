//! Names, addresses and who is let in: real DNS packets, real connections to the wrong front end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use reqwest::Method;
use reqwest::dns::{Addrs, Resolve, Resolving};
use serde_json::{Value, json};
use tokio::net::UdpSocket;

use crate::support::{DEADLINE, Reply, World, address, read, text};

/// Asks a DNS server over UDP.
async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> Message {
    let mut question = Message::new(7, MessageType::Query, OpCode::Query);
    question.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&question.to_vec().unwrap(), server).await.unwrap();
    let mut buffer = [0; 2048];
    let received = tokio::time::timeout(DEADLINE, socket.recv(&mut buffer)).await.unwrap();
    let answer = Message::from_vec(&buffer[..received.unwrap()]).unwrap();
    assert_eq!(answer.metadata.id, 7);
    answer
}

fn lines(answer: &Message) -> Vec<String> {
    let line = |record: &hickory_proto::rr::Record| format!("{} {}", record.name, record.data);
    answer.answers.iter().map(line).collect()
}

/// Resolves names by asking one DNS server, as a client in a network does.
struct By(SocketAddr);

impl Resolve for By {
    fn resolve(&self, name: reqwest::dns::Name) -> Resolving {
        let server = self.0;
        Box::pin(async move {
            let answer = ask(server, &format!("{}.", name.as_str()), RecordType::A).await;
            let addresses: Vec<SocketAddr> = answer
                .answers
                .iter()
                .filter_map(|record| match &record.data {
                    RData::A(address) => Some(SocketAddr::from((address.0, 0))),
                    _ => None,
                })
                .collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// A client that knows the workspace's name and one DNS server.
fn client(world: &World, dns: SocketAddr, redirects: reqwest::redirect::Policy) -> reqwest::Client {
    let pem = std::fs::read(world.mock.ca_file()).unwrap();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .redirect(redirects)
        .dns_resolver(Arc::new(By(dns)))
        .timeout(DEADLINE)
        .build()
        .unwrap()
}

fn me(world: &World) -> String {
    let port = address(&world.mock.private_url()).port();
    let host = world.mock.workspace_host();
    format!("https://{host}:{port}/api/2.0/preview/scim/v2/Me")
}

async fn call(world: &World, dns: SocketAddr) -> Reply {
    let client = client(world, dns, reqwest::redirect::Policy::none());
    let request = client.get(me(world)).bearer_auth(world.mock.token());
    read(request.send().await.unwrap()).await
}

async fn set(world: &World, path: &str, body: Value) -> Value {
    world.control(Method::PUT, path, Some(body)).await.ok(200)
}

#[tokio::test]
async fn dns_leads_inside_to_the_private_and_outside_to_the_public_front_end() {
    let world = World::start().await;
    let host = "adb-1234567890123456.7.azuredatabricks.net.";
    let alias = format!("{host} adb-1234567890123456.7.privatelink.azuredatabricks.net.");
    let inside = ask(world.mock.dns(), host, RecordType::A).await;
    let private = address(&world.mock.private_url()).ip();
    let expected = format!("adb-1234567890123456.7.privatelink.azuredatabricks.net. {private}");
    assert_eq!(lines(&inside), [alias.clone(), expected]);
    let outside = lines(&ask(world.mock.dns_outside(), host, RecordType::A).await);
    let public = address(&world.mock.public_url()).ip();
    assert_eq!((&outside[0], outside.len()), (&alias, 3));
    assert!(outside[2].ends_with(&format!(" {public}")), "{outside:?}");
    for name in ["accounts.azuredatabricks.net.", "login.microsoftonline.com."] {
        let found = lines(&ask(world.mock.dns(), name, RecordType::A).await);
        assert_eq!(found, [format!("{name} {public}")]);
    }
    let unknown = ask(world.mock.dns(), "nothing.azuredatabricks.net.", RecordType::A).await;
    assert_eq!(unknown.metadata.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn a_client_with_wrong_dns_reaches_the_wrong_front_end_and_its_login_page() {
    let world = World::start().await;
    assert_eq!(call(&world, world.mock.dns()).await.status, 200);
    let refused = call(&world, world.mock.dns_outside()).await;
    assert_eq!(refused.status, 302);
    let location = "/login.html?error=private-link-validation-error:1234567890123456";
    assert_eq!(refused.header("location"), Some(location));
    // A client that follows it takes a page for an answer.
    let following = client(&world, world.mock.dns_outside(), reqwest::redirect::Policy::limited(3));
    let page = following
        .get(me(&world))
        .bearer_auth(world.mock.token())
        .send()
        .await
        .unwrap();
    let page = read(page).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    assert!(page.text.contains("Databricks - Sign In"));
    // The same client, the same name: DNS breaks, and is mended.
    set(&world, "/dns", json!({"view": "outside"})).await;
    assert_eq!(call(&world, world.mock.dns()).await.status, 302);
    set(&world, "/dns", json!({"view": "inside"})).await;
    assert_eq!(call(&world, world.mock.dns()).await.status, 200);
    let last = world.history(0).await;
    let listeners: Vec<&Value> = last.iter().map(|call| &call["listener"]).collect();
    assert_eq!(listeners[listeners.len() - 2..], ["public", "private"]);
}

#[tokio::test]
async fn the_three_modes_let_in_whom_they_should() {
    let world = World::start().await;
    let modes = [("disabled", "approved", 302, true), ("enabled", "approved", 200, true)];
    for (access, endpoint, outside, inside) in modes {
        set(
            &world,
            "/private-link",
            json!({"public_access": access, "private_endpoint": endpoint}),
        )
        .await;
        assert_eq!(
            call(&world, world.mock.dns_outside()).await.status,
            outside,
            "{access} {endpoint}"
        );
        assert_eq!(
            call(&world, world.mock.dns()).await.status == 200,
            inside,
            "{access} {endpoint}"
        );
    }
    // Without an endpoint every name leads to the public front end, and the private one is not there.
    set(&world, "/private-link", json!({"private_endpoint": "none"})).await;
    let names = lines(
        &ask(
            world.mock.dns(),
            "adb-1234567890123456.7.azuredatabricks.net.",
            RecordType::A,
        )
        .await,
    );
    assert!(names.iter().all(|line| !line.contains("privatelink")), "{names:?}");
    assert_eq!(call(&world, world.mock.dns()).await.status, 200);
    assert!(world.request(Method::GET, "/Me").send().await.is_err());
    // One that waits for approval lets nobody in and says nothing.
    set(&world, "/private-link", json!({"private_endpoint": "pending"})).await;
    let silent = world
        .request(Method::GET, "/Me")
        .timeout(Duration::from_millis(300))
        .send()
        .await;
    assert!(silent.unwrap_err().is_timeout());
    set(&world, "/private-link", json!({"private_endpoint": "approved"})).await;
    world.get("/Me").await.ok(200);
}

#[tokio::test]
async fn every_form_of_the_refusal_can_be_chosen() {
    let world = World::start().await;
    for (form, status, body) in [
        ("redirect", 302, String::new()),
        (
            "forbidden-text",
            403,
            "Unauthorized network access to workspace: 1234567890123456".to_owned(),
        ),
        (
            "forbidden-json",
            403,
            r#"{"error_code":"403","message":"Unauthorized network access to workspace: 1234567890123456"}"#.to_owned(),
        ),
        (
            "forbidden-app",
            403,
            r#"{"X-Databricks-Reason-Phrase":"Public access is not allowed for workspace: 1234567890123456"}"#
                .to_owned(),
        ),
    ] {
        set(&world, "/private-link", json!({"refusal": form})).await;
        let reply = world.outside(Method::GET, "/Me").await;
        assert_eq!((reply.status, reply.text), (status, body), "{form}");
    }
}

#[tokio::test]
async fn ip_access_lists_hold_for_public_sources_and_name_the_address() {
    let world = World::start().await;
    set(&world, "/private-link", json!({"public_access": "enabled"})).await;
    let list = json!({"egress_ip": "75.125.237.108", "workspace": {"enabled": true, "allow": ["203.0.113.0/24"]}});
    set(&world, "/ip-access-list", list).await;
    let refused = world.outside(Method::GET, "/Me").await.ok(403);
    let message = text(&refused["message"]);
    let expected =
        "Source IP address: 75.125.237.108 is blocked by Databricks IP ACL for workspace: 1234567890123456 [ReqId: ";
    assert!(message.starts_with(expected), "{message}");
    // Traffic through the private endpoint is not looked at.
    world.get("/Me").await.ok(200);
    set(&world, "/ip-access-list", json!({"egress_ip": "203.0.113.9"})).await;
    world.outside(Method::GET, "/Me").await.ok(200);
    set(
        &world,
        "/ip-access-list",
        json!({"account": {"enabled": true, "block": ["203.0.113.9"]}}),
    )
    .await;
    let account = format!("/api/2.1/accounts/{}/scim/v2/Users", world.mock.account_id());
    let front = world.mock.public_url();
    let request = crate::support::client(&world.mock, &front, None).get(format!("{front}{account}"));
    let refused = read(request.send().await.unwrap()).await.ok(403);
    assert_eq!(
        refused["message"],
        "Source IP address: 203.0.113.9 is blocked by Databricks IP ACL"
    );
    // A change may take its time.
    world.switch("ip_access_list_delay_s", json!(300)).await;
    let shown = set(
        &world,
        "/ip-access-list",
        json!({"workspace": {"block": ["203.0.113.9"]}}),
    )
    .await;
    assert_eq!(shown["in_force"], false);
    world.outside(Method::GET, "/Me").await.ok(200);
    let step = json!({"advance_ms": 300_000});
    world.control(Method::POST, "/clock", Some(step)).await.ok(200);
    world.outside(Method::GET, "/Me").await.ok(403);
    for (body, complaint) in [
        (
            json!({"workspace": {"allow": ["2001:db8::/32"]}}),
            "field `workspace.allow[0]` must be an IPv4 address",
        ),
        (
            json!({"egress_ip": "::1"}),
            "field `egress_ip` must be an IPv4 address or null",
        ),
        (json!({"company": {}}), "field `company` is unknown"),
    ] {
        let reply = world.control(Method::PUT, "/ip-access-list", Some(body)).await.ok(400);
        assert!(text(&reply["error"]).starts_with(complaint), "{reply}");
    }
}

#[tokio::test]
async fn rubbish_sent_to_dns_never_stops_it() {
    let world = World::start().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for length in 0..200_u8 {
        let rubbish: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37) ^ length).collect();
        for server in [world.mock.dns(), world.mock.dns_outside()] {
            socket.send_to(&rubbish, server).await.unwrap();
        }
    }
    let answer = ask(world.mock.dns(), "accounts.azuredatabricks.net.", RecordType::A).await;
    assert_eq!(answer.answers.len(), 1);
}
