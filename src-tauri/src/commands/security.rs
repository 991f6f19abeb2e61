//! Security settings: opened, changed, sent, and written to a file on request alone.

use tauri::ipc::Channel;

use super::{Managed, on_desktop, to_window};
use crate::failure::Answer;
use crate::wire::log_in::Password;
use crate::wire::security::SecurityView;
use crate::wire::security_work::{SecurityEdit, SecurityRebased, SecuritySendResult, SecurityTheirs};
use crate::wire::sites::Target;
use crate::wire::transfers::{Progress, SendOptions};

/// Receives a unit's security settings into memory.
#[tauri::command]
#[specta::specta]
pub async fn open_security(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    on_progress: Channel<Progress>,
) -> Answer<SecurityView> {
    Ok(shell
        .bench
        .open_security(&operation, &target.into(), &to_window(on_progress))
        .await?
        .into())
}

/// Makes a change.
#[tauri::command]
#[specta::specta]
pub async fn edit_security(shell: Managed<'_>, id: String, edit: SecurityEdit) -> Answer<SecurityView> {
    Ok(shell.bench.edit_security(&id, edit.try_into()?)?.into())
}

/// Gives a service user a new password, which waits until it is sent.
#[tauri::command]
#[specta::specta]
pub async fn set_security_password(
    shell: Managed<'_>,
    id: String,
    user: String,
    password: Password,
) -> Answer<SecurityView> {
    Ok(shell
        .bench
        .set_security_password(&id, &user, password.into())?
        .into())
}

/// Takes the last change back.
#[tauri::command]
#[specta::specta]
pub async fn undo_security(shell: Managed<'_>, id: String) -> Answer<SecurityView> {
    Ok(shell.bench.undo_security(&id)?.into())
}

/// Makes a change again.
#[tauri::command]
#[specta::specta]
pub async fn redo_security(shell: Managed<'_>, id: String) -> Answer<SecurityView> {
    Ok(shell.bench.redo_security(&id)?.into())
}

/// Sends what was changed.
#[tauri::command]
#[specta::specta]
pub async fn send_security(
    shell: Managed<'_>,
    operation: String,
    id: String,
    options: SendOptions,
    on_progress: Channel<Progress>,
) -> Answer<SecuritySendResult> {
    let request = options.try_into()?;
    Ok(shell
        .bench
        .send_security(&operation, &id, request, &to_window(on_progress))
        .await?
        .into())
}

/// Looks at what somebody else changed meanwhile.
#[tauri::command]
#[specta::specta]
pub async fn compare_security(
    shell: Managed<'_>,
    operation: String,
    id: String,
    on_progress: Channel<Progress>,
) -> Answer<SecurityTheirs> {
    Ok(shell
        .bench
        .compare_security(&operation, &id, &to_window(on_progress))
        .await?
        .into())
}

/// Puts the changes on top of that.
#[tauri::command]
#[specta::specta]
pub async fn rebase_security(shell: Managed<'_>, id: String) -> Answer<SecurityRebased> {
    let (view, dropped) = shell.bench.rebase_security(&id)?;
    Ok(SecurityRebased {
        view: view.into(),
        dropped: dropped.into_iter().map(|dropped| dropped.reason).collect(),
    })
}

/// Asks for a place and writes what the unit has there; empty when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn export_security(shell: Managed<'_>, id: String) -> Answer<String> {
    let chosen = on_desktop(&shell.desktop, |desktop| {
        desktop.choose_place("security-settings.xml")
    })
    .await?;
    let Some(path) = chosen else {
        return Ok(String::new());
    };
    shell.bench.export_security(&id, &path)?;
    Ok(path.display().to_string())
}

/// Closes them; nothing is kept.
#[tauri::command]
#[specta::specta]
pub async fn close_security(shell: Managed<'_>, id: String) -> Answer<()> {
    shell.bench.close_security(&id);
    Ok(())
}
