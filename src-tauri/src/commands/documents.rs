//! Open configurations.

use secrecy::ExposeSecret;
use trunkline_core::Result;
use trunkline_core::documents::OpenDocument;

use super::{Managed, on_desktop};
use crate::failure::Answer;
use crate::wire::documents::{
    Change, DocumentInfo, DocumentState, Entity, EntityKind, EntityTable, Problem, SearchHit,
};
use crate::wire::sites::Target;

/// Asks for a file and opens it; `null` when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn open_file(shell: Managed<'_>, target: Target) -> Answer<Option<DocumentInfo>> {
    let Some(path) = on_desktop(&shell.desktop, |desktop| desktop.choose_configuration()).await? else {
        return Ok(None);
    };
    Ok(Some(shell.bench.open_file(&path, &target.into()).await?.into()))
}

/// Asks for a place and saves there; empty when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn save_file(shell: Managed<'_>, document: String) -> Answer<String> {
    let suggested = shell.bench.file_name(&document)?;
    let chosen = on_desktop(&shell.desktop, move |desktop| desktop.choose_place(&suggested)).await?;
    let Some(path) = chosen else {
        return Ok(String::new());
    };
    shell.bench.save_file(&document, &path).await?;
    Ok(path.display().to_string())
}

/// Closes a document.
#[tauri::command]
#[specta::specta]
pub async fn close_document(shell: Managed<'_>, document: String) -> Answer<()> {
    shell.bench.documents().close(&document);
    Ok(())
}

/// The kinds of entities.
#[tauri::command]
#[specta::specta]
pub async fn entity_kinds(shell: Managed<'_>, document: String) -> Answer<Vec<EntityKind>> {
    with(&shell, &document, |open| {
        Ok(open.kinds().into_iter().map(Into::into).collect())
    })
}

/// The entities of one kind.
#[tauri::command]
#[specta::specta]
pub async fn entities(shell: Managed<'_>, document: String, kind: String) -> Answer<EntityTable> {
    with(&shell, &document, |open| Ok(open.table(&kind).into()))
}

/// One entity in full.
#[tauri::command]
#[specta::specta]
pub async fn entity(shell: Managed<'_>, document: String, entity: String) -> Answer<Entity> {
    with(&shell, &document, |open| Ok(open.entity(&entity)?.into()))
}

/// Gives a field another value.
#[tauri::command]
#[specta::specta]
pub async fn set_value(
    shell: Managed<'_>,
    document: String,
    entity: String,
    path: String,
    value: String,
) -> Answer<DocumentState> {
    with(&shell, &document, |open| {
        Ok(open.set(&entity, &path, &value)?.into())
    })
}

/// Takes the last change back.
#[tauri::command]
#[specta::specta]
pub async fn undo(shell: Managed<'_>, document: String) -> Answer<DocumentState> {
    with(&shell, &document, |open| Ok(open.undo()?.into()))
}

/// Makes a change again.
#[tauri::command]
#[specta::specta]
pub async fn redo(shell: Managed<'_>, document: String) -> Answer<DocumentState> {
    with(&shell, &document, |open| Ok(open.redo()?.into()))
}

/// What differs from what was received.
#[tauri::command]
#[specta::specta]
pub async fn changes(shell: Managed<'_>, document: String) -> Answer<Vec<Change>> {
    with(&shell, &document, |open| {
        Ok(open.changes().iter().cloned().map(Into::into).collect())
    })
}

/// What is certainly wrong.
#[tauri::command]
#[specta::specta]
pub async fn problems(shell: Managed<'_>, document: String) -> Answer<Vec<Problem>> {
    with(&shell, &document, |open| {
        Ok(open.problems().iter().cloned().map(Into::into).collect())
    })
}

/// Where a text stands; never in a secret.
#[tauri::command]
#[specta::specta]
pub async fn search(shell: Managed<'_>, document: String, text: String) -> Answer<Vec<SearchHit>> {
    with(&shell, &document, |open| {
        Ok(open.search(&text).into_iter().map(Into::into).collect())
    })
}

/// One secret of a configuration, since somebody asked to see it.
#[tauri::command]
#[specta::specta]
pub async fn reveal_secret(
    shell: Managed<'_>,
    document: String,
    entity: String,
    path: String,
) -> Answer<String> {
    with(&shell, &document, |open| {
        Ok(open.reveal(&entity, &path)?.expose_secret().to_owned())
    })
}

fn with<T>(
    shell: &Managed<'_>,
    document: &str,
    action: impl FnOnce(&mut OpenDocument) -> Result<T>,
) -> Answer<T> {
    Ok(shell.bench.documents().with(document, action)?)
}
