//! Certificates: each unit has one of its own, self-signed, as units have (protocol.md 4.5).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use crate::simulator::StartError;
use crate::site::UnitSpec;

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
    /// A new certificate (ECDSA P-256) for this unit at this address; TLS 1.2 and 1.3.
    pub(crate) fn generate(unit: &UnitSpec, address: IpAddr) -> Result<Self, StartError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![address.to_string()])?;
        params
            .distinguished_name
            .push(DnType::CommonName, unit.name.as_str());
        let certificate = CertificateDer::from(params.self_signed(&key)?);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let config = match &unit.client_certificate {
            Some(sha256) => config.with_client_cert_verifier(Arc::new(OnlyThis {
                sha256: sha256.clone(),
                provider,
            })),
            None => config.with_no_client_auth(),
        };
        let config = config.with_single_cert(vec![certificate.clone()], key)?;
        Ok(Self {
            fingerprint: Sha256::digest(&certificate).into(),
            certificate,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }
}

/// Lets in whoever shows just this certificate, and proves to have its key.
#[derive(Debug)]
struct OnlyThis {
    sha256: String,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for OnlyThis {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let expected = |at: usize| u8::from_str_radix(self.sha256.get(2 * at..2 * at + 2)?, 16).ok();
        let shown = Sha256::digest(leaf);
        if shown
            .iter()
            .enumerate()
            .all(|(at, byte)| expected(at) == Some(*byte))
        {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
