//! The only place where concrete types are chosen and joined.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio_util::sync::CancellationToken;
use tower::util::MapRequest;
use url::Url;

use crate::clock::Clock;
use crate::config::{Config, DriftMode, Mode, Widening};
use crate::databricks::{
    AzureWorkspace, Client, ClientOptions, Credential, CredentialKind, CredentialOptions, Level, MetadataEndpoint,
    Network, Place, SecretFrom, Way,
};
use crate::directory::{Directory, Rules};
use crate::id::fold;
use crate::ops::{self, Operations};
use crate::reconcile::circuit::Probing;
use crate::reconcile::drift::DriftPolicy;
use crate::reconcile::guard::Guard;
use crate::reconcile::policy::{Assign, Policy};
use crate::reconcile::{Status, Worker, WorkerOptions};
use crate::record::{Bounds, Keeper};
use crate::recovery::{self, MapKeeper, Standing};
use crate::server::{self, Endpoint, JsonLimits, RawQuotesAcceptor, Rewrite, ServerOptions, Tokens};
use crate::store::{Belonging, Foreign, Store, StoreError};

/// The one target's name in the store.
const TARGET: &str = "workspace";
/// The one endpoint's name in the store.
const ENDPOINT: &str = "scim";
/// Time that running requests and calls get to finish at shutdown (rule D6).
const GRACE: Duration = Duration::from_secs(8);
/// How often the token file is looked at for a change.
const TOKEN_CHECK: Duration = Duration::from_secs(5);
/// How often the record is kept within its bounds, and how far the clock may be from its newest entry then (rule D4).
const RECORD_PASS: Duration = Duration::from_hours(1);

/// How often new pairs of ids are written to the map beside the store.
const ID_MAP: Duration = Duration::from_secs(1);

/// Why the bridge does not start: a fault of the configuration or the machine, not of the program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotStart(pub String);

/// A bridge that is set up and listens, and has not begun to work.
pub struct App {
    config: Config,
    clock: Clock,
    store: Store,
    id_map: MapKeeper,
    client: Client,
    tokens: Tokens,
    tls: RustlsConfig,
    scim: TcpListener,
    ops: TcpListener,
    public_url: String,
}

/// Where a bridge can be reached.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The tenant URL.
    pub public_url: String,
    /// The operations listener.
    pub ops_url: String,
}

impl App {
    /// Opens everything that the configuration names: listeners, certificate, tokens, store.
    ///
    /// # Errors
    ///
    /// [`CannotStart`] says on one line what is wrong and with what.
    pub async fn open(config: Config) -> Result<Self> {
        // A second call in one process is no fault: the provider is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::system();
        let tokens = Tokens::open(&config.server.token_file).map_err(|why| cannot("server.token_file", why))?;
        let tls = RustlsConfig::from_pem_file(&config.server.certificate, &config.server.private_key)
            .await
            .map_err(|why| {
                let files = format!(
                    "{} and {}",
                    config.server.certificate.display(),
                    config.server.private_key.display()
                );
                cannot("server.certificate and server.private_key", format!("{files}: {why}"))
            })?;
        let scim = listen("server.listen", config.server.listen)?;
        let ops = listen("ops.listen", config.ops.listen)?;
        let client = client(&config, clock).await?;
        let store = Store::open(&config.store.path).map_err(|why| cannot("store.path", why))?;
        store.keep_free(config.store.min_free);
        // For the command lines beside this process: what the file says later is not how it was started.
        let mode = match config.target.mode {
            Mode::DryRun => "dry-run",
            Mode::Live => "live",
        };
        store
            .write(move |tx| tx.set_fact("started_mode", mode))
            .await
            .map_err(|why: StoreError| cannot("store.path", why))?;
        claim(&store, &config).await?;
        let (id_map, standing) = recovery::begin(&store, clock)
            .await
            .map_err(|why| cannot("store.path", why))?;
        if standing == Standing::Behind {
            tracing::warn!(
                "THE STORE IS OLDER THAN ITS ID MAP, OR ANOTHER: it is served, and nothing is written to Databricks until \
                 `scim-bridge resume --after-restore`; docs/recovery.md says what to do in Entra first"
            );
        }
        let public_url = public_url(&config, scim.local_addr()?);
        Ok(Self {
            config,
            clock,
            store,
            id_map,
            client,
            tokens,
            tls,
            scim,
            ops,
            public_url,
        })
    }

