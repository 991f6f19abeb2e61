use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;
use trunkline_core::security::Moved;
use trunkline_core::{
    ContentHash, ErrorKind, IP500_V2_LIMIT, Local, Outgoing, SendOrder, SendSummary, Target, Way,
};
use trunkline_protocol::link::{Object, WriteMode};

use super::receive::{RESTART_NEEDED, called, service};
use super::security::{moved_to_json, say_moved};
use super::{Ended, conflict, restarted};
use crate::arguments::{LogInArguments, ObjectArgument, RestartMode, TargetArguments, When};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{Reached, reach};
use crate::progress::Shown;
use crate::source;
use crate::text::{count, one_line};

/// Sends a file to a unit as its configuration
///
/// First takes a verified copy of what the unit has into the archive (never of security settings), and refuses where
/// that is not what the changes in the file are based on. It takes effect as a whole or not at all.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline send \"Head Office\" office.xml --mode merge
  trunkline send 192.168.42.1 office.xml --user Administrator --mode timed --at 23:30 --bar-incoming
  trunkline send \"Head Office\" office.xml --mode merge --rebase

Where the unit was changed meanwhile (exit 6), what you changed, what was changed there and what collides is said, and stands
in the JSON as {\"error\":{…,\"conflict\":{\"base_revision\",\"unit_revision\",\"base_known\",\"mine\",\"theirs\",\"alike\",\"collisions\"}}}.


JSON: {\"address\",\"revision_before\",\"revision_after\",\"bytes\",\"sha256\",\"restart_in_s\",\"backup_sha256\",\"back\",
\"restart_needed\",\"written\":[\"changed User 201 Sales1\"],\"kept_otherwise\",\"moved\"};
back is null unless --wait was given, and false (exit 7) where calls held the restart up for 15 minutes; written is null
unless it went over the Management API, moved unless security settings moved the unit's services to another port")]
pub(crate) struct Arguments {
    /// What is sent
    #[arg(index = 2)]
    file: PathBuf,
    /// How it takes effect
    #[arg(long, value_enum)]
    mode: Mode,
    #[command(flatten)]
    when: When,
    /// What the file is
    #[arg(long, value_enum, default_value_t = SentObject::Configuration)]
    object: SentObject,
    /// The revision that the changes are based on [default: the one at which the file was received, else the unit's]
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Where somebody else changed the unit meanwhile: puts your changes on top of what it has now and sends that, if
    /// nothing collides. The file stays as it is
    #[arg(long, conflicts_with = "force")]
    rebase: bool,
    /// Sends over somebody else's changes, and what the unit has already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// At once, without a restart; refused where the changes need one
    Merge,
    /// With a restart at once; every call ends
    Immediate,
    /// With a restart as soon as nobody is on the phone
    WhenFree,
    /// With a restart at a time of day
    Timed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SentObject {
    /// The configuration
    Configuration,
    /// The security settings
    Security,
}

impl Mode {
    /// The mode with its time and its barred calls.
    pub(super) fn with(self, when: &When) -> Result<WriteMode, Failure> {
        let restart = |mode| when.restart(mode).map(WriteMode::Restart);
        match self {
            Self::Merge => when.merge().map(|()| WriteMode::Merge),
            Self::Immediate => restart(RestartMode::Immediate),
            Self::WhenFree => restart(RestartMode::WhenFree),
            Self::Timed => restart(RestartMode::Timed),
        }
    }
}

/// The document of the contract.
#[derive(Serialize)]
struct Document {
    address: String,
    revision_before: String,
    revision_after: String,
    bytes: u64,
    sha256: ContentHash,
    restart_in_s: Option<u32>,
    backup_sha256: Option<ContentHash>,
    /// Whether the restarted unit is back; null where nobody waited.
    back: Option<bool>,
    restart_needed: bool,
    written: Option<Vec<String>>,
    kept_otherwise: Vec<String>,
    moved: Option<Value>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let order = order(&arguments)?;
    let outgoing = read(&arguments.file).await?;
    let mut reached = reach(context, &arguments.target, &arguments.who, service(order.object)).await?;
    let Reached { local, target, way } = &mut reached;
    say_size(context, way, &outgoing);
    let what = What {
        file: &arguments.file,
        outgoing: &outgoing,
        order: &order,
        rebase: arguments.rebase,
    };
    let sent = send(context, local, way, target, &what).await;
    let (mut reached, (summary, moved)) = reached.or_close(sent).await?;
    let way = &mut reached.way;
    context.say_notices(&reached.local);
    let address = way.address();
    say(context, &address, &order, &summary);
    if let Some(moved) = moved {
        say_moved(context, &address, moved);
    }
    let (back, exit) = match order.mode {
        // A unit that was followed is back.
        WriteMode::Restart(_) if moved.is_some_and(|moved| moved.followed) => (Some(true), Exit::Done),
        WriteMode::Restart(restart) if arguments.when.wait && !summary.unchanged => {
            let sent = Some(summary.revision_after.as_str());
            let (back, exit) = restarted::wait(context, way, restart, summary.restart_in_s, sent).await?;
            (Some(back), exit)
        }
        _ => (None, Exit::Done),
    };
    reached.way.close().await;
    let document = Document {
        address,
        revision_before: summary.revision_before,
        revision_after: summary.revision_after,
        bytes: summary.bytes,
        sha256: summary.sha256,
        restart_in_s: summary.restart_in_s,
        backup_sha256: summary.backup_sha256,
        back,
        restart_needed: summary.restart_needed,
        written: summary.written,
        kept_otherwise: summary.kept_otherwise,
        moved: moved.map(moved_to_json),
    };
    context.output.document(&document, String::new)?;
    Ok(exit.into())
}

/// How much of what the unit takes it is, before anything is sent.
fn say_size(context: &Context, way: &mut Way, outgoing: &Outgoing) {
    let bytes = outgoing.length();
    let size = count(bytes, "byte", "bytes");
    match way.largest_object() {
        Some(limit) => {
            let part = bytes.saturating_mul(100).div_ceil(limit.max(1));
            let limit = count(limit, "byte", "bytes");
            context.output.say(&format!(
                "sending {size}: {part}% of the {limit} that the unit takes at most"
            ));
        }
        None if bytes > IP500_V2_LIMIT => context.output.warn(&format!(
            "sending {size}; the unit did not say how much it takes, and an IP500 V2 takes 2.0 MB at most"
        )),
        None => {}
    }
}

/// What is to be sent.
struct What<'a> {
    file: &'a Path,
    outgoing: &'a Outgoing,
    order: &'a SendOrder,
    rebase: bool,
}

/// Sends; where the unit was changed meanwhile, says by whom what, and, if that is wanted, goes on with both.
async fn send(
    context: &Context,
    local: &Local,
    way: &mut Way,
    target: &Target,
    what: &What<'_>,
) -> Result<(SendSummary, Option<Moved>), Failure> {
    let order = what.order;
    if let (Object::SecuritySettings, Way::Service(session)) = (order.object, &mut *way) {
        let shown = Shown::new(&context.output);
        return Ok(local
            .send_security_file(session, target, what.outgoing, Some(what.file), order, &|p| {
                shown.report(p);
            })
            .await?);
    }
    let base = local.base_of(&mut *way, target, Some(what.file), order)?;
    let shown = Shown::new(&context.output);
    let sent = local
        .send(&mut *way, target, what.outgoing, Some(what.file), order, &|p| {
            shown.report(p);
        })
        .await;
    drop(shown);
    let failure = match sent {
        Err(error) if error.code() == "conflict" && order.object == Object::Configuration => error.into(),
        decided => return Ok((decided?, None)),
    };
    let Some(conflict) = conflict::look(context, local, way, target, order, &base).await else {
        return Err(failure);
    };
    let mine = source::file(what.file).await?;
    let Some(both) = what
        .rebase
        .then(|| conflict::on_top(context, &conflict, &mine))
        .flatten()
    else {
        return Err(conflict::explain(context, failure, &conflict, &mine));
    };
    let both = Outgoing::memory(both.into_bytes().into());
    let order = SendOrder {
        base: Some(conflict.unit_revision),
        ..order.clone()
    };
    let shown = Shown::new(&context.output);
    let summary = local
        .send(way, target, &both, None, &order, &|p| shown.report(p))
        .await?;
    drop(shown);
    context.output.say(&format!(
        "your changes were put on top of {}; {} has yours alone, so receive again before you change more",
        one_line(&summary.revision_before),
        what.file.display()
    ));
    Ok((summary, None))
}

fn order(arguments: &Arguments) -> Result<SendOrder, Failure> {
    let mode = arguments.mode.with(&arguments.when)?;
    let object = match arguments.object {
        SentObject::Configuration => ObjectArgument::Configuration,
        SentObject::Security => ObjectArgument::Security,
    };
    Ok(SendOrder {
        object: object.object(),
        mode,
        base: arguments.base.clone(),
        force: arguments.force,
    })
}

/// A file that is not there is a slip of the keyboard, and no fault of the disk.
async fn read(file: &Path) -> Result<Outgoing, Failure> {
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_file() => Ok(Outgoing::file(file).await?),
        Ok(_) => Err(Failure::usage(format!("{} is no file", file.display()))),
        Err(error) => Err(ErrorKind::NotFound(format!("{}: {error}", file.display())).into()),
    }
}

fn say(context: &Context, address: &str, order: &SendOrder, summary: &SendSummary) {
    let what = called(order.object);
    if summary.unchanged {
        let revision = one_line(&summary.revision_before);
        let has = match &summary.written {
            None => format!("has just this {what}"),
            Some(_) => "has all of your changes".into(),
        };
        context.output.say(&format!(
            "{address}: unchanged: the unit {has}, revision {revision}"
        ));
        return;
    }
    let sent = match &summary.written {
        None => format!("sent its {what}, {}", count(summary.bytes, "byte", "bytes")),
        Some(changes) => {
            for change in changes {
                context.output.say(&one_line(change));
            }
            format!("wrote {}", count(changes.len() as u64, "change", "changes"))
        }
    };
    let mut text = format!(
        "{address}: {sent}; revision {} is now {}",
        one_line(&summary.revision_before),
        one_line(&summary.revision_after),
    );
    if let WriteMode::Restart(restart) = order.mode {
        text.push_str("; ");
        text.push_str(&restarted::announce(restart, summary.restart_in_s));
    }
    context.output.say(&text);
    for kept in &summary.kept_otherwise {
        context
            .output
            .warn(&format!("{address}: not as it was sent: {}", one_line(kept)));
    }
    if summary.restart_needed {
        context.output.warn(&format!("{address}: {RESTART_NEEDED}"));
    }
    if let Some(copy) = summary.backup_sha256 {
        context
            .output
            .say(&format!("what the unit had is kept in the archive as {copy}"));
    }
}
