//! Who may be trusted on the other side of a TLS connection: the machine's own roots, and one more
//! file where a private authority signs.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all; credentials then go to this machine only.
    None,
    /// Plain first, then STARTTLS (RFC 3207, RFC 9051); a server that does not offer it is not spoken to.
    StartTls,
    /// TLS from the first octet (RFC 8314 §3: port 465 for mail that leaves, 993 for mail that is read).
    Tls,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetup {
    #[error("the certificates in {0} cannot be read ({1}); it must be a PEM file")]
    CaFile(PathBuf, String),
    #[error("{0} holds no certificate; it must be a PEM file with at least one")]
    NoCertificate(PathBuf),
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// A client that verifies its server against the machine's roots and `ca_file`.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, TlsSetup> {
    let mut roots = RootCertStore::empty();
    // Single roots that cannot be read are no reason to stop: a server that needs one of them will
    // fail its handshake and say so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = ca_file {
        let unreadable = |e: &dyn std::fmt::Display| TlsSetup::CaFile(file.to_owned(), e.to_string());
        let mut found = false;
        for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unreadable(&e))? {
            roots.add(certificate.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
            found = true;
        }
        if !found {
            return Err(TlsSetup::NoCertificate(file.to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