    /// Where it can be reached once it runs.
    ///
    /// # Errors
    ///
    /// When the operating system does not tell a listener's address.
    pub fn addresses(&self) -> Result<Addresses> {
        Ok(Addresses {
            public_url: self.public_url.clone(),
            ops_url: format!("http://{}", self.ops.local_addr()?),
        })
    }

    /// Serves until `stop`; then finishes what runs, within ten seconds (rule D6).
    ///
    /// # Errors
    ///
    /// When a listener or the reconciler ends by itself.
    pub async fn run(self, stop: CancellationToken) -> Result<()> {
        let status = Status::default();
        let worker = Worker::new(
            self.store.clone(),
            self.client.clone(),
            self.clock,
            worker_options(&self.config),
            status.clone(),
        );
        let directory = Directory::new(self.store.clone(), self.clock, rules(&self.config));
        let endpoint = Endpoint::new(
            directory,
            self.tokens.clone(),
            server_options(&self.config, &self.public_url),
        );
        let base = url::Url::parse(&self.public_url)
            .map(|url| url.path().to_owned())
            .unwrap_or_default();
        let rewrite = Rewrite::new(&base);
        let rewritten = MapRequest::new(server::router(endpoint), move |mut request: Request| {
            *request.uri_mut() = rewrite.apply(request.uri());
            request
        });
        // Rewriting comes before routing only from outside a router.
        let measured = from_fn_with_state((self.clock, status.meters().clone()), server::measure);
        let routes = Router::new().fallback_service(rewritten).layer(measured);
        let operations = ops::router(Operations {
            clock: self.clock,
            store: self.store.clone(),
            targets: vec![(TARGET.to_owned(), status)],
            endpoint: ENDPOINT.to_owned(),
            speed: self.config.target.speed(),
            level: self.config.target.level,
            dry_run: self.config.target.mode == Mode::DryRun,
            certificate_expires: ops::certificate_expiry(&self.config.server.certificate),
        });

        let (scim_handle, ops_handle) = (Handle::new(), Handle::new());
        let (header_timeout, idle_timeout) = (self.config.server.header_timeout.0, self.config.server.idle_timeout.0);
        let acceptor = RustlsAcceptor::new(self.tls)
            .handshake_timeout(header_timeout)
            .acceptor(NoDelayAcceptor);
        let mut scim = axum_server::from_tcp(self.scim)?
            .acceptor(RawQuotesAcceptor(acceptor))
            .handle(scim_handle.clone())
            .first_request_timeout(header_timeout);
        bound_connections(scim.http_builder(), idle_timeout);
        let scim = scim.serve(routes.into_make_service());
        let mut ops = axum_server::from_tcp(self.ops)?.handle(ops_handle.clone());
        bound_connections(ops.http_builder(), idle_timeout);
        let ops = ops.serve(operations.into_make_service());

        let stopped = stop.clone();
        let shutdown = async move {
            stopped.cancelled().await;
            scim_handle.graceful_shutdown(Some(GRACE));
            ops_handle.graceful_shutdown(Some(Duration::from_secs(1)));
        };
        let reload = reload_tokens(self.tokens, stop.clone());
        let keeper = Keeper::new(self.store.clone(), self.clock, bounds(&self.config));
        let keeping = keeper.run(self.config.test.scale(RECORD_PASS), stop.clone());
        let worker = async {
            worker
                .run(stop.clone(), GRACE)
                .await
                .context("the reconciler could not start")
        };
        let mapping = self.id_map.run(ID_MAP, stop.clone());
        let sizes = watch_sizes(self.store.clone(), self.config.test.scale(RECORD_PASS), stop.clone());
        let (worker, scim, ops, (), (), (), (), ()) = tokio::join!(
            ending(worker, &stop),
            ending(async { scim.await.context("the SCIM listener failed") }, &stop),
            ending(async { ops.await.context("the operations listener failed") }, &stop),
            shutdown,
            reload,
            keeping,
            sizes,
            mapping,
        );
        worker.and(scim).and(ops)
    }
}

