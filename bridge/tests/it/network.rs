//! The way to the workspace: its name, the addresses it may lead to, a proxy (rule E5).

use std::net::SocketAddr;

use bridge::clock::Clock;
use bridge::databricks::{
    Client, ClientOptions, Credential, CredentialKind, CredentialOptions, DatabricksError, Network, PrivateRanges,
    SecretFrom,
};
use bridge::store::Kind;
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const HOST: &str = "adb-1234567890123456.7.azuredatabricks.test";

/// A name server in which [`HOST`] is an alias of a name at 127.0.0.1.
async fn name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let mut answer = Message::response(question.metadata.id, OpCode::Query);
            answer.add_queries(question.queries.iter().cloned());
            let asked = question.queries.first().unwrap();
            let target = Name::from_ascii("adb-1234567890123456.7.privatelink.azuredatabricks.test.").unwrap();
            answer.add_answer(Record::from_rdata(
                asked.name().clone(),
                1,
                RData::CNAME(CNAME(target.clone())),
            ));
            if asked.query_type() == RecordType::A {
                answer.add_answer(Record::from_rdata(target, 1, RData::A(A::new(127, 0, 0, 1))));
            }
            socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
        }
    });
    address
}

async fn workspace() -> (MockServer, tempfile::TempDir) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = MockServer::start().await;
    let me = ResponseTemplate::new(200).set_body_json(json!({ "id": "1", "userName": "admin" }));
    Mock::given(any()).respond_with(me).mount(&server).await;
    (server, tempfile::tempdir().unwrap())
}

fn client(url: &str, network: Network, folder: &tempfile::TempDir) -> Client {
    let token = folder.path().join("token");
    std::fs::write(&token, "dapi-test").unwrap();
    let options = ClientOptions {
        workspace_url: url.parse().unwrap(),
        credential: Credential::token_file(&token).unwrap(),
        network,
    };
    Client::new(options).unwrap()
}

fn loopback() -> PrivateRanges {
    PrivateRanges::new(vec!["127.0.0.0/8".parse().unwrap()])
}

#[tokio::test]
async fn the_name_server_of_the_configuration_is_asked_for_the_workspace() {
    let (server, folder) = workspace().await;
    let network = Network {
        dns_server: Some(name_server().await),
        private_ranges: Some(loopback()),
        ..Network::default()
    };
    let url = format!("http://{HOST}:{}", server.address().port());
    client(&url, network, &folder).me().await.unwrap();
    let request = server.received_requests().await.unwrap().remove(0);
    assert!(
        request.headers["host"].to_str().unwrap().starts_with(HOST),
        "the name stays"
    );
}

#[tokio::test]
async fn a_public_address_is_refused_before_anything_is_sent() {
    let (server, folder) = workspace().await;
    let url = format!("http://{HOST}:{}", server.address().port());
    for fixed in [false, true] {
        let network = Network {
            dns_server: Some(name_server().await).filter(|_| !fixed),
            resolve: if fixed {
                vec!["127.0.0.1".parse().unwrap()]
            } else {
                Vec::new()
            },
            ..Network::default()
        };
        let error = client(&url, network, &folder).me().await.unwrap_err();
        assert!(matches!(error, DatabricksError::Unreachable { .. }), "{error}");
        let expected = format!("{HOST} resolves to the public address 127.0.0.1; expected one in private_ranges");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_workspaces_token_endpoint_may_have_a_public_address() {
    let (server, folder) = workspace().await;
    let granted = ResponseTemplate::new(200).set_body_json(json!({ "access_token": "t", "expires_in": 3600 }));
    let at_token = Mock::given(path("/oidc/v1/token"))
        .respond_with(granted)
        .with_priority(1);
    at_token.mount(&server).await;
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "s3cret").unwrap();
    let network = Network {
        dns_server: Some(name_server().await),
        ..Network::default()
    };
    let workspace_url = format!("http://{HOST}:{}", server.address().port()).parse().unwrap();
    let options = CredentialOptions {
        kind: CredentialKind::OAuth {
            client_id: "robot".to_owned(),
            secret: SecretFrom::File(secret),
            token_url: None,
        },
        azure: None,
    };
    let credential = Credential::open(options, &workspace_url, &network, Clock::system());
    let options = ClientOptions {
        credential: credential.await.unwrap(),
        workspace_url,
        network,
    };
    let error = Client::new(options).unwrap().me().await.unwrap_err();
    assert!(error.to_string().contains("resolves to the public address"), "{error}");
    let asked = server.received_requests().await.unwrap();
    let paths: Vec<&str> = asked.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/oidc/v1/token"]);
}

#[tokio::test]
async fn a_name_server_that_does_not_know_the_name_is_named() {
    let (_server, folder) = workspace().await;
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    drop(silent);
    let network = Network {
        dns_server: Some(address),
        ..Network::default()
    };
    let error = client(&format!("http://{HOST}"), network, &folder)
        .me()
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("name server {address} does not answer")),
        "{error}"
    );
}

#[tokio::test]
async fn a_proxy_gets_the_calls_and_looks_the_name_up_itself() {
    let (proxy, folder) = workspace().await;
    let network = Network {
        proxy: Some(proxy.uri().parse().unwrap()),
        ..Network::default()
    };
    // Nobody here could resolve it, and no address is checked.
    client(&format!("http://{HOST}"), network, &folder).me().await.unwrap();
    let request = proxy.received_requests().await.unwrap().remove(0);
    assert!(request.headers["host"].to_str().unwrap().starts_with(HOST));
}

/// A proxy that says this to whoever wants to be connected, and hangs up.
async fn proxy_saying(words: &'static str) -> Network {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let length = socket.read(&mut request).await.unwrap_or_default();
            assert!(request[..length].starts_with(format!("CONNECT {HOST}:443 ").as_bytes()));
            let _ = socket.write_all(words.as_bytes()).await;
        }
    });
    Network {
        proxy: Some(proxy.parse().unwrap()),
        ..Network::default()
    }
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_sent_nothing_to_databricks() {
    let (_server, folder) = workspace().await;
    for words in [
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "",
    ] {
        let network = proxy_saying(words).await;
        let client = client(&format!("https://{HOST}"), network, &folder);
        let error = client.create(Kind::User, &json!({})).await.unwrap_err();
        assert!(
            matches!(error, DatabricksError::Unreachable { .. }),
            "{words:?} {error}"
        );
    }
}
