//! The way to a logged-in session: reach the unit, look at its certificate, find the password, log in.

mod api;

use std::time::{Duration, Instant};

use trunkline_core::api::ApiSession;
use trunkline_core::{
    Access, Connection, Error, ErrorKind, Facts, Fingerprint, Local, Overrides, Route, ServiceUser, Session,
    Step, Target, TlsUse, Trust, Way,
};
use trunkline_protocol::link::Service;

use crate::arguments::{LogInArguments, PasswordArguments, TargetArguments};
use crate::client_certificate;
use crate::context::Context;
use crate::failure::Failure;
use crate::password::{self, VARIABLE};
use crate::progress::Shown;
use crate::text::count;

/// A unit hangs up on a silent connection some time; after a question to a person a new one is opened.
pub(crate) const STILL_FRESH: Duration = Duration::from_secs(2);

/// A session, and what it was made of.
pub(crate) struct LoggedIn {
    pub(crate) local: Local,
    pub(crate) target: Target,
    pub(crate) session: Session,
}

/// An open way to a unit, whichever it is, and what it was made of.
pub(crate) struct Reached {
    pub(crate) local: Local,
    pub(crate) target: Target,
    pub(crate) way: Way,
}

impl Reached {
    /// Gives the outcome on. A way that is not gone on with is closed: a session that nobody ends stays at the unit.
    pub(crate) async fn or_close<T>(self, outcome: Result<T, Failure>) -> Result<(Self, T), Failure> {
        match outcome {
            Ok(value) => Ok((self, value)),
            Err(failure) => {
                self.way.close().await;
                Err(failure)
            }
        }
    }
}

/// Opens the way to what `service` has, as the arguments say.
pub(crate) async fn reach(
    context: &Context,
    arguments: &TargetArguments,
    who: &LogInArguments,
    service: Service,
) -> Result<Reached, Failure> {
    let approach = Approach::new(context, arguments, &who.attempt).await?;
    let route = approach
        .local
        .route(&approach.target, service, &approach.overrides, &context.cancel)
        .await?;
    let way = match route {
        Route::Service(access) => approach.log_in(access, who).await?.into(),
        Route::Api(access) => approach.log_in_to_api(access, who).await?.into(),
    };
    Ok(Reached {
        local: approach.local,
        target: approach.target,
        way,
    })
}

/// Logs in to a service of the unit's own; also answers who logged in.
pub(crate) async fn log_in(
    context: &Context,
    arguments: &TargetArguments,
    who: &LogInArguments,
    service: Service,
) -> Result<(LoggedIn, String), Failure> {
    let approach = Approach::new(context, arguments, &who.attempt).await?;
    let access = approach
        .local
        .access(&approach.target, service, &approach.overrides, &context.cancel)
        .await?;
    let session = approach.log_in(access, who).await?;
    let user = session.user_name().to_owned();
    let logged_in = LoggedIn {
        local: approach.local,
        target: approach.target,
        session,
    };
    Ok((logged_in, user))
}

/// Logs in to the security service, whichever way the unit's configuration goes.
pub(crate) async fn log_in_to_security(
    context: &Context,
    arguments: &TargetArguments,
    who: &LogInArguments,
) -> Result<LoggedIn, Failure> {
    let approach = Approach::new(context, arguments, &who.attempt).await?;
    let access = approach
        .local
        .security_access(&approach.target, &approach.overrides, &context.cancel)
        .await?;
    let session = approach.log_in(access, who).await?;
    Ok(LoggedIn {
        local: approach.local,
        target: approach.target,
        session,
    })
}

/// What was tried with a password that nobody keeps yet.
pub(crate) enum Tried {
    /// A log-in to the configuration service, and who logged in.
    LogIn(Box<LoggedIn>, ServiceUser),
    /// A log-in to the Management API, and who logged in.
    Api(Local, Box<Target>, Box<ApiSession>, ServiceUser),
}

/// Tries a password that nobody keeps yet.
pub(crate) async fn try_anew(
    context: &Context,
    arguments: &TargetArguments,
    user: &str,
    service: Service,
    attempt: &PasswordArguments,
) -> Result<Tried, Failure> {
    let way = Approach::new(context, arguments, attempt).await?;
    let (target, overrides) = (&way.target, &way.overrides);
    let route = match service {
        Service::Configuration => {
            way.local
                .route(target, service, overrides, &context.cancel)
                .await?
        }
        Service::Security => {
            let access = way
                .local
                .security_access(target, overrides, &context.cancel)
                .await?;
            Route::Service(access)
        }
    };
    let access = match route {
        Route::Service(access) => access,
        Route::Api(access) => {
            let (session, user) = way.log_in_to_api_anew(access, user, attempt).await?;
            return Ok(Tried::Api(
                way.local,
                Box::new(way.target),
                Box::new(session),
                user,
            ));
        }
    };
    let connection = way.reach(access).await?;
    let opened = Instant::now();
    let user = way.user_anew(user, attempt).await?;
    let connection = way.keep_fresh(connection, opened).await?;
    let session = way.enter(connection, user.clone()).await?;
    let logged_in = LoggedIn {
        local: way.local,
        target: way.target,
        session,
    };
    Ok(Tried::LogIn(Box::new(logged_in), user))
}

