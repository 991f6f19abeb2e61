//! The text files below `nasystem/` (docs/protocol.md section 8), made from what the unit holds at the moment they are asked for.

use std::io;

use trunkline_document::{Document, Entity, FieldPath};
use trunkline_protocol::devlink::file_name::FOLDER;
use trunkline_protocol::link::Object;
use trunkline_protocol::{nasystem, who_is};

use crate::unit::Inner;

/// What is in the file with this name; `None` where the unit has no such file. Takes a while with a large configuration, so it is called
/// where blocking is allowed.
///
/// # Errors
/// When temporary files can not be read.
pub(crate) fn file(unit: &Inner, name: &str) -> io::Result<Option<Vec<u8>>> {
    let rows: fn(&Document) -> Vec<Vec<String>> = match name.strip_prefix(FOLDER) {
        Some("who_is" | "who_is3") => return Ok(Some(who_is(unit))),
        Some("user_list8") => users,
        Some("hunt_list") => hunt_groups,
        Some("dir_list") => directory,
        Some("licence_list") => licences,
        Some("extn_list") => extensions,
        _ => return Ok(None),
    };
    let (content, _) = unit.object(Object::Configuration)?;
    let document = Document::load(content.to_bytes()?.to_vec());
    Ok(Some(nasystem::encode(rows(&document))))
}

fn who_is(unit: &Inner) -> Vec<u8> {
    let spec = &unit.spec;
    let mut text = who_is::encode(unit.mac, &spec.unit_type, &spec.version, &spec.name);
    text.extend_from_slice(b"\r\n");
    text
}

/// A row for each entity of a kind.
fn rows(document: &Document, kind: &str, row: impl Fn(&Entity<'_>) -> Vec<String>) -> Vec<Vec<String>> {
    let entities = document.entities().filter(|entity| entity.kind() == kind);
    entities.map(|entity| row(&entity)).collect()
}

/// The value of a field; empty where it is missing.
fn value(entity: &Entity<'_>, field: &str) -> String {
    let path = field.parse::<FieldPath>().ok();
    path.and_then(|path| entity.get(&path))
        .map(|value| value.reveal().to_owned())
        .unwrap_or_default()
}

fn users(document: &Document) -> Vec<Vec<String>> {
    rows(document, "User", |user| {
        let bit = |field, bit: u32| if value(user, field) == "true" { bit } else { 0 };
        // Bit 0 is the receptionist's, bit 3 that of remote workers.
        let features = bit("Receptionist", 1) | bit("RemoteWorker", 8);
        vec![
            value(user, "Name"),
            value(user, "Extension"),
            value(user, "FullName"),
            value(user, "AssignedPackage"),
            features.to_string(),
            "0".to_owned(),
            String::new(),
            value(user, "VoicemailEmail"),
        ]
    })
}

fn hunt_groups(document: &Document) -> Vec<Vec<String>> {
    rows(document, "HuntGroup", |group| {
        let (name, extension) = (value(group, "Name"), value(group, "Extension"));
        // The fourth says how many wait, the fifth that it is day.
        [&name, &extension, "", "0", "1", "", "", "0"]
            .map(str::to_owned)
            .to_vec()
    })
}

fn directory(document: &Document) -> Vec<Vec<String>> {
    rows(document, "DirectoryEntry", |entry| {
        vec![value(entry, "Name"), value(entry, "Number")]
    })
}

fn licences(document: &Document) -> Vec<Vec<String>> {
    rows(document, "License", |licence| {
        ["DisplayName", "Quantity", "Status", "ExpiryDate"]
            .map(|field| value(licence, field))
            .to_vec()
    })
}

fn extensions(document: &Document) -> Vec<Vec<String>> {
    rows(document, "Extension", |extension| {
        ["BaseExtension", "ExtensionID", "Type"]
            .map(|field| value(extension, field))
            .to_vec()
    })
}
