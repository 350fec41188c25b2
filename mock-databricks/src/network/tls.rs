//! Certificates: a private authority and one server certificate, kept in a folder and used again.
//!
//! Names: `*.azuredatabricks.net` as the real one has, the hosts of Azure it stands in for, and the loopback names of the mock.
//! The certificate does not cover `privatelink…` names, as the real one does not [inferred]. A certificate of an older
//! version that lacks a name is replaced: its authority stays, so that clients need not know.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;

/// What the server certificate covers, beside the workspaces.
const NAMES: [&str; 7] = [
    "*.azuredatabricks.net",
    "login.microsoftonline.com",
    "management.azure.com",
    "localhost",
    "127.0.0.1",
    "::1",
    "127.0.0.2",
];

/// The small integer in `adb-<workspaceId>.<n>.azuredatabricks.net` goes from 0 to 19 [inferred].
const SHARDS: std::ops::RangeInclusive<u8> = 0..=19;

/// Why the certificates of a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Half of a pair is missing.
    #[error("{} is missing beside {}: restore it, or remove both to have new ones made", missing.display(), present.display())]
    Incomplete {
        /// The file that is not there.
        missing: PathBuf,
        /// Its other half.
        present: PathBuf,
    },
    /// A file holds something else than a certificate or key that belongs to its other half.
    #[error("{} is not usable: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// The four files of a folder.
#[derive(Debug, Clone)]
pub(crate) struct CaDir {
    /// Absolute.
    pub(crate) dir: PathBuf,
    pub(crate) ca_certificate: PathBuf,
    ca_key: PathBuf,
    server_certificate: PathBuf,
    server_key: PathBuf,
}

impl CaDir {
    /// The folder's files, made where they are missing.
    pub(crate) fn open(dir: &Path) -> Result<Self, TlsError> {
        fs::create_dir_all(dir).map_err(|source| file(dir, source))?;
        // Readers of the ready file may stand elsewhere.
        let dir = std::path::absolute(dir).map_err(|source| file(dir, source))?;
        let files = Self {
            ca_certificate: dir.join("ca.pem"),
            ca_key: dir.join("ca.key"),
            server_certificate: dir.join("server.pem"),
            server_key: dir.join("server.key"),
            dir,
        };
        let has_ca = is_complete(&files.ca_certificate, &files.ca_key)?;
        let has_server = is_complete(&files.server_certificate, &files.server_key)?;
        if !has_ca {
            let (certificate, key) = make_ca(&files.ca_certificate)?;
            write(&files.ca_key, &key, true)?;
            write(&files.ca_certificate, &certificate, false)?;
        }
        // A new authority makes an old server certificate worthless.
        if !has_ca || !has_server || lacks_a_name(&files.server_certificate)? {
            let (certificate, key) = files.make_server(names())?;
            write(&files.server_key, &key, true)?;
            write(&files.server_certificate, &certificate, false)?;
        }
        Ok(files)
    }

    /// TLS 1.2 and 1.3; HTTP/1.1, and HTTP/2 if wanted.
    pub(crate) fn server_config(&self, http2: bool) -> Result<ServerConfig, TlsError> {
        let content = |path: &Path, problem: &dyn std::fmt::Display| TlsError::Content {
            path: path.to_owned(),
            problem: problem.to_string(),
        };
        let pem = read(&self.server_certificate)?;
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| content(&self.server_certificate, &error))?;
        let pem = read(&self.server_key)?;
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| content(&self.server_key, &error))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the default protocol versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| content(&self.server_certificate, &error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if http2 {
            config.alpn_protocols.insert(0, b"h2".to_vec());
        }
        Ok(config)
    }

    fn make_server(&self, names: Vec<String>) -> Result<(String, String), TlsError> {
        let key = KeyPair::from_pem(&read(&self.ca_key)?).map_err(|error| rcgen_error(&self.ca_key, &error))?;
        let issuer = Issuer::from_ca_cert_pem(&read(&self.ca_certificate)?, key)
            .map_err(|error| rcgen_error(&self.ca_certificate, &error))?;
        let error = |error: rcgen::Error| rcgen_error(&self.server_certificate, &error);
        let mut params = CertificateParams::new(names).map_err(error)?;
        lasting(&mut params, "mock-databricks");
        params.key_usages.push(KeyUsagePurpose::DigitalSignature);
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(error)?;
        let certificate = params.signed_by(&key, &issuer).map_err(error)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }
}

fn names() -> Vec<String> {
    // A wildcard stands for one label only, and a workspace name has two before the domain.
    let workspaces = SHARDS.map(|shard| format!("*.{shard}.azuredatabricks.net"));
    NAMES.map(str::to_owned).into_iter().chain(workspaces).collect()
}

