use std::fmt::Write;

use clap::Args;
use serde_json::{Map, Value, json};
use trunkline_core::{KeptTrail, Target};
use trunkline_document::{AuditForm, AuditRow};
use trunkline_protocol::link::Service;

use super::Ended;
use crate::arguments::{LogInArguments, TargetArguments};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, log_in};
use crate::progress::Shown;
use crate::table::Table;
use crate::text::{count, one_line};

/// Shows the audit trail of a unit: who did what, when, and how it ended
///
/// It is received and kept in the archive, the same content once. `receive --object audit` writes it to a file as it came.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline audit \"Head Office\" --user Administrator
  trunkline audit \"Head Office\" --stored --find refused

JSON: {\"address\",\"from\":\"unit|archive\",\"revision\",\"received_at\",\"bytes\",\"sha256\",\"known_before\",
\"form\":\"entries|lines|opaque\",\"rows\":[{\"time\",\"user\",\"source\",\"action\",\"result\",\"other\":{…}}],\"left_out\",
\"kept\":[{\"revision\",\"received_at\",\"bytes\",\"sha256\"}]}; what a unit does not say is null; kept is everything in the archive, the latest
first. In which form units write it is not published: what is no list of entries is shown as lines, or kept as it is")]
pub(crate) struct Arguments {
    /// Shows what was received before, without asking the unit: the latest, or that of this revision or SHA-256
    #[arg(long, value_name = "REV", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    stored: Option<String>,
    /// Shows only what holds this text, anywhere
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let (address, kept, trails) = match &arguments.stored {
        Some(revision) => stored(context, &arguments, revision).await?,
        None => receive(context, &arguments).await?,
    };
    let from = if arguments.stored.is_some() {
        "archive"
    } else {
        "unit"
    };
    let rows: Vec<&AuditRow> = kept
        .trail
        .rows
        .iter()
        .filter(|row| arguments.find.as_deref().is_none_or(|text| row.holds(text)))
        .collect();
    say(context, &address, &kept, rows.len(), from);
    let document = json!({
        "address": address, "from": from, "revision": kept.entry.revision,
        "received_at": kept.entry.received_at.to_string(), "bytes": kept.entry.bytes, "sha256": kept.entry.sha256,
        "known_before": kept.was_known(), "form": kept.trail.form.code(),
        "rows": rows.iter().map(|row| to_json(row)).collect::<Vec<_>>(), "left_out": kept.trail.left_out,
        "kept": trails,
    });
    context
        .output
        .document(&document, || table(&rows, kept.trail.form))?;
    Ok(Exit::Done.into())
}

/// The unit, the trail, and everything that the archive has.
type Answer = (String, KeptTrail, Vec<Value>);

async fn receive(context: &Context, arguments: &Arguments) -> Result<Answer, Failure> {
    let (logged_in, _) = log_in(context, &arguments.target, &arguments.who, Service::Configuration).await?;
    let LoggedIn {
        local,
        target,
        mut session,
    } = logged_in;
    let shown = Shown::new(&context.output);
    let kept = local
        .receive_audit_trail(&mut session, &target, &|p| shown.report(p))
        .await;
    drop(shown);
    let address = session.access().address();
    let unit = target.archive_key(session.access().base_port);
    session.close().await;
    let kept = kept?;
    let trails = local.kept_audit_trails(&unit)?;
    context.say_notices(&local);
    Ok((address, kept, trails.iter().map(entry_to_json).collect()))
}

async fn stored(context: &Context, arguments: &Arguments, revision: &str) -> Result<Answer, Failure> {
    let local = context.local()?;
    let data = local.store.read()?;
    let target = Target::parse(&arguments.target.target, &data)?;
    let base_port = target.base_port.unwrap_or(data.preferences.services_base_port);
    let unit = target.archive_key(base_port);
    let wanted = (!revision.is_empty()).then(|| revision.to_owned());
    let kept = local
        .kept_audit_trail(unit.clone(), wanted)
        .await
        .map_err(|error| Failure::from(error).hint("Receive it with `trunkline audit TARGET`."))?;
    let trails = local.kept_audit_trails(&unit)?;
    context.say_notices(&local);
    Ok((
        target.name().to_owned(),
        kept,
        trails.iter().map(entry_to_json).collect(),
    ))
}

fn say(context: &Context, address: &str, kept: &KeptTrail, shown: usize, from: &str) {
    let (entry, trail) = (&kept.entry, &kept.trail);
    let rows = count(shown as u64, "entry", "entries");
    let of = if shown == trail.rows.len() {
        String::new()
    } else {
        format!(" of {}", trail.rows.len())
    };
    let how = match (from, kept.was_known()) {
        ("archive", _) => format!("received {}", entry.received_at.strftime("%Y-%m-%d %H:%M UTC")),
        (_, true) => "unchanged in the archive".to_owned(),
        (_, false) => "kept in the archive".to_owned(),
    };
    context.output.say(&format!(
        "{}: audit trail, revision {}, {rows}{of}; {how} as {}",
        one_line(address),
        one_line(&entry.revision),
        &entry.sha256.to_string()[..12],
    ));
    if trail.form == AuditForm::Opaque {
        context.output.warn(
            "it is in a form that this program does not know; `trunkline receive --object audit --out FILE` writes it as it came",
        );
    }
    if trail.left_out > 0 {
        context
            .output
            .warn(&format!("{} more entries are not shown", trail.left_out));
    }
}

fn table(rows: &[&AuditRow], form: AuditForm) -> String {
    if form == AuditForm::Lines {
        return rows.iter().fold(String::new(), |mut text, row| {
            let _ = writeln!(text, "{}", one_line(&row.action));
            text
        });
    }
    if rows.is_empty() {
        return String::new();
    }
    let has_more = rows.iter().any(|row| !row.other.is_empty());
    let mut headings = vec!["TIME", "USER", "FROM", "ACTION", "RESULT"];
    headings.extend(has_more.then_some("MORE"));
    let mut table = Table::new(&headings);
    for row in rows {
        let more: Vec<_> = row
            .other
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        table.row([
            &row.time,
            &row.user,
            &row.source,
            &row.action,
            &row.result,
            &more.join(" "),
        ]);
    }
    table.to_string()
}

fn to_json(row: &AuditRow) -> Value {
    let known = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let other: Map<String, Value> = row
        .other
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    json!({
        "time": known(&row.time), "user": known(&row.user), "source": known(&row.source),
        "action": known(&row.action), "result": known(&row.result), "other": other,
    })
}

fn entry_to_json(entry: &trunkline_core::ArchiveEntry) -> Value {
    json!({
        "revision": entry.revision, "received_at": entry.received_at.to_string(), "bytes": entry.bytes,
        "sha256": entry.sha256,
    })
}
