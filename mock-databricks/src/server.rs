//! Starting and stopping.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::chance::fresh_seed;
use crate::control::{self, snapshot};
use crate::history::Listener;
use crate::mock::{Mock, Setup};
use crate::network::connection::CuttableAcceptor;
use crate::network::dns::Sockets;
use crate::network::dns::names::{Names, View};
use crate::network::listen::Addresses;
use crate::network::private_endpoint::Door;
use crate::network::site::ACCOUNT_HOST;
use crate::network::tls::CaDir;
use crate::network::{front_end, listen};
use crate::options::{Options, StartError};
use crate::state::Document;

/// A peer that opens a connection and says nothing is sent away after this.
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// Also the idle time of a kept connection, longer than clients usually keep one.
const HEADERS: Duration = Duration::from_secs(75);
/// Calls that are being answered may end within this when the mock stops.
const GRACE: Duration = Duration::from_secs(3);

/// A running mock; dropping it stops it.
#[derive(Debug)]
pub struct MockDatabricks {
    mock: Arc<Mock>,
    control: SocketAddr,
    ca_file: PathBuf,
    ca_dir: PathBuf,
    azure: SocketAddr,
    handles: Vec<Handle<SocketAddr>>,
    tasks: Vec<JoinHandle<()>>,
    /// Removes the certificates with the mock.
    _temporary: Option<TempDir>,
}

impl MockDatabricks {
    /// Opens all listeners; they answer when this returns.
    ///
    /// Also installs ring as the process's TLS provider, if none is installed yet.
    ///
    /// # Errors
    ///
    /// [`StartError`] for options that cannot be, taken addresses and unusable certificates. Nothing keeps running then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // A second call finds one installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let workspace_id = options.check()?;
        let (ca_dir, temporary) = if let Some(dir) = options.ca_dir.clone() {
            (dir, None)
        } else {
            let dir = tempfile::Builder::new()
                .prefix("mock-databricks-")
                .tempdir()
                .map_err(StartError::TemporaryDir)?;
            (dir.path().to_owned(), Some(dir))
        };
        let files = CaDir::open(&ca_dir)?;
        let tls = RustlsConfig::from_config(Arc::new(files.server_config(options.http2)?));
        let pair = listen::pair(options.listen_private, options.listen_public).await?;
        let control = listen::one(options.control, "control listener", "--control").await?;
        let dns = Sockets::bind(options.dns, "DNS", "--dns").await?;
        let dns_outside = Sockets::bind(options.dns_outside, "DNS seen from outside", "--dns-outside").await?;
        let addresses = Addresses {
            private: local(&pair.private, options.listen_private),
            public: local(&pair.public, options.listen_public),
            dns: dns.local_addr().unwrap_or(options.dns),
            dns_outside: dns_outside.local_addr().unwrap_or(options.dns_outside),
        };
        let names = Names::new(&options.workspace_host, addresses.private.ip(), addresses.public.ip())
            .map_err(|_| StartError::WorkspaceHost(options.workspace_host.clone()))?;
        let azure = listen::one(options.azure, "azure listener", "--azure").await?;