/// One part that ends takes the others with it.
async fn ending(part: impl Future<Output = Result<()>>, stop: &CancellationToken) -> Result<()> {
    let result = part.await;
    stop.cancel();
    result
}

/// Slow and silent clients must not hold a connection for ever. HTTP/1.1 counts the time to the end of
/// the next request's head; HTTP/2 asks with a ping whether the client is still there.
fn bound_connections<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>, idle: Duration) {
    builder.http1().header_read_timeout(Some(idle));
    builder
        .http2()
        .keep_alive_interval(Some(idle))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(256);
}

async fn reload_tokens(tokens: Tokens, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TOKEN_CHECK) => {}
        }
        if let Err(why) = tokens.reload() {
            tracing::warn!(%why, "the token file cannot be used; the tokens read before stay valid");
        }
    }
}

/// Warns now and then while nearly as many users or groups are wanted as the target can hold.
async fn watch_sizes(store: Store, every: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        match store.read::<_, StoreError, _>(|store| store.resources(ENDPOINT)) {
            Ok(resources) => {
                for (kind, used) in ops::nearly_full(resources) {
                    tracing::warn!(%kind, used, "nearly as many are wanted as the target can hold; ask Databricks for more room, or narrow the scope in Entra");
                }
            }
            Err(error) => tracing::warn!(%error, "resources could not be counted"),
        }
    }
}

fn cannot(key: &str, why: impl std::fmt::Display) -> anyhow::Error {
    anyhow!(CannotStart(format!("{key}: {why}")))
}

fn listen(key: &str, address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|why| cannot(key, format!("{address}: {why}")))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The tenant URL; with `listen` on port 0 and a URL on port 0, the port that was taken.
fn public_url(config: &Config, listening: SocketAddr) -> String {
    let mut url = config.server.public_url.clone();
    if url.port() == Some(0) {
        // Only fails for URLs without a host; the configuration was checked for one.
        let _ = url.set_port(Some(listening.port()));
    }
    url.as_str().trim_end_matches('/').to_owned()
}

/// The client of the configured workspace, with its credential.
///
/// # Errors
///
/// [`CannotStart`] when a file that the configuration names cannot be used.
pub async fn client(config: &Config, clock: Clock) -> Result<Client> {
    // A second call in one process is no fault: the provider is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (key, options) = credential_options(config)?;
    let (network, workspace_url) = (network(config), config.target.workspace_url.clone());
    let credential = Credential::open(options, &workspace_url, &network, clock)
        .await
        .map_err(|why| cannot(key, why))?;
    let options = ClientOptions {
        workspace_url,
        credential,
        network,
    };
    Client::at(options, config.target.place()).map_err(|why| anyhow!(CannotStart(format!("target.{why}"))))
}

/// Upstream ids mean nothing at another target: a store that was used with one is refused.
async fn claim(store: &Store, config: &Config) -> Result<()> {
    let target = &config.target;
    let place = target.place();
    let (host, account) = match &place {
        Place::Workspace | Place::AccountThroughWorkspace => (target.workspace_url.host_str(), None),
        Place::Account { url, id, .. } => (url.host_str(), Some(id.clone())),
    };
    let belonging = Belonging {
        level: place.level().as_str().to_owned(),
        host: host.unwrap_or_default().to_ascii_lowercase(),
        account,
    };
    let foreign = store
        .write::<_, StoreError, _>(move |tx| tx.belong_to(&belonging))
        .await
        .map_err(|why| cannot("store.path", why))?;
    let (key, used) = match foreign {
        None => return Ok(()),
        Some(Foreign::Level(level)) => ("target.level", format!("at {level} level")),
        Some(Foreign::Host(host)) if target.level == Level::Account => ("target.account_url", format!("with {host}")),
        Some(Foreign::Host(host)) => ("target.workspace_url", format!("with {host}")),
        Some(Foreign::Account(id)) => ("target.account_id", format!("with the account {id}")),
    };
    Err(cannot(
        key,
        format!("this store was used {used}: ids differ: use another store.path"),
    ))
}

