//! How a mock is started, and why it was not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::limits::{Limits, is_factor};
use crate::network::listen::{PRIVATE, PUBLIC};
use crate::network::tls::TlsError;

/// The host name of the workspace unless configured otherwise.
pub(crate) const WORKSPACE_HOST: &str = "adb-1234567890123456.7.azuredatabricks.net";

/// How a mock is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rate and size limits. Default: as published.
    pub limits: Limits,
    /// Where the private front end listens; port 0 = a free one. Default: 127.0.0.2:8443.
    pub listen_private: SocketAddr,
    /// Where the public front end listens; the port must be the private one. Default: 127.0.0.1:8443.
    pub listen_public: SocketAddr,
    /// Where the control listener listens, loopback only. Default: 127.0.0.1:8445.
    pub control: SocketAddr,
    /// Where DNS listens, UDP and TCP, in the view that the control listener sets. Default: 127.0.0.1:8453.
    pub dns: SocketAddr,
    /// Where DNS listens that always answers as seen from outside. Default: 127.0.0.1:8454.
    pub dns_outside: SocketAddr,
    /// Where the stand-ins of Azure's endpoints listen, loopback only. Default: 127.0.0.1:8446.
    pub azure: SocketAddr,
    /// Folder of the certificates, filled if empty. Default: a temporary one, gone with the mock.
    pub ca_dir: Option<PathBuf>,
    /// Decides ids, tokens and all other chance. Default: a random one (see [`crate::MockDatabricks::seed`]).
    pub seed: Option<u64>,
    /// The personal access token. Default: made from the seed, `dapi` and 32 hexadecimal digits.
    pub token: Option<String>,
    /// Divides the mock's own intervals: late effects and stale reads. Default: 1.
    pub time_factor: f64,
    /// A document to start with, as `GET /snapshot` gives it or written by hand. Default: an empty workspace.
    pub state: Option<PathBuf>,
    /// Whether the front ends offer HTTP/2 beside HTTP/1.1. Default: no — nothing shows that the real service does, and with
    /// one request at a time on a connection a fault hits exactly the call it was armed for.
    pub http2: bool,
    /// The account's UUID. Default: made from the seed.
    pub account_id: Option<String>,
    /// The workspace's public name, `adb-<number>.<n>.azuredatabricks.net`.
    pub workspace_host: String,
}

impl Default for Options {
    fn default() -> Self {
        let port = 8443;
        Self {
            limits: Limits::default(),
            listen_private: SocketAddr::new(PRIVATE, port),
            listen_public: SocketAddr::new(PUBLIC, port),
            control: SocketAddr::from((Ipv4Addr::LOCALHOST, 8445)),
            dns: SocketAddr::from((Ipv4Addr::LOCALHOST, 8453)),
            dns_outside: SocketAddr::from((Ipv4Addr::LOCALHOST, 8454)),
            azure: SocketAddr::from((Ipv4Addr::LOCALHOST, 8446)),
            ca_dir: None,
            seed: None,
            token: None,
            time_factor: 1.0,
            state: None,
            http2: false,
            account_id: None,
            workspace_host: WORKSPACE_HOST.to_owned(),
        }
    }
}

impl Options {
    /// The defaults on free ports, for tests that run side by side.
    pub fn ephemeral() -> Self {
        Self::default().on_free_ports()
    }

    /// The same addresses on free ports.
    #[must_use]
    pub fn on_free_ports(mut self) -> Self {
        for address in [
            &mut self.listen_private,
            &mut self.listen_public,
            &mut self.control,
            &mut self.azure,
            &mut self.dns,
            &mut self.dns_outside,
        ] {
            address.set_port(0);
        }
        self
    }

