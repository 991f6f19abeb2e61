//! TLS to a unit: whose certificate is accepted, and which one it was (protocol.md 4.5).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};

use crate::certificate::CertificateTrouble;
use crate::{ClientCertificate, Error, ErrorKind, Fingerprint, Result, Step};

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

/// A connection over TLS.
pub(crate) struct Secured {
    pub(crate) stream: TlsStream<TcpStream>,
    /// Of the unit's leaf certificate.
    pub(crate) fingerprint: Fingerprint,
    /// The unit asked for a certificate of ours. Whether it lets anybody in without one is known only when it speaks.
    pub(crate) asked: bool,
}

/// Does the handshake, and shows `own` where the unit asks for a certificate.
///
/// # Errors
/// [`ErrorKind::CertificateChanged`], [`ErrorKind::CertificateRefused`], [`ErrorKind::ClientCertificate`],
/// [`ErrorKind::TlsNotAvailable`] where the other side does not speak TLS, [`ErrorKind::ConnectionLost`].
pub(crate) async fn handshake(
    stream: TcpStream,
    host: &str,
    acceptance: Acceptance,
    own: Option<&ClientCertificate>,
) -> Result<Secured> {
    let provider = Arc::new(ring::default_provider());
    let system = match acceptance {
        Acceptance::Verified => Some(Verifier::new(Arc::clone(&provider)).map_err(|e| {
            ErrorKind::CertificateRefused(format!("the system's certificates can not be used: {e}").into())
        })?),
        _ => None,
    };
    let certificate = Arc::new(UnitCertificate {
        acceptance,
        system,
        provider,
        presented: Mutex::new(None),
    });
    let ours = Arc::new(OwnCertificate {
        certified: own.map(ClientCertificate::certified),
        asked: AtomicBool::new(false),
    });
    let config = ClientConfig::builder_with_provider(Arc::clone(&certificate.provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| ErrorKind::TlsNotAvailable(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&certificate) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::clone(&ours) as Arc<dyn ResolvesClientCert>);
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| ErrorKind::Usage(format!("{host} is not an address or a name")))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let presented = *certificate
        .presented
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let asked = ours.asked.load(Ordering::Relaxed);
    match (connected, presented) {
        (Ok(stream), Some(presented)) => Ok(Secured {
            stream,
            fingerprint: presented.fingerprint,
            asked,
        }),
        (Ok(_), None) => Err(ErrorKind::CertificateRefused("the unit showed no certificate".into()).into()),
        (Err(error), presented) => {
            let in_vain = asked && own.is_none();
            Err(explain(&error, acceptance, presented, in_vain).at(Step::Tls))
        }
    }
}

/// What the unit says of a certificate of ours when it is already connected (TLS 1.3 looks at it last); `None` where
/// the error is about something else.
pub(crate) fn said_of_ours(error: &io::Error) -> Option<Error> {
    let tls = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::AlertReceived(alert) = tls else {
        return None;
    };
    let why = match alert {
        AlertDescription::CertificateRequired => "the unit demands one",
        AlertDescription::CertificateExpired => "the unit says that it has expired",
        AlertDescription::CertificateRevoked => "the unit says that it was revoked",
        AlertDescription::UnknownCA => "the unit does not trust whoever signed it",
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => "the unit does not accept it",
        _ => return None,
    };
    Some(Error::new(ErrorKind::ClientCertificate(why.into())).at(Step::Tls))
}

/// The unit asked for a certificate, got none, and then said nothing more: what that most likely means.
pub(crate) fn demands_one() -> Error {
    let why = "the unit asks for one, and ended the connection without it";
    Error::new(ErrorKind::ClientCertificate(why.into())).at(Step::Tls)
}

/// Says what a failed handshake means.
fn explain(error: &io::Error, acceptance: Acceptance, presented: Option<Presented>, in_vain: bool) -> Error {
    use rustls::{Error as Tls, PeerIncompatible};
    if let (Acceptance::Only(pinned), Some(presented)) = (acceptance, presented)
        && pinned != presented.fingerprint
    {
        let (pinned, presented) = (pinned.to_string(), presented.fingerprint.to_string());
        return ErrorKind::CertificateChanged { pinned, presented }.into();
    }
    if presented.is_some_and(|presented| presented.version_1) {
        return ErrorKind::CertificateRefused(CertificateTrouble::Version1).into();
    }
    if let Some(said) = said_of_ours(error) {
        return said;
    }
    if in_vain {
        return demands_one();
    }
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Tls>()) else {
        use io::ErrorKind as Io;
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
            ErrorKind::CertificateRefused(CertificateTrouble::OldTls)
        }
        Tls::InvalidMessage(_) => ErrorKind::TlsNotAvailable("what answers does not speak TLS".into()),
        other => ErrorKind::TlsNotAvailable(other.to_string()),
    }
    .into()
}

fn certificate_problem(reason: &CertificateError) -> CertificateTrouble {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateTrouble::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateTrouble::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateTrouble::WrongName
        }
        CertificateError::BadSignature => CertificateTrouble::BadSignature,
        CertificateError::UnknownIssuer => CertificateTrouble::UnknownSigner,
        CertificateError::BadEncoding => {
            "it can not be read; old units use forms that are no longer accepted".into()
        }
        other => other.to_string().into(),
    }
}

/// Looks at the unit's certificate and remembers which one it was.
#[derive(Debug)]
struct UnitCertificate {
    acceptance: Acceptance,
    system: Option<Verifier>,
    provider: Arc<CryptoProvider>,
    presented: Mutex<Option<Presented>>,
}

/// What the unit showed.
#[derive(Debug, Clone, Copy)]
struct Presented {
    fingerprint: Fingerprint,
    version_1: bool,
}

/// Shows our certificate where there is one, and remembers that it was asked for.
#[derive(Debug)]
struct OwnCertificate {
    certified: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.certified.clone()
    }

    fn has_certs(&self) -> bool {
        // Also without one: a unit's question is worth knowing.
        true
    }
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
        let version_1 = X509Certificate::from_der(leaf)
            .is_ok_and(|(_, certificate)| certificate.version() == X509Version::V1);
        let shown = Presented {
            fingerprint: presented,
            version_1,
        };
        *self.presented.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
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
