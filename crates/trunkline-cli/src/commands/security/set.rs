//! Changes to the security settings, looked at before they are sent.

use clap::Args;
use serde_json::{Value, json};
use trunkline_core::security::{Consequence, ForReview, Moved, SecurityOrder, SecuritySent, Theirs};
use trunkline_core::{Error, ErrorKind, Session, Step};
use trunkline_document::security::{SecurityProblem, SettingChange};
use trunkline_protocol::link::{Restart, WriteMode};

use super::edits::Edits;
use super::new_passwords::{self, Source};
use super::show::receive;
use crate::arguments::{LogInArguments, TargetArguments, When};
use crate::commands::send::Mode;
use crate::commands::{Ended, restarted};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, log_in_to_security};
use crate::password;
use crate::progress::Shown;
use crate::text::{count, one_line};

/// Changes security settings of a unit
///
/// What the unit has is received into memory, changed there, held against the rules, and sent back as a whole. What the
/// changes bring with them (services that move or close, an account that may do less) is said first; they are then sent
/// after a yes on the terminal, or with --yes. A saved site follows a changed ServicesBasePort.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline security set \"Head Office\" --user security MinimumPasswordLength=10 TcpDiscovery=off --dry-run
  trunkline security set \"Head Office\" --user security --add-user \"Field engineers=Technicians\" --level \"HTTP=Secure Medium\"
  printf '%s\\n' \"$NEW\" | trunkline security set 10.21.4.2 --user security --new-password Administrator --new-password-stdin

JSON: {\"address\",\"dry_run\",\"sent\",\"changes\":[{\"kind\",\"name\",\"field\",\"before\",\"after\"}],
\"broken\":[{\"code\",\"kind\",\"name\",\"field\",\"message\"}],\"consequences\":[{\"code\",\"message\"}],\"revision_before\",\"revision_after\",
\"restart_in_s\",\"moved\":{\"from\",\"to\",\"followed\",\"site_changed\"},\"back\",\"old_in_keychain\"};
exit status 2 where a rule is broken, 7 where the unit took a new port and was not seen there
Where the unit was changed meanwhile (exit 6): {\"error\":{…,\"conflict\":{\"unit_revision\",\"theirs\",\"collisions\"}}}")]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    edits: Edits,
    /// Takes the new passwords from standard input, one line for each user in the order of --add-user and
    /// --new-password; the first line is the own one with --password-stdin
    #[arg(long, help_heading = "Changes")]
    new_password_stdin: bool,
    /// Says what would change, and sends nothing
    #[arg(long)]
    dry_run: bool,
    /// Sends without a question, whatever the changes bring with them
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// How it takes effect
    #[arg(long, value_enum, default_value_t = Mode::Merge)]
    mode: Mode,
    #[command(flatten)]
    when: When,
    /// The revision that the changes are meant for, as `security show` says it; refused where the unit has another
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    #[command(flatten)]
    who: LogInArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let mode = arguments.mode.with(&arguments.when)?;
    if arguments.edits.is_empty() {
        return Err(
            Failure::usage("there is nothing to change").hint("Name a setting, or see --help for the rest.")
        );
    }
    let users = arguments.edits.users_with_new_password();
    // What can not be asked for must be there before anybody logs in.
    let source = new_passwords::source(&users, arguments.new_password_stdin)?;
    let mut logged_in = log_in_to_security(context, &arguments.target, &arguments.who).await?;
    let done = change(context, &arguments, mode, users, source, &mut logged_in).await;
    logged_in.session.close().await;
    Ok(done?.into())
}

