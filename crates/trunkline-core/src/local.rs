//! What this computer keeps, and how it takes part in reaching a unit: sites, pins, credentials, archive.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::Service;
use trunkline_protocol::link::auth::ITERATIONS;
use trunkline_protocol::ports;

use crate::access::{Access, FIRST_PAUSE, PlainTcp, TlsUse, Trust};
use crate::api::{self, ApiAccess};
use crate::archive::Archive;
use crate::credentials::{CredentialKey, Credentials};
use crate::discovery::{self, Identity};
use crate::log_in_turn::Attempts;
use crate::progress::Report;
use crate::session::{Connection, ServiceUser, Session};
use crate::store::{Method, Notice, ReceivedFiles, Store, StoreData, TlsLevel};
use crate::target::Target;
use crate::way::Route;
use crate::{ClientCertificate, DataDir, Error, ErrorKind, Fingerprint, Result, Step};

/// A unit hangs up on a silent connection some time; whoever waited longer for a turn opens a new one.
pub(crate) const STILL_FRESH: Duration = Duration::from_secs(2);

/// The store, the archive and the keychain of this computer.
#[derive(Debug, Clone)]
pub struct Local {
    /// Sites, preferences and pins.
    pub store: Arc<Store>,
    /// Received configurations.
    pub archive: Arc<Archive>,
    /// Which file was received from where.
    pub received: Arc<ReceivedFiles>,
    /// Passwords.
    pub credentials: Arc<dyn Credentials>,
}

/// What the user says for one action, above what the site and the preferences say.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// How sure to be of the unit.
    pub tls: Option<TlsUse>,
    /// Plain TCP will do for this action where TLS is not offered.
    pub allow_plain: bool,
    /// The certificate that must be there, and becomes the pin.
    pub fingerprint: Option<Fingerprint>,
    /// The certificate that is shown to a unit that asks for one, in place of the site's.
    pub client_certificate: Option<ClientCertificate>,
    /// The way to receive and send.
    pub method: Option<Method>,
    /// Where TCP discovery listens.
    pub discovery_port: Option<u16>,
    /// Where TFTP listens.
    pub tftp_port: Option<u16>,
    /// Where the Management API listens.
    pub api_port: Option<u16>,
    /// The node of a solution that is meant, over the Management API.
    pub api_node: Option<IpAddr>,
    /// Connections in all.
    pub tries: Option<u32>,
    /// Take the last attempt before a lock.
    pub use_last_attempt: bool,
    /// Accept fewer PBKDF2 iterations than before.
    pub accept_weaker_log_in: bool,
}

