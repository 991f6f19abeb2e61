//! Reading a document from a file or from the archive.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tokio::task::spawn_blocking;
use trunkline_core::{Error, ErrorKind, Local};
use trunkline_document::Document;
use trunkline_protocol::link::MAX_OBJECT;

use crate::failure::Failure;
use crate::reference::Reference;

/// Loads what `text` names.
pub(crate) async fn load(local: &Local, text: &str) -> Result<Document, Failure> {
    let reference = Reference::parse(text, &*local.store.read()?)?;
    let archive = local.archive.clone();
    let load = move || -> Result<Document, Failure> {
        let bytes = match reference {
            Reference::File(path) => read_file(&path)?,
            Reference::Archived { unit, revision } => {
                let entry = archive.find(&unit, &revision)?;
                archive.read_verified(&entry.sha256)?
            }
        };
        Ok(Document::load(bytes))
    };
    spawn_blocking(load)
        .await
        .map_err(|_| Failure::from(ErrorKind::Cancelled("")))?
}

/// Loads a file.
pub(crate) async fn file(path: &Path) -> Result<Document, Failure> {
    let path = path.to_owned();
    spawn_blocking(move || read_file(&path).map(Document::load))
        .await
        .map_err(|_| Failure::from(ErrorKind::Cancelled("")))?
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::from(Error::storage(path, &error));
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_OBJECT + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_OBJECT {
        return Err(Failure::usage(format!(
            "{} is larger than any unit's configuration",
            path.display()
        )));
    }
    Ok(bytes)
}
