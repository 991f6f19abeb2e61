//! The way to a DevLink3 session: reach the unit, look at its certificate, find the password, log in.

use std::time::Instant;

use trunkline_core::devlink::{DevLinkConnection, DevLinkPorts, DevLinkSession};
use trunkline_core::{Error, ErrorKind, Fingerprint, Overrides, ServiceUser, Step, TlsUse, Trust};

use crate::arguments::{LogInArguments, TargetArguments};
use crate::context::Context;
use crate::failure::Failure;
use crate::log_in::{Approach, STILL_FRESH};
use crate::password;
use crate::progress::Shown;

/// Logs in as the arguments say.
pub(crate) async fn log_in(
    context: &Context,
    arguments: &TargetArguments,
    who: &LogInArguments,
    ports: DevLinkPorts,
) -> Result<DevLinkSession, Failure> {
    let approach = Approach::new(context, arguments, &who.attempt).await?;
    let connection = look_at(context, open(&approach, ports).await?).await?;
    let opened = Instant::now();
    let user = approach.user(approach.base_port()?, who).await?;
    let connection = if opened.elapsed() < STILL_FRESH {
        connection
    } else {
        // Whoever typed a password took their time; the certificate must still be the one that was shown.
        let shown = Shown::new(&context.output);
        connection.opened_again(&|p| shown.report(p)).await?
    };
    enter(&approach, connection, user, ports).await
}

/// The level of TLS as it was used, and the fingerprint of the certificate, for documents.
pub(crate) fn tls_as_used(session: &DevLinkSession) -> (&'static str, Option<Fingerprint>) {
    let fingerprint = session.facts().fingerprint;
    let level = match (fingerprint, session.tls()) {
        (None, _) | (_, TlsUse::Off) => "off",
        (_, TlsUse::Pin) => "pin",
        (_, TlsUse::Verified) => "verified",
        (_, TlsUse::AnyCertificate) => "none",
    };
    (level, fingerprint)
}

async fn open(approach: &Approach<'_>, ports: DevLinkPorts) -> Result<DevLinkConnection, Failure> {
    let access = approach
        .local
        .devlink_access(&approach.target, ports, &approach.overrides)
        .await?;
    tracing::info!(address = access.address(), "reaching the unit's DevLink3");
    let shown = Shown::new(&approach.context.output);
    let cancel = approach.context.cancel.clone();
    let connection = DevLinkConnection::open(access, cancel, &|p| shown.report(p))
        .await
        .map_err(next_step)?;
    tracing::info!(facts = ?connection.facts(), "connected");
    Ok(connection)
}

/// What to do next is another thing here than with the unit's services.
fn next_step(error: Error) -> Failure {
    let hint = match error.code() {
        "not_reachable" => {
            "Check the address, and that routers and firewalls let TCP 50796 (DevLink3 over TLS) through; units have \
             DevLink3 with a CTI licence only."
        }
        "tls_not_available" => {
            "If you accept that the user's name and what is read travel readable, and that whoever listens can try out \
             passwords, allow plain TCP for this unit (--allow-plain)."
        }
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}

/// First use of a certificate needs a yes where there is somebody to ask; what is not protected is always said.
async fn look_at(context: &Context, connection: DevLinkConnection) -> Result<DevLinkConnection, Failure> {
    let (output, address) = (&context.output, connection.address());
    match (connection.facts().trust, connection.facts().fingerprint) {
        (Trust::FirstUse, Some(fingerprint)) => {
            let first = format!("{address}: first use of this unit's certificate, SHA-256 {fingerprint}");
            if !password::can_ask() {
                output.warn(&format!(
                    "{first}; DevLink3 does not prove who answers, so it is pinned only with --fingerprint"
                ));
                return Ok(connection);
            }
            output.warn(&format!("{first}\nCompare it with the unit's own before you go on."));
            if password::confirm("Trust this certificate from now on?").await? {
                let shown = Shown::new(output);
                return Ok(connection.accepted(&|p| shown.report(p)).await?);
            }
            connection.close().await;
            let declined = ErrorKind::CertificateRefused("you declined it".into());
            return Err(Error::new(declined).at(Step::Tls).address(address).into());
        }
        (Trust::Unchecked, Some(fingerprint)) => output.warn(&format!(
            "{address}: TLS with any certificate (--tls none): nobody knows who answers. It showed SHA-256 {fingerprint}"
        )),
        (Trust::Plain, _) => output.warn(&format!(
            "{address}: plain TCP: whoever is on the way can read the user's name and what is read, and try out passwords"
        )),
        _ => {}
    }
    Ok(connection)
}

/// Logs in. Whether the last attempt before a lock is worth it is a person's decision.
async fn enter(
    approach: &Approach<'_>,
    connection: DevLinkConnection,
    user: ServiceUser,
    ports: DevLinkPorts,
) -> Result<DevLinkSession, Failure> {
    let output = &approach.context.output;
    let attempt = async |connection, overrides: &Overrides| {
        let shown = Shown::new(output);
        approach
            .local
            .log_in_devlink(connection, user.clone(), overrides, &|p| shown.report(p))
            .await
            .map_err(Failure::from)
    };
    let failure = match attempt(connection, &approach.overrides).await {
        Err(failure) if failure.error().code() == "last_attempt" && password::can_ask() => failure,
        decided => return decided,
    };
    output.warn(&failure.message());
    if !password::confirm("Use it all the same?").await? {
        return Err(failure);
    }
    let overrides = Overrides {
        use_last_attempt: true,
        ..approach.overrides.clone()
    };
    attempt(open(approach, ports).await?, &overrides).await
}
