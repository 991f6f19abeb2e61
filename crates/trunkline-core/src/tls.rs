//! TLS to a unit: whose certificate is accepted, and which one it was (protocol.md 4.5).

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{Error, ErrorKind, Fingerprint, Result, Step};

/// Which certificate is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// Only the one with this fingerprint.
    Only(Fingerprint),
    /// One that the system trusts, for this name.
    Verified,
    /// Any: for a first use that is shown to the user, and for recovery.
    Any,
}

/// Does the handshake; answers the stream and the fingerprint of the unit's leaf certificate.
///
/// # Errors
/// [`ErrorKind::CertificateChanged`], [`ErrorKind::CertificateRefused`], [`ErrorKind::TlsNotAvailable`] where the
/// other side does not speak TLS, [`ErrorKind::ConnectionLost`].
pub(crate) async fn handshake(
    stream: TcpStream,
    host: &str,
    acceptance: Acceptance,
) -> Result<(TlsStream<TcpStream>, Fingerprint)> {
    let provider = Arc::new(ring::default_provider());
    let system = match acceptance {
        Acceptance::Verified => Some(Verifier::new(Arc::clone(&provider)).map_err(|e| {
            ErrorKind::CertificateRefused(format!("the system's certificates can not be used: {e}"))
        })?),
        _ => None,
    };
    let certificate = Arc::new(UnitCertificate {
        acceptance,
        system,
        provider,
        presented: Mutex::new(None),
    });
    let config = ClientConfig::builder_with_provider(Arc::clone(&certificate.provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| ErrorKind::TlsNotAvailable(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&certificate) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| ErrorKind::Usage(format!("{host} is not an address or a name")))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let presented = *certificate
        .presented
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    match (connected, presented) {
        (Ok(stream), Some(fingerprint)) => Ok((stream, fingerprint)),
        (Ok(_), None) => Err(ErrorKind::CertificateRefused("the unit showed no certificate".into()).into()),
        (Err(error), presented) => Err(explain(&error, acceptance, presented).at(Step::Tls)),
    }
}

/// Says what a failed handshake means.
fn explain(error: &std::io::Error, acceptance: Acceptance, presented: Option<Fingerprint>) -> Error {
    use rustls::{Error as Tls, PeerIncompatible};
    if let (Acceptance::Only(pinned), Some(presented)) = (acceptance, presented)
        && pinned != presented
    {
        let (pinned, presented) = (pinned.to_string(), presented.to_string());
        return ErrorKind::CertificateChanged { pinned, presented }.into();
    }
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>()) else {
        use std::io::ErrorKind as Io;
        return match error.kind() {
            Io::UnexpectedEof => ErrorKind::TlsNotAvailable("the unit ended the handshake".into()),
            // Whether an end or a reset arrives depends on what the unit had read of our hello, not on what it means.
            Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe if presented.is_none() => {
                ErrorKind::TlsNotAvailable("the unit broke the handshake off".into())
            }
            _ => ErrorKind::ConnectionLost(error.to_string()),
        }
        .into();
    };
    match tls {
        Tls::InvalidCertificate(reason) => ErrorKind::CertificateRefused(certificate_problem(reason)),
        Tls::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
        | Tls::AlertReceived(AlertDescription::ProtocolVersion) => {
            ErrorKind::CertificateRefused("the unit offers only TLS below 1.2".into())
        }
        Tls::InvalidMessage(_) => ErrorKind::TlsNotAvailable("what answers does not speak TLS".into()),
        other => ErrorKind::TlsNotAvailable(other.to_string()),
    }
    .into()
}

fn certificate_problem(reason: &CertificateError) -> String {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".into(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; check the clocks".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it was made for another name".into()
        }
        CertificateError::UnknownIssuer => "nobody whom this system trusts has signed it".into(),
        CertificateError::BadEncoding => {
            "it can not be read; old units use forms that are no longer accepted".into()
        }
        other => other.to_string(),
    }
}

/// Looks at the unit's certificate and remembers which one it was.
#[derive(Debug)]
struct UnitCertificate {
    acceptance: Acceptance,
    system: Option<Verifier>,
    provider: Arc<CryptoProvider>,
    presented: Mutex<Option<Fingerprint>>,
}

impl ServerCertVerifier for UnitCertificate {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Fingerprint::of(leaf);
        *self.presented.lock().unwrap_or_else(PoisonError::into_inner) = Some(presented);
        match (self.acceptance, &self.system) {
            (Acceptance::Only(pinned), _) if pinned != presented => {
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
            (Acceptance::Verified, Some(verifier)) => {
                verifier.verify_server_cert(leaf, intermediates, name, ocsp, now)
            }
            (Acceptance::Verified, None) => Err(CertificateError::UnknownIssuer.into()),
            (Acceptance::Only(_) | Acceptance::Any, _) => Ok(ServerCertVerified::assertion()),
        }
    }

    // Possession of the key is proven at every level: a fingerprint alone is public.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            leaf,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            leaf,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