/// The way to whatever is asked, for whoever walks it step by step.
pub fn way(config: &Config) -> Way {
    let (target, network) = (&config.target, network(config));
    match target.level {
        Level::Workspace | Level::AccountThroughWorkspace => Way::new(&target.workspace_url, &network),
        // Only the workspace's name is looked up as configured, and only its address has to be private (rule E5).
        Level::Account => Way::new(
            &target.account_url(),
            &Network {
                resolve: Vec::new(),
                dns_server: None,
                private_ranges: None,
                ..network
            },
        ),
    }
}

/// How the configuration says that Databricks is reached.
pub fn network(config: &Config) -> Network {
    let (target, test) = (&config.target, &config.test);
    Network {
        resolve: target.resolve.clone(),
        dns_server: target.dns_server,
        private_ranges: Some(target.ranges()),
        ca_file: target.ca_file.clone(),
        proxy: target.proxy.clone(),
        timeout: test.scale(target.timeout.0),
        connect_timeout: test.scale(target.connect_timeout.0).max(Duration::from_secs(1)),
    }
}

/// The one credential that is configured, and the key to name when it cannot be used.
fn credential_options(config: &Config) -> Result<(&'static str, CredentialOptions)> {
    let target = &config.target;
    let secret = |file: &Option<PathBuf>, command: &Option<Vec<String>>| match (file, command) {
        (Some(path), _) => SecretFrom::File(path.clone()),
        (None, command) => SecretFrom::Command(command.clone().unwrap_or_default()),
    };
    let (key, kind) = if let Some(oauth) = &target.oauth {
        let kind = CredentialKind::OAuth {
            client_id: oauth.client_id.clone(),
            secret: secret(&oauth.client_secret_file, &oauth.client_secret_command),
            token_url: oauth.token_url(target),
        };
        ("target.oauth", kind)
    } else if let Some(entra) = &target.entra {
        let kind = CredentialKind::Entra {
            login_url: entra.login_url.clone(),
            tenant_id: entra.tenant_id.clone(),
            client_id: entra.client_id.clone(),
            secret: secret(&entra.client_secret_file, &entra.client_secret_command),
        };
        ("target.entra", kind)
    } else if let Some(identity) = &target.managed_identity {
        let kind = CredentialKind::ManagedIdentity {
            client_id: identity.client_id.clone(),
            endpoint: metadata_endpoint(identity.endpoint.as_ref())?,
        };
        ("target.managed_identity", kind)
    } else {
        let key = if target.token_file.is_some() {
            "target.token_file"
        } else {
            "target.token_command"
        };
        (
            key,
            CredentialKind::Pat(secret(&target.token_file, &target.token_command)),
        )
    };
    let azure = target
        .azure_workspace_resource_id
        .clone()
        .map(|resource_id| AzureWorkspace {
            resource_id,
            management_url: target.management_url.clone(),
        });
    Ok((key, CredentialOptions { kind, azure }))
}

/// What is configured; else what App Service and Container Apps put into the environment; else the machine's.
fn metadata_endpoint(configured: Option<&Url>) -> Result<MetadataEndpoint> {
    if let Some(url) = configured {
        return Ok(MetadataEndpoint::Machine(url.clone()));
    }
    if let (Ok(url), Ok(header)) = (std::env::var("IDENTITY_ENDPOINT"), std::env::var("IDENTITY_HEADER")) {
        let url = Url::parse(&url).map_err(|why| cannot("environment variable IDENTITY_ENDPOINT", why))?;
        let header = header.into();
        return Ok(MetadataEndpoint::AppService { url, header });
    }
    let machine = Url::parse("http://169.254.169.254").map_err(|why| cannot("target.managed_identity", why))?;
    Ok(MetadataEndpoint::Machine(machine))
}

