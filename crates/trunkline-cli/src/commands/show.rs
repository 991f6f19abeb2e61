use std::collections::BTreeMap;
use std::fmt::Write;

use clap::Args;
use serde_json::{Value, json};
use trunkline_core::ContentHash;
use trunkline_document::{Document, DocumentKind, Entity, field_type};

use super::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::source;
use crate::table::Table;
use crate::text::{count, grouped, one_line};

/// How many names of one type are shown in the overview.
const NAMES: usize = 3;

/// Shows what is in a configuration
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline show office.xml
  trunkline show \"Head Office@r418\" --entity User

JSON: {\"source\",\"kind\",\"bytes\",\"sha256\",\"reason\",\"types\":[{\"type\",\"count\"}],\"entities\":[{\"type\",\"guid\",\"label\",
\"fields\":[{\"path\",\"value\",\"secret\"}]}]}; fields with --entity only")]
pub(crate) struct Arguments {
    /// A file, or TARGET@REV from the archive, where REV is a revision or the beginning of a SHA-256
    #[arg(value_name = "FILE|TARGET@REV")]
    source: String,
    /// Shows the fields of every entity of this type, such as User
    #[arg(long, value_name = "TYPE")]
    entity: Option<String>,
    /// Shows passwords and codes
    #[arg(long)]
    reveal: bool,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let document = source::load(&context.local()?, &arguments.source).await?;
    let wanted = arguments.entity.as_deref();
    let entities: Vec<Entity<'_>> = document
        .entities()
        .filter(|entity| wanted.is_none_or(|wanted| entity.kind().eq_ignore_ascii_case(wanted)))
        .collect();
    if let (Some(wanted), true) = (wanted, entities.is_empty()) {
        context
            .output
            .say(&format!("{} holds no {wanted}", arguments.source));
    }
    context
        .output
        .document(&to_json(&document, &entities, &arguments), || match wanted {
            Some(_) => fields(&entities, arguments.reveal),
            None => overview(&document, &arguments.source),
        })?;
    Ok(Exit::Done.into())
}

fn kind(document: &Document) -> &'static str {
    match document.kind() {
        DocumentKind::Configuration => "configuration",
        DocumentKind::Security => "security",
        DocumentKind::Opaque => "opaque",
    }
}

fn by_type<'d>(entities: &[Entity<'d>]) -> BTreeMap<String, Vec<Entity<'d>>> {
    let mut types = BTreeMap::<_, Vec<_>>::new();
    for entity in entities {
        types.entry(entity.kind().into_owned()).or_default().push(*entity);
    }
    types
}

fn overview(document: &Document, source: &str) -> String {
    let entities: Vec<_> = document.entities().collect();
    let bytes = count(document.as_bytes().len() as u64, "byte", "bytes");
    let what = match document.opaque_reason() {
        Some(reason) => format!("not a document: {reason}"),
        None => count(entities.len() as u64, "entity", "entities"),
    };
    let mut text = format!("{}: {}, {bytes}, {what}\n", one_line(source), kind(document));
    if !entities.is_empty() {
        let mut table = Table::new(&["TYPE", "COUNT", "NAMES"]).numbers_in(1);
        for (kind, entities) in by_type(&entities) {
            let mut names: Vec<_> = entities
                .iter()
                .take(NAMES)
                .map(|entity| name(entity, &kind))
                .collect();
            names.retain(|name| !name.is_empty());
            if entities.len() > NAMES {
                names.push("…".into());
            }
            table.row([kind, grouped(entities.len() as u64), names.join(", ")]);
        }
        text += &table.to_string();
    }
    text
}

/// The label without the type before it.
fn name(entity: &Entity<'_>, kind: &str) -> String {
    let label = entity.label();
    label.strip_prefix(kind).unwrap_or(&label).trim().to_owned()
}

fn fields(entities: &[Entity<'_>], reveal: bool) -> String {
    let mut text = String::new();
    for entity in entities {
        let kind = entity.kind();
        let mut table = Table::new(&["  FIELD", "VALUE", ""]);
        for field in entity.fields() {
            let words = field_type(&kind, &field.path).and_then(|known| known.in_words(field.value.reveal()));
            let words = words
                .filter(|_| !field.value.is_secret())
                .map(|words| format!("({words})"));
            let path = format!("  {}", field.path);
            table.row([
                path.as_str(),
                field.value.shown(reveal),
                &words.unwrap_or_default(),
            ]);
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{gap}{}\n{table}", one_line(&entity.label()));
    }
    text
}

fn to_json(document: &Document, entities: &[Entity<'_>], arguments: &Arguments) -> Value {
    let with_fields = arguments.entity.is_some();
    let describe = |entity: &Entity<'_>| {
        let mut value = json!({"type": entity.kind(), "guid": entity.guid(), "label": entity.label()});
        if with_fields {
            let field = |field: &trunkline_document::Field| {
                json!({
                    "path": field.path.to_string(),
                    "value": field.value.shown(arguments.reveal),
                    "secret": field.value.is_secret(),
                })
            };
            value["fields"] = entity.fields().iter().map(field).collect();
        }
        value
    };
    let types: Vec<_> = by_type(entities)
        .into_iter()
        .map(|(kind, entities)| json!({"type": kind, "count": entities.len()}))
        .collect();
    json!({
        "source": arguments.source,
        "kind": kind(document),
        "bytes": document.as_bytes().len(),
        "sha256": ContentHash::of(document.as_bytes()),
        "reason": document.opaque_reason().map(ToString::to_string),
        "types": types,
        "entities": entities.iter().map(describe).collect::<Vec<_>>(),
    })
}
