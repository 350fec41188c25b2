//! When the certificate of the SCIM endpoint ends: Entra's agent stops talking to one that has.

use std::path::Path;

use x509_parser::pem::Pem;

use crate::clock::Timestamp;

/// The end of the first certificate of the chain in the PEM file at `path`: the one that clients are shown. `None`
/// when it cannot be told; whether the file can be used at all is checked where it is used.
pub fn expiry(path: &Path) -> Option<Timestamp> {
    let text = std::fs::read(path).ok()?;
    let first = Pem::iter_from_buffer(&text)
        .filter_map(Result::ok)
        .find(|block| block.label == "CERTIFICATE")?;
    let ends = first.parse_x509().ok()?.validity().not_after.timestamp();
    Some(Timestamp::from_micros(ends.saturating_mul(1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_first_certificate_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.pem");
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        parameters.not_after = rcgen::date_time_ymd(2031, 3, 14);
        let first = parameters.self_signed(&key).unwrap();
        parameters.not_after = rcgen::date_time_ymd(2041, 3, 14);
        let second = parameters.self_signed(&key).unwrap();
        std::fs::write(&path, [key.serialize_pem(), first.pem(), second.pem()].concat()).unwrap();
        assert_eq!(expiry(&path).unwrap().to_rfc3339(), "2031-03-14T00:00:00.000Z");
        std::fs::write(&path, "no certificate").unwrap();
        assert_eq!(expiry(&path), None);
    }
}
