//! Logging in.

use trunkline_core::sessions::Service;

use super::Managed;
use crate::failure::Answer;
use crate::wire::log_in::{LogInAnswer, LogInOutcome, LogInRequest, Password, PasswordChanged};
use crate::wire::sites::Target;

/// Uses the session or the keychain.
#[tauri::command]
#[specta::specta]
pub async fn resume_log_in(shell: Managed<'_>, operation: String, target: Target) -> Answer<LogInOutcome> {
    Ok(shell
        .bench
        .resume_log_in(&operation, &target.into(), Service::Configuration)
        .await?
        .into())
}

/// The same for the log-in as security administrator.
#[tauri::command]
#[specta::specta]
pub async fn resume_security_log_in(
    shell: Managed<'_>,
    operation: String,
    target: Target,
) -> Answer<LogInOutcome> {
    Ok(shell
        .bench
        .resume_log_in(&operation, &target.into(), Service::Security)
        .await?
        .into())
}

/// Logs in.
#[tauri::command]
#[specta::specta]
pub async fn log_in(shell: Managed<'_>, operation: String, request: LogInRequest) -> Answer<LogInOutcome> {
    Ok(shell.bench.log_in(&operation, request.into()).await?.into())
}

/// Goes on with a log-in that asked something.
#[tauri::command]
#[specta::specta]
pub async fn answer_log_in(
    shell: Managed<'_>,
    operation: String,
    attempt: String,
    answer: LogInAnswer,
) -> Answer<LogInOutcome> {
    Ok(shell
        .bench
        .answer_log_in(&operation, &attempt, answer.try_into()?)
        .await?
        .into())
}

/// Goes on without the keychain that is waited for.
#[tauri::command]
#[specta::specta]
pub async fn skip_keychain(shell: Managed<'_>) -> Answer<()> {
    shell.bench.skip_keychain();
    Ok(())
}

/// Changes the password of whoever is logged in.
#[tauri::command]
#[specta::specta]
pub async fn change_password(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    password: Password,
) -> Answer<PasswordChanged> {
    Ok(shell
        .bench
        .change_password(&operation, &target.into(), password.into())
        .await?
        .into())
}
