//! A unit's certificate as a person compares it, before anybody trusts it.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::timeout;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::access::join;
use crate::tls::{self, Acceptance};
use crate::{Error, ErrorKind, Fingerprint, Result, Step};

/// Most characters of a subject that are shown; it is the unit's own word, and may be anything.
const SUBJECT_CHARS: usize = 200;

/// What stands in a certificate. Nothing of it is proven: the fingerprint is what a person compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the certificate in DER.
    pub fingerprint: Fingerprint,
    /// The common name, else the whole subject; empty where it can not be read.
    pub subject: String,
    /// From when it is valid, where that can be read.
    pub valid_from: Option<Timestamp>,
    /// Until when it is valid, where that can be read.
    pub valid_until: Option<Timestamp>,
}

/// Why a unit's certificate was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateTrouble {
    /// Its time is over.
    Expired,
    /// Its time has not come yet.
    NotYetValid,
    /// It was made for another name than the one that was asked for.
    WrongName,
    /// Nobody whom the system trusts has signed it.
    UnknownSigner,
    /// Whoever it names did not sign it.
    BadSignature,
    /// X.509 version 1.
    Version1,
    /// The unit offers nothing newer than TLS 1.1.
    OldTls,
    /// Something else, in words.
    Other(String),
}

impl CertificateTrouble {
    /// Whether somebody who compared the fingerprint may accept it all the same. What is too old for TLS itself can not
    /// be accepted by anybody.
    pub fn may_be_accepted(&self) -> bool {
        !matches!(self, Self::Version1 | Self::OldTls)
    }
}

impl fmt::Display for CertificateTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet; check the clocks",
            Self::WrongName => "it was made for another name",
            Self::UnknownSigner => "nobody whom this system trusts has signed it",
            Self::BadSignature => "its signature is wrong: whoever it names did not sign it",
            Self::Version1 => {
                "it is of X.509 version 1, which says nothing of what it is for and is no longer accepted; the unit \
                 needs a new one"
            }
            Self::OldTls => "the unit offers only TLS below 1.2",
            Self::Other(words) => words,
        })
    }
}

impl<W: Into<String>> From<W> for CertificateTrouble {
    fn from(words: W) -> Self {
        Self::Other(words.into())
    }
}

impl Certificate {
    /// Reads a certificate in DER. What can not be read is left out; the fingerprint is always there.
    pub fn read(der: &[u8]) -> Self {
        let fingerprint = Fingerprint::of(der);
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return Self::unread(fingerprint);
        };
        let common_name = certificate
            .subject()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok());
        let subject = common_name.map_or_else(|| certificate.subject().to_string(), str::to_owned);
        let validity = certificate.validity();
        Self {
            fingerprint,
            subject: shown(&subject),
            valid_from: Timestamp::from_second(validity.not_before.timestamp()).ok(),
            valid_until: Timestamp::from_second(validity.not_after.timestamp()).ok(),
        }
    }

    /// A certificate of which only the fingerprint is known.
    pub fn unread(fingerprint: Fingerprint) -> Self {
        Self {
            fingerprint,
            subject: String::new(),
            valid_from: None,
            valid_until: None,
        }
    }
}

/// Looks at the certificate that a TLS port shows, and hangs up. Nobody logs in.
///
/// # Errors
/// [`ErrorKind::NotReachable`], [`ErrorKind::TlsNotAvailable`], [`ErrorKind::ConnectionLost`].
pub async fn look(host: &str, port: u16, limit: Duration) -> Result<Certificate> {
    let seen = async {
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(|error| Error::new(ErrorKind::NotReachable(error.to_string())).at(Step::Connect))?;
        // Nobody is let in by this, so no certificate of ours is shown.
        let secured = tls::handshake(stream, host, Acceptance::Any, None).await?;
        let (stream, fingerprint) = (secured.stream, secured.fingerprint);
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        Ok(chain.first().map_or_else(
            || Certificate::unread(fingerprint),
            |leaf| Certificate::read(leaf),
        ))
    };
    let slow = || {
        Error::new(ErrorKind::NotReachable(format!(
            "no answer within {} s",
            limit.as_secs_f32()
        )))
    };
    timeout(limit, seen)
        .await
        .map_err(|_| slow())
        .flatten()
        .map_err(|error: Error| error.at(Step::Tls).address(join(host, port)))
}

/// On one line, without what could move a cursor, and not endless.
fn shown(text: &str) -> String {
    let clean = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(SUBJECT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // A self-signed certificate of 2026 for "PBX\u{7}Zürich", made by rcgen with fixed dates and a new key each time.
    fn made(common_name: &str) -> Vec<u8> {
        let mut parameters = rcgen::CertificateParams::new(vec!["pbx.example.com".into()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, common_name);
        parameters.not_before = rcgen::date_time_ymd(2025, 6, 1);
        parameters.not_after = rcgen::date_time_ymd(2032, 5, 31);
        parameters
            .self_signed(&rcgen::KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn name_and_dates_are_read() {
        let der = made("Zürich, Filiale 2");
        let read = Certificate::read(&der);
        assert_eq!(read.subject, "Zürich, Filiale 2");
        assert_eq!(read.valid_from.unwrap().to_string(), "2025-06-01T00:00:00Z");
        assert_eq!(read.valid_until.unwrap().to_string(), "2032-05-31T00:00:00Z");
        assert_eq!(read.fingerprint, Fingerprint::of(&der));
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        let read = Certificate::read(&made(&format!("a\u{1b}[2J\n{}", "x".repeat(300))));
        assert_eq!(read.subject.chars().count(), SUBJECT_CHARS);
        assert!(read.subject.starts_with("a [2J x") && !read.subject.contains(char::is_control));
    }

    #[test]
    fn what_is_no_certificate_has_its_fingerprint() {
        let der = made("x");
        for bytes in [&b""[..], b"\x30\x80", &der[..der.len() / 2]] {
            assert_eq!(
                Certificate::read(bytes),
                Certificate::unread(Fingerprint::of(bytes))
            );
        }
    }
}
