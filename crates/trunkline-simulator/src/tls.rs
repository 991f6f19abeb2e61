//! Certificates: each unit has one of its own, self-signed, as units have (protocol.md 4.5).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use crate::simulator::StartError;

/// A unit's certificate and what accepts connections with it.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    /// SHA-256 of the certificate in DER.
    pub(crate) fingerprint: [u8; 32],
    pub(crate) acceptor: TlsAcceptor,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// A new certificate (ECDSA P-256) for a unit with this name at this address; TLS 1.2 and 1.3.
    pub(crate) fn generate(name: &str, address: IpAddr) -> Result<Self, StartError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![address.to_string()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = CertificateDer::from(params.self_signed(&key)?);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)?;
        Ok(Self {
            fingerprint: Sha256::digest(&certificate).into(),
            certificate,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}