        let (document, seed) = Self::document(&options)?;
        let mock = Arc::new(Mock::new(Setup {
            workspace_id,
            workspace_host: options.workspace_host,
            account_id: options.account_id,
            token: options.token,
            limits: options.limits,
            seed,
            time_factor: options.time_factor,
            names,
            addresses,
        }));
        if let Some((path, document)) = document {
            mock.restore(document).map_err(|error| bad_state(&path, &error))?;
        }
        let mut server = Self {
            control: local(&control, options.control),
            ca_file: files.ca_certificate,
            ca_dir: files.dir,
            azure: local(&azure, options.azure),
            handles: Vec::new(),
            tasks: Vec::new(),
            _temporary: temporary,
            mock: Arc::clone(&mock),
        };
        let private = front_end::router(Arc::clone(&mock), Listener::Private);
        let public = front_end::router(Arc::clone(&mock), Listener::Public);
        server.serve_tls(pair.private, Listener::Private, private, &tls);
        server.serve_tls(pair.public, Listener::Public, public, &tls);
        let (inside, outside) = (
            dns.serve(Arc::clone(&mock), None),
            dns_outside.serve(Arc::clone(&mock), Some(View::Outside)),
        );
        server.tasks.push(tokio::spawn(inside));
        server.tasks.push(tokio::spawn(outside));
        let stand_ins = front_end::router(Arc::clone(&mock), Listener::Azure);
        server.serve_plain(azure, stand_ins);
        server.serve_plain(control, control::router(mock));
        Ok(server)
    }

    /// The document to start with, and the seed, which is the document's own unless another is asked for.
    fn document(options: &Options) -> Result<(Option<(PathBuf, Document)>, u64), StartError> {
        let Some(path) = options.state.clone() else {
            return Ok((None, options.seed.unwrap_or_else(fresh_seed)));
        };
        let document = snapshot::read(&path).map_err(|error| bad_state(&path, &error))?;
        let seed = options.seed.or(document.seed).unwrap_or_else(fresh_seed);
        Ok((Some((path, document)), seed))
    }

    fn serve_tls(&mut self, socket: TcpListener, listener: Listener, app: Router, tls: &RustlsConfig) {
        let acceptor = Door {
            inner: RustlsAcceptor::new(tls.clone()).acceptor(CuttableAcceptor),
            mock: Arc::clone(&self.mock),
            listener,
        };
        let mut server = axum_server::Server::<SocketAddr>::from_listener(socket)
            .acceptor(acceptor)
            .handle(self.new_handle())
            .first_request_timeout(FIRST_REQUEST);
        server.http_builder().http1().header_read_timeout(HEADERS);
        self.spawn(server.serve(app.into_make_service()));
    }

    fn serve_plain(&mut self, listener: TcpListener, app: Router) {
        let mut server = axum_server::Server::<SocketAddr>::from_listener(listener)
            .acceptor(CuttableAcceptor)
            .handle(self.new_handle())
            .first_request_timeout(FIRST_REQUEST);
        server.http_builder().http1().header_read_timeout(HEADERS);
        self.spawn(server.serve(app.into_make_service()));
    }

    fn new_handle(&mut self) -> Handle<SocketAddr> {
        let handle = Handle::new();
        self.handles.push(handle.clone());
        handle
    }

    fn spawn(&mut self, serving: impl Future<Output = std::io::Result<()>> + Send + 'static) {
        self.tasks.push(tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "a listener stopped");
            }
        }));
    }

    /// The certificate authority to trust, `ca.pem`.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The folder of `ca.pem`, `ca.key`, `server.pem` and `server.key`.
    pub fn ca_dir(&self) -> &Path {
        &self.ca_dir
    }

    /// The workspace's public name, as clients write it into URLs.
    pub fn workspace_host(&self) -> &str {
        &self.mock.workspace_host
    }

    /// The private front end, `https://127.0.0.2:8443`; in real life, DNS inside the network leads there.
    pub fn private_url(&self) -> String {
        format!("https://{}", self.mock.addresses.private)
    }

    /// The public front end, `https://127.0.0.1:8443`; in real life, DNS elsewhere leads there.
    pub fn public_url(&self) -> String {
        format!("https://{}", self.mock.addresses.public)
    }

    /// The control listener, `http://127.0.0.1:8445`.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// The personal access token of the workspace admin.
    pub fn token(&self) -> &str {
        &self.mock.secrets.token
    }

    /// The DNS server, UDP and TCP, `127.0.0.1:8453`; its view is set at the control listener.
    pub fn dns(&self) -> SocketAddr {
        self.mock.addresses.dns
    }

    /// The DNS server that always answers as seen from outside of the virtual network, `127.0.0.1:8454`.
    pub fn dns_outside(&self) -> SocketAddr {
        self.mock.addresses.dns_outside
    }

    /// The azure listener, `http://127.0.0.1:8446`: stand-ins for Entra's token endpoint, the managed identity of a machine, and
    /// the resource manager.
    pub fn azure_url(&self) -> String {
        format!("http://{}", self.azure)
    }

    /// The account's UUID.
    pub fn account_id(&self) -> String {
        self.mock.account_id()
    }

    /// The public name of the account console.
    pub fn account_host(&self) -> &'static str {
        ACCOUNT_HOST
    }

    /// The SCIM token of the account; it works on the account's 2.1 path alone.
    pub fn account_token(&self) -> &str {
        &self.mock.secrets.account_token
    }

    /// Client id of the service principal that is admin of workspace and account: its `applicationId`.
    pub fn client_id(&self) -> String {
        self.mock.lock().workspace.application_id().to_owned()
    }

    /// Its secret for Databricks' own token endpoints.
    pub fn oauth_secret(&self) -> &str {
        &self.mock.secrets.oauth
    }

    /// Its secret for Entra's token endpoint.
    pub fn entra_secret(&self) -> &str {
        &self.mock.secrets.entra
    }

    /// The Entra tenant the workspace belongs to.
    pub fn tenant_id(&self) -> &str {
        &self.mock.azure.tenant_id
    }

    /// The workspace as a resource of Azure, `/subscriptions/…`.
    pub fn resource_id(&self) -> &str {
        &self.mock.azure.resource_id
    }

    /// The secret of the App Service form of the managed identity.
    pub fn identity_header(&self) -> &str {
        &self.mock.azure.identity_header
    }

    /// The seed all chance comes from; starting with it again gives the same ids and token.
    pub fn seed(&self) -> u64 {
        self.mock.seed
    }

    /// Stops: no new connections, held calls are cut, late effects dropped, running calls get three seconds.
    pub async fn shutdown(mut self) {
        self.mock.stopping.cancel();
        for handle in &self.handles {
            handle.graceful_shutdown(Some(GRACE));
        }
        for task in std::mem::take(&mut self.tasks) {
            // A listener that panicked is stopped, too.
            let _ = task.await;
        }
    }
}

impl Drop for MockDatabricks {
    fn drop(&mut self) {
        self.mock.stopping.cancel();
        for handle in &self.handles {
            handle.shutdown();
        }
    }
}

fn bad_state(path: &Path, problem: &dyn std::fmt::Display) -> StartError {
    StartError::State {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}

fn local(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}