/// How the worker of `config` is set up.
pub fn worker_options(config: &Config) -> WorkerOptions {
    let (section, test) = (&config.reconcile, &config.test);
    WorkerOptions {
        target: TARGET.to_owned(),
        endpoint: ENDPOINT.to_owned(),
        dry_run: config.target.mode == Mode::DryRun,
        policy: Policy {
            level: config.target.level,
            time_factor: test.time_factor,
            batch: section.batch,
            proof: test.scale(section.absence_proof.0),
            verify_after: test.scale(section.verify_after.0),
            patience: test.scale(section.settle_at_most.0),
            group_grace: test.scale(section.group_grace.0),
            protected_users: config.target.protected_user_keys(),
            protected_groups: config.target.protected_group_keys(),
            adopt_inactive: section.adopt_inactive,
            adopt_groups: config.adopt.groups.iter().map(|name| fold(name)).collect(),
            entitlements: config.entitlements.patterns(),
            assign: config.assign.as_ref().map(|section| Assign {
                workspaces: match section.workspace_ids.as_slice() {
                    // The one that the account is reached through.
                    [] => vec![None],
                    numbers => numbers.iter().copied().map(Some).collect(),
                },
                groups: section.groups.iter().map(|name| fold(name)).collect(),
                permission: section.permission,
            }),
            on_name_reuse: section.on_name_reuse,
            on_rename: section.on_rename,
            on_user_delete: section.on_user_delete,
            drift: DriftPolicy {
                on: config.drift.mode != DriftMode::Off,
                repair: config.drift.mode == DriftMode::Repair,
                widen: config.drift.widen == Widening::Repair,
                every: test.scale(config.drift.every.0),
            },
            guard: Guard {
                more_than: config.guard.more_than,
                percent: config.guard.percent,
                within: test.scale(config.guard.within.0),
                alarm_after: test.scale(config.guard.alarm_after.0),
            },
            on_group_delete: section.on_group_delete,
        },
        speed: config.target.speed(),
        probing: Probing {
            first: test.scale(section.probe.0),
            longest: test.scale(section.probe_at_most.0),
        },
        time_factor: test.time_factor,
    }
}

fn bounds(config: &Config) -> Bounds {
    Bounds {
        keep_for: config.test.scale(config.record.keep_for.0),
        max_size: config.record.max_size,
        clock_within: config.test.scale(RECORD_PASS),
    }
}

fn rules(config: &Config) -> Rules {
    Rules {
        endpoint: ENDPOINT.to_owned(),
        targets: vec![TARGET.to_owned()],
        protected_users: config.target.protected_user_keys(),
        protected_groups: config.target.protected_group_keys(),
        settle_for: config.test.scale(config.reconcile.settle.0),
        settle_at_most: config.test.scale(config.reconcile.settle_at_most.0),
    }
}

fn server_options(config: &Config, public_url: &str) -> ServerOptions {
    let server = &config.server;
    ServerOptions {
        public_url: public_url.to_owned(),
        acknowledge_within: server.acknowledge_within.0,
        waiting: server.max_waiting,
        max_body_bytes: server.max_body_bytes,
        body_timeout: server.body_timeout.0,
        json: JsonLimits {
            max_depth: server.max_json_depth,
            max_values: server.max_json_values,
        },
        bulk_operations: server.max_bulk_operations,
        default_page: server.max_page.min(100),
        max_page: server.max_page,
        in_flight: server.max_in_flight,
        filter: scim::filter::Limits {
            max_length: server.max_filter_length,
            max_terms: server.max_filter_terms,
            ..scim::filter::Limits::default()
        },
    }
}

/// Writes `text` to `path` so that a reader sees all of it or nothing.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}