async fn change(
    context: &Context,
    arguments: &Arguments,
    mode: WriteMode,
    users: Vec<String>,
    source: Source,
    logged_in: &mut LoggedIn,
) -> Result<Exit, Failure> {
    let address = logged_in.session.access().address();
    let at = |kind: ErrorKind| Failure::from(Error::new(kind).at(Step::Send).address(&address));
    if !users.is_empty() && logged_in.session.facts().fingerprint.is_none() {
        return Err(at(ErrorKind::TlsRequired));
    }
    let mut editor = receive(context, logged_in).await?;
    if arguments
        .base
        .as_deref()
        .is_some_and(|base| base != editor.revision())
    {
        return Err(at(ErrorKind::Conflict {
            unit_revision: Some(editor.revision().to_owned()),
        })
        .hint("Look at it again with `trunkline security show`."));
    }
    let passwords = source.read(users).await?;
    arguments.edits.make(&mut editor, passwords)?;
    let review = editor.review();
    if !arguments.dry_run {
        say_review(context, &address, &review);
    }
    let moves = review
        .consequences
        .iter()
        .any(|known| matches!(known, Consequence::PortMoves { .. }));
    let waits_for_calls = !matches!(mode, WriteMode::Merge | WriteMode::Restart(Restart::Immediately));
    if moves && waits_for_calls && arguments.when.wait {
        return Err(Failure::usage(
            "--wait can not follow a unit that takes a new port at a later time; leave it out, or use --mode immediate",
        ));
    }
    let mut document = to_json(&address, arguments.dry_run, editor.revision(), &review);
    let nothing = review.changes.is_empty();
    if arguments.dry_run || nothing {
        let text = || {
            if arguments.dry_run {
                in_lines(&review)
            } else {
                String::new()
            }
        };
        context.output.document(&document, text)?;
        let exit = if review.broken.is_empty() {
            Exit::Done
        } else {
            Exit::Usage
        };
        context.output.say(&format!(
            "{address}: {}",
            if nothing {
                "unchanged: the unit has all of that already"
            } else {
                "nothing was sent"
            }
        ));
        return Ok(exit);
    }
    if review.broken.is_empty() && !review.consequences.is_empty() && !arguments.yes {
        agree().await?;
    }
    let order = SecurityOrder { mode, force: false };
    let shown = Shown::new(&context.output);
    let LoggedIn {
        local,
        target,
        session,
    } = logged_in;
    let sent = local
        .send_security(session, target, &mut editor, order, &|p| shown.report(p))
        .await;
    drop(shown);
    let sent = match sent {
        Err(error) if error.code() == "conflict" => {
            let theirs = local
                .compare_security(session, &editor, &trunkline_core::silent)
                .await;
            return Err(conflict(context, error.into(), theirs.ok()));
        }
        sent => sent?,
    };
    say_sent(context, &address, mode, &sent);
    let (back, exit) = wait(context, arguments, mode, &sent, session).await?;
    finish(&mut document, &sent, back);
    context.output.document(&document, String::new)?;
    let lost = sent.moved.is_some_and(|moved| !moved.followed) && !waits_for_calls;
    Ok(if lost { Exit::InPart } else { exit })
}

/// Stays until a restarted unit is back, where that was asked for and following it did not do so already.
async fn wait(
    context: &Context,
    arguments: &Arguments,
    mode: WriteMode,
    sent: &SecuritySent,
    session: &mut Session,
) -> Result<(Option<bool>, Exit), Failure> {
    let WriteMode::Restart(restart) = mode else {
        return Ok((None, Exit::Done));
    };
    match sent.moved {
        _ if !arguments.when.wait || sent.summary.unchanged => Ok((None, Exit::Done)),
        Some(moved) => Ok((Some(moved.followed), Exit::Done)),
        None => {
            let revision = Some(sent.summary.revision_after.as_str());
            let seconds = sent.summary.restart_in_s;
            let (back, exit) = restarted::wait_with(context, session, restart, seconds, revision).await?;
            Ok((Some(back), exit))
        }
    }
}

/// What comes with the changes wants a person's yes.
async fn agree() -> Result<(), Failure> {
    if !password::can_ask() {
        return Err(Failure::usage(
            "nothing was sent: the changes have consequences, named above, that nobody agreed to",
        )
        .hint("Look at them with --dry-run, and send with --yes."));
    }
    if password::confirm("Send it?").await? {
        return Ok(());
    }
    Err(ErrorKind::Cancelled("nothing was sent").into())
}

fn conflict(context: &Context, failure: Failure, theirs: Option<Theirs>) -> Failure {
    let failure = failure.hint("Run it again: the changes are then made to what the unit has now.");
    let Some(theirs) = theirs else { return failure };
    for change in &theirs.changes {
        let collides = theirs.collisions.iter().any(|other| other.is_at(change));
        let how = if collides { ", which you change too" } else { "" };
        context
            .output
            .say(&format!("changed there: {}{how}", in_words(change)));
    }
    let changes = |all: &[SettingChange]| all.iter().map(change_to_json).collect::<Vec<_>>();
    let details = json!({
        "unit_revision": theirs.revision, "theirs": changes(&theirs.changes), "collisions": changes(&theirs.collisions),
    });
    failure.with("conflict", details)
}

fn say_review(context: &Context, address: &str, review: &ForReview) {
    let output = &context.output;
    if !review.changes.is_empty() {
        let number = count(review.changes.len() as u64, "change", "changes");
        output.say(&format!("{address}: {number}"));
    }
    for change in &review.changes {
        output.say(&format!("  {}", in_words(change)));
    }
    for problem in &review.broken {
        output.warn(&one_line(&problem.to_string()));
    }
    for consequence in &review.consequences {
        output.warn(&one_line(&consequence.to_string()));
    }
}

