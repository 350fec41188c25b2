//! The way to the workspace, one step at a time, for whoever wants to know where it ends.
//!
//! The calls themselves go this way in one go, and would only say that they failed.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::{ConfigVerifierExt, Verifier};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::network::Network;
use super::private_link::PrivateResolver;

/// Steps towards one workspace.
#[derive(Debug)]
pub struct Way {
    host: String,
    port: u16,
    resolver: PrivateResolver,
    is_checked: bool,
    proxy: Option<Url>,
    ca_file: Option<std::path::PathBuf>,
    patience: Duration,
}

/// Where a handshake ended.
#[derive(Debug, PartialEq, Eq)]
pub enum TlsProblem {
    /// Whoever answers is trusted, and is somebody else.
    Name(String),
    /// Nobody who is trusted has signed the certificate.
    Untrusted(String),
    /// It is valid no longer, or not yet.
    Expired(String),
    /// No handshake came about.
    Broken(String),
}

impl Way {
    /// To `workspace_url`.
    pub fn new(workspace_url: &Url, network: &Network) -> Self {
        let host = workspace_url.host_str().unwrap_or_default().to_owned();
        Self {
            port: workspace_url.port_or_known_default().unwrap_or(443),
            resolver: network.resolver(&host),
            is_checked: network.private_ranges.is_some(),
            proxy: network.proxy.clone(),
            ca_file: network.ca_file.clone(),
            patience: network.connect_timeout,
            host,
        }
    }

    /// The workspace's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether its address has to lie in the private ranges (rule E5).
    pub const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// The proxy that everything goes through, if there is one.
    pub const fn proxy(&self) -> Option<&Url> {
        self.proxy.as_ref()
    }

    /// Where the name leads, private or not.
    ///
    /// # Errors
    ///
    /// A sentence saying who does not know it.
    pub async fn addresses(&self) -> Result<Vec<IpAddr>, String> {
        let found = timeout(self.patience, self.resolver.addresses())
            .await
            .map_err(|_| format!("nobody says within {:?} where {} is", self.patience, self.host))?
            .map_err(|error| format!("{}: {error}", self.host))?;
        if found.is_empty() {
            return Err(format!("{} has no address", self.host));
        }
        Ok(found)
    }

    /// The addresses that may be used (rule E5).
    ///
    /// # Errors
    ///
    /// A sentence naming the public address.
    pub fn only_private(&self, found: &[IpAddr]) -> Result<Vec<IpAddr>, String> {
        self.resolver
            .only_private(found.to_vec())
            .map_err(|error| error.to_string())
    }

    /// A connection to the first of `addresses` that takes one.
    ///
    /// # Errors
    ///
    /// A sentence with the reason of each.
    pub async fn connect(&self, addresses: &[IpAddr]) -> Result<(TcpStream, SocketAddr), String> {
        let mut reasons = Vec::new();
        for &address in addresses {
            let at = SocketAddr::new(address, self.port);
            match timeout(self.patience, TcpStream::connect(at)).await {
                Ok(Ok(stream)) => return Ok((stream, at)),
                Ok(Err(error)) => reasons.push(format!("{at}: {error}")),
                Err(_) => reasons.push(format!("{at}: no answer within {:?}", self.patience)),
            }
        }
        Err(reasons.join("; "))
    }

    /// A connection to the proxy.
    ///
    /// # Errors
    ///
    /// A sentence with the reason.
    pub async fn connect_to_proxy(&self, proxy: &Url) -> Result<(), String> {
        let host = proxy.host_str().unwrap_or_default();
        let port = proxy.port_or_known_default().unwrap_or(80);
        match timeout(self.patience, TcpStream::connect((host, port))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("{host}:{port}: {error}")),
            Err(_) => Err(format!("{host}:{port}: no answer within {:?}", self.patience)),
        }
    }

    /// A TLS handshake, as the calls make it; the version agreed on.
    ///
    /// # Errors
    ///
    /// See [`TlsProblem`].
    pub async fn handshake(&self, stream: TcpStream) -> Result<String, TlsProblem> {
        // As the calls do: at a public host the machine's certificates count besides.
        let besides = !self.is_checked;
        let config = trusting(self.ca_file.as_deref(), besides).map_err(TlsProblem::Broken)?;
        let name = ServerName::try_from(self.host.trim_matches(['[', ']']).to_owned())
            .map_err(|error| TlsProblem::Broken(error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(config));
        let agreed = timeout(self.patience, connector.connect(name, stream))
            .await
            .map_err(|_| TlsProblem::Broken(format!("no handshake within {:?}", self.patience)))?
            .map_err(|error| problem(&error))?;
        let version = agreed
            .get_ref()
            .1
            .protocol_version()
            .and_then(|version| version.as_str());
        Ok(version.unwrap_or("TLS").replace("TLSv1_", "TLS 1."))
    }
}

fn trusting(ca_file: Option<&Path>, besides: bool) -> Result<ClientConfig, String> {
    let Some(path) = ca_file else {
        return ClientConfig::with_platform_verifier().map_err(|error| error.to_string());
    };
    let wrong = |error: &dyn std::fmt::Display| format!("ca_file {}: {error}", path.display());
    let listed = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
    let own: Vec<_> = listed.collect::<Result<_, _>>().map_err(|error| wrong(&error))?;
    let builder = ClientConfig::builder();
    if besides {
        let provider = builder.crypto_provider().clone();
        let verifier = Verifier::new_with_extra_roots(own, provider).map_err(|error| wrong(&error))?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        return Ok(builder.with_no_client_auth());
    }
    let mut roots = RootCertStore::empty();
    for certificate in own {
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn problem(error: &std::io::Error) -> TlsProblem {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let words = error.to_string();
    let Some(rustls::Error::InvalidCertificate(reason)) = tls else {
        return TlsProblem::Broken(words);
    };
    match reason {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsProblem::Name(words),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => TlsProblem::Expired(words),
        _ => TlsProblem::Untrusted(words),
    }
}