impl Local {
    /// Opens what is in the data folder; what must be said about it is in [`Local::take_notices`].
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] and [`ErrorKind::Unsupported`], as [`Store::open`].
    pub fn open(data: &DataDir, credentials: Arc<dyn Credentials>) -> Result<Self> {
        Ok(Self {
            store: Arc::new(Store::open(data)?),
            archive: Arc::new(Archive::new(data)),
            received: Arc::new(ReceivedFiles::open(data)?),
            credentials,
        })
    }

    /// What a person must be told, each once.
    pub fn take_notices(&self) -> Vec<Notice> {
        let mut notices = self.store.take_notices();
        notices.extend(self.archive.take_notices());
        notices.extend(self.received.take_notices());
        notices
    }

    /// How to reach a service of `target`, whatever else the unit may offer. Where neither the target nor its site says
    /// the Services Base TCP Port, the unit is asked; the preference is the last resort.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a unit that has no such service, or is configured in another way.
    pub async fn access(
        &self,
        target: &Target,
        service: Service,
        overrides: &Overrides,
        cancel: &CancellationToken,
    ) -> Result<Access> {
        match self.route(target, service, overrides, cancel).await? {
            Route::Service(access) => Ok(access),
            Route::Api(access) => Err(Error::new(ErrorKind::Unsupported(
                "it is configured over the Management API, which this does not go through; choose --method service \
                 or another method for the site"
                    .into(),
            ))
            .at(Step::Connect)
            .address(access.address())),
        }
    }

    /// The way to what `service` has of `target`: the one that was asked for, else the site's, else by the unit's
    /// software version and capabilities.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a unit that has no such service.
    pub async fn route(
        &self,
        target: &Target,
        service: Service,
        overrides: &Overrides,
        cancel: &CancellationToken,
    ) -> Result<Route> {
        let data = self.store.read()?;
        let method = overrides
            .method
            .or(target.site.as_ref().map(|site| site.method))
            .unwrap_or_default();
        match method {
            Method::Auto | Method::Service => {}
            Method::Tftp => return Err(not_yet_over_tftp(target)),
            Method::Api => {
                let access = api::access(target, service, overrides, tls_use(target, overrides), &data)?;
                let client_certificate = self.client_certificate(target, overrides).await?;
                return Ok(Route::Api(ApiAccess {
                    client_certificate,
                    ..access
                }));
            }
        }
        let identity = match target.base_port {
            Some(_) => None,
            None => self.identify(target, overrides, cancel).await?,
        };
        if let Some(identity) = identity.as_ref().filter(|_| method == Method::Auto) {
            refuse_before_3_2(identity, target)?;
            offers_only_the_api(target, identity)?;
        }
        let asked = identity.and_then(|identity| identity.base_port);
        let base_port = target
            .base_port
            .or(asked)
            .unwrap_or(data.preferences.services_base_port);
        let client_certificate = self.client_certificate(target, overrides).await?;
        Ok(Route::Service(Access {
            client_certificate,
            ..build(target, service, base_port, overrides, &data)
        }))
    }

    /// Asks the unit who it is, over UDP and TCP at once; `None` where nothing answers.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`], and where the store can not be read.
    pub async fn identify(
        &self,
        target: &Target,
        overrides: &Overrides,
        cancel: &CancellationToken,
    ) -> Result<Option<Identity>> {
        let data = self.store.read()?;
        let site = target.site.as_ref();
        let preferences = &data.preferences;
        let discovery_port = overrides
            .discovery_port
            .or(site.and_then(|s| s.discovery_port))
            .unwrap_or(preferences.discovery_port);
        let tftp_port = overrides
            .tftp_port
            .or(site.and_then(|s| s.tftp_port))
            .unwrap_or(preferences.tftp_port);
        let patience = Duration::from_millis(preferences.discovery_timeout_ms.into());
        discovery::identify(&target.host, discovery_port, tftp_port, patience, cancel).await
    }

    /// The credential that the keychain has for this unit. `user` is the name that was asked for; without one it is
    /// the site's, or that of the credential that the site shares.
    ///
    /// # Errors
    /// The keychain's, and [`ErrorKind::NoCredential`] where no user name is known.
    pub async fn kept_user(
        &self,
        target: &Target,
        base_port: u16,
        user: Option<&str>,
    ) -> Result<Option<ServiceUser>> {
        let site = target.site.as_ref();
        let key = credential_key(target, base_port, user).ok_or_else(|| {
            let why = format!("no service user is known for {}; name one", target.name());
            Error::new(ErrorKind::NoCredential(why)).at(Step::Keychain)
        })?;
        let credentials = Arc::clone(&self.credentials);
        let kept = tokio::task::spawn_blocking(move || credentials.get(&key))
            .await
            .map_err(|_| Error::new(ErrorKind::Cancelled("")))??;
        let wanted = user.map(str::to_owned);
        Ok(kept.and_then(|kept| {
            let name = kept
                .user
                .or_else(|| site.and_then(|s| s.user.clone()))
                .or_else(|| wanted.clone())?;
            // A shared credential answers only for its own user.
            wanted.is_none_or(|wanted| wanted == name).then_some(ServiceUser {
                name,
                password: kept.password,
            })
        }))
    }

    /// Logs in and remembers what that taught: the pin, the iterations, the attempts that are left. Log-ins at one
    /// service of a unit take turns.
    ///
    /// # Errors
    /// As [`Connection::log_in`], and [`ErrorKind::LastAttempt`].
    pub async fn log_in(
        &self,
        connection: Connection,
        user: ServiceUser,
        overrides: &Overrides,
        cancel: CancellationToken,
        report: Report<'_>,
    ) -> Result<Session> {
        let access = connection.access().clone();
        let pins = connection.facts().trust == Trust::FirstUse || access.fingerprint.is_some();
        let session = self.enter(connection, user, overrides, cancel, report).await?;
        let facts = *session.facts();
        if let Some(fingerprint) = facts.fingerprint {
            self.store.update(|data| {
                let known = data.pin(&access.host, facts.port).map(|pin| pin.sha256);
                if pins || known == Some(fingerprint) {
                    data.set_pin(&access.host, facts.port, fingerprint);
                }
                Ok(())
            })?;
        }
        Ok(session)
    }

    /// The same without a word on the certificate.
    pub(crate) async fn enter(
        &self,
        connection: Connection,
        user: ServiceUser,
        overrides: &Overrides,
        cancel: CancellationToken,
        report: Report<'_>,
    ) -> Result<Session> {
        let access = connection.access().clone();
        let (host, port) = (access.host.clone(), access.service_port());
        let asked = Instant::now();
        let turn = Attempts::at(&self.store, &host, connection.facts().peer.ip(), port).turn(&cancel);
        let turn = turn.await.and_then(|turn| {
            if !overrides.use_last_attempt {
                turn.refuse_the_last()?;
            }
            Ok(turn)
        });
        let mut turn = match turn {
            Ok(turn) => turn,
            Err(error) => {
                connection.close().await;
                return Err(error.at(Step::LogIn).address(access.address()));
            }
        };
        let connection = if asked.elapsed() < STILL_FRESH {
            connection
        } else {
            connection.open_again(cancel.clone(), report).await?
        };
        let remembered = self
            .store
            .read()?
            .log_in_iterations(&host, port)
            .filter(|_| !overrides.accept_weaker_log_in);
        let log_in = connection
            .enter(user, remembered, cancel, report, turn.proof_sent())
            .await;
        let attempts = turn.ended(&log_in)?;
        let session = log_in?;
        self.store.update(|data| {
            data.set_log_in_iterations(&host, port, session.iterations());
            Ok(())
        })?;
        Ok(session.counting(attempts))
    }
}

