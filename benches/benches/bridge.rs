//! The real server over TLS: one durable create, one filtered read, one read by id.
//!
//! The target is in dry-run, so that what is measured is the endpoint and its store alone.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bridge::app::App;
use bridge::config::Config;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "bench-token";

struct Running {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    url: String,
    stop: CancellationToken,
    server: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        // A second call in one process is no fault.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let config = write_configuration(folder.path());
        let stop = CancellationToken::new();
        let (tell, told) = std::sync::mpsc::channel();
        let stopping = stop.clone();
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime can be started");
            runtime.block_on(async move {
                let app = App::open(config).await.expect("the bridge starts");
                tell.send(app.addresses().expect("the listeners have addresses"))
                    .expect("the bench waits");
                Box::pin(app.run(stopping)).await.expect("the bridge runs");
            });
        });
        let addresses = told.recv().expect("the bridge says where it is");
        let pem = std::fs::read(folder.path().join("server.pem")).expect("the certificate was written");
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("it is a certificate")])
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .expect("a client can be made");
        Self {
            runtime: tokio::runtime::Runtime::new().expect("a runtime can be started"),
            client,
            url: addresses.public_url,
            stop,
            server: Some(server),
            _folder: folder,
        }
    }

    async fn create(&self, name: &str) -> u16 {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": name, "displayName": "Pat Example", "active": true, "externalId": name,
            "emails": [{ "primary": true, "type": "work", "value": name }],
        });
        let request = self.client.post(format!("{}/Users", self.url)).bearer_auth(TOKEN);
        let answer = request.json(&body).send().await.expect("the bridge answers");
        let status = answer.status().as_u16();
        answer.bytes().await.expect("the answer is whole");
        status
    }

    async fn find(&self, name: &str) -> usize {
        let request = self.client.get(format!("{}/Users", self.url)).bearer_auth(TOKEN);
        let request = request.query(&[("filter", format!("userName eq \"{name}\""))]);
        let answer = request.send().await.expect("the bridge answers");
        answer.bytes().await.expect("the answer is whole").len()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn write_configuration(folder: &Path) -> Config {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate can be made");
    let files = [
        ("server.pem", made.cert.pem()),
        ("server.key", made.signing_key.serialize_pem()),
        ("entra-token", TOKEN.to_owned()),
        ("databricks-token", "unused".to_owned()),
        (
            "bridge.toml",
            r#"[server]
listen = "127.0.0.1:0"
public_url = "https://localhost:0/scim"
certificate = "server.pem"
private_key = "server.key"
token_file = "entra-token"

[store]
path = "bridge.db"

[ops]
listen = "127.0.0.1:0"

[target]
workspace_url = "https://adb-1234567890123456.7.azuredatabricks.net"
token_file = "databricks-token"
mode = "dry-run"
resolve = ["127.0.0.1"]
private_ranges = ["127.0.0.0/8"]
"#
            .to_owned(),
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("a file can be written");
    }
    Config::load(&folder.join("bridge.toml")).expect("the configuration is usable")
}

fn bridge_over_tls(criterion: &mut Criterion) {
    let running = Running::start();
    let count = AtomicU64::new(0);
    for number in 0..1000 {
        let status = running
            .runtime
            .block_on(running.create(&format!("known{number}@contoso.test")));
        assert_eq!(status, 201);
    }
    let mut group = criterion.benchmark_group("bridge");
    group.bench_function("create_user", |bencher| {
        bencher.to_async(&running.runtime).iter(|| async {
            let number = count.fetch_add(1, Ordering::Relaxed);
            assert_eq!(running.create(&format!("new{number}@contoso.test")).await, 201);
        });
    });
    group.bench_function("filter_by_user_name", |bencher| {
        bencher.to_async(&running.runtime).iter(|| async {
            assert!(running.find("known500@contoso.test").await > 300);
        });
    });
    group.finish();
}

criterion_group!(benches, bridge_over_tls);
criterion_main!(benches);