/// What a dry run answers.
fn in_lines(review: &ForReview) -> String {
    let changes = review.changes.iter().map(in_words);
    let broken = review
        .broken
        .iter()
        .map(|problem| format!("must be put right: {problem}"));
    let consequences = review
        .consequences
        .iter()
        .map(|known| format!("comes with it: {known}"));
    let lines = changes.chain(broken).chain(consequences);
    lines.map(|line| one_line(&line) + "\n").collect()
}

fn say_sent(context: &Context, address: &str, mode: WriteMode, sent: &SecuritySent) {
    let SecuritySent { summary, moved, .. } = sent;
    let mut text = format!(
        "{address}: sent its security settings; revision {} is now {}",
        one_line(&summary.revision_before),
        one_line(&summary.revision_after)
    );
    if let WriteMode::Restart(restart) = mode {
        text.push_str("; ");
        text.push_str(&restarted::announce(restart, summary.restart_in_s));
    }
    context.output.say(&text);
    if let Some(moved) = moved {
        say_moved(context, address, *moved);
    }
    for old in &sent.old_in_keychain {
        context.output.warn(&format!(
            "the keychain still has the old password of service user {}: {}. `trunkline login` keeps the new one",
            one_line(&old.user),
            one_line(&old.why)
        ));
    }
}

fn say_moved(context: &Context, address: &str, moved: Moved) {
    let Moved {
        from,
        to,
        followed,
        site_changed,
    } = moved;
    if !followed {
        context.output.warn(&format!(
            "{address}: the unit was told to move from port {from} to {to} and was not seen there yet; once it is, use {to} for it"
        ));
        return;
    }
    let site = if site_changed {
        ", and the saved site has the new port"
    } else {
        ""
    };
    context.output.say(&format!(
        "{address}: the unit's services are at port {to} now{site}"
    ));
}

/// `service user "Zoë" Enabled: "true" → "false"`.
fn in_words(change: &SettingChange) -> String {
    let SettingChange {
        kind,
        name,
        field,
        before,
        after,
    } = change;
    let what = match (kind.as_str(), name.as_str()) {
        ("General" | "System", _) => field.clone(),
        (_, name) if field.is_empty() => format!("{} {name:?}", called(kind)),
        (_, name) => format!("{} {name:?} {field}", called(kind)),
    };
    let how = match (before.as_deref(), after.as_deref()) {
        (None, Some(after)) if field.is_empty() => format!("added: {after}"),
        (Some(before), None) if field.is_empty() => format!("removed; it was: {before}"),
        (None, Some(after)) => after.to_owned(),
        (Some(before), None) => format!("{before} → none"),
        (before, after) => format!("{} → {}", before.unwrap_or_default(), after.unwrap_or_default()),
    };
    one_line(&format!("{what}: {how}"))
}

fn called(kind: &str) -> &str {
    match kind {
        "Service" => "service",
        "RightsGroup" => "rights group",
        "ServiceUser" => "service user",
        "UnsecuredInterface" => "unsecured interface",
        other => other,
    }
}

fn to_json(address: &str, dry_run: bool, revision: &str, review: &ForReview) -> Value {
    let consequence = |known: &Consequence| json!({"code": known.code(), "message": known.to_string()});
    json!({
        "address": address,
        "dry_run": dry_run,
        "sent": false,
        "changes": review.changes.iter().map(change_to_json).collect::<Vec<_>>(),
        "broken": review.broken.iter().map(problem_to_json).collect::<Vec<_>>(),
        "consequences": review.consequences.iter().map(consequence).collect::<Vec<_>>(),
        "revision_before": revision,
        "revision_after": revision,
        "restart_in_s": null,
        "moved": null,
        "back": null,
        "old_in_keychain": [],
    })
}

fn finish(document: &mut Value, sent: &SecuritySent, back: Option<bool>) {
    document["sent"] = (!sent.summary.unchanged).into();
    document["revision_before"] = sent.summary.revision_before.clone().into();
    document["revision_after"] = sent.summary.revision_after.clone().into();
    document["restart_in_s"] = sent.summary.restart_in_s.into();
    document["back"] = back.into();
    document["old_in_keychain"] = sent.old_in_keychain.iter().map(|old| old.user.clone()).collect();
    if let Some(Moved {
        from,
        to,
        followed,
        site_changed,
    }) = sent.moved
    {
        document["moved"] =
            json!({"from": from, "to": to, "followed": followed, "site_changed": site_changed});
    }
}

fn change_to_json(change: &SettingChange) -> Value {
    let SettingChange {
        kind,
        name,
        field,
        before,
        after,
    } = change;
    json!({"kind": kind, "name": name, "field": field, "before": before, "after": after})
}

pub(super) fn problem_to_json(problem: &SecurityProblem) -> Value {
    json!({
        "code": problem.kind.code(), "kind": problem.entity, "name": problem.name, "field": problem.field,
        "message": problem.to_string(),
    })
}
