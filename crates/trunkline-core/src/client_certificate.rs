//! A certificate of our own, for units that let nobody in without one (protocol.md 4.5): PEM (RFC 7468) or PKCS#12
//! (RFC 7292), as authorities hand them out.

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Credential, CredentialKey, Error, ErrorKind, Local, Overrides, Result, Step, Target};

/// Bytes of a file that is read, at most: a chain of certificates and a key take a few thousand.
const LARGEST: u64 = 256 * 1024;

/// A private key that is locked with a password (RFC 5958), between its lines in PEM.
const LOCKED_KEY: (&str, &str) = (
    "-----BEGIN ENCRYPTED PRIVATE KEY-----",
    "-----END ENCRYPTED PRIVATE KEY-----",
);

/// A certificate with its key, ready to be shown to a unit.
#[derive(Clone)]
pub struct ClientCertificate(Arc<CertifiedKey>);

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCertificate({} in its chain)", self.0.cert.len())
    }
}

/// What came of a look into a file.
#[derive(Debug)]
pub enum ClientCertificateFile {
    /// It could be read.
    Open(ClientCertificate),
    /// It is locked with a password, and none was given.
    Locked,
}

impl ClientCertificate {
    /// Reads a file in PEM (the certificate, those that signed it, and the key, in any order) or PKCS#12. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] where the file can not be read; [`ErrorKind::ClientCertificate`] where it does not hold a
    /// certificate and the key that belongs to it, or the password does not open it.
    pub fn read(path: &Path, password: Option<&SecretString>) -> Result<ClientCertificateFile> {
        let mut content = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| Error::storage(path, &error))?;
        file.take(LARGEST + 1)
            .read_to_end(&mut content)
            .map_err(|error| Error::storage(path, &error))?;
        let content = zeroize::Zeroizing::new(content);
        let unusable = |why: &str| {
            let what = format!("{}: {why}", path.display());
            Error::new(ErrorKind::ClientCertificate(what)).at(Step::Tls)
        };
        if content.len() as u64 > LARGEST {
            return Err(unusable("it is too large to be a certificate and its key"));
        }
        match parse(&content, password).map_err(unusable)? {
            Some((chain, key)) => Self::new(chain, key)
                .map(ClientCertificateFile::Open)
                .map_err(unusable),
            None => Ok(ClientCertificateFile::Locked),
        }
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, &'static str> {
        if chain.is_empty() {
            return Err("it holds no certificate");
        }
        CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map(|key| Self(Arc::new(key)))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => "its key does not belong to its first certificate",
                _ => "its key is of a kind that can not be used",
            })
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

impl Local {
    /// Opens the file of a client certificate: with `password`, or with what the keychain has for it.
    ///
    /// # Errors
    /// As [`ClientCertificate::read`]. A keychain that can not be read is no error: the file then stays locked.
    pub async fn open_client_certificate(
        &self,
        path: &Path,
        password: Option<SecretString>,
    ) -> Result<ClientCertificateFile> {
        let credentials = Arc::clone(&self.credentials);
        let path = path.to_owned();
        let open = move || match ClientCertificate::read(&path, password.as_ref())? {
            ClientCertificateFile::Locked => {
                let kept = credentials.get(&key_of(&path)).ok().flatten();
                ClientCertificate::read(&path, kept.map(|kept| kept.password).as_ref())
            }
            open @ ClientCertificateFile::Open(_) => Ok(open),
        };
        tokio::task::spawn_blocking(open)
            .await
            .map_err(|_| Error::new(ErrorKind::Cancelled("")))?
    }

    /// Keeps what opens the file of a client certificate in the keychain.
    ///
    /// # Errors
    /// The keychain's.
    pub async fn keep_client_certificate_password(&self, path: &Path, password: SecretString) -> Result<()> {
        let credentials = Arc::clone(&self.credentials);
        let key = key_of(path);
        let keep = move || credentials.set(&key, &Credential { user: None, password });
        tokio::task::spawn_blocking(keep)
            .await
            .map_err(|_| Error::new(ErrorKind::Cancelled("")))?
    }

    /// The certificate to show: the one that was given for this action, else the site's.
    pub(crate) async fn client_certificate(
        &self,
        target: &Target,
        overrides: &Overrides,
    ) -> Result<Option<ClientCertificate>> {
        if overrides.client_certificate.is_some() {
            return Ok(overrides.client_certificate.clone());
        }
        let Some(file) = target
            .site
            .as_ref()
            .and_then(|site| site.client_certificate.as_ref())
        else {
            return Ok(None);
        };
        match self.open_client_certificate(Path::new(file), None).await? {
            ClientCertificateFile::Open(certificate) => Ok(Some(certificate)),
            ClientCertificateFile::Locked => {
                let why = format!("{file} is locked with a password, and the keychain does not have it");
                Err(Error::new(ErrorKind::ClientCertificate(why))
                    .at(Step::Tls)
                    .address(target.name()))
            }
        }
    }
}

fn key_of(path: &Path) -> CredentialKey {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    CredentialKey::ClientCertificate {
        file: whole.to_string_lossy().into_owned(),
    }
}

type Parsed = Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>;

/// The chain and the key; `None` where a password is needed and there is none.
fn parse(content: &[u8], password: Option<&SecretString>) -> Result<Parsed, &'static str> {
    match std::str::from_utf8(content) {
        Ok(text) if text.contains("-----BEGIN ") => parse_pem(text, password),
        _ => parse_pkcs12(content, password),
    }
}

fn parse_pem(text: &str, password: Option<&SecretString>) -> Result<Parsed, &'static str> {
    let chain = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| "it is not whole: a part of it is no PEM")?;
    let key = match locked_key(text) {
        Some(locked) => {
            let Some(password) = password else { return Ok(None) };
            unlock(locked, password)?
        }
        None => PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| "it holds no private key")?,
    };
    Ok(Some((chain, key)))
}

fn locked_key(text: &str) -> Option<&str> {
    let start = text.find(LOCKED_KEY.0)?;
    let end = start + text[start..].find(LOCKED_KEY.1)? + LOCKED_KEY.1.len();
    Some(&text[start..end])
}

fn unlock(pem: &str, password: &SecretString) -> Result<PrivateKeyDer<'static>, &'static str> {
    let (_, document) =
        pkcs8::SecretDocument::from_pem(pem).map_err(|_| "its private key is not whole: it is no PEM")?;
    let locked = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|_| "its private key is not whole")?;
    let key = locked
        .decrypt(password.expose_secret())
        .map_err(|_| "the password does not open its private key")?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn parse_pkcs12(content: &[u8], password: Option<&SecretString>) -> Result<Parsed, &'static str> {
    // A sequence of more than 127 bytes (RFC 7292 4): what begins otherwise is neither form.
    if !matches!(content, [0x30, 0x80..=0xff, ..]) {
        return Err("it is neither PEM nor PKCS#12");
    }
    let Some(password) = password else { return Ok(None) };
    let store = KeyStore::from_pkcs12(content, password.expose_secret(), Pkcs12ImportPolicy::Strict)
        .map_err(|_| "the password does not open it, or it is no PKCS#12 that can be read")?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or("it holds no certificate with a private key")?;
    let certificates = chain
        .certs()
        .iter()
        .map(|certificate| CertificateDer::from(certificate.as_der().to_vec()))
        .collect();
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    Ok(Some((certificates, key.into())))
}

#[cfg(test)]
#[path = "client_certificate_tests.rs"]
mod tests;