/// Under what the keychain has the log-in to this unit: that of the credential that its site shares, else of this user,
/// else of the site's; `None` where no user is known.
pub(crate) fn credential_key(target: &Target, base_port: u16, user: Option<&str>) -> Option<CredentialKey> {
    let site = target.site.as_ref();
    if let Some(name) = site.and_then(|site| site.credential.clone()) {
        return Some(CredentialKey::Shared { name });
    }
    let user = user.or(site.and_then(|site| site.user.as_deref()))?.to_owned();
    let place = target.place(base_port);
    Some(CredentialKey::ServiceUser { place, user })
}

/// Puts together what the target, its site, the preferences and the user say.
pub(crate) fn build(
    target: &Target,
    service: Service,
    base_port: u16,
    overrides: &Overrides,
    data: &StoreData,
) -> Access {
    let site = target.site.as_ref();
    let preferences = &data.preferences;
    let plain = match (overrides.allow_plain || overrides.tls == Some(TlsUse::Off), site) {
        (true, _) => PlainTcp::AllowedNow,
        (false, Some(site)) if site.allow_plain || site.tls == TlsLevel::Off => PlainTcp::AllowedBySite,
        (false, _) => PlainTcp::Refused,
    };
    let mut access = Access {
        host: target.host.clone(),
        base_port,
        service,
        security_port: site.and_then(|site| site.security_port),
        tls: tls_use(target, overrides),
        plain,
        fingerprint: overrides.fingerprint,
        client_certificate: None,
        pins: Vec::new(),
        connect_timeout: Duration::from_millis(preferences.connect_timeout_ms.into()),
        patience: Duration::from_millis(preferences.transfer_timeout_ms.into()),
        tries: overrides.tries.unwrap_or(preferences.transfer_tries).max(1),
        first_pause: FIRST_PAUSE,
        iterations: ITERATIONS,
    };
    access.pins = data.pins_at(&access.host, &access.tls_ports());
    access
}

/// How sure to be of the unit: as the user says, else its site.
fn tls_use(target: &Target, overrides: &Overrides) -> TlsUse {
    let level = target.site.as_ref().map_or(TlsLevel::Pin, |site| site.tls);
    overrides.tls.unwrap_or(match level {
        TlsLevel::Pin => TlsUse::Pin,
        TlsLevel::Verified => TlsUse::Verified,
        TlsLevel::None => TlsUse::AnyCertificate,
        TlsLevel::Off => TlsUse::Off,
    })
}

/// It is described in docs/protocol.md and not there yet.
fn not_yet_over_tftp(target: &Target) -> Error {
    let why = "this version of Trunkline does not yet configure units over TFTP";
    Error::new(ErrorKind::Unsupported(why.into()))
        .at(Step::Connect)
        .address(target.name())
}

/// The Management API takes the password itself: what a unit says before anybody knows who it is does not lead there.
fn offers_only_the_api(target: &Target, identity: &Identity) -> Result<()> {
    if identity.method().0 != Some(discovery::Method::Api) {
        return Ok(());
    }
    let why = "it says that it has no configuration service and only the Management API, to which the password itself is \
               sent inside TLS; choose that with --method api, or for its site";
    Err(Error::new(ErrorKind::Unsupported(why.into()))
        .at(Step::Connect)
        .address(target.name()))
}

/// A system before 3.2 has no configuration service; a service user's password has no place there either.
fn refuse_before_3_2(identity: &Identity, target: &Target) -> Result<()> {
    let Some(version) = identity
        .version
        .as_ref()
        .filter(|version| version.is_before_3_2())
    else {
        return Ok(());
    };
    let why = format!(
        "it runs {version}, and systems before 3.2 are configured over TFTP (UDP {}) with the system password, which \
         this version of Trunkline does not do yet",
        ports::TFTP
    );
    Err(Error::new(ErrorKind::Unsupported(why))
        .at(Step::Connect)
        .address(target.name()))
}
