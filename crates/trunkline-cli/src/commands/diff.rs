use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};
use trunkline_document::{Comparison, EntityChange, EntityName, FieldChange, compare};

use super::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::colours;
use crate::source;
use crate::text::{count, one_line};

/// Shows what is different between two configurations, entity by entity
///
/// Layout, order and time stamps do not count. Passwords and codes are masked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline diff office.xml changed.xml
  trunkline diff \"Head Office@r418\" \"Head Office@r419\" --json

JSON: {\"same\",\"same_bytes\",\"opaque\",\"added\":[{\"type\",\"guid\",\"label\"}],\"removed\":[…],\"changed\":[{\"type\",\"guid\",\"label\",
\"fields\":[{\"path\",\"before\",\"after\",\"secret\"}]}]}")]
pub(crate) struct Arguments {
    /// A file, or TARGET@REV from the archive
    #[arg(value_name = "A")]
    before: String,
    /// A file, or TARGET@REV from the archive
    #[arg(value_name = "B")]
    after: String,
    /// Shows passwords and codes
    #[arg(long)]
    reveal: bool,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let local = context.local()?;
    let before = source::load(&local, &arguments.before).await?;
    let after = source::load(&local, &arguments.after).await?;
    let comparison = compare(&before, &after);
    context
        .output
        .document(&to_json(&comparison, arguments.reveal), || match &comparison {
            Comparison::Entities {
                added,
                removed,
                changed,
                ..
            } => text(added, removed, changed, arguments.reveal, Marks::new(colours())),
            Comparison::Opaque { .. } => String::new(),
        })?;
    context.output.say(&summary(&comparison));
    Ok(Exit::Done.into())
}

fn summary(comparison: &Comparison) -> String {
    match comparison {
        Comparison::Opaque { same_bytes: true, .. } | Comparison::Entities { same_bytes: true, .. } => {
            "the same, byte for byte".into()
        }
        Comparison::Opaque {
            before_bytes,
            after_bytes,
            ..
        } => format!(
            "different; they are no documents that can be compared entity by entity ({} and {})",
            count(*before_bytes as u64, "byte", "bytes"),
            count(*after_bytes as u64, "byte", "bytes"),
        ),
        same if same.is_same() => "the same; only layout, order or time stamps differ".into(),
        Comparison::Entities {
            added,
            removed,
            changed,
            ..
        } => {
            format!(
                "{} changed, {} added, {} removed",
                changed.len(),
                added.len(),
                removed.len()
            )
        }
    }
}

/// The signs before what was changed, added and removed; the colour never stands alone.
#[derive(Debug, Clone, Copy)]
struct Marks {
    changed: [&'static str; 2],
    added: [&'static str; 2],
    removed: [&'static str; 2],
}

impl Marks {
    fn new(colours: bool) -> Self {
        if colours {
            Self {
                changed: ["\u{1b}[33m~ ", "\u{1b}[0m"],
                added: ["\u{1b}[32m+ ", "\u{1b}[0m"],
                removed: ["\u{1b}[31m- ", "\u{1b}[0m"],
            }
        } else {
            Self {
                changed: ["~ ", ""],
                added: ["+ ", ""],
                removed: ["- ", ""],
            }
        }
    }
}

fn text(
    added: &[EntityName],
    removed: &[EntityName],
    changed: &[EntityChange],
    reveal: bool,
    marks: Marks,
) -> String {
    let mut text = String::new();
    for change in changed {
        let [mark, end] = marks.changed;
        let _ = writeln!(text, "{mark}{}{end}", one_line(&change.after.label));
        for field in &change.fields {
            let _ = writeln!(
                text,
                "    {}: {}",
                one_line(&field.path.to_string()),
                change_of(field, reveal)
            );
        }
    }
    for (names, [mark, end]) in [(added, marks.added), (removed, marks.removed)] {
        for name in names {
            let _ = writeln!(text, "{mark}{}{end}", one_line(&name.label));
        }
    }
    text
}

/// Two masks beside each other would look like no change at all.
pub(super) fn change_of(field: &FieldChange, reveal: bool) -> String {
    if field.secret && !reveal && field.before.is_some() && field.after.is_some() {
        return "another secret than before".into();
    }
    let [before, after] = [&field.before, &field.after].map(|value| match value {
        Some(value) => one_line(&format!("{:?}", value.shown(reveal))),
        None => "nothing".into(),
    });
    format!("{before} → {after}")
}

/// The lines of a comparison without colours, secrets masked.
pub(super) fn lines(comparison: &Comparison) -> Vec<String> {
    match comparison {
        Comparison::Entities {
            added,
            removed,
            changed,
            ..
        } => text(added, removed, changed, false, Marks::new(false))
            .lines()
            .map(str::to_owned)
            .collect(),
        Comparison::Opaque { .. } => vec![summary(comparison)],
    }
}

pub(super) fn entity_to_json(name: &EntityName) -> Value {
    json!({"type": name.kind, "guid": name.guid, "label": name.label})
}

pub(super) fn field_to_json(field: &FieldChange, reveal: bool) -> Value {
    let shown =
        |value: &Option<trunkline_document::Value>| value.as_ref().map(|v| v.shown(reveal).to_owned());
    json!({
        "path": field.path.to_string(),
        "before": shown(&field.before),
        "after": shown(&field.after),
        "secret": field.secret,
    })
}

pub(super) fn to_json(comparison: &Comparison, reveal: bool) -> Value {
    let change = |change: &EntityChange| {
        let mut value = entity_to_json(&change.after);
        value["fields"] = change
            .fields
            .iter()
            .map(|field| field_to_json(field, reveal))
            .collect();
        value
    };
    match comparison {
        Comparison::Entities {
            added,
            removed,
            changed,
            same_bytes,
        } => json!({
            "same": comparison.is_same(),
            "same_bytes": same_bytes,
            "opaque": false,
            "added": added.iter().map(entity_to_json).collect::<Vec<_>>(),
            "removed": removed.iter().map(entity_to_json).collect::<Vec<_>>(),
            "changed": changed.iter().map(change).collect::<Vec<_>>(),
        }),
        Comparison::Opaque { same_bytes, .. } => {
            json!({"same": same_bytes, "same_bytes": same_bytes, "opaque": true, "added": [], "removed": [], "changed": []})
        }
    }
}