/// The level of TLS as it was used on this way, and the fingerprint of the certificate, for documents.
pub(crate) fn tls_of(way: &Way) -> (&'static str, Option<Fingerprint>) {
    way.tls()
        .map_or(("off", None), |(facts, tls)| tls_used(facts, tls))
}

/// The same of a session.
pub(crate) fn tls_as_used(session: &Session) -> (&'static str, Option<Fingerprint>) {
    tls_used(session.facts(), session.access().tls)
}

/// The same of any connection.
pub(crate) fn tls_used(facts: &Facts, tls: TlsUse) -> (&'static str, Option<Fingerprint>) {
    let level = match (facts.fingerprint, tls) {
        (None, _) | (_, TlsUse::Off) => "off",
        (_, TlsUse::Pin) => "pin",
        (_, TlsUse::Verified) => "verified",
        (_, TlsUse::AnyCertificate) => "none",
    };
    (level, facts.fingerprint)
}

/// Everything that is the same for each connection of one command.
pub(crate) struct Approach<'a> {
    pub(crate) context: &'a Context,
    pub(crate) local: Local,
    pub(crate) target: Target,
    pub(crate) overrides: Overrides,
}

impl<'a> Approach<'a> {
    pub(crate) async fn new(
        context: &'a Context,
        arguments: &TargetArguments,
        attempt: &PasswordArguments,
    ) -> Result<Self, Failure> {
        let local = context.local()?;
        let target = Target::parse(&arguments.target, &*local.store.read()?)?;
        tracing::info!(target = target.name(), host = target.host, "target");
        let overrides = Overrides {
            client_certificate: client_certificate::of(&local, &target, &arguments.way).await?,
            ..arguments.way.overrides(Some(attempt))
        };
        Ok(Self {
            context,
            local,
            target,
            overrides,
        })
    }

    /// The Services Base TCP Port, as far as it is known without asking the unit: by it the keychain knows a unit that is no site.
    pub(crate) fn base_port(&self) -> Result<u16, Failure> {
        let preference = self.local.store.read()?.preferences.services_base_port;
        Ok(self.target.base_port.unwrap_or(preference))
    }

    /// Logs in to a service of the unit.
    async fn log_in(&self, access: Access, who: &LogInArguments) -> Result<Session, Failure> {
        let connection = self.reach(access).await?;
        let opened = Instant::now();
        let user = self.user(connection.access().base_port, who).await?;
        let connection = self.keep_fresh(connection, opened).await?;
        self.enter(connection, user).await
    }

    /// Opens a connection to a unit whose certificate is accepted, and says what must be said of it.
    async fn reach(&self, access: Access) -> Result<Connection, Failure> {
        tracing::info!(address = access.address(), tls = ?access.tls, "reaching the unit");
        let connection = self.open(access).await?;
        self.look_at(connection).await
    }

    async fn open(&self, access: Access) -> Result<Connection, Failure> {
        let shown = Shown::new(&self.context.output);
        let (cancel, report) = (self.context.cancel.clone(), &|p| shown.report(p));
        let connection = match access.service {
            Service::Configuration => Connection::open(access, cancel, report).await?,
            Service::Security => {
                self.local
                    .open_security(&self.target, access, &self.overrides, cancel, report)
                    .await?
            }
        };
        tracing::info!(facts = ?connection.facts(), "connected");
        Ok(connection)
    }

    /// First use of a certificate needs a yes where there is somebody to ask; what is not protected is always said.
    async fn look_at(&self, connection: Connection) -> Result<Connection, Failure> {
        let (output, address) = (&self.context.output, connection.access().address());
        match (connection.facts().trust, connection.facts().fingerprint) {
            (Trust::FirstUse, Some(fingerprint)) => {
                let first = format!("{address}: first use of this unit's certificate, SHA-256 {fingerprint}");
                if !password::can_ask() {
                    output.warn(&format!("{first}; it is pinned once the log-in has worked"));
                    return Ok(connection);
                }
                output.warn(&format!("{first}\nCompare it with the unit's own before you go on."));
                let opened = Instant::now();
                if password::confirm("Trust this certificate from now on?").await? {
                    return self.keep_fresh(connection, opened).await;
                }
                connection.close().await;
                let declined = ErrorKind::CertificateRefused("you declined it".into());
                return Err(Error::new(declined).at(Step::Tls).address(address).into());
            }
            (Trust::Unchecked, Some(fingerprint)) => output.warn(&format!(
                "{address}: TLS with any certificate (--tls none): nobody knows who answers. It showed SHA-256 {fingerprint}"
            )),
            (Trust::Plain, _) => output.warn(&format!(
                "{address}: plain TCP: whoever is on the way can read and change everything but the password"
            )),
            _ => {}
        }
        Ok(connection)
    }

