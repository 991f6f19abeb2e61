use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use trunkline_core::{
    ArchiveReason, ContentHash, ErrorKind, Fingerprint, ReceiveSummary, Session, Way, name,
};
use trunkline_protocol::link::{Object, Rights, Service};

use super::Ended;
use crate::arguments::{LogInArguments, ObjectArgument, TargetArguments};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{Reached, reach, tls_of};
use crate::output::stdout_failed;
use crate::progress::Shown;
use crate::text::{count, one_line};

/// Receives the configuration of a unit into a file
///
/// The file is there as a whole, verified, or not at all. A configuration is kept in the archive as well; security
/// settings never are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline receive 192.168.42.1 --user Administrator --out office.xml
  trunkline receive \"Head Office\" --out - | xmllint --format -
  trunkline receive 192.168.42.1 --method api --user Administrator --out users.xml

JSON: {\"address\",\"object\",\"method\",\"tls\",\"fingerprint\",\"revision\",\"bytes\",\"sha256\",\"elapsed_ms\",\"rights\",
\"password_expires_days\",\"resumed\",\"restart_needed\",\"not_offered\"}")]
pub(crate) struct Arguments {
    /// What is received
    #[arg(long, value_enum, default_value_t = ObjectArgument::Configuration)]
    object: ObjectArgument,
    /// The file; - for standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let to_stdout = arguments.out == Path::new("-");
    if to_stdout && context.output.json {
        return Err(Failure::usage(
            "--out - and --json can not share standard output; name a file",
        ));
    }
    let object = arguments.object.object();
    let mut reached = reach(context, &arguments.target, &arguments.who, service(object)).await?;
    let received = if to_stdout {
        receive_to_stdout(context, &mut reached, object).await
    } else {
        let Reached { local, target, way } = &mut reached;
        let shown = Shown::new(&context.output);
        local
            .receive_to_file(&mut *way, target, object, &arguments.out, &|p| shown.report(p))
            .await
            .map_err(Failure::from)
    };
    let (reached, summary) = reached.or_close(received).await?;
    let document = document(&reached.way, object, &summary);
    let address = reached.way.address();
    reached.way.close().await;
    context.say_notices(&reached.local);
    if context.output.json {
        context.output.document(&document, String::new)?;
    }
    context.output.say(&format!(
        "{address}: received its {}, {}, revision {}{}{}",
        called(object),
        count(summary.bytes, "byte", "bytes"),
        one_line(&summary.revision),
        if to_stdout {
            String::new()
        } else {
            format!(", as {}", arguments.out.display())
        },
        if summary.resumed {
            "; the connection was lost on the way and it went on where it was"
        } else {
            ""
        },
    ));
    if !summary.not_offered.is_empty() {
        let missing = summary.not_offered.join(", ");
        context
            .output
            .say(&format!("its Management API does not offer {missing}"));
    }
    if summary.restart_needed {
        context.output.warn(&format!("{address}: {RESTART_NEEDED}"));
    }
    Ok(Exit::Done.into())
}

/// What a `REBOOT` notice of the Management API means.
pub(super) const RESTART_NEEDED: &str =
    "a restart is needed before all changes take effect; the Management API can not do that";

/// The service that has this object.
pub(super) fn service(object: Object) -> Service {
    match object {
        Object::Configuration | Object::AuditTrail => Service::Configuration,
        Object::SecuritySettings => Service::Security,
    }
}

/// The object in a sentence.
pub(super) fn called(object: Object) -> &'static str {
    match object {
        Object::Configuration => "configuration",
        Object::SecuritySettings => "security settings",
        Object::AuditTrail => "audit trail",
    }
}

/// Only what was verified as a whole goes out: by way of the archive, or of memory for what may not be kept.
async fn receive_to_stdout(
    context: &Context,
    reached: &mut Reached,
    object: Object,
) -> Result<ReceiveSummary, Failure> {
    let Reached { local, target, way } = reached;
    let shown = Shown::new(&context.output);
    if object == Object::SecuritySettings {
        let (bytes, summary) = local.receive_to_memory(way, object, &|p| shown.report(p)).await?;
        drop(shown);
        copy(&bytes[..])?;
        return Ok(summary);
    }
    let reason = ArchiveReason::Received;
    let summary = local
        .receive_to_archive(way, target, object, reason, &|p| shown.report(p))
        .await?;
    drop(shown);
    let file = local.archive.open_verified(&summary.sha256)?;
    tokio::task::spawn_blocking(move || copy(file))
        .await
        .map_err(|_| Failure::from(ErrorKind::Cancelled("")))??;
    Ok(summary)
}

fn copy(mut from: impl Read) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    io::copy(&mut from, &mut stdout)
        .and_then(|_| stdout.flush())
        .map_err(|error| stdout_failed(&error))
}

/// The document of the contract.
#[derive(Serialize)]
struct Document {
    address: String,
    object: &'static str,
    method: &'static str,
    tls: &'static str,
    fingerprint: Option<Fingerprint>,
    revision: String,
    bytes: u64,
    sha256: ContentHash,
    elapsed_ms: u64,
    rights: Vec<&'static str>,
    password_expires_days: Option<u16>,
    resumed: bool,
    restart_needed: bool,
    not_offered: Vec<&'static str>,
}

fn document(way: &Way, object: Object, summary: &ReceiveSummary) -> Document {
    let (tls, fingerprint) = tls_of(way);
    let facts = way.session().map(Session::log_in_facts);
    Document {
        address: way.address(),
        object: name(object),
        method: way.method(),
        tls,
        fingerprint,
        revision: summary.revision.clone(),
        bytes: summary.bytes,
        sha256: summary.sha256,
        elapsed_ms: u64::try_from(summary.elapsed.as_millis()).unwrap_or(u64::MAX),
        rights: facts
            .and_then(|facts| facts.rights)
            .map(Rights::names)
            .unwrap_or_default(),
        password_expires_days: facts.and_then(|facts| facts.password_expires_days),
        resumed: summary.resumed,
        restart_needed: summary.restart_needed,
        not_offered: summary.not_offered.clone(),
    }
}
