//! A way between bridge and Databricks that may betray the bridge: what it does is what a broken bridge would do.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use reqwest::Method;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// What is done to the bridge's requests, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing: the way itself must change nothing.
    None,
    /// A removal of a member is answered as if done.
    DropRemoval,
    /// A deactivation is answered as if done, each time.
    DropDeactivations,
    /// One more member is added.
    WidenEdge,
    /// A create is sent twice.
    RepeatCreate,
    /// A create is sent a second time under another spelling.
    RespellCreate,
}

/// Where it listens, before anything is served.
pub struct Proxy {
    listener: TcpListener,
    sabotage: Sabotage,
}

/// A proxy that serves; dropping it ends it.
pub struct Serving {
    task: AbortHandle,
    done: Arc<AtomicBool>,
}

impl Serving {
    /// Whether anything was done to any request.
    pub fn has_struck(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub async fn bind(sabotage: Sabotage) -> Result<Self> {
        // The address of the mock's private front end: the bridge resolves the workspace's name to it.
        let listener = TcpListener::bind("127.0.0.2:0").await?;
        Ok(Self { listener, sabotage })
    }

    pub fn port(&self) -> Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Forwards to the private front end, with the mock's own certificate from `ca`.
    pub fn serve(self, ca: &Path, host: &str, private_url: &str) -> Result<Serving> {
        let chain = CertificateDer::pem_file_iter(ca.join("server.pem"))?.collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_file(ca.join("server.key"))?;
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let to: SocketAddr = private_url
            .trim_start_matches("https://")
            .parse()
            .context("the private front end")?;
        let authority = reqwest::Certificate::from_pem(&std::fs::read(ca.join("ca.pem"))?)?;
        let http = reqwest::Client::builder()
            .tls_certs_only([authority])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .resolve(host, to)
            .build()?;
        let done = Arc::new(AtomicBool::new(false));
        let way = Arc::new(Way {
            http,
            base: format!("https://{host}:{}", to.port()),
            sabotage: self.sabotage,
            done: Arc::clone(&done),
            users: Mutex::default(),
        });
        let listener = self.listener;
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, way) = (acceptor.clone(), Arc::clone(&way));
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    // A client that goes away ends its connection, nothing else.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = way.converse(stream).await;
                    }
                });
            }
        });
        Ok(Serving {
            task: task.abort_handle(),
            done,
        })
    }
}

struct Call {
    method: Method,
    target: String,
    authorization: String,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

struct Way {
    http: reqwest::Client,
    base: String,
    sabotage: Sabotage,
    done: Arc<AtomicBool>,
    /// Ids of users that were created.
    users: Mutex<BTreeSet<String>>,
}

impl Way {
    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(call) = read(&mut stream).await? {
            let answer = self.answer(call).await?;
            let head = format!(
                "HTTP/1.1 {} -\r\ncontent-type: application/scim+json\r\ncontent-length: {}\r\n\r\n",
                answer.status,
                answer.body.len()
            );
            stream.write_all(&[head.as_bytes(), &answer.body].concat()).await?;
            stream.flush().await?;
        }
        Ok(())
    }

    async fn answer(&self, mut call: Call) -> Result<Answer> {
        let mut body: Value = serde_json::from_slice(&call.body).unwrap_or(Value::Null);
        let nothing = Answer {
            status: 200,
            body: b"{}".to_vec(),
        };
        match self.sabotage {
            Sabotage::DropRemoval if removes_members(&body) && self.first() => return Ok(nothing),
            Sabotage::DropDeactivations if deactivates(&body) => {
                self.first();
                return Ok(nothing);
            }
            Sabotage::WidenEdge => {
                if let Some(added) = self.somebody_else(&body)
                    && self.first()
                {
                    let more = json!({ "value": added });
                    members_of(&mut body).context("members")?.push(more);
                    call.body = body.to_string().into_bytes();
                }
            }
            Sabotage::RepeatCreate if call.method == Method::POST && self.first() => {
                let answer = self.forward(&call).await?;
                self.forward(&call).await?;
                return Ok(answer);
            }
            Sabotage::RespellCreate if call.method == Method::POST && self.first() => {
                let answer = self.forward(&call).await?;
                for name in ["userName", "displayName"] {
                    if let Some(text) = body[name].as_str() {
                        body[name] = json!(format!("again-{text}"));
                    }
                }
                call.body = body.to_string().into_bytes();
                self.forward(&call).await?;
                return Ok(answer);
            }
            Sabotage::None
            | Sabotage::DropRemoval
            | Sabotage::DropDeactivations
            | Sabotage::RepeatCreate
            | Sabotage::RespellCreate => {}
        }
        self.forward(&call).await
    }

    /// Whether this is the first time; it is not any more afterwards.
    fn first(&self) -> bool {
        !self.done.swap(true, Ordering::SeqCst)
    }

    /// A user that is not among the members that are added.
    fn somebody_else(&self, body: &Value) -> Option<String> {
        let mut body = body.clone();
        let named: Vec<Value> = members_of(&mut body)?.clone();
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users
            .iter()
            .find(|id| named.iter().all(|member| member["value"] != **id))
            .cloned()
    }

    async fn forward(&self, call: &Call) -> Result<Answer> {
        let request = self
            .http
            .request(call.method.clone(), format!("{}{}", self.base, call.target))
            .header("authorization", &call.authorization)
            .header("content-type", "application/scim+json")
            .body(call.body.clone());
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await?.to_vec();
        if call.method == Method::POST && call.target.ends_with("/Users") && status == 201 {
            let made: Value = serde_json::from_slice(&body)?;
            let id = made["id"].as_str().unwrap_or_default().to_owned();
            self.users.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
        Ok(Answer { status, body })
    }
}

fn operations(body: &Value) -> impl Iterator<Item = &Value> {
    body["Operations"].as_array().into_iter().flatten()
}

fn removes_members(body: &Value) -> bool {
    let of_members = |path: &Value| path.as_str().is_some_and(|path| path.starts_with("members"));
    operations(body).any(|operation| operation["op"] == "remove" && of_members(&operation["path"]))
}

fn deactivates(body: &Value) -> bool {
    operations(body).any(|operation| operation["path"] == "active" && operation["value"].to_string().contains("false"))
}

/// The members that a request adds, at a create or later.
fn members_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    if body.get("members").is_some() {
        return body["members"].as_array_mut();
    }
    let operations = body.get_mut("Operations")?.as_array_mut()?;
    let add = operations
        .iter_mut()
        .find(|operation| operation["op"] == "add" && operation["path"] == "members")?;
    add["value"].as_array_mut()
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Result<Option<Call>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().parse()?;
    let target = words.next().unwrap_or_default().to_owned();
    let (mut authorization, mut length) = (String::new(), 0_usize);
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.trim().clone_into(&mut authorization),
            "content-length" => length = value.trim().parse()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Call {
        method,
        target,
        authorization,
        body,
    }))
}