    /// A new connection where a person took their time, to the same certificate.
    async fn keep_fresh(&self, connection: Connection, opened: Instant) -> Result<Connection, Failure> {
        if opened.elapsed() < STILL_FRESH {
            return Ok(connection);
        }
        let access = Access {
            fingerprint: connection.facts().fingerprint.or(connection.access().fingerprint),
            ..connection.access().clone()
        };
        connection.close().await;
        self.open(access).await
    }

    /// Who logs in: what was given for this command, else what the keychain has, else what a person says.
    pub(crate) async fn user(&self, base_port: u16, who: &LogInArguments) -> Result<ServiceUser, Failure> {
        let site = self.target.site.as_ref();
        let named = who
            .user
            .clone()
            .or_else(|| site.and_then(|site| site.user.clone()));
        if let Some(password) = password::given(who.attempt.password_stdin)? {
            let name = match named {
                Some(name) => name,
                None => self
                    .kept(base_port, who)
                    .await?
                    .map(|kept| kept.name)
                    .ok_or_else(|| self.no_user())?,
            };
            return Ok(ServiceUser { name, password });
        }
        let knows_a_user = named.is_some() || site.is_some_and(|site| site.credential.is_some());
        let mut unusable = None;
        if knows_a_user {
            match self.kept(base_port, who).await {
                Ok(Some(kept)) => return Ok(kept),
                Ok(None) => {}
                Err(failure) => unusable = Some(failure),
            }
        }
        if !password::can_ask() {
            return Err(match (unusable, named) {
                (Some(failure), _) => failure.hint(format!(
                    "Unlock the keychain, or give the password on standard input (--password-stdin) or in {VARIABLE}."
                )),
                (None, Some(name)) => no_password(&name, &self.target),
                (None, None) => self.no_user(),
            });
        }
        // A person who can type the password needs to know, and no more.
        if let Some(failure) = unusable {
            self.context.output.say(&failure.message());
        }
        let name = match named {
            Some(name) => name,
            None => password::ask_line(format!("Service user of {}: ", self.target.name())).await?,
        };
        let password = password::ask(prompt(&name, &self.target)).await?;
        Ok(ServiceUser { name, password })
    }

    /// The same for a password that nobody keeps yet.
    async fn user_anew(&self, name: &str, attempt: &PasswordArguments) -> Result<ServiceUser, Failure> {
        let password = match password::given(attempt.password_stdin)? {
            Some(password) => password,
            None if password::can_ask() => password::ask(prompt(name, &self.target)).await?,
            None => return Err(no_password(name, &self.target)),
        };
        Ok(ServiceUser {
            name: name.to_owned(),
            password,
        })
    }

    async fn kept(&self, base_port: u16, who: &LogInArguments) -> Result<Option<ServiceUser>, Failure> {
        Ok(self
            .local
            .kept_user(&self.target, base_port, who.user.as_deref())
            .await?)
    }

    /// Logs in. Whether the last attempt before a lock is worth it is a person's decision.
    async fn enter(&self, connection: Connection, user: ServiceUser) -> Result<Session, Failure> {
        let access = connection.access().clone();
        let failure = match self.try_to_enter(connection, user.clone(), &self.overrides).await {
            Err(failure) if failure.error().code() == "last_attempt" && password::can_ask() => failure,
            decided => return decided,
        };
        self.context.output.warn(&failure.message());
        if !password::confirm("Use it all the same?").await? {
            return Err(failure);
        }
        let overrides = Overrides {
            use_last_attempt: true,
            ..self.overrides.clone()
        };
        self.try_to_enter(self.open(access).await?, user, &overrides)
            .await
    }

    async fn try_to_enter(
        &self,
        connection: Connection,
        user: ServiceUser,
        overrides: &Overrides,
    ) -> Result<Session, Failure> {
        let shown = Shown::new(&self.context.output);
        let cancel = self.context.cancel.clone();
        let session = self
            .local
            .log_in(connection, user, overrides, cancel, &|p| shown.report(p))
            .await?;
        drop(shown);
        tracing::info!(address = session.access().address(), "logged in");
        if let Some(days) = session
            .log_in_facts()
            .password_expires_days
            .filter(|days| *days <= 14)
        {
            self.context.output.warn(&match days {
                0 => "the password expires today".to_owned(),
                days => format!("the password expires in {}", count(days.into(), "day", "days")),
            });
        }
        Ok(session)
    }

    fn no_user(&self) -> Failure {
        let why = format!("no service user is known for {}", self.target.name());
        let error = Error::new(ErrorKind::NoCredential(why)).at(Step::LogIn);
        Failure::from(error).hint("Name one with --user.")
    }
}

fn prompt(user: &str, target: &Target) -> String {
    crate::text::one_line(&format!("Password of service user {user} at {}: ", target.name()))
}

fn no_password(user: &str, target: &Target) -> Failure {
    let why = format!(
        "there is no password for service user {user} at {}",
        target.name()
    );
    let error = Error::new(ErrorKind::NoCredential(why)).at(Step::LogIn);
    Failure::from(error).hint(format!(
        "Give it on standard input (--password-stdin) or in {VARIABLE}, or keep it with `trunkline login`."
    ))
}
