//! Limits and time-outs: each is a key of the configuration, and each says so.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use crate::support::{Scene, TOKEN, user, write_configuration};

/// A bridge with these lines in its section `[server]`.
async fn with_limits(lines: &str) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let config = write_configuration(folder.path(), "");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("[store]", &format!("{lines}\n[store]"))).unwrap();
    Scene::start_with(folder, &config).await
}

/// A connection over which bytes are sent by hand.
struct ByHand(StreamOwned<ClientConnection, TcpStream>);

impl ByHand {
    fn connect(folder: &Path, url: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(folder.join("server.pem")).unwrap())
            .unwrap();
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let port = url::Url::parse(url).unwrap().port().unwrap();
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        Self(stream)
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
        self.0.flush().unwrap();
    }

    /// Everything that comes until the other side closes.
    fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A side that closes in the middle of our sentence is what some of these tests ask for.
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer with a body that has a length.
    fn answer(&mut self) -> String {
        let (mut text, mut byte) = (Vec::new(), [0]);
        while !text.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            text.push(byte[0]);
        }
        let head = String::from_utf8(text).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        head + &String::from_utf8(body).unwrap()
    }
}

/// Does this with a connection by hand, on a thread where waiting hurts nobody.
async fn by_hand<T: Send + 'static>(scene: &Scene, work: impl FnOnce(ByHand) -> T + Send + 'static) -> T {
    let (folder, url) = (scene.folder.path().to_owned(), scene.addresses.public_url.clone());
    tokio::task::spawn_blocking(move || work(ByHand::connect(&folder, &url)))
        .await
        .unwrap()
}

fn head(method: &str, more: &str) -> String {
    format!("{method} /scim/Users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n{more}\r\n")
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408_naming_the_setting() {
    let scene = with_limits("body_timeout = \"200ms\"").await;
    let answer = by_hand(&scene, |mut connection| {
        connection
            .send(&(head("POST", "Content-Type: application/scim+json\r\nContent-Length: 100\r\n") + "{\"schemas\""));
        connection.rest()
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("server.body_timeout"), "{answer}");
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let scene = with_limits("header_timeout = \"200ms\"\nidle_timeout = \"300ms\"").await;
    let silent = by_hand(&scene, |mut connection| connection.rest()).await;
    assert_eq!(silent, "", "closed before the first request");
    let slow = by_hand(&scene, |mut connection| {
        connection.send("GET /scim/Users HT");
        connection.rest()
    });
    assert!(!slow.await.contains("200 OK"), "a head that does not come");
    let idle = by_hand(&scene, |mut connection| {
        connection.send(&head("GET", ""));
        let answer = connection.answer();
        (answer, connection.rest())
    });
    let (answer, rest) = idle.await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(rest, "", "closed while idle");
}

#[tokio::test]
async fn too_many_requests_at_once_are_answered_429_with_retry_after() {
    let scene = with_limits("max_in_flight = 1").await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let holding = by_hand(&scene, move |mut connection| {
        let length = user("pat@contoso.test").to_string().len();
        let expects = format!("Content-Length: {length}\r\nExpect: 100-continue\r\n");
        connection.send(&head("POST", &expects));
        // The bridge asks for the body: the request is in flight.
        let go_on = connection.answer();
        tell.send(()).unwrap();
        held.recv().unwrap();
        connection.send(&user("pat@contoso.test").to_string());
        (go_on, connection.answer())
    });
    let others = async {
        told.await.unwrap();
        let refused = scene.get("/Users").await;
        refused.expect_error(429, None);
        assert_eq!(refused.header("retry-after"), "1");
        release.send(()).unwrap();
    };
    let ((go_on, made), ()) = tokio::join!(holding, others);
    assert!(go_on.starts_with("HTTP/1.1 100"), "{go_on}");
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
    assert_eq!(scene.get("/Users").await.body["totalResults"], 1);
}

#[tokio::test]
async fn the_structure_of_a_body_and_a_filter_are_bounded() {
    let scene = with_limits(
        "max_json_depth = 8\nmax_json_values = 40\nmax_filter_length = 60\nmax_filter_terms = 2\nmax_page = 3",
    )
    .await;
    let mut deep = user("pat@contoso.test");
    deep["x"] = json!([[[[[[[[1]]]]]]]]);
    let refused = scene.post("/Users", &deep).await;
    assert!(
        refused
            .expect_error(400, Some("invalidSyntax"))
            .contains("server.max_json_depth")
    );
    let mut many = user("pat@contoso.test");
    many["x"] = json!(vec![1; 50]);
    let refused = scene.post("/Users", &many).await;
    assert!(refused.expect_error(413, None).contains("server.max_json_values"));
    let terms = scene.get("/Users?filter=a+pr+or+b+pr+or+c+pr").await;
    terms.expect_error(400, Some("invalidFilter"));
    let long = scene
        .get(&format!("/Users?filter=userName+eq+%22{}%22", "a".repeat(60)))
        .await;
    long.expect_error(400, Some("invalidFilter"));
    for number in 0..4 {
        scene.user(&format!("u{number}@contoso.test")).await;
    }
    let page = scene.get("/Users?count=100").await;
    assert_eq!(
        (&page.body["itemsPerPage"], &page.body["totalResults"]),
        (&json!(3), &json!(4))
    );
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_refuses_changes_before_they_are_accepted_and_answers_reads() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_configuration(folder.path(), "");
    let text = std::fs::read_to_string(&config).unwrap();
    let full = text.replace("[store]", &format!("[store]\nmin_free = {}", i64::MAX));
    std::fs::write(&config, full).unwrap();
    let scene = Scene::start_with(folder, &config).await;
    let operations = json!([{ "op": "Add", "path": "title", "value": "Chief" }]);
    for refused in [
        scene.post("/Users", &user("ana@contoso.test")).await,
        scene.patch("/Users/1", operations.clone()).await,
        scene.delete("/Groups/1").await,
        scene.post("/Bulk", &json!({})).await,
    ] {
        let detail = refused.expect_error(503, None);
        assert!(
            detail.contains("disk") && refused.header("retry-after") == "10",
            "{detail}"
        );
    }
    let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
    assert_eq!(scene.get("/Users").await.body["totalResults"], 0);
    assert_eq!(scene.post("/Users/.search", &search).await.status, 200);
    let stranger = scene.anonymous(reqwest::Method::POST, "/Users").send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ready = format!("{}/health/ready", scene.addresses.ops_url);
    let ready = client.get(ready).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.unwrap().contains("store.min_free"));
}