    /// Checks what can be checked before anything is opened; gives the workspace's number.
    pub(crate) fn check(&self) -> Result<String, StartError> {
        if !self.control.ip().is_loopback() {
            return Err(StartError::ControlNotLoopback(self.control));
        }
        if !self.azure.ip().is_loopback() {
            return Err(StartError::AzureNotLoopback(self.azure));
        }
        let is_uuid = |text: &String| uuid::Uuid::try_parse(text).is_ok();
        if let Some(account_id) = self.account_id.as_ref().filter(|text| !is_uuid(text)) {
            return Err(StartError::AccountId(account_id.clone()));
        }
        if !is_factor(self.time_factor) {
            return Err(StartError::TimeFactor(self.time_factor));
        }
        if let Limits::Published { factor } = self.limits
            && !is_factor(factor)
        {
            return Err(StartError::LimitsFactor(factor));
        }
        let is_token = |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.token.as_ref().is_none_or(is_token) {
            return Err(StartError::Token);
        }
        workspace_id(&self.workspace_host).ok_or_else(|| StartError::WorkspaceHost(self.workspace_host.clone()))
    }
}

fn workspace_id(host: &str) -> Option<String> {
    let (number, rest) = host.strip_prefix("adb-")?.split_once('.')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !rest.is_empty()).then(|| number.to_owned())
}

/// Why a mock was not started; every variant is for a person to read and to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("cannot listen on {address} ({what}): the port is taken; choose another with {option}")]
    Taken {
        /// Which listener.
        what: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// The command line option that changes it.
        option: &'static str,
    },
    /// The system refuses the address for another reason.
    #[error("cannot listen on {address} ({what})")]
    Listen {
        /// Which listener.
        what: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The two front ends must share a port.
    #[error(
        "--listen-private {private} and --listen-public {public} must have the same port: only the address differs"
    )]
    PortsDiffer {
        /// The private address.
        private: SocketAddr,
        /// The public address.
        public: SocketAddr,
    },
    /// The control listener gives full power to whoever reaches it.
    #[error("--control {0} is not a loopback address; use 127.0.0.1")]
    ControlNotLoopback(SocketAddr),
    /// It gives tokens to whoever asks as a managed identity.
    #[error("--azure {0} is not a loopback address; use 127.0.0.1")]
    AzureNotLoopback(SocketAddr),
    /// Not a UUID.
    #[error("--account-id `{0}` is not a UUID")]
    AccountId(String),
    /// Not a positive number.
    #[error("--time-factor {0} is not a positive number up to a million")]
    TimeFactor(f64),
    /// Not a positive number.
    #[error("--limits x{0} is not a positive number up to a million")]
    LimitsFactor(f64),
    /// A token that cannot stand in a header.
    #[error("the token must be visible ascii characters without blanks")]
    Token,
    /// A host name without a workspace number.
    #[error("workspace host `{0}` is not of the form adb-<number>.<n>.azuredatabricks.net")]
    WorkspaceHost(String),
    /// The certificates cannot be made or used.
    #[error(transparent)]
    Certificates(#[from] TlsError),
    /// The document to start with is not there or does not fit.
    #[error("--state {}: {problem}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Where and what.
        problem: String,
    },
    /// No temporary folder for the certificates.
    #[error("cannot make a temporary folder for the certificates: {0}; name one with --ca-dir")]
    TemporaryDir(io::Error),
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn complaint(options: &Options) -> String {
        options.check().unwrap_err().to_string()
    }

    #[test]
    fn bad_options_are_named() {
        let options = Options {
            control: "0.0.0.0:1".parse().unwrap(),
            ..Options::default()
        };
        assert!(complaint(&options).starts_with("--control 0.0.0.0:1 is not a loopback address"));
        let options = Options {
            time_factor: 0.0,
            ..Options::default()
        };
        assert!(complaint(&options).starts_with("--time-factor 0"));
        let options = Options {
            token: Some("a b".to_owned()),
            ..Options::default()
        };
        assert!(complaint(&options).starts_with("the token"));
        let options = Options {
            workspace_host: "example.com".to_owned(),
            ..Options::default()
        };
        assert!(complaint(&options).starts_with("workspace host `example.com`"));
        assert_eq!(Options::default().check().unwrap(), "1234567890123456");
    }
}