/// Whether a client would miss a name; a file that is no certificate is left for whoever uses it to complain about.
fn lacks_a_name(path: &Path) -> Result<bool, TlsError> {
    let Ok(der) = CertificateDer::from_pem_slice(read(path)?.as_bytes()) else {
        return Ok(false);
    };
    let Ok(certificate) = ParsedCertificate::try_from(&der) else {
        return Ok(false);
    };
    let covers = |name: String| {
        let example = name.replace('*', "example");
        ServerName::try_from(example).is_ok_and(|name| verify_server_name(&certificate, &name).is_ok())
    };
    Ok(!names().into_iter().all(covers))
}

fn make_ca(path: &Path) -> Result<(String, String), TlsError> {
    let error = |error: rcgen::Error| rcgen_error(path, &error);
    let mut params = CertificateParams::default();
    lasting(&mut params, "mock-databricks test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    params.key_usages.push(KeyUsagePurpose::CrlSign);
    let key = KeyPair::generate().map_err(error)?;
    let certificate = params.self_signed(&key).map_err(error)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// A fixed span: no clock is read, and a folder that is used again does not run out.
fn lasting(params: &mut CertificateParams, name: &str) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
}

fn is_complete(certificate: &Path, key: &Path) -> Result<bool, TlsError> {
    let incomplete = |missing: &Path, present: &Path| TlsError::Incomplete {
        missing: missing.to_owned(),
        present: present.to_owned(),
    };
    match (certificate.exists(), key.exists()) {
        (true, false) => Err(incomplete(key, certificate)),
        (false, true) => Err(incomplete(certificate, key)),
        (both, _) => Ok(both),
    }
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|source| file(path, source))
}

/// Writes beside the file and renames, so that nobody ever sees half of it.
fn write(path: &Path, text: &str, secret: bool) -> Result<(), TlsError> {
    let write = || -> io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
        temporary.write_all(text.as_bytes())?;
        set_mode(temporary.as_file(), if secret { 0o600 } else { 0o644 })?;
        temporary.persist(path)?;
        Ok(())
    };
    write().map_err(|source| file(path, source))
}

#[cfg(unix)]
fn set_mode(file: &fs::File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &fs::File, _mode: u32) -> io::Result<()> {
    Ok(())
}

fn file(path: &Path, source: io::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        source,
    }
}

fn rcgen_error(path: &Path, error: &rcgen::Error) -> TlsError {
    TlsError::Content {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{CaDir, TlsError, lacks_a_name, names};

    #[test]
    fn a_folder_is_filled_once_and_used_again() {
        let dir = tempfile::tempdir().unwrap();
        CaDir::open(dir.path()).unwrap().server_config(false).unwrap();
        let files = ["ca.pem", "ca.key", "server.pem", "server.key"];
        let read = || files.map(|name| fs::read_to_string(dir.path().join(name)).unwrap());
        let before = read();
        CaDir::open(dir.path()).unwrap().server_config(false).unwrap();
        assert_eq!(before, read());

        fs::remove_file(dir.path().join("server.pem")).unwrap();
        fs::remove_file(dir.path().join("server.key")).unwrap();
        CaDir::open(dir.path()).unwrap().server_config(false).unwrap();
        assert_eq!(before[..2], read()[..2]);
        assert_ne!(before[2], read()[2]);
    }

    #[test]
    fn a_server_certificate_that_lacks_a_name_is_made_anew_under_the_same_authority() {
        let dir = tempfile::tempdir().unwrap();
        let files = CaDir::open(dir.path()).unwrap();
        let ca = fs::read(&files.ca_certificate).unwrap();
        let older = names().into_iter().filter(|name| name != "login.microsoftonline.com");
        let (certificate, key) = files.make_server(older.collect()).unwrap();
        fs::write(&files.server_certificate, &certificate).unwrap();
        fs::write(&files.server_key, key).unwrap();
        assert!(lacks_a_name(&files.server_certificate).unwrap());

        CaDir::open(dir.path()).unwrap().server_config(false).unwrap();
        assert!(!lacks_a_name(&files.server_certificate).unwrap());
        assert_eq!(fs::read(&files.ca_certificate).unwrap(), ca);
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        CaDir::open(dir.path()).unwrap();
        for name in ["ca.key", "server.key"] {
            let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn half_a_pair_and_rubbish_are_named() {
        let dir = tempfile::tempdir().unwrap();
        CaDir::open(dir.path()).unwrap();
        fs::write(dir.path().join("server.key"), "rubbish").unwrap();
        let error = CaDir::open(dir.path()).unwrap().server_config(false).unwrap_err();
        assert!(
            matches!(&error, TlsError::Content { path, .. } if path.ends_with("server.key")),
            "{error}"
        );
        fs::remove_file(dir.path().join("ca.key")).unwrap();
        let error = CaDir::open(dir.path()).unwrap_err();
        assert!(
            matches!(&error, TlsError::Incomplete { missing, .. } if missing.ends_with("ca.key")),
            "{error}"
        );
    }
}
