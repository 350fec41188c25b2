//! What Entra's agent meets: the certificate of the endpoint and the token.

use std::path::Path;
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::report::{Report, Step};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::server::Tokens;

const CERTIFICATE: &str = "inbound certificate";
const TOKEN: &str = "inbound token";
/// A certificate that ends sooner is told.
const SOON: Duration = Duration::from_hours(30 * 24);
/// A token of fewer characters can be guessed.
const SHORTEST_TOKEN: usize = 20;

pub(super) fn examine(report: &mut Report<'_>, config: &Config, clock: Clock) {
    let server = &config.server;
    let host = server.public_url.host_str().unwrap_or_default();
    let step = match certificate(&server.certificate, &server.private_key, host, clock.now()) {
        Ok(step) => step,
        Err(why) => Step::fail(
            CERTIFICATE,
            why,
            "server.certificate and server.private_key must be PEM files of one certificate chain and its key",
        ),
    };
    report.add(step);
    report.add(token(&server.token_file));
}

fn certificate(chain: &Path, key: &Path, host: &str, now: Timestamp) -> Result<Step, String> {
    let wrong = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(chain, &error))?;
    let first = certificates
        .first()
        .ok_or_else(|| wrong(chain, &"holds no certificate"))?
        .clone();
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
    if let Err(error) = CertifiedKey::from_der(certificates, private, &default_provider()) {
        let remedy = "put the key that belongs to the certificate into server.private_key, and its own certificate first in \
                      server.certificate";
        return Ok(Step::fail(CERTIFICATE, wrong(key, &error), remedy));
    }
    let (_, parsed) = X509Certificate::from_der(&first).map_err(|error| wrong(chain, &error))?;
    let covers = ParsedCertificate::try_from(&first)
        .and_then(|parsed| {
            let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
            let name = name.map_err(|_| rustls::Error::General(format!("{host} is no name")))?;
            rustls::client::verify_server_name(&parsed, &name)
        })
        .is_ok();
    let (from, until) = (
        Timestamp::from_seconds(parsed.validity().not_before.timestamp()),
        Timestamp::from_seconds(parsed.validity().not_after.timestamp()),
    );
    Ok(judge(covers, &names(&parsed), host, (from, until), now))
}

fn judge(covers: bool, names: &str, host: &str, (from, until): (Timestamp, Timestamp), now: Timestamp) -> Step {
    let renew = "renew it, and make sure that whatever renews it also restarts the bridge";
    if now < from {
        let found = format!("valid only from {}", from.to_rfc3339());
        return Step::fail(CERTIFICATE, found, "check the clock of this machine");
    }
    if now >= until {
        return Step::fail(CERTIFICATE, format!("expired at {}", until.to_rfc3339()), renew);
    }
    if !covers {
        let found = format!("does not cover {host}, the host of server.public_url; it covers {names}");
        return Step::fail(
            CERTIFICATE,
            found,
            format!("get a certificate for {host}, or correct server.public_url"),
        );
    }
    let found = format!("covers {host}, fits its key, valid until {}", until.to_rfc3339());
    if until.after(now) < SOON {
        return Step::warn(CERTIFICATE, found, renew);
    }
    Step::ok(CERTIFICATE, found)
}

/// The names that a certificate covers.
fn names(certificate: &X509Certificate<'_>) -> String {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names: Vec<String> = names
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return "no name".to_owned();
    }
    names.join(", ")
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    let six = <[u8; 16]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    four.or(six).ok()
}

fn token(path: &Path) -> Step {
    if let Err(why) = Tokens::open(path) {
        return Step::fail(TOKEN, why, "write the token that Entra sends into server.token_file");
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lengths: Vec<usize> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.trim().chars().count())
        .filter(|&length| length > 0)
        .collect();
    let shortest = lengths.iter().min().copied().unwrap_or_default();
    let found = format!("{} valid, of {shortest} characters or more", lengths.len());
    if shortest < SHORTEST_TOKEN {
        let remedy = format!("take a random token of at least {SHORTEST_TOKEN} characters, here and in Entra");
        return Step::warn(TOKEN, found, remedy);
    }
    Step::ok(TOKEN, found)
}

#[cfg(test)]
mod tests {
    use super::super::report::State;
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_seconds(1_767_600_000 + days * 86_400)
    }

    fn judged(covers: bool, now: i64) -> State {
        judge(covers, "other.test", "bridge.test", (at(0), at(100)), at(now)).state
    }

    #[test]
    fn a_certificate_is_judged_by_its_dates_and_its_names() {
        assert_eq!(judged(true, 1), State::Ok);
        assert_eq!(judged(true, -1), State::Fail);
        assert_eq!(judged(true, 100), State::Fail);
        assert_eq!(judged(true, 71), State::Warn);
        assert_eq!(judged(false, 1), State::Fail);
    }

    fn on_disk(folder: &Path, names: &[&str]) -> (std::path::PathBuf, std::path::PathBuf) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (chain, key)
    }

    #[test]
    fn a_certificate_on_disk_is_compared_with_host_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = on_disk(folder.path(), &["*.contoso.test", "10.0.0.9"]);
        let now = at(0);
        let look = |host: &str| certificate(&chain, &key, host, now).unwrap();
        assert_eq!(look("bridge.contoso.test").state, State::Ok);
        assert_eq!(look("10.0.0.9").state, State::Ok);
        let other = look("bridge.fabrikam.test");
        assert_eq!(other.state, State::Fail);
        assert!(
            other.found.ends_with("it covers *.contoso.test, 10.0.0.9"),
            "{}",
            other.found
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let (_, stranger) = on_disk(elsewhere.path(), &["x.test"]);
        let mixed = certificate(&chain, &stranger, "bridge.contoso.test", now).unwrap();
        assert_eq!(mixed.state, State::Fail);
        assert!(mixed.remedy.unwrap().contains("server.private_key"));
        std::fs::write(&chain, "nothing").unwrap();
        assert!(
            certificate(&chain, &key, "x", now)
                .unwrap_err()
                .contains("holds no certificate")
        );
    }

    #[test]
    fn a_token_must_be_there_and_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert_eq!(token(&path).state, State::Fail);
        std::fs::write(&path, "short\n").unwrap();
        assert_eq!(token(&path).state, State::Warn);
        std::fs::write(&path, "0123456789abcdefghij\n0123456789ABCDEFGHIJ\n").unwrap();
        let step = token(&path);
        assert_eq!(
            (step.state, step.found.as_str()),
            (State::Ok, "2 valid, of 20 characters or more")
        );
    }
}
